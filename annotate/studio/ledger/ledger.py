"""An opened ledger: everything that is asked of it and written to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from itertools import islice
from typing import Any

from annotate.corpus import Article
from annotate.studio.ledger.annotations import Annotations
from annotate.studio.ledger.assignments import AssignmentLog
from annotate.studio.ledger.migrations import MigrationLog, utc_now
from annotate.studio.ledger.moves import Move, MoveLog
from annotate.studio.ledger.names import Entry, Place
from annotate.studio.ledger.projects import Projects
from annotate.studio.ledger.pulls import PullLog
from annotate.studio.ledger.stamps import StampLog
from annotate.studio.ledger.tasks import Tasks
from annotate.studio.ledger.ties import TieLog

# Tasks whose articles are in memory at once.
_BATCH = 500


class Ledger(Projects, Tasks, Annotations):
    """An opened ledger; use `open_ledger`."""

    def last_pull(self, *places: Place) -> str | None:
        """Return when everything was last pulled, ISO 8601 in UTC; None when it never was."""
        ended = [pull.ended if (pull := self.pulls.last(place)) else None for place in places]
        known = [time for time in ended if time is not None]
        return min(known) if known and len(known) == len(ended) else None

    def end_move(self, place: Place, move: Move, article: Article, entries: list[Entry]) -> None:
        """Note in one transaction that a task and its annotations have an article's new text."""
        with self._alone():
            self._record_tasks(place, [(move.task, article)])
            self._append(place, entries)
            self._db.execute("UPDATE moves SET ended = ? WHERE move = ?", (utc_now(), move.number))

    def append_with_tasks(
        self, place: Place, entries: Iterable[Entry], tasks: Iterable[tuple[int, Article]]
    ) -> int:
        """Add entries, and which tasks show which articles, in one transaction.

        The tasks are read after all entries, so reading those may fill them. Returns how many
        rows were added.
        """
        with self._alone():
            added = self._append(place, entries)
            left = iter(tasks)
            while batch := list(islice(left, _BATCH)):
                self._record_tasks(place, batch)
        return added

    @property
    def pulls(self) -> PullLog:
        """The record of pulls."""
        return PullLog(self._db)

    @property
    def migrations(self) -> MigrationLog:
        """The record of migrations."""
        return MigrationLog(self._db)

    @property
    def moves(self) -> MoveLog:
        """The record of tasks that went from one text to another."""
        return MoveLog(self._db)

    @property
    def assignments(self) -> AssignmentLog:
        """The record of who shall annotate what."""
        return AssignmentLog(self._db)

    @property
    def ties(self) -> TieLog:
        """The ties of restored annotations to what they were restored from."""
        return TieLog(self._db)

    @property
    def stamps(self) -> StampLog:
        """When people changed annotations that were written to since."""
        return StampLog(self._db)

    def copy_to(self, connection: sqlite3.Connection) -> None:
        """Copy the whole ledger as it is at this moment into an empty database."""
        self._db.backup(connection)

    def query(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Read with SQL of one's own, for checks of the record itself."""
        return self._db.execute(statement, values)
