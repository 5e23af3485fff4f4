"""Who of a team's workers takes a new request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from annotate.studio.database import worker as taking
from annotate.studio.database.worker import Worker


class Watched(Worker):
    """A worker that only notes what it takes."""

    def __init__(self) -> None:
        app = SimpleNamespace(callable=None)
        super().__init__(1, 1, [], app, 30, Config(), None)
        self.method_queue.init()
        self.taken: list[TConn] = []

    def enqueue_req(self, conn: TConn) -> None:
        self.taken.append(conn)

    def end_one(self) -> None:
        self.nr_conns -= 1


@pytest.fixture
def worker() -> Iterator[Watched]:
    made = Watched()
    yield made
    for conn in made.taken:
        conn.close()
    made.method_queue.close()
    made.tmp.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Give a socket at which somebody waits."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        with socket.create_connection(server.getsockname()):
            yield server


def test_a_worker_without_work_takes_a_request_and_waits_for_nobody(
    worker: Watched, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_GIVE_WAY", 60)
    worker.accept(listener)
    assert (len(worker.taken), worker.nr_conns) == (1, 1)


def test_connections_that_are_kept_for_later_are_no_work(
    worker: Watched, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_GIVE_WAY", 60)
    worker.nr_conns = 1
    worker.keepalived_conns.append(object())
    worker.accept(listener)
    assert len(worker.taken) == 1


def test_a_busy_worker_takes_a_request_that_nobody_else_took(
    worker: Watched, listener: socket.socket
) -> None:
    worker.nr_conns = 1
    worker.accept(listener)
    assert (len(worker.taken), worker.nr_conns) == (1, 2)


def test_a_busy_worker_leaves_a_request_to_the_others(
    worker: Watched, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one takes it while this one waits for its own work, which then ends."""
    monkeypatch.setattr(taking, "_GIVE_WAY", 60)
    worker.nr_conns = 1

    def other() -> None:
        listener.accept()[0].close()
        worker.method_queue.defer(worker.end_one)

    thread = threading.Timer(0.05, other)
    thread.start()
    worker.accept(listener)
    thread.join()
    assert (worker.taken, worker.nr_conns) == ([], 0)


def test_a_busy_worker_takes_a_request_as_soon_as_its_own_work_ends(
    worker: Watched, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "_GIVE_WAY", 60)
    worker.nr_conns = 1
    thread = threading.Timer(0.05, worker.method_queue.defer, (worker.end_one,))
    thread.start()
    worker.accept(listener)
    thread.join()
    assert (len(worker.taken), worker.nr_conns) == (1, 1)
