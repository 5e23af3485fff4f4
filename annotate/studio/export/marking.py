"""What is marked in a document, in the form of Label Studio's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from annotate.formats.document import Document, Unproved
from annotate.schema import Schema
from annotate.spans import Relation
from annotate.studio.encode import encode_relations, encode_spans

# The key under which a mark that its file does not prove has the reason.
UNPROVED = "unproved"


def encode_marks(schema: Schema, document: Document) -> list[dict[str, Any]]:
    """Return everything that is marked in a document as the result of an annotation.

    What the schema does not know is told under the document's own names; what is unproved has
    the reason beside it. Raises `ValueError`
    for a span that does not lie within the text.
    """
    return [
        *encode_spans(schema, document.text, document.spans),
        *_relations(schema, document.relations),
        *_choices(schema, document),
        *(mark for one in document.unproved for mark in _unproved(schema, one)),
    ]


def _unproved(schema: Schema, one: Unproved) -> Iterator[dict[str, Any]]:
    """Yield a mark that is to be set aside, and its attributes.

    Without a text that is told to be there, nothing can prove its offsets: in another unit
    they may be a place in the text. They are in the reason alone.
    """
    kind = {"from_name": schema.controls.labels, "type": "labels"}
    region = {"id": one.id, "to_name": schema.controls.text}
    place = {"start": one.start, "end": one.end, "text": one.text} if one.text.strip() else {}
    yield {**region, **kind, "value": {**place, "labels": [one.label]}, UNPROVED: one.reason}
    texts = {attribute.name for attribute in schema.attributes if not attribute.options}
    for name, answers in one.attributes.items():
        field, type_ = ("text", "textarea") if name in texts else ("choices", "choices")
        yield {**region, "from_name": name, "type": type_, "value": {field: list(answers)}}


def _relations(schema: Schema, relations: Iterable[Relation]) -> Iterator[dict[str, Any]]:
    known = set(schema.relation_labels)
    for one in relations:
        if one.label in known:
            yield from encode_relations(schema, [one])
        else:
            ends = {"from_id": one.head, "to_id": one.tail}
            yield {"type": "relation", **ends, "direction": "right", "labels": [one.label]}


def _choices(schema: Schema, document: Document) -> Iterator[dict[str, Any]]:
    for name, answers in document.choices.items():
        kind = {"from_name": name, "to_name": schema.controls.text, "type": "choices"}
        yield {"id": f"about {name}", **kind, "value": {"choices": list(answers)}}
