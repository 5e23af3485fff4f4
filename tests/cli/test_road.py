"""The road as its user goes it: commands, what they print, and JSON for scripts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Server, run_annotate, run_locally

ARTICLES = {
    "one.md": "---\nid: mot\ntitle: Tin một\n---\nTrung tá Lê An đến Bộ Công an.\n",
    "two.txt": "Ngày 12-3, xã Phú Lâm nhận Giấy khen.",
}


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace(ARTICLES)


def submit(studio: Studio, title: str, article: str) -> None:
    (project,) = studio.projects_titled(title)
    (task,) = [
        task.id
        for page in studio.pushed_tasks(project.id)
        for task in page
        if task.meta and task.meta.article == article
    ]
    value = {"start": 0, "end": 8, "labels": ["RANK"], "text": "Trung tá"}
    mark = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    studio.annotate(task, [mark])


def annotated(workspace: Workspace, annotate: Annotate, studio: Studio, title: str) -> Path:
    """Push the articles, annotate one and pull; return the workspace's folder."""
    annotate("push", cwd=workspace.root)
    submit(studio, title, "mot")
    annotate("pull", cwd=workspace.root)
    return workspace.root


def test_push_pull_status_build_in_words(
    workspace: Workspace, annotate: Annotate, studio: Studio, title: str
) -> None:
    root = workspace.root
    planned = annotate("push", "--dry-run", cwd=root)
    assert f"Project '{title}': create" in planned.stdout
    assert "2 articles to push, 0 already there" in planned.stdout
    assert studio.projects_titled(title) == []
    first = annotate("push", "--dry-run", "--limit", "1", cwd=root).stdout
    assert "1 article to push, 0 already there\n1 more is new; left for later\n" in first
    assert "never pushed; run `annotate push`" in annotate("status", cwd=root).stdout

    pushed = annotate("push", cwd=root / "corpus").stdout
    assert "Pushed 2 articles" in pushed
    assert "Annotate at http" in pushed
    assert "Nothing to do." in annotate("push", cwd=root).stdout
    assert "never pulled; run `annotate pull`" in annotate("status", cwd=root).stdout

    submit(studio, title, "mot")
    pulled = annotate("pull", cwd=root)
    assert "1 annotation on the server: 1 submitted, 0 skipped, 1 span" in pulled.stdout
    assert ": nothing new" in annotate("pull", cwd=root).stdout

    status = annotate("status", cwd=root).stdout
    assert [line.split() for line in status.splitlines() if line.startswith("annotated")] == [
        ["annotated", "1", "with", "0", "relations"]
    ]
    built = annotate("build", "out", cwd=root)
    assert "out: 1 article, 1 entity, 0 relations" in built.stdout
    assert "Left out: 1 article without" in built.stdout
    assert (root / "out" / "README.md").is_file()


def test_every_command_prints_one_json_object_and_nothing_else(
    workspace: Workspace, annotate: Annotate, studio: Studio, title: str
) -> None:
    root = workspace.root

    def run(*arguments: str) -> dict[str, object]:
        outcome = annotate(*arguments, "--json", cwd=root)
        assert outcome.status == 0, outcome.stderr
        found = json.loads(outcome.stdout)
        assert isinstance(found, dict)
        return found

    assert run("push")["pushed"] == 2
    submit(studio, title, "mot")
    assert run("pull")["submitted"] == 1
    status = run("status")
    assert (status["articles"], status["pushed"], status["annotated"]) == (2, 2, 1)
    assert run("doctor")["ok"] is True
    built = run("build", "out")
    assert (built["articles"], built["path"]) == (1, str(root / "out"))


def test_an_article_from_outside_the_corpus_is_pushed_and_built(
    workspace: Workspace, annotate: Annotate, studio: Studio, title: str, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.txt"
    elsewhere.write_text("Trung tá Mai đến.", encoding="utf-8")
    pushed = annotate("push", elsewhere, "--workspace", workspace.root)
    assert "1 article to push" in pushed.stdout
    submit(studio, title, "elsewhere")
    annotate("pull", "--workspace", workspace.root)
    elsewhere.unlink()
    built = annotate("build", tmp_path / "out", "--json", "--workspace", workspace.root)
    assert json.loads(built.stdout)["articles"] == 1


def test_an_article_corrected_after_the_push_keeps_its_annotations(
    workspace: Workspace, annotate: Annotate, studio: Studio, title: str
) -> None:
    root = annotated(workspace, annotate, studio, title)
    article = workspace.corpus_path / "one.md"
    article.write_text(article.read_text(encoding="utf-8").replace("Trung", "Ông Trung"))

    built = annotate("build", "out", cwd=root).stdout
    assert "With the text that was pushed, changed in the corpus since: 1 article" in built
    pushed = annotate("push", cwd=root).stdout
    assert "1 article with a new text; what was marked is carried over: mot" in pushed
    assert "Carried over to a new text: 1 article" in pushed
    built = annotate("build", "out", cwd=root).stdout
    assert "changed in the corpus" not in built
    assert "out: 1 article, 1 entity" in built


def test_a_dataset_is_current_until_an_annotation_the_settings_or_a_file_changes(
    workspace: Workspace, annotate: Annotate, studio: Studio, title: str
) -> None:
    root = annotated(workspace, annotate, studio, title)
    nothing = annotate("build", "out", "--check", cwd=root)
    assert (nothing.status, nothing.stdout) == (1, "")
    assert "out is not a dataset that was built here" in nothing.stderr
    annotate("build", "out", cwd=root)
    current = annotate("build", "out", "--check", cwd=root)
    assert (current.status, current.stdout) == (0, "out is what would be built now.\n")

    agreed = annotate("build", "out", "--check", "--policy", "agreed", cwd=root)
    assert (agreed.status, agreed.stdout) == (
        1, "out is not what would be built now: the policy changed.\n"
    )  # fmt: skip
    refused = annotate("build", "out", "--policy", "agreed", cwd=root)
    assert refused.status == 1
    assert "no article has annotations of at least 2 people" in refused.stderr
    (root / "out" / "README.md").write_text("mine", encoding="utf-8")
    submit(studio, title, "mot")
    annotate("pull", cwd=root)
    told = json.loads(annotate("build", "out", "--check", "--json", cwd=root).stdout)
    assert (told["current"], told["why"]) == (
        False, ["the annotations changed", "README.md was altered"]
    )  # fmt: skip


def test_doctor_names_what_is_wrong_and_what_to_do(
    workspace: Workspace, annotate: Annotate, studio: Studio, title: str
) -> None:
    root = workspace.root
    before = annotate("doctor", cwd=root)
    assert before.status == 1
    assert "✗ project" in before.stdout
    assert "→ Run `annotate push`." in before.stdout

    annotate("push", cwd=root)
    well = annotate("doctor", cwd=root)
    assert (well.status, well.stdout.splitlines()[-1]) == (0, "All is well.")
    assert "legacy token of annotate@localhost" in well.stdout

    submit(studio, title, "mot")
    (project,) = studio.projects_titled(title)
    studio.import_tasks(
        project.id, [{"data": {"text": "x"}, "meta": {"article": "mot", "sha256": "0"}}]
    )
    schema = workspace.schema_path
    schema.write_text(schema.read_text(encoding="utf-8").replace("Cấp bậc", "Cấp hàm"))
    sick = annotate("doctor", "--json", cwd=root)
    assert sick.status == 1
    failed = {check["name"] for check in json.loads(sick.stdout)["checks"] if not check["ok"]}
    assert failed == {"labelling page", "tasks", "duplicates", "annotations"}


def test_doctor_never_prints_a_token(
    workspace: Workspace, annotate: Annotate, server: Server
) -> None:
    outcome = annotate("doctor", "--debug", cwd=workspace.root)
    assert server.login.token not in outcome.stdout + outcome.stderr


def test_init_lays_out_a_workspace_that_holds(tmp_path: Path) -> None:
    root = tmp_path / "mới"
    made = run_annotate("init", root)
    assert made.status == 0
    settings = tomllib.loads((root / "annotate.toml").read_text(encoding="utf-8"))
    assert settings["title"] == "mới"
    # Nobody has chosen a licence yet.
    assert "license" not in settings["dataset"]
    status = json.loads(run_annotate("status", "--json", "--workspace", root).stdout)
    assert status["articles"] >= 10


def test_init_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    outcome = run_annotate("init", tmp_path)
    assert outcome.status == 1
    assert "not an empty folder" in outcome.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_demo_runs_the_whole_road_and_again(tmp_path: Path) -> None:
    root = tmp_path / "demo"
    first = run_locally("demo", "--workspace", root)
    assert first.status == 0, first.stderr
    gold = len(list((root / "corpus" / "gold").glob("*.md")))
    loaded = f"gold   {gold} annotations that we ship, loaded as one annotator's work"
    assert loaded in first.stdout
    assert "0 in quarantine" in first.stdout
    again = run_locally("demo", "--workspace", root, "--json")
    built = json.loads(again.stdout)
    assert built["articles"] == gold
    assert built["set_aside"] == built["superseded"] == 0
    assert not (root / ".annotate" / "server.json").exists()
