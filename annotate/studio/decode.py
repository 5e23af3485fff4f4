"""What people marked, out of Label Studio's JSON: proved, or set aside with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.spans import Annotation, Relation, SetAside, Span
from annotate.studio.proof import prove
from annotate.studio.wire import Meta, WireAnnotation


class _Value(msgspec.Struct, frozen=True):
    start: int | None = None
    end: int | None = None
    text: Any = None
    labels: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


class _Mark(msgspec.Struct, frozen=True):
    type: str
    id: str = ""
    from_name: str = ""
    value: _Value | None = None
    from_id: str = ""
    to_id: str = ""
    direction: str = "right"
    labels: tuple[str, ...] | None = None


def is_understood(mark: Mapping[str, Any]) -> bool:
    """Whether a mark of a result has the form that is read here."""
    try:
        msgspec.convert(mark, _Mark)
    except msgspec.ValidationError:
        return False
    return True


def decode_annotation(
    wire: WireAnnotation, meta: Meta, text: str, annotator: str, schema: Schema
) -> Annotation:
    """Return an annotation with every span proved against the article's canonical text.

    `text` must be the text with digest `meta.sha256`. What cannot be proved, or names a
    label that the schema lacks, is in `set_aside` with the reason; nothing is dropped.
    """
    decoder = _Decoder(schema, text)
    for mark in _marks(wire):
        decoder.take(mark)
    decoder.tie()
    return msgspec.structs.replace(
        _unmarked(wire, meta, annotator),
        spans=tuple(decoder.spans),
        relations=tuple(decoder.relations),
        choices=decoder.choices,
        set_aside=tuple(decoder.set_aside),
        repaired=decoder.repaired,
    )


def set_all_aside(wire: WireAnnotation, meta: Meta, annotator: str, reason: str) -> Annotation:
    """Return an annotation of which every mark is set aside for one reason.

    `meta.sha256` is that of the text that was annotated, as for any other.
    """
    set_aside = tuple(SetAside(reason=reason, mark=mark.copy()) for mark in _marks(wire))
    return msgspec.structs.replace(_unmarked(wire, meta, annotator), set_aside=set_aside)


def _unmarked(wire: WireAnnotation, meta: Meta, annotator: str) -> Annotation:
    return Annotation(
        id=wire.id,
        article=meta.article,
        sha256=meta.sha256,
        annotator=annotator,
        status="skipped" if wire.was_cancelled else "submitted",
        created_at=wire.created_at,
        updated_at=wire.updated_at,
        lead_time=wire.lead_time,
        ground_truth=wire.ground_truth,
    )


def _marks(wire: WireAnnotation) -> list[msgspec.Raw]:
    # The server lets an annotation without marks have null for a result.
    return msgspec.json.decode(wire.result, type=list[msgspec.Raw] | None) or []


class _Decoder:
    """Collects the marks of one annotation."""

    def __init__(self, schema: Schema, text: str) -> None:
        self._schema = schema
        self._text = text
        # Older configs without aliases answer with titles.
        self._labels = _names(schema.entities)
        # The other way round: these answer with titles always.
        self._types = {r.title: r for r in schema.relations}
        self._types = {r.name: r for r in schema.relations} | self._types
        self._attributes = {attribute.name: attribute for attribute in schema.attributes}
        self._arrows: list[tuple[_Mark, msgspec.Raw]] = []
        self._answers: list[tuple[_Mark, msgspec.Raw]] = []
        self.spans: list[Span] = []
        self.relations: list[Relation] = []
        self.choices: dict[str, tuple[str, ...]] = {}
        self.set_aside: list[SetAside] = []
        self.repaired = 0

    def take(self, raw: msgspec.Raw) -> None:
        """Read one mark; relations and attributes wait until every span is known."""
        try:
            mark = msgspec.json.decode(raw, type=_Mark)
        except msgspec.ValidationError as error:
            self._put_aside(raw, f"not understood: {error}")
            return
        if mark.type == "relation":
            self._arrows.append((mark, raw))
        elif mark.from_name in self._attributes and mark.value is not None:
            self._answers.append((mark, raw))
        elif mark.type == "labels" and mark.value is not None:
            self._take_span(mark, mark.value, raw)
        elif mark.type == "choices" and mark.value is not None:
            self._take_choice(mark, mark.value, raw)
        else:
            self._put_aside(raw, f"a mark of type {mark.type!r} is not part of the schema")

    def _take_span(self, mark: _Mark, value: _Value, raw: msgspec.Raw) -> None:
        if len(value.labels) > 1:
            self._put_aside(raw, f"it has several labels: {', '.join(value.labels)}")
            return
        if not value.labels or value.labels[0] not in self._labels:
            self._put_aside(raw, f"the schema has no label {', '.join(value.labels) or '(none)'}")
            return
        proof = prove(self._text, value.start, value.end, value.text)
        if isinstance(proof, str):
            self._put_aside(raw, proof)
            return
        label = self._labels[value.labels[0]]
        self.spans.append(Span(id=mark.id, start=proof.start, end=proof.end, label=label))
        self.repaired += proof.repaired

    def _take_choice(self, mark: _Mark, value: _Value, raw: msgspec.Raw) -> None:
        choice = next((c for c in self._schema.choices if c.name == mark.from_name), None)
        if choice is None:
            answers = ", ".join(value.choices)
            self._put_aside(raw, f"the schema has no choice {mark.from_name} of {answers}")
            return
        answers_or_fault = _answers(choice, value, known=choice.name in self.choices)
        if isinstance(answers_or_fault, str):
            self._put_aside(raw, answers_or_fault)
        else:
            self.choices[choice.name] = answers_or_fault

    def tie(self) -> None:
        """Read the attributes and relations, now that every span is known."""
        self._tie_attributes()
        ids = {span.id for span in self.spans}
        for mark, raw in self._arrows:
            labels = mark.labels or ()
            kind = self._types.get(labels[0]) if len(labels) == 1 else None
            if not {mark.from_id, mark.to_id} <= ids:
                self._put_aside(raw, "one of the two spans of the relation is not there")
            elif kind is None:
                named = ", ".join(labels) or "(none)"
                self._put_aside(raw, f"the schema has no relation type {named}")
            elif kind.directed and mark.direction not in {"right", "left"}:
                self._put_aside(raw, f"a relation has one direction, not {mark.direction!r}")
            else:
                ends = (mark.from_id, mark.to_id)
                head, tail = ends if mark.direction != "left" else ends[::-1]
                self.relations.append(Relation(head=head, tail=tail, label=kind.name))

    def _tie_attributes(self) -> None:
        told: dict[str, dict[str, tuple[str, ...]]] = {span.id: {} for span in self.spans}
        for mark, raw in self._answers:
            attribute = self._attributes[mark.from_name]
            if mark.id not in told or mark.value is None:
                self._put_aside(raw, f"the span of this {attribute.name} is not there")
                continue
            if mark.type != ("choices" if attribute.options else "textarea"):
                self._put_aside(raw, f"a mark of type {mark.type!r} does not tell {attribute.name}")
                continue
            known = told[mark.id]
            found = _answers(attribute, mark.value, known=attribute.name in known)
            if isinstance(found, str):
                self._put_aside(raw, found)
            elif found:
                known[attribute.name] = found
        self.spans = [
            msgspec.structs.replace(span, attributes=told[span.id]) if told[span.id] else span
            for span in self.spans
        ]

    def _put_aside(self, raw: msgspec.Raw, reason: str) -> None:
        # A copy: the mark itself is a view into the whole response.
        self.set_aside.append(SetAside(reason=reason, mark=raw.copy()))


def _answers(asked: Choice | Attribute, value: _Value, *, known: bool) -> tuple[str, ...] | str:
    """Return the answers by their names, or why they do not hold."""
    if not asked.options:
        given = [value.text] if isinstance(value.text, str) else value.text
        if not isinstance(given, list) or not all(isinstance(text, str) for text in given):
            return f"{asked.name} takes a text, not {given}"
        if known or len(given) > 1:
            return f"{asked.name} takes one text, this is another: {', '.join(given)}"
        return tuple(given)
    options = _names(asked.options)
    if unknown := [answer for answer in value.choices if answer not in options]:
        return f"{asked.name} has no option {', '.join(unknown)}"
    if known or (len(value.choices) > 1 and not asked.multiple):
        return f"{asked.name} takes one answer, this is another: {', '.join(value.choices)}"
    return tuple(options[answer] for answer in value.choices)


def _names(items: Iterable[Any]) -> Mapping[str, str]:
    """Map every item's title and name to its name; a name wins over another's title."""
    listed = tuple(items)
    return {item.title: item.name for item in listed} | {item.name: item.name for item in listed}
