"""Annotations of an export, on the texts of the articles that its tasks show."""

from __future__ import annotations

from typing import Literal

import msgspec

from annotate.schema import Schema
from annotate.spans import Annotation, Span
from annotate.studio.decode import decode_annotation
from annotate.studio.export.matching import Match
from annotate.studio.export.reading import ExportedAnnotation
from annotate.studio.wire import Meta, WireAnnotation


class _Value(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    start: int
    end: int
    text: str
    labels: tuple[str]


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A mark that is a span under one label; anything else in it could mean something."""

    id: str
    type: Literal["labels"]
    from_name: str
    value: _Value
    to_name: str = ""
    origin: str = ""


_plain = msgspec.json.Decoder(list[_Plain])


class AnnotationReader:
    """Makes annotations under one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        # As in all that a server tells, a name wins over another's title.
        self._labels = {entity.title: entity.name for entity in schema.entities}
        self._labels |= {entity.name: entity.name for entity in schema.entities}
        self._attributes = {attribute.name for attribute in schema.attributes}

    def read(self, match: Match, told: ExportedAnnotation, number: int, person: str) -> Annotation:
        """Return an annotation on its article's text, every span proved or set aside.

        `number` is the annotation's own, `person` whoever made it.
        """
        spans = None
        if match.ground.is_plain:
            spans = self._plain(told, match.article.text)
        if spans is None:
            return self._prove(match, told, number, person)
        created, updated = told.times()
        return Annotation(
            id=number, article=match.article.id, sha256=match.article.sha256,
            annotator=person, created_at=created, updated_at=updated,
            status="skipped" if told.was_cancelled or told.skipped else "submitted",
            lead_time=told.lead_time, ground_truth=bool(told.ground_truth), spans=spans,
        )  # fmt: skip

    def _plain(self, told: ExportedAnnotation, text: str) -> tuple[Span, ...] | None:
        """Return the spans when all marks are plain ones, and exactly what the text has there.

        So it is nearly always, and this takes a fraction of what the proof of others takes.
        """
        try:
            plain = told.decode(_plain)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        spans = []
        for mark in plain:
            value = mark.value
            label = self._labels.get(value.labels[0])
            is_there = 0 <= value.start < value.end and text[value.start : value.end] == value.text
            if label is None or not is_there or mark.from_name in self._attributes:
                return None
            spans.append(Span(id=mark.id, start=value.start, end=value.end, label=label))
        return tuple(spans)

    def _prove(
        self, match: Match, told: ExportedAnnotation, number: int, person: str
    ) -> Annotation:
        created, updated = told.times()
        placed = match.ground.place(told.marks())
        wire = WireAnnotation(
            id=number, result=msgspec.Raw(msgspec.json.encode(placed.marks)), created_at=created,
            updated_at=updated, was_cancelled=bool(told.was_cancelled or told.skipped),
            lead_time=told.lead_time, ground_truth=bool(told.ground_truth),
        )  # fmt: skip
        article = match.article
        meta = Meta(article.id, article.sha256)
        found = decode_annotation(wire, meta, article.text, person, self._schema)
        return msgspec.structs.replace(
            found,
            set_aside=(*placed.left, *found.set_aside),
            repaired=placed.repaired,
            ground_truth=wire.ground_truth,
        )
