"""The schema: which entities, relations and document choices are annotated, and how."""

from __future__ import annotations

import re
from functools import cached_property

import msgspec


class Regex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A pattern in the syntax of Python's `re`; the whole match is suggested."""

    regex: str


class Entity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entity label.

    `name` is what the dataset says, `title` what annotators read. `patterns` are exact
    phrases (matched between word boundaries) or regular expressions whose matches are
    suggested to annotators. `color` is `#rrggbb`, `hotkey` one key.
    """

    name: str
    title: str
    definition: str
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...] = ()
    color: str = "#808080"
    hotkey: str = ""
    patterns: tuple[str | Regex, ...] = ()


class RelationType(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A directed relation, and the labels that its head and its tail may have."""

    name: str
    title: str
    head: tuple[str, ...]
    tail: tuple[str, ...]
    definition: str = ""


class Option(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to a document choice."""

    name: str
    title: str


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question about the whole article, answered by one option or, if `multiple`, several."""

    name: str
    title: str
    options: tuple[Option, ...]
    multiple: bool = False


class Schema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A whole schema, checked: names are unique and every reference resolves."""

    name: str
    version: str
    language: str
    title: str
    entities: tuple[Entity, ...]
    relations: tuple[RelationType, ...] = ()
    choices: tuple[Choice, ...] = ()
    guidelines: tuple[str, ...] = ()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The entity labels' names, in the schema's order."""
        return tuple(entity.name for entity in self.entities)

    @cached_property
    def relation_labels(self) -> tuple[str, ...]:
        """The relation types' names, in the schema's order."""
        return tuple(relation.name for relation in self.relations)


def compile_pattern(pattern: str | Regex) -> re.Pattern[str]:
    """Return the regular expression of a pattern; raises `re.error` when it does not compile."""
    if isinstance(pattern, Regex):
        return re.compile(pattern.regex)
    return re.compile(rf"(?<!\w){re.escape(pattern)}(?!\w)")
