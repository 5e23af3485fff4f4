"""The columns of the dataset's configs, made from the schema and never inferred."""

from __future__ import annotations

from typing import Any

from datasets import ClassLabel, Features, List, Value

from annotate.errors import DatasetError
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.settings import Tagging

METADATA = ("title", "source", "url", "published_at", "language")
# Whether an annotation of the article counts; where it is false, no entities mean nothing.
ANNOTATED = "annotated"


def span_features(schema: Schema, *, annotated: bool = False) -> Features:
    """Return the features of `spans`: a row an article.

    With `annotated` there is a column that tells which of them somebody annotated. Raises
    `DatasetError` when the schema has a choice of that name.
    """
    if annotated and any(choice.name == ANNOTATED for choice in schema.choices):
        raise DatasetError(
            f"{ANNOTATED} would be both a choice of the schema and the column that tells which"
            " articles nobody annotated",
            "Rename the choice, or build without include-unannotated.",
        )
    columns: dict[str, Any] = dict.fromkeys(("id", "text"), Value("string"))
    columns |= dict.fromkeys((*METADATA, "sha256", "cluster"), Value("string"))
    columns |= _whether(annotated)
    return Features(columns | _marked(schema))


def annotation_features(schema: Schema) -> Features:
    """Return the features of `annotations`: a row for each person's work on an article."""
    string = Value("string")
    columns: dict[str, Any] = {"id": string, "sha256": string, "annotator": string}
    columns["status"] = ClassLabel(names=["submitted", "skipped"])
    columns |= dict.fromkeys(("created_at", "updated_at"), string)
    columns |= {"lead_time": Value("float64"), "ground_truth": Value("bool")}
    return Features(columns | _marked(schema))


def token_features(schema: Schema, tagging: Tagging, *, annotated: bool = False) -> Features:
    """Return the features of `tokens`: a row a sentence; `annotated` as in `span_features`."""
    offsets = List(Value("int32"))
    columns: dict[str, Any] = {"id": Value("string"), "sentence": Value("int32")}
    columns |= _whether(annotated)
    columns["tokens"] = List(Value("string"))
    tags = List(ClassLabel(names=tag_names(schema, tagging)))
    columns |= dict.fromkeys(tag_columns(tagging), tags)
    return Features(columns | {"starts": offsets, "ends": offsets})


def loss_features() -> Features:
    """Return the features of the list of losses: a row a span."""
    listed: dict[str, Any] = dict.fromkeys(("id", "start", "end", "label"), Value("string"))
    listed |= dict.fromkeys(("start", "end"), Value("int32"))
    return Features(listed | dict.fromkeys(("text", "reason"), Value("string")))


def tag_names(schema: Schema, tagging: Tagging) -> list[str]:
    """Return the names of the tags, in the order of the dataset's numbers."""
    return ["O", *(f"{prefix}-{label}" for label in schema.labels for prefix in tagging.prefixes)]


def tag_columns(tagging: Tagging) -> list[str]:
    """Return the names of the columns of tags, one a level."""
    return ["ner_tags", *(f"ner_tags_{level}" for level in range(2, tagging.depth + 1))]


def tells_annotated(features: Features) -> bool:
    """Whether there is a column that tells which articles somebody annotated.

    A choice may have its name where there is none.
    """
    return bool(features.get(ANNOTATED) == Value("bool"))


def _whether(annotated: bool) -> dict[str, Any]:
    return {ANNOTATED: Value("bool")} if annotated else {}


def _marked(schema: Schema) -> dict[str, Any]:
    """Return the columns of what somebody marked."""
    string, offset = Value("string"), Value("int32")
    label = ClassLabel(names=list(schema.labels))
    entity = {"id": string, "start": offset, "end": offset, "label": label, "text": string}
    entity |= {attribute.name: _answer(attribute) for attribute in schema.attributes}
    columns: dict[str, Any] = {"entities": List(entity)}
    if schema.relations:
        relation = ClassLabel(names=list(schema.relation_labels))
        columns["relations"] = List({"head": string, "tail": string, "label": relation})
    return columns | {choice.name: _answer(choice) for choice in schema.choices}


def _answer(asked: Attribute | Choice) -> Any:
    """Return the feature of what answers a question: of an option, of several, or of a text."""
    if not asked.options:
        return Value("string")
    answer = ClassLabel(names=[option.name for option in asked.options])
    return List(answer) if asked.multiple else answer
