"""What is marked in a document, in the form of Label Studio's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from annotate.formats.document import Document
from annotate.schema import Schema
from annotate.spans import Relation
from annotate.studio.encode import encode_relations, encode_spans


def encode_marks(schema: Schema, document: Document) -> list[dict[str, Any]]:
    """Return everything that is marked in a document as the result of an annotation.

    What the schema does not know is told under the document's own names. Raises `ValueError`
    for a span that does not lie within the text.
    """
    return [
        *encode_spans(schema, document.text, document.spans),
        *_relations(schema, document.relations),
        *_choices(schema, document),
    ]


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
