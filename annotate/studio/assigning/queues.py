"""Everyone's queue: a Data Manager view of what is assigned to a person and not done yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from annotate.schema.config import BYLINE_FIELD, QUEUE, TEXT_FIELD, TITLE_FIELD
from annotate.studio.assigning.asking import (
    FilteredView,
    create_whole_view,
    filtered_views,
    update_view,
)
from annotate.studio.client import Studio
from annotate.studio.encode import ASSIGNED_FIELD, REVIEW_FIELD, encode_assigned

_ASSIGNED = f"filter:tasks:data.{ASSIGNED_FIELD}"

# The view that Label Studio makes when somebody opens a project that has none. Made first, for
# the first view is what opens when no view is named, and that must not be someone's queue.
_FIRST = "Default"

# Pixels of the columns that tell a person what an article is about; all others are noise.
_COLUMNS = {TITLE_FIELD: 360, BYLINE_FIELD: 260, TEXT_FIELD: 460}
_HIDDEN = (
    *("id", "inner_id", "completed_at", "total_annotations", "cancelled_annotations"),
    *("total_predictions", "annotators", "annotations_results", "annotations_ids"),
    *("predictions_score", "predictions_model_versions", "predictions_results", "file_upload"),
    *("storage_filename", "created_at", "updated_at", "updated_by", "avg_lead_time"),
    *("draft_exists", "data.article", "data.source", "data.url", "data.author"),
    *(f"data.{ASSIGNED_FIELD}", f"data.{REVIEW_FIELD}"),
)


class Queue(msgspec.Struct, frozen=True):
    """A person's view in a project."""

    person: str
    project: int
    view: int
    title: str

    @property
    def path(self) -> str:
        """Where it is, behind the server's address."""
        return f"/projects/{self.project}/data?tab={self.view}"


def find_queues(studio: Studio, projects: Iterable[int]) -> list[Queue]:
    """Return the queues that the projects have."""
    return [
        Queue(person, project, view.id, view.title)
        for project in projects
        for view in filtered_views(studio, project)
        if (person := _person_of(view))
    ]


def _person_of(view: FilteredView) -> str:
    """Return whose queue a view is, an empty text for any other view."""
    wanted = [one.value for one in view.filters.items if one.filter == _ASSIGNED]
    return str(wanted[0]).strip(";") if wanted else ""


def open_queues(
    studio: Studio,
    project: int,
    annotators: Sequence[str],
    people: Mapping[int, str],
    language: str,
) -> list[Queue]:
    """Make a view for each annotator where there is none, and bring filters back that are gone."""
    there = filtered_views(studio, project)
    if not there:
        create_whole_view(studio, project, {"title": _FIRST})
    numbers = {address: number for number, address in people.items()}
    queues: list[Queue] = []
    for person in annotators:
        title = _title(person, people.values(), language)
        filters = _filters(person, numbers[person])
        view = _find(there, person, title)
        if view is None:
            number = create_whole_view(studio, project, _new(title, filters))
        else:
            number, title = view.id, view.title
            if not _holds(view, filters):
                update_view(studio, project, number, {**view.data, "filters": filters})
        queues.append(Queue(person, project, number, title))
    return queues


def _find(views: Iterable[FilteredView], person: str, title: str) -> FilteredView | None:
    """Return the person's view: by what it shows, else, its filters being gone, by title."""
    listed = list(views)
    shown = [view for view in listed if _person_of(view) == person]
    titled = [view for view in listed if view.title == title and not _person_of(view)]
    return next(iter(shown or titled), None)


def _title(person: str, people: Iterable[str], language: str) -> str:
    """Return a short title, for a tab shows little: the address where the name is not enough."""
    name = person.partition("@")[0]
    alone = sum(other.partition("@")[0] == name for other in people) == 1
    return f"{name if alone else person} · {QUEUE.get(language, QUEUE['en'])}"


def _filters(person: str, number: int) -> dict[str, Any]:
    mine = {"operator": "contains", "type": "String", "value": encode_assigned([person])}
    # Skipped articles count as done, too.
    open_ = {"operator": "not_contains", "type": "List", "value": number}
    items = [{"filter": _ASSIGNED, **mine}, {"filter": "filter:tasks:annotators", **open_}]
    return {"conjunction": "and", "items": items}


def _holds(view: FilteredView, filters: dict[str, Any]) -> bool:
    """Whether a view has these filters; the page of the view writes other types."""
    there = {(one.filter, one.operator, str(one.value)) for one in view.filters.items}
    wanted = {(one["filter"], one["operator"], str(one["value"])) for one in filters["items"]}
    return view.filters.conjunction == "and" and wanted == there


def _new(title: str, filters: dict[str, Any]) -> dict[str, Any]:
    hidden = [f"tasks:{column}" for column in _HIDDEN]
    # Beside an open article the list is narrow.
    narrow = [f"tasks:data.{column}" for column in (BYLINE_FIELD, TEXT_FIELD)]
    return {
        "title": title,
        "filters": filters,
        "hiddenColumns": {"explore": hidden, "labeling": [*hidden, *narrow]},
        "columnsWidth": {f"tasks:data.{column}": wide for column, wide in _COLUMNS.items()},
    }
