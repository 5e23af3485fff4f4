"""Label Studio's JSON: only the fields that are used, and what they mean here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import msgspec

from annotate.corpus import Article
from annotate.schema import Schema
from annotate.schema.config import BYLINE_FIELD, TEXT_FIELD
from annotate.schema.model import Attribute, Choice
from annotate.spans import Annotation, Relation, SetAside, Span
from annotate.studio.proof import prove

# The server checks each region of a prediction against all the others, so its time grows
# with the square of their number; and no editor is fluent with more.
MOST_SUGGESTIONS = 2000

# The name under which the server shows the suggestions of a schema's patterns.
SUGGESTIONS = "patterns"


class Project(msgspec.Struct, frozen=True):
    """A project on the server."""

    id: int
    title: str
    created_at: str
    label_config: str = ""
    expert_instruction: str | None = None
    task_number: int | None = None


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


class Prediction(msgspec.Struct, frozen=True):
    """A prediction as the server tells it."""

    model_version: str | None
    result: msgspec.Raw


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


def encode_task(schema: Schema, article: Article, suggestions: Iterable[Span]) -> dict[str, Any]:
    """Return the import record of an article, with suggestions as a prediction if any.

    No more than the first `MOST_SUGGESTIONS` go along.
    """
    known = {field: getattr(article, field) for field in ("title", "source", "url", "author")}
    byline = (article.source, article.author, article.published_at[:10])
    known |= {BYLINE_FIELD: " · ".join(filter(None, byline)), TEXT_FIELD: article.text}
    task: dict[str, Any] = {
        "data": {"article": article.id, **known},
        "meta": {"article": article.id, "sha256": article.sha256},
    }
    result = encode_spans(schema, article.text, islice(suggestions, MOST_SUGGESTIONS))
    if result:
        task["predictions"] = [{"model_version": SUGGESTIONS, "result": result}]
    return task


def encode_spans(schema: Schema, text: str, spans: Iterable[Span]) -> list[dict[str, Any]]:
    """Return spans with their attributes in the form of an annotation's or a prediction's result.

    Raises `ValueError` for a span that does not lie within the text: the server would
    take it without a word.
    """
    texts = {attribute.name for attribute in schema.attributes if not attribute.options}
    result: list[dict[str, Any]] = []
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise ValueError(f"span {span.start}–{span.end} lies outside a text of {len(text)}")
        extent = {"start": span.start, "end": span.end}
        value = {**extent, "labels": [span.label], "text": text[span.start : span.end]}
        region = {"id": span.id, "to_name": schema.controls.text}
        kind = {"from_name": schema.controls.labels, "type": "labels"}
        result.append({**region, **kind, "value": value})
        for name, answers in span.attributes.items():
            field, type_ = ("text", "textarea") if name in texts else ("choices", "choices")
            value = {**extent, field: list(answers)}
            result.append({**region, "from_name": name, "type": type_, "value": value})
    return result


def encode_relations(schema: Schema, relations: Iterable[Relation]) -> list[dict[str, Any]]:
    """Return relations in the form of an annotation's result, under their titles.

    The editor knows a relation's `value` only, not its alias, and drops others when a
    person saves.
    """
    types = {relation.name: relation for relation in schema.relations}
    return [
        {
            "type": "relation",
            "from_id": relation.head,
            "to_id": relation.tail,
            "direction": "right" if types[relation.label].directed else "bi",
            "labels": [types[relation.label].title],
        }
        for relation in relations
    ]


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
