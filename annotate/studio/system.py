"""Processes, ports and private files of this machine."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from annotate.errors import LocalServerError

# No proxy of the environment stands between this machine and itself.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def refuse_taken_port(host: str, port: int | None) -> None:
    """Raise `LocalServerError` when the port cannot be listened on; None stands for any."""
    if port is None:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LocalServerError(
                f"port {port} on {host} cannot be used: {error.strerror}",
                "Choose another with --port.",
            ) from error


def free_port(host: str) -> int:
    """Return a port that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_alive(pid: int) -> bool:
    """Whether there is a process with this number, be it a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def listens(url: str) -> bool:
    """Whether something accepts connections at the host and port of the URL."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((host, int(port))) == 0


def status_of(url: str, token: str, patience: float) -> int | None:
    """Return the HTTP status with which Label Studio takes a token, None without an answer.

    Raises `TimeoutError` when something is there and does not answer within `patience`
    seconds.
    """
    request = urllib.request.Request(  # noqa: S310
        f"{url}/api/current-user/whoami", headers={"Authorization": f"Token {token}"}
    )
    try:
        with _DIRECT.open(request, timeout=patience) as answer:
            return int(answer.status)
    except TimeoutError:
        raise
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise TimeoutError from error
        return None
    except OSError:
        return None


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold back Ctrl-C, SIGTERM and SIGHUP until the end of the block.

    Not by a mask, which a process started meanwhile would keep. Signals reach the main thread
    alone; any other one is not interrupted anyway.
    """
    came: list[int] = []
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            handler = signal.getsignal(number)
            # What is ignored or ends the process at once stays so.
            if callable(handler):
                before[number] = handler
                signal.signal(number, lambda number, _: came.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)


def send_signal(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may have ended by itself."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended by itself, which is what was wanted


def end_group(pid: int) -> None:
    """End at once a process and all that it started, as far as they are still there."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def lock_alone(descriptor: int) -> bool:
    """Take the lock of an open file if nobody else holds it; say whether it was taken."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)


def run_again(hidden: str, shown: str, environ: Mapping[str, str]) -> None:
    """Become the same command with `shown` for `hidden`: arguments are for everyone to read.

    `environ` is added to the environment, which others cannot read. Does no more than that
    when the command has no such argument.
    """
    os.environ.update(environ)
    arguments = [argument.replace(hidden, shown) for argument in sys.orig_argv]
    if arguments != sys.orig_argv:
        os.execv(sys.executable, [sys.executable, *arguments[1:]])  # noqa: S606


def last_line(path: Path) -> str:
    """Return the last line of a log."""
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def seconds(limit: int) -> Iterator[int]:
    """Yield about once a second, `limit` times at most."""
    for second in range(limit):
        yield second
        time.sleep(1)
