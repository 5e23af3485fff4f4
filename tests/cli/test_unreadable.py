"""Files of a workspace that cannot be read: a folder in place of a file, a link to nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.workspace import Workspace, open_workspace
from tests.cli.test_quarantine import annotate
from tests.conftest import lay_out

TEXT = "Trung tá Lê An."

Spoil = Callable[[Path], None]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(lay_out(tmp_path / "workspace", "Tin", {"mot.txt": TEXT}), {})


def fold(path: Path) -> None:
    """Put a folder in place of the file."""
    path.unlink(missing_ok=True)
    path.mkdir()


def dangle(path: Path) -> None:
    """Put a link to nothing in place of the file."""
    path.unlink(missing_ok=True)
    path.symlink_to("nowhere")


def refused(workspace: Workspace, *command: str) -> str:
    """Run a command that has to fail with one line, and return that."""
    outcome = annotate(workspace, *command)
    assert (outcome.status, outcome.stdout, outcome.stderr.count("\n")) == (1, "", 1)
    assert "unexpected" not in outcome.stderr
    return outcome.stderr


@pytest.mark.parametrize(
    ("spoil", "why"), [(fold, "Is a directory"), (dangle, "No such file or directory")]
)
@pytest.mark.parametrize("command", ["status", "build", "schema check", "schema migrate"])
def test_a_schema_that_cannot_be_read_is_one_line(
    workspace: Workspace, command: str, spoil: Spoil, why: str
) -> None:
    path = workspace.schema_path
    spoil(path)
    assert refused(workspace, *command.split()) == (
        f"annotate: schema {path} cannot be read: {why}."
        " Check the path, or `schema` in annotate.toml.\n"
    )


@pytest.mark.parametrize("spoil", [fold, dangle])
def test_what_is_no_file_beside_the_schema_is_not_searched_for_its_version(
    workspace: Workspace, spoil: Spoil
) -> None:
    """It was an unexpected error."""
    spoil(workspace.schema_path.with_name("other.yaml"))
    told = refused(workspace, "schema", "migrate", "--to", "2.0.0")
    assert "is version 1.0.0, and no file beside it is version 2.0.0 of security-news" in told


@pytest.mark.parametrize(
    ("spoil", "why"), [(fold, "Is a directory"), (dangle, "No such file or directory")]
)
def test_a_list_of_splits_that_cannot_be_read_is_one_line(
    workspace: Workspace, spoil: Spoil, why: str
) -> None:
    """A link to nothing was no list: articles would have changed their splits in silence."""
    spoil(workspace.splits_path)
    told = refused(workspace, "build", "--include-unannotated")
    assert told.startswith(f"annotate: {workspace.splits_path} cannot be read: {why}.")
