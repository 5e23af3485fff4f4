"""The ledger's file: whatever happens to the process or the disk, it holds whole pages."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from annotate.errors import LedgerError
from annotate.studio.ledger import open_ledger
from tests.studio.ledgers import HERE, append, current, entry, history

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.sqlite3"


HALF_A_PAGE = """
import sys, time
from pathlib import Path
from annotate.studio.ledger import open_ledger
from tests.studio.ledgers import HERE, entry

def page():
    # More than SQLite keeps in memory, so that half a transaction is on the disk.
    for number in range(2, 80):
        yield entry(number, result=bytes(100_000))
    print("half", flush=True)
    time.sleep(60)

with open_ledger(Path(sys.argv[1])) as ledger:
    ledger.append(HERE, [entry(1)])
    ledger.append(HERE, page())
"""


def test_a_process_killed_within_a_page_leaves_whole_pages_only(path: Path) -> None:
    command = [sys.executable, "-c", HALF_A_PAGE, str(path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert path.with_name(f"{path.name}-wal").stat().st_size > 1_000_000
    assert current(path) == [entry(1).annotation]
    assert append(path, entry(2)) == 1
    assert history(path, "annotation") == [(1,), (2,)]


FULL_DISK = """
import resource, sys
from pathlib import Path
from annotate.errors import LedgerError
from annotate.studio.ledger import open_ledger
from tests.studio.ledgers import HERE, entry

resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    with open_ledger(Path(sys.argv[1])) as ledger:
        ledger.append(HERE, [entry(number, result=bytes(100_000)) for number in range(2, 9)])
except LedgerError as error:
    print(error)
"""


def test_a_full_disk_is_an_error_and_what_was_there_stays(path: Path) -> None:
    append(path, entry(1))
    command = [sys.executable, "-c", FULL_DISK, str(path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"the ledger {path} cannot be used: ")
    assert "what was written before is whole" in done.stdout
    assert current(path) == [entry(1).annotation]


def test_the_ledger_and_the_files_beside_it_are_their_owners_only(path: Path) -> None:
    before = os.umask(0)
    try:
        with open_ledger(path) as ledger:
            ledger.append(HERE, [entry()])
            modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {path.name + end: 0o600 for end in ("", "-wal", "-shm")}


def test_a_file_that_is_no_database_is_refused_and_untouched(path: Path) -> None:
    content = b"id,text\n" * 1000
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="is not a database"):
        current(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("CREATE TABLE mine (x)", "is a database of something else"),
        ("CREATE TABLE annotations (x)", "is a database of something else"),
        ("PRAGMA user_version = 5", "has version 5, this annotate knows 4"),
        ("CREATE TABLE mine (x); PRAGMA user_version = 99", "has version 99"),
    ],
)
def test_a_database_of_something_else_or_of_the_future_is_refused_and_untouched(
    path: Path, script: str, expected: str
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    content = path.read_bytes()
    with pytest.raises(LedgerError, match=expected):
        current(path)
    assert path.read_bytes() == content


def test_a_place_where_no_file_can_be_is_an_error(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none" / "ledger"):
        with pytest.raises(LedgerError, match="unable to open database file"):
            current(place)


def test_a_damaged_ledger_is_an_error(path: Path) -> None:
    append(path, *(entry(number) for number in range(200)))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="malformed"):
        current(path)


def test_a_copy_of_the_file_is_a_whole_ledger(path: Path, tmp_path: Path) -> None:
    append(path, entry(1), entry(2))
    shutil.copyfile(path, tmp_path / "copy")
    assert current(tmp_path / "copy") == current(path)


def test_opening_a_ledger_again_changes_nothing(path: Path) -> None:
    append(path, entry())
    before = path.read_bytes()
    current(path)
    assert path.read_bytes() == before


def test_two_processes_at_once_lose_nothing(path: Path) -> None:
    code = """
import sys
from pathlib import Path
from annotate.studio.ledger import open_ledger
from tests.studio.ledgers import HERE, entry
for number in range(20):
    with open_ledger(Path(sys.argv[1])) as ledger:
        ledger.append(HERE, [entry(int(sys.argv[2]) + number)])
"""
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(base)], cwd=REPOSITORY)
        for base in (100, 200, 300)
    ]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len(current(path)) == len(history(path)) == 60
