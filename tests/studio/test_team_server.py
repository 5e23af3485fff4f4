"""A team's server: several workers on PostgreSQL, private as the local one, and gone afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from annotate.errors import LocalServerError
from annotate.studio.client import Studio
from annotate.studio.database.address import read_address
from annotate.studio.database.team import Team
from annotate.studio.server import LocalServer
from tests.conftest import Server, lay_out, run_annotate, run_locally
from tests.factories import sample_schema
from tests.labelling import Annotator
from tests.postgres import OWNER, Cluster
from tests.studio.test_server import Serving, mode

PASSWORD = "pass/word"  # noqa: S105
PUBLIC = "https://studio.example.org"


def group(pid: int) -> dict[int, str]:
    """Return the command lines of a process group, which is a server's own."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, owner = path.read_text(encoding="utf-8").rpartition(")")[2].split()[:3]
            if int(owner) == pid and state != "Z":
                arguments = path.with_name("cmdline").read_text(encoding="utf-8")
                found[int(path.parent.name)] = arguments.replace("\0", " ")
    return found


def end(serving: Serving) -> None:
    if serving.process.poll() is None:
        serving.stop(signal.SIGTERM)


@pytest.fixture
def root(tmp_path: Path, title: str) -> Path:
    return lay_out(tmp_path / "workspace", title, {"one.txt": "Trung tá Lê An."})


@pytest.fixture
def address(postgres: Cluster, migrated: str) -> str:
    return postgres.address(postgres.database(migrated))


@pytest.fixture
def serving(root: Path, address: str) -> Iterator[Serving]:
    running = Serving(root, "--database", address)
    yield running
    end(running)


@pytest.fixture
def without_password(postgres: Cluster) -> Iterator[None]:
    yield
    postgres.sql(f"ALTER ROLE {OWNER} PASSWORD NULL")


@pytest.mark.usefixtures("without_password")
def test_secrets_are_in_files_of_mode_0600_and_in_no_argument(
    root: Path, postgres: Cluster, migrated: str, tmp_path: Path
) -> None:
    postgres.sql(f"ALTER ROLE {OWNER} PASSWORD '{PASSWORD}'")
    address = postgres.address_on_port(postgres.database(migrated))
    private, data = root / ".annotate", tmp_path / "data"
    with_password = address.replace("@", ":pass%2Fword@")
    serving = Serving(root, "--database", with_password, "--data", data)
    try:
        login = json.loads((private / "login.json").read_bytes())
        secrets = [PASSWORD, "pass%2Fword", login["password"], login["token"]]
        own = Path(f"/proc/{serving.process.pid}/cmdline").read_text(encoding="utf-8")
        assert "serve" in own
        for text in (own, *group(serving.pid).values(), serving.first_line):
            assert not any(secret in text for secret in secrets)
        # Nothing of the workspace is on SQLite, and uploads go where they shall.
        assert (data / "media").is_dir()
        assert not (private / "label-studio").exists()
    finally:
        said = serving.stop(signal.SIGTERM)
    for name in ("login.json", "team.json"):
        assert mode(private / name) == 0o600
    for path in (private / "team.json", private / "label-studio.log", serving.said):
        assert PASSWORD not in path.read_text(encoding="utf-8")
    assert PASSWORD not in said

    # The password was not kept, so nobody can start it but who knows it.
    pushed = run_locally("push", "--workspace", root)
    assert pushed.status == 1
    assert f"`annotate serve --database {address}`" in pushed.stderr
    assert not (private / "label-studio").exists()
    known = run_annotate(
        "push", "--workspace", root, LABEL_STUDIO_URL="", LABEL_STUDIO_API_KEY="",
        PGPASSWORD=PASSWORD,
    )  # fmt: skip
    assert known.status == 0, known.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_stops_all_workers_and_leaves_no_process(
    serving: Serving, root: Path, number: signal.Signals
) -> None:
    assert len(group(serving.pid)) == 3
    said = serving.stop(number)
    assert group(serving.pid) == {}
    assert not (root / ".annotate" / "server.json").exists()
    assert serving.process.returncode == 0
    assert "Label Studio is stopped." in said
    assert "Traceback" not in said


def test_whoever_presses_ctrl_c_twice_does_not_wait_and_leaves_no_process(
    serving: Serving, root: Path
) -> None:
    # A person whose request never ends, for whom the server would wait a while.
    with socket.create_connection(("127.0.0.1", int(serving.url.rpartition(":")[2]))) as person:
        person.sendall(b"POST /user/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        time.sleep(0.5)
        serving.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        asked = time.monotonic()
        serving.stop(signal.SIGINT)
    assert time.monotonic() - asked < 5
    assert group(serving.pid) == {}
    assert not (root / ".annotate" / "server.json").exists()


def test_the_server_is_shared_remembered_and_started_again_as_it_was(
    serving: Serving, root: Path
) -> None:
    assert "with 2 workers" in serving.first_line
    pushed = run_locally("push", "--workspace", root)
    assert (pushed.status, pushed.stderr) == (0, "")
    second = run_locally("serve", "--workspace", root)
    assert second.status == 1
    assert "already runs at http://127.0.0.1:" in second.stderr
    serving.stop(signal.SIGTERM)

    # A command that finds none starts it on PostgreSQL, and so does `annotate serve` alone.
    again = run_locally("push", "--json", "--workspace", root)
    assert json.loads(again.stdout)["unchanged"] == 1, again.stderr
    assert not (root / ".annotate" / "server.json").exists()
    assert not (root / ".annotate" / "label-studio" / "label_studio.sqlite3").exists()
    alone = Serving(root, "--workers", "1")
    try:
        assert "postgresql://team@/test_" in alone.first_line
        assert "with 1 worker" in alone.first_line
    finally:
        end(alone)


def test_a_killed_serve_leaves_a_server_that_the_next_one_finds(
    serving: Serving, root: Path
) -> None:
    serving.process.kill()
    serving.process.communicate(timeout=30)
    found = run_locally("serve", "--workspace", root)
    assert f"already runs at {serving.url} (process {serving.pid})" in found.stderr
    os.kill(serving.pid, signal.SIGTERM)
    wait_until_gone(serving.pid)


def test_a_killed_first_process_takes_its_workers_along_and_a_killed_worker_is_replaced(
    serving: Serving,
) -> None:
    before = group(serving.pid)
    worker = max(before)
    os.kill(worker, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while len(now := group(serving.pid)) != 3 or worker in now:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(serving.pid, signal.SIGKILL)
    serving.process.communicate(timeout=30)
    assert serving.process.returncode == 1
    assert "ended by itself" in serving.said.read_text(encoding="utf-8")
    assert group(serving.pid) == {}


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 20
    while group(pid):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_two_first_starts_at_once_make_the_tables_once(postgres: Cluster, tmp_path: Path) -> None:
    database, _ = read_address(postgres.address(postgres.database()))
    servers = [LocalServer(tmp_path / name) for name in ("one", "two")]
    for server in servers:
        server.log.parent.mkdir()
    login = tmp_path / "two" / "login.json"
    servers[0].login()
    login.write_bytes((tmp_path / "one" / "login.json").read_bytes())

    def start(server: LocalServer) -> None:
        running = server.start("127.0.0.1", free_port(), team=Team(database, workers=1))
        server.stop(running)

    with ThreadPoolExecutor() as pool:
        list(pool.map(start, servers))
    # Whoever has another login is told, and not left waiting.
    login.unlink()
    with pytest.raises(LocalServerError, match=r"does not know the login in .*login\.json"):
        start(servers[1])


def test_a_database_that_an_interrupted_first_start_left_half_made_is_told(
    postgres: Cluster, address: str, tmp_path: Path
) -> None:
    database, _ = read_address(address)
    # As if the process had ended between a step and the note that it was done.
    postgres.sql("DELETE FROM django_migrations WHERE app = 'tasks'", database.name)
    with pytest.raises(LocalServerError, match=r"half made. Nobody has worked on it: make it anew"):
        LocalServer(tmp_path).start("127.0.0.1", free_port(), team=Team(database))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_forms_are_taken_from_the_public_address_and_from_no_other(
    root: Path, address: str
) -> None:
    serving = Serving(root, "--database", address, "--url", f"{PUBLIC}/")
    try:
        login = json.loads((root / ".annotate" / "login.json").read_bytes())
        # As a proxy on another machine sends it, whose word for https counts for nothing.
        answers = [
            log_in(serving.url, login, origin) for origin in (PUBLIC, "https://evil.example.org")
        ]
    finally:
        end(serving)
    assert [answer.status_code for answer in answers] == [302, 403]
    cookies = answers[0].headers.get_list("set-cookie")
    assert any(cookie.startswith("sessionid=") for cookie in cookies)
    assert all("Secure" in cookie for cookie in cookies)


def log_in(url: str, login: dict[str, str], origin: str) -> httpx.Response:
    with httpx.Client(base_url=url, headers={"Host": "studio.example.org"}) as browser:
        page = browser.get("/user/login/")
        token = page.cookies["csrftoken"]
        form = {"email": login["email"], "password": login["password"]}
        return browser.post(
            "/user/login/",
            data=form | {"csrfmiddlewaretoken": token},
            # By hand: a cookie for https only is not sent here by itself.
            headers={"Origin": origin, "Cookie": f"csrftoken={token}"},
        )


def test_what_needs_a_database_is_refused_without_one(root: Path) -> None:
    def told(*arguments: str) -> str:
        outcome = run_locally("serve", "--workspace", root, *arguments)
        assert outcome.status == 1
        assert outcome.stderr.count("\n") == 1
        return outcome.stderr

    assert "--workers needs --database: SQLite" in told("--workers", "2")
    assert "--data, --url needs --database" in told("--url", PUBLIC, "--data", ".")
    assert "is not http(s)://HOST" in told("--url", f"{PUBLIC}/studio")
    assert "must begin with postgresql://" in told("--database", "mysql://me:secret@h/n")
    assert not (root / ".annotate" / "team.json").exists()


def test_a_workspace_with_work_on_sqlite_is_told_that_it_stays_there(
    root: Path, address: str
) -> None:
    data = root / ".annotate" / "label-studio"
    data.mkdir(parents=True)
    (data / "label_studio.sqlite3").touch()
    serving = Serving(root, "--database", address)
    said = serving.stop(signal.SIGTERM)
    assert "so far lies on SQLite and is not moved" in said


def test_sign_up_is_closed_and_nothing_is_reported(team_server: Server) -> None:
    form = {"email": "stranger@example.org", "password": "a long passphrase"}
    with httpx.Client(base_url=team_server.url) as browser:
        page = browser.get("/user/signup/")
        form["csrfmiddlewaretoken"] = page.cookies["csrftoken"]
        answer = browser.post("/user/signup/", data=form, headers={"Referer": team_server.url})
    assert answer.status_code == 403
    assert "sentry.io" not in page.text
    settings = team_server.call("GET", "api/version")
    assert settings["label-studio-os-package"]["latest_version_from_pypi"] is None


def test_a_long_question_is_answered(team_server: Server) -> None:
    listed = team_server.call("GET", f"api/projects?long={'x' * 12_000}")
    assert "results" in listed


def test_the_server_works_on_after_postgresql_was_restarted(
    team_server: Server, postgres: Cluster
) -> None:
    team_server.call("GET", "api/projects")
    postgres.restart()
    assert "results" in team_server.call("GET", "api/projects")


def test_an_article_is_annotated_in_the_browser(
    browser: Browser, team_server: Server, root: Path, title: str
) -> None:
    login = team_server.login
    pushed = run_annotate(
        "push", "--workspace", root, LABEL_STUDIO_URL=team_server.url,
        LABEL_STUDIO_API_KEY=login.token,
    )  # fmt: skip
    assert pushed.status == 0, pushed.stderr
    with Studio(team_server.url, login.token) as studio:
        (project,) = studio.projects_titled(title)
        ((task,),) = studio.pushed_tasks(project.id)
        person = Annotator(browser, team_server.url, login.email, login.password)
        person.open(project.id, task.id, suggestions=1)
        hotkeys = {entity.name: entity.hotkey for entity in sample_schema().entities}
        person.mark(9, 14, "PERSON", hotkeys["PERSON"])
        person.submit()
        ((there,),) = studio.annotated_tasks(project.id)
    (annotation,) = there.annotations
    marks = json.loads(bytes(annotation.result))
    assert sorted((m["value"]["start"], m["value"]["end"]) for m in marks) == [(0, 8), (9, 14)]


def test_a_missing_gunicorn_says_how_to_install_it(root: Path, address: str) -> None:
    code = (
        "import sys\nsys.modules['gunicorn'] = None\n"
        "from annotate.cli import main\nmain(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", "--workspace", root, "--database", address],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'annotate-corpus[server]'" in done.stderr
