"""From an export of Label Studio to a dataset on disk, beside what else makes data of it.

    python -m benchmarks.build [--articles 5000] [--rounds 3] [--memory 5000 50000]

Articles of the generated corpus, each with 15 marks on its words, exported as Label Studio does
(`benchmarks/exports.py`). Every ratio is of two things that ran in turn in this process:

- decoding the export task by task, the marks too, beside `orjson.loads` of the same bytes at once;
- the export to the config `spans` on disk, and to all three configs, beside CoNLL-2003 by the
  converter of label-studio-sdk. Ours is the library: it reads the export, proves each span
  against the canonical text, and builds, without a ledger between. The time ends when the Parquet
  files are whole; the card with its plots and the lock, which take the same time at any size, are
  in a row of their own;
- tags of tokens for spans that do not overlap, beside spaCy's `offsets_to_biluo_tags` on the
  same tokens: of many texts at once, as the build does it, and text by text;
- the greatest memory of a build of few and of many articles, each in a process of its own;
- the commands that people use, `annotate pull --from-export` and `annotate build`, each in a
  process of its own that starts and imports, with the ledger and the search for near-duplicates.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from annotate.corpus import Article
from annotate.dataset.build import build_given
from annotate.dataset.given import Given, gathered
from annotate.dataset.lock import CONFIGS, Chosen
from annotate.progress import Advance
from annotate.schema import Schema
from annotate.schema.config import labelling_config
from annotate.settings import DatasetSettings
from annotate.spans import Span, outermost
from annotate.studio.export.annotations import AnnotationReader
from annotate.studio.export.matching import Match, ids_of, texts_of
from annotate.studio.export.placing import Ground
from annotate.studio.export.reading import read_tasks
from annotate.tokens import Tagging, Token, syllables, tag
from annotate.tokens.aligning import align_tags
from annotate.tokens.arrays import cut
from benchmarks.exports import write_export
from benchmarks.generate import generate
from tests.factories import sample_schema

# Texts of which the tags are made, and how many at once.
TAGGED = 2_000
AT_ONCE = 500
_KNOWN = ("title", "source", "url", "author")


def gather(given: Given, export: Path, schema: Schema) -> None:
    """Read an export into what a dataset is built from: each task is an article."""
    reader = AnnotationReader(schema)
    with export.open("rb") as stream:
        for task in read_tasks(stream, export, lambda _: None):
            (raw,) = texts_of(task)
            known = {name: task.data[name] for name in _KNOWN}
            article = Article(id=next(ids_of(task)), text=raw.text, **known)
            match = Match(article, Ground(raw, article.text))
            found = [reader.read(match, one, int(str(one.id)), "a@b.c") for one in task.everyones]
            given.add((article,), found)


def ours(
    export: Path, out: Path, schema: Schema, configs: Sequence[str] = CONFIGS
) -> tuple[float, float]:
    """Build; return the seconds until the Parquet files are whole, and until all is."""
    phases: dict[str, float] = {}

    @contextmanager
    def listen(label: str, _total: int | None) -> Iterator[Advance]:
        phases[label] = time.perf_counter()
        yield lambda _: None

    start = time.perf_counter()
    with gathered((), (), out.parent) as given:
        gather(given, export, schema)
        build_given(out, given, schema, Chosen(settings=DatasetSettings(), configs=configs), listen)
    return phases["Writing the card"] - start, time.perf_counter() - start


def theirs(export: Path, out: Path, schema: Schema) -> float:
    """Convert to CoNLL-2003 by the SDK; return the seconds."""
    from label_studio_sdk.converter.converter import Converter

    made: Any = Converter
    config = labelling_config(schema)

    def work() -> None:
        converter = made(config, str(out), download_resources=False)
        converter.convert(str(export), str(out), "CONLL2003", is_dir=False)

    return timed(work)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that it took."""
    gc.collect()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


class Bench:
    """An export, and what is measured on it."""

    def __init__(self, folder: Path, count: int, rounds: int) -> None:
        self._folder = folder
        self._count = count
        self._rounds = rounds
        self._schema = sample_schema()
        self._export = folder / f"{count}.json"
        write_export(self._export, count)
        self._warm_up()

    def _warm_up(self) -> None:
        """Let everybody import what they need."""
        few = self._folder / "few.json"
        write_export(few, 20)
        ours(few, self._folder / "few", self._schema)
        theirs(few, self._folder / "few conll", self._schema)

    def in_turn(self, ways: dict[str, Callable[[], float]]) -> dict[str, float]:
        """Return the median of the seconds of each way."""
        took: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(self._rounds):
            for name in random.Random(number).sample(list(ways), len(ways)):  # noqa: S311
                took[name].append(ways[name]())
        return {name: statistics.median(seconds) for name, seconds in took.items()}

    def decoding(self) -> None:
        """Print the rows about decoding."""
        import orjson

        content = self._export.read_bytes()

        def read() -> None:
            with self._export.open("rb") as stream:
                for task in read_tasks(stream, self._export, lambda _: None):
                    for told in task.everyones:
                        told.marks()

        def load() -> None:
            orjson.loads(content)

        def load_without_collection() -> None:
            gc.disable()
            orjson.loads(content)
            gc.enable()

        took = self.in_turn({
            "ours": lambda: timed(read),
            "orjson.loads": lambda: timed(load),
            "orjson.loads, no garbage collection": lambda: timed(load_without_collection),
        })  # fmt: skip
        rates = {name: len(content) / 1e6 / seconds for name, seconds in took.items()}
        for name in list(rates)[1:]:
            row("decode the export, MB/s", rates["ours"], name, rates[name], 0.5)

    def building(self) -> None:
        """Print the rows about building."""
        totals: list[float] = []

        def build(configs: Sequence[str]) -> float:
            gc.collect()
            written, whole = ours(self._export, self._folder / "out", self._schema, configs)
            totals.append(whole - written)
            return written

        took = self.in_turn({
            "spans": lambda: build(("spans",)),
            "all": lambda: build(CONFIGS),
            "sdk": lambda: theirs(self._export, self._folder / "conll", self._schema),
        })  # fmt: skip
        rates = {name: self._count / seconds for name, seconds in took.items()}
        peer = "SDK's CoNLL-2003"
        row("export to `spans`, articles/s", rates["spans"], peer, rates["sdk"], 10)
        row("export to all configs, articles/s", rates["all"], peer, rates["sdk"], 5)
        card = statistics.median(totals)
        print(f"| and the card and the lock, s | {card:.2f} | | |")
        whole = self._count / (took["all"] + card)
        row("all configs, card and lock, articles/s", whole, peer, rates["sdk"])

    def tagging(self) -> None:
        """Print the rows about tags."""
        texts, spans = self._marked()
        sentences = [syllables(text) for text in texts]
        docs, entities = spacy_docs(texts, sentences), spacy_entities(spans)
        parts = [
            (cut(texts[n : n + AT_ONCE], syllables), spans[n : n + AT_ONCE])
            for n in range(0, len(texts), AT_ONCE)
        ]
        names, tagging = [""] * AT_ONCE, Tagging()

        def at_once() -> None:
            for found, marked in parts:
                align_tags(found, names, marked, self._schema.labels, tagging)

        def one_by_one() -> None:
            for cut_text, marked in zip(sentences, spans, strict=True):
                tag(cut_text, marked, tagging)

        def spacy() -> None:
            from spacy.training import offsets_to_biluo_tags

            for doc, marked in zip(docs, entities, strict=True):
                offsets_to_biluo_tags(doc, marked)

        ways = {"at once": at_once, "one by one": one_by_one, "spacy": spacy}
        took = self.in_turn({name: lambda way=way: timed(way) for name, way in ways.items()})  # type: ignore[misc]
        rates = {name: len(texts) / seconds for name, seconds in took.items()}
        peer = "offsets_to_biluo_tags"
        row(f"tags, {AT_ONCE} at once, articles/s", rates["at once"], peer, rates["spacy"], 10)
        row("tags, one by one, articles/s", rates["one by one"], peer, rates["spacy"])

    def _marked(self) -> tuple[list[str], list[list[Span]]]:
        texts, spans = [], []
        with gathered((), (), self._folder) as given:
            gather(given, self._export, self._schema)
            texts = [article.text for article in islice(given.articles, TAGGED)]
            # spaCy refuses spans that overlap.
            spans = [outermost(one.spans)[0] for one in islice(given.annotations, TAGGED)]
        return texts, spans

    def memory(self, counts: Sequence[int]) -> None:
        """Print the greatest memory of builds of so many articles."""
        peaks = []
        for count in counts:
            export = self._folder / f"{count}.json"
            if not export.exists():
                write_export(export, count)
            command = [sys.executable, "-m", "benchmarks.build_memory", str(export)]
            done = subprocess.run(
                [*command, str(self._folder / "large")], capture_output=True, text=True, check=True
            )
            peaks.append(int(done.stdout))
        (small, large), (before, after) = counts, peaks
        print(
            f"| greatest memory | {after:,} MB of {large:,} | {before:,} MB of {small:,}"
            f" | {after / before:.2f} (aim: at most 1.3) |"
        )

    def commands(self) -> None:
        """Print how long the commands take, in a workspace that has the articles."""
        workspace = self._folder / "workspace"
        lines = self._folder / "articles.jsonl"
        rows = islice(generate(self._count), self._count)
        lines.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        run("init", str(workspace))
        for path in (workspace / "corpus" / "articles").iterdir():
            path.unlink()
        there = ("--workspace", str(workspace))
        run("corpus", "add", str(lines), *there)
        out = workspace / "dataset"
        for name, command in {
            "pull --from-export": ("pull", "--from-export", str(self._export)),
            "build": ("build", str(out)),
            "build --check": ("build", "--check", str(out)),
        }.items():
            seconds = timed(lambda: run(*command, *there))  # noqa: B023
            print(f"| `annotate {name}`, s | {seconds:.1f} | | |", flush=True)


def spacy_docs(texts: Sequence[str], sentences: Sequence[list[list[Token]]]) -> list[Any]:
    """Return spaCy's documents of the same tokens; white space beyond one space is a token."""
    import spacy
    from spacy.tokens import Doc

    vocabulary = spacy.blank("xx").vocab
    docs = []
    for text, cut_text in zip(texts, sentences, strict=True):
        tokens = [token for sentence in cut_text for token in sentence]
        starts = [token.start for token in tokens[1:]] + [len(text)]
        words, spaces = [], []
        for token, following in zip(tokens, starts, strict=True):
            gap = text[token.end : following]
            words.append(text[token.start : token.end])
            spaces.append(gap.startswith(" "))
            if rest := gap.removeprefix(" "):
                words.append(rest)
                spaces.append(False)
        docs.append(Doc(vocabulary, words=words, spaces=spaces))
    return docs


def spacy_entities(spans: Sequence[Sequence[Span]]) -> list[list[tuple[int, int, str]]]:
    """Return spans as spaCy takes them."""
    return [[(span.start, span.end, span.label) for span in marked] for marked in spans]


def run(*arguments: str) -> None:
    """Run a command of ours."""
    subprocess.run([sys.executable, "-m", "annotate", *arguments], check=True, capture_output=True)


def row(what: str, ours: float, peer: str, theirs: float, aim: float | None = None) -> None:
    """Print a row of two rates."""
    aimed = f" (aim: {aim})" if aim else ""
    ratio = f"{ours / theirs:.2f}{aimed}"
    print(f"| {what} | {ours:,.0f} | {peer} {theirs:,.0f} | {ratio} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", type=int, nargs=2, default=(5_000, 50_000))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| what | ours | beside | ratio |\n| --- | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), given.articles, given.rounds)
        bench.decoding()
        bench.building()
        bench.tagging()
        bench.memory(given.memory)
        bench.commands()


if __name__ == "__main__":
    main()
