"""Migrating annotations: marks made under an old version of the schema, as the new one has them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from annotate.errors import SchemaError
from annotate.schema.model import Attribute, Choice, Schema
from annotate.schema.versions.futures import KINDS, Future, Futures, find_gaps, find_steps, foresee
from annotate.spans import Relation, Span, reading_order

Answers = dict[str, tuple[str, ...]]


class Rewriting(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the names of an old version in a new one; names not listed stay.

    `old` and `new` are the versions. `labels`, `relations`, `attributes` and `choices` map an
    old name to the new one, and `split` an old label to the new ones to choose from. `options`
    and `removed_options` are by the old name of a choice or attribute. `multiple` are the new
    names of those that take several answers.
    """

    old: str
    new: str
    labels: dict[str, str] = {}
    split: dict[str, tuple[str, ...]] = {}
    removed: frozenset[str] = frozenset()
    relations: dict[str, str] = {}
    removed_relations: frozenset[str] = frozenset()
    attributes: dict[str, str] = {}
    removed_attributes: frozenset[str] = frozenset()
    choices: dict[str, str] = {}
    removed_choices: frozenset[str] = frozenset()
    options: dict[str, dict[str, str]] = {}
    removed_options: dict[str, frozenset[str]] = {}
    multiple: frozenset[str] = frozenset()


class ArchivedAnswers(msgspec.Struct, frozen=True, kw_only=True):
    """Answers to an attribute that were taken off the span with id `span`, under its old name."""

    span: str
    name: str
    answers: tuple[str, ...]


class Rewritten(msgspec.Struct, frozen=True, kw_only=True):
    """Marks as the new version has them, and what was taken off, as it was.

    `waiting` are those of `spans` whose label was split, for a person to choose. `ties` maps
    the id of each span that became one with another to that one's.
    """

    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]
    choices: Answers
    waiting: tuple[Span, ...] = ()
    ties: dict[str, str] = {}
    archived_spans: tuple[Span, ...] = ()
    archived_relations: tuple[Relation, ...] = ()
    archived_attributes: tuple[ArchivedAnswers, ...] = ()
    archived_choices: Answers = {}

    @property
    def united(self) -> int:
        """The number of spans that became one with another."""
        return len(self.ties)


def rewriting(old: Schema, new: Schema) -> Rewriting:
    """Return what the migrations of the new schema together make of the old one's names.

    Raises `SchemaError` with everything in `problems` that keeps annotations made under `old`
    from being brought to `new`.
    """
    steps = find_steps(old, new)
    futures = foresee(old, steps or ())
    problems = find_gaps(old, new, steps or (), futures)
    declare = f"declare a migration from {old.version} under `migrations`"
    if steps is None:
        way = f"migrations: no step leads from {old.version} to {new.version}; {declare}"
        problems.insert(0, way)
    elif problems and not steps:
        problems.insert(0, f"version: it is {new.version} as before; raise it, and {declare}")
    if old.controls != new.controls:
        problems.append("controls: annotations on a server refer to them; put them back")
    if problems:
        raise SchemaError(
            f"annotations of {old.name} {old.version} cannot be brought to {new.version}",
            "Correct the new schema:",
            tuple(problems),
        )
    return _compose(old, new, futures)


def _compose(old: Schema, new: Schema, futures: Futures) -> Rewriting:
    moved = {kind: _moved(futures.names[kind]) for kind in KINDS}
    gone = {kind: _removed(futures.names[kind]) for kind in KINDS}
    options = futures.options
    new_owners: list[Attribute | Choice] = [*new.attributes, *new.choices]
    return Rewriting(
        old=old.version,
        new=new.version,
        labels=moved["entities"],
        split=_split(futures.names["entities"]),
        removed=gone["entities"],
        relations=moved["relations"],
        removed_relations=gone["relations"],
        attributes=moved["attributes"],
        removed_attributes=gone["attributes"],
        choices=moved["choices"],
        removed_choices=gone["choices"],
        options={name: found for name in options if (found := _moved(options[name]))},
        removed_options={name: lost for name in options if (lost := _removed(options[name]))},
        multiple=frozenset(owner.name for owner in new_owners if owner.multiple),
    )


def _moved(futures: dict[str, Future]) -> dict[str, str]:
    single = {name: future[0] for name, future in futures.items() if len(future) == 1}
    return {name: now for name, now in single.items() if now is not None and now != name}


def _removed(futures: dict[str, Future]) -> frozenset[str]:
    return frozenset(name for name, future in futures.items() if future == (None,))


def _split(futures: dict[str, Future]) -> dict[str, tuple[str, ...]]:
    # When all parts but one were removed later, a person still has to say which part it is.
    several = {name: future for name, future in futures.items() if len(future) > 1}
    return {name: tuple(now for now in several[name] if now is not None) for name in several}


def rewrite(
    rewriting: Rewriting, spans: tuple[Span, ...], relations: tuple[Relation, ...],
    choices: Mapping[str, tuple[str, ...]],
) -> Rewritten:  # fmt: skip
    """Return an annotation's marks as the new version has them; nothing is lost.

    Spans and relations stay in their order. Of spans that a merge gave one extent and label,
    the first in reading order stays and takes on the others' relations and attributes; not
    those that answer an attribute otherwise. Rewriting twice is rewriting once.
    """
    removed = tuple(span for span in spans if span.label in rewriting.removed)
    kept: list[Span] = []
    answers: list[ArchivedAnswers] = []
    for span in spans:
        if span.label not in rewriting.removed:
            new, dropped = _rewrite_span(rewriting, span)
            kept.append(new)
            answers += dropped
    stay, ties = _unite(kept, {span.id: span.label for span in spans})
    arrows, archived = _rewrite_relations(rewriting, relations, {s.id for s in removed}, ties)
    answered, unanswered = _rewrite_answers(
        rewriting, choices, rewriting.choices, rewriting.removed_choices
    )
    return Rewritten(
        spans=stay,
        relations=arrows,
        choices=answered,
        waiting=tuple(span for span in stay if span.label in rewriting.split),
        ties=ties,
        archived_spans=removed,
        archived_relations=archived,
        archived_attributes=tuple(answers),
        archived_choices=unanswered,
    )


def _rewrite_span(rewriting: Rewriting, span: Span) -> tuple[Span, list[ArchivedAnswers]]:
    """Return a span under its new label, and the answers that were taken off it."""
    label = rewriting.labels.get(span.label, span.label)
    attributes, archived = _rewrite_answers(
        rewriting, span.attributes, rewriting.attributes, rewriting.removed_attributes
    )
    dropped = [
        ArchivedAnswers(span=span.id, name=name, answers=answers)
        for name, answers in archived.items()
    ]
    return msgspec.structs.replace(span, label=label, attributes=attributes), dropped


def _rewrite_answers(
    rewriting: Rewriting, given: Mapping[str, tuple[str, ...]], names: Mapping[str, str],
    removed: frozenset[str],
) -> tuple[Answers, Answers]:  # fmt: skip
    """Return answers under their new names, and those to archive under their old ones.

    Where two of one question come together that takes one answer, the one that bears its name
    already stays, or else the one that the old schema has first.
    """
    kept: Answers = {}
    archived: Answers = {}
    order = {name: at for at, name in enumerate(names)}
    for name in sorted(given, key=lambda name: order.get(name, -1)):
        new = names.get(name, name)
        answers, dropped = _rewrite_options(rewriting, name, given[name])
        held = kept.get(new, ())
        other = held and new not in rewriting.multiple and set(answers) - set(held)
        if name in removed or other:
            archived[name] = given[name]
            continue
        if dropped:
            archived[name] = dropped
        # Answers that are left empty are none; what was empty before is left alone.
        if answers or not dropped:
            kept[new] = tuple(dict.fromkeys((*held, *answers))) if held else answers
    return kept, archived


def _rewrite_options(
    rewriting: Rewriting, name: str, answers: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the answers to a question as the new version has them, and those it has no more."""
    renamed = rewriting.options.get(name, {})
    removed = rewriting.removed_options.get(name, frozenset())
    if not renamed and not removed:
        return answers, ()
    kept = dict.fromkeys(renamed.get(answer, answer) for answer in answers if answer not in removed)
    return tuple(kept), tuple(answer for answer in answers if answer in removed)


def _unite(spans: list[Span], before: Mapping[str, str]) -> tuple[tuple[Span, ...], dict[str, str]]:
    """Return the spans that stay, and which of them each other one became one with, by id.

    `before` has the old labels by id: spans that were doubles before are left alone.
    """
    groups: dict[tuple[int, int, str], list[Span]] = defaultdict(list)
    for span in spans:
        groups[span.start, span.end, span.label].append(span)
    now = {span.id: span for span in spans}
    ties: dict[str, str] = {}
    for group in groups.values():
        if len({before[span.id] for span in group}) > 1:
            ties |= _unite_group(sorted(group, key=reading_order), now)
    return tuple(now[span.id] for span in spans if span.id not in ties), ties


def _unite_group(group: list[Span], now: dict[str, Span]) -> dict[str, str]:
    """Give the attributes of each span to the first one that agrees with it; return which."""
    stay: list[str] = []
    ties: dict[str, str] = {}
    for span in group:
        into = next((stays for stays in stay if _agree(now[stays], span)), None)
        if into is None:
            stay.append(span.id)
            continue
        ties[span.id] = into
        attributes = {**now[into].attributes, **span.attributes, **now[into].attributes}
        now[into] = msgspec.structs.replace(now[into], attributes=attributes)
    return ties


def _agree(one: Span, other: Span) -> bool:
    """Whether the two spans answer no attribute differently."""
    both = one.attributes.keys() & other.attributes.keys()
    return all(set(one.attributes[name]) == set(other.attributes[name]) for name in both)


def _rewrite_relations(
    rewriting: Rewriting, relations: tuple[Relation, ...], removed: set[str],
    ties: Mapping[str, str],
) -> tuple[tuple[Relation, ...], tuple[Relation, ...]]:  # fmt: skip
    """Return the relations between the spans that stay, and those that were taken off."""
    kept: list[tuple[Relation, Relation]] = []
    archived: list[Relation] = []
    for relation in relations:
        head = ties.get(relation.head, relation.head)
        tail = ties.get(relation.tail, relation.tail)
        off = relation.label in rewriting.removed_relations or removed & {head, tail}
        if off or (head == tail and relation.head != relation.tail):
            archived.append(relation)
        else:
            label = rewriting.relations.get(relation.label, relation.label)
            kept.append((relation, Relation(head=head, tail=tail, label=label)))
    # Of those that only now are the same one stays; doubles of before are left alone.
    first: dict[Relation, Relation] = {}
    single = [new for old, new in kept if first.setdefault(new, old) == old]
    return tuple(single), tuple(archived)
