"""`annotate schema migrate`: what it tells."""

from __future__ import annotations

from tests.conftest import Annotate, MakeWorkspace


def test_a_version_that_the_project_has_already_is_told_so(
    make_workspace: MakeWorkspace, annotate: Annotate
) -> None:
    """It told of a migration from a version to itself."""
    workspace = make_workspace({"one.txt": "Trung tá Lê An đến Bộ Công an."})
    assert annotate("push", cwd=workspace.root).status == 0
    for _ in range(2):
        outcome = annotate("schema", "migrate", cwd=workspace.root)
        first, *_ = outcome.stdout.splitlines()
        assert first == ("The project was at 1.0.0 already; 0 annotations and drafts rewritten now")
