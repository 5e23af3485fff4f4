"""Articles with several tasks, and projects made twice, by two pushes from two machines.

Every push that sees other tasks than its own looks for them when it is done, and every one
keeps the same task: so whichever ends last leaves one, whatever the other did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import httpx

from annotate.errors import RequestRefused
from annotate.studio.client import Studio
from annotate.studio.pushing.plan import Task
from annotate.studio.wire import Project

# Tasks that are looked at, then deleted.
_AT_ONCE = 10


def give_way(studio: Studio, project: Project) -> bool:
    """Delete a project that was just made, when there is an earlier one of its title.

    Of two pushes that make it at the same time the second sees the first one's, if it looks
    afterwards. And Label Studio on SQLite makes one twice for one request, and tells the last,
    when its database was locked meanwhile: those before it, but the first of all, go too.
    """
    titled = [one for one in studio.projects_titled(project.title) if one.id <= project.id]
    first = min((one.id for one in titled), default=project.id)
    if first == project.id:
        return False
    now = studio.project(project.id)
    if now is not None and now.task_number:
        return False
    for one in titled:
        same = one.id == project.id or one.label_config == project.label_config
        if same and one.id != first:
            _delete_empty(studio, one.id)
    return True


def delete_before(studio: Studio, project: Project) -> None:
    """Delete the empty projects that the server made before one for the same request.

    For who knows that there was none of that title.
    """
    for one in studio.projects_titled(project.title):
        if one.id < project.id and one.label_config == project.label_config:
            _delete_empty(studio, one.id)


def _delete_empty(studio: Studio, project: int) -> None:
    """Delete a project that has no task; another push may have deleted it."""
    there = studio.project(project)
    if there is None or there.task_number:
        return
    try:
        studio.request("DELETE", f"api/projects/{project}/")
    except RequestRefused as refused:
        if refused.status != httpx.codes.NOT_FOUND:
            raise


def has_work(studio: Studio, project: int, tasks: Iterable[int]) -> set[int]:
    """Return those of the tasks in which somebody marked something or skipped."""
    listed = list(tasks)
    annotated = {task.id for task in studio.some_tasks(project, listed) if task.annotations}
    return annotated | {task for task in listed if task not in annotated and studio.drafts_of(task)}


def remove_doubles(
    studio: Studio, projects: Mapping[int, int], doubles: Mapping[str, Sequence[Task]]
) -> tuple[list[Task], list[Task]]:
    """Delete the doubles that nobody worked on; return what is left of them, and what went.

    `projects` are the projects' numbers by part. Of an article's tasks the first that
    somebody worked on stays, else the first; so does every other with work in it.
    """
    left: list[Task] = []
    deleted: list[Task] = []
    for tasks in doubles.values():
        worked = {task for task in tasks if has_work(studio, projects[task.part], [task.number])}
        keeper = min(worked or tasks)
        left += [task for task in tasks if task == keeper or task in worked]
        deleted += [task for task in tasks if task != keeper and task not in worked]
    for part, project in projects.items():
        chosen = {task.number: task for task in deleted if task.part == part}
        kept = chosen.keys() - delete_unworked(studio, project, chosen)
        left += [chosen[number] for number in sorted(kept)]
        deleted = [task for task in deleted if task.part != part or task.number not in kept]
    return left, deleted


def delete_unworked(studio: Studio, project: int, tasks: Iterable[int]) -> set[int]:
    """Delete those of the tasks in which nobody did anything; return which.

    A few at a time, just after each was looked at: people go on meanwhile.
    """
    deleted: set[int] = set()
    listed = list(tasks)
    for start in range(0, len(listed), _AT_ONCE):
        some = set(listed[start : start + _AT_ONCE])
        if free := some - has_work(studio, project, some):
            studio.delete_tasks(project, sorted(free))
            deleted |= free
    return deleted
