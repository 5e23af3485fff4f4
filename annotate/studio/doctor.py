"""Checks of a workspace and its server, each with what to do when it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from annotate.schema import Schema
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger, Place
from annotate.studio.project import config_state, find_project


class Check(NamedTuple):
    """One checked thing: what was found, and the remedy when it is not `ok`."""

    name: str
    ok: bool
    found: str
    remedy: str = ""


# What this release was tested with; others of the same minor series speak alike.
TESTED_SERIES = "1.23"


def check_server(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema
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
    project = find_project(studio, ledger, server, title)
    if project is None:
        yield Check("project", False, f"{title!r} is not there", "Run `annotate push`.")
        return
    yield Check("project", True, f"{project.title!r}, number {project.id}")
    state = config_state(project, ledger, server, schema)
    remedy = "Run `annotate push` to set it from the schema."
    yield Check("labelling page", state == "in step", f"{state} with the schema", remedy)
    yield from _check_tasks(studio, ledger, Place(server, project.id))


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
    remedy = "Delete the tasks without annotations in Label Studio."
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
