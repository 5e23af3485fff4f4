"""What restoring asks of the server and nobody else does."""

from __future__ import annotations

from annotate.studio.client import Studio


def delete_project(studio: Studio, project: int) -> None:
    """Delete a project with everything in it."""
    studio.request("DELETE", f"api/projects/{project}/")


def recount(studio: Studio, project: int, overlap: int) -> None:
    """Have the server work out again which tasks are finished, and which labels are in use.

    An import takes skipped tasks for finished ones, so that nobody else would get them, and
    does not count labels, so that those in use could be dropped from the page.
    """
    studio.request("POST", f"api/projects/{project}/summary/reset")
    for most in (overlap + 1, overlap):
        studio.update_project(project, {"maximum_annotations": most})
