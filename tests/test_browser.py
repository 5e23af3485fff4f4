"""The whole road with a person in the middle, in a real browser."""

from __future__ import annotations

import unicodedata
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from annotate.formats import Marked, read_inline
from annotate.schema import load_schema
from annotate.spans import Span
from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Server
from tests.labelling import Annotator
from tests.studio.people import PASSWORD, sign_up

TITLE = "Ngày hội toàn dân ở xã Phú Lâm"

# What the annotator marks, in texts with everything that has ever moved an offset.
ARTICLES = {
    "le-hoi": (
        "[Ngày 12 tháng 3 năm 2024](DATE), gia đình 👨\u200d👩\u200d👧  ông [Lê Văn Tám](PERSON)"
        " cùng [45 hộ dân](QUANTITY) đến [UBND [xã Phú Lâm](LOCATION 5)](ORGANIZATION 4) dự"
        " ngày hội.\n\n"
        "[Thượng tá](RANK 6) [Trần Thị Hoa](PERSON 7), [Phó Trưởng [Công an [huyện Mường"
        " Tác](LOCATION)](ORGANIZATION)](ROLE 8) <b>tặng</b> [Giấy khen](AWARD) &amp; [10 phần"
        " quà 🇻🇳](QUANTITY) cho [Tổ tự quản số 3](PROGRAM) \\[ảnh dưới\\].\n\n"
        "“Nhờ [phong trào toàn dân bảo vệ ANTQ](PROGRAM), xã không còn điểm nóng” 👍🏽, bà"
        " [Hoa](PERSON) nói.\n\n"
        "Bài: [Minh Tuệ](PERSON)\n\n---\n4 located_in 5\n7 holds_rank 6\n"
    ),
    "ngan": "[Trung tá](RANK) [An](PERSON)[Bình](PERSON)  👩🏽\u200d🚒\u00a0[xã Đá](LOCATION)",
}


@pytest.fixture
def title() -> str:
    return f"Tin cơ sở {uuid.uuid4().hex[:4]}"


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    """The articles as files with CRLF and decomposed letters."""
    files = {
        f"{name}.md": f"---\ntitle: {TITLE}\n---\n{read_inline(gold).text}\n"
        for name, gold in ARTICLES.items()
    }
    hard = {
        name: unicodedata.normalize("NFD", source.replace("\n", "\r\n"))
        for name, source in files.items()
    }
    return make_workspace(hard)


def annotate_article(person: Annotator, gold: Marked, hotkeys: dict[str, str]) -> None:
    """Accept the suggestions and mark, outer spans first, what they lack."""
    suggested = {
        (mark["value"]["start"], mark["value"]["end"], mark["value"]["labels"][0])
        for mark in person.result()
    }
    for span in gold.spans:
        if (span.start, span.end, span.label) not in suggested:
            person.mark(span.start, span.end, span.label, hotkeys[span.label])


def extents(spans: tuple[Span, ...]) -> list[tuple[int, int, str]]:
    return sorted((span.start, span.end, span.label) for span in spans)


def test_what_a_person_marks_in_the_browser_is_what_the_dataset_says(
    browser: Browser, workspace: Workspace, server: Server, studio: Studio, annotate: Annotate,
    title: str, tmp_path: Path,
) -> None:  # fmt: skip
    root = workspace.root
    assert annotate("push", "--workspace", root).status == 0
    (project,) = studio.projects_titled(title)
    tasks = {
        task.meta.article: task.id
        for page in studio.pushed_tasks(project.id)
        for task in page
        if task.meta
    }
    schema = load_schema(workspace.schema_path)
    hotkeys = {entity.name: entity.hotkey for entity in schema.entities}
    titles = {relation.name: relation.title for relation in schema.relations}
    email = f"reader-{project.id}@example.org"
    sign_up(server, email).__exit__()

    person = Annotator(browser, server.url, email, PASSWORD)
    golds = {name: read_inline(source) for name, source in ARTICLES.items()}
    for name, gold in golds.items():
        person.open(project.id, tasks[name], suggestions={"le-hoi": 4, "ngan": 1}[name])
        annotate_article(person, gold, hotkeys)
        starts = {span.id: span.start for span in gold.spans}
        for relation in gold.relations:
            # A click falls on the innermost region, so an outer one is hit where it begins.
            person.relate(starts[relation.head], starts[relation.tail], titles[relation.label])
        if name == "le-hoi":
            person.photograph("labelling-page")
        person.submit()

    assert annotate("pull", "--workspace", root).status == 0
    out = tmp_path / "dataset"
    assert annotate("build", out, "--workspace", root).status == 0

    import datasets

    spans = datasets.load_dataset(str(out), "spans")
    rows = {row["id"]: row for split in spans.values() for row in split}
    features = next(iter(spans.values())).features
    name_of = features["entities"].feature["label"].int2str
    relation_of = features["relations"].feature["label"].int2str
    for name, gold in golds.items():
        row = rows[name]
        assert (row["text"], row["title"]) == (gold.text, TITLE)
        marked = [(e["start"], e["end"], name_of(e["label"])) for e in row["entities"]]
        assert sorted(marked) == extents(gold.spans)
        assert all(row["text"][e["start"] : e["end"]] == e["text"] for e in row["entities"])
        offsets = {e["id"]: (e["start"], e["end"]) for e in row["entities"]}
        drawn = {
            (offsets[r["head"]], relation_of(r["label"]), offsets[r["tail"]])
            for r in row["relations"]
        }
        ends = {span.id: (span.start, span.end) for span in gold.spans}
        assert drawn == {(ends[r.head], r.label, ends[r.tail]) for r in gold.relations}


def test_a_skipped_article_is_counted_and_not_built(
    browser: Browser, workspace: Workspace, server: Server, studio: Studio, annotate: Annotate,
    title: str,
) -> None:  # fmt: skip
    annotate("push", "--workspace", workspace.root)
    (project,) = studio.projects_titled(title)
    person = Annotator(browser, server.url, server.login.email, server.login.password)
    instructions = person.start(project.id)
    assert "Đánh dấu đoạn ngắn nhất" in instructions
    assert "Hãy tải lại trang" in instructions
    person.skip()

    pulled = annotate("pull", "--workspace", workspace.root)
    assert "0 submitted, 1 skipped" in pulled.stdout
    built = annotate("build", workspace.root / "out", "--workspace", workspace.root)
    assert built.status == 1
    assert "no article of the corpus has a submitted annotation" in built.stderr
