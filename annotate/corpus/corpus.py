"""The corpus of a workspace: its files, its store, and the clusters over both."""

from __future__ import annotations

import hashlib
import heapq
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from annotate.corpus.add import Added, add_sources
from annotate.corpus.article import METADATA, Article
from annotate.corpus.engine import start_engine
from annotate.corpus.read import read_files
from annotate.corpus.reading.fields import Fields, Made
from annotate.corpus.reading.intake import Rejected
from annotate.corpus.reading.sources import Source
from annotate.corpus.rejections import read_rejections
from annotate.corpus.store import Store, to_table
from annotate.errors import CorpusError
from annotate.progress import Progress, silent
from annotate.settings import DuplicateSettings
from annotate.text import UNCHANGED
from annotate.workspace import PRIVATE, Workspace, make_private

if TYPE_CHECKING:
    import pyarrow as pa

# To be raised when the same articles and settings would give other clusters.
_METHOD = 2
_CLUSTERING = ("threshold", "shingle_size", "permutations")


class Corpus:
    """Articles as `.md` and `.txt` files in a folder, and in the store beside it, by id.

    For the folder `corpus/articles` the store is `corpus/articles.parquet`. Either may be
    absent. What is rejected when sources are added is in `corpus/rejected.jsonl`.
    """

    def __init__(self, path: Path, settings: DuplicateSettings, cache: Path) -> None:
        is_store = path.suffix == ".parquet"
        self.path = path
        self.folder = None if is_store else path
        self.store = Store(path if is_store else path.with_name(f"{path.name}.parquet"))
        self.rejected_path = path.with_name("rejected.jsonl")
        self.settings = settings
        self._cache = cache

    @cached_property
    def files(self) -> list[Made]:
        """The articles that are files, by id."""
        return read_files([self.folder]) if self.folder and self.folder.exists() else []

    def __iter__(self) -> Iterator[Made]:
        """Yield all articles by id; `CorpusError` where a file and the store disagree."""
        self._check()
        both = self._in_both(self.store)
        stored = (row for row in self.store if row.article.id not in both)
        yield from heapq.merge(self._files(both), stored, key=lambda row: row.article.id)

    def _check(self) -> None:
        if not (self.path.exists() or self.store.exists()):
            raise CorpusError(
                f"{self.path} does not exist",
                "Put articles there, take some in with `annotate corpus add`, or correct `corpus` "
                "in annotate.toml.",
            )

    def _in_both(self, store: Store) -> dict[str, str]:
        """Return the ids of files that a store has too, each with the store's cluster.

        Such an article is one, with what the file says of it. `CorpusError` where the two
        have different texts.
        """
        files = {article.id: article.sha256 for article, _ in self.files}
        both: dict[str, str] = {}
        for row in store.columns("id", "sha256", "cluster") if files else ():
            if files.get(row["id"], row["sha256"]) != row["sha256"]:
                raise CorpusError(
                    f"the article {row['id']!r} has another text in {self.folder} than in "
                    f"{self.store.path}",
                    "Give the file another id, or delete it and add its new text to the store.",
                )
            if row["id"] in files:
                both[row["id"]] = row["cluster"]
        return both

    def _files(self, clusters: Mapping[str, str]) -> Iterator[Made]:
        for article, changes in self.files:
            cluster = clusters.get(article.id, "")
            yield Made(msgspec.structs.replace(article, cluster=cluster), changes)

    def find(self, article_id: str) -> Made:
        """Return an article; `CorpusError` when there is none of that id."""
        if found := self.find_all([article_id]):
            return found[article_id]
        raise CorpusError(f"there is no article {article_id!r}", "Check the id.")

    def find_all(self, ids: Sequence[str]) -> dict[str, Made]:
        """Return those of these ids that are articles, by id."""
        files = {row.article.id: row for row in self.files}
        found = {row.article.id: row for row in self.store.find(*ids)}
        return found | {name: files[name] for name in ids if name in files}

    def articles(self, progress: Progress = silent) -> list[Article]:
        """Return all articles by id, each with its cluster."""
        return self.with_clusters([article for article, _ in self], progress)

    def with_clusters(
        self, articles: Iterable[Article], progress: Progress = silent
    ) -> list[Article]:
        """Return the articles, which may be others than the corpus's, with their clusters."""
        given = sorted(articles, key=lambda article: article.id)
        key = self._key((a.id, a.sha256, a.cluster) for a in given)
        table = to_table(Made(article, UNCHANGED) for article in given)
        clusters = self._kept(key, lambda: self._find_clusters(table, [], progress))
        return [
            msgspec.structs.replace(article, cluster=clusters.get(article.id, article.id))
            for article in given
        ]

    def known(self, progress: Progress = silent) -> Iterator[Article]:
        """Yield all articles by id with what is known about them, but without their texts."""
        clusters = self.clusters(progress)
        both = self._in_both(self.store)
        files = (msgspec.structs.replace(article, text="") for article, _ in self.files)
        stored = (
            Article(**row, text="")
            for row in self.store.columns("id", *METADATA)
            if row["id"] not in both
        )
        for article in heapq.merge(files, stored, key=lambda article: article.id):
            yield msgspec.structs.replace(article, cluster=clusters.get(article.id, article.id))

    def clusters(self, progress: Progress = silent) -> dict[str, str]:
        """Return the cluster of every article that is in one with others."""
        self._check()
        return self._kept(self._key(self._versions()), lambda: self._find(self.store, progress))

    def _kept(self, key: str, find: Callable[[], dict[str, str]]) -> dict[str, str]:
        """Return what was found before for the same articles and settings, or find it."""
        if (kept := _read_cache(self._cache)) and kept.key == key:
            return kept.clusters
        clusters = find()
        _write_cache(self._cache, _Kept(key, clusters))
        return clusters

    def _versions(self) -> Iterator[tuple[str, str, str]]:
        """Yield id, sha256 and former cluster of every article by id, without the texts."""
        both = self._in_both(self.store)
        files = ((a.id, a.sha256, "") for a, _ in self.files if a.id not in both)
        stored = (
            (row["id"], row["sha256"], row["cluster"])
            for row in self.store.columns("id", "sha256", "cluster")
        )
        return heapq.merge(files, stored)

    def _key(self, versions: Iterable[tuple[str, str, str]]) -> str:
        """Return a digest of all that decides the clusters."""
        chosen = {name: getattr(self.settings, name) for name in _CLUSTERING}
        key = hashlib.sha256(msgspec.json.encode({"method": _METHOD, **chosen}))
        for version in versions:
            key.update("\n".join((*version, "")).encode())
        return key.hexdigest()

    def _find(self, store: Store, progress: Progress) -> dict[str, str]:
        """Find the clusters over the files and a store."""
        both = self._in_both(store)
        table = to_table(row for row in self.files if row.article.id not in both)
        return self._find_clusters(table, store.shards(), progress)

    def _find_clusters(
        self, table: pa.Table, shards: list[Path], progress: Progress
    ) -> dict[str, str]:
        if not len(table) and not shards:
            return {}
        start_engine(self.settings)
        import daft

        from annotate.corpus.duplicates import find_clusters

        columns = ("id", "sha256", "text", "cluster")
        frame = daft.from_arrow(table.select(columns))
        if shards:
            stored = daft.read_parquet([_escaped(path) for path in shards]).select(*columns)
            frame = frame.concat(stored) if len(table) else stored
        return find_clusters(frame, self.settings, progress)

    def add(self, sources: Sequence[Source], fields: Fields, progress: Progress = silent) -> Added:
        """Take the articles of the sources into the store; see `add_sources`.

        The corpus's own store, list of rejections and gold annotations are no sources.
        """
        others = [source for source in sources if not self._is_own(source)]
        clusters: dict[str, str] = {}

        def find(store: Store) -> dict[str, str]:
            clusters.update(self._find(store, progress))
            return clusters

        added = add_sources(
            self.store,
            others,
            fields,
            rejected=self.rejected_path,
            files={article.id: article.sha256 for article, _ in self.files},
            clusterer=find,
            progress=progress,
        )
        # They would be found the same again: a cluster keeps its name.
        _write_cache(self._cache, _Kept(self._key(self._versions()), clusters))
        return added

    def _is_own(self, source: Source) -> bool:
        own = (self.store.path, self.rejected_path, self.path.with_name("gold"))
        place = Path(source.place)
        return any(path.resolve() in (place, *place.parents) for path in own)

    def rejected(self) -> Iterator[Rejected]:
        """Yield what was rejected when sources were added."""
        return read_rejections(self.rejected_path)


def _escaped(path: Path) -> str:
    """Return a path in which Daft sees no pattern."""
    return re.sub(r"([*?\[\]{}\\])", r"\\\1", str(path))


class _Kept(msgspec.Struct):
    key: str
    clusters: dict[str, str]


def _read_cache(path: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        # Whatever is wrong with it, it can be made again.
        return None


def _write_cache(path: Path, kept: _Kept) -> None:
    folder = path.parent
    if not os.access(folder if folder.exists() else folder.parent, os.W_OK):
        # Of a workspace that may only be read, it is found again each time.
        return
    if not folder.exists():
        make_private(folder)
    # Two commands at a time are allowed, and each may write one.
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_bytes(msgspec.json.encode(kept))
        new.replace(path)
    except OSError as error:
        raise CorpusError(
            f"{path} cannot be written: {error.strerror}", "Check its permissions and space."
        ) from error


def open_corpus(workspace: Workspace, **settings: Any) -> Corpus:
    """Return the corpus of a workspace; `settings` override those of [duplicates]."""
    duplicates = msgspec.structs.replace(workspace.settings.duplicates, **settings)
    return Corpus(workspace.corpus_path, duplicates, workspace.root / PRIVATE / "clusters.json")
