"""Bad input: one clear line, a non-zero exit status, nothing half-written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Outcome, run_annotate


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace({"one.txt": "Trung tá Lê An đến Bộ Công an."})


def one_line(outcome: Outcome) -> str:
    assert outcome.status == 1
    assert outcome.stdout == ""
    (line,) = outcome.stderr.splitlines()
    assert line.startswith("annotate: ")
    return line


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("binary.txt", b"PK\x00\x01", "is a binary file"),
        ("latin.txt", b"L\xea \x81\x8d\x8f", "is in no encoding that is recognised"),
        ("empty.txt", b"\r\n \t", "has no text"),
        ("front.md", b"---\nid: [\n---\nText", "front matter is not YAML"),
        ("one.md", b"Another", "have the same article id 'one'"),
    ],
)
def test_an_article_that_cannot_be_used(
    workspace: Workspace, annotate: Annotate, name: str, content: bytes, reason: str
) -> None:
    (workspace.corpus_path / name).write_bytes(content)
    line = one_line(annotate("push", cwd=workspace.root))
    assert reason in line
    assert name in line


def test_a_path_that_is_not_there(workspace: Workspace, annotate: Annotate) -> None:
    assert "gone.txt" in one_line(annotate("push", "gone.txt", cwd=workspace.root))
    assert "gone" in one_line(annotate("push", "gone", cwd=workspace.root))


def test_every_fault_of_a_schema_in_one_go(workspace: Workspace, annotate: Annotate) -> None:
    workspace.schema_path.write_text(
        "name: x\nversion: '1'\nlanguage: vi\ntitle: T\ncolour: red\nentities:\n"
        "- {name: A, title: a, definition: d, examples: [x], hotkey: '1'}\n"
        "- {name: A, title: b, definition: d, examples: [x], hotkey: '1',\n"
        "   patterns: [{regex: '('}]}\n",
        encoding="utf-8",
    )
    outcome = annotate("push", cwd=workspace.root)
    assert outcome.status == 1
    first, *faults = outcome.stderr.splitlines()
    assert "4 faults" in first
    assert [fault.split(": ")[:2] for fault in faults] == [
        ["  line 5", "colour"],
        ["  line 8", "entities[1].name"],
        ["  line 8", "entities[1].hotkey"],
        ["  line 9", "entities[1].patterns[0]"],
    ]


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ('title = "abc"', "there is no key schema"),
        ('title = "x"\nschema = "s"\ncorpus = "c"', "from 3 to 50 characters"),
        ('title = "abc"\nschema = "s"\ncorpus = "c"\ncolour = 1', "colour"),
        ("title =", "annotate.toml"),
        (
            'title = "abc"\nschema = "s"\ncorpus = "c"\n[dataset]\nsplit = { train = 2 }',
            "add up to 1",
        ),
    ],
)
def test_a_workspace_file_that_does_not_hold(tmp_path: Path, toml: str, reason: str) -> None:
    (tmp_path / "annotate.toml").write_text(toml, encoding="utf-8")
    assert reason in one_line(run_annotate("status", cwd=tmp_path))


def test_no_workspace_at_all(tmp_path: Path) -> None:
    assert "annotate init" in one_line(run_annotate("status", cwd=tmp_path))


def test_a_wrong_token(workspace: Workspace, annotate: Annotate) -> None:
    outcome = annotate("push", cwd=workspace.root, LABEL_STUDIO_API_KEY="0" * 40)
    line = one_line(outcome)
    assert "token" in line
    assert "LABEL_STUDIO_API_KEY" in line
    assert "0" * 40 not in line


def test_no_token(workspace: Workspace, annotate: Annotate) -> None:
    outcome = annotate("push", cwd=workspace.root, LABEL_STUDIO_API_KEY="")
    assert "there is no token" in one_line(outcome)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://nowhere.invalid"])
def test_a_url_where_nothing_answers(workspace: Workspace, annotate: Annotate, url: str) -> None:
    line = one_line(annotate("pull", cwd=workspace.root, LABEL_STUDIO_URL=url))
    assert f"no answer from Label Studio at {url}" in line


def test_a_url_that_is_none(workspace: Workspace, annotate: Annotate) -> None:
    outcome = annotate("pull", cwd=workspace.root, LABEL_STUDIO_URL="label-studio:8080")
    assert "LABEL_STUDIO_URL is not http(s)://HOST" in one_line(outcome)


def test_a_url_with_a_password_is_refused_and_not_repeated(
    workspace: Workspace, annotate: Annotate
) -> None:
    outcome = annotate("pull", cwd=workspace.root, LABEL_STUDIO_URL="http://me:secret@127.0.0.1")
    assert "secret" not in one_line(outcome)


def test_an_empty_corpus(workspace: Workspace, annotate: Annotate) -> None:
    (workspace.corpus_path / "one.txt").unlink()
    assert "there are no articles in" in one_line(annotate("push", cwd=workspace.root))


def test_two_pushes_at_once(workspace: Workspace, annotate: Annotate) -> None:
    with workspace.alone("push"):
        line = one_line(annotate("push", cwd=workspace.root))
    assert "another push of this workspace is running" in line
    assert annotate("push", cwd=workspace.root).status == 0


def test_a_port_that_is_none(workspace: Workspace, annotate: Annotate) -> None:
    outcome = annotate("serve", "--port", "99999", cwd=workspace.root)
    assert outcome.status == 2
    assert "99999 is not in the range" in outcome.stderr


def test_the_demo_leaves_other_workspaces_alone(workspace: Workspace, annotate: Annotate) -> None:
    line = one_line(annotate("demo", "--workspace", workspace.root))
    assert "a workspace that the demo did not make" in line


def test_pull_before_push(workspace: Workspace, annotate: Annotate) -> None:
    assert "Run `annotate push`." in one_line(annotate("pull", cwd=workspace.root))


def test_build_into_a_foreign_folder(workspace: Workspace, annotate: Annotate) -> None:
    line = one_line(annotate("build", workspace.corpus_path, cwd=workspace.root))
    assert "not a dataset built here" in line
    assert [path.name for path in workspace.corpus_path.iterdir()] == ["one.txt"]


def test_a_ledger_that_is_none(workspace: Workspace, annotate: Annotate) -> None:
    workspace.ledger_path.write_bytes(b"this is no database, it only looks like one" * 50)
    assert "ledger" in one_line(annotate("status", cwd=workspace.root))


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    outcome = run_annotate("status", "--debug", cwd=tmp_path)
    assert outcome.status == 1
    assert "Traceback" in outcome.stderr
    assert "WorkspaceError" in outcome.stderr


def test_a_failing_command_leaves_the_workspace_as_it_was(
    workspace: Workspace, annotate: Annotate
) -> None:
    shutil.rmtree(workspace.corpus_path)
    one_line(annotate("push", cwd=workspace.root))
    assert sorted(path.name for path in workspace.root.iterdir()) == [
        "annotate.toml",
        "schema.yaml",
    ]
