"""The Label Studio of one workspace, run on this machine.

Commands that need it share it: whoever finds none running starts a temporary one, and the
last to leave stops it. `annotate serve` runs one that stays, on SQLite for one person or on
PostgreSQL for a team.
"""

from __future__ import annotations

import fcntl
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

import msgspec

from annotate.errors import LocalServerError
from annotate.progress import Progress, silent
from annotate.studio.database.check import check_database, refuse_half_made
from annotate.studio.database.team import Team, read_team, remember_team, team_launch
from annotate.studio.install import (
    START_LIMIT,
    Launch,
    installed_version,
    local_launch,
    template,
    template_path,
)
from annotate.studio.system import (
    end_group,
    free_port,
    is_alive,
    last_line,
    listens,
    lock_alone,
    refuse_taken_port,
    seconds,
    send_signal,
    status_of,
    uninterrupted,
    write_private,
)

EMAIL = "annotate@localhost"

# Seconds.
_STOP_LIMIT = 15
_PATIENCE = 30


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
            try:
                return msgspec.json.decode(path.read_bytes(), type=Login)
            except (msgspec.DecodeError, OSError) as error:
                raise LocalServerError(
                    f"{path} cannot be read: {error}", "Bring it back: the server keeps its login."
                ) from error
        login = Login(EMAIL, secrets.token_urlsafe(15), secrets.token_hex(20))
        write_private(path, msgspec.json.encode(login))
        return login

    def needs_migration(self) -> bool:
        """Whether the next start has to create a database, which takes most of a minute."""
        if self.team():
            return False
        return not (self._database.exists() or template_path(installed_version()).exists())

    def has_local_database(self) -> bool:
        """Whether the workspace was ever served from SQLite."""
        return self._database.exists()

    def team(self) -> Team | None:
        """Return how the server was last run for a team, None when it never was."""
        return read_team(self._private)

    def running(self) -> Running | None:
        """Return the server that runs for this workspace, None when there is none."""
        try:
            state = msgspec.json.decode(self._state.read_bytes(), type=Running)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        if not (is_alive(state.pid) and listens(state.url)):
            return None
        try:
            return state if self._is_ours(state.url) else None
        except TimeoutError as error:
            # Another server on the same database would be worse than none.
            raise LocalServerError(
                f"the server of this workspace at {state.url} (process {state.pid}) does not"
                " answer",
                "Wait, or end that process and run the command again.",
            ) from error

    @contextmanager
    def use(self, progress: Progress = silent) -> Iterator[Running]:
        """Give a running server, started for the duration when none runs.

        Raises `LocalServerError` when it does not start.
        """
        with (self._private / "server.users").open("a") as users:
            with self._turn():
                fcntl.flock(users, fcntl.LOCK_SH)
                state = self.running() or self._start(
                    "127.0.0.1", None, progress, self.team(), temporary=True
                )
            try:
                yield state
            finally:
                with self._turn():
                    fcntl.flock(users, fcntl.LOCK_UN)
                    if state.temporary and lock_alone(users.fileno()):
                        self.stop(state)

    def start(
        self, host: str, port: int, progress: Progress = silent, *, team: Team | None = None
    ) -> Running:
        """Start a server that stays, and wait until it answers.

        Once started for a team it is so ever after, for commands that need it too. Raises
        `LocalServerError` when the extra is missing, the port is taken, the team's database
        cannot be used, a server already runs for this workspace, or it does not come up.
        """
        with self._turn():
            running = self.running()
            if running and running.temporary and self._has_no_users():
                # Left over by a command that was killed.
                self.stop(running)
            elif running:
                raise LocalServerError(
                    f"the server of this workspace already runs at {running.url}"
                    f" (process {running.pid})",
                    "Use it, or stop that one first.",
                )
            return self._start(host, port, progress, team or self.team(), temporary=False)

    def _start(
        self, host: str, port: int | None, progress: Progress, team: Team | None, *,
        temporary: bool,
    ) -> Running:  # fmt: skip
        version = installed_version()
        refuse_taken_port(host, port)
        port = port or free_port(host)
        first = False
        if team:
            first = check_database(team.database)
            launch = team_launch(team, self._make_data(team), host, port)
        else:
            self._lay_out(version, progress)
            launch = local_launch(self.data, host, port)
        url = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104
        child = state = None
        try:
            # An interruption while it starts would leave a server that nobody knows of.
            with uninterrupted():
                child = self._child = self._launch(launch)
                state = Running(child.pid, url, temporary)
                write_private(self._state, msgspec.json.encode(state))
            self._wait_until_up(child, url, progress, first=first)
            if team and not temporary:
                remember_team(self._private, team)
        except BaseException:
            if child and state:
                ended = child.poll() is not None
                self.stop(state)
                if team and ended:
                    refuse_half_made(team.database)
            raise
        return state

    def _has_no_users(self) -> bool:
        with (self._private / "server.users").open("a") as users:
            return lock_alone(users.fileno())

    def wait(self) -> None:
        """Wait until the server that this object started ends by itself."""
        if self._child is not None:
            self._child.wait()

    def stop(self, state: Running) -> None:
        """Stop the server; returns when its process and its workers are gone."""
        # A server that died may have left its number to a process of somebody else.
        if self._is_child(state) or not self._gone(state):
            self._end(state)
        self._state.unlink(missing_ok=True)

    def _end(self, state: Running) -> None:
        if not self._gone(state):
            send_signal(state.pid, signal.SIGTERM)
        # Whoever presses Ctrl-C again does not want to wait.
        with suppress(KeyboardInterrupt):
            self._wait_until_gone(state)
        # Workers that did not end in time.
        end_group(state.pid)
        if not self._wait_until_gone(state):
            raise LocalServerError(f"the server with process {state.pid} does not end", "End it.")

    def _wait_until_gone(self, state: Running) -> bool:
        deadline = time.monotonic() + _STOP_LIMIT
        while not self._gone(state):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _is_child(self, state: Running) -> bool:
        return self._child is not None and self._child.pid == state.pid

    def _gone(self, state: Running) -> bool:
        if self._child is not None and self._child.pid == state.pid:
            return self._child.poll() is not None
        # A process that another one started and has not waited for stays as a zombie, which
        # has a number but listens no more.
        return not (is_alive(state.pid) and listens(state.url))

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
        beside = self._database.with_suffix(".new")
        shutil.copyfile(template(version, progress), beside)
        beside.replace(self._database)

    def _make_data(self, team: Team) -> Path:
        """Make the folder of what a team uploads and exports."""
        folder = Path(team.data) if team.data else self.data
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LocalServerError(
                f"{folder} cannot be made: {error.strerror}", "Name another folder with --data."
            ) from error
        return folder

    def _launch(self, launch: Launch) -> subprocess.Popen[bytes]:
        login = self.login()
        # By environment and not by argument: arguments are there for every user to read.
        secret = {
            "LABEL_STUDIO_USERNAME": login.email,
            "LABEL_STUDIO_PASSWORD": login.password,
            "LABEL_STUDIO_USER_TOKEN": login.token,
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603
                launch.command,
                env=launch.environment | secret,
                cwd=launch.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # So that Ctrl-C reaches us alone, and we stop it in order.
                start_new_session=True,
            )

    def _wait_until_up(
        self, child: subprocess.Popen[bytes], url: str, progress: Progress, *, first: bool
    ) -> None:
        doing = "Creating Label Studio's tables, once" if first else "Starting Label Studio"
        # How long it takes nobody knows, so nothing is counted.
        with progress(doing, None):
            for _ in seconds(START_LIMIT):
                with suppress(TimeoutError):
                    status = status_of(url, self.login().token, _PATIENCE)
                    if status == HTTPStatus.OK:
                        return
                    if status == HTTPStatus.UNAUTHORIZED:
                        raise LocalServerError(
                            f"Label Studio's database does not know the login in"
                            f" {self._private / 'login.json'}",
                            "Bring back the file that was there when the database was first"
                            " served, or name an empty database.",
                        )
                if child.poll() is not None:
                    raise LocalServerError(
                        f"Label Studio ended while starting: {last_line(self.log)}",
                        f"Read {self.log}.",
                    )
        raise LocalServerError(
            f"Label Studio did not answer at {url} within {START_LIMIT} seconds",
            f"Read {self.log}.",
        )

    def _is_ours(self, url: str) -> bool:
        """Whether a Label Studio that knows our token answers at the URL.

        Raises `TimeoutError` when something is there and does not answer.
        """
        return status_of(url, self.login().token, _PATIENCE) == HTTPStatus.OK
