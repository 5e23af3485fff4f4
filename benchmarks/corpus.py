"""Reading and clustering beside their peers, in one run, and how the cost grows.

python -m benchmarks.corpus [--small N] [--large N] [--runs R]

Each figure is of a process that does nothing else, so that its peak memory is its own. We and
the peer take turns on the same generated files; medians are printed, and their ratio.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import msgspec

from annotate.corpus.engine import start_engine
from annotate.settings import DuplicateSettings
from benchmarks.generate import write_jsonl

_QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
_SETTINGS = DuplicateSettings()

# The tasks, and what each imports. Arrow imports pandas where there is one.
_NEEDS = {
    "read ours": ("annotate.corpus.reading.intake", "fsspec"),
    "store ours": ("annotate.corpus.add", "fsspec", "pandas", "pyarrow.parquet"),
    "read datasets": ("annotate.text", "datasets"),
    "cluster ours": ("annotate.corpus.duplicates", "daft"),
    "cluster ray": ("annotate.corpus.duplicates", "daft"),
    "cluster datasketch": ("annotate.corpus.compare", "datasketch", "pyarrow.parquet"),
}


class Run(msgspec.Struct):
    """What a process took: seconds of work, peak memory in MiB, and the clusters it found."""

    seconds: float
    peak: float
    clusters: list[list[str]] = []


def read_ours(source: Path) -> int:
    """Read a JSON Lines file and make its texts canonical; return how many there are."""
    from annotate.corpus.reading.fields import Fields
    from annotate.corpus.reading.intake import Taken, read_source
    from annotate.corpus.reading.sources import find_sources

    (file,) = find_sources([str(source)]).sources
    return sum(isinstance(outcome, Taken) for outcome in read_source(file, Fields()))


def store_ours(source: Path, work: Path) -> None:
    """Also sort the articles by id, settle equal ids, and write them; but cluster nothing."""
    from annotate.corpus.add import add_sources
    from annotate.corpus.reading.fields import Fields
    from annotate.corpus.reading.sources import find_sources
    from annotate.corpus.store import Store

    store, found = Store(work / "articles.parquet"), find_sources([str(source)])
    rejected = work / "rejected.jsonl"
    add_sources(
        store, found.sources, Fields(), rejected=rejected, files={}, clusterer=lambda _store: {}
    )


def read_datasets(source: Path, work: Path) -> None:
    """Load a JSON Lines file and make its texts canonical, as a script with `datasets` does."""
    import datasets

    from annotate.text import canonicalise

    loaded = datasets.load_dataset("json", data_files=str(source), split="train", cache_dir=work)
    loaded.map(lambda row: {"text": canonicalise(row["text"]).text})


def cluster_ours(source: Path, engine: Literal["native", "ray"]) -> Iterable[list[str]]:
    """Return the clusters of a store."""
    import daft

    from annotate.corpus.duplicates import find_clusters

    start_engine(msgspec.structs.replace(_SETTINGS, engine=engine))
    return _grouped(find_clusters(daft.read_parquet(str(source)), _SETTINGS).items())


def cluster_datasketch(source: Path) -> Iterable[list[str]]:
    """Return the connected components of the pairs that datasketch finds in a store.

    Its fastest way to make signatures, the same shingles, permutations and threshold, and
    the same check of candidates against the estimated similarity.
    """
    from datasketch import MinHash, MinHashLSH
    from pyarrow import parquet

    signatures: dict[str, Any] = {}
    for batch in parquet.ParquetFile(source).iter_batches(1000, columns=["id", "text"]):
        shingles = map(_shingles, batch["text"].to_pylist())
        made = MinHash.bulk(shingles, num_perm=_SETTINGS.permutations)
        signatures |= zip(batch["id"].to_pylist(), made, strict=True)
    lsh = MinHashLSH(threshold=_SETTINGS.threshold, num_perm=_SETTINGS.permutations)
    parents = {key: key for key in signatures}

    def root(key: str) -> str:
        while parents[key] != key:
            parents[key] = key = parents[parents[key]]
        return key

    for key, signature in signatures.items():
        for other in lsh.query(signature):
            if signature.jaccard(signatures[other]) >= _SETTINGS.threshold:
                parents[root(key)] = root(other)
        lsh.insert(key, signature)
    return _grouped((key, root(key)) for key in signatures)


def _shingles(text: str) -> list[bytes]:
    from annotate.corpus.compare import WORD

    words, size = WORD.findall(text.lower()), _SETTINGS.shingle_size
    return [" ".join(words[at : at + size]).encode() for at in range(len(words) - size + 1)]


def _grouped(names: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for key, name in names:
        groups[name].append(key)
    return (sorted(group) for group in groups.values() if len(group) > 1)


def work(task: str, source: Path) -> Run:
    """Do one task in this process, and say what it took."""
    # Its libraries, and a Ray that runs, are there before the clock starts.
    for module in _NEEDS[task]:
        import_module(module)
    if task == "cluster ray":
        start_engine(msgspec.structs.replace(_SETTINGS, engine="ray"))
    clusters: Iterable[list[str]] = ()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        match task:
            case "read ours":
                read_ours(source)
            case "store ours":
                store_ours(source, Path(folder))
            case "read datasets":
                read_datasets(source, Path(folder))
            case "cluster ours":
                clusters = cluster_ours(source, "native")
            case "cluster ray":
                clusters = cluster_ours(source, "ray")
            case "cluster datasketch":
                clusters = cluster_datasketch(source)
        found = sorted(clusters)
        seconds = time.perf_counter() - began
    return Run(seconds, _peak(), found)


def _peak() -> float:
    """Return the peak memory of this process in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike what getrusage says it does not begin with that of the parent.
        high = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(high.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(task: str, source: Path) -> Run:
    """Do one task in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.corpus", "--task", task, str(source)],
        env={**os.environ, **_QUIET}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        check=True, timeout=1800,
    )  # fmt: skip
    return msgspec.json.decode(done.stdout, type=Run)


def compare(tasks: Sequence[str], source: Path, runs: int) -> dict[str, Run]:
    """Let the tasks take turns; return for each the medians of its runs."""
    taken: dict[str, list[Run]] = defaultdict(list)
    for _ in range(runs):
        for task in tasks:
            taken[task].append(measure(task, source))
    return {
        task: Run(
            statistics.median(run.seconds for run in each),
            statistics.median(run.peak for run in each),
            each[0].clusters,
        )
        for task, each in taken.items()
    }


def scores(clusters: list[list[str]], planted: set[tuple[str, str]]) -> tuple[float, float]:
    """Return precision and recall of the pairs that are in one cluster."""
    found = {pair for cluster in clusters for pair in itertools.combinations(sorted(cluster), 2)}
    right = len(found & planted)
    return right / len(found), right / len(planted)


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown."""
    print(f"\n{title}\n\n| {' | '.join(header)} |")
    print("|" + " --- |" + " ---: |" * (len(header) - 1))
    for row in rows:
        print(f"| {' | '.join(row)} |")


def as_store(source: Path) -> Path:
    """Return the store made of a JSON Lines file, beside it."""
    folder = source.with_suffix(".store")
    folder.mkdir()
    store_ours(source, folder)
    return folder / "articles.parquet"


def report(small: int, large: int, runs: int, folder: Path) -> None:
    """Print every table."""
    sources, planted, stores = {}, {}, {}
    for size in (small, large):
        sources[size] = folder / f"{size}.jsonl"
        pairs = write_jsonl(sources[size], size, share=0.2, seed=0)
        planted[size] = {(min(pair), max(pair)) for pair in pairs}
        stores[size] = as_store(sources[size])
    ours, theirs = "read ours", "read datasets"
    tasks = (ours, "store ours", theirs)
    found = {size: compare(tasks, sources[size], runs) for size in sources}
    header = ("", "articles", "seconds", "peak MiB", "peer / ours")
    table(
        "Reading and canonicalising `.jsonl`; the peer is `load_dataset` and `map`",
        header,
        [row for size in found for row in _rows(found[size], ours, size)],
    )
    growth = {task: [found[size][task] for size in sources] for task in (ours, "store ours")}
    ours, theirs = "cluster ours", "cluster datasketch"
    found = {
        size: compare((ours, theirs, *["cluster ray"][: size == small]), stores[size], runs)
        for size in stores
    }
    table(
        f"Clustering, {len(planted[small]):,} and {len(planted[large]):,} planted pairs",
        (*header, "precision", "recall"),
        [
            (*row, *(f"{score:.4f}" for score in scores(run.clusters, planted[size])))
            for size in found
            for row, run in zip(_rows(found[size], ours, size), found[size].values(), strict=True)
        ],
    )
    same = found[small][ours].clusters == found[small]["cluster ray"].clusters
    print(f"\nNative and Ray give {'the same' if same else 'DIFFERENT'} clusters.")
    growth[ours] = [found[size][ours] for size in stores]
    table(
        f"From {small:,} to {large:,} articles",
        ("", "seconds", "peak memory"),
        [
            (name, f"× {b.seconds / a.seconds:.1f}", f"× {b.peak / a.peak:.1f}")
            for name, (a, b) in growth.items()
        ],
    )


def _rows(found: dict[str, Run], ours: str, size: int) -> Iterator[tuple[str, ...]]:
    for task, run in found.items():
        ratio = "" if task == ours else f"{run.seconds / found[ours].seconds:.2f}"
        yield (task, f"{size:,}", f"{run.seconds:.2f}", f"{run.peak:,.0f}", ratio)


def main() -> None:
    """Print the tables, or do one task."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    parser.add_argument("source", nargs="?", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.task:
        print(msgspec.json.encode(work(given.task, given.source)).decode())
        return
    with tempfile.TemporaryDirectory() as folder:
        report(given.small, given.large, given.runs, Path(folder))


if __name__ == "__main__":
    main()
