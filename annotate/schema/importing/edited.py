"""A schema brought in step with its labelling page, which was edited by hand."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any, TypeVar

import msgspec

from annotate.schema.checking.check import check
from annotate.schema.checking.parts import Part, Path, shown
from annotate.schema.importing.labels import UNDEFINED
from annotate.schema.importing.names import Names
from annotate.schema.model import Attribute, Choice, Entity, RelationType, Schema

Q = TypeVar("Q", Attribute, Choice)

# Lists in a schema whose items may name what is no longer there.
_REFERRING = frozenset({"examples", "counter_examples", "patterns", "contains", "migrations"})


def take_in(now: Schema, before: Schema, known: Schema) -> Schema:
    """Return the known schema with what its page shows now.

    `before` is what the page showed when it was made of the known schema. What is the same
    on the page, and what no page shows, stays as it is known.
    """
    entities = tuple(_entities(now, before, known))
    labels = {entity.name for entity in entities}
    return msgspec.structs.replace(
        known,
        entities=tuple(_within(entity, labels) for entity in entities),
        relations=tuple(_relations(now, known, labels)),
        attributes=tuple(_questions(now.attributes, before.attributes, known.attributes)),
        choices=tuple(_questions(now.choices, before.choices, known.choices)),
        **_taken(now, before, ("granularity", "controls")),
    )


def _taken(now: Any, before: Any, fields: Iterable[str]) -> dict[str, Any]:
    """Return the fields that were edited."""
    values = {field: getattr(now, field) for field in fields}
    return {field: value for field, value in values.items() if value != getattr(before, field)}


def _entities(now: Schema, before: Schema, known: Schema) -> Iterator[Entity]:
    were = {entity.name: entity for entity in before.entities}
    kept = {entity.name: entity for entity in known.entities}
    for entity in now.entities:
        if entity.name not in kept or entity.name not in were:
            yield entity
            continue
        was = were[entity.name]
        edits = _taken(entity, was, ("title", "definition", "color", "hotkey", "group"))
        # A page without a hint or a colour says nothing about them.
        absent = {"definition": UNDEFINED, "color": ""}
        edits = {field: value for field, value in edits.items() if absent.get(field) != value}
        yield msgspec.structs.replace(kept[entity.name], **edits)


def _within(entity: Entity, labels: Container[str]) -> Entity:
    """Return the label without those within it that are gone."""
    if entity.contains is None:
        return entity
    return msgspec.structs.replace(entity, contains=_left(entity.contains, labels))


def _relations(now: Schema, known: Schema, labels: set[str]) -> Iterator[RelationType]:
    """Yield the relations of the page, which knows them by their titles only.

    One in the place of another, among equally many, is that one under another title.
    """
    kept = {relation.title: relation for relation in known.relations}
    titles = {relation.title for relation in now.relations}
    if len(now.relations) == len(known.relations):
        for relation, was in zip(now.relations, known.relations, strict=True):
            if was.title not in titles:
                kept.setdefault(relation.title, was)
    names = Names(taken=(relation.name for relation in known.relations))
    for relation in now.relations:
        if relation.title in kept:
            old = msgspec.structs.replace(kept[relation.title], title=relation.title)
            # At an end that has no label left, any label may stand, as on the page.
            ends = {"head": _left(old.head, labels), "tail": _left(old.tail, labels)}
            ends = {side: left or getattr(relation, side) for side, left in ends.items()}
            yield msgspec.structs.replace(old, **ends)
        else:
            name = names.give(relation.name).name
            yield msgspec.structs.replace(relation, name=name)


def _left(names: Iterable[str], labels: Container[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in labels)


def _questions(now: Iterable[Q], before: Iterable[Q], known: Iterable[Q]) -> Iterator[Q]:
    were = {question.name: question for question in before}
    kept = {question.name: question for question in known}
    for question in now:
        if question.name not in kept or question.name not in were:
            yield question
            continue
        fields = {field.name for field in msgspec.structs.fields(question)} - {"name"}
        # Only a free text shows what is defined.
        fields -= {"definition"} if question.options else set()
        edits = _taken(question, were[question.name], fields)
        yield msgspec.structs.replace(kept[question.name], **edits)


def without_faults(schema: Schema) -> tuple[Schema, list[str]]:
    """Return the schema without what refers to things that are gone, and that, a line each."""
    data = msgspec.json.decode(msgspec.json.encode(schema))
    left_out: list[str] = []
    while found := dict(_droppable(data)):
        left_out += [f"{shown(path)} is left out: {reason}" for path, reason in found.items()]
        # From the last on, so that the others keep their places.
        for path in sorted(found, reverse=True):
            around = data
            for step in path[:-1]:
                around = around[step]
            del around[path[-1]]
    return msgspec.convert(data, Schema), left_out


def _droppable(data: Any) -> Iterator[tuple[Path, str]]:
    """Yield the items with a fault, of the lists that refer to something, and the fault."""
    for path, reason in check(Part((), data)):
        for end in range(len(path) - 1, 0, -1):
            if isinstance(path[end], int) and path[end - 1] in _REFERRING:
                yield path[: end + 1], reason
                break
