"""The local server: private, quiet, shared while needed, and gone afterwards."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.errors import LocalServerError
from annotate.studio import server as server_module
from annotate.studio.install import environment
from annotate.studio.server import LocalServer
from tests.conftest import Server, lay_out, run_locally


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def root(tmp_path: Path, title: str) -> Path:
    return lay_out(tmp_path / "workspace", title, {"one.txt": "Trung tá Lê An."})


class Serving:
    """A running `annotate serve`."""

    def __init__(self, root: Path, *arguments: str | Path, **environ: str) -> None:
        self.said = root / "stderr.txt"
        command: list[str | Path] = [sys.executable, "-m", "annotate", "serve", "--workspace", root]
        with self.said.open("w", encoding="utf-8") as stderr:
            self.process = subprocess.Popen(
                [*command, "--port", str(free_port()), *arguments],
                env={**os.environ, **environ},
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        assert self.process.stdout is not None
        # It prints its URL when it is up.
        self.first_line = self.process.stdout.readline()
        assert self.first_line, self.said.read_text(encoding="utf-8")
        state = json.loads((root / ".annotate" / "server.json").read_bytes())
        self.pid: int = state["pid"]
        self.url: str = state["url"]

    def stop(self, number: signal.Signals) -> str:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.said.read_text(encoding="utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def serving(root: Path) -> Iterator[Serving]:
    running = Serving(root)
    yield running
    if running.process.poll() is None:
        running.stop(signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_stops_cleanly_and_leaves_no_process(
    serving: Serving, root: Path, number: signal.Signals
) -> None:
    assert alive(serving.pid)
    said = serving.stop(number)
    assert not alive(serving.pid)
    assert not (root / ".annotate" / "server.json").exists()
    assert serving.process.returncode == 0
    assert "Label Studio is stopped." in said
    assert "Traceback" not in said


def test_a_served_workspace_is_used_by_commands_and_cannot_be_served_twice(
    serving: Serving, root: Path
) -> None:
    assert serving.first_line.startswith("Label Studio runs at http://127.0.0.1:")
    pushed = run_locally("push", "--workspace", root)
    assert (pushed.status, pushed.stderr) == (0, "")
    second = run_locally("serve", "--workspace", root)
    assert second.status == 1
    assert "already runs at http://127.0.0.1:" in second.stderr
    assert alive(serving.pid)


def test_open_beside_a_running_server_opens_that_one_and_leaves_it_running(
    serving: Serving, root: Path, tmp_path: Path
) -> None:
    opened = tmp_path / "opened"
    launcher = tmp_path / "bin" / "xdg-open"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\necho "$1" > "{opened}"\n', encoding="utf-8")
    launcher.chmod(0o755)
    path = f"{launcher.parent}:{os.environ['PATH']}"
    second = run_locally("serve", "--open", "--workspace", root, PATH=path)
    assert (second.status, second.stderr) == (0, "")
    assert second.stdout.startswith(
        f"Label Studio runs already; opened {serving.url} in the browser.\n"
    )
    assert opened.read_text(encoding="utf-8") == f"{serving.url}\n"
    assert alive(serving.pid)


def test_a_command_that_finds_no_server_starts_one_and_stops_it_after(root: Path) -> None:
    pushed = run_locally("push", "--workspace", root)
    assert pushed.status == 0, pushed.stderr
    assert "`annotate serve` keeps it up" in pushed.stderr
    assert "Pushed 1 article" in pushed.stdout
    assert not (root / ".annotate" / "server.json").exists()
    again = run_locally("push", "--json", "--workspace", root)
    assert json.loads(again.stdout)["unchanged"] == 1


def test_the_last_of_several_users_stops_a_temporary_server(tmp_path: Path) -> None:
    first, second = LocalServer(tmp_path), LocalServer(tmp_path)
    with ExitStack() as still_using:
        with first.use() as started:
            assert still_using.enter_context(second.use()) == started
        assert second.running() == started
    assert second.running() is None
    assert first._gone(started)  # noqa: SLF001, it also collects the child of this process


def test_secrets_are_in_files_of_mode_0600_and_in_no_argument(serving: Serving, root: Path) -> None:
    private = root / ".annotate"
    login = json.loads((private / "login.json").read_bytes())
    assert mode(private) == 0o700
    assert mode(private / "login.json") == 0o600
    assert mode(private / "label-studio") == 0o700
    arguments = Path(f"/proc/{serving.pid}/cmdline").read_text(encoding="utf-8")
    log = (private / "label-studio.log").read_text(encoding="utf-8")
    for secret in (login["password"], login["token"]):
        assert secret not in arguments
        assert secret not in log
        assert secret not in serving.first_line
    shown = run_locally("serve", "--show-login", "--workspace", root)
    assert login["password"] in shown.stdout


def test_it_listens_on_this_machine_only_and_sign_up_is_closed(server: Server) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    port = int(server.url.rpartition(":")[2])
    listening = {
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].partition(":")[2], 16) == port
    }
    assert listening == {f"0100007F:{port:04X}"}
    form = {"email": "stranger@example.org", "password": "a long passphrase"}
    with httpx.Client(base_url=server.url) as browser:
        page = browser.get("/user/signup/")
        form["csrfmiddlewaretoken"] = page.cookies["csrftoken"]
        answer = browser.post("/user/signup/", data=form, headers={"Referer": server.url})
    assert answer.status_code != 302
    assert all(person["email"] != form["email"] for person in server.call("GET", "api/users"))


def test_nothing_is_reported_to_anyone(server: Server) -> None:
    settings = server.call("GET", "api/version")
    assert settings["label-studio-os-package"]["latest_version_from_pypi"] is None
    page = httpx.get(f"{server.url}/user/login/").text
    assert "sentry.io" not in page


def test_a_taken_port_is_one_line(root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = run_locally("serve", "--workspace", root, "--port", str(port))
    assert outcome.status == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in outcome.stderr
    assert "--port" in outcome.stderr


def test_a_missing_extra_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "label_studio" else real(name)
    )
    with pytest.raises(LocalServerError, match=r"pip install 'annotate-corpus\[server\]'"):
        LocalServer(tmp_path).start("127.0.0.1", free_port())


def test_a_server_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    broken = LocalServer(tmp_path)
    broken.data.mkdir()
    (broken.data / "label_studio.sqlite3").write_bytes(b"this is no database")
    with pytest.raises(LocalServerError, match=r"ended while starting: .*not a database"):
        broken.start("127.0.0.1", free_port())
    assert broken.running() is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_interrupts_while_the_process_starts_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def interrupted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(real(*arguments, **options))
        signal.raise_signal(number)
        return started[-1]

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        monkeypatch.setattr(subprocess, "Popen", interrupted)
        with pytest.raises(KeyboardInterrupt), LocalServer(tmp_path).use():
            pytest.fail("it went on after an interruption")
    finally:
        signal.signal(signal.SIGTERM, before)
        for child in started:
            child.kill()
    assert len(started) == 1
    assert started[0].wait() == -signal.SIGTERM
    assert LocalServer(tmp_path).running() is None


def test_a_state_file_of_a_dead_server_is_not_believed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    state = {"pid": dead.pid, "url": f"http://127.0.0.1:{free_port()}", "temporary": False}
    (tmp_path / "server.json").write_text(json.dumps(state), encoding="utf-8")
    assert LocalServer(tmp_path).running() is None


def test_a_server_that_does_not_answer_gets_no_second_one_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_PATIENCE", 1)
    local = LocalServer(tmp_path)
    with local.use() as running:
        os.kill(running.pid, signal.SIGSTOP)
        try:
            with pytest.raises(LocalServerError, match="does not answer"):
                LocalServer(tmp_path).running()
        finally:
            os.kill(running.pid, signal.SIGCONT)


def test_serve_takes_over_from_a_temporary_server_that_was_left_behind(
    root: Path, tmp_path: Path
) -> None:
    private = root / ".annotate"
    private.mkdir(mode=0o700)
    code = (
        "import os, sys\nfrom pathlib import Path\n"
        "from annotate.studio.server import LocalServer\n"
        "with LocalServer(Path(sys.argv[1])).use():\n    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, private], check=False, cwd=tmp_path)
    left = json.loads((private / "server.json").read_bytes())
    assert left["temporary"]
    assert alive(left["pid"])
    running = Serving(root)
    assert running.pid != left["pid"]
    running.stop(signal.SIGHUP)
    assert not alive(running.pid)


def test_the_environment_of_the_person_does_not_reach_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_NAME", "ALLOWED_HOSTS", "SECRET_KEY", "LABEL_STUDIO_HOST", "DEBUG"):
        monkeypatch.setenv(name, "mine")
    passed = environment(tmp_path)
    assert "mine" not in passed.values()
    assert passed["PATH"] == os.environ["PATH"]
    assert passed["COLLECT_ANALYTICS"] == "false"
