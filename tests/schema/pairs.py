"""Hypothesis strategies for two versions of a schema, and for what people mark under one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import Any, NamedTuple, TypeVar

import msgspec
from hypothesis import strategies as st

from annotate.schema import Choice, Entity, Option, RelationType, Schema
from annotate.schema.checking.check import reads_as_value
from annotate.schema.checking.names import fold
from annotate.schema.model import Attribute, Changes, EntityChanges, Migration
from annotate.spans import Relation, Span
from tests import strategies
from tests.schema.strategies import KEYS, schemas

ANSWERS = ("2024-03-12", "👨\u200d👩\u200d👧", 'a "b" \\n', "một\nhai", "<&>", "[]", "\\")
TEXTS = ("Lê An ở 🇻🇳", "👨\u200d👩\u200d👧\u200d👦 <b>", "một\nhai  ba", 'a&b\u0323 "')
FATES = ("stay", "stay", "rename", "merge", "merge", "remove")

Question = TypeVar("Question", Attribute, Choice)


class Pair(NamedTuple):
    """Two versions of a schema; the migration of the new one leads from the old one to it."""

    old: Schema
    new: Schema


class Work(NamedTuple):
    """A text, and what somebody marked in it."""

    text: str
    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]
    choices: dict[str, tuple[str, ...]]


class _Fates(NamedTuple):
    """What becomes of names: of each the new ones, none for one that is removed."""

    of: dict[str, tuple[str, ...]]

    def changes(self) -> dict[str, Any]:
        """Return the fields of `Changes` that say so."""
        single = {name: now[0] for name, now in self.of.items() if len(now) == 1}
        united = {now: self.sources(now) for now in single.values()}
        split = {name: now for name, now in self.of.items() if len(now) > 1}
        return {
            "rename": {n: now for n, now in single.items() if n != now and len(united[now]) == 1},
            "merge": {now: names for now, names in united.items() if len(names) > 1},
            "remove": tuple(name for name, now in self.of.items() if not now),
            **({"split": split} if split else {}),
        }

    def made(self) -> list[str]:
        """Return the new names, each once."""
        return list(dict.fromkeys(now for future in self.of.values() for now in future))

    def sources(self, now: str) -> tuple[str, ...]:
        """Return what becomes the new name."""
        return tuple(name for name, future in self.of.items() if now in future)

    def mapped(self, names: Iterable[str]) -> tuple[str, ...]:
        """Return what the names become, or any of the new ones."""
        found = dict.fromkeys(now for name in names for now in self.of[name])
        return tuple(found) or (self.made()[0],)


class _Changer:
    """Draws what becomes of names; new ones are such as no version had, titles among them."""

    def __init__(self, draw: st.DrawFn, old: Schema) -> None:
        self.draw = draw
        asked: list[Attribute | Choice] = [*old.attributes, *old.choices]
        options = [option for question in asked for option in question.options]
        items: list[Any] = [*old.entities, *old.relations, *asked, *options]
        self._seen = {fold(item.name) for item in items}
        self._seen |= {fold(name) for name in msgspec.structs.astuple(old.controls)}
        self.titles: list[str] = [item.title for item in items]
        fit = [title for title in self.titles if "," not in title and not reads_as_value(title)]
        self._names: list[str] = draw(st.permutations(fit))
        self._count = 0

    def name(self) -> str:
        """Return another new name."""
        while self._names:
            if fold(name := self._names.pop()) not in self._seen:
                self._seen.add(fold(name))
                return name
        self._count += 1
        return f"new{self._count}"

    def title(self, given: str) -> str:
        """Return the title given, another one or a new one."""
        titles = st.sampled_from((given, given, *self.titles, f"{given[:190]}’s"))
        return self.draw(titles)

    def fates(self, names: Iterable[str], kinds: Sequence[str] = FATES, least: int = 0) -> _Fates:
        """Draw what becomes of names; of so many at least something."""
        drawn = {name: self.draw(st.sampled_from(kinds)) for name in names}
        stay = [name for name, fate in drawn.items() if fate == "stay"]
        into = self.draw(st.sampled_from((*stay, ""))) or self.name()
        become: dict[str, Callable[[str], tuple[str, ...]]] = {
            "stay": lambda name: (name,),
            "rename": lambda _: (self.name(),),
            "merge": lambda _: (into,),
            "remove": lambda _: (),
            "split": lambda _: (self.name(), self.name()),
        }
        fates = _Fates({name: become[fate](name) for name, fate in drawn.items()})
        if least and not fates.made():
            fates.of[next(iter(drawn))] = (into,)
        return fates

    def entities(self, old: Schema, labels: _Fates) -> tuple[Entity, ...]:
        """Return the new labels, in another order."""
        before = {entity.name: entity for entity in old.entities}
        keys = self.draw(st.permutations(KEYS.swapcase()))
        return tuple(
            msgspec.structs.replace(
                entity,
                name=name,
                title=self.title(entity.title),
                hotkey=keys.pop() if entity.hotkey else "",
                group="",
                contains=None,
            )
            for name in self.draw(st.permutations(labels.made()))
            for entity in (before[labels.sources(name)[0]],)
        )

    def relations(self, old: Schema, types: _Fates, labels: _Fates) -> tuple[RelationType, ...]:
        """Return the new relation types, of which none has the title that another one had."""
        before = {relation.name: relation for relation in old.relations}
        return tuple(
            msgspec.structs.replace(
                relation,
                name=name,
                title=self.draw(st.sampled_from((relation.title, f"title {number}"))),
                head=labels.mapped(relation.head),
                tail=labels.mapped(relation.tail),
                directed=self.draw(st.booleans()),
            )
            for number, name in enumerate(types.made())
            for relation in (before[types.sources(name)[0]],)
        )

    def questions(
        self, old: Sequence[Question]
    ) -> tuple[_Fates, list[Question], dict[str, Changes]]:
        """Draw what becomes of questions and their options; free texts stay such."""
        texts = self.fates([question.name for question in old if not question.options])
        listed = self.fates([question.name for question in old if question.options])
        fates = _Fates(texts.of | listed.of)
        made: list[Question] = []
        changes: dict[str, Changes] = {}
        for name in fates.made():
            sources = [question for question in old if question.name in fates.sources(name)]
            first = msgspec.structs.replace(sources[0], name=name)
            options = {option.name: option for source in sources for option in source.options}
            if options:
                become = self.fates(options, least=1)
                changes[name] = Changes(**become.changes())
                several = any(source.multiple for source in sources) or self.draw(st.booleans())
                now = [
                    Option(o, self.title(options[become.sources(o)[0]].title))
                    for o in become.made()
                ]
                first = msgspec.structs.replace(first, options=tuple(now), multiple=several)
            made.append(first)
        return fates, made, changes


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Draw a version and the next one, which renames, merges, splits, removes and retitles."""
    old = draw(schemas(without={"migrations", "decisions", "guidelines"}))
    change = _Changer(draw, old)
    labels = change.fates(old.labels, (*FATES, "split"), least=1)
    types = change.fates(old.relation_labels)
    told, attributes, options = change.questions(old.attributes)
    asked, choices, more = change.questions(old.choices)
    version = f"{old.version}.1"
    step = Migration(
        old=old.version,
        to=version,
        entities=EntityChanges(**labels.changes()),
        relations=Changes(**types.changes()),
        attributes=Changes(**told.changes()),
        choices=Changes(**asked.changes()),
        options=options | more,
    )
    new = msgspec.structs.replace(
        old,
        version=version,
        entities=change.entities(old, labels),
        relations=change.relations(old, types, labels),
        attributes=tuple(
            msgspec.structs.replace(attribute, labels=labels.mapped(attribute.labels))
            for attribute in attributes
        ),
        choices=tuple(choices),
        migrations=(step,),
    )
    return Pair(old, new)


@st.composite
def works(draw: st.DrawFn, schema: Schema) -> Work:
    """Draw what somebody marked under a schema; spans often have equal extents."""
    text = draw(st.sampled_from(TEXTS))
    extents = st.sampled_from(list(combinations((0, 2, 3, len(text)), 2)))
    answers = _answers(schema.attributes)
    drawn = st.tuples(extents, st.sampled_from(schema.labels), answers)
    spans = [
        Span(id=f"s{number}", start=start, end=end, label=label, attributes=given)
        for number, ((start, end), label, given) in enumerate(draw(st.lists(drawn, max_size=7)))
    ]
    types = schema.relation_labels
    arrows = draw(strategies.relations(spans, types)) if types else []
    return Work(text, tuple(spans), tuple(arrows), draw(_answers(schema.choices)))


def _answers(asked: Sequence[Attribute | Choice]) -> st.SearchStrategy[dict[str, tuple[str, ...]]]:
    return st.fixed_dictionaries({}, optional={item.name: _answer(item) for item in asked})


def _answer(asked: Attribute | Choice) -> st.SearchStrategy[tuple[str, ...]]:
    options = st.sampled_from([option.name for option in asked.options] or ANSWERS)
    most = len(asked.options) if asked.multiple else 1
    return st.lists(options, min_size=1, max_size=most, unique=True).map(tuple)


@st.composite
def migrated_works(draw: st.DrawFn) -> tuple[Pair, Work]:
    """Draw two versions, and what somebody marked under the old one."""
    pair = draw(pairs())
    return pair, draw(works(pair.old))
