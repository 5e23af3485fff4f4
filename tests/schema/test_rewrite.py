"""Rewriting marks: every rule, and that nothing is lost whatever comes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.schema.versions.migration import (
    ArchivedAnswers,
    Rewriting,
    Rewritten,
    rewrite,
    rewriting,
)
from annotate.spans import Relation, Span
from tests.schema.versions import (
    arrow,
    attribute,
    entities,
    moved,
    moves,
    removed,
    span,
    step,
    version,
)
from tests.strategies import relations as draw_relations
from tests.strategies import spans as draw_spans


def rules(**fields: Any) -> Rewriting:
    return Rewriting(old="1", new="2", **fields)


def done(rewriting: Rewriting, *marks: Span | Relation, **choices: tuple[str, ...]) -> Rewritten:
    """Rewrite spans, relations and choices."""
    spans = tuple(mark for mark in marks if isinstance(mark, Span))
    arrows = tuple(mark for mark in marks if isinstance(mark, Relation))
    return rewrite(rewriting, spans, arrows, choices)


def test_renamed_and_merged_labels_and_relations_change() -> None:
    rewritten = done(
        rules(labels={"A": "X", "B": "X"}, relations={"r": "t", "q": "t"}),
        span("1", "A"), span("2", "B", 6, 9), span("3", "C", 1, 2),
        arrow("1", "r", "2"), arrow("2", "q", "3"), arrow("3", "p", "3"),
    )  # fmt: skip
    assert rewritten == Rewritten(
        spans=(span("1", "X"), span("2", "X", 6, 9), span("3", "C", 1, 2)),
        relations=(arrow("1", "t", "2"), arrow("2", "t", "3"), arrow("3", "p", "3")),
        choices={},
    )


def test_a_removed_label_takes_its_spans_and_their_relations_away() -> None:
    one, two, three = span("1", "A", n="x"), span("2", "B"), span("3", "B", 6, 9)
    arrows = (arrow("1", "r", "2"), arrow("3", "r", "1"), arrow("2", "r", "3"))
    rewritten = done(
        rules(removed=frozenset("A"), relations={"r": "q"}, attributes={"n": "m"}),
        one, two, three, *arrows,
    )  # fmt: skip
    assert rewritten == Rewritten(
        spans=(two, three),
        relations=(arrow("2", "q", "3"),),
        choices={},
        # As they were, for nobody will need them under new names.
        archived_spans=(one,),
        archived_relations=arrows[:2],
    )


def test_a_removed_relation_type_takes_its_relations_away() -> None:
    one, two = span("1", "A"), span("2", "A", 6, 9)
    gone, stays = arrow("1", "r", "2"), arrow("2", "q", "1")
    rewritten = done(rules(removed_relations=frozenset("r")), one, two, gone, stays)
    assert (rewritten.relations, rewritten.archived_relations) == ((stays,), (gone,))
    assert rewritten.spans == (one, two)


def test_a_span_with_a_split_label_keeps_it_and_waits() -> None:
    rewritten = done(
        rules(split={"A": ("B", "C")}, attributes={"n": "m"}),
        span("1", "A", n="x"), span("2", "B"), arrow("1", "r", "2"),
    )  # fmt: skip
    waits = span("1", "A", m="x")
    assert rewritten == Rewritten(
        spans=(waits, span("2", "B")),
        relations=(arrow("1", "r", "2"),),
        choices={},
        waiting=(waits,),
    )


def test_attributes_and_choices_are_renamed_or_archived() -> None:
    rewritten = done(
        rules(
            attributes={"n": "n2"},
            removed_attributes=frozenset("m"),
            choices={"c": "c2"},
            removed_choices=frozenset("d"),
        ),
        span("1", "A", n="x", m="y,z", o="w"),
        c=("1",), d=("2",), e=("3",),
    )  # fmt: skip
    assert rewritten == Rewritten(
        spans=(span("1", "A", n2="x", o="w"),),
        relations=(),
        choices={"c2": ("1",), "e": ("3",)},
        archived_attributes=(ArchivedAnswers(span="1", name="m", answers=("y", "z")),),
        archived_choices={"d": ("2",)},
    )


def test_an_attribute_stays_with_a_span_whose_new_label_it_is_not_asked_of() -> None:
    old = version("1", "A", "B", attributes=(attribute("n"),))
    merged = step(entities=entities(merge={"B": ("A", "B")}))
    asked = msgspec.structs.replace(attribute("n"), labels=("C",))
    new = version("2", "B", "C", attributes=(asked,), migrations=(merged,))
    rewritten = done(rewriting(old, new), span("1", "A", n="x"))
    assert rewritten == Rewritten(spans=(span("1", "B", n="x"),), relations=(), choices={})


OPTIONS = rules(
    options={"n": {"a": "x", "b": "x", "c": "y"}},
    removed_options={"n": frozenset("dz")},
)


@pytest.mark.parametrize(
    ("given", "kept", "dropped"),
    [
        ("a", "x", ""),
        ("c,a", "y,x", ""),
        ("b,c,a", "x,y", ""),
        ("o,b,a", "o,x", ""),
        ("d,a", "x", "d"),
        ("z,o,d", "o", "z,d"),
        ("d", "", "d"),
    ],
)
def test_options_are_renamed_without_doubles_and_removed_ones_archived(
    given: str, kept: str, dropped: str
) -> None:
    answers = {"n": tuple(given.split(","))}
    rewritten = rewrite(OPTIONS, (span("1", "A", n=given),), (), answers)
    # An answer that is left empty is none.
    left = {"n": tuple(kept.split(","))} if kept else {}
    assert (rewritten.spans[0].attributes, rewritten.choices) == (left, left)
    lost = tuple(dropped.split(",")) if dropped else ()
    archived = tuple(a.answers for a in rewritten.archived_attributes)
    assert archived == ((lost,) if lost else ())
    assert rewritten.archived_choices == ({"n": lost} if lost else {})


def test_options_of_another_question_stay() -> None:
    assert done(OPTIONS, m=("a", "d")).choices == {"m": ("a", "d")}


def test_answers_that_were_doubles_or_empty_before_stay_so() -> None:
    assert done(OPTIONS, m=("a", "a"), n=()).choices == {"m": ("a", "a"), "n": ()}


def test_answers_of_merged_questions_come_together_where_several_may_be_given() -> None:
    merged = rules(choices={"c": "e", "d": "e"}, multiple=frozenset("e"))
    given = {"d": ("x", "z"), "c": ("y", "x"), "e": ("w",)}
    rewritten = rewrite(merged, (), (), given)
    assert (rewritten.choices, rewritten.archived_choices) == ({"e": ("w", "y", "x", "z")}, {})


@pytest.mark.parametrize(
    ("given", "stays", "archived"),
    [
        ({"d": "x", "c": "y", "e": "w"}, "w", {"c": "y", "d": "x"}),
        ({"d": "x", "c": "y"}, "y", {"d": "x"}),
        ({"d": "x"}, "x", {}),
        ({"d": "x", "e": "x"}, "x", {}),
    ],
)
def test_of_merged_questions_with_one_answer_one_stays_and_others_are_archived(
    given: dict[str, str], stays: str, archived: dict[str, str]
) -> None:
    merged = rules(choices={"c": "e", "d": "e"}, attributes={"c": "e", "d": "e"})
    choices = {name: (answer,) for name, answer in given.items()}
    rewritten = rewrite(merged, (span("1", "A", **given),), (), choices)
    assert rewritten.choices == rewritten.spans[0].attributes == {"e": (stays,)}
    assert rewritten.archived_choices == {name: (a,) for name, a in archived.items()}
    assert {a.name: a.answers[0] for a in rewritten.archived_attributes} == archived


# Spans that a merge makes the same

MERGE = rules(labels={"A": "X", "B": "X"})


def test_after_a_merge_two_spans_of_one_extent_become_one() -> None:
    rewritten = done(
        MERGE,
        span("2", "A", n="x", m="y"), span("1", "B", n="x", o="z"), span("3", "A", 6, 9),
        arrow("3", "r", "2"), arrow("1", "q", "3"), arrow("3", "q", "1"),
    )  # fmt: skip
    assert rewritten == Rewritten(
        # In reading order the one whose id is first.
        spans=(span("1", "X", n="x", o="z", m="y"), span("3", "X", 6, 9)),
        relations=(arrow("3", "r", "1"), arrow("1", "q", "3"), arrow("3", "q", "1")),
        choices={},
        ties={"2": "1"},
    )
    assert rewritten.united == 1


def test_a_merge_into_a_label_that_stays_unites_too() -> None:
    rewritten = done(rules(labels={"A": "B"}), span("1", "B"), span("2", "A"), span("3", "A", 0, 4))
    assert rewritten.spans == (span("1", "B"), span("3", "B", 0, 4))
    assert rewritten.ties == {"2": "1"}


def test_spans_that_were_doubles_before_stay_doubles_unless_another_label_joins_them() -> None:
    doubles = (span("1", "A"), span("2", "A"))
    assert done(MERGE, *doubles).spans == (span("1", "X"), span("2", "X"))
    joined = done(MERGE, *doubles, span("3", "B"))
    assert (joined.spans, joined.united) == ((span("1", "X"),), 2)


def test_spans_that_answer_differently_are_not_united() -> None:
    rewritten = done(MERGE, span("1", "A", n="x"), span("2", "B", n="y"), arrow("2", "r", "1"))
    assert rewritten == Rewritten(
        spans=(span("1", "X", n="x"), span("2", "X", n="y")),
        relations=(arrow("2", "r", "1"),),
        choices={},
    )


def test_a_span_is_united_with_the_first_one_that_agrees() -> None:
    rewritten = done(
        MERGE,
        span("1", "A", n="x"), span("2", "B", n="y"), span("3", "A", n="y"), span("4", "B", m="z"),
        span("5", "A", m="w"),
    )  # fmt: skip
    assert rewritten.spans == (
        span("1", "X", n="x", m="z"), span("2", "X", n="y", m="w"),
    )  # fmt: skip
    assert rewritten.ties == {"3": "2", "4": "1", "5": "2"}


def test_the_order_of_several_answers_does_not_make_them_different() -> None:
    rewritten = done(MERGE, span("1", "A", n="x,y"), span("2", "B", n="y,x"))
    assert rewritten.spans == (span("1", "X", n="x,y"),)


def test_answers_are_compared_under_their_new_names() -> None:
    renamed = msgspec.structs.replace(MERGE, options={"n": {"a": "b"}}, attributes={"n": "m"})
    rewritten = done(renamed, span("1", "A", n="a"), span("2", "B", m="b"))
    assert rewritten.spans == (span("1", "X", m="b"),)


def test_a_relation_that_becomes_an_exact_double_is_dropped() -> None:
    renamed = msgspec.structs.replace(MERGE, relations={"q": "r"})
    rewritten = done(
        renamed,
        span("1", "A"), span("2", "B"), span("3", "C", 6, 9), span("4", "C", 6, 7),
        arrow("1", "r", "3"), arrow("2", "r", "3"), arrow("2", "q", "3"), arrow("3", "r", "2"),
        arrow("4", "q", "3"), arrow("4", "r", "3"),
    )  # fmt: skip
    assert rewritten.relations == (
        arrow("1", "r", "3"), arrow("3", "r", "1"), arrow("4", "r", "3"),
    )  # fmt: skip
    assert rewritten.archived_relations == ()


def test_relations_that_were_doubles_before_stay() -> None:
    double = arrow("1", "r", "2")
    rewritten = done(rules(relations={"r": "q"}), span("1", "A"), span("2", "B"), double, double)
    assert rewritten.relations == (arrow("1", "q", "2"),) * 2


def test_a_relation_between_two_spans_that_become_one_is_archived() -> None:
    between, itself = arrow("1", "r", "2"), arrow("2", "r", "2")
    rewritten = done(MERGE, span("1", "A"), span("2", "B"), between, itself)
    assert rewritten.relations == (arrow("1", "r", "1"),)
    assert rewritten.archived_relations == (between,)


# Whatever comes

OLD = ("A", "B", "C", "D")
ANSWERS = ("1", "2", "3", "4")


@st.composite
def rewritings(draw: st.DrawFn) -> Rewriting:
    """Draw what becomes of names, without a circle."""
    labels = draw(moves(OLD, ("X", "Y")))
    split = draw(st.sets(st.sampled_from(sorted(labels)))) if labels else set()
    labels = {name: now for name, now in labels.items() if name not in split}
    relations = draw(moves(("r", "q", "p"), ("t",)))
    questions = draw(moves(("n", "m", "o"), ("k",)))
    # The option 1 always stays, so that others may become it.
    options = {name: draw(moves(ANSWERS[1:], ("1", "9"))) for name in ("n", "m", "o")}
    for name, now in moved(questions).items():
        # Where one becomes another that stays, their options change alike: or once more.
        options[name] = options.get(now, options[name])
    return rules(
        labels=moved(labels),
        removed=removed(labels),
        split=dict.fromkeys(split, ("S", "T")),
        relations=moved(relations),
        removed_relations=removed(relations),
        attributes=moved(questions),
        removed_attributes=removed(questions),
        choices=moved(questions),
        removed_choices=removed(questions),
        options={name: moved(becomes) for name, becomes in options.items()},
        removed_options={name: removed(becomes) for name, becomes in options.items()},
        multiple=frozenset(draw(st.sets(st.sampled_from(("n", "m", "o", "k"))))),
    )


answers = st.dictionaries(
    st.sampled_from(("n", "m", "o")),
    st.lists(st.sampled_from(ANSWERS), min_size=1, unique=True).map(tuple),
)


@st.composite
def annotated(
    draw: st.DrawFn,
) -> tuple[tuple[Span, ...], tuple[Relation, ...], dict[str, tuple[str, ...]]]:
    """Draw the marks of an annotation; spans often have equal extents."""
    drawn = [
        msgspec.structs.replace(one, attributes=draw(answers))
        for one in draw(draw_spans("một hai", OLD))
    ]
    arrows = draw(draw_relations(drawn, ("r", "q", "p")))
    return tuple(drawn), tuple(arrows), draw(answers)


Marks = tuple[tuple[Span, ...], tuple[Relation, ...], dict[str, tuple[str, ...]]]


@given(rewritings(), annotated())
def test_rewriting_twice_is_rewriting_once(rewriting: Rewriting, marks: Marks) -> None:
    once = rewrite(rewriting, *marks)
    assert rewrite(rewriting, once.spans, once.relations, once.choices) == Rewritten(
        spans=once.spans, relations=once.relations, choices=once.choices, waiting=once.waiting
    )


@given(annotated())
def test_what_is_not_named_stays_as_it_is(marks: Marks) -> None:
    spans, relations, choices = marks
    assert rewrite(rules(), *marks) == Rewritten(spans=spans, relations=relations, choices=choices)


@given(rewritings(), annotated())
def test_every_span_is_kept_archived_or_united(rewriting: Rewriting, marks: Marks) -> None:
    spans, _, _ = marks
    rewritten = rewrite(rewriting, *marks)
    now = {one.id: one for one in rewritten.spans}
    archived = {one.id for one in rewritten.archived_spans}
    assert len(spans) == len(now) + len(archived) + rewritten.united
    assert [one.id for one in spans if one.id in now] == list(now)
    for one in spans:
        if one.label in rewriting.removed:
            assert one in rewritten.archived_spans
            continue
        stays = now[rewritten.ties.get(one.id, one.id)]
        label = rewriting.labels.get(one.label, one.label)
        assert (stays.start, stays.end, stays.label) == (one.start, one.end, label)
        assert (stays in rewritten.waiting) == (one.label in rewriting.split)


@given(rewritings(), annotated())
def test_every_relation_is_kept_archived_or_a_double(rewriting: Rewriting, marks: Marks) -> None:
    _, relations, _ = marks
    rewritten = rewrite(rewriting, *marks)
    off = {one.id for one in rewritten.archived_spans}
    archived = Counter(rewritten.archived_relations)
    for one in relations:
        head, tail = (rewritten.ties.get(end, end) for end in (one.head, one.tail))
        turned = head == tail and one.head != one.tail
        gone = one.label in rewriting.removed_relations or {one.head, one.tail} & off or turned
        label = rewriting.relations.get(one.label, one.label)
        assert bool(archived[one]) == bool(gone)
        assert gone or arrow(head, label, tail) in rewritten.relations
    assert archived.total() == sum(bool(archived[one]) for one in relations)
    ends = {end for one in rewritten.relations for end in (one.head, one.tail)}
    assert ends <= {one.id for one in rewritten.spans}


@given(rewritings(), annotated())
def test_every_answer_is_kept_or_archived(rewriting: Rewriting, marks: Marks) -> None:
    spans, _, choices = marks
    rewritten = rewrite(rewriting, *marks)
    now = {one.id: one.attributes for one in rewritten.spans}
    lost = {(one.span, one.name): one.answers for one in rewritten.archived_attributes}
    for one in spans:
        if one.label not in rewriting.removed:
            for name, given_answers in one.attributes.items():
                there = now[rewritten.ties.get(one.id, one.id)]
                found = lost.get((one.id, name), ())
                assert_kept(rewriting, name, given_answers, there, found)
    for name, given_answers in choices.items():
        found = rewritten.archived_choices.get(name, ())
        assert_kept(rewriting, name, given_answers, rewritten.choices, found)


def assert_kept(
    rewriting: Rewriting, name: str, given_answers: tuple[str, ...],
    there: dict[str, tuple[str, ...]], archived: tuple[str, ...],
) -> None:  # fmt: skip
    """Assert that each answer is in its new place or archived."""
    if name in rewriting.removed_attributes:
        assert archived == given_answers
        return
    new = rewriting.attributes.get(name, name)
    assert not set(archived) - set(given_answers)
    for answer in given_answers:
        if answer in rewriting.removed_options.get(name, ()):
            assert answer in archived
        elif answer not in archived:
            assert rewriting.options[name].get(answer, answer) in there[new]
