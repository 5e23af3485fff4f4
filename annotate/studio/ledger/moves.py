"""The ledger's record of tasks that go from one text of their article to another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.studio.ledger.migrations import utc_now


class Move(NamedTuple):
    """A task whose article's text changes from the one with digest `old` to that with `new`.

    `flagged` means that the server shows it among those that people should look at.
    """

    number: int
    task: int
    article: str
    old: str
    new: str
    ended: str | None = None
    flagged: int = 0


class MoveLog:
    """The table `moves` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def begin(
        self, place: tuple[str, int], task: int, article: Article, old: str, *, flagged: bool
    ) -> Move:
        """Note that a move begins, and keep the new text; the annotations must be there."""
        sha256 = article.sha256
        with self._db:
            self._db.execute(
                "INSERT OR IGNORE INTO articles VALUES (?, ?, ?)",
                (article.id, sha256, msgspec.json.encode(article).decode()),
            )
            number = self._db.execute(
                "INSERT INTO moves (server, project, task, article, old, new, began, flagged)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*place, task, article.id, old, sha256, utc_now(), flagged),
            ).lastrowid
        assert number is not None  # noqa: S101, an INSERT has one
        return Move(number, task, article.id, old, sha256, None, flagged)

    def end(self, move: Move) -> None:
        """Note that a move has come to its end without a new text: its task is gone."""
        with self._db:
            self._db.execute("UPDATE moves SET ended = ? WHERE move = ?", (utc_now(), move.number))

    def lower(self, move: Move) -> None:
        """Note that people need not look at the task any more."""
        with self._db:
            self._db.execute("UPDATE moves SET flagged = 0 WHERE move = ?", (move.number,))

    def reopen(self, place: tuple[str, int], tasks: Iterable[int]) -> None:
        """Note that tasks have annotations again that were made on their earlier text."""
        with self._db:
            self._db.executemany(
                "UPDATE moves SET ended = NULL WHERE move ="
                " (SELECT max(move) FROM moves WHERE server = ? AND project = ? AND task = ?)",
                [(*place, task) for task in tasks],
            )

    def unfinished(self, place: tuple[str, int]) -> list[Move]:
        """Return the moves of a project that were begun and not ended."""
        return [move for move in self.all(place) if move.ended is None]

    def all(self, place: tuple[str, int]) -> list[Move]:
        """Return every move of a project, the oldest first."""
        rows = self._db.execute(
            "SELECT move, task, article, old, new, ended, flagged FROM moves"
            " WHERE server = ? AND project = ? ORDER BY move", place
        )  # fmt: skip
        return [Move(*row) for row in rows]
