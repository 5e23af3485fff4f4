"""The one adapter to a Label Studio server.

The SDK does authentication, token refresh and retries; the bodies are encoded and decoded
here, because the SDK's own objects cost more time than the server does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import httpx
import msgspec
from label_studio_sdk import LabelStudio
from label_studio_sdk.core.api_error import ApiError

from annotate.errors import (
    AccessDenied,
    RequestRefused,
    ServerTimeout,
    ServerUnreachable,
    StudioError,
)
from annotate.studio.wire import (
    AnnotatedTask,
    Draft,
    NumberedTask,
    PredictedTask,
    Project,
    PushedTask,
    View,
)

T = TypeVar("T")
K = TypeVar("K", PushedTask, AnnotatedTask, NumberedTask, PredictedTask)

# A server that answers slowly is busy, not gone: an import of 2,000 articles takes a while.
_TIMEOUT = httpx.Timeout(300, connect=10)

# The server applies `include` to the annotations within a task as well.
_ANNOTATION_FIELDS = (
    "id,data,meta,annotations,result,completed_by,was_cancelled,created_at,updated_at,lead_time"
)


_PREDICTION_FIELDS = "id,meta,predictions,model_version,result"


class _Result(msgspec.Struct, frozen=True):
    result: msgspec.Raw


class _Page(msgspec.Struct, frozen=True):
    total: int
    tasks: msgspec.Raw


class _Imported(msgspec.Struct, frozen=True):
    task_ids: list[int]


class _Person(msgspec.Struct, frozen=True):
    id: int
    email: str


class _Release(msgspec.Struct, frozen=True):
    release: str


class _Projects(msgspec.Struct, frozen=True):
    results: list[Project]


@dataclass(frozen=True)
class _Listing(Generic[K]):
    """A listing of tasks: which, which of their fields, read as what, how many a page."""

    project: int
    kind: type[K]
    fields: str
    include: str
    size: int
    also: tuple[dict[str, Any], ...] = ()


def _annotated(project: int, kind: type[K], include: str, size: int) -> _Listing[K]:
    # Not by a counter: the server counts submitted and skipped annotations apart.
    return _Listing(project, kind, "all", include, size, also=(_greater("annotations_ids", 0),))


def _greater(column: str, value: int) -> dict[str, Any]:
    name = f"filter:tasks:{column}"
    return {"filter": name, "operator": "greater", "type": "Number", "value": value}


class Studio:
    """A connection to the server at `url`, as the person whose `api_key` it is.

    A context manager, which closes the connection. `transport` stands in for the network,
    to put faults in front of a real server. Every
    method raises `ServerUnreachable` when nothing answers, `AccessDenied` when the token
    is not accepted, and `RequestRefused` when the server says no.
    """

    def __init__(
        self, url: str, api_key: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url = url.rstrip("/")
        # No proxy of the environment stands between this machine and itself.
        here = httpx.URL(self.url).host in {"127.0.0.1", "localhost", "::1"}
        self._connection = httpx.Client(timeout=_TIMEOUT, transport=transport, trust_env=not here)
        try:
            sdk = LabelStudio(  # type: ignore[no-untyped-call]
                base_url=self.url, api_key=api_key, httpx_client=self._connection
            )
        except ApiError as error:
            self._connection.close()
            raise AccessDenied(_denied(self.url, "expired"), _RENEW) from error
        self._http = sdk._client_wrapper.httpx_client  # noqa: SLF001, the SDK has no public way
        self.token_kind = "legacy" if api_key.count(".") != 2 else "personal access"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def version(self) -> str:
        """Return the release of the server, for example 1.23.2."""
        return self._call("GET", "api/version", _Release).release

    def whoami(self) -> str:
        """Return the address of the person whose token is used."""
        return self._call("GET", "api/current-user/whoami", _Person).email

    def people(self) -> dict[int, str]:
        """Return the address of everyone in the organisation by the server's number."""
        return {person.id: person.email for person in self._call("GET", "api/users", list[_Person])}

    def project(self, project_id: int) -> Project | None:
        """Return a project, or None when there is none with this number."""
        try:
            return self._call("GET", f"api/projects/{project_id}", Project)
        except RequestRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise

    def projects_titled(self, title: str) -> list[Project]:
        """Return the projects with exactly this title."""
        found = self._call("GET", "api/projects", _Projects, params={"title": title})
        return [project for project in found.results if project.title == title]

    def create_project(self, title: str, settings: dict[str, Any]) -> Project:
        """Create a project; refused when its labelling config does not hold."""
        return self._call("POST", "api/projects", Project, body={"title": title, **settings})

    def update_project(self, project_id: int, settings: dict[str, Any]) -> None:
        """Change a project; a new labelling config is validated first.

        A PATCH alone would let a config drop labels that annotations use. The server's own
        counts of them go wrong when drafts are deleted, so a refusal stands only when it is
        repeated after they were made anew.
        """
        path = f"api/projects/{project_id}"
        if "label_config" in settings:
            config = {"label_config": settings["label_config"]}
            try:
                self._call("POST", f"{path}/validate", dict, body=config)
            except RequestRefused as refused:
                if refused.status >= 500:
                    raise
                self._request("POST", f"{path}/summary/reset")
                self._call("POST", f"{path}/validate", dict, body=config)
        self._call("PATCH", path, dict, body=settings)

    def import_tasks(self, project_id: int, tasks: Sequence[dict[str, Any]]) -> list[int]:
        """Import tasks, all or none, and return their numbers in order. Never retried."""
        path = f"api/projects/{project_id}/import"
        params = {"return_task_ids": "true"}
        return self._call("POST", path, _Imported, params=params, body=tasks).task_ids

    def pushed_tasks(self, project_id: int) -> Iterator[list[PushedTask]]:
        """Yield every task of the project, without its text, in pages by number."""
        return self._pages(_Listing(project_id, PushedTask, "task_only", "id,meta", 2000))

    def annotated_tasks(self, project_id: int) -> Iterator[list[AnnotatedTask]]:
        """Yield every task that somebody submitted or skipped, in pages by number."""
        return self._pages(_annotated(project_id, AnnotatedTask, _ANNOTATION_FIELDS, 200))

    def annotation_numbers(self, project_id: int) -> Iterator[list[NumberedTask]]:
        """Yield the same tasks with no more than the numbers of their annotations."""
        return self._pages(_annotated(project_id, NumberedTask, "id,meta,annotations", 1000))

    def count_annotated(self, project_id: int) -> int:
        """Return how many tasks somebody submitted or skipped."""
        return self._page(_annotated(project_id, PushedTask, "id", 1), after=0)[0]

    def result(self, annotation_id: int) -> msgspec.Raw | None:
        """Return the result of an annotation as it is now, None when it was deleted."""
        try:
            found = self._call("GET", f"api/annotations/{annotation_id}", _Result)
        except RequestRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise
        return found.result

    def set_result(self, annotation_id: int, result: Sequence[dict[str, Any]]) -> None:
        """Give an annotation another result; who made it and when it was made stay.

        The server deletes every draft that somebody has of the annotation.
        """
        path = f"api/annotations/{annotation_id}"
        self._call("PATCH", path, dict, body={"result": result})

    def drafts(self, project_id: int) -> Iterator[Draft]:
        """Yield everyone's drafts: what people marked and have not submitted yet."""
        there = {"filter": "filter:tasks:draft_exists", "operator": "equal", "type": "Boolean"}
        listing = _Listing(
            project_id, PushedTask, "task_only", "id", 1000, also=({**there, "value": True},)
        )
        for page in self._pages(listing):
            for task in page:
                # The listing itself tells one's own drafts only.
                yield from self.drafts_of(task.id)

    def drafts_of(self, task_id: int) -> list[Draft]:
        """Return everyone's drafts of a task."""
        return self._call("GET", f"api/tasks/{task_id}/drafts", list[Draft])

    def update_draft(self, draft_id: int, **fields: Any) -> None:
        """Change a draft's `result`, or the `annotation` that it is a draft of (None: none)."""
        self._call("PATCH", f"api/drafts/{draft_id}", dict, body=fields)

    def predicted_tasks(self, project_id: int) -> Iterator[list[PredictedTask]]:
        """Yield every task that has predictions, with them, in pages by number."""
        some = (_greater("total_predictions", 0),)
        listing = _Listing(project_id, PredictedTask, "all", _PREDICTION_FIELDS, 500, also=some)
        return self._pages(listing)

    def delete_predictions(self, project_id: int, tasks: Sequence[int]) -> None:
        """Delete every prediction of the tasks."""
        params = {"project": project_id, "id": "delete_tasks_predictions"}
        chosen = {"all": False, "included": list(tasks)}
        body = {"selectedItems": chosen, "filters": {"conjunction": "and", "items": []}}
        self._call("POST", "api/dm/actions", dict, params=params, body=body)

    def import_predictions(self, project_id: int, predictions: Sequence[dict[str, Any]]) -> None:
        """Add predictions, each with its `task`, `model_version` and `result`."""
        path = f"api/projects/{project_id}/import/predictions"
        self._call("POST", path, dict, body=predictions)

    def views(self, project_id: int) -> list[View]:
        """Return the Data Manager views of a project."""
        return self._call("GET", "api/dm/views/", list[View], params={"project": project_id})

    def create_view(self, project_id: int, title: str, filters: dict[str, Any]) -> None:
        """Make a Data Manager view: the tasks that the filters let through."""
        data = {"title": title, "type": "list", "target": "tasks", "filters": filters}
        body = {"project": project_id, "data": data}
        self._call("POST", "api/dm/views/", View, body=body)

    def delete_view(self, view_id: int) -> None:
        """Delete a Data Manager view."""
        self._request("DELETE", f"api/dm/views/{view_id}/")

    def annotate(self, task_id: int, result: list[dict[str, Any]]) -> int:
        """Submit an annotation of a task and return its number."""
        body = {"result": result}
        return self._call("POST", f"api/tasks/{task_id}/annotations", PushedTask, body=body).id

    def _pages(self, listing: _Listing[K]) -> Iterator[list[K]]:
        # Pages go by "number greater than the last one seen", not by page number: people
        # work while we read, and a task that enters or leaves the filter would shift pages.
        left, last = 1, 0
        while left > 0:
            total, tasks = self._page(listing, after=last)
            if total and not tasks:
                raise StudioError(
                    f"Label Studio announced {total} tasks and delivered none",
                    "Run the command again.",
                )
            if tasks:
                yield tasks
                last = tasks[-1].id
            left = total - len(tasks)

    def _page(self, listing: _Listing[K], after: int) -> tuple[int, list[K]]:
        """Return how many tasks have greater numbers than `after`, and the first of them."""
        filters = [_greater("id", after), *listing.also]
        query = {
            "filters": {"conjunction": "and", "items": filters},
            "ordering": ["tasks:id"],
        }
        params = {
            "project": listing.project,
            "fields": listing.fields,
            "include": listing.include,
            "page_size": listing.size,
            "query": json.dumps(query),
        }
        page = self._call("GET", "api/tasks", _Page, params=params)
        return page.total, msgspec.json.decode(page.tasks, type=list[listing.kind])  # type: ignore[name-defined]

    def _call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
    ) -> T:
        response = self._request(method, path, params, body)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise StudioError(
                f"what answers at {self.url} is not Label Studio as known here ({path}: {error})",
                "Check the URL.",
            ) from error

    def _request(
        self, method: str, path: str, params: dict[str, Any] | None = None, body: Any = None
    ) -> httpx.Response:
        try:
            response = self._http.request(
                path,
                method=method,
                params=params,
                content=None if body is None else msgspec.json.encode(body),
                headers=None if body is None else {"Content-Type": "application/json"},
                # A POST that failed may have been carried out: its caller must look first.
                request_options={"max_retries": 2 if method == "GET" else 0},
            )
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise ServerTimeout(
                f"Label Studio at {self.url} did not answer {method} {path} in time",
                "It may still be at work: wait a while, then run the command again.",
            ) from error
        except httpx.TransportError as error:
            raise ServerUnreachable(
                f"no answer from Label Studio at {self.url} ({type(error).__name__})",
                "Check the URL and that the server runs, then run the command again.",
            ) from error
        except ApiError as error:
            raise AccessDenied(_denied(self.url, "not accepted"), _RENEW) from error
        self._check(response, f"{method} {path}")
        return response

    def _check(self, response: httpx.Response, what: str) -> None:
        status = response.status_code
        if status < 300:
            return
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise AccessDenied(_denied(self.url, "not accepted"), _RENEW)
        if status < 400:
            raise RequestRefused(
                f"{self.url} redirects to {response.headers.get('location')}",
                "Use the address it redirects to.",
                status,
            )
        raise RequestRefused(
            f"Label Studio at {self.url} refused {what} (HTTP {status}): {_reason(response)}",
            "Run the command again." if status >= 500 else "",
            status,
        )


_RENEW = "Take a current one from Account & Settings and put it in LABEL_STUDIO_API_KEY."


def _denied(url: str, state: str) -> str:
    return f"the token for Label Studio at {url} is {state}"


def _reason(response: httpx.Response) -> str:
    """Return what the server says of its refusal, on one line and not too long."""
    try:
        body: Any = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return response.reason_phrase
    if not isinstance(body, dict):
        return str(body)[:300]
    faults = body.get("validation_errors") or body.get("detail") or body
    if isinstance(faults, dict):
        faults = "; ".join(
            " ".join(map(str, value)) if isinstance(value, list) else str(value)
            for value in faults.values()
        )
    return " ".join(str(faults).split())[:500]
