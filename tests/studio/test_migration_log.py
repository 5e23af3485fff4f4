"""The record of migrations: how far each came, and what the server had before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from annotate.errors import LedgerError
from annotate.schema.config import Page
from annotate.studio.ledger import KnownProject, Ledger, open_ledger
from annotate.studio.ledger.migrations import MigrationLog
from tests.factories import make_article, make_entity, make_schema
from tests.studio.ledgers import ELSEWHERE, HERE, append, current, entry, history

OLD = make_schema()
NEW = make_schema(version="2", entities=(make_entity("PERSON", "Người 👍🏽"),), relations=())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with open_ledger(path) as opened:
        yield opened


@pytest.fixture
def log(ledger: Ledger) -> MigrationLog:
    return ledger.migrations


def test_a_migration_is_known_from_its_beginning_on(path: Path, log: MigrationLog) -> None:
    assert log.last(HERE) is None
    begun = log.begin(HERE, OLD, NEW)
    assert (begun.old, begun.new, begun.row, begun.ended) == (OLD, NEW, 0, None)
    with open_ledger(path) as again:
        assert again.migrations.last(HERE) == begun


def test_a_migration_that_is_done_has_ended(log: MigrationLog) -> None:
    begun = log.begin(HERE, OLD, NEW)
    log.end(begun)
    done = log.last(HERE)
    assert done is not None
    assert done._replace(ended=None) == begun
    assert done.ended is not None
    assert done.ended.endswith("Z")


def test_migrations_come_in_their_order_and_each_ends_by_itself(log: MigrationLog) -> None:
    first = log.begin(HERE, OLD, NEW)
    log.end(first)
    second = log.begin(HERE, NEW, OLD)
    assert [(m.number, m.ended is None) for m in log.all(HERE)] == [
        (first.number, False), (second.number, True)
    ]  # fmt: skip
    assert log.last(HERE) == second


def test_every_project_has_its_own_migrations(log: MigrationLog) -> None:
    begun = {place: log.begin(place, OLD, NEW) for place in (HERE, *ELSEWHERE)}
    assert {place: log.all(place) for place in begun} == {
        place: [migrated] for place, migrated in begun.items()
    }


def test_a_migration_knows_what_was_annotated_before_it(ledger: Ledger) -> None:
    ledger.append(HERE, [entry(1), entry(2, "b")])
    begun = ledger.migrations.begin(HERE, OLD, NEW)
    before = list(ledger.annotations(HERE))
    ledger.append(HERE, [entry(2, "b", b"[5]", lead_time=9.0), entry(3, "c")])
    ledger.bury(HERE, {2, 3})
    assert begun.row == 2
    assert list(ledger.annotations(HERE, until=begun.row)) == before
    assert ledger.results(HERE, until=begun.row) == {1: b"[]", 2: b"[]"}
    assert ledger.results(HERE) == {2: b"[5]", 3: b"[]"}
    assert [annotation.id for annotation in ledger.annotations(HERE)] == [2, 3]


# Backups


def test_of_what_was_backed_up_twice_the_first_is_what_there_was_before(log: MigrationLog) -> None:
    begun = log.begin(HERE, OLD, NEW)
    for number, body in ((7, b"first"), (8, b"other"), (7, b"second"), (7, b"third")):
        log.back_up(begun, "annotation", number, body)
    assert log.backups(begun, "annotation") == {7: b"first", 8: b"other"}
    assert log.backups(begun, "annotation", last=True) == {7: b"third", 8: b"other"}


def test_backups_are_of_one_migration_and_one_kind(log: MigrationLog) -> None:
    first, second = log.begin(HERE, OLD, NEW), log.begin(ELSEWHERE[0], OLD, NEW)
    log.back_up(first, "annotation", 1, b"\x00[1]")
    log.back_up(first, "draft", 1, b"draft")
    log.back_up(second, "predictions", 1, b"predictions")
    assert log.backups(first, "annotation") == {1: b"\x00[1]"}
    assert log.backups(first, "draft") == {1: b"draft"}
    assert log.backups(first, "project") == {}
    assert log.backups(second, "annotation") == {}
    assert log.backups(second, "predictions", last=True) == {1: b"predictions"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE backups SET body = x'00'",
        "UPDATE backups SET number = 2",
        "DELETE FROM backups",
    ],
)
def test_no_client_can_change_or_remove_a_backup(
    path: Path, log: MigrationLog, statement: str
) -> None:
    begun = log.begin(HERE, OLD, NEW)
    log.back_up(begun, "annotation", 1, b"first")
    with (
        closing(sqlite3.connect(path)) as client,
        pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"),
    ):
        client.execute(statement)
    assert log.backups(begun, "annotation") == {1: b"first"}


# A ledger of version 1, from before there were migrations

VERSION_1 = """
CREATE TABLE projects (
    server TEXT NOT NULL PRIMARY KEY, project INTEGER NOT NULL, created_at TEXT NOT NULL,
    guide TEXT NOT NULL
) STRICT;
CREATE TABLE articles (
    article TEXT NOT NULL, sha256 TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (article, sha256)
) STRICT;
CREATE TABLE tasks (
    server TEXT NOT NULL, project INTEGER NOT NULL, task INTEGER NOT NULL, article TEXT NOT NULL,
    sha256 TEXT NOT NULL, PRIMARY KEY (server, project, task)
) STRICT;
CREATE TABLE annotations (
    row INTEGER PRIMARY KEY AUTOINCREMENT, server TEXT NOT NULL, project INTEGER NOT NULL,
    annotation INTEGER NOT NULL, pulled_at TEXT NOT NULL, result BLOB, body TEXT
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
    server TEXT NOT NULL, project INTEGER NOT NULL, ended TEXT NOT NULL
) STRICT;
PRAGMA user_version = 1;
"""
ARTICLE = make_article()


@pytest.fixture
def version_1(path: Path) -> Path:
    """A ledger as version 1 wrote it, with a project, a task and three rows of annotations."""
    body = msgspec.json.encode(entry(1).annotation).decode()
    with closing(sqlite3.connect(path)) as client, client:
        client.executescript(VERSION_1)
        client.execute("INSERT INTO projects VALUES (?, ?, 'then', 'guide')", HERE)
        article = (ARTICLE.id, ARTICLE.sha256, msgspec.json.encode(ARTICLE).decode())
        client.execute("INSERT INTO articles VALUES (?, ?, ?)", article)
        client.execute("INSERT INTO tasks VALUES (?, ?, 5, ?, ?)", (*HERE, *article[:2]))
        client.executemany(
            "INSERT INTO annotations (server, project, annotation, pulled_at, result, body)"
            " VALUES (?, ?, ?, 'then', ?, ?)",
            [(*HERE, 1, b"[1]", body), (*HERE, 2, b"[]", body), (*HERE, 2, None, None)],
        )
        client.execute("INSERT INTO pulls VALUES (?, ?, 'then')", HERE)
    return path


def test_a_ledger_of_version_1_is_upgraded_and_keeps_all_rows(version_1: Path) -> None:
    columns = "row, server, project, annotation, pulled_at, result, body"
    rows = history(version_1, columns)
    with open_ledger(version_1) as ledger:
        assert ledger.project(HERE.server) == KnownProject(1, "then", "guide", None)
        assert ledger.tasks(HERE) == {5: (ARTICLE.id, ARTICLE.sha256)}
        assert ledger.articles(HERE) == [ARTICLE]
        assert ledger.last_pull(HERE) == "then"
        assert list(ledger.annotations(HERE)) == [entry(1).annotation]
        assert ledger.migrations.all(HERE) == []
    assert history(version_1, columns) == rows
    assert len(rows) == 3


def test_a_ledger_that_was_upgraded_is_like_a_new_one(version_1: Path, tmp_path: Path) -> None:
    for path in (version_1, tmp_path / "new.sqlite3"):
        with open_ledger(path) as ledger:
            known = KnownProject(1, "then", "guide", Page(NEW, OLD.entities))
            ledger.set_project(HERE.server, known)
            begun = ledger.migrations.begin(HERE, OLD, NEW)
            ledger.migrations.back_up(begun, "project", 1, b"{}")
        # Opened again, it is upgraded no more.
        with open_ledger(path) as ledger:
            assert ledger.project(HERE.server) == known
            assert ledger.migrations.backups(begun, "project") == {1: b"{}"}
            assert ledger.migrations.last(HERE) == begun
    assert tables(version_1) == tables(tmp_path / "new.sqlite3")


def tables(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Return the columns and types of every table, and the triggers."""
    with closing(sqlite3.connect(path)) as client:
        made = client.execute("SELECT name, type FROM sqlite_master ORDER BY name").fetchall()
        columns = "SELECT name, type FROM pragma_table_info(?) ORDER BY cid"
        return {name: client.execute(columns, (name,)).fetchall() for name, _ in made}


def test_an_upgrade_that_is_interrupted_leaves_version_1(version_1: Path) -> None:
    with closing(sqlite3.connect(version_1)) as client, client:
        client.execute("CREATE TABLE backups (in_the_way)")
    with pytest.raises(LedgerError, match="backups already exists"), open_ledger(version_1):
        pass
    with closing(sqlite3.connect(version_1)) as client, client:
        assert client.execute("PRAGMA user_version").fetchone() == (1,)
        client.execute("DROP TABLE backups")
    append(version_1, entry(3, "c"))
    assert [annotation.id for annotation in current(version_1)] == [1, 3]
