"""Label Studio's JSON: only the fields that are used, and what they mean here."""

from __future__ import annotations

import msgspec


class Counts(msgspec.Struct, frozen=True):
    """How many annotations a project has; the server tells nothing of a new one."""

    total_annotations_number: int | None = None
    skipped_annotations_number: int | None = None

    @property
    def annotation_number(self) -> int:
        """How many annotations it has, submitted and skipped ones."""
        return (self.total_annotations_number or 0) + (self.skipped_annotations_number or 0)


class Project(Counts, frozen=True, kw_only=True):
    """A project on the server."""

    id: int
    title: str
    created_at: str
    label_config: str = ""
    expert_instruction: str | None = None
    task_number: int | None = None
    maximum_annotations: int = 1


class Meta(msgspec.Struct, frozen=True):
    """What ties a task to an article; sent with the task and kept by the server."""

    article: str = ""
    sha256: str = ""


class PushedTask(msgspec.Struct, frozen=True):
    """A task on the server, and the article version it shows."""

    id: int
    meta: Meta | None = None


class Number(msgspec.Struct, frozen=True):
    """An annotation of which only the number is asked."""

    id: int


class NumberedTask(msgspec.Struct, frozen=True):
    """A task with the numbers of its annotations."""

    id: int
    meta: Meta | None = None
    annotations: tuple[Number, ...] = ()


class TaskData(msgspec.Struct, frozen=True):
    """The part of a task's data that annotations refer to."""

    text: str = ""


class WireAnnotation(msgspec.Struct, frozen=True):
    """An annotation as the server tells it; `result` stays as the server's own JSON."""

    id: int
    result: msgspec.Raw
    created_at: str
    updated_at: str
    completed_by: int | None = None
    was_cancelled: bool = False
    lead_time: float | None = None
    ground_truth: bool = False


class Result(msgspec.Struct, frozen=True):
    """What an annotation holds at this moment, and when it was last written to."""

    result: msgspec.Raw
    updated_at: str


class AnnotatedTask(msgspec.Struct, frozen=True):
    """A task with everyone's annotations."""

    id: int
    data: TaskData
    meta: Meta | None = None
    annotations: tuple[WireAnnotation, ...] = ()


class Draft(msgspec.Struct, frozen=True):
    """What somebody marked and has not submitted, perhaps as changes of an annotation."""

    id: int
    task: int
    user: str
    result: msgspec.Raw
    annotation: int | None = None
    created_at: str = ""
    updated_at: str = ""
    lead_time: float | None = None


class Prediction(msgspec.Struct, frozen=True):
    """A prediction as the server tells it."""

    model_version: str | None
    result: msgspec.Raw
    score: float | None = None


class PredictedTask(msgspec.Struct, frozen=True):
    """A task with its predictions."""

    id: int
    meta: Meta | None = None
    predictions: tuple[Prediction, ...] = ()


class _ViewData(msgspec.Struct, frozen=True):
    title: str = ""


class View(msgspec.Struct, frozen=True):
    """A Data Manager view."""

    id: int
    data: _ViewData = _ViewData()
