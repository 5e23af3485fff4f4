"""Rewriting the server's own JSON of an annotation, a draft or a prediction.

What is not understood stays as it is, and nothing is touched but names that the new version
has otherwise: a mark keeps its id, its origin and whatever else the server notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Literal, NamedTuple

import msgspec

from annotate.schema import Schema
from annotate.schema.patterns import extents
from annotate.schema.versions.migration import Rewriting, Rewritten, rewrite, rewriting
from annotate.spans import Relation, Span
from annotate.studio.decode import is_understood
from annotate.studio.marks import (
    Mark,
    find_extents,
    is_labelled,
    is_span,
    relabelled,
    texts,
)
from annotate.studio.told import refuse_ambiguous, told_names, told_options, told_titles

__all__ = ["Mark", "Marks", "Parts", "Rewriter", "is_span", "relabelled"]

Kind = Literal["span", "attribute", "choice", "relation", "other"]

# For one pattern on one span.
_SECONDS = 0.2

# By which a mark is found again in what became of it; whatever is not understood is kept.
_NUMBER = "annotate:number"


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
        refuse_ambiguous(old, new, self.rules)
        self.labels = told_names(old.entities, new.entities)
        self.types = told_titles(old.relations, new.relations)
        self.options = told_options(old, new, self.rules)
        self._texts = {attribute.name for attribute in old.attributes if not attribute.options}
        self._attributes = {attribute.name for attribute in old.attributes}
        self._choices = {choice.name for choice in old.choices}
        self._directed = {r.name: r.directed for r in (*new.relations, *old.relations)}
        self._relations = {relation.name: relation for relation in new.relations}
        self._patterns = {entity.name: entity.patterns for entity in new.entities}

    def rewrite(self, result: Iterable[Mark]) -> Marks:
        """Return a result as the new version has it; doing it twice is doing it once."""
        marks = list(result)
        parts = self.parts(marks)
        told = rewrite(self.rules, *parts)
        rewritten = list(_Composer(self, parts, told).compose(marks))
        return Marks(result=rewritten, changed=rewritten != marks, told=told)

    def follow(self, result: Iterable[Mark]) -> list[Mark | None]:
        """Return what becomes of each mark, None for one that the new version has no place for."""
        numbered = [{**mark, _NUMBER: at} for at, mark in enumerate(result)]
        found = {mark.pop(_NUMBER): mark for mark in self.rewrite(numbered).result}
        return [found.get(at) for at in range(len(numbered))]

    def parts(self, marks: list[Mark]) -> Parts:
        """Return the spans, relations and answers that a result has, by their old names.

        An extent below 0 is of a span that is never the same as another one.
        """
        listed = self.sort(marks)
        answers: dict[str, dict[str, tuple[str, ...]]] = {}
        for kind, mark in listed:
            if kind == "attribute":
                answers.setdefault(mark["id"], {})[mark["from_name"]] = self.answers(mark)
        spans = [mark for kind, mark in listed if kind == "span"]
        return Parts(
            tuple(
                Span(
                    id=mark["id"],
                    start=start,
                    end=end,
                    label=self.label(mark["value"]["labels"][0]),
                    attributes=answers.get(mark["id"], {}),
                )
                for mark, (start, end) in zip(spans, find_extents(spans), strict=True)
            ),
            tuple(self.arrow(m) for kind, m in listed if kind == "relation" and not self.is_odd(m)),
            {mark["from_name"]: self.answers(mark) for kind, mark in listed if kind == "choice"},
        )

    def sort(self, marks: list[Mark]) -> list[tuple[Kind, Mark]]:
        """Return each mark with its kind.

        A second span of one id and a second answer to one question count as something else.
        """
        spans = {mark["id"] for mark in marks if is_span(mark)}
        found: list[tuple[Kind, Mark]] = []
        seen: set[tuple[Kind, str, str]] = set()
        for mark in marks:
            kind = self._kind(mark, spans)
            if kind in {"span", "attribute", "choice"}:
                place = (kind, *_place(kind, mark))
                kind = "other" if place in seen else kind
                seen.add(place)
            found.append((kind, mark))
        return found

    def _kind(self, mark: Mark, spans: set[str]) -> Kind:
        if not is_understood(mark):
            return "other"
        if mark["type"] == "relation":
            ends = {mark.get("from_id"), mark.get("to_id")}
            return "relation" if len(mark.get("labels") or ()) == 1 and ends <= spans else "other"
        if is_span(mark):
            return "span"
        if not self.is_answer(mark):
            return "other"
        if mark["from_name"] in self._choices:
            return "choice"
        return "attribute" if mark.get("id") in spans else "other"

    def is_answer(self, mark: Mark) -> bool:
        """Whether it is an answer to a question of the old version, and of the right type."""
        name = mark.get("from_name")
        if not is_understood(mark) or not mark.get("value"):
            return False
        if name in self._texts:
            return mark["type"] == "textarea" and texts(mark) is not None
        return mark["type"] == "choices" and name in self._attributes | self._choices

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

        The first of them of which a pattern matches the whole span, else the first that has
        no patterns, else the first.
        """
        choices = self.rules.split[self.label(mark["value"]["labels"][0])]
        text = str(mark["value"].get("text") or "")
        fitting = (label for label in choices if self._matches(label, text))
        plain = (label for label in choices if not self._patterns.get(label))
        return next(chain(fitting, plain, choices))

    def _matches(self, label: str, text: str) -> bool:
        whole = (0, len(text))
        for pattern in self._patterns.get(label, ()):
            with suppress(TimeoutError):
                if whole in extents(pattern, text, _SECONDS):
                    return True
        return False

    def label(self, told: str) -> str:
        """Return the name of a label; older configs without aliases tell its title."""
        return self.labels.name(told)

    def answers(self, mark: Mark) -> tuple[str, ...]:
        """Return the answers to an attribute or a choice, by their old names."""
        name = mark["from_name"]
        if name in self._texts:
            return texts(mark) or ()
        return tuple(map(self.options[name].name, mark["value"].get("choices", ())))

    def answered(self, mark: Mark, name: str, answers: tuple[str, ...]) -> Mark:
        """Return an answer under new names; as it was where nothing changes."""
        before = mark["from_name"]
        field = "text" if before in self._texts else "choices"
        told = (texts(mark) or ()) if field == "text" else tuple(mark["value"].get(field, ()))
        if len(told) == len(answers) and all(map(self.options[before].holds, told, answers)):
            return mark if before == name else {**mark, "from_name": name}
        return {**mark, "from_name": name, "value": {**mark["value"], field: list(answers)}}

    def arrow(self, mark: Mark) -> Relation:
        """Return a relation as the head and tail of its arrow have it, by its old name."""
        head, tail = mark["from_id"], mark["to_id"]
        if mark.get("direction") == "left":
            head, tail = tail, head
        return Relation(head=head, tail=tail, label=self.types.name(mark["labels"][0]))

    def is_odd(self, mark: Mark) -> bool:
        """Whether a relation of a type with one direction has none, so that it does not count."""
        one_way = self._directed.get(self.types.name(mark["labels"][0]), False)
        return one_way and mark.get("direction", "right") not in {"right", "left"}

    def titled(self, mark: Mark, old: str) -> Mark:
        """Return a relation under its new title, and with a direction if it had to have none."""
        new = self._relations.get(self.rules.relations.get(old, old))
        if new is None:
            return mark
        if not self.types.holds(mark["labels"][0], new.name):
            mark = {**mark, "labels": [new.title]}
        turned = new.directed and not self._directed[old]
        if turned and mark.get("direction", "right") not in {"right", "left"}:
            mark = {**mark, "direction": "right"}
        return mark


class _Composer:
    """Puts a result together from what it was and from what became of its parts."""

    def __init__(self, rewriter: Rewriter, before: Parts, told: Rewritten) -> None:
        self._rewriter = rewriter
        self._rules = rewriter.rules
        self._before = {span.id: span for span in before.spans}
        self._ties = told.ties
        self._spans = {span.id: span for span in told.spans}
        self._arrows: dict[Relation, Relation] = {}
        # Answers that are due, by the span's id, or "" for those about the article.
        self._due = {span.id: dict(span.attributes) for span in told.spans}
        self._due[""] = dict(told.choices)

    def compose(self, marks: list[Mark]) -> Iterator[Mark]:
        """Yield the marks that stay, in their order, then those that moved to another span."""
        listed = self._rewriter.sort(marks)
        own = {_place(kind, mark) for kind, mark in listed if kind in {"attribute", "choice"}}
        for kind, mark in listed:
            if kind == "span":
                yield from self._span(mark)
            elif kind in {"attribute", "choice"}:
                yield from self._answer(mark, _place(kind, mark)[0], own)
            elif kind == "relation":
                yield from self._relation(mark)
            else:
                yield self._other(mark)
        for kind, mark in listed:
            if kind == "attribute" and mark["id"] in self._ties:
                into = self._ties[mark["id"]]
                yield from self._answer({**mark, "id": into}, into, set())

    def _span(self, mark: Mark) -> Iterator[Mark]:
        span = self._spans.get(mark["id"])
        if span is not None:
            told = mark["value"]["labels"][0]
            same = self._rewriter.labels.holds(told, span.label)
            yield mark if same else relabelled(mark, [span.label])

    def _answer(self, mark: Mark, place: str, own: set[tuple[str, str]]) -> Iterator[Mark]:
        """Yield an answer that is due; where one bears the new name already, that."""
        due = self._due.get(place, {})
        before = mark["from_name"]
        name = self._new_name(before)
        if name in due and (name == before or (place, name) not in own):
            yield self._rewriter.answered(mark, name, due.pop(name))

    def _new_name(self, question: str) -> str:
        renamed = self._rules.attributes.get(question) or self._rules.choices.get(question)
        return renamed or question

    def _relation(self, mark: Mark) -> Iterator[Mark]:
        """Yield a relation between spans that stay, of doubles the first."""
        arrow = self._rewriter.arrow(mark)
        label = self._rules.relations.get(arrow.label, arrow.label)
        head, tail = (self._ties.get(end, end) for end in (arrow.head, arrow.tail))
        stays = arrow.label not in self._rules.removed_relations
        stays &= {head, tail} <= self._spans.keys()
        if not stays or (head == tail and arrow.head != arrow.tail):
            return
        new = Relation(head=head, tail=tail, label=label)
        if self._rewriter.is_odd(mark) or self._arrows.setdefault(new, arrow) == arrow:
            ends = {side: self._ties.get(mark[side], mark[side]) for side in ("from_id", "to_id")}
            yield self._rewriter.titled({**mark, **ends}, arrow.label)

    def _other(self, mark: Mark) -> Mark:
        """Return a mark that is no part of the annotation, with the names in it rewritten.

        Such are spans with several labels, answers about these and second answers; others
        stay as they are.
        """
        rewriter, rules = self._rewriter, self._rules
        if is_labelled(mark):
            told = mark["value"]["labels"]
            names = [rewriter.label(label) for label in told]
            new = [rules.labels.get(name, name) for name in names]
            same = all(map(rewriter.labels.holds, told, new))
            return mark if same else relabelled(mark, new)
        if rewriter.is_answer(mark):
            before = mark["from_name"]
            options = rules.options.get(before, {})
            answers = (options.get(answer, answer) for answer in rewriter.answers(mark))
            return rewriter.answered(mark, self._new_name(before), tuple(answers))
        return mark


def _place(kind: Kind, mark: Mark) -> tuple[str, str]:
    """Return which span a mark is about, "" for the article, and which question, "" for none."""
    if kind == "span":
        return mark["id"], ""
    return "" if kind == "choice" else mark["id"], mark["from_name"]
