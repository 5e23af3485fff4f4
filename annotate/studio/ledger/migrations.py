"""The ledger's record of migrations: which, how far, and what the server had before."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import msgspec

from annotate.schema import Schema

Kind = Literal["project", "annotation", "draft", "predictions"]


class Migrated(NamedTuple):
    """A migration of a project that was begun and, if `ended` is a time, finished.

    `row` is the newest row of annotations that the ledger had when it began: what was made
    under the old schema is all of those up to it.
    """

    number: int
    old: Schema
    new: Schema
    row: int
    ended: str | None


class MigrationLog:
    """The tables `migrations` and `backups` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def begin(self, place: tuple[str, int], old: Schema, new: Schema) -> Migrated:
        """Note that a migration begins; every annotation must have been pulled."""
        with self._db:
            (row,) = self._db.execute("SELECT coalesce(max(row), 0) FROM annotations").fetchone()
            schemas = (msgspec.json.encode(old).decode(), msgspec.json.encode(new).decode())
            number = self._db.execute(
                "INSERT INTO migrations (server, project, old, new, row, began)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (*place, *schemas, row, utc_now()),
            ).lastrowid
        assert number is not None  # noqa: S101, an INSERT has one
        return Migrated(number, old, new, row, None)

    def end(self, migrated: Migrated) -> None:
        """Note that a migration is done."""
        with self._db:
            self._db.execute(
                "UPDATE migrations SET ended = ? WHERE migration = ?", (utc_now(), migrated.number)
            )

    def all(self, place: tuple[str, int]) -> list[Migrated]:
        """Return the project's migrations, the oldest first."""
        rows = self._db.execute(
            "SELECT migration, old, new, row, ended FROM migrations"
            " WHERE server = ? AND project = ? ORDER BY migration", place
        )  # fmt: skip
        return [
            Migrated(
                number,
                msgspec.json.decode(old, type=Schema),
                msgspec.json.decode(new, type=Schema),
                row,
                ended,
            )
            for number, old, new, row, ended in rows
        ]

    def last(self, place: tuple[str, int]) -> Migrated | None:
        """Return the project's newest migration, None when there was none."""
        return next(reversed(self.all(place)), None)

    def back_up(self, migrated: Migrated, kind: Kind, number: int, body: bytes) -> None:
        """Keep what the server has, before it is changed."""
        with self._db:
            self._db.execute(
                "INSERT INTO backups (migration, kind, number, made_at, body)"
                " VALUES (?, ?, ?, ?, ?)",
                (migrated.number, kind, number, utc_now(), body),
            )

    def backups(self, migrated: Migrated, kind: Kind, *, last: bool = False) -> dict[int, bytes]:
        """Return the first (or `last`) backup of everything of a kind, by the server's number."""
        rows = self._db.execute(
            "SELECT number, body FROM backups WHERE migration = ? AND kind = ? ORDER BY backup",
            (migrated.number, kind),
        ).fetchall()
        return dict(rows if last else reversed(rows))


def utc_now() -> str:
    """Return the time, ISO 8601 in UTC to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
