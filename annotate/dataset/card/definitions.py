"""The part of the card about the schema: what is marked, and an example of each."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from annotate.dataset.card.markdown import bullets, code, one_line, plain, table
from annotate.dataset.examples import Passage
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute, Entity, Option, RelationType


def label_table(schema: Schema, examples: Mapping[str, Passage]) -> str:
    """Return a row a label, with what somebody marked with it in bold."""
    return table(
        ("label", "definition", "example"),
        (
            (_named(one.name, one.title), plain(one.definition), _example(one, examples))
            for one in schema.entities
        ),
    )


def _named(name: str, title: str) -> str:
    """Return a name in bold, and below it its title, where that says more."""
    return f"**{plain(name)}**" + (f"<br>{plain(title)}" if title != name else "")


def _example(entity: Entity, examples: Mapping[str, Passage]) -> str:
    passage = examples.get(entity.name)
    if passage is None:
        return "not in this dataset"
    start, end, _ = passage.marks[0]
    before, after = passage.text[:start], passage.text[end:]
    marked = plain(passage.text[start:end]) or "…"
    left = f"{plain(before)}{_gap(before[-1:])}"
    return f"{left}**{marked}**{_gap(after[:1])}{plain(after)}"


def _gap(char: str) -> str:
    """Return what stands between two stars and the character beside them.

    A letter there would make them stars: one that is not seen keeps the two apart.
    """
    if not char or unicodedata.category(char)[0] == "P":
        return ""
    return " " if char.isspace() else "&#8203;"


def relation_table(schema: Schema) -> str:
    """Return a row a relation."""
    return table(
        ("relation", "from", "to", "definition"),
        (
            (_named(one.name, one.title), _ends(one.head), _ends(one.tail), _definition(one))
            for one in schema.relations
        ),
    )


def _ends(labels: Sequence[str]) -> str:
    return ", ".join(plain(label) for label in labels)


def _definition(relation: RelationType) -> str:
    both = "" if relation.directed else "Holds both ways."
    return plain(f"{relation.definition} {both}")


def questions(schema: Schema) -> str:
    """Return what is asked beyond labels: of spans, and of whole articles."""
    return bullets([*map(_attribute, schema.attributes), *map(_choice, schema.choices)])


def _attribute(asked: Attribute) -> str:
    definition = f" {plain(asked.definition)}" if one_line(asked.definition) else ""
    return (
        f"**{plain(asked.name)}** ({plain(asked.title)}), of {_ends(asked.labels)}: "
        f"{_answers(asked.options, multiple=asked.multiple)}.{definition}"
    )


def _choice(asked: Choice) -> str:
    return (
        f"**{plain(asked.name)}** ({plain(asked.title)}), of the article: "
        f"{_answers(asked.options, multiple=asked.multiple)}."
    )


def _answers(options: Sequence[Option], *, multiple: bool) -> str:
    if not options:
        return "a text"
    return f"{'any' if multiple else 'one'} of {', '.join(_options(options))}"


def _options(options: Sequence[Option]) -> Iterator[str]:
    for one in options:
        yield code(one.name) + (f" ({plain(one.title)})" if one.title != one.name else "")
