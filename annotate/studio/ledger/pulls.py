"""The ledger's record of pulls: up to which time of the server everything is known."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class PastPull(NamedTuple):
    """A complete pull. `mark` and `clock` are the server's times when it began and ended.

    Both are ISO 8601 in UTC, empty when they are not known. `others` counts annotations on
    the server of tasks that no workspace pushed; `schema` is the digest of the schema under
    which everything was read.
    """

    ended: str
    mark: str
    clock: str
    others: int
    schema: str


class Cursor(NamedTuple):
    """How far a full pull is that has not ended: everything up to task `after` is there."""

    mark: str
    after: int
    others: int


class PullLog:
    """The tables `pulls` and `cursors` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def last(self, place: tuple[str, int]) -> PastPull | None:
        """Return the newest complete pull of a project, None when there was none."""
        row = self._db.execute(
            "SELECT ended, mark, clock, others, schema FROM pulls WHERE server = ? AND project = ?"
            " ORDER BY rowid DESC LIMIT 1", place
        ).fetchone()  # fmt: skip
        return PastPull(*row) if row else None

    def end(self, place: tuple[str, int], past: PastPull) -> None:
        """Note that everything the server had at the mark of a pull is in the ledger."""
        with self._db:
            self._db.execute("DELETE FROM cursors WHERE server = ? AND project = ?", place)
            self._db.execute("INSERT INTO pulls VALUES (?, ?, ?, ?, ?, ?, ?)", (*place, *past))

    def cursor(self, place: tuple[str, int]) -> Cursor | None:
        """Return how far a full pull is that was cut off, None when there is none."""
        row = self._db.execute(
            "SELECT mark, after, others FROM cursors WHERE server = ? AND project = ?", place
        ).fetchone()
        return Cursor(*row) if row else None

    def advance(self, place: tuple[str, int], cursor: Cursor) -> None:
        """Note how far a full pull is."""
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO cursors VALUES (?, ?, ?, ?, ?)", (*place, *cursor)
            )
