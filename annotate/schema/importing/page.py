"""The schema that a labelling config shows, whoever made the config."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from annotate.errors import SchemaError
from annotate.schema.config import TEXT_FIELD
from annotate.schema.importing.gather import TEXTS, Gathered, Note
from annotate.schema.importing.labels import LabelReader, Row
from annotate.schema.importing.names import Given, Names
from annotate.schema.importing.questions import QuestionReader
from annotate.schema.importing.tags import Tag
from annotate.schema.model import Controls, RelationType, Schema

_REMEDY = "A schema can be made of a config with <Labels> for a <Text>."


class Shown(NamedTuple):
    """What a config shows, and notes of the rest. A label without a colour has the colour ""."""

    schema: Schema
    notes: tuple[Note, ...]


def read_page(root: Tag, name: str, known: Schema | None = None) -> Shown:
    """Return the schema that a config shows; names of the `known` one are not changed.

    Raises `SchemaError` when the config has no labels for a text.
    """
    found = Gathered()
    found.gather(root)
    text = _text(found)
    _look_at_texts(found, text)
    labels = _controls_of(found, text)
    names = Names(_asked(known), controls=True)
    controls = Controls(
        labels=_control(found, labels[0], names, "label"), text=_control(found, text, names, "text")
    )
    # Asked of every label, a question of the new page names them all, with commas between.
    asked_of_all = any(
        question.tag.says("perregion") and not question.when.get("whenlabelvalue")
        for question in found.questions
    )
    rows = LabelReader(found, known, commas=not asked_of_all).read(labels)
    if not rows:
        raise SchemaError(f"the config, line {labels[0].line}: {labels[0]} has no <Label>", _REMEDY)
    questions = QuestionReader(found, known, text, names)
    for question in found.questions:
        questions.read(question, rows)
    granular = [text, *(label for control in labels for label in control.below())]
    words = any(tag.get("granularity") == "word" for tag in granular)
    schema = Schema(
        name=name, version="1.0.0", language="und", title=name,
        entities=tuple(row.entity for row in rows),
        relations=tuple(_relations(found, rows, known)),
        attributes=tuple(questions.attributes), choices=tuple(questions.choices),
        granularity="word" if words else "character", controls=controls,
    )  # fmt: skip
    return Shown(schema, tuple(found.notes))


def _asked(known: Schema | None) -> list[str]:
    """Return the names of a schema's controls."""
    if known is None:
        return []
    attributes = (attribute.name for attribute in known.attributes)
    choices = (choice.name for choice in known.choices)
    return [known.controls.labels, known.controls.text, *attributes, *choices]


def _marked(found: Gathered, labels: Tag) -> list[Tag]:
    """Return what labels are for: some tag, or several that are named with commas between."""
    whole = labels.get("toname").strip()
    names = [whole, *(part.strip() for part in whole.split(","))]
    return [found.named[name] for name in names if name in found.named]


def _text(found: Gathered) -> Tag:
    """Return the first text that labels are for."""
    for labels in found.labels:
        texts = [tag for tag in _marked(found, labels) if tag.kind in TEXTS]
        if texts:
            return texts[0]
    if not found.labels:
        others = [*found.other_labels, *(question.tag for question in found.questions)]
        only = f", only {others[0]} in line {others[0].line}" if others else ""
        raise SchemaError(f"the config has no <Labels>{only}", _REMEDY)
    labels = found.labels[0]
    marked = _marked(found, labels)
    what = f"is for {marked[0]}" if marked else f"is for {labels.get('toname')!r}, which is nowhere"
    raise SchemaError(f"the config, line {labels.line}: {labels} {what}", _REMEDY)


def _controls_of(found: Gathered, text: Tag) -> list[Tag]:
    """Return the labels for the text, and note that others are left out."""
    for labels in found.labels:
        if text not in _marked(found, labels):
            found.lost(labels, f"it is not for {text}")
    return [labels for labels in found.labels if text in _marked(found, labels)]


def _look_at_texts(found: Gathered, text: Tag) -> None:
    for other in found.texts:
        if other is not text:
            found.lost(other, f"only {text} is annotated")
    if text.kind != "text":
        found.note(text, "becomes a <Text>: what was marked in it has other offsets")
    if (value := text.get("value")) != f"${TEXT_FIELD}":
        new = f"articles are sent in the field {TEXT_FIELD!r}, which the new page shows"
        found.note(text, f"shows {value!r}, but {new}")


def _control(found: Gathered, tag: Tag, names: Names, default: str) -> str:
    given = names.give(tag.name or default)
    found.called(tag, given, Given(given.name, ""))
    return given.name


def _relations(found: Gathered, rows: list[Row], known: Schema | None) -> Iterator[RelationType]:
    labels = tuple(row.entity.name for row in rows)
    kept = (relation.title for relation in known.relations) if known else ()
    names, titles = Names(), Names(kept, on_page=True)
    seen: set[str] = set()
    for box in found.relations:
        for tag in found.inside(box, "relation"):
            value = tag.get("value")
            if not value.strip() or value in seen:
                found.lost(tag, "it is there twice" if value.strip() else "it has no value")
                continue
            seen.add(value)
            name, title = names.give(value), titles.give(value)
            found.called(tag, name, title)
            yield RelationType(name.name, title.name, head=labels, tail=labels)
