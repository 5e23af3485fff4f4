"""`annotate push` on a changed corpus: what it foretells, what it says, what it refuses."""

from __future__ import annotations

import json

import pytest

from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace
from tests.studio.marks import arrow_mark, span_mark

TEXT = "Trung tá Lê Ân đến Bộ Công an. Ông Tám nhận Giấy khen ở xã Phú Lâm."
MENDED = "Tin mới. Trung tá Lê An đến Bộ Công an. Bà con mừng ở xã Phú Lâm."
# As it is, with other words, and gone with an arrow at it.
MARKS = [
    span_mark("r", "RANK", 0, 8, text="Trung tá"),
    span_mark("p", "PERSON", 9, 14, text="Lê Ân"),
    arrow_mark("p", "mang cấp bậc", "r"),
    span_mark("t", "PERSON", 35, 38, text="Tám"),
    arrow_mark("t", "mang cấp bậc", "r"),
]


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace({"mot.txt": TEXT, "hai.txt": "Bài hai."})


@pytest.fixture
def marked(workspace: Workspace, annotate: Annotate, studio: Studio, title: str) -> Workspace:
    """A workspace with marks on a text that has changed since."""
    annotate("push", cwd=workspace.root)
    (project,) = studio.projects_titled(title)
    (task,) = (
        task.id
        for page in studio.pushed_tasks(project.id)
        for task in page
        if task.meta and task.meta.article == "mot"
    )
    studio.annotate(task, MARKS)
    assert annotate("pull", cwd=workspace.root).status == 0
    (workspace.corpus_path / "mot.txt").write_text(MENDED, encoding="utf-8")
    return workspace


def test_what_becomes_of_marks_on_a_changed_text_is_foretold_and_then_so(
    marked: Workspace, annotate: Annotate
) -> None:
    planned = annotate("push", "--dry-run", cwd=marked.root).stdout
    assert (
        "1 article with a new text; what was marked is carried over: mot\n"
        "  5 marks there, by what was pulled so far:\n"
        "    2 with the same words\n"
        "    1 with other words; counts and waits for a look\n"
        "    2 taken off, words gone; do not count\n"
    ) in planned

    done = annotate("push", cwd=marked.root).stdout
    assert (
        "3 marks to look at: see `annotate quarantine list`, and in Label Studio\n"
        "the view 'Văn bản đã đổi, cần xem lại'\n"
        "  1 with other words; counts and waits for a look\n"
        "  2 taken off, words gone; do not count\n"
    ) in done
    listed = annotate("quarantine", "list", cwd=marked.root).stdout
    assert "1 mark counts and waits for a look, 2 marks do not count." in listed
    pulled = annotate("pull", "--full", cwd=marked.root).stdout
    assert "1 mark counts and waits for a look, 2 marks do not count; see" in pulled


def test_json_has_the_forecast_and_what_was_left(marked: Workspace, annotate: Annotate) -> None:
    planned = json.loads(annotate("push", "--dry-run", "--json", cwd=marked.root).stdout)
    assert planned["forecast"] == {
        "as_they_are": 2, "reworded": 1, "taken_off": 2, "unknown": 0
    }  # fmt: skip
    done = json.loads(annotate("push", "--json", cwd=marked.root).stdout)
    assert (done["left"], done["reworded"], done["taken_off"]) == (3, 1, 2)
    pulled = json.loads(annotate("pull", "--json", cwd=marked.root).stdout)
    assert pulled["quarantine"] == {"counting": 1, "not_counting": 2}


def test_without_the_former_text_nothing_is_foretold(marked: Workspace, annotate: Annotate) -> None:
    for path in marked.private.glob("ledger.sqlite3*"):
        path.unlink()
    planned = annotate("push", "--dry-run", cwd=marked.root).stdout
    assert "  1 article whose former text the ledger does not have" in planned


def test_a_prune_of_most_of_a_project_needs_force(workspace: Workspace, annotate: Annotate) -> None:
    annotate("push", cwd=workspace.root)
    for path in workspace.corpus_path.iterdir():
        path.unlink()
    (workspace.corpus_path / "ba.txt").write_text("Bài ba.", encoding="utf-8")
    for options in (["--dry-run"], []):
        refused = annotate("push", "--prune", *options, cwd=workspace.root)
        assert refused.status == 1
        assert "--prune would delete 2 of the 2 tasks of project" in refused.stderr
        assert (
            "Check `corpus` in annotate.toml; --force deletes them all the same" in refused.stderr
        )
    done = json.loads(annotate("push", "--prune", "--force", "--json", cwd=workspace.root).stdout)
    assert (done["pushed"], done["pruned"]) == (1, 2)


def test_a_prune_of_half_of_a_project_needs_no_force(
    workspace: Workspace, annotate: Annotate
) -> None:
    annotate("push", cwd=workspace.root)
    (workspace.corpus_path / "hai.txt").unlink()
    assert "Deleted 1 task" in annotate("push", "--prune", cwd=workspace.root).stdout
