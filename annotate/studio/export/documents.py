"""Documents of other tools' formats as tasks of an export, so that one way leads to the ledger."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.formats.document import Document
from annotate.schema import Schema
from annotate.studio.export.marking import encode_marks
from annotate.studio.export.matching import Match, Matched, Unmatched, unmatched
from annotate.studio.export.newcomers import Newcomers
from annotate.studio.export.placing import Ground
from annotate.studio.export.raw import RawText
from annotate.studio.export.reading import ExportedAnnotation, ExportedTask

# Whether an article once had the text with this digest.
HadText = Callable[[Article, str], bool]


class Sourced(NamedTuple):
    """A document and the name of the file that it comes from."""

    document: Document
    file: str


class DocumentReader:
    """Makes tasks of documents, each with the article that it is; `unmarked` counts the bare.

    `annotator` made the marks where a file does not tell who did. With `skip_unmarked` nobody
    annotated a document without a mark.
    """

    def __init__(
        self, newcomers: Newcomers, had_text: HadText, schema: Schema, *, annotator: str = "",
        skip_unmarked: bool = False,
    ) -> None:  # fmt: skip
        self._articles = newcomers.articles
        self._newcomers = newcomers
        self._had_text = had_text
        self._schema = schema
        self._annotator = annotator
        self._skip = skip_unmarked
        # Of each person's work on a document, digests of the marks.
        self._seen: defaultdict[tuple[str, ...], list[bytes]] = defaultdict(list)
        self.unmarked = 0

    def tasks(self, documents: Iterable[Sourced]) -> Iterator[Matched]:
        """Yield the documents as tasks; a text that is no article yet becomes one."""
        for document, file in documents:
            match = self._match(document)
            if isinstance(match, Unmatched):
                yield Matched(self._task(document, file, -1, document.id), match)
            else:
                number = _number("task", match.article.id)
                yield Matched(self._task(document, file, number, match.article.id), match)

    def _match(self, document: Document) -> Match | Unmatched:
        """Find a document's article: by its text, by its letters, by a text that it once had."""
        try:
            raw = RawText(document.text)
        except ValueError:
            return unmatched(document.id, [], "holds a lone surrogate, which is no text")
        wanted = document.short_id or document.id
        article = self._find(raw.text, wanted)
        if article is None:
            made = self._newcomers.adopt(wanted, document.text, document.metadata)
            if isinstance(made, str):
                return unmatched(document.id, [raw], made)
            article = made
        return Match(article, Ground(raw, article.text, sure=True))

    def _find(self, text: str, document_id: str) -> Article | None:
        named = self._articles.get(document_id)
        found = self._articles.of_text(text, [named] if named else [])
        if found is None and text:
            found = self._articles.of_letters(text, document_id)
        if found is None and named is not None and self._had_text(named, text):
            found = named
        return found

    def _task(self, document: Document, file: str, number: int, article: str) -> ExportedTask:
        marks = encode_marks(self._schema, document)
        self.unmarked += not marks
        person = document.annotator or self._annotator or f"somebody of {file}"
        own = self._annotation_number((person, article, document.id), marks)
        if own is None or (self._skip and not marks):
            return ExportedTask(data={}, id=number, annotations=[])
        told = ExportedAnnotation(id=own, result=marks, completed_by=person)
        return ExportedTask(data={}, id=number, annotations=[told])

    def _annotation_number(self, key: tuple[str, ...], marks: list[Any]) -> int | None:
        """Return the number of a person's work, the same whenever it is imported.

        It is None when the same was there before.
        """
        seen, told = self._seen[key], hashlib.sha256(msgspec.json.encode(marks)).digest()
        if told in seen:
            return None
        seen.append(told)
        return _number(*key, str(len(seen)))


def _number(*parts: str) -> int:
    """Return a number that is told by some texts, as an export without numbers has."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:6], "big")
