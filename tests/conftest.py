"""Fixtures: one real Label Studio for the whole run, workspaces on it, and the command."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, sync_playwright

from annotate.studio.client import Studio
from annotate.studio.database.address import environment_of, read_address
from annotate.studio.database.team import Team
from annotate.studio.install import COMMAND, environment
from annotate.studio.ledger import Ledger, open_ledger
from annotate.studio.server import LocalServer, Login
from annotate.studio.system import free_port
from annotate.workspace import Workspace, open_workspace, shipped
from tests.browser import ARGUMENTS, find_browser
from tests.faults import Fault, FaultyTransport
from tests.postgres import Cluster, find_postgres, temporary_cluster

# Before `datasets` is imported anywhere: its caches belong to this run.
_CACHE = tempfile.TemporaryDirectory(prefix="annotate-tests-")
os.environ |= {"HF_HOME": _CACHE.name, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}


class Server(NamedTuple):
    """The session's Label Studio."""

    url: str
    login: Login

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Do something on the server past the project's own client; return its JSON."""
        headers = {"Authorization": f"Token {self.login.token}"}
        answer = httpx.request(
            method, f"{self.url}/{path}", headers=headers, json=body, follow_redirects=True,
            timeout=60,
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json() if answer.content else None


def pytest_configure(config: pytest.Config) -> None:
    # Also in a run that its shell protects from these: commands are started from here.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line(
        "markers", "on_both_databases: run on the server on SQLite and on the team's on PostgreSQL"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test marked `on_both_databases` each kind of server in turn."""
    marked = metafunc.definition.get_closest_marker("on_both_databases")
    if marked and "server" in metafunc.fixturenames:
        kinds = ["sqlite", "postgresql"]
        metafunc.parametrize("server", kinds, indirect=True, scope="session")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests of whole roads: they take longest, and none is to be the last one."""
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Server:
    """The session's server: the local one, but where a test asks for both kinds."""
    kind = getattr(request, "param", "sqlite")
    # By name, so that a run that needs one does not start the other.
    server = request.getfixturevalue("team_server" if kind == "postgresql" else "local_server")
    assert isinstance(server, Server)
    return server


@pytest.fixture(scope="session")
def local_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The project's own local server, started once and stopped at the end."""
    local = LocalServer(tmp_path_factory.mktemp("server"))
    with local.use() as running:
        yield Server(running.url, local.login())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A PostgreSQL of this run."""
    programs = find_postgres()
    if programs is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no PostgreSQL; .ci/run installs one")
        pytest.skip("NO POSTGRESQL: install Debian's postgresql to run a team's server")
    with temporary_cluster(programs) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def migrated(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with Label Studio's tables, without people: to copy."""
    name = postgres.database()
    # Made once for all the processes of a run: it takes half a minute.
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    dump = shared / "migrated.sql"
    with (shared / "migrated.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not dump.exists():
            _migrate(postgres, name, tmp_path_factory.mktemp("migrated"))
            dump.write_bytes(postgres.dump(name))
            return name
    postgres.load(dump.read_bytes(), name)
    return name


def _migrate(postgres: Cluster, name: str, data: Path) -> None:
    """Make Label Studio's tables in an empty database."""
    postgres.sql("CREATE EXTENSION pg_trgm", name)
    database, _ = read_address(postgres.address(name))
    environ = environment(data) | environment_of(database)
    subprocess.run(
        [*COMMAND, "version"], env=environ, cwd=data, check=True, capture_output=True, timeout=170
    )


@pytest.fixture(scope="session")
def team_server(
    postgres: Cluster, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A team's server, on PostgreSQL with two workers, started once."""
    local = LocalServer(tmp_path_factory.mktemp("team-server"))
    database, _ = read_address(postgres.address(postgres.database(migrated)))
    running = local.start("127.0.0.1", free_port("127.0.0.1"), team=Team(database))
    yield Server(running.url, local.login())
    local.stop(running)


@pytest.fixture
def studio(server: Server) -> Iterator[Studio]:
    with Studio(server.url, server.login.token) as connected:
        yield connected


Faulty = Callable[[str, str, list[Fault]], tuple[Studio, FaultyTransport]]


@pytest.fixture
def faulty(server: Server) -> Iterator[Faulty]:
    """Make connections with faults in front of the session's server."""
    with ExitStack() as stack:

        def make(method: str, path_end: str, faults: list[Fault]) -> tuple[Studio, FaultyTransport]:
            transport = FaultyTransport(method, path_end, faults)
            connected = Studio(server.url, server.login.token, transport)
            return stack.enter_context(connected), transport

        yield make


@pytest.fixture
def title() -> str:
    """A project's title that no other test has."""
    return f"Test {uuid.uuid4().hex[:12]}"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite3") as opened:
        yield opened


MakeWorkspace = Callable[[dict[str, str]], Workspace]


@pytest.fixture
def make_workspace(tmp_path: Path, server: Server, title: str) -> MakeWorkspace:
    """Make a workspace on the session's server from articles' file names and contents."""

    def make(files: dict[str, str]) -> Workspace:
        root = tmp_path / "workspace"
        return open_workspace(
            lay_out(root, title, files),
            {"LABEL_STUDIO_URL": server.url, "LABEL_STUDIO_API_KEY": server.login.token},
        )

    return make


def lay_out(root: Path, title: str, files: dict[str, str]) -> Path:
    """Write a workspace with the shipped schema and the given articles."""
    (root / "corpus").mkdir(parents=True)
    schema = shipped("schemas") / "security-news.yaml"
    (root / "schema.yaml").write_bytes(schema.read_bytes())
    settings = f'title = "{title}"\nschema = "schema.yaml"\ncorpus = "corpus"\n'
    (root / "annotate.toml").write_text(settings, encoding="utf-8")
    for name, content in files.items():
        (root / "corpus" / name).write_bytes(content.encode())
    return root


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = find_browser()
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no browser; .ci/run installs one")
        pytest.skip("NO BROWSER: install Chromium to run the browser tests")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        yield launched
        launched.close()


class Outcome(NamedTuple):
    """How a command ended, and what it printed."""

    status: int
    stdout: str
    stderr: str


Annotate = Callable[..., Outcome]


@pytest.fixture
def annotate(server: Server) -> Annotate:
    """Run the command `annotate` as a process, on the session's server."""

    def run(*arguments: str | Path, cwd: Path | None = None, **environ: str) -> Outcome:
        own = {"LABEL_STUDIO_URL": server.url, "LABEL_STUDIO_API_KEY": server.login.token}
        return run_annotate(*arguments, cwd=cwd, **{**own, **environ})

    return run


def run_annotate(*arguments: str | Path, cwd: Path | None = None, **environ: str) -> Outcome:
    """Run the command as a process; an empty value takes a variable out of its environment."""
    merged = {name: value for name, value in {**os.environ, **environ}.items() if value}
    done = subprocess.run(
        [sys.executable, "-m", "annotate", *map(str, arguments)],
        cwd=cwd,
        env=merged,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def run_locally(*arguments: str | Path, **environ: str) -> Outcome:
    """Run the command as a process that knows no server but the workspace's own."""
    environ |= {"LABEL_STUDIO_URL": "", "LABEL_STUDIO_API_KEY": ""}
    return run_annotate(*arguments, cwd=None, **environ)
