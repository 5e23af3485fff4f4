"""Checks of a workspace and its server, each with what to do when it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from annotate.schema import Schema
from annotate.schema.versions.compare import needs_migration, next_step
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger, Place
from annotate.studio.project import TAKE_IN, config_state, find_parts, page_of, tell_edits
from annotate.studio.wire import Project


class Check(NamedTuple):
    """One checked thing: what was found, and the remedy when it is not `ok`."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


# What this release was tested with; others of the same minor series speak alike.
TESTED_SERIES = "1.23"


def check_server(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, limit: int = 20_000
) -> Iterator[Check]:
    """Yield the checks that need the server; `StudioError` when it cannot be asked at all."""
    version = studio.version()
    yield Check(
        "Label Studio",
        version.startswith(TESTED_SERIES + "."),
        f"{version} at {studio.url}",
        f"annotate is tested with {TESTED_SERIES}; use that series, or test on a copy first.",
    )
    yield Check("token", True, f"{studio.token_kind} token of {studio.whoami()}")
    projects = find_parts(studio, ledger, server, title, limit)
    if not projects:
        yield Check("project", False, f"{title!r} is not there", "Run `annotate push`.")
    for project in projects.values():
        yield Check("project", True, f"{project.title!r}, number {project.id}")
        yield _check_page(project, ledger, server, schema)
        yield from _check_tasks(studio, ledger, Place(server, project.id))


def _check_page(project: Project, ledger: Ledger, server: str, schema: Schema) -> Check:
    page = page_of(project, ledger, server, schema)
    state = config_state(project, ledger, server, schema)
    name = "labelling page"
    last = ledger.migrations.last(Place(server, project.id))
    if last is not None and last.ended is None:
        found = f"a migration from {last.old.version} to {last.new.version} is not finished"
        return Check(name, False, found, f"Run `annotate schema migrate --to {last.new.version}`.")
    if state == "edited":
        return Check(name, False, f"edited by hand: {tell_edits(project, page)}", TAKE_IN)
    if state == "behind":
        same = page.schema.version == schema.version
        has = "an earlier text of it" if same else page.schema.version
        found = f"not yet as in the schema {schema.version}; it has {has}"
        migrate = next_step(page.schema, schema)
        push = "Run `annotate push` to set it from the schema."
        return Check(name, False, found, migrate if needs_migration(page.schema, schema) else push)
    waiting = ", ".join(entity.name for entity in page.review)
    found = f"in step with the schema {schema.version}"
    return Check(name, True, f"{found}; {waiting} under review" if waiting else found)


def _check_tasks(studio: Studio, ledger: Ledger, place: Place) -> Iterator[Check]:
    here = ledger.tasks(place)
    there = {
        task.id: task.meta.article
        for page in studio.pushed_tasks(place.project)
        for task in page
        if task.meta is not None and task.meta.article
    }
    counts = f"{len(here)} in the ledger, {len(there)} on the server"
    yield Check("tasks", here.keys() == there.keys(), counts, "Run `annotate push`.")
    twice = sorted(article for article, n in Counter(there.values()).items() if n > 1)
    listed = f"{len(twice)} articles with several tasks, {', '.join(twice[:5])}"
    remedy = "Run `annotate push`: it deletes those that nobody worked on."
    yield Check("duplicates", not twice, listed if twice else "none", remedy)
    known = {annotation.id for annotation in ledger.annotations(place)}
    reported = {
        annotation.id
        for page in studio.annotation_numbers(place.project)
        for task in page
        if task.meta is not None and task.meta.article
        for annotation in task.annotations
    }
    counts = f"{len(known)} in the ledger, {len(reported)} on the server"
    yield Check("annotations", known == reported, counts, "Run `annotate pull`.")
