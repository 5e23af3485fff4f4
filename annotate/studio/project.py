"""The project on the server that holds a workspace's tasks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal
from xml.etree.ElementTree import ParseError, canonicalize

from annotate.errors import StudioError
from annotate.schema import Schema, guide_html, labelling_config
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger, Place
from annotate.studio.wire import SUGGESTIONS, Project

State = Literal["missing", "differs", "in step"]


def find_project(studio: Studio, ledger: Ledger, server: str, title: str) -> Project | None:
    """Return the workspace's project: the one it had last, else the one with its title.

    Raises `StudioError` when several projects have the title and none is known, and when
    the known number belongs to another project now: what the ledger has of the former
    would look deleted.
    """
    known = ledger.project(server)
    if known is not None and (project := studio.project(known[0])) is not None:
        if project.created_at != known[1]:
            raise StudioError(
                f"project {project.id} at {studio.url} is not the one that the ledger knows:"
                f" it was created at {project.created_at}, not {known[1]}",
                "The server was exchanged or reset. Begin a new workspace for it, or bring"
                " the old server back.",
            )
        return project
    found = studio.projects_titled(title)
    if len(found) > 1:
        raise StudioError(
            f"{len(found)} projects at {studio.url} have the title {title!r}",
            "Rename the others in Label Studio, or change `title` in annotate.toml.",
        )
    return studio.project(found[0].id) if found else None


def require_project(studio: Studio, ledger: Ledger, server: str, title: str) -> Project:
    """Return the workspace's project; raises `StudioError` when the server has none."""
    project = find_project(studio, ledger, server, title)
    if project is None:
        raise StudioError(f"{studio.url} has no project {title!r} yet", "Run `annotate push`.")
    return project


def config_state(project: Project | None, schema: Schema) -> State:
    """Say whether the project's labelling config and instructions are those of the schema."""
    if project is None:
        return "missing"
    same = _canonical(project.label_config) == _canonical(labelling_config(schema))
    return "in step" if same else "differs"


def _canonical(config: str) -> str:
    with suppress(ParseError):
        return canonicalize(config, strip_text=True)
    return config


def ensure_project(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema
) -> Project:
    """Create the project, or bring its config and instructions in step with the schema."""
    project = find_project(studio, ledger, server, title)
    if project is None:
        project = studio.create_project(title, {**_settings(schema), **_NEW})
    elif config_state(project, schema) == "differs":
        studio.update_project(project.id, _settings(schema))
    ledger.set_project(Place(server, project.id), project.created_at)
    return project


# What a project gets at birth and the lead may change afterwards.
_NEW: dict[str, Any] = {
    "show_instruction": True,
    "show_skip_button": True,
    "enable_empty_annotation": True,
    # Both are needed for suggestions to open as a ready annotation.
    "show_collab_predictions": True,
    "model_version": SUGGESTIONS,
}


def _settings(schema: Schema) -> dict[str, Any]:
    return {
        "label_config": labelling_config(schema),
        "expert_instruction": guide_html(schema),
    }
