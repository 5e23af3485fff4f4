"""`annotate schema check` and `annotate schema json-schema`: what they print, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.workspace import shipped
from tests.conftest import lay_out, run_annotate

SAMPLE = shipped("schemas") / "security-news.yaml"
FAULTY = """\
name: mine
version: 1.0
language: vi
title: Của tôi
entities:
  - {name: A, title: a, definition: d, hotkey: ctrl}
"""
COUNTS = "11 labels, 6 relations, 0 attributes, 0 choices. No fault."


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "workspace", "Mine", {})


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(FAULTY, encoding="utf-8")
    return path


def check(*arguments: str | Path, cwd: Path) -> tuple[int, str, str]:
    return run_annotate("schema", "check", *arguments, cwd=cwd)


def told(printed: str) -> Any:
    (line,) = printed.splitlines()
    return json.loads(line)


def test_the_schema_of_the_workspace_is_checked(workspace: Path) -> None:
    line = f"schema.yaml: security-news 1.0.0 (vi): {COUNTS}\n"
    assert check(cwd=workspace) == (0, line, "")
    status, out, _ = check("--workspace", workspace, cwd=workspace.parent)
    assert (status, out) == (0, f"workspace/{line}")


def test_a_file_needs_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(
        "name: s\nversion: '1'\nlanguage: en\ntitle: S\n"
        "entities: [{name: A, title: a, definition: d}]\n",
        encoding="utf-8",
    )
    line = "one.yaml: s 1 (en): 1 label, 0 relations, 0 attributes, 0 choices. No fault.\n"
    assert check("one.yaml", cwd=tmp_path) == (0, line, "")
    status, out, _ = check(SAMPLE, cwd=tmp_path)
    assert (status, out) == (0, f"{SAMPLE}: security-news 1.0.0 (vi): {COUNTS}\n")


def test_all_faults_are_printed_with_their_lines(faulty: Path) -> None:
    status, out, err = check(faulty.name, cwd=faulty.parent)
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        "annotate: mine.yaml: 2 faults. Correct the file:",
        "  line 2: version: Expected `str`, got `float`; put it in quotes",
        "  line 6: entities[0].hotkey: a hotkey is one key, not 'ctrl'",
    ]


def test_json_of_a_good_schema(workspace: Path) -> None:
    status, out, err = check("--json", cwd=workspace)
    assert (status, err) == (0, "")
    assert told(out) == {
        "file": str(workspace / "schema.yaml"), "ok": True, "faults": [], "name": "security-news",
        "version": "1.0.0", "language": "vi", "labels": 11, "relations": 6, "attributes": 0,
        "choices": 0,
    }  # fmt: skip


def test_json_of_faults(faulty: Path) -> None:
    status, out, err = check(faulty, "--json", cwd=faulty.parent)
    assert (status, err) == (1, "")
    assert told(out)["ok"] is False
    assert [fault.split(":")[0] for fault in told(out)["faults"]] == ["line 2", "line 6"]
    status, out, err = check("none.yaml", "--json", cwd=faulty.parent)
    assert (status, err) == (1, "")
    assert "none.yaml cannot be read" in told(out)["faults"][0]


def test_without_a_file_or_a_workspace_it_says_what_to_do(tmp_path: Path) -> None:
    status, out, err = check(cwd=tmp_path)
    assert (status, out) == (1, "")
    assert "no annotate.toml in" in err


def test_a_file_and_a_workspace_are_too_much(workspace: Path) -> None:
    status, _, err = check(SAMPLE, "--workspace", workspace, cwd=workspace)
    assert status == 2
    assert "Give FILE or --workspace, not both." in err


def test_the_json_schema_is_that_of_the_schemas_folder(tmp_path: Path) -> None:
    outcome = run_annotate("schema", "json-schema", cwd=tmp_path)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout == (shipped("schemas") / "schema.json").read_text(encoding="utf-8")
