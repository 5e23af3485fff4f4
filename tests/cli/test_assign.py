"""`annotate assign` and `annotate invite`: what they print, and what they refuse."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.cli.invite import find_door
from annotate.studio.client import Studio
from annotate.workspace import Workspace, open_workspace
from tests.conftest import Annotate, MakeWorkspace, Outcome, Server, lay_out
from tests.studio.people import sign_up

_NEWS = "Ngày 12-3, Trung tá Lê An đến thăm gia đình ông Tám ở bản Nà Pheo và tặng mười phần quà."
_OTHER = "Lớp học xóa mù chữ của xã Suối Lềnh khai giảng với bốn mươi học viên người lớn tuổi."


@pytest.fixture(scope="module")
def emails(server: Server) -> list[str]:
    tag = uuid.uuid4().hex[:6]
    made = [f"{name}-{tag}@example.org" for name in ("hoa", "thu")]
    for email in made:
        sign_up(server, email).__exit__()
    return made


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    """Four articles, of which three are near-duplicates."""
    files = {f"tin-{n}.md": f"{_NEWS}\n" * 3 + f"Theo báo số {n}.\n" for n in range(3)}
    return make_workspace(files | {"lop-hoc.md": f"{_OTHER}\n"})


class Lead:
    """Whoever runs the command in a pushed workspace."""

    def __init__(self, annotate: Annotate, root: Path) -> None:
        self._annotate = annotate
        self._root = root
        assert self.run("push").status == 0

    def run(self, *arguments: str) -> Outcome:
        return self._annotate(*arguments, "--workspace", self._root)

    def json(self, *arguments: str) -> dict[str, Any]:
        done = self.run(*arguments, "--json")
        assert done.status == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result


@pytest.fixture
def lead(annotate: Annotate, workspace: Workspace) -> Lead:
    return Lead(annotate, workspace.root)


def test_it_prints_the_plan_and_a_link_for_everyone(
    lead: Lead, emails: list[str], server: Server, studio: Studio, title: str
) -> None:
    done = lead.run("assign", "--annotators", ",".join(emails))
    assert done.status == 0, done.stderr
    assert "4 articles for 1 person each" in done.stdout
    assert "4 articles to assign, 4 tasks to write" in done.stdout
    (project,) = studio.projects_titled(title)
    views = [view.id for view in studio.views(project.id) if view.data.title != "Default"]
    for email, view in zip(emails, views, strict=True):
        (line,) = [row for row in done.stdout.splitlines() if email in row and "http" in row]
        link = f"{server.url}/projects/{project.id}/data?tab={view}"
        assert line.split() == [email, "2", "0", link]
    # The one thing about queues that people must be told.
    assert "“Label Tasks As Displayed”" in done.stdout
    again = lead.run("assign", "--annotators", ",".join(emails))
    assert "Nobody's articles change." in again.stdout
    assert link in again.stdout


def test_a_dry_run_tells_the_plan_and_changes_nothing(lead: Lead, emails: list[str]) -> None:
    told = lead.run("assign", "--annotators", ",".join(emails), "--overlap", "2", "--dry-run")
    assert "4 articles for 2 people each" in told.stdout
    assert "http" not in told.stdout
    found = lead.json("assign")
    assert found == {"articles": 4, "without_annotator": 4, "people": []}


def test_without_annotators_it_tells_who_has_what_and_how_many_articles_have_nobody(
    lead: Lead, emails: list[str], workspace: Workspace
) -> None:
    lead.json("assign", "--annotators", ",".join(emails), "--overlap", "2")
    (workspace.corpus_path / "moi.md").write_text("Tin mới nhất về ngày hội.\n", encoding="utf-8")
    lead.run("push")
    told = lead.run("assign")
    assert "1 article of 5 has nobody; run `annotate assign --annotators …`" in told.stdout
    found = lead.json("assign")
    assert found["without_annotator"] == 1
    assert [(one["person"], one["articles"]) for one in found["people"]] == [
        (email, 4) for email in emails
    ]
    # As many people an article as last time.
    assigned = lead.json("assign", "--annotators", ",".join(emails))
    assert (assigned["overlap"], assigned["changed"], assigned["tasks"]) == (2, 1, 1)


def test_near_duplicates_go_to_one_person_by_cluster(lead: Lead, emails: list[str]) -> None:
    names = ",".join(emails)
    plain = lead.json("assign", "--annotators", names, "--dry-run")
    assert [one["articles"] for one in plain["people"]] == [2, 2]
    clustered = lead.json("assign", "--annotators", names, "--by", "cluster")
    assert sorted(one["articles"] for one in clustered["people"]) == [1, 3]


def test_what_cannot_be_done_is_one_line_and_nothing_changes(lead: Lead, emails: list[str]) -> None:
    wrong = {
        ("--annotators", ""): "no annotators are named",
        ("--annotators", f"{emails[0]},{emails[0]}"): f"{emails[0]} is named twice",
        ("--annotators", "x@example.org"): "knows nobody with the address x@example.org",
        ("--annotators", emails[0], "--overlap", "2"): "cannot go to 2 of 1 annotators",
    }
    for arguments, problem in wrong.items():
        done = lead.run("assign", *arguments)
        assert (done.status, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert problem in line
    assert lead.run("assign", "--rebalance").status == 2
    assert lead.json("assign")["without_annotator"] == 4


def test_before_the_first_push_it_says_to_push(
    annotate: Annotate, workspace: Workspace, emails: list[str]
) -> None:
    done = annotate("assign", "--annotators", emails[0], "--workspace", workspace.root)
    assert done.status == 1
    assert "annotate push" in done.stderr


def test_the_invite_link_opens_the_page_to_sign_up(lead: Lead, server: Server) -> None:
    told = lead.run("invite")
    link = told.stdout.strip()
    assert link.startswith(f"{server.url}/user/signup/?token=")
    assert "Whoever has this link can join" in told.stderr
    page = httpx.get(link)
    assert page.status_code == httpx.codes.OK
    assert 'name="password"' in page.text
    assert lead.json("invite") == {"link": link, "note": ""}


def test_of_a_server_that_nobody_else_can_reach_it_says_so(tmp_path: Path) -> None:
    workspace = open_workspace(lay_out(tmp_path / "own", "Một mình", {}), {})
    door = find_door(workspace)
    assert door.url == ""
    assert "annotate serve" in door.note
