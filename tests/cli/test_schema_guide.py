"""`annotate schema guide`: where the guide goes, and in which form."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotate.schema import guide_markdown, guide_page
from tests.conftest import Outcome, lay_out, run_annotate
from tests.factories import sample_schema
from tests.schema.guides import every_feature
from tests.schema.strategies import to_yaml


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "workspace", "Mine", {})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A schema file that lies in no workspace."""
    path = tmp_path / "mine.yaml"
    path.write_text(to_yaml(every_feature()), encoding="utf-8")
    return path


def guide(*arguments: str | Path, cwd: Path) -> Outcome:
    return run_annotate("schema", "guide", *arguments, cwd=cwd)


def test_the_workspaces_guide_is_printed_as_markdown(workspace: Path) -> None:
    text = guide_markdown(sample_schema())
    assert guide(cwd=workspace) == (0, text, "")
    assert guide("--workspace", workspace, cwd=workspace.parent) == (0, text, "")


def test_a_schema_file_needs_no_workspace(file: Path) -> None:
    assert guide(file, cwd=file.parent) == (0, guide_markdown(every_feature()), "")


def test_the_page_is_printed_on_demand(file: Path) -> None:
    outcome = guide(file, "--format", "html", cwd=file.parent)
    assert outcome == (0, guide_page(every_feature()), "")


@pytest.mark.parametrize(
    ("name", "more", "start"),
    [
        ("guide.md", (), "# All"),
        ("guide.html", (), "<!DOCTYPE html>"),
        ("GUIDE.HTML", (), "<!DOCTYPE html>"),
        ("guide.txt", ("--format", "markdown"), "# All"),
        ("guide.md", ("--format", "html"), "<!DOCTYPE html>"),
    ],
)
def test_a_file_gets_the_form_that_its_name_or_else_an_option_says(
    file: Path, name: str, more: tuple[str, ...], start: str
) -> None:
    outcome = guide(file, "--out", name, *more, cwd=file.parent)
    assert outcome == (0, f"Guide of small 1: {name}\n", "")
    assert (file.parent / name).read_text(encoding="utf-8").startswith(start)


def test_a_name_that_says_no_form_is_refused(file: Path) -> None:
    status, out, err = guide(file, "--out", "guide.pdf", cwd=file.parent)
    assert (status, out) == (2, "")
    assert "guide.pdf ends in neither .md nor .html: add --format." in err
    assert not (file.parent / "guide.pdf").exists()


def test_a_schema_and_a_workspace_together_are_refused(workspace: Path, file: Path) -> None:
    outcome = guide(file, "--workspace", workspace, cwd=workspace)
    assert outcome.status == 2
    assert "Give FILE or --workspace, not both." in outcome.stderr


def test_a_folder_that_is_not_there_is_told(file: Path) -> None:
    outcome = guide(file, "--out", "no/guide.md", cwd=file.parent)
    assert outcome.status == 1
    assert "no/guide.md cannot be written" in outcome.stderr


def test_without_a_schema_a_workspace_is_needed(tmp_path: Path) -> None:
    outcome = guide(cwd=tmp_path)
    assert outcome.status == 1
    assert "annotate.toml" in outcome.stderr
