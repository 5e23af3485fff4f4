"""What assigning asks of the server and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from annotate.studio.client import Studio
from annotate.studio.connection import Listing
from annotate.studio.wire import Meta

_FIELDS = "id,meta,data,annotators"


class _Data(msgspec.Struct, frozen=True):
    assigned: str | None = None


class AssignableTask(msgspec.Struct, frozen=True):
    """A task, whom it is assigned to, and the numbers of those who submitted or skipped it."""

    id: int
    meta: Meta | None = None
    data: _Data = _Data()
    annotators: tuple[int, ...] = ()


class Filter(msgspec.Struct, frozen=True):
    """One line of a view's filters."""

    filter: str
    operator: str
    value: Any = None
    type: str = ""


class Filters(msgspec.Struct, frozen=True):
    """The filters of a view."""

    conjunction: str = "and"
    items: tuple[Filter, ...] = ()


class FilteredView(msgspec.Struct, frozen=True):
    """A Data Manager view: its number, title and filters, and all else that is in it."""

    id: int
    data: dict[str, Any]

    @property
    def title(self) -> str:
        """What its tab says."""
        return str(self.data.get("title", ""))

    @property
    def filters(self) -> Filters:
        """Which tasks it shows."""
        return msgspec.convert(self.data.get("filters", {}), Filters)


def assignable_tasks(studio: Studio, project: int) -> Iterator[list[AssignableTask]]:
    """Yield every task, in pages by number."""
    return studio.pages(Listing(project, AssignableTask, "all", _FIELDS, 1000))


def filtered_views(studio: Studio, project: int) -> list[FilteredView]:
    """Return the views of a project, with their filters."""
    params = {"project": project}
    return studio.call("GET", "api/dm/views/", list[FilteredView], params=params)


def create_whole_view(studio: Studio, project: int, data: dict[str, Any]) -> int:
    """Make a view with everything that a view may say; return its number."""
    body = {"project": project, "data": {"type": "list", "target": "tasks", **data}}
    return studio.call("POST", "api/dm/views/", FilteredView, body=body).id


def update_view(studio: Studio, project: int, view: int, data: dict[str, Any]) -> None:
    """Change what a view says."""
    studio.call("PATCH", f"api/dm/views/{view}/", dict, body={"project": project, "data": data})
