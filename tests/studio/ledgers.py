"""Filling ledgers and looking into them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from annotate.spans import Annotation
from annotate.studio.ledger import Entry, Place, open_ledger
from tests.factories import make_annotation, make_article, make_span

HERE = Place("https://studio.example.org", 1)
ELSEWHERE = (Place("https://studio.example.org", 2), Place("local", 1))


def entry(number: int = 1, article_id: str = "a", result: bytes = b"[]", **fields: Any) -> Entry:
    article = make_article(article_id=article_id)
    return Entry(make_annotation(article, make_span(0, 8), id=number, **fields), result)


def history(path: Path, columns: str = "annotation, result") -> list[tuple[Any, ...]]:
    """Return columns of every row ever added, as any SQLite client sees them."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {columns} FROM annotations ORDER BY row").fetchall()  # noqa: S608


def current(path: Path, place: Place = HERE) -> list[Annotation]:
    with open_ledger(path) as ledger:
        return list(ledger.annotations(place))


def append(path: Path, *entries: Entry, place: Place = HERE) -> int:
    with open_ledger(path) as ledger:
        return ledger.append(place, entries)
