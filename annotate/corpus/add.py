"""Adding sources to a corpus: read, merge with what is there, cluster, replace the store.

Memory is bounded by blocks: what is read goes to sorted blocks on disk, which are merged
with the store as streams. The store is replaced at the very end, so a process killed before
that leaves it as it was.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from annotate.corpus.article import METADATA, Article
from annotate.corpus.blocks import BLOCK_CHARS, Blocks, Pending
from annotate.corpus.reading.fields import Fields, Made
from annotate.corpus.reading.intake import Rejected, read_source
from annotate.corpus.reading.sources import Source
from annotate.corpus.rejections import merge_rejections
from annotate.corpus.store import SHARD_BYTES, Store, tables_of, with_clusters
from annotate.errors import CorpusError
from annotate.progress import Advance, Progress, silent
from annotate.text import UNCHANGED, Changes

if TYPE_CHECKING:
    import pyarrow as pa

Clusterer = Callable[[Store], Mapping[str, str]]


class Added(msgspec.Struct):
    """What adding did.

    `articles` are those of the store now, `clustered` those of the corpus in a cluster with
    others. `added`, `unchanged` and `repeated` (the same id and text again) are counts.
    `changed` are the ids of articles that have another text now, `updated` of those with the
    same text and other metadata; metadata that a source does not give stay as they were.
    `reasons` counts what was rejected, `encodings` what was read, `changes` sums up what
    canonicalising changed.
    """

    articles: int = 0
    added: int = 0
    unchanged: int = 0
    repeated: int = 0
    changed: list[str] = []
    updated: list[str] = []
    clustered: int = 0
    rejected: int = 0
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    encodings: Counter[str] = msgspec.field(default_factory=Counter)
    changes: Changes = UNCHANGED

    @property
    def taken(self) -> int:
        """How many of the records are in the corpus now."""
        return self.added + len(self.changed) + len(self.updated) + self.unchanged


def add_sources(
    store: Store, sources: Sequence[Source], fields: Fields, *,
    rejected: Path, files: Mapping[str, str], clusterer: Clusterer,
    progress: Progress = silent, shard_bytes: int = SHARD_BYTES, block_chars: int = BLOCK_CHARS,
) -> Added:  # fmt: skip
    """Add what the sources hold to the store, and write down what is rejected.

    `rejected` is the file for that: entries of other sources stay in it. `files` are the
    digests of articles that the corpus has as files, by id; such an id is not taken for
    another text. `clusterer` gives the clusters of the articles of a store. Raises
    `CorpusError` when the store cannot be read or written.
    """
    work = store.path.with_name(f".{store.path.name}.adding")
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        store.recover()
        run = _Run(work, files)
        with progress("Reading", None) as advance:
            blocks = run.read(sources, fields, advance, block_chars)
        merged = Store(work / "merged.parquet", compression="lz4")
        merged.replace(tables_of(run.merge(store, blocks)))
        merge_rejections(rejected, run.rejections, sources, work / "list.jsonl")
        clusters = clusterer(merged)
        run.result.clustered = len(clusters)
        if not _is_same(merged, clusters, run.result):
            with progress("Writing", run.result.articles) as advance:
                tables = _counted(with_clusters(merged, clusters), advance)
                store.replace(tables, shard_bytes)
        _replace_list(rejected, work / "list.jsonl")
    except OSError as error:
        raise CorpusError(
            f"{work.parent} cannot be written: {error.strerror or error}",
            "Free some space or check its permissions; the corpus is untouched.",
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return run.result


def _replace_list(path: Path, new: Path) -> None:
    if new.stat().st_size:
        new.replace(path)
    else:
        path.unlink(missing_ok=True)


def _is_same(merged: Store, clusters: Mapping[str, str], result: Added) -> bool:
    """Whether the store has all of this already."""
    if result.added or result.updated or result.changed:
        return False
    return all(
        row["cluster"] == clusters.get(row["id"], row["id"])
        for row in merged.columns("id", "cluster")
    )


def _counted(tables: Iterable[pa.Table], advance: Advance) -> Iterator[pa.Table]:
    for table in tables:
        yield table
        advance(len(table))


def _completed(new: Article, old: Article) -> Article:
    """Return the new version of an article, with what only the old one knows of it."""
    known = {name: getattr(new, name) or getattr(old, name) for name in METADATA}
    return msgspec.structs.replace(new, **known, cluster=old.cluster)


class _Run:
    """One run of adding: what it found so far, and its blocks in a folder of its own."""

    def __init__(self, work: Path, files: Mapping[str, str]) -> None:
        self.work = work
        self.files = files
        self.result = Added()
        self.rejections = work / "rejected.jsonl"
        self.rejections.touch()
        # Where the sources are, by their names.
        self.places: dict[str, str] = {}

    def read(
        self, sources: Sequence[Source], fields: Fields, advance: Advance, block_chars: int
    ) -> Blocks:
        """Read every record of the sources; write down those that are rejected."""
        blocks = Blocks(self.work, block_chars)
        encodings: Counter[str] = Counter()
        outcomes = (outcome for source in sources for outcome in read_source(source, fields))
        self.places = {source.name: source.place for source in sources}
        with self.rejections.open("wb") as file:
            for order, outcome in enumerate(outcomes):
                advance(1)
                if isinstance(outcome, Rejected):
                    self._reject(file, outcome)
                else:
                    made, source, record, encoding = outcome
                    encodings[encoding] += 1
                    blocks.add(Pending(made.article, made.changes, source, record, order))
        self.result.encodings = encodings
        return blocks

    def merge(self, store: Store, blocks: Blocks) -> Iterator[Made]:
        """Yield the articles that the store will have, by id."""
        pending = groupby(blocks, key=lambda row: row.article.id)
        former = iter(store)
        old = next(former, None)
        with self.rejections.open("ab") as file:
            for article_id, rows in pending:
                while old and old.article.id < article_id:
                    yield self._keep(old)
                    old = next(former, None)
                same = old if old and old.article.id == article_id else None
                new = self._first(rows, file)
                if kept := self._settle(same, new):
                    yield self._keep(kept)
                if same:
                    old = next(former, None)
            while old:
                yield self._keep(old)
                old = next(former, None)

    def _keep(self, row: Made) -> Made:
        self.result.articles += 1
        return row

    def _first(self, rows: Iterable[Pending], file: IO[bytes]) -> Pending | None:
        """Return the first of the records with one id; others with another text are rejected."""
        first: Pending | None = None
        for row in rows:
            if row.article.id in self.files and self.files[row.article.id] != row.article.sha256:
                where = "an article that the corpus has as a file"
            elif first and first.article.text != row.article.text:
                where = first.source if first.record is None else f"{first.source}:{first.record}"
            else:
                self.result.repeated += first is not None
                first = first or row
                continue
            reason = f"has the id of another text: {row.article.id!r} is that of {where}"
            self._reject(file, Rejected(row.source, reason, row.record, row.article.id))
        return first

    def _settle(self, old: Made | None, new: Pending | None) -> Made | None:
        """Return what the store will have of two versions, and count what that means."""
        result = self.result
        if new is None:
            return old
        if old is None and new.article.id in self.files:
            result.unchanged += 1
            return None
        if new.changes != UNCHANGED:
            result.changes += new.changes
        if old is None:
            result.added += 1
            return Made(new.article, new.changes)
        article = _completed(new.article, old.article)
        if old.article.text != article.text:
            result.changed.append(article.id)
            return Made(article, new.changes)
        if article == old.article:
            result.unchanged += 1
        else:
            result.updated.append(article.id)
        # The text of the store is the one that was read first.
        return Made(article, old.changes)

    def _reject(self, file: IO[bytes], rejected: Rejected) -> None:
        self.result.rejected += 1
        self.result.reasons[rejected.kind] += 1
        # The split of a dataset is part of its name; a file may have a # in its own.
        name = rejected.source
        place = self.places[name if name in self.places else name.rpartition("#")[0]]
        if place != rejected.source:
            rejected = msgspec.structs.replace(rejected, place=place)
        file.write(msgspec.json.encode(rejected) + b"\n")
