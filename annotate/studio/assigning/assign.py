"""Carrying out an assignment: the ledger first, then the projects, the tasks and the queues."""

from __future__ import annotations

from annotate.progress import Progress, silent
from annotate.studio.assigning.plan import Plan, Standing
from annotate.studio.assigning.queues import Queue, open_queues
from annotate.studio.client import Studio
from annotate.studio.encode import ASSIGNED_FIELD, encode_assigned
from annotate.studio.ledger import Ledger


def assign(
    studio: Studio, ledger: Ledger, server: str, standing: Standing, plan: Plan, language: str,
    *, progress: Progress = silent,
) -> list[Queue]:  # fmt: skip
    """Carry out a plan and return the annotators' queues; run again after a failure, it goes on.

    The titles of queues are in `language`. A person gets a queue in each project that has
    articles of theirs.
    """
    ledger.assignments.add(server, {article: plan.assigned[article] for article in plan.changed})
    for project in standing.projects:
        if project.maximum_annotations != plan.most:
            studio.update_project(project.id, {"maximum_annotations": plan.most})
    with progress("Assigning", len(plan.tasks) or None) as advance:
        for task in plan.tasks:
            data = studio.task_data(task.number)
            wanted = {**data, ASSIGNED_FIELD: encode_assigned(plan.assigned[task.article])}
            studio.update_task(task.number, {"data": wanted})
            advance(1)
    queues: list[Queue] = []
    for project in standing.projects:
        mine = {task.article for task in standing.tasks if task.project == project.id}
        have = {person for article in mine for person in plan.assigned[article]}
        listed = [person for person in plan.annotators if person in have]
        queues += open_queues(studio, project.id, listed, standing.people, language)
    return queues
