"""Checking the ledger: whatever was altered past the program is found."""

from __future__ import annotations

import random
import sqlite3
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.errors import LedgerError
from annotate.studio.ledger import Entry, Place, open_ledger
from annotate.studio.ledger.chain import link
from annotate.studio.ledger.ledger import Ledger
from annotate.studio.ledger.stamps import Stamp
from annotate.studio.ledger.verify import Checked, Fault, open_to_read, verify
from tests.factories import make_annotation, make_article, make_span
from tests.studio.ledgers import ELSEWHERE, HERE, append, entry, history

COLUMNS = (
    "row", "server", "project", "kind", "annotation", "pulled_at", "result", "body", "hash",
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with rows of every kind, of two projects in turns."""
    made = tmp_path / "own.sqlite3"
    fill(made)
    return made


def fill(path: Path) -> None:
    articles = [make_article(article_id=name) for name in "ab"]
    with open_ledger(path) as ledger:
        for place in (HERE, ELSEWHERE[0]):
            ledger.record_tasks(place, enumerate(articles, start=1))
        for number in range(1, 4):
            ledger.append(HERE, [entry(number), entry(number + 10, "b", result=b'[{"x": 1.0}]')])
            ledger.append(ELSEWHERE[0], [entry(number, "b")])
        ledger.append(HERE, [entry(7, status="draft")], "draft")
        ledger.append(HERE, [entry(1, status="skipped")])
        ledger.bury_these(HERE, [2])


@contextmanager
def opened_by_hand(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a ledger as somebody does who wants to change it: without its triggers meanwhile."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def faults(path: Path) -> list[Fault]:
    found: list[Fault] = []
    with open_to_read(path) as ledger:
        checked = verify(ledger, found.append)
    assert checked.faults == len(found)
    return found


def change(path: Path, statement: str, *values: object) -> None:
    with opened_by_hand(path) as connection:
        connection.execute(statement, values)


# A ledger that nobody touched.


def test_a_ledger_that_nobody_touched_has_no_fault_and_is_counted(path: Path) -> None:
    assert faults(path) == []
    with open_ledger(path) as ledger:
        checked = verify(ledger, print)
    assert (checked.rows, checked.articles) == (12, 2)
    assert [(c.server, c.project, c.rows) for c in checked.chains] == [
        (*HERE, 9),
        (*ELSEWHERE[0], 3),
    ]


def test_an_empty_ledger_has_no_fault(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "new.sqlite3") as ledger:
        assert verify(ledger, print) == Checked(rows=0, articles=0, faults=0, chains=())


def test_a_transaction_that_broke_off_leaves_no_fault(path: Path) -> None:
    def breaking() -> Iterator[Entry]:
        yield entry(50)
        raise ConnectionError

    with open_ledger(path) as ledger, pytest.raises(ConnectionError):
        ledger.append(HERE, breaking())
    append(path, entry(51))
    assert faults(path) == []


def test_what_others_add_meanwhile_is_no_fault(path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        number = 100
        while not done.is_set():
            append(path, entry(number))
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = [faults(path) for _ in range(20)]
    finally:
        done.set()
        writer.join()
    assert found == [[]] * 20


def test_an_article_that_was_edited_on_the_server_is_no_fault(path: Path) -> None:
    # Nobody pushed that text; all that was marked in it is set aside.
    foreign = make_annotation(make_article("Trên máy chủ."), id=60)
    append(path, Entry(foreign, b"[]"))
    assert faults(path) == []


def test_checking_a_backup_changes_nothing_about_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    before = (path.read_bytes(), sorted(path.parent.iterdir()))
    faults(path)
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == before


# A single column of a single row.


def altered(column: str, value: Any, dice: random.Random) -> Any:
    """Return another value that the column may have."""
    if value is None:
        return b"[]" if column == "result" else entry(99).annotation
    if isinstance(value, int):
        return value + dice.choice([-1, 1, 40])
    if column == "body":
        annotation = msgspec.json.decode(value, type=dict[str, Any])
        annotation[dice.choice(["annotator", "created_at", "status"])] = "skipped"
        return msgspec.json.encode(annotation).decode()
    at = dice.randrange(len(value))
    return value[:at] + (b"~" if isinstance(value, bytes) else "~") + value[at + 1 :]


@pytest.mark.parametrize("column", COLUMNS)
def test_any_altered_column_of_any_row_is_found(path: Path, column: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT row, {column} FROM annotations").fetchall()  # noqa: S608
    assert len(rows) == 12
    pristine = path.read_bytes()
    dice = random.Random(column)  # noqa: S311
    for row, value in rows:
        path.write_bytes(pristine)
        other = altered(column, value, dice)
        if not isinstance(other, int | str | bytes):
            other = msgspec.json.encode(other).decode()
        try:
            change(path, f"UPDATE annotations SET {column} = ? WHERE row = ?", other, row)  # noqa: S608
        except sqlite3.IntegrityError:
            # A row has that number.
            continue
        found = faults(path)
        assert found, (row, value, other)
        if column != "row":
            assert row in {fault.row for fault in found} or column in {"server", "project"}


@pytest.mark.parametrize("column", ["kind", "annotation", "pulled_at", "result", "hash"])
def test_an_altered_row_is_told_once_and_those_after_it_are_not(path: Path, column: str) -> None:
    value = {"annotation": 77, "result": b"[1]"}.get(column, "x")
    change(path, f"UPDATE annotations SET {column} = ? WHERE row = 4", value)  # noqa: S608
    found = faults(path)
    assert [fault.row for fault in found if fault.kind == "chain"] == [4]
    # Its body tells its number as well.
    assert len(found) == (2 if column == "annotation" else 1)


@pytest.mark.parametrize("column", ["server", "project", "rows", "head"])
def test_an_altered_end_of_a_chain_is_found(path: Path, column: str) -> None:
    value = 3 if column in {"project", "rows"} else "x"
    change(path, f"UPDATE chains SET {column} = ? WHERE project = 1", value)  # noqa: S608
    assert faults(path)


# Rows removed, added, moved.


@pytest.mark.parametrize("row", range(1, 13))
def test_a_removed_row_is_found_and_named(path: Path, row: int) -> None:
    change(path, "DELETE FROM annotations WHERE row = ?", row)
    assert ("it is not there", row) in [(fault.problem, fault.row) for fault in faults(path)]


def test_a_cut_tail_is_found_although_what_is_left_is_a_chain(path: Path) -> None:
    with opened_by_hand(path) as connection:
        connection.execute("DELETE FROM annotations WHERE row > 8")
        connection.execute("UPDATE sqlite_sequence SET seq = 8")
    problems = [fault.problem for fault in faults(path)]
    assert problems == [
        "it has 6 rows, and 9 were written",
        "it has 2 rows, and 3 were written",
    ]


def test_a_tail_that_was_cut_with_its_chain_is_found_by_the_rows_that_are_gone(path: Path) -> None:
    with opened_by_hand(path) as connection:
        connection.execute("DELETE FROM annotations WHERE row > 11")
        (head,) = connection.execute("SELECT hash FROM annotations WHERE row = 11").fetchone()
        connection.execute("UPDATE chains SET rows = 8, head = ? WHERE project = 1", (head,))
    (fault,) = faults(path)
    assert (fault.row, fault.problem) == (12, "it is not there")


def test_a_project_that_was_removed_whole_is_found(path: Path) -> None:
    change(path, "DELETE FROM annotations WHERE project = 2")
    assert "it has 0 rows, and 3 were written" in [fault.problem for fault in faults(path)]


def test_a_chain_whose_end_is_not_noted_any_more_is_found(path: Path) -> None:
    change(path, "DELETE FROM chains WHERE project = 2")
    (fault,) = faults(path)
    assert fault.problem == "nothing tells how many rows it should have"


@pytest.mark.parametrize(("one", "other"), [(1, 2), (4, 11), (3, 6)])
def test_two_rows_in_each_others_place_are_found(path: Path, one: int, other: int) -> None:
    with opened_by_hand(path) as connection:
        for row, to in ((one, -1), (other, one), (-1, other)):
            connection.execute("UPDATE annotations SET row = ? WHERE row = ?", (to, row))
    assert faults(path)


@pytest.mark.parametrize("row", [1, 5, 13])
def test_an_inserted_row_is_found_even_with_a_hash_that_fits(path: Path, row: int) -> None:
    with opened_by_hand(path) as connection:
        connection.execute("UPDATE annotations SET row = -row WHERE row >= ?", (row,))
        connection.execute("UPDATE annotations SET row = 1 - row WHERE row < 0")
        before = connection.execute(
            "SELECT hash FROM annotations WHERE row < ? AND project = 1 ORDER BY row DESC", (row,)
        ).fetchone()
        body = msgspec.json.encode(entry(70).annotation).decode()
        forged = (*HERE, "annotation", 70, "2026-01-01T00:00:00.000Z", b"[]", body)
        own = link(before[0] if before else "", forged)
        connection.execute(
            "INSERT INTO annotations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (row, *forged, own)
        )
    assert faults(path)


# The file.


@pytest.mark.parametrize("name", ["no_update", "no_delete", "no_replace", "backups_no_delete"])
def test_a_ledger_in_which_rows_can_be_changed_again_is_told(path: Path, name: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"DROP TRIGGER {name}")
    (fault,) = faults(path)
    assert f"the trigger {name}," in fault.problem


def test_bytes_that_a_disk_lost_are_found_or_change_no_row(path: Path) -> None:
    append(path, *(entry(number, result=b'["' + b"x" * 300 + b'"]') for number in range(50)))
    rows, pristine = history(path, "*"), path.read_bytes()
    dice = random.Random(5)  # noqa: S311
    found = 0
    for _ in range(100):
        # Behind the header, without which it is no database.
        at = dice.randrange(100, len(pristine) - 32)
        path.write_bytes(pristine[:at] + dice.randbytes(32) + pristine[at + 32 :])
        try:
            told = bool(faults(path))
        except LedgerError:
            told = True
        found += told
        assert told or history(path, "*") == rows
    assert found >= 20


def test_text_that_is_no_longer_text_is_found(path: Path) -> None:
    raw = path.read_bytes()
    at = raw.rindex(b"submitted")
    path.write_bytes(raw[:at] + b"\xff\xfe" + raw[at + 2 :])
    assert any(fault.row for fault in faults(path))


# What rows say. A row like these has a hash that fits: a fault of the program wrote it.


def wrong(path: Path, **columns: Any) -> list[Fault]:
    """Return the faults of a ledger in which a last row is like this."""
    with closing(sqlite3.connect(path)) as connection, connection:
        (head,) = connection.execute("SELECT head FROM chains WHERE project = 1").fetchone()
        body = msgspec.json.encode(entry(70).annotation).decode()
        plain = {"result": b"[]", "body": body, **columns}
        content = (*HERE, "annotation", 70, "2026-01-01T00:00:00.000Z", *plain.values())
        own = link(head, content)
        connection.execute(
            "INSERT INTO annotations (server, project, kind, annotation, pulled_at, result, body,"
            " hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (*content, own)
        )  # fmt: skip
        connection.execute("UPDATE chains SET rows = 10, head = ? WHERE project = 1", (own,))
    return faults(path)


def body_of(*spans: tuple[int, int], **fields: Any) -> str:
    annotation = make_annotation(make_article(), *(make_span(*span) for span in spans), id=70)
    return msgspec.json.encode(msgspec.structs.replace(annotation, **fields)).decode()


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"body": '{"article": "a"}'}, "cannot be read"),
        ({"result": b"nothing"}, "cannot be read"),
        ({"result": b'{"a": 1}'}, "cannot be read"),
        ({"result": None}, "half a tombstone"),
        ({"body": None}, "half a tombstone"),
        ({"body": body_of(id=71)}, "it says that it is number 71"),
        ({"body": body_of((0, 1), sha256="0" * 64)}, "on which it was made is not in the ledger"),
        ({"body": body_of((0, 1), article="x")}, "the text of x on which it was made is not"),
        ({"body": body_of((3, 16))}, "its span 3–16 is not in a text of 15"),
        ({"body": body_of((-1, 2))}, "its span -1–2 is not in a text of 15"),
        ({"body": body_of((5, 5))}, "its span 5–5 is not in a text of 15"),
    ],
)
def test_what_a_row_cannot_say_is_told_with_the_row(
    path: Path, columns: dict[str, Any], problem: str
) -> None:
    (fault,) = wrong(path, **columns)
    assert fault.row == 13
    assert "annotation 70 of project 1 at https://studio.example.org" in fault.where
    assert problem in fault.problem


def test_a_result_of_null_is_what_the_server_may_say(path: Path) -> None:
    assert wrong(path, result=b"null") == []


def test_an_altered_text_is_told_with_every_row_made_on_it(path: Path) -> None:
    statement = "UPDATE articles SET body = replace(body, 'Lê An', 'Lê Anh') WHERE article = 'b'"
    change(path, statement)
    found = faults(path)
    assert {fault.kind for fault in found} == {"text"}
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT row FROM annotations WHERE body ->> 'article' = 'b'")
        assert {fault.row for fault in found} == {0, *(row for (row,) in rows)}


def test_a_lost_text_is_told_with_the_tasks_that_show_it(path: Path) -> None:
    change(path, "DELETE FROM articles WHERE article = 'a'")
    where = [fault.where for fault in faults(path)]
    assert "task 1 of project 1 at https://studio.example.org" in where
    assert "task 1 of project 2 at https://studio.example.org" in where


# Files, and large ones.


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"no database" * 100, "file is not a database"), (b"", "not a ledger")],
)
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(LedgerError, match=problem), open_to_read(path):
        pass


@pytest.mark.parametrize(("version", "problem"), [(2, "had no hashes"), (99, "Upgrade")])
def test_a_ledger_of_another_version_is_refused(path: Path, version: int, problem: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(LedgerError, match=problem), open_to_read(path):
        pass


def test_a_ledger_of_the_version_before_can_be_checked_and_is_brought_to_this_one(
    path: Path,
) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE stamps")
        connection.execute("PRAGMA user_version = 3")
    with open_to_read(path) as ledger:
        assert verify(ledger, lambda fault: pytest.fail(str(fault))).rows > 0
    with open_ledger(path) as ledger:
        rows = ledger.rows()
        ledger.stamps.set(HERE, 1, Stamp("digest", "before", "now"))
        assert ledger.stamps.find(HERE, 1) == Stamp("digest", "before", "now")
        assert ledger.stamps.find(HERE, 2) is None
    with open_to_read(path) as ledger:
        assert verify(ledger, lambda fault: pytest.fail(str(fault))).rows == rows


def test_memory_does_not_grow_with_the_ledger(tmp_path: Path) -> None:
    peaks = []
    for count in (500, 5000):
        path = tmp_path / f"{count}.sqlite3"
        with open_ledger(path) as ledger:
            ledger.record_tasks(HERE, [(1, make_article())])
            ledger.append(
                HERE, (entry(n, result=b'["' + b"x" * 2000 + b'"]') for n in range(count))
            )
            peaks.append(peak_of(ledger))
    assert peaks[1] < 1.3 * peaks[0]


def peak_of(ledger: Ledger) -> int:
    """Return the most bytes that a check takes."""
    verify(ledger, print)
    tracemalloc.start()
    verify(ledger, print)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_places_of_one_name_on_two_servers_are_two_chains(path: Path) -> None:
    append(path, entry(1), place=Place("local", 1))
    assert faults(path) == []


# The page about the ledger.


def test_the_page_about_the_ledger_names_every_table_and_column(path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
    described = page.partition("## The tables")[2]
    parts = {part.split("`")[1]: part for part in described.split("\n**")[1:]}
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        tables = {
            name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
            for (name,) in names
        }
    assert parts.keys() == tables.keys()
    for name, columns in tables.items():
        assert [column for column in columns if f"`{column}`" not in parts[name]] == []


def test_the_queries_of_the_page_run(path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
    queries = page.partition("```sql")[2].partition("```")[0].split(";")
    assert len(queries) == 4
    with closing(sqlite3.connect(path)) as connection:
        for query in queries[:-1]:
            connection.execute(query.replace("'ID'", "'a'")).fetchall()
