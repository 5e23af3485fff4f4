"""A schema with everything that two versions have, for the time in which one becomes the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from annotate.schema.checking.names import fold
from annotate.schema.model import Attribute, Choice, Entity, Option, RelationType, Schema


def union(old: Schema, new: Schema) -> Schema:
    """Return a schema under which annotations made under either version hold.

    A question that changed between choice and free text stays what it was.
    """
    return msgspec.structs.replace(
        new,
        version=f"{old.version} → {new.version}",
        entities=(*new.entities, *_retired(old, new)),
        relations=tuple(_relations(old, new)),
        attributes=tuple(_attributes(old, new)),
        choices=tuple(_choices(old, new)),
        migrations=(),
    )


def _retired(old: Schema, new: Schema) -> list[Entity]:
    """Return the old labels that the new version lacks, told apart by their version."""
    taken = {fold(entity.hotkey) for entity in new.entities}
    return [
        msgspec.structs.replace(
            entity,
            title=f"{entity.title} ({old.version})",
            hotkey="" if fold(entity.hotkey) in taken else entity.hotkey,
            contains=None,
        )
        for entity in old.entities
        if entity.name not in new.labels
    ]


def _relations(old: Schema, new: Schema) -> Iterator[RelationType]:
    """Yield those of either by their titles; without a direction those that had none."""
    before = {relation.title: relation for relation in old.relations}
    for now in new.relations:
        was = before.pop(now.title, now)
        yield msgspec.structs.replace(now, directed=was.directed and now.directed)
    yield from before.values()


def _choices(old: Schema, new: Schema) -> Iterator[Choice]:
    before = {choice.name: choice for choice in old.choices}
    for now in new.choices:
        was = before.pop(now.name, now)
        yield msgspec.structs.replace(now, **_widened(was, now, old.version))
    yield from before.values()


def _attributes(old: Schema, new: Schema) -> Iterator[Attribute]:
    before = {attribute.name: attribute for attribute in old.attributes}
    for now in new.attributes:
        was = before.pop(now.name, now)
        labels = tuple(dict.fromkeys((*now.labels, *was.labels)))
        if bool(was.options) != bool(now.options):
            yield msgspec.structs.replace(was, labels=labels)
        else:
            wide = _widened(was, now, old.version)
            yield msgspec.structs.replace(now, labels=labels, **wide)
    yield from before.values()


def _widened(was: Attribute | Choice, now: Attribute | Choice, version: str) -> dict[str, Any]:
    """Return the fields of a question that takes the answers of both."""
    known = {option.name for option in now.options}
    retired = [option for option in was.options if option.name not in known]
    told_apart = (Option(option.name, f"{option.title} ({version})") for option in retired)
    return {"options": (*now.options, *told_apart), "multiple": was.multiple or now.multiple}
