"""Backup, `ledger verify` and restore as their user goes about them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from annotate.studio.client import Studio
from annotate.studio.ledger import KnownProject, Place, open_ledger
from annotate.studio.ledger.verify import open_to_read, verify
from annotate.studio.server import LocalServer
from annotate.workspace import Workspace
from tests.conftest import (
    Annotate,
    MakeWorkspace,
    Outcome,
    Server,
    lay_out,
    run_annotate,
    run_locally,
)
from tests.factories import make_article
from tests.proxy import Answer, Asked, FaultProxy
from tests.studio.ledgers import append, entry
from tests.studio.people import sign_up

URL = "https://studio.example.org"


@pytest.fixture
def root(tmp_path: Path, title: str) -> Path:
    """A workspace that was pushed and pulled, one article of which is not the pushed one."""
    made = lay_out(tmp_path / "workspace", title, {"a.txt": "Trung tá Lê An.", "b.txt": "Mới."})
    (made / ".annotate").mkdir(mode=0o700)
    with open_ledger(ledger_of(made)) as ledger:
        ledger.set_project(URL, KnownProject(1, "then", "guide"))
        ledger.record_tasks(Place(URL, 1), [(1, make_article())])
    append(ledger_of(made), entry(1), entry(2), place=Place(URL, 1))
    return made


def ledger_of(root: Path) -> Path:
    return root / ".annotate" / "ledger.sqlite3"


def run(root: Path, *arguments: str | Path) -> Outcome:
    return run_annotate(
        *arguments, "--workspace", root, LABEL_STUDIO_URL=URL, LABEL_STUDIO_API_KEY=""
    )


def refused(outcome: Outcome) -> str:
    assert (outcome.status, outcome.stdout) == (1, "")
    (line,) = outcome.stderr.splitlines()
    return line


# Backup.


def test_a_backup_is_one_private_file_with_all_rows_and_says_what_is_not_in_it(root: Path) -> None:
    file = root / "kept.sqlite3"
    done = run(root, "backup", file)
    assert done.status == 0, done.stderr
    assert "2 annotations, 1 article, 1 project" in done.stdout
    assert f"sha256 {hashlib.sha256(file.read_bytes()).hexdigest()}" in done.stdout
    assert "Nothing was pulled yet" in done.stdout
    assert "Not in it: 1 article of the corpus" in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in root.glob("*kept*")) == ["kept.sqlite3"]
    assert rows(file) == rows(ledger_of(root))


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM annotations ORDER BY row").fetchall()


def test_a_backup_tells_a_script_what_it_holds(root: Path) -> None:
    found = json.loads(run(root, "backup", root / "kept", "--json").stdout)
    assert (found["annotations"], found["rows"], found["not_in_it"]) == (2, 2, 1)
    assert found["path"] == str(root / "kept")


def test_a_corpus_that_cannot_be_read_keeps_nobody_from_a_backup(root: Path) -> None:
    shutil.rmtree(root / "corpus")
    assert json.loads(run(root, "backup", root / "kept", "--json").stdout)["not_in_it"] is None


def test_a_file_that_is_there_is_replaced_with_force_only(root: Path) -> None:
    file = root / "kept"
    file.write_text("last year's")
    assert "kept is there already" in refused(run(root, "backup", file))
    assert file.read_text() == "last year's"
    assert run(root, "backup", file, "--force").status == 0
    assert rows(file) == rows(ledger_of(root))


def test_the_ledger_is_not_replaced_by_its_backup(root: Path) -> None:
    assert "is the ledger itself" in refused(run(root, "backup", ledger_of(root), "--force"))


@pytest.mark.parametrize("file", ["no/folder/kept", "corpus"])
def test_a_place_that_can_take_no_file_is_refused(root: Path, file: str) -> None:
    assert "cannot be a file" in refused(run(root, "backup", root / file, "--force"))


def test_without_a_ledger_there_is_nothing_to_back_up(tmp_path: Path, title: str) -> None:
    root = lay_out(tmp_path / "new", title, {})
    assert "nothing to back up" in refused(run(root, "backup", root / "kept"))
    assert not ledger_of(root).exists()


def test_a_ledger_with_a_fault_replaces_no_good_backup(root: Path) -> None:
    file = root / "kept"
    run(root, "backup", file)
    before = file.read_bytes()
    tamper(root)
    assert "was not written: the ledger is not as it was, first at row 1" in refused(
        run(root, "backup", file, "--force")
    )
    assert file.read_bytes() == before
    assert sorted(path.name for path in root.glob("*kept*")) == ["kept"]


def tamper(root: Path) -> None:
    with closing(sqlite3.connect(ledger_of(root))) as connection, connection:
        (sql,) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'no_update'"
        ).fetchone()
        connection.execute("DROP TRIGGER no_update")
        connection.execute("UPDATE annotations SET pulled_at = 'never' WHERE row = 1")
        connection.execute(sql)


def test_a_full_disk_leaves_the_former_backup(root: Path) -> None:
    file = root / "kept"
    run(root, "backup", file)
    before = file.read_bytes()
    append(ledger_of(root), entry(3, result=b'["' + b"x" * 400_000 + b'"]'), place=Place(URL, 1))
    command = [sys.executable, "-m", "annotate", "backup", str(file), "--force"]

    def little_space() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = subprocess.run(
        [*command, "--workspace", str(root)],
        preexec_fn=little_space, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert file.read_bytes() == before
    assert sorted(path.name for path in root.glob("*kept*")) == ["kept"]


def test_a_backup_while_others_write_is_whole(root: Path) -> None:
    done = threading.Event()

    def write() -> None:
        number = 100
        while not done.is_set():
            append(ledger_of(root), entry(number), entry(number + 1), place=Place(URL, 1))
            number += 2

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(3):
            assert run(root, "backup", root / f"kept-{turn}").status == 0
    finally:
        done.set()
        writer.join()
    for turn in range(3):
        with open_to_read(root / f"kept-{turn}") as ledger:
            checked = verify(ledger, print)
        assert checked.faults == 0
        # Whole pages only.
        assert checked.rows % 2 == 0


# Checking.


def test_a_ledger_as_it_was_written_is_told_in_numbers(root: Path) -> None:
    done = run(root, "ledger", "verify")
    assert done.status == 0
    assert re.search(rf"Project 1 at {URL}: 2 rows, head [0-9a-f]{{64}}\n", done.stdout)
    assert done.stdout.endswith("2 rows and 1 text checked: all as they were written\n")


def test_a_fault_is_a_line_and_an_exit_status_for_a_ledger_and_for_a_backup(root: Path) -> None:
    run(root, "backup", root / "kept")
    tamper(root)
    done = run(root, "ledger", "verify")
    assert done.status == 1
    first, *_ = done.stdout.splitlines()
    assert first.startswith(f"row 1, annotation 1 of project 1 at {URL}: it is not what was")
    assert "2 rows and 1 text checked: 1 fault" in done.stdout
    found = json.loads(run(root, "ledger", "verify", "--json").stdout)
    assert (found["ok"], [fault["row"] for fault in found["faults"]]) == (False, [1])
    # A backup needs no workspace.
    assert run_annotate("ledger", "verify", root / "kept", cwd=Path("/")).status == 0


def test_what_is_no_ledger_is_told(root: Path, tmp_path: Path, title: str) -> None:
    assert "is not a database" in refused(run(root, "ledger", "verify", root / "annotate.toml"))
    assert "does not exist" in refused(run(root, "ledger", "verify", root / "gone"))
    new = lay_out(tmp_path / "new", title, {})
    assert "there is no ledger" in refused(run(new, "ledger", "verify"))
    assert not ledger_of(new).exists()


# Restore.


def test_a_ledger_with_a_broken_chain_is_restored_by_force_only(root: Path) -> None:
    tamper(root)
    assert "not as it was written, first at row 1" in refused(run(root, "restore"))
    # Then it is the server that is asked.
    assert "no token" in refused(run(root, "restore", "--force"))


def test_without_anything_to_restore_from_a_backup_is_asked_for(tmp_path: Path, title: str) -> None:
    root = lay_out(tmp_path / "new", title, {})
    assert "Name a backup of one" in refused(run(root, "restore"))
    with open_ledger(tmp_path / "empty"):
        pass
    (root / ".annotate").mkdir(exist_ok=True)
    shutil.copyfile(tmp_path / "empty", ledger_of(root))
    assert "ledger of this workspace is empty" in refused(run(root, "restore"))
    assert "there is no file" in refused(run(root, "restore", root / "gone"))
    assert "is not a database" in refused(run(root, "restore", root / "annotate.toml"))


def test_a_backup_of_another_history_is_refused_and_one_that_goes_on_is_taken(
    root: Path, tmp_path: Path
) -> None:
    run(root, "backup", root / "kept")
    append(ledger_of(root), entry(3), place=Place(URL, 1))
    # Past the ledger: it has no token.
    assert "no token" in refused(run(root, "restore", root / "kept"))
    other = tmp_path / "other.sqlite3"
    append(other, entry(8), place=Place(URL, 1))
    before = rows(ledger_of(root))
    assert "they are two histories" in refused(run(root, "restore", other))
    assert rows(ledger_of(root)) == before
    assert not list(root.glob(".annotate/restoring*"))


@pytest.mark.parametrize("to", ["nowhere", "https://me:secret@studio.example.org"])
def test_a_server_that_is_none_is_told_without_its_password(root: Path, to: str) -> None:
    line = refused(run(root, "restore", "--to", to))
    assert "http(s)://HOST without a password" in line
    assert "secret" not in line


ARTICLES = {
    "mot.txt": "Trung tá Lê An đến Bộ Công an.",
    "hai.txt": "Ngày 12-3, xã Phú Lâm nhận Giấy khen.",
    "ba.txt": "Đại úy Mai ở lại.",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Label Studio that nobody used yet."""
    local = LocalServer(tmp_path_factory.mktemp("empty"))
    with local.use() as running:
        yield Server(running.url, local.login())


class Desk:
    """A workspace on the session's server, in which two people annotated."""

    def __init__(self, workspace: Workspace, annotate: Annotate, server: Server) -> None:
        self.root = workspace.root
        self.annotate = annotate
        self.title = workspace.settings.title
        self.other = f"{self.title.split()[1].lower()}@example.org"
        assert self.run("push").status == 0
        with (
            Studio(server.url, server.login.token) as first,
            sign_up(server, self.other) as second,
        ):
            submit(first, self.title, "mot", 0, 8, "RANK")
            submit(second, self.title, "mot", 9, 14, "PERSON")
            submit(second, self.title, "ba", 0, 6, "RANK")
        assert self.run("pull").status == 0

    def run(self, *arguments: str | Path, **environ: str) -> Outcome:
        return self.annotate(*arguments, "--workspace", self.root, **environ)

    def at(self, server: Server) -> dict[str, str]:
        return {"LABEL_STUDIO_URL": server.url, "LABEL_STUDIO_API_KEY": server.login.token}


def submit(studio: Studio, title: str, article: str, start: int, end: int, label: str) -> None:
    (project,) = studio.projects_titled(title)
    (task,) = [
        task.id
        for page in studio.pushed_tasks(project.id)
        for task in page
        if task.meta and task.meta.article == article
    ]
    text = ARTICLES[f"{article}.txt"][start:end]
    value = {"start": start, "end": end, "labels": [label], "text": text}
    mark = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    studio.annotate(task, [mark])


@pytest.fixture
def desk(make_workspace: MakeWorkspace, annotate: Annotate, server: Server) -> Desk:
    return Desk(make_workspace(ARTICLES), annotate, server)


def dataset(folder: Path) -> dict[str, bytes]:
    """The bytes of a dataset, but for the digests of annotations with their numbers."""
    found = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
    lock = json.loads(found["annotate.lock"])
    numbered = ("README.md", "croissant.json")
    for digest in (lock["annotations"], *(lock["files"][name] for name in numbered)):
        found["annotate.lock"] = found["annotate.lock"].replace(digest.encode(), b"")
    told = re.search(rb"build ([0-9a-f]{16})", found["README.md"])
    assert told is not None
    for name in numbered:
        found[name] = found[name].replace(told[1], b"").replace(told[1][:12], b"")
    return found


def test_an_empty_server_gets_everything_and_a_pull_finds_no_difference(
    desk: Desk, empty: Server
) -> None:
    assert desk.run("build", desk.root / "before").status == 0
    to = ("restore", "--to", empty.url)
    key = {"LABEL_STUDIO_API_KEY": empty.login.token}

    planned = desk.run(*to, "--dry-run", **key)
    assert planned.status == 0, planned.stderr
    assert "3 articles, 3 submitted and 0 skipped annotations" in planned.stdout
    assert f"{desk.other}: 2 annotations; not on the server" in planned.stdout

    without = desk.run(*to, **key)
    assert without.status == 1
    assert f"are not on the server: {desk.other}" in without.stderr
    assert f"LABEL_STUDIO_URL={empty.url} annotate invite" in without.stderr

    done = desk.run(*to, "--sign-up", **key)
    assert done.status == 0, done.stderr
    assert "Restored 3 articles with 3 annotations" in done.stdout
    assert "Pulled and compared: everything arrived\n" in done.stdout
    assert f'Now put url = "{empty.url}" under [label-studio]' in done.stdout
    assert "has every restored article." in done.stdout

    logins = desk.root / ".annotate" / "restored-logins.json"
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    password = json.loads(logins.read_text())[empty.url][desk.other]
    assert password not in done.stdout + done.stderr
    assert logs_in(empty.url, desk.other, password)

    there = desk.at(empty)
    for options in (["--full"], []):
        pulled = json.loads(desk.run("pull", "--json", *options, **there).stdout)
        assert (pulled["added"], pulled["deleted"], pulled["submitted"]) == (0, 0, 3)
    assert "Nothing to do" in desk.run("push", **there).stdout
    assert desk.run("doctor", **there).status == 0
    assert desk.run("build", desk.root / "after", **there).status == 0
    assert dataset(desk.root / "after") == dataset(desk.root / "before")
    again = desk.run(*to, **key)
    assert "Nothing to restore" in again.stdout


def logs_in(url: str, address: str, password: str) -> bool:
    with httpx.Client(base_url=url, follow_redirects=True, timeout=60) as browser:
        page = browser.get("/user/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token is not None
        form = {"email": address, "password": password, "csrfmiddlewaretoken": token[1]}
        browser.post("/user/login/", data=form, headers={"Referer": url})
        return bool(browser.get("/api/current-user/whoami").json().get("email") == address)


def test_a_new_workspace_goes_on_from_a_backup(
    desk: Desk, empty: Server, tmp_path: Path, title: str
) -> None:
    kept = tmp_path / "kept.sqlite3"
    assert desk.run("backup", kept).status == 0
    before = kept.read_bytes()
    new = lay_out(tmp_path / "new", f"{title} new", ARTICLES)
    for path in (new / "corpus").iterdir():
        path.unlink()
    (new / "corpus" / "sample.txt").write_text("Bài mẫu.", encoding="utf-8")
    there = desk.at(empty)

    def run_new(*arguments: str | Path) -> Outcome:
        return desk.annotate(*arguments, "--workspace", new, **there)

    planned = run_new("restore", kept, "--dry-run", "--as-owner")
    assert planned.status == 0, planned.stderr
    assert not ledger_of(new).exists()
    done = run_new("restore", kept, "--as-owner")
    assert done.status == 0, done.stderr
    assert f"2 annotations of {desk.other} count as yours now" in done.stdout
    assert " lacks 3 restored articles: " in done.stdout
    assert "Until they are there again, do not push with --prune" in done.stdout
    assert "It has 1 other, which `annotate push` would send." in done.stdout
    pruned = run_new("push", "--prune")
    assert pruned.status == 1
    assert "--prune would delete 3 of the 3 tasks" in pruned.stderr
    assert kept.read_bytes() == before
    assert stat.S_IMODE(ledger_of(new).stat().st_mode) == 0o600
    assert json.loads(run_new("pull", "--json").stdout)["added"] == 0
    status = json.loads(run_new("status", "--json").stdout)
    assert (status["annotated"], list(status["annotators"])) == (2, [empty.login.email])
    assert "Nothing to restore" in run_new("restore", kept).stdout


def test_a_local_server_whose_database_is_gone_comes_back(tmp_path: Path, title: str) -> None:
    root = lay_out(tmp_path / "workspace", title, ARTICLES)
    private = root / ".annotate"
    private.mkdir(mode=0o700)
    local = LocalServer(private)
    with local.use() as running, Studio(running.url, local.login().token) as studio:
        assert run_locally("push", "--workspace", root).status == 0
        submit(studio, title, "mot", 0, 8, "RANK")
        assert run_locally("pull", "--workspace", root).status == 0
    shutil.rmtree(private / "label-studio")
    with local.use():
        lost = run_locally("pull", "--workspace", root)
        assert lost.status == 1
        done = run_locally("restore", "--workspace", root)
        assert done.status == 0, done.stderr
        assert "Restored 3 articles with 1 annotation" in done.stdout
        pulled = json.loads(run_locally("pull", "--json", "--workspace", root).stdout)
        assert (pulled["added"], pulled["submitted"]) == (0, 1)
        status = json.loads(run_locally("status", "--json", "--workspace", root).stdout)
        assert (status["pushed"], status["annotated"]) == (3, 1)
    # The new server counts from 1 again, as the lost one did.
    with open_ledger(ledger_of(root)) as ledger:
        (place,) = ledger.places("local")
        assert place.project > 1
        assert ledger.count(Place("local", 1)) == ledger.count(place) == 1


@pytest.mark.parametrize("at", [8, 11, 14])
def test_a_restore_killed_at_once_goes_on(desk: Desk, server: Server, at: int) -> None:
    process: subprocess.Popen[bytes]

    def kill(asked: Asked, _answer: Answer) -> None:
        if asked.number == at:
            process.kill()

    with Studio(server.url, server.login.token) as studio:
        (project,) = studio.projects_titled(desk.title)
        server.call("DELETE", f"api/projects/{project.id}/")
        with FaultProxy(server.url, after=kill) as proxy:
            command = [sys.executable, "-m", "annotate", "restore", "--to", proxy.url]
            key = {"LABEL_STUDIO_URL": server.url, "LABEL_STUDIO_API_KEY": server.login.token}
            process = subprocess.Popen(
                [*command, "--workspace", desk.root], env={**os.environ, **key}
            )
            assert process.wait(timeout=120) == -signal.SIGKILL
            done = desk.run("restore", "--to", proxy.url)
            assert done.status == 0, done.stderr
        (project,) = studio.projects_titled(desk.title)
        assert (project.task_number, studio.count_annotated(project.id)) == (3, 2)
    with open_ledger(ledger_of(desk.root)) as ledger:
        (place,) = ledger.places(proxy.url)
        assert ledger.count(place) == 3
        assert verify(ledger, print).faults == 0
