"""The one adapter to a Label Studio server: what is asked of it, a method each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import msgspec

from annotate.errors import RequestRefused
from annotate.studio.connection import Connection, K, Listing, greater
from annotate.studio.wire import (
    AnnotatedTask,
    Counts,
    Draft,
    NumberedTask,
    PredictedTask,
    Project,
    PushedTask,
    Result,
    View,
    WireAnnotation,
)

# All the others cost the server more than these do.
_PROJECT_FIELDS = ",".join(Project.__struct_fields__)
_ANNOTATION_FIELDS = WireAnnotation.__struct_fields__
_TASK_FIELDS = "id,data,meta"
_PREDICTION_FIELDS = "id,meta,predictions,model_version,result,score"


C = TypeVar("C", bound=Counts)


class _Imported(msgspec.Struct, frozen=True):
    task_ids: list[int]


class _Person(msgspec.Struct, frozen=True):
    id: int
    email: str


class _Invite(msgspec.Struct, frozen=True):
    invite_url: str


class _Data(msgspec.Struct, frozen=True):
    data: dict[str, Any]


class _Release(msgspec.Struct, frozen=True):
    release: str


class _Projects(msgspec.Struct, frozen=True):
    results: list[Project]


class Studio(Connection):
    """A Label Studio server, as a person with a token sees it.

    The errors of every method are those of `Connection`.
    """

    def version(self) -> str:
        """Return the release of the server, for example 1.23.2."""
        return self.call("GET", "api/version", _Release).release

    def whoami(self) -> str:
        """Return the address of the person whose token is used."""
        return self.call("GET", "api/current-user/whoami", _Person).email

    def people(self) -> dict[int, str]:
        """Return the address of everyone in the organisation by the server's number."""
        return {person.id: person.email for person in self.call("GET", "api/users", list[_Person])}

    def project(self, project_id: int) -> Project | None:
        """Return a project, or None when there is none with this number."""
        return self._project(project_id, _PROJECT_FIELDS, Project)

    def annotation_number(self, project_id: int) -> int:
        """Return how many annotations a project has, submitted and skipped ones.

        0 when there is no such project.
        """
        # Without the page and its guide, which are ten times as long as all the rest.
        counts = self._project(project_id, ",".join(Counts.__struct_fields__), Counts)
        return counts.annotation_number if counts else 0

    def _project(self, project_id: int, include: str, kind: type[C]) -> C | None:
        try:
            params = {"include": include}
            return self.call("GET", f"api/projects/{project_id}", kind, params=params)
        except RequestRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def projects_titled(self, title: str) -> list[Project]:
        """Return the projects with exactly this title."""
        found = self.call("GET", "api/projects", _Projects, params={"title": title})
        return [project for project in found.results if project.title == title]

    def create_project(self, title: str, settings: dict[str, Any]) -> Project:
        """Create a project; refused when its labelling config does not hold."""
        return self.call("POST", "api/projects", Project, body={"title": title, **settings})

    def update_project(self, project_id: int, settings: dict[str, Any]) -> None:
        """Change a project; a new labelling config is validated first.

        A PATCH alone would let a config drop labels that annotations use. The server's own
        counts of them go wrong when drafts are deleted, so a refusal stands only when it is
        repeated after they were made anew.
        """
        if "label_config" in settings:
            self.validate_config(project_id, settings["label_config"])
        self.call("PATCH", f"api/projects/{project_id}", dict, body=settings)

    def validate_config(self, project_id: int, config: str) -> None:
        """Ask whether a project may have a config; refused where it lacks labels in use."""
        path, body = f"api/projects/{project_id}", {"label_config": config}
        try:
            self.call("POST", f"{path}/validate", dict, body=body)
        except RequestRefused as refused:
            if refused.status >= 500:
                raise
            self.request("POST", f"{path}/summary/reset")
            self.call("POST", f"{path}/validate", dict, body=body)

    def import_tasks(self, project_id: int, tasks: Sequence[dict[str, Any]]) -> list[int]:
        """Import tasks, all or none, and return their numbers in order. Never retried."""
        path = f"api/projects/{project_id}/import"
        params = {"return_task_ids": "true"}
        return self.call("POST", path, _Imported, params=params, body=tasks).task_ids

    def pushed_tasks(self, project_id: int, above: int = 0) -> Iterator[list[PushedTask]]:
        """Yield the tasks with numbers greater than `above`, without texts, in pages by number."""
        return self.pages(Listing(project_id, PushedTask, "task_only", "id,meta", 2000), above)

    def task_data(self, task_id: int) -> dict[str, Any]:
        """Return all the data of a task."""
        return self.call("GET", f"api/tasks/{task_id}", _Data).data

    def count_between(self, project_id: int, first: int, last: int) -> int:
        """Return how many tasks have one of these numbers, `last` included."""
        upto = (_less("id", last + 1),)
        listing = Listing(project_id, PushedTask, "task_only", "id", 1, also=upto)
        return self.page(listing, after=first - 1)[0]

    def annotated_tasks(
        self, project_id: int, *, above: int = 0, upto: int | None = None, size: int = 200
    ) -> Iterator[list[AnnotatedTask]]:
        """Yield every task that somebody submitted or skipped, in pages by number.

        Of those with numbers greater than `above` and at most `upto`, if it is given.
        """
        listing = _annotated(project_id, AnnotatedTask, _TASK_FIELDS, size, _ANNOTATION_FIELDS)
        listing = replace(listing, lean=True)
        if upto is not None:
            listing = replace(listing, also=(*listing.also, _less("id", upto + 1)))
        return self.pages(listing, above)

    def changed_tasks(
        self, project_id: int, since: str, size: int = 200
    ) -> Iterator[list[AnnotatedTask]]:
        """Yield every task that changed after a time of the server's, ISO 8601 in UTC.

        The server moves a task's time when an annotation is made, changed or deleted, not
        when a draft is.
        """
        changed = {"filter": "filter:tasks:updated_at", "operator": "greater", "type": "Datetime"}
        also = ({**changed, "value": since},)
        listing = Listing(
            project_id,
            AnnotatedTask,
            "all",
            _TASK_FIELDS,
            size,
            also,
            _ANNOTATION_FIELDS,
            lean=True,
        )
        return self.pages(listing)

    def some_tasks(self, project_id: int, tasks: Sequence[int]) -> Iterator[AnnotatedTask]:
        """Yield some tasks with their annotations, leaving out those that are not there."""
        for task in tasks:
            also = ({**greater("id", task), "operator": "equal"},)
            listing = Listing(
                project_id, AnnotatedTask, "all", _TASK_FIELDS, 1, also, _ANNOTATION_FIELDS
            )
            yield from self.page(listing, after=0)[1]

    def update_task(self, task_id: int, task: dict[str, Any]) -> None:
        """Give a task other `data` and `meta`; its annotations stay as they are."""
        self.call("PATCH", f"api/tasks/{task_id}", dict, body=task)

    def delete_tasks(self, project_id: int, tasks: Sequence[int]) -> None:
        """Delete tasks with all their annotations."""
        self._act("delete_tasks", project_id, tasks)

    def _act(self, action: str, project_id: int, tasks: Sequence[int]) -> None:
        chosen = {"all": False, "included": list(tasks)}
        body = {"selectedItems": chosen, "filters": {"conjunction": "and", "items": []}}
        params = {"project": project_id, "id": action}
        self.call("POST", "api/dm/actions", dict, params=params, body=body)

    def invite_link(self) -> str:
        """Return the address of the page at which a person can sign up."""
        return self.call("GET", "api/invite", _Invite).invite_url

    def annotation_numbers(self, project_id: int) -> Iterator[list[NumberedTask]]:
        """Yield the same tasks with no more than the numbers of their annotations."""
        return self.pages(_annotated(project_id, NumberedTask, "id,meta", 1000, ("id",)))

    def count_annotated(self, project_id: int, above: int = 0) -> int:
        """Return how many tasks with numbers greater than `above` have annotations."""
        listing = _annotated(project_id, PushedTask, "id", 1)
        return self.page(replace(listing, lean=True), after=above)[0]

    def result(self, annotation_id: int) -> Result | None:
        """Return the result of an annotation as it is now, None when it was deleted."""
        try:
            return self.call("GET", f"api/annotations/{annotation_id}", Result)
        except RequestRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def set_result(self, annotation_id: int, result: Sequence[dict[str, Any]]) -> str:
        """Give an annotation another result; who made it and when it was made stay.

        Returns the time, ISO 8601 in UTC, at which the server says now it was changed. It
        deletes every draft that somebody has of the annotation.
        """
        path = f"api/annotations/{annotation_id}"
        return self.call("PATCH", path, Result, body={"result": result}).updated_at

    def drafts(self, project_id: int) -> Iterator[Draft]:
        """Yield everyone's drafts: what people marked and have not submitted yet."""
        there = {"filter": "filter:tasks:draft_exists", "operator": "equal", "type": "Boolean"}
        listing = Listing(
            project_id, PushedTask, "task_only", "id", 1000, also=({**there, "value": True},)
        )
        for page in self.pages(listing):
            for task in page:
                # The listing itself tells one's own drafts only.
                yield from self.drafts_of(task.id)

    def drafts_of(self, task_id: int) -> list[Draft]:
        """Return everyone's drafts of a task."""
        return self.call("GET", f"api/tasks/{task_id}/drafts", list[Draft])

    def update_draft(self, draft_id: int, **fields: Any) -> None:
        """Change a draft's `result`, or the `annotation` that it is a draft of (None: none)."""
        self.call("PATCH", f"api/drafts/{draft_id}", dict, body=fields)

    def predicted_tasks(self, project_id: int) -> Iterator[list[PredictedTask]]:
        """Yield every task that has predictions, with them, in pages by number."""
        some = (greater("total_predictions", 0),)
        listing = Listing(project_id, PredictedTask, "all", _PREDICTION_FIELDS, 500, also=some)
        return self.pages(listing)

    def delete_predictions(self, project_id: int, tasks: Sequence[int]) -> None:
        """Delete every prediction of the tasks."""
        self._act("delete_tasks_predictions", project_id, tasks)

    def import_predictions(self, project_id: int, predictions: Sequence[dict[str, Any]]) -> None:
        """Add predictions, each with its `task`, `model_version` and `result`."""
        path = f"api/projects/{project_id}/import/predictions"
        self.call("POST", path, dict, body=predictions)

    def views(self, project_id: int) -> list[View]:
        """Return the Data Manager views of a project."""
        return self.call("GET", "api/dm/views/", list[View], params={"project": project_id})

    def create_view(self, project_id: int, title: str, filters: dict[str, Any]) -> int:
        """Make a Data Manager view, the tasks that the filters let through; return its number."""
        data = {"title": title, "type": "list", "target": "tasks", "filters": filters}
        body = {"project": project_id, "data": data}
        return self.call("POST", "api/dm/views/", View, body=body).id

    def delete_view(self, view_id: int) -> None:
        """Delete a Data Manager view."""
        self.request("DELETE", f"api/dm/views/{view_id}/")

    def annotate(self, task_id: int, result: list[dict[str, Any]]) -> int:
        """Submit an annotation of a task and return its number."""
        body = {"result": result}
        return self.call("POST", f"api/tasks/{task_id}/annotations", PushedTask, body=body).id


def _less(column: str, value: int) -> dict[str, Any]:
    return {**greater(column, value), "operator": "less"}


def _annotated(
    project: int, kind: type[K], include: str, size: int, annotations: tuple[str, ...] = ()
) -> Listing[K]:
    # Not by a counter: the server counts submitted and skipped annotations apart.
    some = (greater("annotations_ids", 0),)
    return Listing(project, kind, "all", include, size, some, annotations)
