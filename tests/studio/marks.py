"""Marks as Label Studio's own JSON, and what they mean under a schema."""

from __future__ import annotations

from typing import Any

import msgspec

from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.studio.decode import decode_annotation
from annotate.studio.encode import encode_relations, encode_spans
from annotate.studio.rewrite import Mark
from annotate.studio.wire import Meta, WireAnnotation
from tests.schema.pairs import Work

META = Meta(article="a", sha256="0" * 64)


def encode(schema: Schema, work: Work) -> list[Mark]:
    """Return everything that somebody marked as a result."""
    answers = (choice_mark(name, *given) for name, given in work.choices.items())
    spans = encode_spans(schema, work.text, work.spans)
    return [*spans, *encode_relations(schema, work.relations), *answers]


def decode(schema: Schema, text: str, result: list[Mark]) -> Annotation:
    """Return what a result means under a schema."""
    coded = msgspec.Raw(msgspec.json.encode(result))
    wire = WireAnnotation(id=1, created_at="c", updated_at="u", result=coded)
    return decode_annotation(wire, META, text, "An", schema)


def span_mark(mark_id: str, label: str, start: int = 0, end: int = 5, **value: Any) -> Mark:
    """Return a span, with more fields of its value."""
    place = {"start": start, "end": end, "labels": [label], **value}
    kind = {"type": "labels", "from_name": "label", "to_name": "text"}
    return {"id": mark_id, **kind, "value": place}


def choice_mark(name: str, *options: str, span: str = "") -> Mark:
    """Return an answer by options about a span, or else about the article."""
    kind = {"type": "choices", "from_name": name, "to_name": "text"}
    return {"id": span or f"about {name}", **kind, "value": {"choices": list(options)}}


def text_mark(name: str, *texts: str, span: str) -> Mark:
    """Return an answer in free text about a span."""
    kind = {"type": "textarea", "from_name": name, "to_name": "text"}
    return {"id": span, **kind, "value": {"text": list(texts)}}


def arrow_mark(head: str, title: str, tail: str, direction: str = "right") -> Mark:
    ends = {"from_id": head, "to_id": tail}
    return {"type": "relation", **ends, "direction": direction, "labels": [title]}
