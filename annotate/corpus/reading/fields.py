"""From a source's record to an article: which field is which, and what is refused."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from annotate.corpus.article import METADATA, Article
from annotate.corpus.reading.fonts import legacy_font
from annotate.text import Changes, canonicalise, digest

_LONGEST_ID = 200
# True is an integer too, so it comes first.
_KINDS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bool,), "true or false"),
    ((int, float, Decimal), "a number"),
    ((list, tuple), "a list"),
    ((Mapping,), "an object"),
    ((date, time), "a date or time"),
    ((bytes,), "bytes"),
)


class Unusable(ValueError):
    """A record or document makes no article; the message is the reason, a clause.

    What differs from record to record comes after a colon or a semicolon.
    """


class Fields(msgspec.Struct, frozen=True, kw_only=True):
    """Which field of a record holds what.

    `text` and `id` name fields; `metadata` maps names of an article's metadata to fields.
    A name that is not mapped is looked up as it is.
    """

    text: str = "text"
    id: str = "id"
    metadata: Mapping[str, str] = {}


class Made(NamedTuple):
    """An article as it was read, and what canonicalising its text changed."""

    article: Article
    changes: Changes


def make_article(record: Mapping[str, Any], fields: Fields, default_id: str = "") -> Made:
    """Return the article that a record holds.

    Without an id in the record it is `default_id`, and without that the first 16 digits of
    the text's sha256: the same text gets the same id again. Raises `Unusable`.
    """
    raw = record.get(fields.text)
    if raw is None:
        raise Unusable(_missing(record, fields.text))
    if not isinstance(raw, str):
        raise Unusable(f"`{fields.text}` is {_kind(raw)}, not text")
    text, changes = _canonical(raw, fields.text)
    if not text:
        raise Unusable("has no text")
    if font := legacy_font(text):
        raise Unusable(f"is in the legacy Vietnamese font encoding {font}; convert it to Unicode")
    meta = {}
    for name in METADATA:
        field = fields.metadata.get(name, name)
        if value := _plain(record.get(field), field):
            meta[name] = _canonical(value, field)[0]
    given = _plain_id(record.get(fields.id), fields.id) or default_id.strip() or digest(text)[:16]
    # Not canonicalised: an id keeps what the check refuses. Some systems keep the names of
    # files decomposed.
    article_id = check_id(unicodedata.normalize("NFC", given))
    return Made(Article(id=article_id, text=text, **meta), changes)


def check_id(article_id: str) -> str:
    """Return the id; raises `Unusable` for one that cannot be a file name or be typed."""
    if not article_id.isprintable() or not article_id.strip():
        raise Unusable(f"has an id that is empty or not printable: {article_id!r}")
    if "/" in article_id or "\\" in article_id or article_id in {".", ".."}:
        raise Unusable(f"has an id with a slash, or a path as id: {article_id!r}")
    # In bytes: it is part of file names, which may have 255.
    if len(article_id.encode()) > _LONGEST_ID:
        raise Unusable(f"has an id of more than {_LONGEST_ID} bytes: {article_id[:40]!r}…")
    return article_id


def _missing(record: Mapping[str, Any], name: str) -> str:
    others = [key for key, value in record.items() if isinstance(value, str)]
    if name in record or not others:
        return f"has no `{name}`"
    listed = ", ".join(key[:40] for key in others[:8])
    return f"has no `{name}`; its fields of text are {listed}"


def _canonical(value: str, name: str) -> tuple[str, Changes]:
    try:
        return canonicalise(value)
    except ValueError as error:
        raise Unusable(f"holds a lone surrogate: `{name}`") from error


def _plain_id(value: Any, name: str) -> str:
    if isinstance(value, list | tuple):
        raise Unusable(f"`{name}` is {_kind(value)}, not text")
    return _plain(value, name)


def _plain(value: Any, name: str) -> str:
    """Return a field of metadata as text; lists of text are joined with commas."""
    match value:
        case None:
            return ""
        case str():
            return value.strip()
        case bool():
            pass
        case float() if math.isnan(value):
            # So tables of pandas say that there is none.
            return ""
        case int() | float() | Decimal() | UUID():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case list() | tuple() if all(isinstance(item, str) for item in value):
            return ", ".join(value)
    raise Unusable(f"`{name}` is {_kind(value)}, not text")


def _kind(value: Any) -> str:
    known = (what for types, what in _KINDS if isinstance(value, types))
    return next(known, f"a value of type {type(value).__name__}")
