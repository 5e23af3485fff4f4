"""The ledger's record of who shall annotate which article."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from annotate.studio.ledger.migrations import utc_now


class AssignmentLog:
    """The table `assignments` of an opened ledger: append-only, the newest row counts."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, server: str, assigned: Mapping[str, Sequence[str]]) -> None:
        """Note the annotators' addresses, by article id."""
        now = utc_now()
        with self._db:
            self._db.executemany(
                "INSERT INTO assignments (server, article, annotators, made_at)"
                " VALUES (?, ?, ?, ?)",
                [
                    (server, article, msgspec.json.encode(list(people)).decode(), now)
                    for article, people in assigned.items()
                ],
            )

    def all(self, server: str) -> dict[str, tuple[str, ...]]:
        """Return the addresses of everyone who shall annotate an article, by its id."""
        rows = self._db.execute(
            "SELECT article, annotators FROM assignments WHERE row IN"
            " (SELECT max(row) FROM assignments WHERE server = ? GROUP BY article)"
            " ORDER BY article",
            (server,),
        )
        decoder = msgspec.json.Decoder(tuple[str, ...])
        return {article: decoder.decode(people) for article, people in rows}
