"""Publishing in a process of its own, as the command does: it can be killed and have limits.

The processes are forked from one that has imported everything, so each starts at once. That one
knows no offline mode, whatever the tests' own process was told, and no Xet, which the local Hub
does not speak.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import s3fs

import annotate.dataset.publish.hub
import annotate.dataset.publish.store
from annotate.dataset.publish import Published, publish
from annotate.progress import Advance
from tests.dataset.publish.making import ADDRESS

# Imported for the processes that are forked.
_IMPORTED = (annotate.dataset.publish.hub, annotate.dataset.publish.store, s3fs)

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([__name__])
_SETTINGS = {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

# What Linux calls these (capget(2), capabilities(7)): the third version of the call, and the
# rights to write and to read in spite of permissions.
_VERSION, _DESPITE = 0x20080522, 0b110


class Killed(Exception):
    """The process was killed."""


class Point(NamedTuple):
    """A moment of publishing: a kind of work, and which of its steps has just been done."""

    work: str
    step: int


class Process:
    """A process that publishes; `pid` is its number.

    In it `limit` is called first, and `then` at `point`, if it gets so far.
    """

    def __init__(
        self, folder: Path, target: str | Path, *, limit: Callable[[], None] | None = None,
        point: Point | None = None, then: Callable[[], object] = lambda: None, **options: Any,
    ) -> None:  # fmt: skip
        _start_server()
        self._told, theirs = _CONTEXT.Pipe(duplex=False)
        progress = {"progress": _At(point, then)} if point else {}
        given = (folder, str(target), {"secrets": [ADDRESS], **progress, **options})
        work = (theirs, {**os.environ}, limit, *given)
        self._process = _CONTEXT.Process(target=_work, args=work, daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def wait_for_stop(self) -> None:
        """Wait until it has stopped itself."""
        state = Path(f"/proc/{self.pid}/stat")
        while state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it at once."""
        os.kill(self.pid, signal.SIGKILL)

    def result(self) -> Published:
        """Wait until it has ended; return or raise what it came to."""
        try:
            outcome = self._told.recv()
        except EOFError as error:
            raise Killed from error
        finally:
            self._process.join()
            self._told.close()
        if isinstance(outcome, BaseException):
            raise outcome
        assert isinstance(outcome, Published)
        return outcome


def send(folder: Path, target: str | Path, **options: Any) -> Published:
    """Publish in a process of its own a dataset whose annotator has an address."""
    return Process(folder, target, **options).result()


def strike(sign: signal.Signals) -> None:
    """Send this process a signal."""
    os.kill(os.getpid(), sign)


def append_to(path: Path) -> None:
    """Write more to a file."""
    with path.open("ab") as file:
        file.write(b" ")


def limit_files(size: int) -> None:
    """Let this process write no file beyond so many bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def obey_permissions() -> None:
    """Have permissions of files hold for this process, also when it is root's."""
    libc = ctypes.CDLL(None, use_errno=True)
    whose, rights = (ctypes.c_uint32 * 2)(_VERSION, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(whose, rights) == 0, os.strerror(ctypes.get_errno())
    rights[0] &= ~_DESPITE
    assert libc.capset(whose, rights) == 0, os.strerror(ctypes.get_errno())


def _start_server() -> None:
    """Start what the processes are forked from, if it does not run, with its own settings."""
    former = {name: os.environ.get(name) for name in _SETTINGS}
    os.environ |= _SETTINGS
    try:
        forkserver.ensure_running()
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(
    told: Connection, environ: dict[str, str], limit: Callable[[], None] | None,
    folder: Path, target: str, options: dict[str, Any],
) -> None:  # fmt: skip
    os.environ.clear()
    os.environ.update(environ)
    # So that TMPDIR counts.
    tempfile.tempdir = None
    warnings.simplefilter("error")
    # huggingface_hub uploads a file in a way that its own HTTP client finds old.
    warnings.filterwarnings("ignore", "Use 'content=", DeprecationWarning)
    if limit:
        limit()
    try:
        told.send(publish(folder, target, **options))
    except BaseException as error:  # noqa: BLE001 - told, and raised again where it is waited for
        told.send(error)


class _At:
    """Progress that calls something at one point."""

    def __init__(self, point: Point, then: Callable[[], object]) -> None:
        self._point = point
        self._then = then

    @contextmanager
    def __call__(self, label: str, _total: int | None = None) -> Iterator[Advance]:
        steps = 0

        def advance(_count: int) -> None:
            nonlocal steps
            steps += 1
            if (label, steps) == self._point:
                self._then()

        yield advance
