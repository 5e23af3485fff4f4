"""The ledger: the local, append-only record of every annotation ever pulled.

One SQLite file. A row is never changed or removed: an annotation that changed is a new
row, one that was deleted on the server a tombstone. What counts now is the newest row of
each annotation.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.errors import LedgerError
from annotate.schema.config import Page
from annotate.spans import Annotation
from annotate.studio.migration_log import MigrationLog, utc_now

_VERSION = 2

_TABLES = """
CREATE TABLE projects (            -- which project on a server holds the workspace's tasks
    server     TEXT NOT NULL PRIMARY KEY,
    project    INTEGER NOT NULL,
    created_at TEXT NOT NULL,      -- tells it from another that got the same number
    guide      TEXT NOT NULL,      -- the digest of the instructions that were set, or ''
    page       TEXT NOT NULL       -- what its labelling page was made from, as JSON, or ''
) STRICT;
CREATE TABLE articles (            -- every version of every article that was ever pushed
    article TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    body    TEXT NOT NULL,         -- the Article, as JSON
    PRIMARY KEY (article, sha256)
) STRICT;
CREATE TABLE tasks (               -- which task shows which version of an article
    server  TEXT NOT NULL,
    project INTEGER NOT NULL,
    task    INTEGER NOT NULL,
    article TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    PRIMARY KEY (server, project, task)
) STRICT;
CREATE TABLE annotations (         -- append-only
    row        INTEGER PRIMARY KEY AUTOINCREMENT,
    server     TEXT NOT NULL,
    project    INTEGER NOT NULL,
    annotation INTEGER NOT NULL,
    pulled_at  TEXT NOT NULL,
    result     BLOB,               -- the server's own JSON; NULL is a tombstone
    body       TEXT                -- the Annotation proved from it, as JSON
) STRICT;
CREATE INDEX by_annotation ON annotations (server, project, annotation, row);
CREATE TRIGGER no_update BEFORE UPDATE ON annotations
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON annotations
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER no_replace BEFORE INSERT ON annotations
    WHEN EXISTS (SELECT 1 FROM annotations WHERE row = NEW.row)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE VIEW latest AS
    SELECT * FROM annotations WHERE row IN
        (SELECT max(row) FROM annotations GROUP BY server, project, annotation);
CREATE TABLE pulls (
    server  TEXT NOT NULL,
    project INTEGER NOT NULL,
    ended   TEXT NOT NULL
) STRICT;
"""

# What version 2 added, beside the column `page` of projects.
_MIGRATIONS = """
CREATE TABLE migrations (          -- of a project from one version of a schema to another
    migration  INTEGER PRIMARY KEY AUTOINCREMENT,
    server     TEXT NOT NULL,
    project    INTEGER NOT NULL,
    old        TEXT NOT NULL,      -- both schemas, as JSON
    new        TEXT NOT NULL,
    row        INTEGER NOT NULL,   -- the last row of annotations that was made under the old
    began      TEXT NOT NULL,
    ended      TEXT                -- NULL until all is done
) STRICT;
CREATE TABLE backups (             -- append-only: what the server had before it was changed
    backup     INTEGER PRIMARY KEY AUTOINCREMENT,
    migration  INTEGER NOT NULL REFERENCES migrations,
    kind       TEXT NOT NULL,      -- project, annotation, draft or predictions
    number     INTEGER NOT NULL,   -- the server's; of predictions that of their task
    made_at    TEXT NOT NULL,
    body       BLOB NOT NULL       -- the server's own JSON
) STRICT;
CREATE INDEX by_number ON backups (migration, kind, number);
CREATE TRIGGER backups_no_update BEFORE UPDATE ON backups
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER backups_no_replace BEFORE INSERT ON backups
    WHEN EXISTS (SELECT 1 FROM backups WHERE backup = NEW.backup)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER backups_no_delete BEFORE DELETE ON backups
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""


# Greater than any row.
_LAST = 2**63 - 1


class Place(NamedTuple):
    """Where annotations come from: a server (its URL, or `local`) and a project on it."""

    server: str
    project: int


class KnownProject(NamedTuple):
    """A workspace's project on a server: its number, when it was made, and what was set.

    `guide` is the digest of the instructions as sent; the server keeps a sanitised form.
    `page` is what its labelling page was made from, None when that is not known.
    """

    number: int
    created_at: str
    guide: str
    page: Page | None = None


class Entry(NamedTuple):
    """An annotation, and the server's own JSON of its result."""

    annotation: Annotation
    result: bytes


class Ledger:
    """An opened ledger; use `open_ledger`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def project(self, server: str) -> KnownProject | None:
        """Return the project that this workspace has on a server, None when none is known."""
        row = self._db.execute(
            "SELECT project, created_at, guide, page FROM projects WHERE server = ?", (server,)
        ).fetchone()
        if row is None:
            return None
        number, created_at, guide, known = row
        page = msgspec.json.decode(known, type=Page) if known else None
        return KnownProject(number, created_at, guide, page)

    def set_project(self, server: str, project: KnownProject) -> None:
        """Remember which project this workspace has on a server."""
        with self._db:
            page = msgspec.json.encode(project.page).decode() if project.page else ""
            row = (server, *project[:3], page)
            self._db.execute("INSERT OR REPLACE INTO projects VALUES (?, ?, ?, ?, ?)", row)

    def record_tasks(self, place: Place, tasks: Iterable[tuple[int, Article]]) -> None:
        """Remember which tasks show which articles, and the articles as they were pushed."""
        listed = [(task, article) for task, article in tasks]
        with self._db:
            self._db.executemany(
                "INSERT OR IGNORE INTO articles VALUES (?, ?, ?)",
                [(a.id, a.sha256, msgspec.json.encode(a).decode()) for _, a in listed],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?)",
                [(*place, task, article.id, article.sha256) for task, article in listed],
            )

    def forget_tasks(self, place: Place, tasks: Iterable[int]) -> None:
        """Forget tasks that the server no longer has; their annotations and articles stay."""
        with self._db:
            self._db.executemany(
                "DELETE FROM tasks WHERE server = ? AND project = ? AND task = ?",
                [(*place, task) for task in tasks],
            )

    def tasks(self, place: Place) -> dict[int, tuple[str, str]]:
        """Return the article id and digest that each task shows."""
        rows = self._db.execute(
            "SELECT task, article, sha256 FROM tasks WHERE server = ? AND project = ?", place
        )
        return {task: (article, sha256) for task, article, sha256 in rows}

    def articles(self, place: Place) -> list[Article]:
        """Return the articles that tasks show, as they were pushed, by id."""
        rows = self._db.execute(
            "SELECT DISTINCT article, body FROM tasks JOIN articles USING (article, sha256)"
            " WHERE server = ? AND project = ? ORDER BY article, sha256", place
        )  # fmt: skip
        return [msgspec.json.decode(body, type=Article) for _, body in rows]

    def append(self, place: Place, entries: Iterable[Entry]) -> int:
        """Add the entries that differ from what is known, in one transaction; return how many."""
        now = utc_now()
        added = 0
        with self._db:
            for annotation, result in entries:
                body = msgspec.json.encode(annotation).decode()
                known = self._db.execute(
                    "SELECT result, body FROM annotations WHERE server = ? AND project = ?"
                    " AND annotation = ? ORDER BY row DESC LIMIT 1",
                    (*place, annotation.id),
                ).fetchone()
                if known != (result, body):
                    self._insert(place, annotation.id, now, result, body)
                    added += 1
        return added

    def bury(self, place: Place, seen: set[int]) -> int:
        """Add a tombstone for every annotation not in `seen`; return how many."""
        rows = self._db.execute(
            "SELECT annotation FROM latest WHERE server = ? AND project = ?"
            " AND result IS NOT NULL", place
        ).fetchall()  # fmt: skip
        gone = [annotation for (annotation,) in rows if annotation not in seen]
        now = utc_now()
        with self._db:
            for annotation in gone:
                self._insert(place, annotation, now, None, None)
        return len(gone)

    def _insert(
        self, place: Place, annotation: int, now: str, result: bytes | None, body: str | None
    ) -> None:
        self._db.execute(
            "INSERT INTO annotations (server, project, annotation, pulled_at, result, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*place, annotation, now, result, body),
        )

    def end_pull(self, place: Place) -> None:
        """Note that everything the server has is in the ledger as of now."""
        with self._db:
            self._db.execute("INSERT INTO pulls VALUES (?, ?, ?)", (*place, utc_now()))

    def last_pull(self, place: Place) -> str | None:
        """Return when the last complete pull ended, ISO 8601 in UTC; None when there was none."""
        ended: str | None = self._db.execute(
            "SELECT max(ended) FROM pulls WHERE server = ? AND project = ?", place
        ).fetchone()[0]
        return ended

    def annotations(self, place: Place, until: int | None = None) -> Iterator[Annotation]:
        """Yield what counts of every annotation, by article, then by number.

        What counts now or, with `until`, what counted when that row was the newest.
        """
        rows = self._db.execute(
            "SELECT body FROM annotations WHERE row IN (SELECT max(row) FROM annotations"
            " WHERE server = ? AND project = ? AND row <= ? GROUP BY annotation)"
            " AND body IS NOT NULL ORDER BY body ->> 'article', annotation",
            (*place, _LAST if until is None else until),
        )
        decoder = msgspec.json.Decoder(Annotation)
        for (body,) in rows:
            yield decoder.decode(body)

    def results(self, place: Place, until: int | None = None) -> dict[int, bytes]:
        """Return the server's own JSON of every annotation's result; `until` as above."""
        rows = self._db.execute(
            "SELECT annotation, result FROM annotations WHERE row IN (SELECT max(row)"
            " FROM annotations WHERE server = ? AND project = ? AND row <= ? GROUP BY annotation)"
            " AND result IS NOT NULL",
            (*place, _LAST if until is None else until),
        )
        return dict(rows)

    @property
    def migrations(self) -> MigrationLog:
        """The record of migrations."""
        return MigrationLog(self._db)

    def rows(self) -> int:
        """Return how many rows were ever added, tombstones included."""
        count: int = self._db.execute("SELECT count(*) FROM annotations").fetchone()[0]
        return count


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open the ledger at `path`, made if absent, and close it at the end.

    Raises `LedgerError` when the file is not a ledger, or cannot be read or written.
    """
    try:
        connection = sqlite3.connect(path, timeout=30)
        try:
            _prepare(connection, path)
            yield Ledger(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise LedgerError(
            f"the ledger {path} cannot be used: {error}",
            "Check that it is a ledger, its permissions, and the disk's space; what was written"
            " before is whole.",
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and tables:
            raise LedgerError(f"{path} is a database of something else", "Move it elsewhere.")
        if version == 0:
            for statement in _statements(_TABLES + _MIGRATIONS):
                connection.execute(statement)
            path.chmod(0o600)
        elif version == 1:
            connection.execute("ALTER TABLE projects ADD COLUMN page TEXT NOT NULL DEFAULT ''")
            for statement in _statements(_MIGRATIONS):
                connection.execute(statement)
        elif version != _VERSION:
            raise LedgerError(
                f"the ledger {path} has version {version}, this annotate knows {_VERSION}",
                "Upgrade annotate-corpus.",
            )
        if version != _VERSION:
            connection.execute(f"PRAGMA user_version = {_VERSION}")
    # After the file is its owner's only: the files beside it get its mode.
    connection.execute("PRAGMA journal_mode = WAL")


def _statements(script: str) -> Iterator[str]:
    """Split a script; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
