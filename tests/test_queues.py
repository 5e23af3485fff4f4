"""Two people in the browser, each with a queue of their own."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from annotate.corpus import Article
from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Server
from tests.factories import sample_articles
from tests.labelling import PICTURES, Annotator
from tests.studio.people import PASSWORD, sign_up

_HEADING = ".annotate-article h3"


@pytest.fixture
def title() -> str:
    return f"Tin cơ sở {uuid.uuid4().hex[:4]}"


@pytest.fixture
def articles() -> list[Article]:
    return list(sample_articles().values())[:5]


@pytest.fixture
def workspace(make_workspace: MakeWorkspace, articles: list[Article]) -> Workspace:
    return make_workspace({f"{article.id}.md": source(article) for article in articles})


def source(article: Article) -> str:
    head = {"title": article.title, "source": article.source, "author": article.author}
    lines = "".join(f"{name}: {json.dumps(value)}\n" for name, value in head.items())
    return f"---\n{lines}---\n{article.text}\n"


class Person:
    """Somebody with a queue: what they see in it, and what they are offered from it."""

    def __init__(self, browser: Browser, server: Server, email: str, link: str) -> None:
        self._link = link
        self.at = Annotator(browser, server.url, email, PASSWORD)
        self.page = self.at.page

    def open(self, picture: str = "") -> str:
        """Open the queue, and return what the page says."""
        self.page.goto(self._link)
        expect(self.page.get_by_text("Label All Tasks")).to_be_visible()
        expect(self.page.get_by_text("Submitted annotations:")).to_be_visible()
        # Rows come a moment after the counts.
        self.page.wait_for_timeout(1500)
        if picture:
            self.page.screenshot(path=PICTURES / f"{picture}.png")
        return self.page.locator("body").inner_text()

    def begin(self) -> None:
        """Begin to label what is displayed, as the guide says."""
        self.page.get_by_label("Toggle open").click()
        self.page.get_by_text("Label Tasks As Displayed").click()
        instructions = self.page.locator("[class*=lsf-modal-ls_visible]")
        instructions.wait_for()
        self.page.keyboard.press("Escape")
        instructions.wait_for(state="hidden")

    def submit_all(self) -> list[str]:
        """Submit what is offered until nothing is; return the titles."""
        heading = self.page.locator(_HEADING).first
        end = self.page.get_by_text("No More Tasks Left in Queue")
        titles: list[str] = []
        while not end.is_visible():
            titles.append(heading.inner_text())
            # The editor lets nobody submit in the first moment.
            self.page.wait_for_timeout(1000)
            self.page.get_by_test_id("bottombar-submit-button").click()
            expect(heading.get_by_text(titles[-1], exact=True)).to_have_count(0)
            expect(heading.or_(end)).to_be_visible()
        return titles


def test_two_people_label_each_in_a_queue_of_their_own(
    browser: Browser, server: Server, studio: Studio, annotate: Annotate, workspace: Workspace,
    articles: list[Article],
) -> None:  # fmt: skip
    tag = uuid.uuid4().hex[:6]
    emails = [f"lan@{tag}.example.org", f"minh@{tag}.example.org"]
    for email in emails:
        sign_up(server, email).__exit__()
    root = workspace.root

    def run(*arguments: str) -> dict[str, Any]:
        done = annotate(*arguments, "--workspace", root, "--json")
        assert done.status == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    shared = articles[0]
    run("push", str(workspace.corpus_path / f"{shared.id}.md"))
    run("assign", "--annotators", ",".join(emails), "--overlap", "2")
    run("push")
    assigned = run("assign", "--annotators", ",".join(emails), "--overlap", "1")
    assert [one["articles"] for one in assigned["people"]] == [3, 3]

    seen: list[set[str]] = []
    people = [
        Person(browser, server, email, one["queues"][0])
        for email, one in zip(emails, assigned["people"], strict=True)
    ]
    for person, name in zip(people, "ab", strict=True):
        page = person.open(picture=f"queue-{name}")
        assert "Tasks: 3 / 5" in page
        seen.append({article.title for article in articles if article.title in page})
    assert seen[0] | seen[1] == {article.title for article in articles}
    assert seen[0] & seen[1] == {shared.title}

    for person, titles in zip(people, seen, strict=True):
        person.begin()
        assert sorted(person.submit_all()) == sorted(titles)
        assert "Tasks: 0 / 5" in person.open()
    (project,) = studio.projects_titled(workspace.settings.title)
    assert studio.count_annotated(project.id) == 5
    assert [one["done"] for one in run("assign")["people"]] == [3, 3]
