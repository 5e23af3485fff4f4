"""The ledger's ties of restored annotations to those that they were restored from."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple


class Tie(NamedTuple):
    """A restored annotation: the time that the server gave it, its true times, where it was.

    Times are ISO 8601 in UTC.
    """

    annotation: int
    stamped_at: str
    created_at: str
    updated_at: str
    old_server: str
    old_project: int
    old_annotation: int


class TieLog:
    """The table `ties` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, place: tuple[str, int], ties: Iterable[Tie]) -> None:
        """Note where restored annotations come from."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO ties VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*place, *tie) for tie in ties],
            )

    def all(self, place: tuple[str, int]) -> dict[int, Tie]:
        """Return the ties of a project's annotations, by number."""
        rows = self._db.execute(
            "SELECT annotation, stamped_at, created_at, updated_at, old_server, old_project,"
            " old_annotation FROM ties WHERE server = ? AND project = ?", place
        )  # fmt: skip
        return {row[0]: Tie(*row) for row in rows}
