"""Articles that the corpus gets with an import: all of them, or it stays as it was."""

from __future__ import annotations

import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from annotate.corpus import Article
from annotate.corpus.article import METADATA
from annotate.corpus.corpus import Corpus
from annotate.corpus.reading.fields import Fields, Unusable, check_id, make_article
from annotate.corpus.reading.sources import find_sources
from annotate.errors import CorpusError
from annotate.progress import Progress, silent
from annotate.studio.export.matching import Articles


class Newcomers:
    """Makes articles of texts that the workspace does not have, and adds them to its corpus.

    `renamed` counts those that could not have the id of their document, because it is no
    article's id or another text has it. `metadata` counts what an article has no field for.
    """

    def __init__(self, corpus: Corpus, articles: Articles) -> None:
        self._corpus = corpus
        self.articles = articles
        # As they came, so that the store can tell what was changed in them.
        self._records: list[dict[str, str]] = []
        # The store as it was before, once it is replaced.
        self._before: Path | None = None
        self.added = 0
        self.renamed = 0
        self.metadata = 0

    def adopt(self, given_id: str, text: str, metadata: Mapping[str, Any]) -> Article | str:
        """Make an article of a text; returns the reason when it makes none."""
        known = {name: metadata[name] for name in METADATA if metadata.get(name)}
        try:
            made = make_article({"text": text, **known}, Fields()).article
        except Unusable as error:
            return str(error)
        wanted = _usable(given_id)
        article_id = self._free(wanted, made)
        article = msgspec.structs.replace(made, id=article_id)
        self.renamed += bool(given_id) and article_id != unicodedata.normalize("NFC", given_id)
        self.metadata += len(metadata.keys() - set(METADATA))
        self._records.append({"id": article_id, "text": text, **known})
        self.articles.add(article)
        self.added += 1
        return article

    def _free(self, wanted: str, made: Article) -> str:
        """Return the id, or one made of it and the text where another text has it."""
        if not wanted:
            return made.id
        taken = self.articles.get(wanted) is not None
        return (_usable(f"{wanted}-{made.sha256[:8]}") or made.id) if taken else wanted

    def add(self, progress: Progress = silent) -> None:
        """Take the new articles into the corpus's store, through its own reading."""
        if not self._records:
            return
        try:
            self._keep()
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "new.jsonl"
                lines = (msgspec.json.encode(record) + b"\n" for record in self._records)
                path.write_bytes(b"".join(lines))
                added = self._corpus.add(find_sources([str(path)]).sources, Fields(), progress)
        except OSError as error:
            raise CorpusError(
                f"{self._corpus.store.path} cannot be written: {error.strerror or error}",
                "Free some space or check its permissions; the corpus is untouched.",
            ) from error
        if added.rejected:
            reasons = ", ".join(added.reasons)
            raise CorpusError(f"the corpus does not take an article: {reasons}", "Leave it out.")
        self._records.clear()

    def _keep(self) -> None:
        store = self._corpus.store.path
        before = store.with_name(f".{store.name}.before")
        # What a process left that was killed.
        _remove(_failed(store))
        if before.exists() and not store.exists():
            before.replace(store)
            raise CorpusError(
                f"{store} was missing, and is back as it was before an import that broke off",
                "Bring the same files in again, so that they are compared with it.",
            )
        _remove(before)
        if store.exists():
            _link(store, before)
        self._before = before

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Put the store back as it was when something fails after it got the articles."""
        try:
            yield
        except BaseException:
            if self._before is not None:
                _restore(self._corpus.store.path, self._before)
            raise
        else:
            if self._before is not None:
                _remove(self._before)
        finally:
            self._before = None


def _usable(given_id: str) -> str:
    """Return an id that an article can have; empty when nothing is left of it."""
    name = unicodedata.normalize("NFC", given_id.strip()).replace("/", "-").replace("\\", "-")
    try:
        return check_id(name)
    except Unusable:
        return ""


def _link(source: Path, target: Path) -> None:
    """Give a store a second name, without another copy where the disk can do so."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link_file)
    else:
        _link_file(source, target)


def _link_file(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _restore(store: Path, before: Path) -> None:
    """Put a store back; at every moment one of the two is whole."""
    if not before.exists():
        _remove(store)
    elif store.is_dir() or before.is_dir():
        # Nothing takes the place of a folder.
        if store.exists():
            store.rename(_failed(store))
        before.replace(store)
        _remove(_failed(store))
    else:
        before.replace(store)
        # Where both are still one file, nothing is renamed.
        _remove(before)


def _failed(store: Path) -> Path:
    return store.with_name(f".{store.name}.failed")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
