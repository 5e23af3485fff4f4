"""Push and pull through faults: run again, server, ledger and dataset hold what was done.

Each fault is a function of a workspace, for `benchmarks/faults.py` runs the same ones many times
by seed; each test is one run.
"""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from itertools import count
from pathlib import Path
from unittest import mock

import httpx
import pytest

from annotate.errors import AccessDenied, LedgerError
from annotate.studio.client import Studio
from annotate.studio.encode import encode_task
from annotate.studio.ledger import open_ledger
from annotate.studio.ledger.verify import verify
from annotate.studio.pushing import plan_push, push
from annotate.studio.retrying import http_date
from tests.conftest import Server
from tests.deeds import answer, cut, cut_body, cut_chunks, halve, hang
from tests.factories import make_article, sample_schema
from tests.proxy import Answer, Asked, Chance, Deed, Exchange, Fault
from tests.studio.agreeing import Count
from tests.studio.faulting import fault, open_room
from tests.studio.ledgers import HERE, entry
from tests.studio.room import Room

ALL_AGREES = Count()


@pytest.fixture
def room(tmp_path: Path, server: Server) -> Iterator[Room]:
    with open_room(tmp_path, server) as opened:
        yield opened


# The network.


def sometimes(room: Room, share: float, *deeds: Deed, method: str = ".*") -> Chance:
    """Return a fault that befalls a share of the requests, other ones each time."""
    return Chance(room.dice.getrandbits(32), share, deeds, method)


@fault("502 after the import was committed")
def bad_gateway(room: Room) -> None:
    nth, times = room.dice.randint(1, 3), room.dice.randint(1, 2)
    room.live(lambda: [Fault(answer(502), "POST", "/import", nth, times, after=True)])


@fault("connection cut in the middle of an answer")
def cut_connections(room: Room) -> None:
    deeds = (cut, cut_body(), cut_body(0.9, reset=True), cut_chunks)
    room.live(lambda: [sometimes(room, 0.3, *deeds)])


@fault("answer cut after half the JSON")
def halved_answers(room: Room) -> None:
    room.live(lambda: [sometimes(room, 0.3, halve)])


@fault("no answer in time")
def slow_answers(room: Room) -> None:
    with mock.patch("annotate.studio.calls._TIMEOUT", httpx.Timeout(0.8, connect=10)):
        room.live(lambda: [_hanging(room.dice.randint(1, 4), done=room.dice.random() < 0.7)])


def _hanging(nth: int, *, done: bool) -> Fault:
    return Fault(hang, "POST|PATCH", nth=nth, after=done)


@fault("proxy gives up, the server commits later")
def impatient_proxy(room: Room) -> None:
    pause, late = room.dice.uniform(0.3, 3), []

    def give_up(exchange: Exchange) -> None:
        late.append(threading.Event())
        exchange.send(Answer(504))
        time.sleep(pause)
        exchange.forward()
        late[-1].set()

    room.live(lambda: [Fault(give_up, "POST", r"/import\?", nth=room.dice.randint(1, 3))])
    assert all(done.wait(60) for done in late)
    for command in ("push", "pull"):
        room.again(command)


@fault("429 with Retry-After")
def busy_server(room: Room) -> None:
    room.live(lambda: [sometimes(room, 0.4, answer(429, Retry_After="1"))])


@pytest.mark.parametrize(
    "trouble", [bad_gateway, cut_connections, halved_answers, slow_answers, busy_server]
)
def test_a_network_in_trouble_loses_and_doubles_nothing(
    room: Room, trouble: Callable[[Room], None]
) -> None:
    trouble(room)
    assert any(asked.fault for asked in room.proxy.asked)
    assert room.agree() == ALL_AGREES


def test_an_import_that_is_done_after_its_proxy_gave_up_leaves_no_doubles(room: Room) -> None:
    impatient_proxy(room)
    assert room.agree() == ALL_AGREES


# The token.


@contextmanager
def personal_token(room: Room) -> Iterator[str]:
    """Have commands show a personal access token; give the token."""
    room.key = room.server.call("POST", "api/token/")["token"]
    try:
        yield room.key
    finally:
        with suppress(httpx.HTTPStatusError):
            revoke(room)


def revoke(room: Room) -> None:
    room.server.call("POST", "api/token/blacklist/", {"refresh": room.key})


def spoil(asked: Asked) -> None:
    """Alter the bearer, so that the server itself rejects it."""
    if "Authorization" in asked.headers:
        asked.headers["Authorization"] = asked.headers["Authorization"][:-3] + "xyz"


@fault("bearer that expires in the middle")
def expiring_bearers(room: Room) -> None:
    expired: set[str] = set()

    def expire(asked: Asked) -> None:
        bearer = asked.headers.get("Authorization", "")
        if asked.number % 5 == 0:
            expired.add(bearer)
        if bearer in expired:
            spoil(asked)

    with personal_token(room):
        room.proxy.before = expire
        assert room.live() == []
        room.proxy.before = nothing


@fault("token revoked in the middle")
def revoked_token(room: Room) -> None:
    for command, then in (("push", room.annotate), ("pull", lambda: None)):
        nth = room.dice.randint(1, 4)
        with personal_token(room):
            room.proxy.before = _revoking(room, len(room.proxy.asked) + nth)
            assert isinstance(room.attempt(command), AccessDenied)
        room.proxy.before = nothing
        room.key = room.server.login.token
        room.again(command)
        then()


def _revoking(room: Room, number: int) -> Callable[[Asked], None]:
    """Return what revokes the token before that request, and rejects its bearers from then on."""

    def reject(asked: Asked) -> None:
        if asked.number == number:
            revoke(room)
        if asked.number >= number:
            spoil(asked)

    return reject


def test_bearers_that_expire_in_the_middle_are_renewed_and_nothing_fails(room: Room) -> None:
    expiring_bearers(room)
    assert room.proxy.count("POST", "/token/refresh") > 4
    assert room.agree() == ALL_AGREES


def test_a_token_revoked_in_the_middle_ends_commands_which_go_on_with_a_new_one(
    room: Room,
) -> None:
    revoked_token(room)
    assert room.agree() == ALL_AGREES


# The ledger.


@fault("ledger locked by another writer")
def locked_ledger(room: Room) -> None:
    room.run("push", "--limit", "0")
    with mock.patch("annotate.studio.ledger.opening._PATIENCE", 0.3):
        failures = room.live(within=lambda: _locking(room))
    assert {type(error) for error in failures} <= {LedgerError}


@contextmanager
def _locking(room: Room) -> Iterator[None]:
    """Lock the ledger at one of the requests, for longer than is waited, or for less."""
    first = room.dice.randint(2, 6)
    last = first + room.dice.choice((1, 2, 100))
    answered, turn = count(1), threading.Lock()
    other = sqlite3.connect(room.ledger, isolation_level=None, check_same_thread=False)
    with closing(other):

        def hold(_: Asked, __: Answer) -> None:
            # By the order of the answers: a later request may have its answer earlier.
            with turn:
                number = next(answered)
                if number == first:
                    other.execute("BEGIN IMMEDIATE")
                if number == last:
                    other.execute("ROLLBACK")

        room.proxy.after = hold
        yield
        room.proxy.after = nothing


def nothing(*_: object) -> None:
    """Leave a request and its answer as they are."""


def limit_files(size: int) -> None:
    """Let this process write no file beyond so many bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@fault("disk full under the ledger")
def full_disk(room: Room) -> None:
    room.run("push", "--limit", "0")
    for command, then in (("push", room.annotate), ("pull", nothing)):
        size = room.dice.randint(1, 40) * 2048
        process = room.start(command, preexec_fn=partial(limit_files, size))
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0 or is_one_line(told)
        room.again(command)
        then()


@fault("disk full, on a file system of its own")
def full_file_system(room: Room) -> None:
    if not can_mount():
        pytest.skip("NO MOUNT: only root can make a file system that is full")
    room.run("push", "--limit", "0")
    for command, then in (("push", room.annotate), ("pull", nothing)):
        with filled(room):
            error = room.attempt(command)
        assert error is None or isinstance(error, LedgerError)
        room.again(command)
        then()


@contextmanager
def filled(room: Room) -> Iterator[None]:
    """Have the ledger lie on a file system with next to no room left."""
    folder = room.ledger.parent
    aside = folder.rename(folder.with_name("aside"))
    folder.mkdir()
    pages = sum(-(-path.stat().st_size // 4096) for path in aside.iterdir())
    pages += room.dice.randint(1, 40)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={pages * 4096}", "tmpfs", folder], check=True
    )
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield
    finally:
        shutil.rmtree(aside)
        shutil.copytree(folder, aside)
        subprocess.run(["umount", folder], check=True, timeout=10)
        folder.rmdir()
        aside.rename(folder)


def is_one_line(told: str) -> bool:
    """Whether a command failed as it should: with one line that says what to do."""
    lines = [line for line in told.splitlines() if not line.startswith("Waiting ")]
    return len(lines) == 1 and lines[0].startswith("annotate: ") and "unexpected" not in told


def can_mount() -> bool:
    """Whether a file system can be mounted here."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "tmpfs", folder]
        if shutil.which("mount") is None or subprocess.call(mount, stderr=subprocess.DEVNULL):
            return False
        subprocess.run(["umount", folder], check=True)
        return True


def test_a_ledger_locked_by_another_writer_is_waited_for_or_else_an_error(room: Room) -> None:
    locked_ledger(room)
    assert room.agree() == ALL_AGREES


def test_a_full_disk_under_the_ledger_ends_commands_with_a_line_and_they_go_on(room: Room) -> None:
    full_disk(room)
    assert room.agree() == ALL_AGREES


def test_a_ledger_on_a_full_file_system_is_as_it_was_before(room: Room) -> None:
    full_file_system(room)
    assert room.agree() == ALL_AGREES


# Several at once.


@fault("two pulls at once")
def two_pulls(room: Room) -> None:
    room.fill()
    twin = room.twin
    twin.run("push")
    for _ in range(2):
        running = [one.start("pull") for one in (room, room, twin)]
        assert_refused(running, "pull")
        room.edit()
    for one in (room, twin):
        one.again("pull")


@fault("two pushes at once")
def two_pushes(room: Room) -> None:
    room.run("push", "--limit", "0")
    twin = room.twin
    assert_refused([one.start("push") for one in (room, room, twin)], "push")
    for one in (room, twin):
        one.again("push")
    room.annotate()
    room.change_texts()
    twin.save(room.texts)
    assert_refused([one.start("push") for one in (room, twin)], "push")
    for one in (room, twin, room, twin):
        one.again("push")
        one.again("pull")


@fault("two first pushes at once")
def two_first_pushes(room: Room) -> None:
    twin = room.twin
    assert_refused([one.start("push") for one in (room, twin)], "push")
    for one in (room, twin):
        one.again("push")
    room.annotate()
    for one in (room, twin):
        one.again("pull")


@fault("push and pull at once")
def push_and_pull(room: Room) -> None:
    room.fill()
    room.change_texts(4)
    assert_refused([room.start(command) for command in ("push", "pull")], "")
    for command in ("push", "pull"):
        room.again(command)


def assert_refused(running: list[subprocess.Popen[str]], work: str) -> None:
    """Wait for processes; who fails says that another one does the same work."""
    for process in running:
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0 or f"another {work} of this workspace" in told, told


@pytest.mark.parametrize("both", [two_pulls, two_pushes, two_first_pushes])
def test_two_at_once_in_one_workspace_or_in_two_are_as_one_after_the_other(
    room: Room, both: Callable[[Room], None]
) -> None:
    both(room)
    assert room.agree() == ALL_AGREES


def test_a_task_that_is_deleted_between_two_texts_is_made_anew(room: Room) -> None:
    room.fill()
    room.run("pull")
    room.change_texts(1)
    room.proxy.faults = [Fault(cut, "PATCH", "/api/tasks/", after=True)]
    assert room.attempt("push") is not None
    (task,) = [asked.path for asked in room.proxy.asked if asked.fault]
    room.server.call("DELETE", task.lstrip("/"))
    there = {one.key for one in room.told()}
    for key in room.work.keys() - there:
        del room.work[key]
    for command in ("push", "pull"):
        room.again(command)
    assert room.agree() == ALL_AGREES


def test_of_two_tasks_of_an_article_the_annotated_one_stays_and_gets_the_new_text(
    room: Room,
) -> None:
    room.run("push")
    (article, *_) = room.articles()
    record = [encode_task(sample_schema(), article, ())]
    room.server.call("POST", f"api/projects/{room.project()}/import", record)
    newest = max(room.export(), key=lambda task: int(task["id"]))
    room.submit(room.server, article.id, newest["id"])
    room.change_texts()
    for command in ("push", "pull"):
        room.run(command)
    assert room.agree() == ALL_AGREES


def test_tasks_that_another_push_took_for_doubles_meanwhile_are_not_taken_for_there(
    room: Room, studio: Studio
) -> None:
    rest = (room.proxy.url, room.title, sample_schema())
    room.twin.run("push", "--limit", "0")
    with open_ledger(room.twin.ledger) as theirs:
        all_new = plan_push(studio, theirs, *rest, room.articles())
        room.run("push", "--limit", "3")
        with open_ledger(room.ledger) as ours:
            others_new = plan_push(studio, ours, *rest, room.articles())

        def meanwhile(asked: Asked, _: Answer) -> None:
            # Their last batch is there, and they have not looked yet at what there is.
            if "/import" in asked.path and room.proxy.count("POST", "/import") == 4:
                with open_ledger(room.ledger) as ours:
                    push(studio, ours, *rest, others_new)

        room.proxy.after = meanwhile
        with Studio(room.proxy.url, room.key) as through:
            push(through, theirs, *rest, all_new, batch_size=3)
        room.proxy.after = nothing
    for one in (room, room.twin):
        one.again("push")
        one.again("pull")
    assert room.agree() == ALL_AGREES


def test_a_push_and_a_pull_at_once_leave_one_whole_ledger(room: Room) -> None:
    push_and_pull(room)
    assert room.agree() == ALL_AGREES


def test_rows_that_two_processes_add_at_once_are_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with open_ledger(path) as ledger:
        ledger.record_tasks(HERE, [(1, make_article())])
    both = threading.Barrier(2)

    def add(_: object) -> int:
        with open_ledger(path) as ledger:
            both.wait()
            return sum(ledger.append(HERE, [entry(number)]) for number in range(50))

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(add, range(2))) == 50
    broken: list[object] = []
    with open_ledger(path) as ledger:
        verify(ledger, broken.append)
    assert broken == []


# Time, and people who go on meanwhile.


def shift_clock(room: Room, by: timedelta) -> None:
    """Have the server tell another time than it has."""

    def shift(_: Asked, passed: Answer) -> None:
        told = dict(passed.headers).get("Date", "")
        if now := http_date(told):
            passed.headers = [pair for pair in passed.headers if pair[0] != "Date"]
            passed.headers.append(("Date", format_datetime(now + by, usegmt=True)))

    room.proxy.after = shift


@fault("clock that jumps back")
def clock_back(room: Room) -> None:
    room.fill()
    ahead = timedelta(seconds=room.dice.choice((60, 3600, 86400)))
    shift_clock(room, ahead)
    room.run("pull")
    room.edit("change")
    shift_clock(room, timedelta())
    room.again("pull")


@fault("clock that jumps back within a pull")
def clock_back_within(room: Room) -> None:
    room.fill()
    if room.dice.random() < 0.5:
        room.run("pull")
    jump = len(room.proxy.asked) + room.dice.randint(3, 7)

    def back(asked: Asked, passed: Answer) -> None:
        if asked.number == jump:
            shift_clock(room, timedelta())
            room.edit("change")
        else:
            ahead(asked, passed)

    shift_clock(room, timedelta(hours=1))
    ahead, room.proxy.after = room.proxy.after, back
    room.run("pull")
    shift_clock(room, timedelta())
    room.again("pull")


@fault("clock that jumped back and caught up")
def clock_back_and_on(room: Room) -> None:
    room.fill()
    shift_clock(room, timedelta(hours=1))
    room.run("pull")
    shift_clock(room, timedelta())
    room.edit("change")
    later = timedelta(hours=1, minutes=30)
    shift_clock(room, later)
    now = (datetime.now(UTC) + later).isoformat(timespec="milliseconds")
    with mock.patch("annotate.studio.pull.utc_now", return_value=now):
        room.again("pull")


@fault("edited in the browser while it is pulled")
def edited_meanwhile(room: Room) -> None:
    room.fill()

    def meanwhile(asked: Asked, _: Answer) -> None:
        if asked.path.startswith("/api/tasks?") and room.dice.random() < 0.5:
            room.edit()

    for options in ([], [], ["--full"]):
        room.proxy.after = meanwhile
        room.attempt("pull", *options)
        room.proxy.after = nothing
    room.again("pull")


@fault("edited in the browser while its text changes")
def edited_between_texts(room: Room) -> None:
    room.fill()
    former = dict(room.texts)
    room.change_texts(3)

    def meanwhile(_: Asked, __: Answer) -> None:
        if room.dice.random() < 0.1:
            # In a page that was opened before, or just now.
            room.edit(shown=room.dice.choice((former, room.shown())))

    room.proxy.after = meanwhile
    room.attempt("push")
    room.proxy.after = nothing
    # What was submitted on a former text after all comes to the server by a second push.
    for command in ("push", "pull", "push", "pull"):
        room.again(command)


def test_somebody_elses_work_does_not_stand_for_ours_that_is_gone(room: Room) -> None:
    room.run("push")
    task = room.export()[0]
    room.submit(room.server, task["meta"]["article"], task["id"])
    room.run("pull")
    room.server.call("DELETE", f"api/tasks/{task['id']}/")
    theirs = [{"data": {"text": "Bài lạ."}, "annotations": [{"result": []}]}]
    room.server.call("POST", f"api/projects/{room.project()}/import", theirs)
    assert json.loads(room.run("pull", "--json"))["deleted"] == 1


@pytest.mark.parametrize("clock", [clock_back, clock_back_within, clock_back_and_on])
def test_changes_are_found_although_the_servers_clock_jumps(
    room: Room, clock: Callable[[Room], None]
) -> None:
    clock(room)
    assert room.agree() == ALL_AGREES


def test_what_people_do_while_it_is_pulled_arrives_by_the_next_pull(room: Room) -> None:
    edited_meanwhile(room)
    assert room.agree() == ALL_AGREES


def test_what_people_do_while_texts_change_goes_along_to_the_new_ones(room: Room) -> None:
    edited_between_texts(room)
    assert room.agree() == ALL_AGREES


# That the comparison sees what it should.


def test_an_annotation_that_is_gone_or_made_past_everybody_is_counted(room: Room) -> None:
    room.fill()
    room.run("pull")
    assert room.agree() == ALL_AGREES
    key = next(key for key, work in sorted(room.work.items()) if len(work.spans) > 1)
    known = room.work.pop(key)
    assert room.agree().doubled >= 2
    room.work[key] = known._replace(spans=known.spans[1:])
    assert room.agree().doubled >= 2
    room.work[key] = known
    room.work[key._replace(number=0)] = known
    assert room.agree().lost == 2
    del room.work[key._replace(number=0)]
    others = range(len(room.texts[key.article].spans))
    room.work[key] = known._replace(spans=(*known.spans[1:], *(set(others) - set(known.spans))))
    assert room.agree() != ALL_AGREES
