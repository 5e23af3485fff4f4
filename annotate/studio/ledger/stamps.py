"""The ledger's record of when people changed annotations that annotate wrote to since."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple


class Stamp(NamedTuple):
    """What was written to an annotation, when a person had changed it last, and the server's time.

    `result` is the digest of what was written. `stamped_at` is the time that the server gave the
    annotation with that, empty when no answer came; times are ISO 8601 in UTC.
    """

    result: str
    updated_at: str
    stamped_at: str


class StampLog:
    """The table `stamps` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def set(self, place: tuple[str, int], annotation: int, stamp: Stamp) -> None:
        """Note what is or was written to an annotation, in place of what was noted before."""
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO stamps VALUES (?, ?, ?, ?, ?, ?)",
                (*place, annotation, *stamp),
            )

    def find(self, place: tuple[str, int], annotation: int) -> Stamp | None:
        """Return what was last written to an annotation, None when nothing was."""
        row = self._db.execute(
            "SELECT result, updated_at, stamped_at FROM stamps"
            " WHERE server = ? AND project = ? AND annotation = ?",
            (*place, annotation),
        ).fetchone()
        return Stamp(*row) if row else None
