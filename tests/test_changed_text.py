"""An article's text changes after a person annotated it in the browser: before, and after."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from annotate.formats import read_inline
from annotate.schema import load_schema
from annotate.schema.suggest import suggest
from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Server
from tests.labelling import Annotator

MARKED = (
    "Sáng [12/3](DATE), [Thượng tá](RANK) [Trần Thị Hoa](PERSON), [Phó Trưởng [Công an [huyện"
    " Mường Tác](LOCATION)](ORGANIZATION)](ROLE), trao [10 phần quà 🇻🇳](QUANTITY) cho bà con"
    " [xã Phú Lâm](LOCATION) 👨\u200d👩\u200d👧.\n\n"
    "Ông [Lê Văn Tám](PERSON) nhận [Giấy khen](AWARD).\n"
)
GOLD = read_inline(MARKED)


@pytest.fixture
def title(title: str) -> str:
    return title.replace("Test", "Sửa bài")


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace({"bai.md": f"---\ntitle: Trao quà\n---\n{GOLD.text}\n"})


def change(path: Path) -> str:
    """Mend a typo within a name, add a paragraph before, take a sentence away."""
    text = GOLD.text.strip()
    mended = "Tin từ cơ sở 🎉, cập nhật lúc 10 giờ.\n\n" + (
        text.replace("Trần Thị Hoa", "Trần Thị Hoà").replace(
            "\n\nÔng Lê Văn Tám nhận Giấy khen.", ""
        )
    )
    path.write_text(f"---\ntitle: Trao quà\n---\n{mended}\n", encoding="utf-8")
    return mended


def test_what_a_person_marked_stands_at_the_same_words_of_the_new_text(
    browser: Browser, workspace: Workspace, server: Server, studio: Studio, annotate: Annotate,
    title: str,
) -> None:  # fmt: skip
    root = workspace.root
    assert annotate("push", "--workspace", root).status == 0
    (project,) = studio.projects_titled(title)
    (task,) = [task.id for page in studio.pushed_tasks(project.id) for task in page]
    schema = load_schema(workspace.schema_path)
    hotkeys = {entity.name: entity.hotkey for entity in schema.entities}
    person = Annotator(browser, server.url, server.login.email, server.login.password)
    person.open(project.id, task, suggestions=len(suggest(schema, GOLD.text.strip())))
    there = {(m["value"]["start"], m["value"]["end"]) for m in person.result()}
    for span in GOLD.spans:
        if (span.start, span.end) not in there:
            person.mark(span.start, span.end, span.label, hotkeys[span.label])
    person.photograph("text-before")
    person.submit()
    assert annotate("pull", "--workspace", root).status == 0

    mended = change(root / "corpus" / "bai.md")
    planned = annotate("push", "--dry-run", "--workspace", root)
    assert "1 article with a new text; what was marked is carried over: bai" in planned.stdout
    pushed = annotate("push", "--workspace", root)
    assert "Carried over to a new text: 1 article" in pushed.stdout
    assert "3 marks to look at" in pushed.stdout

    person.page.goto(f"{server.url}/projects/{project.id}/data?task={task}")
    person.page.wait_for_selector("[class*=htx-richtext]")
    person.page.wait_for_function("() => window.Htx?.annotationStore?.selected")
    person.page.wait_for_timeout(1500)
    person.photograph("text-after", button=None)
    shown = [(m["value"]["start"], m["value"]["end"], m["value"]["labels"][0])
             for m in person.result() if m["type"] == "labels"]  # fmt: skip
    words = Counter(GOLD.text[span.start : span.end] for span in GOLD.spans)
    words -= Counter(["Lê Văn Tám", "Giấy khen", "Trần Thị Hoa"])
    words["Trần Thị Hoà"] += 1
    assert Counter(mended[start:end] for start, end, _ in shown) == words
    assert "nothing new" in annotate("pull", "--full", "--workspace", root).stdout
