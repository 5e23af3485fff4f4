"""A schema with everything that two versions have, for the time in which one becomes the other."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from annotate.schema.model import Attribute, Choice, Entity, Option, Schema


def union(old: Schema, new: Schema) -> Schema:
    """Return a schema under which annotations made under either version hold.

    A question that changed between choice and free text stays what it was.
    """
    titles = {relation.title for relation in new.relations}
    return msgspec.structs.replace(
        new,
        version=f"{old.version} → {new.version}",
        entities=(*new.entities, *_retired(old, new)),
        relations=(*new.relations, *(r for r in old.relations if r.title not in titles)),
        attributes=tuple(_attributes(old, new)),
        choices=tuple(_choices(old, new)),
        migrations=(),
    )


def _retired(old: Schema, new: Schema) -> list[Entity]:
    """Return the old labels that the new version lacks, told apart by their version."""
    taken = {entity.hotkey for entity in new.entities}
    return [
        msgspec.structs.replace(
            entity,
            title=f"{entity.title} ({old.version})",
            hotkey="" if entity.hotkey in taken else entity.hotkey,
            contains=None,
        )
        for entity in old.entities
        if entity.name not in new.labels
    ]


def _choices(old: Schema, new: Schema) -> Iterator[Choice]:
    before = {choice.name: choice for choice in old.choices}
    for now in new.choices:
        was = before.pop(now.name, now)
        wide = {"options": _options(was, now), "multiple": was.multiple or now.multiple}
        yield msgspec.structs.replace(now, **wide)
    yield from before.values()


def _attributes(old: Schema, new: Schema) -> Iterator[Attribute]:
    before = {attribute.name: attribute for attribute in old.attributes}
    for now in new.attributes:
        was = before.pop(now.name, now)
        labels = tuple(dict.fromkeys((*now.labels, *was.labels)))
        if bool(was.options) != bool(now.options):
            yield msgspec.structs.replace(was, labels=labels)
        else:
            wide = {"options": _options(was, now), "multiple": was.multiple or now.multiple}
            yield msgspec.structs.replace(now, labels=labels, **wide)
    yield from before.values()


def _options(before: Attribute | Choice, now: Attribute | Choice) -> tuple[Option, ...]:
    known = {option.name for option in now.options}
    return (*now.options, *(option for option in before.options if option.name not in known))
