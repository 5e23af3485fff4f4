"""The project on the server that holds a workspace's tasks."""

from __future__ import annotations

from time import sleep
from typing import Any, Literal

from annotate.errors import SchemaError, StudioError
from annotate.schema import Schema, guide_html, labelling_config
from annotate.schema.config import Page, carried_schema, same_config
from annotate.schema.importing import import_config
from annotate.schema.versions.compare import compare, needs_migration, next_step
from annotate.studio.client import Studio
from annotate.studio.encode import SUGGESTIONS
from annotate.studio.ledger import KnownProject, Ledger, Place
from annotate.studio.wire import Project
from annotate.text import digest

# Label Studio takes no longer title.
MOST_TITLE = 50
# Seconds between looks for a single project of a title.
_LOOKS = (0.5, 1.0)

# Of a project's labelling page: not there, made from another schema, edited by hand on the
# server, or as it should be.
State = Literal["missing", "behind", "edited", "in step"]


def find_project(
    studio: Studio, ledger: Ledger, server: str, title: str, part: int = 0
) -> Project | None:
    """Return the workspace's project: the one it had last, else the one with its title.

    A corpus too large for one project has several `part`s, each found by itself.

    Raises `StudioError` when the known project is another one now, or was deleted with
    annotations that the ledger has; and, when none is known, if several projects have the
    title, or the one that has it holds only tasks of somebody else.
    """
    known = ledger.project(server, part)
    if known is not None:
        project = studio.project(known.number)
        if project is not None:
            _refuse_exchanged(project, known, studio.url)
            return project
        _refuse_deleted(ledger, Place(server, known.number), studio.url)
    return _titled(studio, title_of(title, part))


def title_of(title: str, part: int) -> str:
    """Return the title of a workspace's project: its own, and a number from the second on."""
    end = f" ({part + 1})" if part else ""
    return title[: MOST_TITLE - len(end)] + end


def _refuse_exchanged(project: Project, known: KnownProject, url: str) -> None:
    # What the ledger has of the former project would look deleted in this one.
    if project.created_at != known.created_at:
        raise StudioError(
            f"project {project.id} at {url} is not the one that the ledger knows:"
            f" it was created at {project.created_at}, not {known.created_at}",
            "The server was exchanged or reset. Bring the old one back, or run `annotate restore`,"
            " or begin a new workspace for this one.",
        )


def _refuse_deleted(ledger: Ledger, place: Place, url: str) -> None:
    # In a new project they would be out of sight.
    count = sum(1 for _ in ledger.annotations(place))
    if count:
        raise StudioError(
            f"project {place.project} at {url} was deleted; the ledger holds {count} annotations"
            " of it",
            "`annotate restore` brings them back to the server; `annotate status` and `annotate"
            " build` have them all the same.",
        )


def _titled(studio: Studio, title: str) -> Project | None:
    found = studio.projects_titled(title)
    for pause in _LOOKS:
        if len(found) > 1:
            # Of two first pushes at once, the later one deletes its project right away.
            sleep(pause)
            found = studio.projects_titled(title)
    if not found:
        return None
    if len(found) > 1:
        numbers = ", ".join(str(one.id) for one in sorted(found, key=lambda one: one.id))
        raise StudioError(
            f"{len(found)} projects at {studio.url} have the title {title!r}: {numbers}",
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


def require_project(
    studio: Studio, ledger: Ledger, server: str, title: str, part: int = 0
) -> Project:
    """Return the workspace's project; raises `StudioError` when the server has none."""
    project = find_project(studio, ledger, server, title, part)
    if project is None:
        raise StudioError(
            f"{studio.url} has no project {title_of(title, part)!r} yet", "Run `annotate push`."
        )
    return _adopt(ledger, server, project, part)


def _adopt(ledger: Ledger, server: str, project: Project, part: int) -> Project:
    """Note in the ledger that a project is the workspace's."""
    before = ledger.project(server, part)
    known = before
    if known is None or known.number != project.id:
        known = KnownProject(project.id, project.created_at, "")
    carried = carried_schema(project.label_config)
    known = known._replace(page=carried.page if carried else before and before.page)
    if known != before:
        ledger.set_project(server, known, part)
    return project


def find_parts(
    studio: Studio, ledger: Ledger, server: str, title: str, limit: int
) -> dict[int, Project]:
    """Return the projects that the workspace has on the server, by part.

    `limit` is how many tasks one project takes: behind one that is not full there is no other.
    """
    known = ledger.projects(server)
    found: dict[int, Project] = {}
    part = 0
    while True:
        project = find_project(studio, ledger, server, title, part)
        if project is not None:
            found[part] = project
        full = project is not None and (part not in known or (project.task_number or 0) >= limit)
        if part >= max(known, default=0) and not full:
            return found
        part += 1


def require_parts(
    studio: Studio, ledger: Ledger, server: str, title: str, limit: int
) -> list[Project]:
    """Return the workspace's projects; raises `StudioError` when the server has none."""
    found = find_parts(studio, ledger, server, title, limit)
    if not found:
        return [require_project(studio, ledger, server, title)]
    return [_adopt(ledger, server, project, part) for part, project in found.items()]


def page_of(project: Project, ledger: Ledger, server: str, schema: Schema) -> Page:
    """Return what the project's labelling page was made from, as far as is known.

    Its config says so; else the ledger knows what was set last; else it is `schema`.
    """
    carried = carried_schema(project.label_config)
    if carried is not None:
        return carried.page
    known = _known(ledger, server, project)
    return known.page if known and known.page else Page(schema)


def _known(ledger: Ledger, server: str, project: Project) -> KnownProject | None:
    known = ledger.projects(server).values()
    return next((one for one in known if one.number == project.id), None)


def config_state(project: Project | None, ledger: Ledger, server: str, schema: Schema) -> State:
    """Say how the project's labelling config and instructions stand to the schema.

    Labels of a former version that wait for review belong to the page.
    """
    if project is None:
        return "missing"
    carried = carried_schema(project.label_config)
    if carried is None or carried.edited:
        return "edited"
    known = _known(ledger, server, project)
    same_guide = known is not None and known.guide == _guide_digest(schema)
    wanted = labelling_config(schema, carried.page.review)
    return "in step" if same_config(project.label_config, wanted) and same_guide else "behind"


def find_edits(project: Project, page: Page) -> list[str]:
    """Return, a line each, how the project's config differs from the page that was set."""
    try:
        there = import_config(project.label_config, page.schema.name, page).schema
    except SchemaError as error:
        return [error.problem]
    return [f"{edit.what}: {edit.text}" for edit in compare(page.schema, there)]


def tell_edits(project: Project, page: Page) -> str:
    """Return on one line how the project's config differs from the page that was set."""
    return "; ".join(find_edits(project, page)) or "in looks only"


def _guide_digest(schema: Schema) -> str:
    return digest(guide_html(schema))


def ensure_project(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, part: int = 0,
    *, force: bool = False,
) -> Project:  # fmt: skip
    """Create the project, or bring its config and instructions in step with the schema.

    Raises `StudioError` when somebody edited the config by hand, which `force` overwrites;
    when a migration is unfinished; and when annotations already made would not hold, which
    needs a migration.
    """
    project = find_project(studio, ledger, server, title, part)
    if project is None:
        settings = {**settings_for(Page(schema)), **AT_BIRTH}
        project = studio.create_project(title_of(title, part), settings)
        remember_page(ledger, server, project, Page(schema), part)
        return project
    state = config_state(project, ledger, server, schema)
    page = page_of(project, ledger, server, schema)
    if state == "edited" and not force:
        raise StudioError(_edited(studio, project, page), TAKE_IN)
    wanted = Page(schema, page.review)
    refuse_other_schema(project, page, schema)
    if state != "in step":
        _refuse_unmigrated(studio, ledger, Place(server, project.id), page.schema, schema)
        studio.update_project(project.id, settings_for(wanted))
    remember_page(ledger, server, project, wanted, part)
    return project


TAKE_IN = (
    "Take the edits in with `annotate schema import --project`, or overwrite them with"
    " `annotate push --force`."
)


def refuse_other_schema(project: Project, page: Page, schema: Schema) -> None:
    """Raise `StudioError` when the project works under a schema of another name."""
    if page.schema.name != schema.name:
        raise StudioError(
            f"project {project.id} works under the schema {page.schema.name}, not {schema.name}",
            "Give the schema its name back, or begin a new workspace for the other one.",
        )


def refuse_change(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, part: int = 0
) -> None:
    """Raise what `ensure_project` would about changes of the schema; changes nothing."""
    project = find_project(studio, ledger, server, title, part)
    if project is not None:
        page = page_of(project, ledger, server, schema)
        refuse_other_schema(project, page, schema)
        if config_state(project, ledger, server, schema) != "in step":
            _refuse_unmigrated(studio, ledger, Place(server, project.id), page.schema, schema)


def _edited(studio: Studio, project: Project, page: Page) -> str:
    edits = tell_edits(project, page)
    return f"the labelling page of project {project.id} at {studio.url} was edited by hand: {edits}"


def _refuse_unmigrated(
    studio: Studio, ledger: Ledger, place: Place, old: Schema, new: Schema
) -> None:
    last = ledger.migrations.last(place)
    if last is not None and last.ended is None:
        raise StudioError(
            f"a migration from {last.old.version} to {last.new.version} is not finished",
            f"Run `annotate schema migrate --to {last.new.version}`; it goes on where it stopped.",
        )
    if not needs_migration(old, new) or not _has_marks(studio, place.project):
        return
    raise StudioError(
        f"the schema has changes that concern annotations made under {old.version}",
        next_step(old, new)
        if old.version == new.version
        else f"See them with `annotate schema diff`. {next_step(old, new)}",
    )


def _has_marks(studio: Studio, project: int) -> bool:
    return studio.count_annotated(project) > 0 or any(True for _ in studio.drafts(project))


def remember_page(ledger: Ledger, server: str, project: Project, page: Page, part: int = 0) -> None:
    """Note what a project's labelling page and instructions were made from."""
    known = ledger.project(server, part)
    if known is None or known.number != project.id:
        known = KnownProject(project.id, project.created_at, "")
    guide = _guide_digest(page.schema)
    ledger.set_project(server, known._replace(guide=guide, page=page), part)


# What a project gets at birth and the lead may change afterwards.
AT_BIRTH: dict[str, Any] = {
    "show_instruction": True,
    "show_skip_button": True,
    "enable_empty_annotation": True,
    # Both are needed for suggestions to open as a ready annotation.
    "show_collab_predictions": True,
    "model_version": SUGGESTIONS,
}


def settings_for(page: Page) -> dict[str, Any]:
    """Return a project's labelling config and instructions.

    Raises `StudioError` when the SDK finds the config wrong: the server would take more.
    """
    # Slow to import, and only needed when a config is sent.
    from label_studio_sdk._legacy.exceptions import (  # noqa: PLC0415
        LabelStudioValidationErrorSentryIgnored,
    )
    from label_studio_sdk.label_interface.interface import LabelInterface  # noqa: PLC0415

    config = labelling_config(page.schema, page.review)
    try:
        LabelInterface(config).validate()  # type: ignore[no-untyped-call]
    except LabelStudioValidationErrorSentryIgnored as error:
        raise StudioError(
            f"the labelling page of schema {page.schema.name} does not hold: {error}",
            "This is a fault of annotate; please report it.",
        ) from error
    return {"label_config": config, "expert_instruction": guide_html(page.schema)}
