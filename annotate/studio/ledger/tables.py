"""The ledger's tables, and how those of earlier versions become these."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from annotate.studio.ledger.chain import START, link

VERSION = 4

_PROJECTS = """
CREATE TABLE projects (            -- which projects on a server hold the workspace's tasks
    server     TEXT NOT NULL,
    part       INTEGER NOT NULL,   -- 0 for the first; a large corpus spreads over several
    project    INTEGER NOT NULL,
    created_at TEXT NOT NULL,      -- tells it from another that got the same number
    guide      TEXT NOT NULL,      -- the digest of the instructions that were set, or ''
    page       TEXT NOT NULL,      -- what its labelling page was made from, as JSON, or ''
    patterns   TEXT NOT NULL,      -- the digest of the patterns its suggestions come from, or ''
    tasks      INTEGER NOT NULL,   -- how many tasks it had when all were last known, or -1
    newest     INTEGER NOT NULL,   -- and the greatest number among them
    PRIMARY KEY (server, part)
) STRICT;
"""

_ARTICLES_AND_TASKS = """
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
"""

_ANNOTATIONS = """
CREATE TABLE annotations (         -- append-only; each project's rows are a chain of hashes
    row        INTEGER PRIMARY KEY AUTOINCREMENT,
    server     TEXT NOT NULL,
    project    INTEGER NOT NULL,
    kind       TEXT NOT NULL,      -- annotation or draft
    annotation INTEGER NOT NULL,
    pulled_at  TEXT NOT NULL,
    result     BLOB,               -- the server's own JSON; NULL is a tombstone
    body       TEXT,               -- the Annotation proved from it, as JSON
    hash       TEXT NOT NULL       -- of this row and the hash of the one before it
) STRICT;
CREATE INDEX by_annotation ON annotations (server, project, kind, annotation, row);
CREATE INDEX by_article ON annotations
    (body ->> 'article', server, project, kind, annotation);
CREATE TRIGGER no_update BEFORE UPDATE ON annotations
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON annotations
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER no_replace BEFORE INSERT ON annotations
    WHEN EXISTS (SELECT 1 FROM annotations WHERE row = NEW.row)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE VIEW latest AS
    SELECT * FROM annotations WHERE row IN
        (SELECT max(row) FROM annotations GROUP BY server, project, kind, annotation);
CREATE TABLE chains (              -- how many rows a project's chain has, and its last hash
    server  TEXT NOT NULL,
    project INTEGER NOT NULL,
    rows    INTEGER NOT NULL,
    head    TEXT NOT NULL,
    PRIMARY KEY (server, project)
) STRICT;
"""

_PULLS = """
CREATE TABLE pulls (               -- every complete pull
    server  TEXT NOT NULL,
    project INTEGER NOT NULL,
    ended   TEXT NOT NULL,
    mark    TEXT NOT NULL,         -- the server's time when it began, or '' if not known
    clock   TEXT NOT NULL,         -- the server's time when it ended, or ''
    others  INTEGER NOT NULL,      -- annotations on the server of tasks that nobody pushed
    schema  TEXT NOT NULL          -- the digest of the schema that everything was read under
) STRICT;
CREATE TABLE cursors (             -- how far a full pull is that has not ended
    server  TEXT NOT NULL,
    project INTEGER NOT NULL,
    mark    TEXT NOT NULL,
    after   INTEGER NOT NULL,      -- every task up to this number is in the ledger
    others  INTEGER NOT NULL,
    PRIMARY KEY (server, project)
) STRICT;
"""

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

_MOVES = """
CREATE TABLE moves (               -- of a task from one version of its article to another
    move    INTEGER PRIMARY KEY AUTOINCREMENT,
    server  TEXT NOT NULL,
    project INTEGER NOT NULL,
    task    INTEGER NOT NULL,
    article TEXT NOT NULL,
    old     TEXT NOT NULL,         -- the digests of both texts
    new     TEXT NOT NULL,
    began   TEXT NOT NULL,
    ended   TEXT,                  -- NULL until server and ledger have the new text
    flagged INTEGER NOT NULL       -- whether the server tells people to look at the task
) STRICT;
CREATE TABLE assignments (         -- append-only: who shall annotate an article; the newest counts
    row        INTEGER PRIMARY KEY AUTOINCREMENT,
    server     TEXT NOT NULL,
    article    TEXT NOT NULL,
    annotators TEXT NOT NULL,      -- their addresses, a JSON array
    made_at    TEXT NOT NULL
) STRICT;
CREATE INDEX by_assigned ON assignments (server, article, row);
CREATE TABLE people (              -- who annotates on a server
    server  TEXT NOT NULL,
    number  INTEGER NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (server, number)
) STRICT;
CREATE TABLE ties (                -- of a restored annotation to the one it was restored from
    server     TEXT NOT NULL,
    project    INTEGER NOT NULL,
    annotation INTEGER NOT NULL,
    stamped_at TEXT NOT NULL,      -- the time that the server gave it
    created_at TEXT NOT NULL,      -- the true times
    updated_at TEXT NOT NULL,
    old_server     TEXT NOT NULL,
    old_project    INTEGER NOT NULL,
    old_annotation INTEGER NOT NULL,
    PRIMARY KEY (server, project, annotation)
) STRICT;
"""

_STAMPS = """
CREATE TABLE stamps (              -- when a person changed what annotate wrote on the server since
    server     TEXT NOT NULL,
    project    INTEGER NOT NULL,
    annotation INTEGER NOT NULL,
    result     TEXT NOT NULL,      -- the digest of what was written
    updated_at TEXT NOT NULL,      -- the true time
    stamped_at TEXT NOT NULL,      -- the time that the server gave it, or '' if not known
    PRIMARY KEY (server, project, annotation)
) STRICT;
"""


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, within the transaction that is open."""
    parts = (_PROJECTS, _ARTICLES_AND_TASKS, _ANNOTATIONS, _PULLS, _MIGRATIONS, _MOVES, _STAMPS)
    _run(connection, "".join(parts))


def upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Bring the tables of an earlier version to this one, within the open transaction."""
    if version < 3:
        _upgrade_to_3(connection, version)
    _run(connection, _STAMPS)


def _upgrade_to_3(connection: sqlite3.Connection, version: int) -> None:
    if version == 1:
        connection.execute("ALTER TABLE projects ADD COLUMN page TEXT NOT NULL DEFAULT ''")
        _run(connection, _MIGRATIONS)
    connection.execute("DROP VIEW latest")
    for name in ("no_update", "no_delete", "no_replace"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("DROP INDEX by_annotation")
    for table in ("projects", "annotations", "pulls"):
        connection.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    _run(connection, _PROJECTS + _ANNOTATIONS + _PULLS + _MOVES)
    connection.execute(
        "INSERT INTO projects SELECT server, 0, project, created_at, guide, page, '', -1, 0"
        " FROM old_projects"
    )
    connection.execute(
        "INSERT INTO pulls SELECT server, project, ended, '', '', 0, '' FROM old_pulls"
    )
    _chain_up(connection)
    for table in ("projects", "annotations", "pulls"):
        connection.execute(f"DROP TABLE old_{table}")


def _chain_up(connection: sqlite3.Connection) -> None:
    """Copy the annotations of version 2, each with the hash that it has in its chain."""
    chains: dict[tuple[str, int], tuple[int, str]] = {}
    rows = connection.execute(
        "SELECT row, server, project, 'annotation', annotation, pulled_at, result, body"
        " FROM old_annotations ORDER BY row"
    )
    for number, *row in rows:
        count, head = chains.get((row[0], row[1]), (0, START))
        head = link(head, row)
        chains[row[0], row[1]] = (count + 1, head)
        connection.execute(
            "INSERT INTO annotations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (number, *row, head)
        )
    connection.executemany(
        "INSERT INTO chains VALUES (?, ?, ?, ?)",
        [(*place, *chain) for place, chain in chains.items()],
    )


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in _statements(script):
        connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """Split a script; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
