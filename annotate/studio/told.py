"""What results tell: names or titles, from before they were rewritten or from after that.

Rewriting is done again and again while people go on, so what a result tells must say by
itself under which version it was told.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from typing import Any, NamedTuple

from annotate.errors import SchemaError
from annotate.schema import RelationType, Schema
from annotate.schema.model import Attribute, Choice
from annotate.schema.versions.migration import Rewriting


class Told(NamedTuple):
    """What names and titles in results stand for: before rewriting, and under the new version."""

    before: dict[str, str]
    now: dict[str, str]

    def name(self, told: str) -> str:
        """Return the old name; what was told under the new version stands for itself."""
        return self.before.get(told, told)

    def holds(self, told: str, name: str) -> bool:
        """Whether what is told may stay: it means the name, before as under the new version."""
        return self.name(told) == self.now.get(told, told) == name


def told_names(old: Iterable[Any], new: Iterable[Any]) -> Told:
    """Return what is told of labels or options: names, and titles by configs without aliases.

    A name, also one of the new version, wins over another's title.
    """
    before, now = tuple(old), tuple(new)
    names = {item.name: item.name for item in (*before, *now)}
    return Told(
        {item.title: item.name for item in before} | names,
        {item.title: item.name for item in now} | names,
    )


def told_titles(old: Iterable[RelationType], new: Iterable[RelationType]) -> Told:
    """Return what is told of relations: their titles, which win over another's name."""
    before, now = tuple(old), tuple(new)
    titles = {relation.title: relation.name for relation in now}
    return Told(
        {relation.name: relation.name for relation in before}
        | titles
        | {relation.title: relation.name for relation in before},
        {relation.name: relation.name for relation in now} | titles,
    )


def told_options(old: Schema, new: Schema, rules: Rewriting) -> dict[str, Told]:
    """Return what is told in answers, by the old names of attributes and choices."""
    now = {asked.name: asked.options for asked in _asked(new)}
    renamed = rules.attributes | rules.choices
    return {
        asked.name: told_names(asked.options, now.get(renamed.get(asked.name, asked.name), ()))
        for asked in _asked(old)
    }


def refuse_ambiguous(old: Schema, new: Schema, rules: Rewriting) -> None:
    """Raise `SchemaError` when the new version calls something as the old one called another.

    What was rewritten could not be told from what was not.
    """
    for what in (*_names_again(old, new, rules), *_titles_again(old, new, rules)):
        raise SchemaError(
            f"{what} of another one under {old.version}",
            "Give it one of its own: in Label Studio nothing else tells what was migrated from"
            " what was not.",
        )


def _names_again(old: Schema, new: Schema, rules: Rewriting) -> Iterator[str]:
    gone = rules.labels.keys() | rules.split.keys() | rules.removed
    yield from _again("label", new.labels, gone)
    gone = rules.relations.keys() | rules.removed_relations
    yield from _again("relation", new.relation_labels, gone)
    gone = rules.attributes.keys() | rules.removed_attributes
    gone |= rules.choices.keys() | rules.removed_choices
    yield from _again("question", [asked.name for asked in _asked(new)], gone)
    options = {asked.name: asked.options for asked in _asked(new)}
    for asked in _asked(old):
        gone = rules.options.get(asked.name, {}).keys() | rules.removed_options.get(asked.name, ())
        names = [option.name for option in options.get(asked.name, ())]
        yield from _again(f"option {asked.name}:", names, gone)


def _again(what: str, names: Iterable[str], gone: Container[str]) -> Iterator[str]:
    return (f"the {what} {name} has the name" for name in names if name in gone)


def _titles_again(old: Schema, new: Schema, rules: Rewriting) -> Iterator[str]:
    stay = [r for r in old.relations if r.name not in rules.removed_relations]
    owners = {r.title: rules.relations.get(r.name, r.name) for r in stay}
    before = {relation.title for relation in old.relations}
    for relation in new.relations:
        if relation.title in before and owners.get(relation.title) != relation.name:
            yield f"the relation {relation.name} has the title {relation.title!r}, which was that"


def _asked(schema: Schema) -> tuple[Attribute | Choice, ...]:
    return (*schema.attributes, *schema.choices)
