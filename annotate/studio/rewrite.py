"""Rewriting the server's own JSON of an annotation, a draft or a prediction.

What is not understood stays as it is, and nothing is touched but names that the new version
has otherwise: a mark keeps its id, its origin and whatever else the server notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec

from annotate.errors import SchemaError
from annotate.schema import Schema
from annotate.schema.migration import Rewriting, Rewritten, rewrite, rewriting
from annotate.schema.model import Attribute, Choice
from annotate.schema.patterns import extents
from annotate.spans import Relation, Span

Mark = dict[str, Any]

# For one pattern on one span.
_SECONDS = 0.2


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """A result as the new version has it.

    `changed` tells whether it differs from what was given, `told` what became of its parts.
    """

    result: list[Mark]
    changed: bool
    told: Rewritten


class Parts(NamedTuple):
    """What an annotation is made of."""

    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]
    choices: dict[str, tuple[str, ...]]


class Rewriter:
    """Rewrites results made under the schema `old` as the schema `new` has them.

    Raises `SchemaError` when the migrations that `new` declares do not lead there, or when
    results could not be told from rewritten ones.
    """

    def __init__(self, old: Schema, new: Schema) -> None:
        self.rules: Rewriting = rewriting(old, new)
        self._labels = _names(old.entities)
        asked: tuple[Attribute | Choice, ...] = (*old.attributes, *old.choices)
        self._options = {item.name: _names(item.options) for item in asked}
        self._texts = {attribute.name for attribute in old.attributes if not attribute.options}
        self._attributes = {attribute.name for attribute in old.attributes}
        self._choices = {choice.name for choice in old.choices}
        self._patterns = {entity.name: entity.patterns for entity in new.entities}
        self._titles = _titles(old, new, self.rules)
        self._types = {relation.title: relation.name for relation in old.relations}

    def rewrite(self, result: Iterable[Mark]) -> Marks:
        """Return a result as the new version has it; doing it twice is doing it once."""
        marks = list(result)
        parts = self.parts(marks)
        told = rewrite(self.rules, *parts)
        before = {span.id: span for span in parts.spans}
        rewritten = list(_Composer(self, before, told).compose(marks))
        return Marks(result=rewritten, changed=rewritten != marks, told=told)

    def parts(self, marks: list[Mark]) -> Parts:
        """Return the spans, relations and answers that a result has, by their old names."""
        spans = self._spans(marks)
        arrows = tuple(arrow for mark in marks if (arrow := self.arrow(mark, spans)))
        choices = {m["from_name"]: self.answers(m) for m in marks if self.is_choice(m)}
        return Parts(tuple(spans.values()), arrows, choices)

    def predict(self, result: Iterable[Mark]) -> list[Mark]:
        """Return a prediction as the new version has it: of a split label it proposes one."""
        return [
            relabelled(mark, [self.proposal(mark)])
            if is_span(mark) and self.label(mark["value"]["labels"][0]) in self.rules.split
            else mark
            for mark in self.rewrite(result).result
        ]

    def proposal(self, mark: Mark) -> str:
        """Return which of the labels that a span's was split into is suggested.

        The first of them of which a pattern matches the whole span, else the first.
        """
        choices = self.rules.split[self.label(mark["value"]["labels"][0])]
        text = str(mark["value"].get("text") or "")
        return next((label for label in choices if self._matches(label, text)), choices[0])

    def _matches(self, label: str, text: str) -> bool:
        whole = (0, len(text))
        for pattern in self._patterns.get(label, ()):
            with suppress(TimeoutError):
                if whole in extents(pattern, text, _SECONDS):
                    return True
        return False

    def _spans(self, marks: list[Mark]) -> dict[str, Span]:
        answers: dict[str, dict[str, tuple[str, ...]]] = {}
        for mark in marks:
            if self.is_attribute(mark):
                answers.setdefault(mark["id"], {})[mark["from_name"]] = self.answers(mark)
        return {
            mark["id"]: self._span(mark, number, answers.get(mark["id"], {}))
            for number, mark in enumerate(marks)
            if is_span(mark)
        }

    def _span(self, mark: Mark, number: int, attributes: dict[str, tuple[str, ...]]) -> Span:
        start, end = mark["value"].get("start"), mark["value"].get("end")
        if not isinstance(start, int) or not isinstance(end, int):
            # So that it is never the same as another one.
            start, end = -1 - number, -number
        label = self.label(mark["value"]["labels"][0])
        return Span(id=mark["id"], start=start, end=end, label=label, attributes=attributes)

    def label(self, told: str) -> str:
        """Return the name of a label; older configs without aliases tell its title."""
        return self._labels.get(told, told)

    def is_attribute(self, mark: Mark) -> bool:
        """Whether it is an answer to an attribute of a span."""
        return mark.get("from_name") in self._attributes and bool(mark.get("id"))

    def is_choice(self, mark: Mark) -> bool:
        """Whether it is an answer about the article."""
        return mark.get("from_name") in self._choices

    def answers(self, mark: Mark) -> tuple[str, ...]:
        """Return the answers to an attribute or a choice, by their names."""
        name, value = mark["from_name"], mark.get("value") or {}
        if name in self._texts:
            given = value.get("text") or []
            return (given,) if isinstance(given, str) else tuple(given)
        titles = self._options.get(name, {})
        return tuple(titles.get(answer, answer) for answer in value.get("choices") or [])

    def answered(self, mark: Mark, name: str, answers: tuple[str, ...]) -> Mark:
        """Return an answer under a new name; as it was where nothing changes."""
        if (name, answers) == (mark["from_name"], self.answers(mark)):
            return mark
        field = "text" if mark["from_name"] in self._texts else "choices"
        return {**mark, "from_name": name, "value": {**mark["value"], field: list(answers)}}

    def arrow(self, mark: Mark, spans: Mapping[str, Span]) -> Relation | None:
        """Return a relation between two of the spans; None when it is none."""
        head, tail, labels = mark.get("from_id"), mark.get("to_id"), mark.get("labels") or []
        if mark.get("type") != "relation" or len(labels) != 1 or not {head, tail} <= spans.keys():
            return None
        label = self._types.get(labels[0], labels[0])
        return Relation(head=str(head), tail=str(tail), label=label)

    def title(self, told: str) -> str:
        """Return the new title of a relation type, under which the server knows it."""
        return self._titles.get(told, told)


class _Composer:
    """Puts a result together from what it was and from what became of its parts."""

    def __init__(self, rewriter: Rewriter, before: Mapping[str, Span], told: Rewritten) -> None:
        self._rewriter = rewriter
        self._rules = rewriter.rules
        self._before = before
        self._ties = told.ties
        self._spans = {span.id: span for span in told.spans}
        self._arrows = Counter(told.relations)
        self._choices = dict(told.choices)
        self._attributes = {span.id: dict(span.attributes) for span in told.spans}

    def compose(self, marks: list[Mark]) -> Iterator[Mark]:
        """Yield the marks that stay, in their order, then those that moved to another span."""
        for mark in marks:
            if is_span(mark):
                yield from self._span(mark)
            elif self._rewriter.is_attribute(mark) and mark["id"] in self._before:
                yield from self._attribute(mark)
            elif self._rewriter.is_choice(mark):
                yield from self._choice(mark)
            elif (arrow := self._rewriter.arrow(mark, self._before)) is not None:
                yield from self._relation(mark, arrow)
            else:
                yield self._other(mark)
        for mark in marks:
            if self._rewriter.is_attribute(mark) and mark["id"] in self._ties:
                yield from self._attribute({**mark, "id": self._ties[mark["id"]]})

    def _span(self, mark: Mark) -> Iterator[Mark]:
        span = self._spans.get(mark["id"])
        if span is not None:
            same = span.label == self._before[mark["id"]].label
            yield mark if same else relabelled(mark, [span.label])

    def _attribute(self, mark: Mark) -> Iterator[Mark]:
        due = self._attributes.get(mark["id"], {})
        name = self._rules.attributes.get(mark["from_name"], mark["from_name"])
        if name in due:
            yield self._rewriter.answered(mark, name, due.pop(name))

    def _choice(self, mark: Mark) -> Iterator[Mark]:
        name = self._rules.choices.get(mark["from_name"], mark["from_name"])
        if name in self._choices:
            yield self._rewriter.answered(mark, name, self._choices.pop(name))

    def _relation(self, mark: Mark, arrow: Relation) -> Iterator[Mark]:
        head = self._ties.get(arrow.head, arrow.head)
        tail = self._ties.get(arrow.tail, arrow.tail)
        label = self._rules.relations.get(arrow.label, arrow.label)
        new = Relation(head=head, tail=tail, label=label)
        if self._arrows[new] > 0 and arrow.label not in self._rules.removed_relations:
            self._arrows[new] -= 1
            titles = [self._rewriter.title(title) for title in mark["labels"]]
            yield {**mark, "from_id": head, "to_id": tail, "labels": titles}

    def _other(self, mark: Mark) -> Mark:
        """Return a mark under several labels with all of them rewritten, others as they are."""
        value = mark.get("value")
        if mark.get("type") != "labels" or not isinstance(value, dict) or not value.get("labels"):
            return mark
        names = [self._rewriter.label(label) for label in value["labels"]]
        new = [self._rules.labels.get(name, name) for name in names]
        return mark if new == names else relabelled(mark, new)


def is_span(mark: Mark) -> bool:
    """Whether it is a span under one label."""
    value = mark.get("value")
    labels = value.get("labels") if isinstance(value, dict) else None
    return mark.get("type") == "labels" and bool(mark.get("id")) and len(labels or ()) == 1


def relabelled(mark: Mark, labels: list[str]) -> Mark:
    """Return a span under other labels."""
    return {**mark, "value": {**mark["value"], "labels": labels}}


def _names(items: Iterable[Any]) -> dict[str, str]:
    """Map every item's title and name to its name; a name wins over another's title."""
    listed = tuple(items)
    return {item.title: item.name for item in listed} | {item.name: item.name for item in listed}


def _titles(old: Schema, new: Schema, rules: Rewriting) -> dict[str, str]:
    """Return the new title of every relation type that stays, by its old one.

    Raises `SchemaError` when one has the title now that another one had: relations that were
    rewritten could not be told from those that were not.
    """
    now = {relation.name: relation.title for relation in new.relations}
    titles = {
        relation.title: now[rules.relations.get(relation.name, relation.name)]
        for relation in old.relations
        if relation.name not in rules.removed_relations
    }
    before = {relation.title for relation in old.relations}
    for relation in new.relations:
        if relation.title in before and titles.get(relation.title) != relation.title:
            raise SchemaError(
                f"the relation {relation.name} has the title {relation.title!r}, which was that"
                f" of another one under {old.version}",
                "Give it a title of its own: Label Studio knows relations by their titles.",
            )
    return titles
