"""A connection to Label Studio: authentication, time-outs, errors, and listings page by page.

The SDK does authentication, token refresh and retries; the bodies are encoded and decoded
here, because the SDK's own objects cost more time than the server does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
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
from annotate.studio.wire import AnnotatedTask, NumberedTask, PredictedTask, PushedTask

T = TypeVar("T")
K = TypeVar("K", PushedTask, AnnotatedTask, NumberedTask, PredictedTask)

# A server that answers slowly is busy, not gone: an import of 2,000 articles takes a while.
_TIMEOUT = httpx.Timeout(300, connect=10)


class _Page(msgspec.Struct, frozen=True):
    total: int
    tasks: msgspec.Raw


@dataclass(frozen=True)
class Listing(Generic[K]):
    """A listing of tasks: which, which of their fields, read as what, how many a page."""

    project: int
    kind: type[K]
    fields: str
    include: str
    size: int
    also: tuple[dict[str, Any], ...] = ()


def greater(column: str, value: int) -> dict[str, Any]:
    """Return the filter of tasks in which a column is greater than the value."""
    name = f"filter:tasks:{column}"
    return {"filter": name, "operator": "greater", "type": "Number", "value": value}


class Connection:
    """A connection to the server at `url`, as the person whose `api_key` it is.

    A context manager, which closes the connection. `transport` stands in for the network, to
    put faults in front of a real server. Every request raises `ServerUnreachable` when
    nothing answers, `AccessDenied` when the token is not accepted, and `RequestRefused` when
    the server says no.
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

    def _pages(self, listing: Listing[K]) -> Iterator[list[K]]:
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

    def _page(self, listing: Listing[K], after: int) -> tuple[int, list[K]]:
        """Return how many tasks have greater numbers than `after`, and the first of them."""
        filters = [greater("id", after), *listing.also]
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
