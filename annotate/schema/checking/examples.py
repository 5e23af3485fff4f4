"""Checks of the marked examples in a schema file: they may not break its own rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeVar

import msgspec

from annotate.errors import MarkupError
from annotate.markup import Marked, read_inline
from annotate.schema.checking.names import unknown
from annotate.schema.checking.parts import Fault, Part
from annotate.schema.model import Attribute, Entity, RelationType
from annotate.spans import Span, covers

S = TypeVar("S", bound=msgspec.Struct)


class _Rules(NamedTuple):
    """What a schema file names, and those of it that have no fault of type, by name."""

    root: Part
    entities: dict[str, Entity]
    relations: dict[str, RelationType]
    attributes: dict[str, Attribute]

    def names(self, key: str) -> list[str]:
        return self.root.part(key).names()


def check_examples(root: Part) -> Iterator[Fault]:
    """Yield the faults of the examples of labels and of decisions."""
    rules = _Rules(
        root,
        _fitting(root.part("entities"), Entity),
        _fitting(root.part("relations"), RelationType),
        _fitting(root.part("attributes"), Attribute),
    )
    for entity in root.part("entities").mappings():
        for part in entity.part("examples").texts():
            yield from _check_phrase(part, rules, nests=True)
        # What is wrong may be shown in it.
        for part in entity.part("counter_examples").texts():
            yield from _check_phrase(part, rules, nests=False)
    for decision in root.part("decisions").mappings():
        for part in decision.part("examples").texts():
            marked = _read(part)
            reasons = [marked] if isinstance(marked, str) else _case_reasons(marked, rules)
            yield from map(part.fault, reasons)


def _fitting(part: Part, kind: type[S]) -> dict[str, S]:
    found: dict[str, S] = {}
    for item in part.mappings():
        try:
            found.setdefault(item.text("name"), msgspec.convert(item.value, kind))
        except msgspec.ValidationError:
            continue  # named among the faults of type
    return found


def _check_phrase(part: Part, rules: _Rules, *, nests: bool) -> Iterator[Fault]:
    marked = _read(part)
    if isinstance(marked, str):
        yield part.fault(marked)
        return
    if marked.relations or any(span.attributes for span in marked.spans):
        yield part.fault("relations and attributes have their place in examples of decisions")
    yield from map(part.fault, _label_reasons(marked, rules))
    if nests:
        yield from map(part.fault, _nesting_reasons(marked, rules))


def _read(part: Part) -> Marked | str:
    """Return the marked text, or why it cannot be read."""
    if not part.value.strip():
        return "it is empty"
    try:
        return read_inline(part.value, "example")
    except MarkupError as error:
        where, _, reason = error.problem.partition(": ")
        line = where.rpartition(" ")[2]
        return f"in its line {line}: {reason}" if "\n" in part.value.strip() else reason


def _case_reasons(marked: Marked, rules: _Rules) -> Iterator[str]:
    yield from _label_reasons(marked, rules)
    yield from _nesting_reasons(marked, rules)
    yield from _relation_reasons(marked, rules)
    for span in marked.spans:
        for name, answers in span.attributes.items():
            yield from _attribute_reasons(span, name, answers, rules)


def _label_reasons(marked: Marked, rules: _Rules) -> Iterator[str]:
    known = rules.names("entities")
    for label in dict.fromkeys(span.label for span in marked.spans):
        if label not in known:
            yield unknown(label, known)


def _nesting_reasons(marked: Marked, rules: _Rules) -> Iterator[str]:
    pairs = {
        (outer.label, inner.label)
        for outer in marked.spans
        for inner in marked.spans
        if covers(outer, inner) and not covers(inner, outer)
    }
    for outer, inner in sorted(pairs):
        allowed = rules.entities[outer].contains if outer in rules.entities else None
        if allowed is not None and inner not in allowed:
            yield f"{inner} lies within {outer}, whose `contains` does not name it"


def _relation_reasons(marked: Marked, rules: _Rules) -> Iterator[str]:
    labels = {span.id: span.label for span in marked.spans}
    for relation in marked.relations:
        head, tail = labels[relation.head], labels[relation.tail]
        known = rules.relations.get(relation.label)
        if relation.label not in rules.names("relations"):
            yield unknown(relation.label, rules.names("relations"), "relation")
        elif known and not _joins(known, head, tail):
            yield f"{relation.label} does not go from {head} to {tail}"


def _joins(relation: RelationType, head: str, tail: str) -> bool:
    fits = head in relation.head and tail in relation.tail
    return fits or (not relation.directed and tail in relation.head and head in relation.tail)


def _attribute_reasons(
    span: Span, name: str, answers: tuple[str, ...], rules: _Rules
) -> Iterator[str]:
    known = rules.attributes.get(name)
    if name not in rules.names("attributes"):
        yield unknown(name, rules.names("attributes"), "attribute")
    if known is None:
        return
    if span.label not in known.labels:
        yield f"{name} is not asked for {span.label}"
    options = [option.name for option in known.options]
    for answer in answers:
        if options and answer not in options:
            yield unknown(answer, options, f"option of {name}")
    if len(answers) > 1 and not known.multiple:
        yield f"{name} takes one answer, not {len(answers)}"
