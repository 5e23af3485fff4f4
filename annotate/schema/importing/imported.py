"""A schema out of a labelling config, made here or by anybody.

A config made here carries its schema. Where it was edited by hand since, what the page shows
now counts, and what no page shows comes from the schema that it carries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from annotate.errors import SchemaError
from annotate.schema.config import Page, carried_schema, labelling_config
from annotate.schema.dump import dump_schema
from annotate.schema.importing.colors import free_colors
from annotate.schema.importing.edited import take_in, without_faults
from annotate.schema.importing.labels import UNDEFINED
from annotate.schema.importing.names import mended
from annotate.schema.importing.page import read_page
from annotate.schema.importing.tags import Tag, read_tags
from annotate.schema.load import parse_schema
from annotate.schema.model import Schema
from annotate.schema.versions.compare import Difference, compare


class Imported(NamedTuple):
    """A schema, and what of its labelling config it lacks or has otherwise, a line each."""

    schema: Schema
    notes: tuple[str, ...]


def import_config(config: str, name: str = "imported", known: Page | None = None) -> Imported:
    """Return the schema of a labelling config; `name` is for one that was not made here.

    `known` is what the page was made from, for a config that carries it no more. The schema
    is one that `parse_schema` takes, unless a note says what is to be corrected in it.

    Raises `SchemaError` when the config is not XML or has no labels for a text.
    """
    root = read_tags(config)
    carried = carried_schema(config)
    if carried is not None and not carried.edited:
        return Imported(carried.schema, tuple(_faults(carried.schema)))
    page = carried.page if carried else known
    if page is None:
        return _foreign(root, name)
    return _edited(root, page)


def _foreign(root: Tag, name: str) -> Imported:
    given = mended(name)
    shown = read_page(root, given.name)
    schema = _with_colors(shown.schema)
    notes = [str(note) for note in sorted(shown.notes, key=lambda note: note.line)]
    if any({"schema", "digest"} <= tag.attributes.keys() for tag in root.below()):
        notes.append("the schema that it carries cannot be read: what it shows was taken")
    if given.reason:
        notes.append(f"the name is {given.name!r} here: {given.reason}")
    notes += _to_fill_in(schema, schema.labels, schema.relation_labels)
    notes.append("`language` is und, for unknown: write in which language the articles are")
    return Imported(schema, (*notes, *_faults(schema)))


def _edited(root: Tag, page: Page) -> Imported:
    """Take into the schema what was edited; labels under review are no part of it."""
    known = page.schema
    made = read_tags(labelling_config(known, page.review))
    before = read_page(made, known.name, page.drawn)
    now = read_page(root, known.name, page.drawn)
    review = {entity.name for entity in page.review}
    taken = take_in(_without(now.schema, review), before.schema, known)
    schema, left_out = without_faults(_with_colors(taken))
    made_here = {note.text for note in before.notes}
    differences = compare(known, schema)
    notes = [f"on the page, {difference.what} {difference.text}" for difference in differences]
    notes += [str(note) for note in now.notes if note.text not in made_here]
    notes += left_out
    new = [name for name in schema.relation_labels if name not in known.relation_labels]
    notes += _to_fill_in(schema, set(schema.labels) - set(known.labels), new)
    notes += _advice(known, differences)
    return Imported(schema, (*notes, *_faults(schema)))


def _without(schema: Schema, labels: set[str]) -> Schema:
    """Return what a page shows without some labels."""

    def rest(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name not in labels)

    replace = msgspec.structs.replace
    relations = (replace(r, head=rest(r.head), tail=rest(r.tail)) for r in schema.relations)
    attributes = (replace(a, labels=rest(a.labels)) for a in schema.attributes)
    return replace(
        schema,
        entities=tuple(entity for entity in schema.entities if entity.name not in labels),
        relations=tuple(relations),
        attributes=tuple(attribute for attribute in attributes if attribute.labels),
    )


def _with_colors(schema: Schema) -> Schema:
    """Give a colour of its own to each label that has none."""
    free = free_colors(entity.color for entity in schema.entities)
    return msgspec.structs.replace(
        schema,
        entities=tuple(
            entity if entity.color else msgspec.structs.replace(entity, color=next(free))
            for entity in schema.entities
        ),
    )


def _to_fill_in(
    schema: Schema, labels: Collection[str], relations: Collection[str]
) -> Iterator[str]:
    """Yield what a config does not say of new labels and relations."""
    undefined = [
        entity.name
        for entity in schema.entities
        if entity.name in labels and entity.definition == UNDEFINED
    ]
    if undefined:
        yield f"no hint says what these are; write it under `definition`: {', '.join(undefined)}"
    if relations:
        yield (
            "no config says at which labels relations begin and end, so any will do; name them"
            f" under `head` and `tail`: {', '.join(relations)}"
        )


def _advice(known: Schema, differences: list[Difference]) -> Iterator[str]:
    if not differences:
        yield f"the page was edited, but shows what {known.name} {known.version} says"
        return
    yield f"the version is still {known.version}: give the schema a new one"
    if breaking := [difference.what for difference in differences if difference.breaking]:
        yield (
            "annotations already made are concerned; declare under `migrations` what becomes of"
            f" them: {', '.join(dict.fromkeys(breaking))}"
        )


def _faults(schema: Schema) -> Iterator[str]:
    """Yield what is to be corrected before the schema can be used."""
    try:
        parse_schema(dump_schema(schema))
    except SchemaError as error:
        yield from (f"to be corrected in the schema, {problem}" for problem in error.problems)
