"""The project on the server that holds a workspace's tasks."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal
from xml.etree.ElementTree import ParseError, canonicalize

from annotate.errors import StudioError
from annotate.schema import Schema, guide_html, labelling_config
from annotate.studio.client import Studio
from annotate.studio.ledger import KnownProject, Ledger, Place
from annotate.studio.wire import SUGGESTIONS, Project
from annotate.text import digest

State = Literal["missing", "differs", "in step"]


def find_project(studio: Studio, ledger: Ledger, server: str, title: str) -> Project | None:
    """Return the workspace's project: the one it had last, else the one with its title.

    Raises `StudioError` when the known project is another one now, or was deleted with
    annotations that the ledger has; and, when none is known, if several projects have the
    title, or the one that has it holds only tasks of somebody else.
    """
    known = ledger.project(server)
    if known is not None:
        project = studio.project(known.number)
        if project is not None:
            _refuse_exchanged(project, known, studio.url)
            return project
        _refuse_deleted(ledger, Place(server, known.number), studio.url)
    return _titled(studio, title)


def _refuse_exchanged(project: Project, known: KnownProject, url: str) -> None:
    # What the ledger has of the former project would look deleted in this one.
    if project.created_at != known.created_at:
        raise StudioError(
            f"project {project.id} at {url} is not the one that the ledger knows:"
            f" it was created at {project.created_at}, not {known.created_at}",
            "The server was exchanged or reset. Bring the old one back, or begin a new"
            " workspace for this one.",
        )


def _refuse_deleted(ledger: Ledger, place: Place, url: str) -> None:
    # In a new project they would be out of sight.
    count = sum(1 for _ in ledger.annotations(place))
    if count:
        raise StudioError(
            f"project {place.project} at {url} was deleted; the ledger holds {count} annotations"
            " of it",
            "`annotate status` and `annotate build` still have them. To annotate on, begin a new"
            " workspace.",
        )


def _titled(studio: Studio, title: str) -> Project | None:
    found = studio.projects_titled(title)
    if not found:
        return None
    if len(found) > 1:
        raise StudioError(
            f"{len(found)} projects at {studio.url} have the title {title!r}",
            "Rename the others in Label Studio, or change `title` in annotate.toml.",
        )
    project = studio.project(found[0].id)
    if project is not None and project.task_number and not _has_our_tasks(studio, project):
        raise StudioError(
            f"project {title!r} at {studio.url} holds tasks that no workspace pushed",
            "It is somebody else's: change `title` in annotate.toml.",
        )
    return project


def _has_our_tasks(studio: Studio, project: Project) -> bool:
    pages = studio.pushed_tasks(project.id)
    return any(task.meta is not None and task.meta.article for page in pages for task in page)


def require_project(studio: Studio, ledger: Ledger, server: str, title: str) -> Project:
    """Return the workspace's project; raises `StudioError` when the server has none."""
    project = find_project(studio, ledger, server, title)
    if project is None:
        raise StudioError(f"{studio.url} has no project {title!r} yet", "Run `annotate push`.")
    known = ledger.project(server)
    if known is None or known.number != project.id:
        ledger.set_project(server, KnownProject(project.id, project.created_at, guide=""))
    return project


def config_state(project: Project | None, ledger: Ledger, server: str, schema: Schema) -> State:
    """Say whether the project's labelling config and instructions are those of the schema."""
    if project is None:
        return "missing"
    known = ledger.project(server)
    same_guide = known is not None and known.guide == _guide_digest(schema)
    same_config = _canonical(project.label_config) == _canonical(labelling_config(schema))
    return "in step" if same_config and same_guide else "differs"


def _guide_digest(schema: Schema) -> str:
    return digest(guide_html(schema))


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
    elif config_state(project, ledger, server, schema) == "differs":
        studio.update_project(project.id, _settings(schema))
    known = KnownProject(project.id, project.created_at, _guide_digest(schema))
    ledger.set_project(server, known)
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
