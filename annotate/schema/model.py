"""The schema: which entities, relations, attributes and choices are annotated, and how."""

from __future__ import annotations

from functools import cached_property
from typing import Literal

import msgspec


class Regex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern in the syntax of Python's `re`; the whole match is suggested."""

    regex: str


class Entity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entity label.

    `name` is what the dataset says, `title` what annotators read. `examples` and
    `counter_examples` are phrases in inline markup; one without markup is an example as a
    whole. `color` is `#rrggbb`, `hotkey` one key. Labels of one `group` stand together, under
    its name. `patterns` are exact phrases (matched between word boundaries) or regular
    expressions, whose matches are suggested to annotators. `contains` are the labels whose
    spans may lie within a span of this one: absent means any, an empty list none.
    """

    name: str
    title: str
    definition: str
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    color: str = "#808080"
    hotkey: str = ""
    group: str = ""
    patterns: tuple[str | Regex, ...] = ()
    contains: tuple[str, ...] | None = None


class RelationType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relation, and the labels that its head and its tail may have.

    One that is not `directed` holds both ways: which end was drawn first means nothing.
    """

    name: str
    title: str
    head: tuple[str, ...]
    tail: tuple[str, ...]
    definition: str = ""
    directed: bool = True


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to a choice."""

    name: str
    title: str


class Attribute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is told of a span beyond its label, for example a date in normal form.

    Asked for spans of `labels`. With `options` it is a choice of one or, if `multiple`,
    several; without, a free text. `definition` stands below the question.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    definition: str = ""
    options: tuple[Option, ...] = ()
    multiple: bool = False


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question about the whole article, answered by one option or, if `multiple`, several."""

    name: str
    title: str
    options: tuple[Option, ...]
    multiple: bool = False


class Decision(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A hard case, how it is decided, and examples of that in inline markup."""

    case: str
    rule: str
    examples: tuple[str, ...] = ()


class Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of names in a new version.

    `rename` maps an old name to the new one, `merge` a new name to the old ones that it
    unites. Marks under the names in `remove` are taken off and archived.
    """

    rename: dict[str, str] = {}
    merge: dict[str, tuple[str, ...]] = {}
    remove: tuple[str, ...] = ()


class EntityChanges(Changes, frozen=True, forbid_unknown_fields=True):
    """What became of entity labels; `split` maps an old label to the new ones to choose from."""

    split: dict[str, tuple[str, ...]] = {}


class Migration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"old": "from"}):
    """What becomes of annotations made under the version `from` when it goes to `to`.

    `options` is by the name of a choice or an attribute, as the new version calls it.
    """

    old: str
    to: str
    entities: EntityChanges = EntityChanges()
    relations: Changes = Changes()
    attributes: Changes = Changes()
    choices: Changes = Changes()
    options: dict[str, Changes] = {}


class Controls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How Label Studio's config calls the labels and the text.

    Annotations on a server refer to them, so they never change.
    """

    labels: str = "label"
    text: str = "text"


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A whole schema, checked: names are unique and every reference resolves.

    `guidelines` are general rules, `decisions` hard cases in the order in which to try them.
    With `granularity` word, what annotators drag over grows to whole words.
    """

    name: str
    version: str
    language: str
    title: str
    entities: tuple[Entity, ...]
    relations: tuple[RelationType, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    choices: tuple[Choice, ...] = ()
    guidelines: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    granularity: Literal["word", "character"] = "word"
    migrations: tuple[Migration, ...] = ()
    controls: Controls = Controls()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The entity labels' names, in the schema's order."""
        return tuple(entity.name for entity in self.entities)

    @cached_property
    def relation_labels(self) -> tuple[str, ...]:
        """The relation types' names, in the schema's order."""
        return tuple(relation.name for relation in self.relations)
