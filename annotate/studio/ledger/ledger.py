"""What is asked of an opened ledger and written to it.

A row of annotations is never changed or removed: an annotation that changed is a new row, one
that was deleted on the server a tombstone. What counts now is the newest row of each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.schema.config import Page
from annotate.spans import Annotation
from annotate.studio.ledger.assignments import AssignmentLog
from annotate.studio.ledger.chain import START, link
from annotate.studio.ledger.migrations import MigrationLog, utc_now
from annotate.studio.ledger.moves import Move, MoveLog
from annotate.studio.ledger.pulls import PullLog
from annotate.studio.ledger.ties import TieLog

# Greater than any row.
_LAST = 2**63 - 1

# Under this name stand annotations that came from an export's file and not from a server.
EXPORT = "export"

Kind = Literal["annotation", "draft"]


class Place(NamedTuple):
    """Where annotations come from: a server (its URL, or `local`) and a project on it."""

    server: str
    project: int


class KnownProject(NamedTuple):
    """A workspace's project on a server: its number, when it was made, and what was set.

    `guide` is the digest of the instructions as sent; the server keeps a sanitised form.
    `page` is what its labelling page was made from, None when that is not known. `patterns`
    is the digest of the patterns that its suggestions come from. `tasks` and `newest` are
    how many tasks it had, and the greatest number among them, when all were last known to
    be in the ledger; -1 when they are not.
    """

    number: int
    created_at: str
    guide: str
    page: Page | None = None
    patterns: str = ""
    tasks: int = -1
    newest: int = 0


class Entry(NamedTuple):
    """An annotation, and the server's own JSON of its result."""

    annotation: Annotation
    result: bytes


class Row(NamedTuple):
    """A row of the record: an annotation as it was pulled then, None when it was deleted."""

    row: int
    place: Place
    kind: Kind
    number: int
    pulled_at: str
    annotation: Annotation | None


def _read(row: tuple[str, bytes] | None) -> Entry | None:
    return Entry(msgspec.json.decode(row[0], type=Annotation), row[1]) if row else None


# In the JSON of an annotation of which marks were set aside, or that were and are decided.
_UNSETTLED = ('"set_aside":[{', '"decided":[{')


class Ledger:
    """An opened ledger; use `open_ledger`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    # Projects.

    def project(self, server: str, part: int = 0) -> KnownProject | None:
        """Return the project that this workspace has on a server, None when none is known."""
        return self.projects(server).get(part)

    def projects(self, server: str) -> dict[int, KnownProject]:
        """Return the projects that this workspace has on a server, by part."""
        rows = self._db.execute(
            "SELECT part, project, created_at, guide, page, patterns, tasks, newest FROM projects"
            " WHERE server = ? ORDER BY part",
            (server,),
        )
        return {
            part: KnownProject(
                number, created_at, guide,
                msgspec.json.decode(page, type=Page) if page else None, *others,
            )
            for part, number, created_at, guide, page, *others in rows
        }  # fmt: skip

    def set_project(self, server: str, project: KnownProject, part: int = 0) -> None:
        """Remember which project this workspace has on a server."""
        number, created_at, guide, known, *others = project
        page = msgspec.json.encode(known).decode() if known else ""
        row = (server, part, number, created_at, guide, page, *others)
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO projects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
            )

    def places(self, server: str) -> tuple[Place, ...]:
        """Return where the workspace's annotations come from: its projects, and exports."""
        own = [Place(server, project.number) for project in self.projects(server).values()]
        rows = self._db.execute(
            "SELECT DISTINCT project FROM tasks WHERE server = ? ORDER BY project", (EXPORT,)
        )
        return (*own, *(Place(EXPORT, number) for (number,) in rows))

    def people(self, server: str) -> dict[int, str]:
        """Return the addresses of a server's people as last known, by number."""
        rows = self._db.execute("SELECT number, address FROM people WHERE server = ?", (server,))
        return dict(rows)

    def set_people(self, server: str, people: Mapping[int, str]) -> None:
        """Remember the addresses of a server's people."""
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO people VALUES (?, ?, ?)",
                [(server, number, address) for number, address in people.items()],
            )

    # Tasks and articles.

    def record_tasks(self, place: Place, tasks: Iterable[tuple[int, Article]]) -> None:
        """Remember which tasks show which articles, and the articles as they were pushed."""
        with self._db:
            self._record_tasks(place, tasks)

    def _record_tasks(self, place: Place, tasks: Iterable[tuple[int, Article]]) -> None:
        listed = [(task, article, article.sha256) for task, article in tasks]
        self._db.executemany(
            "INSERT OR IGNORE INTO articles VALUES (?, ?, ?)",
            [(a.id, sha256, msgspec.json.encode(a).decode()) for _, a, sha256 in listed],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?)",
            [(*place, task, article.id, sha256) for task, article, sha256 in listed],
        )

    def forget_tasks(self, place: Place, tasks: Iterable[int]) -> None:
        """Forget tasks that the server no longer has; their annotations and articles stay."""
        with self._db:
            self._db.executemany(
                "DELETE FROM tasks WHERE server = ? AND project = ? AND task = ?",
                [(*place, task) for task in tasks],
            )

    def tasks(self, place: Place) -> dict[int, tuple[str, str]]:
        """Return the article id and digest that each task shows, by number."""
        rows = self._db.execute(
            "SELECT task, article, sha256 FROM tasks WHERE server = ? AND project = ?"
            " ORDER BY task", place
        )  # fmt: skip
        return {task: (article, sha256) for task, article, sha256 in rows}

    def task_bytes(self, place: Place) -> int:
        """Return how many bytes an article of the project's tasks has on average."""
        (mean,) = self._db.execute(
            "SELECT coalesce(avg(length(body)), 0) FROM tasks JOIN articles"
            " USING (article, sha256) WHERE server = ? AND project = ?", place
        ).fetchone()  # fmt: skip
        return int(mean)

    def articles(self, *places: Place) -> list[Article]:
        """Return the articles that tasks show, as they were pushed, by id."""
        found = {
            article: body
            for place in reversed(places)
            for article, body in self._db.execute(
                "SELECT DISTINCT article, body FROM tasks JOIN articles USING (article, sha256)"
                " WHERE server = ? AND project = ? ORDER BY article, sha256", place
            )
        }  # fmt: skip
        return [msgspec.json.decode(found[article], type=Article) for article in sorted(found)]

    def version(self, article: str, sha256: str) -> Article | None:
        """Return an article as it was pushed with this text, None when it never was."""
        row = self._db.execute(
            "SELECT body FROM articles WHERE article = ? AND sha256 = ?", (article, sha256)
        ).fetchone()
        return msgspec.json.decode(row[0], type=Article) if row else None

    def versions(self, article: str) -> list[Article]:
        """Return every version of an article that was pushed, the first one first."""
        rows = self._db.execute(
            "SELECT body FROM articles WHERE article = ? ORDER BY rowid", (article,)
        )
        return [msgspec.json.decode(body, type=Article) for (body,) in rows]

    # Annotations.

    def append(self, place: Place, entries: Iterable[Entry], kind: Kind = "annotation") -> int:
        """Add the entries that differ from what is known, in one transaction; return how many."""
        with self._db:
            return self._append(place, entries, kind)

    def _append(self, place: Place, entries: Iterable[Entry], kind: Kind = "annotation") -> int:
        now = utc_now()
        added = 0
        for entry in entries:
            body = msgspec.json.encode(entry.annotation).decode()
            known = self._newest(place, entry.annotation.id, kind)
            # The same may have been written with fewer fields, by an earlier release.
            if known != (body, entry.result) and _read(known) != entry:
                self._insert(place, kind, entry.annotation.id, now, entry.result, body)
                added += 1
        return added

    def _newest(self, place: Place, annotation: int, kind: Kind) -> tuple[str, bytes] | None:
        """Return body and result of the newest row, None when there is none or a tombstone."""
        row: tuple[str, bytes | None] | None = self._db.execute(
            "SELECT body, result FROM annotations WHERE server = ? AND project = ?"
            " AND kind = ? AND annotation = ? ORDER BY row DESC LIMIT 1",
            (*place, kind, annotation),
        ).fetchone()
        return None if row is None or row[1] is None else (row[0], row[1])

    def entry(self, place: Place, annotation: int, kind: Kind = "annotation") -> Entry | None:
        """Return what counts of an annotation, None when it is not known or was deleted."""
        return _read(self._newest(place, annotation, kind))

    def unsettled(self, place: Place, annotation: int) -> Annotation | None:
        """Return an annotation of which marks were set aside or decided on, else None."""
        known = self._newest(place, annotation, "annotation")
        if known is None or not any(part in known[0] for part in _UNSETTLED):
            return None
        return msgspec.json.decode(known[0], type=Annotation)

    def bury(self, place: Place, seen: set[int], kind: Kind = "annotation") -> int:
        """Add a tombstone for every annotation not in `seen`; return how many."""
        gone = [number for number in self.numbers(place, kind) if number not in seen]
        return self.bury_these(place, gone, kind)

    def bury_these(self, place: Place, gone: Iterable[int], kind: Kind = "annotation") -> int:
        """Add a tombstone for each of these annotations; return how many."""
        now = utc_now()
        count = 0
        with self._db:
            for annotation in gone:
                self._insert(place, kind, annotation, now, None, None)
                count += 1
        return count

    def _insert(
        self, place: Place, kind: Kind, annotation: int, now: str,
        result: bytes | None, body: str | None,
    ) -> None:  # fmt: skip
        known = self._db.execute(
            "SELECT rows, head FROM chains WHERE server = ? AND project = ?", place
        ).fetchone()
        count, head = known or (0, START)
        row = (*place, kind, annotation, now, result, body)
        head = link(head, row)
        self._db.execute(
            "INSERT INTO annotations (server, project, kind, annotation, pulled_at, result, body,"
            " hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*row, head),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO chains VALUES (?, ?, ?, ?)", (*place, count + 1, head)
        )

    def numbers(self, place: Place, kind: Kind = "annotation") -> dict[int, str]:
        """Return the numbers of what is not deleted, with the id of the article of each."""
        rows = self._db.execute(
            "SELECT annotation, body ->> 'article' FROM annotations WHERE row IN"
            " (SELECT max(row) FROM annotations WHERE server = ? AND project = ? AND kind = ?"
            " GROUP BY annotation) AND result IS NOT NULL",
            (*place, kind),
        )
        return dict(rows)

    def numbers_of(self, place: Place, article: str) -> set[int]:
        """Return the numbers of an article's annotations that are not deleted."""
        rows = self._db.execute(
            "SELECT annotation FROM annotations WHERE body ->> 'article' = ? AND server = ?"
            " AND project = ? AND kind = 'annotation'",
            (article, *place),
        ).fetchall()
        return {n for (n,) in rows if self._newest(place, n, "annotation") is not None}

    def tally(self, place: Place) -> dict[str, int]:
        """Count the annotations, `submitted` and `skipped`, and what is in them.

        That is `spans`, those of them that were `repaired`, and marks that are `set_aside`.
        """
        row = self._db.execute(
            "SELECT coalesce(sum(body ->> 'status' = 'submitted'), 0),"
            " coalesce(sum(body ->> 'status' = 'skipped'), 0),"
            " coalesce(sum(json_array_length(body, '$.spans')), 0),"
            " coalesce(sum(body ->> 'repaired'), 0),"
            " coalesce(sum(json_array_length(body, '$.set_aside')), 0)"
            " FROM annotations WHERE row IN (SELECT max(row) FROM annotations"
            " WHERE server = ? AND project = ? AND kind = 'annotation' GROUP BY annotation)"
            " AND result IS NOT NULL",
            place,
        ).fetchone()
        names = ("submitted", "skipped", "spans", "repaired", "set_aside")
        return dict(zip(names, row, strict=True))

    def count(self, place: Place, kind: Kind = "annotation") -> int:
        """Return how many there are of what is not deleted."""
        (count,) = self._db.execute(
            "SELECT count(result) FROM annotations WHERE row IN (SELECT max(row)"
            " FROM annotations WHERE server = ? AND project = ? AND kind = ? GROUP BY annotation)",
            (*place, kind),
        ).fetchone()
        return int(count)

    def of_articles(
        self, place: Place, articles: Iterable[str], kind: Kind = "annotation"
    ) -> dict[int, Entry]:
        """Return what counts of the annotations of some articles, by number."""
        found: dict[int, Entry] = {}
        for article in articles:
            rows = self._db.execute(
                "SELECT DISTINCT annotation FROM annotations WHERE body ->> 'article' = ?"
                " AND server = ? AND project = ? AND kind = ?",
                (article, *place, kind),
            ).fetchall()
            for (number,) in rows:
                newest = self.entry(place, number, kind)
                if newest is not None and newest.annotation.article == article:
                    found[number] = newest
        return found

    def annotations(
        self, place: Place, until: int | None = None, kind: Kind = "annotation"
    ) -> Iterator[Annotation]:
        """Yield what counts of every annotation, by article, then by number.

        What counts now or, with `until`, what counted when that row was the newest.
        """
        rows = self._db.execute(
            "SELECT body FROM annotations WHERE row IN (SELECT max(row) FROM annotations"
            " WHERE server = ? AND project = ? AND kind = ? AND row <= ? GROUP BY annotation)"
            " AND body IS NOT NULL ORDER BY body ->> 'article', annotation",
            (*place, kind, _LAST if until is None else until),
        )
        decoder = msgspec.json.Decoder(Annotation)
        for (body,) in rows:
            yield decoder.decode(body)

    def results(self, place: Place, until: int | None = None) -> dict[int, bytes]:
        """Return the server's own JSON of every annotation's result; `until` as above."""
        rows = self._db.execute(
            "SELECT annotation, result FROM annotations WHERE row IN (SELECT max(row)"
            " FROM annotations WHERE server = ? AND project = ? AND kind = 'annotation'"
            " AND row <= ? GROUP BY annotation) AND result IS NOT NULL",
            (*place, _LAST if until is None else until),
        )
        return dict(rows)

    def history(self, article: str) -> Iterator[Row]:
        """Yield every row about an article ever added, on any server, the oldest first."""
        rows = self._db.execute(
            "SELECT row, server, project, kind, annotation, pulled_at, body FROM annotations"
            " WHERE (server, project, kind, annotation) IN (SELECT server, project, kind,"
            " annotation FROM annotations WHERE body ->> 'article' = ?) ORDER BY row",
            (article,),
        )
        for row, server, project, kind, number, pulled_at, body in rows:
            annotation = msgspec.json.decode(body, type=Annotation) if body else None
            yield Row(row, Place(server, project), kind, number, pulled_at, annotation)

    def rows(self) -> int:
        """Return how many rows were ever added, tombstones included."""
        count: int = self._db.execute("SELECT count(*) FROM annotations").fetchone()[0]
        return count

    def last_pull(self, *places: Place) -> str | None:
        """Return when everything was last pulled, ISO 8601 in UTC; None when it never was."""
        ended = [pull.ended if (pull := self.pulls.last(place)) else None for place in places]
        known = [time for time in ended if time is not None]
        return min(known) if known and len(known) == len(ended) else None

    def end_move(self, place: Place, move: Move, article: Article, entries: list[Entry]) -> None:
        """Note in one transaction that a task and its annotations have an article's new text."""
        with self._db:
            self._record_tasks(place, [(move.task, article)])
            self._append(place, entries)
            self._db.execute("UPDATE moves SET ended = ? WHERE move = ?", (utc_now(), move.number))

    # The record of other things.

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

    def copy_to(self, connection: sqlite3.Connection) -> None:
        """Copy the whole ledger as it is at this moment into an empty database."""
        self._db.backup(connection)

    def query(self, statement: str, *values: Any) -> sqlite3.Cursor:
        """Read with SQL of one's own, for checks of the record itself."""
        return self._db.execute(statement, values)
