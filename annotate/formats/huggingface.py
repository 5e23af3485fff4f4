"""Hugging Face datasets for token classification: rows with tokens and their tags.

A folder as `save_to_disk` wrote it, a Parquet, JSON or JSON Lines file, a folder of such files,
or a dataset built here, of which the config `tokens` is read. Nothing comes from the network.
A row has `tokens` and in `ner_tags` (or `tags`, `labels`, `ner`) a tag for each: a number of a
`ClassLabel`, or a string. Where nested spans are on levels, `ner_tags_2` and so on have those
further in.

With `starts` and `ends`, as the config `tokens` has them, offsets are code points of the article
and stay. What lies between tokens is not in the dataset: blanks stand for it, and line feeds
where sentences are more than one character apart. Without offsets a blank stands between tokens
and a line feed between sentences.

Rows next to each other with one `document_id`, `doc_id` or `id` are the sentences of a document;
a row without is one itself. Columns other than these and an article's metadata are not carried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain, count, groupby
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.huggingface_files import Row, Split, find_splits, rows_of
from annotate.formats.losses import lose
from annotate.formats.tagged import ReadScheme, is_tag, numbered, read_spans, scheme_of
from annotate.spans import Span, reading_order
from annotate.tokens import Token

_METADATA = ("title", "source", "url", "published_at", "language")
_IDS = ("document_id", "doc_id", "id")
_TAGS = ("ner_tags", "tags", "labels", "ner")
# Where it is false, that nothing is marked means nothing.
_ANNOTATED = "annotated"
_USED = frozenset(
    {*_METADATA, *_IDS, "tokens", "starts", "ends", "sentence", "sentence_id", _ANNOTATED}
)
_REMEDY = "The rows need `tokens` and `ner_tags`, a tag such as B-PER for each token."


class _Sentence(NamedTuple):
    """A row with its tokens and their tags on every level; `where` is for messages."""

    where: str
    row: Row
    tokens: list[str]
    levels: list[list[str]]


class _Page(msgspec.Struct):
    """A document as far as it is read."""

    text: str = ""
    spans: list[Span] = []
    metadata: dict[str, str] = {}


def read_huggingface(path: Path, losses: Losses) -> Iterator[Document]:
    """Read a dataset for token classification, split by split.

    A document without an id gets that of its split with its number there: `train-1`. When an
    id comes again, as where each split counts from 0, the split's name is put before it. Rows
    whose column `annotated` is false are left out: nobody looked at them.
    Raises `FormatError` with the row.
    """
    seen: set[str] = set()
    for split in find_splits(path):
        # Twice through the rows: the scheme shows only when all of them are known.
        scheme = scheme_of(tags for sentence in _sentences(split) for tags in sentence.levels)
        rows = enumerate(_sentences(split))
        grouped = groupby(rows, key=lambda row: _id(row[1].row) or row[0])
        for number, (given, group) in enumerate(grouped, start=1):
            name = given if isinstance(given, str) else f"{split.name}-{number}"
            page = _Page()
            sentences = [sentence for _, sentence in group]
            if any(sentence.row.get(_ANNOTATED) is False for sentence in sentences):
                lose(losses, "articles that nobody annotated")
                continue
            for sentence in sentences:
                _add(page, sentence, scheme, losses)
            if not page.text:
                lose(losses, "documents without a token")
                continue
            name = _unique(name, split.name, seen)
            seen.add(name)
            spans = numbered(sorted(page.spans, key=reading_order))
            yield Document(id=name, text=page.text, spans=spans, metadata=page.metadata)


def _id(row: Row) -> str:
    given = (row[name] for name in _IDS if row.get(name) not in (None, ""))
    return str(next(given, ""))


def _unique(name: str, split: str, seen: set[str]) -> str:
    more = (f"{split}-{name}-{number}" for number in count(2))
    return next(one for one in chain([name, f"{split}-{name}"], more) if one not in seen)


def _add(page: _Page, sentence: _Sentence, scheme: ReadScheme, losses: Losses) -> None:
    """Add a sentence to the text of a document, and its spans and metadata."""
    row = sentence.row
    if row.get("starts") is not None and row.get("ends") is not None:
        tokens = _placed(page, sentence)
    else:
        tokens = _joined(page, sentence)
    for tags in sentence.levels:
        page.spans += read_spans(tokens, tags, scheme, losses)
    known = {name: str(row[name]) for name in _METADATA if row.get(name)}
    page.metadata = {**known, **page.metadata}
    others = {name for name in row.keys() - _USED if not name.startswith(_TAGS)}
    lose(losses, "values in other columns", sum(row[name] not in (None, "", []) for name in others))


def _joined(page: _Page, sentence: _Sentence) -> list[Token]:
    """Put the tokens at the end of the text with blanks between; return their places."""
    at = len(page.text) + bool(page.text)
    places: list[Token] = []
    for token in sentence.tokens:
        places.append(Token(at, at + len(token)))
        at += len(token) + 1
    page.text = "\n".join(filter(None, [page.text, " ".join(sentence.tokens)]))
    return places


def _placed(page: _Page, sentence: _Sentence) -> list[Token]:
    """Put the tokens where their offsets say; return their places."""
    row, where = sentence.row, sentence.where
    places = list(map(Token, row["starts"], row["ends"]))
    numbers = all(isinstance(offset, int) for place in places for offset in place)
    if len(places) != len(sentence.tokens) or not numbers:
        raise FormatError(f"{where}: not every token has a start and an end", _REMEDY)
    parts = [page.text]
    last = len(page.text)
    for number, ((start, end), token) in enumerate(zip(places, sentence.tokens, strict=True)):
        if start < last or end - start != len(token):
            raise FormatError(
                f"{where}: token {number + 1}, {token!r}, cannot stand at {start}–{end}",
                "Offsets must be code points, and documents' rows be in order.",
            )
        gap = start - last
        is_between = not number and page.text and gap > 1
        parts += [("\n" if is_between else " ") * gap, token]
        last = end
    page.text = "".join(parts)
    return places


def _sentences(split: Split) -> Iterator[_Sentence]:
    """Yield the rows of a split with their tags by name; raises `FormatError` for a bad one."""
    names: dict[str, list[str]] = {}
    columns: list[str] = []
    for number, row in enumerate(rows_of(split), start=1):
        where = f"{split.where}, row {number}"
        if not columns:
            columns = _tag_columns(row)
            names = _class_names(split.shards[0].features or {})
        tokens = row.get("tokens")
        if not isinstance(tokens, list) or not columns:
            raise FormatError(f"{where}: there are no tokens with tags", _REMEDY)
        if not all(isinstance(token, str) and token for token in tokens):
            raise FormatError(f"{where}: a token is empty or no text", _REMEDY)
        given = [row.get(column) for column in columns]
        if not all(isinstance(tags, list) and len(tags) == len(tokens) for tags in given):
            raise FormatError(f"{where}: there are not as many tags as tokens", _REMEDY)
        levels = [
            [_tag(tag, names.get(column), where) for tag in row[column]] for column in columns
        ]
        yield _Sentence(where, row, tokens, levels)


def _tag_columns(row: Row) -> list[str]:
    """Return the column of the tags, and those of further levels."""
    for name in _TAGS:
        if name in row:
            return [name, *(c for c in sorted(row) if re.fullmatch(rf"{name}_[0-9]+", c))]
    return []


def _class_names(features: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the names that numbers in a column stand for."""
    inner: dict[str, Any] = {name: getattr(one, "feature", None) for name, one in features.items()}
    return {name: one.names for name, one in inner.items() if hasattr(one, "names")}


def _tag(value: Any, names: list[str] | None, where: str) -> str:
    if isinstance(value, int) and names and 0 <= value < len(names):
        value = names[value]
    if not isinstance(value, str) or not is_tag(value):
        why = "; the dataset does not say what numbers mean" if isinstance(value, int) else ""
        raise FormatError(f"{where}: {value!r} is no tag{why}", _REMEDY)
    return value
