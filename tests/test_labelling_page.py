"""The labelling page in a real browser: everything that a schema may ask, in both themes."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from annotate.corpus import read_articles
from annotate.markup import Marked, read_inline
from annotate.schema import Choice, Option, Schema, suggest
from annotate.schema.dump import dump_schema
from annotate.schema.model import Attribute
from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Server
from tests.factories import sample_articles, sample_schema
from tests.labelling import PICTURES, Annotator

TITLE = "Đêm hội trăng rằm ở bản Nà Pheo"
GOLD = """
Tối [ngày 17 tháng 9 năm 2024](DATE 1), [Đại úy](RANK 2) [Vàng A Tống](PERSON 3), \
[Phó Trưởng [Công an [xã Suối Lềnh](LOCATION 6)](ORGANIZATION 5)](ROLE 4), cùng [32 em \
nhỏ](QUANTITY) rước đèn quanh bản.

---
3 holds_rank 2
5 located_in 6
1 . normal_form "2024-09-17"
5 . kind "state"
""".replace("\\\n", "")


def schema() -> Schema:
    """Return the sample schema with a free text and a choice about marks, and two questions."""
    kinds = (Option("state", "Cơ quan nhà nước"), Option("people", "Đoàn thể"))
    yes_no = (Option("yes", "Dùng được"), Option("no", "Không dùng được"))
    topics = (Option("festival", "Lễ hội"), Option("award", "Khen thưởng"))
    return msgspec.structs.replace(
        sample_schema(),
        attributes=(
            Attribute("normal_form", "Ngày ở dạng chuẩn", ("DATE",), "Ví dụ 2024-03-12"),
            Attribute("kind", "Tổ chức loại nào?", ("ORGANIZATION",), options=kinds),
        ),
        choices=(
            Choice("usable", "Bài này có dùng được không?", yes_no),
            Choice("topic", "Chủ đề", topics, multiple=True),
        ),
    )


@pytest.fixture
def title() -> str:
    return f"Trăng rằm {uuid.uuid4().hex[:4]}"


@pytest.fixture
def gold() -> Marked:
    return read_inline(GOLD)


@pytest.fixture
def workspace(make_workspace: MakeWorkspace, gold: Marked) -> Workspace:
    head = f"---\ntitle: {json.dumps(TITLE)}\nsource: Báo Suối Lềnh\nauthor: Mã Thị Dợ\n---\n"
    long = "\n\n".join(article.text for article in sample_articles().values())[:30_000]
    made = make_workspace({"hoi.md": f"{head}{gold.text}\n", "z-dai.md": f"{head}{long}\n"})
    made.schema_path.write_text(dump_schema(schema()), encoding="utf-8")
    return made


class Desk(NamedTuple):
    """A pushed project, the tasks of its articles, and somebody at it."""

    project: int
    tasks: dict[str, int]
    person: Annotator


@pytest.fixture
def desk(
    browser: Browser, workspace: Workspace, server: Server, studio: Studio, annotate: Annotate,
    title: str,
) -> Desk:  # fmt: skip
    assert annotate("push", "--workspace", workspace.root).status == 0
    (project,) = studio.projects_titled(title)
    listed = [task for page in studio.pushed_tasks(project.id) for task in page]
    tasks = {task.meta.article: task.id for task in listed if task.meta}
    person = Annotator(browser, server.url, server.login.email, server.login.password)
    return Desk(project.id, tasks, person)


def in_both_themes(person: Annotator, name: str) -> None:
    """Take a picture of the page in the light theme and in the dark one."""
    for theme in ("light", "dark"):
        person.page.screenshot(path=PICTURES / f"{name}-{theme}.png")
        person.switch_theme()


def test_the_guide_is_the_instructions_that_open_first(desk: Desk) -> None:
    for theme in ("light", "dark"):
        told = desk.person.start(desk.project, picture=f"instructions-{theme}")
        desk.person.switch_theme()
        for entity in schema().entities:
            assert entity.definition in " ".join(told.split())


def test_everything_that_a_schema_asks_can_be_answered(
    desk: Desk, workspace: Workspace, annotate: Annotate, gold: Marked
) -> None:
    person = desk.person
    person.open(desk.project, desk.tasks["hoi"], suggestions=2)
    expect(person.page.get_by_text("Báo Suối Lềnh · Mã Thị Dợ")).to_be_visible()
    hotkeys = {entity.name: entity.hotkey for entity in schema().entities}
    suggested = {(m["value"]["start"], m["value"]["end"]) for m in person.result()}
    for span in gold.spans:
        if (span.start, span.end) not in suggested:
            person.mark(span.start, span.end, span.label, hotkeys[span.label])
    starts = {span.id: span.start for span in gold.spans}
    titles = {relation.name: relation.title for relation in schema().relations}
    for relation in gold.relations:
        person.relate(starts[relation.head], starts[relation.tail], titles[relation.label])

    # Asked of these marks only.
    question = person.page.get_by_text("Ngày ở dạng chuẩn")
    person.select(starts["3"])
    expect(question).to_be_hidden()
    person.select(starts["1"])
    expect(question).to_be_visible()
    person.write("2024-09-17")
    person.select(starts["5"])
    person.choose("Cơ quan nhà nước")
    person.choose("Dùng được")
    person.choose("Lễ hội")
    person.select(starts["1"])
    in_both_themes(person, "page")
    person.submit()

    assert annotate("pull", "--workspace", workspace.root).status == 0
    built = annotate("build", workspace.root / "dataset", "--workspace", workspace.root)
    assert built.status == 0, built.stderr
    check_dataset(workspace.root / "dataset", gold)


def check_dataset(path: Path, gold: Marked) -> None:
    import datasets

    spans = datasets.load_dataset(str(path), "spans")
    (row,) = [row for split in spans.values() for row in split]
    features = next(iter(spans.values())).features
    entity = features["entities"].feature
    got = {(e["start"], e["end"], entity["label"].int2str(e["label"])) for e in row["entities"]}
    assert got == {(span.start, span.end, span.label) for span in gold.spans}
    answers = {e["text"]: (e["normal_form"], e["kind"]) for e in row["entities"]}
    given = {text: answer for text, answer in answers.items() if answer != (None, None)}
    assert given == {
        "ngày 17 tháng 9 năm 2024": ("2024-09-17", None),
        "Công an xã Suối Lềnh": (None, entity["kind"].str2int("state")),
    }
    assert features["usable"].int2str(row["usable"]) == "yes"
    assert [features["topic"].feature.int2str(topic) for topic in row["topic"]] == ["festival"]
    assert len(row["relations"]) == 2


def test_the_labels_stay_in_sight_in_a_long_article(desk: Desk, workspace: Workspace) -> None:
    articles = read_articles([workspace.root / "corpus"])
    (long,) = [article for article in articles if article.id == "z-dai"]
    assert len(long.text) > 25_000
    suggestions = len(suggest(schema(), long.text))
    desk.person.open(desk.project, desk.tasks[long.id], suggestions=suggestions)
    desk.person.scroll(9000)
    page = desk.person.page
    for entity in schema().entities:
        label = page.locator(".annotate-bar .lsf-label__text", has_text=entity.title).first
        expect(label).to_be_in_viewport(ratio=1)
    expect(page.get_by_text(TITLE)).not_to_be_in_viewport()
    page.screenshot(path=PICTURES / "page-scrolled.png")
