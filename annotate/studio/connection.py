"""A connection to Label Studio, and listings page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from annotate.errors import StudioError
from annotate.studio.calls import Caller


class Numbered(Protocol):
    """A task as a listing reads it: with the server's number, and whatever else."""

    @property
    def id(self) -> int: ...  # noqa: D102


K = TypeVar("K", bound=Numbered)


class _Page(msgspec.Struct, Generic[K], frozen=True):
    total: int
    tasks: list[K]


@dataclass(frozen=True)
class Listing(Generic[K]):
    """A listing of tasks: which, which of their fields, read as what, how many a page.

    `annotations` are the fields of a task's annotations, if these are asked for.

    `lean` spares the server the columns of its own table view, which it works out for all
    that is annotated and leaves out of the answer. It does so for a list of tasks to review; a
    server that means fewer tasks by that tells by its count, at the first pull, which lists
    everything.
    """

    project: int
    kind: type[K]
    fields: str
    include: str
    size: int
    also: tuple[dict[str, Any], ...] = ()
    annotations: tuple[str, ...] = ()
    lean: bool = False

    @property
    def asked(self) -> dict[str, str]:
        """The parameters that say which fields are told.

        Annotations that are expanded are told by one serializer and not by a new one for each
        task, which takes most of a listing's time. A server that does not expand them applies
        the names without a dot to them as well.
        """
        if not self.annotations:
            return {"include": self.include}
        dotted = [f"annotations.{name}" for name in self.annotations]
        names = [self.include, "annotations", *dotted, *self.annotations]
        return {"include": ",".join(names), "expand": "annotations"}


def greater(column: str, value: int) -> dict[str, Any]:
    """Return the filter of tasks in which a column is greater than the value."""
    name = f"filter:tasks:{column}"
    return {"filter": name, "operator": "greater", "type": "Number", "value": value}


class Connection(Caller):
    """A connection to the server at `url`, as the person whose `api_key` it is.

    A context manager, which closes the connection; several threads may use it at once. What
    fails is tried again where that does no harm (see `retrying`); `on_wait` is told why and
    for how many seconds, before each wait. `server_time` is the server's own clock at its last
    answer, None before the first. `transport` stands in for the network, to put faults in
    front of a real server. Every request raises `ServerUnreachable` when nothing answers,
    `AccessDenied` when the token is not accepted, and `RequestRefused` when the server says no.
    """

    def pages(self, listing: Listing[K], above: int = 0) -> Iterator[list[K]]:
        """Yield the tasks of a listing with numbers greater than `above`, page by page."""
        # Pages go by "number greater than the last one seen", not by page number: people
        # work while we read, and a task that enters or leaves the filter would shift pages.
        left, last = 1, above
        while left > 0:
            total, tasks = self.page(listing, after=last)
            if total and not tasks:
                raise StudioError(
                    f"Label Studio announced {total} tasks and delivered none",
                    "Run the command again.",
                )
            if tasks:
                yield tasks
                last = tasks[-1].id
            left = total - len(tasks)

    def page(self, listing: Listing[K], after: int) -> tuple[int, list[K]]:
        """Return how many tasks have greater numbers than `after`, and the first of them."""
        filters = [greater("id", after), *listing.also]
        query = {
            "filters": {"conjunction": "and", "items": filters},
            "ordering": ["tasks:id"],
        }
        params = {
            "project": listing.project,
            "fields": listing.fields,
            "page_size": listing.size,
            "query": json.dumps(query),
            # A text is what was pushed, also where it names a file in a storage.
            "resolve_uri": "false",
            **listing.asked,
        } | ({"review": "true"} if listing.lean else {})
        page = self.call("GET", "api/tasks", _Page[listing.kind], params=params)  # type: ignore[name-defined]
        return page.total, page.tasks
