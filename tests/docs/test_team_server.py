"""docs/team-server.md, typed from top to bottom, and what is there afterwards."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, expect

from annotate.studio.server import Login
from tests.conftest import Server, lay_out
from tests.docs.machine import HOST, NEEDED, Block, Machine, blocks
from tests.postgres import Cluster
from tests.studio.people import sign_up

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "team-server.md"
BLOCKS = blocks(DOCUMENT.read_text(encoding="utf-8"))
TITLE = "Bài của cả đội"


class Told:
    """The machine after the whole document, and what each block printed."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.said: list[tuple[Block, str]] = []
        private = machine.folder / "srv/annotate/project/.annotate"
        self.hooks: dict[str, Callable[[], object]] = {
            "cd my-project": self.make_workspace,
            "pg_restore": self.lose_the_project,
            "tar --extract": self.lose_the_machine,
            "annotate --version": lambda: machine.run("systemctl start annotate"),
        }
        self.login_file = private / "login.json"

    @property
    def server(self) -> Server:
        login = msgspec.json.decode(self.login_file.read_bytes(), type=Login)
        return Server(self.machine.url, login)

    def follow(self) -> None:
        for block in BLOCKS:
            for words, hook in self.hooks.items():
                if words in block.text:
                    hook()
            text = block.text.replace("TOKEN", self.token())
            self.said.append((block, self.machine.do(Block(block.kind, text))))

    def token(self) -> str:
        return self.server.login.token if self.login_file.exists() else "TOKEN"

    def output(self, words: str) -> str:
        (found,) = [said for block, said in self.said if words in block.text]
        return found

    def make_workspace(self) -> None:
        root = lay_out(self.machine.folder / "my-project", TITLE, {"one.txt": "Trung tá Lê An."})
        shutil.copyfile(self.machine.certificate, root / "studio.pem")

    def lose_the_project(self) -> None:
        (project,) = self.server.call("GET", "api/projects")["results"]
        self.server.call("DELETE", f"api/projects/{project['id']}/")
        assert self.server.call("GET", "api/projects")["results"] == []

    def lose_the_machine(self) -> None:
        self.machine.run("systemctl stop annotate")
        shutil.rmtree(self.machine.folder / "srv/annotate/project")


@pytest.fixture(scope="module")
def told(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    if missing := [name for name in NEEDED if not shutil.which(name, path=_PATH)]:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI has no {', '.join(missing)}; .ci/run installs it")
        pytest.skip(f"NOT A DEBIAN SERVER: {', '.join(missing)} is missing")
    machine = Machine(tmp_path_factory.mktemp("machine"), postgres)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(machine.certificate))
        patch.setenv("NO_PROXY", "*")
        ran = Told(machine)
        try:
            ran.follow()
            yield ran
        finally:
            machine.end()


_PATH = f"{os.environ['PATH']}:/usr/sbin"


def test_every_block_is_run_or_is_a_file_that_is_used(told: Told) -> None:
    assert len(told.said) == len(BLOCKS) > 10
    assert {block.kind for block in BLOCKS} == {"sh", "ini", "nginx"}
    assert all(block.text.startswith("# /etc/") for block in BLOCKS if block.kind != "sh")
    # Each is a whole one: a fence without a kind would hide from the tests.
    assert DOCUMENT.read_text(encoding="utf-8").count("```") == 2 * len(BLOCKS)


def test_another_machine_pushes_and_pulls_through_tls(told: Told) -> None:
    said = told.output("cd my-project")
    assert "1 article to push" in said
    assert "Compared everything" in said
    login = told.output("--show-login")
    assert told.server.login.password in login


def test_the_restored_server_has_what_it_had(told: Told) -> None:
    environ = {"LABEL_STUDIO_URL": told.machine.url, "LABEL_STUDIO_API_KEY": told.token()}
    settings = " ".join(f"{name}={value}" for name, value in environ.items())
    plan = told.machine.run(
        f"cd my-project && {settings} SSL_CERT_FILE=studio.pem annotate push --json"
    )
    assert json.loads(plan)["unchanged"] == 1


def test_people_join_by_the_link_and_enter_with_a_browser_through_tls(
    told: Told, browser: Browser
) -> None:
    with sign_up(told.server, "mai@example.org") as mai:
        (project,) = mai.projects_titled(TITLE)
        ((task,),) = mai.pushed_tasks(project.id)
    # Playwright has no list of certificates of its own; the other tests check this one.
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(f"{told.machine.url}/user/login/")
    page.fill("input[name=email]", told.server.login.email)
    page.fill("input[name=password]", told.server.login.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda there: "/user/login" not in there)
    page.goto(f"{told.machine.url}/projects/{project.id}/data?task={task.id}")
    expect(page.locator("[class*=htx-richtext]")).to_contain_text("Trung tá Lê An.")
    assert all(cookie["secure"] for cookie in context.cookies())
    context.close()


def test_large_imports_and_long_questions_pass_the_proxy(told: Told) -> None:
    (project,) = told.server.call("GET", "api/projects")["results"]
    tasks = [{"data": {"title": "", "text": "Dài. " * 1000, "about": ""}} for _ in range(400)]
    imported = told.server.call("POST", f"api/projects/{project['id']}/import", tasks)
    assert imported["task_count"] == 400
    listed = told.server.call("GET", f"api/projects?long={'x' * 12_000}")
    assert project["id"] in [one["id"] for one in listed["results"]]


def test_who_forgets_the_s_is_sent_on_and_programs_are_sent_in_short_form(told: Told) -> None:
    plain = httpx.get(f"{told.machine.plain_url}/projects/")
    assert plain.headers["location"] == f"https://{HOST}/projects/"
    script = httpx.get(f"{told.machine.url}/react-app/main.js")
    assert script.status_code == 200
    assert script.headers["content-encoding"] == "gzip"
