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
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from annotate.workspace import DuplicateSettings
from benchmarks.generate import write_jsonl

_QUIET = {
    "DO_NOT_TRACK": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}
_SETTINGS = DuplicateSettings()


class Run(msgspec.Struct):
    """What a process took: seconds of work, peak memory in MiB, and the clusters it found."""

    seconds: float
    peak: float
    clusters: list[list[str]] = []


def read_ours(source: Path, work: Path) -> None:
    """Take a JSON Lines file into a store, without a search for near-duplicates."""
    from annotate.corpus.add import add_sources
    from annotate.corpus.fields import Fields
    from annotate.corpus.sources import find_sources
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


def cluster_ours(source: Path, engine: str) -> Iterable[list[str]]:
    """Return the clusters of a store."""
    import daft

    from annotate.corpus.duplicates import find_clusters

    names = find_clusters(daft.read_parquet(str(source)), _SETTINGS)
    return _grouped(names.items())


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
    import daft
    import datasets
    import datasketch

    # Both sides pay for all imports before the clock starts.
    del datasets, datasketch
    clusters: Iterable[list[str]] = ()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        match task:
            case "read ours":
                read_ours(source, Path(folder))
            case "read datasets":
                read_datasets(source, Path(folder))
            case "cluster ours":
                clusters = cluster_ours(daft.read_parquet(str(source)))
            case "cluster datasketch":
                clusters = cluster_datasketch(source)
        found = list(clusters)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Run(seconds, peak, found)
