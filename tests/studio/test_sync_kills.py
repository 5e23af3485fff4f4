"""Push, pull and the server are killed at points chosen by seed, and run again."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.proxy import Asked
from tests.studio.agreeing import Count
from tests.studio.faulting import OwnServer, fault, open_room
from tests.studio.room import Room

KILLS = int(os.environ.get("ANNOTATE_TEST_KILLS", "10"))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path_factory.mktemp("own"))
    yield server
    server.stop()


def strike(room: Room, kill: Callable[[], object], most: int) -> None:
    """Kill at one of the next requests: before it is forwarded, after it, or a little later."""
    number, passed = room.dice.randint(1, most), itertools.count(1)
    early, delay = room.dice.random() < 0.3, room.dice.choice((0.0, room.dice.uniform(0, 0.1)))

    def look(*_: object) -> None:
        if next(passed) != number:
            return
        room.killed = True
        # Later than the answer: while the ledger is being written.
        threading.Timer(delay, kill).start() if delay else kill()

    room.proxy.before, room.proxy.after = (look, nothing) if early else (nothing, look)


def nothing(*_: object) -> None:
    """Leave a request and its answer as they are."""


def kill_process(room: Room, most: int, *arguments: str) -> None:
    """Start a command and kill it at one of its first requests; a new one if it ended before."""
    while not room.killed:
        process = room.start(*arguments)
        strike(room, process.kill, most)
        process.communicate(timeout=120)
        room.proxy.before = room.proxy.after = nothing
        room.killed = process.returncode == -signal.SIGKILL
        most = max(1, most - 3)


@fault("kill -9 of a first push")
def kill_first_push(room: Room) -> None:
    kill_process(room, 10, "push")
    room.again("push")
    room.annotate()
    room.again("pull")


@fault("kill -9 of a push of changed texts")
def kill_moves(room: Room) -> None:
    room.fill()
    room.change_texts(4)
    kill_process(room, 50, "push")
    for command in ("push", "pull"):
        room.again(command)


@fault("kill -9 of a full pull")
def kill_full_pull(room: Room) -> None:
    room.fill()
    if room.dice.random() < 0.5:
        room.run("pull")
        room.edit()
    kill_process(room, 8, "pull", "--full")
    for _ in range(3):
        room.edit()
    room.again("pull")


@fault("kill -9 of an incremental pull")
def kill_pull(room: Room) -> None:
    room.fill()
    room.run("pull")
    for _ in range(5):
        room.edit()
    kill_process(room, 7, "pull")
    room.edit()
    room.again("pull")


@fault("kill -9 of the server")
def kill_server(room: Room) -> None:
    assert room.own is not None
    room.fill()
    room.change_texts(3)
    command = room.dice.choice(("push", "pull"))
    strike(room, room.own.kill, 5)
    room.attempt(command)
    room.proxy.before = room.proxy.after = nothing
    if not room.killed:
        room.own.kill()
    room.own.start()
    for command in ("push", "pull"):
        room.again(command)


@fault("server's SQLite locked by another writer")
def lock_server(room: Room) -> None:
    assert room.own is not None
    room.run("push", "--limit", "0")
    database = room.own.database
    room.live(within=lambda: _locking(room, database))


@contextmanager
def _locking(room: Room, database: Path) -> Iterator[None]:
    """Lock the server's database at one of the requests, for less or more than it waits.

    That is five seconds.
    """
    number = len(room.proxy.asked) + room.dice.randint(1, 6)
    kind, pause = room.dice.choice(("IMMEDIATE", "EXCLUSIVE")), room.dice.choice((0.2, 0.2, 6.0))
    other = sqlite3.connect(database, timeout=20, isolation_level=None, check_same_thread=False)
    free = threading.Event()
    free.set()

    def release() -> None:
        other.execute("ROLLBACK")
        free.set()

    def lock(asked: Asked) -> None:
        if asked.number == number:
            free.clear()
            other.execute(f"BEGIN {kind}")
            threading.Timer(pause, release).start()

    with closing(other):
        room.proxy.before = lock
        yield
        room.proxy.before = nothing
        free.wait(30)


KILLED = (kill_first_push, kill_full_pull, kill_moves, kill_pull, kill_server)


@pytest.mark.parametrize("seed", range(KILLS))
def test_what_is_killed_at_any_point_goes_on_when_it_is_run_again(
    tmp_path: Path, own: OwnServer, seed: int
) -> None:
    with open_room(tmp_path, own.server, seed, own) as room:
        KILLED[seed % len(KILLED)](room)
        assert room.killed
        assert room.agree() == Count()


def test_a_servers_database_that_is_locked_for_a_while_loses_nothing(
    tmp_path: Path, own: OwnServer
) -> None:
    with open_room(tmp_path, own.server, 0, own) as room:
        lock_server(room)
        assert room.agree() == Count()
