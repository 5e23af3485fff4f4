"""The Label Studio of one workspace, run on this machine.

Commands that need it share it: whoever finds none running starts a temporary one, and the
last to leave stops it. `annotate serve` runs one that stays.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from platformdirs import user_cache_path

from annotate.errors import LocalServerError
from annotate.progress import Progress, silent

DEFAULT_PORT = 8080
EMAIL = "annotate@localhost"
# Seconds; the first start on a machine creates the database, and machines can be busy.
_START_LIMIT = 600
_USUAL_START = 20
_USUAL_MIGRATION = 40
_STOP_LIMIT = 15

# Nothing of the person's own environment reaches the server's settings, which it would
# read from names as common as HOST and DEBUG.
_FOREIGN = ("LABEL_STUDIO_", "HEARTEX_", "DJANGO_", "POSTGRE_")
_FOREIGN_NAMES = {"HOST", "PORT", "DEBUG", "LOG_LEVEL", "USERNAME", "PASSWORD", "USER_TOKEN"}
_QUIET = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
}


class Login(msgspec.Struct, frozen=True):
    """How the local server is entered; kept in a file of mode 0600."""

    email: str
    password: str
    token: str


class Running(msgspec.Struct, frozen=True):
    """A server that was started; `temporary` when the last command to use it stops it."""

    pid: int
    url: str
    temporary: bool


class LocalServer:
    """The local server of the workspace whose private folder is given."""

    def __init__(self, private: Path) -> None:
        self._private = private
        self.data = private / "label-studio"
        self.log = private / "label-studio.log"
        self._database = self.data / "label_studio.sqlite3"
        self._state = private / "server.json"
        self._child: subprocess.Popen[bytes] | None = None

    def login(self) -> Login:
        """Return the login, made at random the first time."""
        path = self._private / "login.json"
        if path.exists():
            return msgspec.json.decode(path.read_bytes(), type=Login)
        login = Login(EMAIL, secrets.token_urlsafe(15), secrets.token_hex(20))
        _write_private(path, msgspec.json.encode(login))
        return login

    def needs_migration(self) -> bool:
        """Whether the next start has to create a database, which takes most of a minute."""
        return not (self._database.exists() or _template_path(_installed_version()).exists())

    def running(self) -> Running | None:
        """Return the server that runs for this workspace, None when there is none."""
        try:
            state = msgspec.json.decode(self._state.read_bytes(), type=Running)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return state if _alive(state.pid) and self._is_ours(state.url) else None

    @contextmanager
    def use(self, progress: Progress = silent) -> Iterator[Running]:
        """Give a running server, started for the duration when none runs.

        Raises `LocalServerError` when it does not start.
        """
        with (self._private / "server.users").open("a") as users:
            with self._turn():
                fcntl.flock(users, fcntl.LOCK_SH)
                state = self.running() or self._start("127.0.0.1", None, progress, temporary=True)
            try:
                yield state
            finally:
                with self._turn():
                    fcntl.flock(users, fcntl.LOCK_UN)
                    if state.temporary and _lock_alone(users.fileno()):
                        self.stop(state)

    def start(self, host: str, port: int, progress: Progress = silent) -> Running:
        """Start a server that stays, and wait until it answers.

        Raises `LocalServerError` when the extra is missing, the port is taken, a server
        already runs for this workspace, or it does not come up.
        """
        with self._turn():
            if running := self.running():
                raise LocalServerError(
                    f"the server of this workspace already runs at {running.url}"
                    f" (process {running.pid})",
                    "Use it, or stop that one first.",
                )
            return self._start(host, port, progress, temporary=False)

    def _start(
        self, host: str, port: int | None, progress: Progress, *, temporary: bool
    ) -> Running:
        version = _installed_version()
        _refuse_taken(host, port)
        port = port or _free_port(host)
        self._lay_out(version, progress)
        self._child = self._launch(host, port)
        url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
        state = Running(self._child.pid, url, temporary)
        _write_private(self._state, msgspec.json.encode(state))
        try:
            self._wait_until_up(self._child, url, progress)
        except BaseException:
            self.stop(state)
            raise
        return state

    def wait(self) -> None:
        """Wait until the server that this object started ends by itself."""
        if self._child is not None:
            self._child.wait()

    def stop(self, state: Running) -> None:
        """Stop the server; returns when its process is gone."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            _signal(state.pid, number)
            deadline = time.monotonic() + _STOP_LIMIT
            while time.monotonic() < deadline:
                if self._gone(state):
                    self._state.unlink(missing_ok=True)
                    return
                time.sleep(0.05)
        raise LocalServerError(f"the server with process {state.pid} does not end", "End it.")

    def _gone(self, state: Running) -> bool:
        if self._child is not None and self._child.pid == state.pid:
            return self._child.poll() is not None
        # A process that another one started and has not waited for stays as a zombie, which
        # has a number but listens no more.
        return not (_alive(state.pid) and _listens(state.url))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the lock under which a server is started or stopped."""
        with (self._private / "server.turn").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _lay_out(self, version: str, progress: Progress) -> None:
        if self._database.exists():
            return
        self.data.mkdir(mode=0o700, exist_ok=True)
        template = _template(version, progress)
        beside = self._database.with_suffix(".new")
        shutil.copyfile(template, beside)
        beside.replace(self._database)

    def _launch(self, host: str, port: int) -> subprocess.Popen[bytes]:
        login = self.login()
        # By environment and not by argument: arguments are there for every user to read.
        secret = {
            "LABEL_STUDIO_USERNAME": login.email,
            "LABEL_STUDIO_PASSWORD": login.password,
            "LABEL_STUDIO_USER_TOKEN": login.token,
        }
        listen = ["--internal-host", host, "--port", str(port)]
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                [*_COMMAND, "start", "--no-browser", "--enable-legacy-api-token", *listen],
                env=_environment(self.data) | secret,
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # So that Ctrl-C reaches us alone, and we stop it in order.
                start_new_session=True,
            )

    def _wait_until_up(self, child: subprocess.Popen[bytes], url: str, progress: Progress) -> None:
        with progress("Starting Label Studio", _USUAL_START) as advance:
            for _ in _seconds(_START_LIMIT):
                if self._is_ours(url):
                    return
                if child.poll() is not None:
                    raise LocalServerError(
                        f"Label Studio ended while starting: {_last_line(self.log)}",
                        f"Read {self.log}.",
                    )
                advance(1)
        raise LocalServerError(
            f"Label Studio did not answer at {url} within {_START_LIMIT} seconds",
            f"Read {self.log}.",
        )

    def _is_ours(self, url: str) -> bool:
        """Whether a Label Studio that knows our token answers at the URL."""
        request = urllib.request.Request(  # noqa: S310
            f"{url}/api/current-user/whoami",
            headers={"Authorization": f"Token {self.login().token}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


_COMMAND = (sys.executable, "-m", "label_studio.server")


def _installed_version() -> str:
    if importlib.util.find_spec("label_studio") is None:
        raise LocalServerError(
            "the local server needs Label Studio, which is not installed",
            "Run `pip install 'annotate-corpus[server]'`, or set LABEL_STUDIO_URL to a server.",
        )
    return importlib.metadata.version("label-studio")


def _template_path(version: str) -> Path:
    return user_cache_path("annotate-corpus") / f"label-studio-{version}.sqlite3"


def _template(version: str, progress: Progress) -> Path:
    """Return a migrated database without people, made once a machine and release.

    Migrations take most of a first start; nothing in the file is secret.
    """
    path = _template_path(version)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        progress(
            "Creating Label Studio's database, once on this machine", _USUAL_MIGRATION
        ) as tick,
        tempfile.TemporaryFile() as output,
    ):
        child = subprocess.Popen(  # noqa: S603
            [*_COMMAND, "version"],
            env=_environment(Path(folder)),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in _seconds(_START_LIMIT):
                if child.poll() is not None:
                    break
                tick(1)
        finally:
            child.kill()
            child.wait()
        if child.returncode != 0:
            output.seek(0)
            last = output.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise LocalServerError(
                f"Label Studio cannot create its database: {last}", "Check the disk's space."
            )
        (Path(folder) / "label_studio.sqlite3").replace(path)
    return path


def _environment(data: Path) -> dict[str, str]:
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name not in _FOREIGN_NAMES
    }
    return own | _QUIET | {"LABEL_STUDIO_BASE_DATA_DIR": str(data)}


def _seconds(limit: int) -> Iterator[int]:
    """Yield about once a second, `limit` times at most."""
    for second in range(limit):
        yield second
        time.sleep(1)


def _refuse_taken(host: str, port: int | None) -> None:
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


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _listens(url: str) -> bool:
    host, _, port = url.removeprefix("http://").rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex((host, int(port))) == 0


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended by itself, which is what was wanted


def _lock_alone(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_private(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    beside.replace(path)


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
