"""Migrating annotations: what becomes of names, and that no mark is lost on the way."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annotate.errors import SchemaError
from annotate.schema import Option, RelationType, Schema
from annotate.schema.migration import ArchivedAnswers, Rewriting, Rewritten, rewrite, rewriting
from annotate.schema.model import Attribute, Changes, Controls, EntityChanges, Migration
from annotate.spans import Relation, Span
from tests.factories import make_choice, make_entity, make_schema
from tests.strategies import relations as draw_relations
from tests.strategies import spans as draw_spans


def version(number: str, *labels: str, **fields: Any) -> Schema:
    """Return a version with these labels and nothing else but the fields given."""
    entities = tuple(make_entity(label, label.lower()) for label in labels or ("A",))
    return make_schema(**{"version": number, "entities": entities, "relations": (), **fields})


def relation(name: str) -> RelationType:
    return RelationType(name=name, title=name, head=("A",), tail=("A",))


def attribute(name: str, *options: str, multiple: bool = False) -> Attribute:
    listed = tuple(Option(option, option) for option in options)
    return Attribute(name, name, ("A",), options=listed, multiple=multiple)


def step(old: str = "1", to: str = "2", **changes: Any) -> Migration:
    return Migration(old=old, to=to, **changes)


def entities(**changes: Any) -> EntityChanges:
    return EntityChanges(**changes)


def problems(old: Schema, new: Schema) -> tuple[str, ...]:
    with pytest.raises(SchemaError) as caught:
        rewriting(old, new)
    assert f"cannot be brought to {new.version}" in caught.value.problem
    return caught.value.problems


def problem(old: Schema, new: Schema) -> str:
    (only,) = problems(old, new)
    return only


# What becomes of names


def test_a_version_to_itself_needs_nothing() -> None:
    same = version("1", "A", "B", relations=(relation("r"),), choices=(make_choice("c", "x"),))
    assert rewriting(same, same) == Rewriting(old="1", new="1")


def test_one_step_tells_of_everything() -> None:
    old = version(
        "1", "A", "B", "C", "D", "E", "F",
        relations=tuple(map(relation, "qrs")),
        attributes=(attribute("n"), attribute("m"), attribute("o", "x", "y", "z")),
        choices=(make_choice("c", "x", "y"), make_choice("d", "x")),
    )  # fmt: skip
    new = version(
        "2", "A2", "U", "P", "Q", "F",
        relations=(relation("q2"), relation("s")),
        attributes=(attribute("n2"), attribute("o2", "x2", "u", multiple=True)),
        choices=(make_choice("c2", "x"),),
        migrations=(
            step(
                entities=entities(
                    rename={"A": "A2"},
                    merge={"U": ("B", "C")},
                    split={"D": ("P", "Q")},
                    remove=("E",),
                ),
                relations=Changes(rename={"q": "q2"}, remove=("r",)),
                attributes=Changes(rename={"n": "n2", "o": "o2"}, remove=("m",)),
                choices=Changes(rename={"c": "c2"}, remove=("d",)),
                options={
                    "o2": Changes(rename={"x": "x2"}, merge={"u": ("y", "z")}),
                    "c2": Changes(remove=("y",)),
                },
            ),
        ),
    )  # fmt: skip
    assert rewriting(old, new) == Rewriting(
        old="1",
        new="2",
        labels={"A": "A2", "B": "U", "C": "U"},
        split={"D": ("P", "Q")},
        removed=frozenset("E"),
        relations={"q": "q2"},
        removed_relations=frozenset("r"),
        attributes={"n": "n2", "o": "o2"},
        removed_attributes=frozenset("m"),
        choices={"c": "c2"},
        removed_choices=frozenset("d"),
        options={"o": {"x": "x2", "y": "u", "z": "u"}},
        removed_options={"c": frozenset("y")},
        multiple=frozenset({"o2"}),
    )


@pytest.mark.parametrize(
    ("first", "second", "labels", "split", "removed"),
    [
        ({"rename": {"A": "B"}}, {"rename": {"B": "C"}}, {"A": "C"}, {}, ""),
        ({"rename": {"A": "B"}}, {"rename": {"B": "A"}}, {}, {}, ""),
        ({"rename": {"A": "B"}}, {"merge": {"C": ("B", "X")}}, {"A": "C", "X": "C"}, {}, ""),
        ({"merge": {"B": ("A", "X")}}, {"rename": {"B": "C"}}, {"A": "C", "X": "C"}, {}, ""),
        ({"merge": {"X": ("A", "X")}}, {}, {"A": "X"}, {}, ""),
        ({"rename": {"A": "B"}}, {"remove": ("B",)}, {}, {}, "A"),
        ({"remove": ("A",)}, {}, {}, {}, "A"),
        ({"rename": {"A": "B"}}, {"split": {"B": ("C", "D")}}, {}, {"A": ("C", "D")}, ""),
        ({"split": {"A": ("B", "C")}}, {"rename": {"B": "D"}}, {}, {"A": ("D", "C")}, ""),
        (
            {"split": {"A": ("B", "C")}},
            {"merge": {"D": ("B", "X")}},
            {"X": "D"},
            {"A": ("D", "C")},
            "",
        ),
        (
            {"split": {"A": ("B", "C")}},
            {"split": {"C": ("D", "E")}},
            {},
            {"A": ("B", "D", "E")},
            "",
        ),
        ({"split": {"A": ("B", "C")}}, {"merge": {"D": ("B", "C")}}, {"A": "D"}, {}, ""),
        ({"split": {"A": ("B", "C")}}, {"merge": {"A": ("B", "C")}}, {}, {}, ""),
        ({"split": {"A": ("B", "C")}}, {"remove": ("B", "C")}, {}, {}, "A"),
        # Which of its spans would be a C, a person has to say before they go.
        ({"split": {"A": ("B", "C")}}, {"remove": ("C",)}, {}, {"A": ("B",)}, ""),
    ],
)
def test_steps_compose(
    first: dict[str, Any], second: dict[str, Any], labels: dict[str, str],
    split: dict[str, tuple[str, ...]], removed: str,
) -> None:  # fmt: skip
    steps = (
        step("1", "2", entities=entities(**first)),
        step("2", "3", entities=entities(**second)),
    )
    composed = rewriting(
        version("1", "A", "X"), version("3", "A", "B", "C", "D", "E", "X", migrations=steps)
    )
    assert (composed.labels, composed.split) == (labels, split)
    assert composed.removed == set(removed)


def test_only_the_steps_from_the_old_version_on_count() -> None:
    steps = (
        step("1", "2", entities=entities(rename={"A": "B"})),
        step("2", "3", entities=entities(rename={"B": "C"})),
        step("3", "4", entities=entities(rename={"C": "D"})),
    )
    new = version("4", "D", migrations=steps)
    assert rewriting(version("3", "C"), new).labels == {"C": "D"}
    assert rewriting(version("1", "A"), new).labels == {"A": "D"}
    assert rewriting(new, new).labels == {}


def test_options_follow_the_question_that_they_belong_to() -> None:
    steps = (
        step("1", "2", choices=Changes(rename={"c": "d"}), options={"d": Changes({"x": "y"})}),
        step(
            "2", "3", choices=Changes(merge={"e": ("d", "f")}), options={"e": Changes({"y": "z"})}
        ),
    )
    old = version("1", choices=(make_choice("c", "x"), make_choice("f", "y", "x")))
    new = version("3", choices=(make_choice("e", "z", "x"),), migrations=steps)
    composed = rewriting(old, new)
    assert composed.choices == {"c": "e", "f": "e"}
    assert composed.options == {"c": {"x": "z"}, "f": {"y": "z"}}


def test_a_removed_question_has_no_options_to_rewrite() -> None:
    steps = (
        step("1", "2", choices=Changes(remove=("c",))),
        step("2", "3", options={"c": Changes(rename={"x": "y"})}),
    )
    old = version("1", choices=(make_choice("c", "x"),))
    composed = rewriting(old, version("3", choices=(make_choice("c", "y"),), migrations=steps))
    assert (composed.removed_choices, composed.options) == (frozenset("c"), {})


# What keeps annotations from being migrated


def test_without_a_step_from_the_old_version_one_must_be_declared() -> None:
    told = "migrations: no step leads from 1 to 3; declare a migration from 1 under `migrations`"
    assert problem(version("1"), version("3")) == told
    assert problem(version("1"), version("3", migrations=(step("2", "3"),))) == told
    # Nor does any step lead back.
    new = version("3", migrations=(step("1", "3"),))
    assert "no step leads from 3 to 1" in problem(new, version("1"))


def test_everything_undeclared_is_told_at_once() -> None:
    old = version(
        "1", "A", "B",
        relations=(relation("r"),),
        attributes=(attribute("n"), attribute("o", "x", "y")),
        choices=(make_choice("c", "x"), make_choice("d", "x", "z")),
    )  # fmt: skip
    new = version(
        "2",
        attributes=(attribute("o", "x"),),
        choices=(make_choice("d", "x"),),
        migrations=(step(),),
    )
    lacks = "2 lacks it; say under `migrations` what becomes of it"
    names = (
        "label B", "relation r", "attribute n", "option o: y", "choice c", "option d: z",
    )  # fmt: skip
    assert problems(old, new) == tuple(f"{name}: {lacks}" for name in names)
    missing, *others = problems(old, msgspec.structs.replace(new, migrations=()))
    assert missing.startswith("migrations: no step leads from 1 to 2")
    assert others == [f"{name}: {lacks}" for name in names]


def test_what_would_become_something_that_the_new_version_lacks_is_told() -> None:
    steps = (step("1", "2", entities=entities(split={"A": ("B", "C")})), step("2", "3"))
    told = "label A: it becomes B, which 3 lacks; correct `migrations`"
    assert problem(version("1", "A"), version("3", "C", migrations=steps)) == told


def test_two_contents_under_one_version_need_another_version() -> None:
    first, second = problems(version("1", "A", "B"), version("1", "A"))
    assert first == (
        "version: both are 1; raise the new one, and declare a migration from 1 under `migrations`"
    )
    assert second.startswith("label B: 1 lacks it")


def test_a_first_step_may_only_name_what_the_old_version_has() -> None:
    new = version(
        "2",
        "A", "C",
        relations=(relation("s"),),
        attributes=(attribute("m", "x"),),
        choices=(make_choice("d", "x"),),
        migrations=(
            step(
                entities=entities(rename={"B": "C"}),
                relations=Changes(merge={"s": ("r", "t")}),
                attributes=Changes(remove=("n",)),
                choices=Changes(remove=("c",)),
                options={"d": Changes(rename={"y": "x"}), "m": Changes(remove=("y",))},
            ),
        ),
    )  # fmt: skip
    old = version("1", choices=(make_choice("d", "x"),))
    why = "the migration from 1 names it, but 1 has none of this name"
    assert problems(old, new) == tuple(
        f"{name}: {why}"
        for name in (
            "label B", "relation r", "relation t", "attribute n", "choice c",
            "option d: y", "option m: y",
        )
    )  # fmt: skip


def test_a_later_step_may_name_what_came_in_between() -> None:
    steps = (step("1", "2"), step("2", "3", entities=entities(rename={"B": "C"})))
    composed = rewriting(version("1", "A"), version("3", "A", "C", migrations=steps))
    assert composed == Rewriting(old="1", new="3")


TEXT = {"attributes": (attribute("n"),)}
ONE = {"attributes": (attribute("n", "x"),)}
SEVERAL = {"attributes": (attribute("n", "x", multiple=True),)}
ONE_CHOICE = {"choices": (make_choice("n", "x"),)}
SEVERAL_CHOICE = {"choices": (make_choice("n", "x", multiple=True),)}
MISFITS = [
    (TEXT, ONE, "was free text and is a choice now"),
    (TEXT, SEVERAL, "was free text and is a choice now"),
    (ONE, TEXT, "was a choice and is free text now"),
    (SEVERAL, ONE, "took several answers and takes one now"),
    (SEVERAL_CHOICE, ONE_CHOICE, "took several answers and takes one now"),
]


@pytest.mark.parametrize(("before", "now", "how"), MISFITS)
def test_answers_that_do_not_fit_are_told_unless_the_question_is_declared_as_removed(
    before: dict[str, Any], now: dict[str, Any], how: str
) -> None:
    (kind,) = before
    old = version("1", **before)
    told = problem(old, version("2", **now, migrations=(step(),)))
    assert f" n: it {how}, so old answers do not fit; declare it under `{kind}.remove`" in told
    removed = step(**{kind: Changes(remove=("n",))})
    composed = rewriting(old, version("2", **now, migrations=(removed,)))
    assert (composed.removed_attributes | composed.removed_choices) == {"n"}
    assert composed.options == composed.removed_options == {}


@pytest.mark.parametrize(("before", "now"), [(ONE, SEVERAL), (ONE_CHOICE, SEVERAL_CHOICE)])
def test_one_answer_fits_where_several_may_be_given(
    before: dict[str, Any], now: dict[str, Any]
) -> None:
    composed = rewriting(version("1", **before), version("2", **now, migrations=(step(),)))
    assert composed == Rewriting(old="1", new="2", multiple=frozenset("n"))


def test_a_renamed_question_must_fit_too() -> None:
    old = version("1", attributes=(attribute("n"),))
    renamed = step(attributes=Changes(rename={"n": "m"}))
    new = version("2", attributes=(attribute("m", "x"),), migrations=(renamed,))
    assert "attribute n: it was free text and is a choice now" in problem(old, new)


@pytest.mark.parametrize(
    ("changes", "names", "told"),
    [
        ({"rename": {"A": "B", "B": "A"}}, "AB", ["A: it becomes B", "B: it becomes A"]),
        ({"rename": {"A": "B", "B": "C"}}, "BC", ["A: it becomes B while B itself changes"]),
        ({"rename": {"A": "B"}, "remove": ("B",)}, "B", ["A: it becomes B while B"]),
        ({"rename": {"A": "B"}, "split": {"B": ("C", "D")}}, "BCD", ["A: it becomes B while B"]),
        ({"split": {"A": ("B", "C")}, "remove": ("B",)}, "BC", ["A: it becomes B while B"]),
        ({"split": {"A": ("A", "C")}}, "ABC", ["A: it is split into itself and others"]),
    ],
)
def test_a_name_that_changes_cannot_be_what_another_one_becomes(
    changes: dict[str, Any], names: str, told: list[str]
) -> None:
    new = version("2", *names, migrations=(step(entities=entities(**changes)),))
    found = problems(version("1", "A", "B"), new)
    assert len(found) == len(told)
    for line, expected in zip(found, told, strict=True):
        assert line.startswith(f"label {expected}")
        assert line.endswith(
            "; give all of them new names"
            if "split into itself" in line
            else "; make two versions of this one, and migrate to one after the other"
        )


def test_steps_that_pass_a_name_on_are_taken_one_by_one() -> None:
    first = step("1", "2", entities=entities(rename={"B": "C"}))
    second = step("2", "3", entities=entities(rename={"A": "B"}))
    new = version("3", "B", "C", migrations=(first, second))
    assert problem(version("1", "A", "B"), new) == (
        "label A: it becomes B while B itself changes; migrate version by version, first to 2"
    )
    between = version("2", "A", "C", migrations=(first,))
    assert rewriting(version("1", "A", "B"), between).labels == {"B": "C"}
    assert rewriting(between, new).labels == {"A": "B"}


def test_a_split_of_which_a_part_takes_the_old_name_is_taken_step_by_step() -> None:
    steps = (
        step("1", "2", entities=entities(split={"A": ("B", "C")})),
        step("2", "3", entities=entities(rename={"B": "A"})),
    )
    told = problem(version("1", "A"), version("3", "A", "C", migrations=steps))
    assert told.endswith("what was looked at; migrate version by version, first to 2")


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("relations", relation),
        ("attributes", attribute),
        ("choices", lambda n: make_choice(n, "x")),
    ],
)
def test_names_of_other_kinds_cannot_be_passed_on_either(kind: str, make: Any) -> None:
    old = version("1", **{kind: (make("a"), make("b"))})
    changes = step(**{kind: Changes(rename={"a": "b", "b": "c"})})
    new = version("2", **{kind: (make("b"), make("c"))}, migrations=(changes,))
    assert f"{kind[:-1]} a: it becomes b while b itself changes" in problem(old, new)


def test_an_attribute_cannot_take_the_name_of_a_choice_that_changes() -> None:
    old = version("1", attributes=(attribute("n", "x"),), choices=(make_choice("c", "x"),))
    changes = step(attributes=Changes({"n": "c"}), choices=Changes({"c": "d"}))
    new = version(
        "2",
        attributes=(attribute("c", "x"),),
        choices=(make_choice("d", "x"),),
        migrations=(changes,),
    )
    assert "attribute n: it becomes c while c itself changes" in problem(old, new)


def test_options_cannot_be_passed_on_within_a_question_or_into_another() -> None:
    old = version("1", choices=(make_choice("c", "x", "y"),))
    swap = step(options={"c": Changes(rename={"x": "y", "y": "x"})})
    new = version("2", choices=(make_choice("c", "x", "y"),), migrations=(swap,))
    first, second = problems(old, new)
    assert "option c: x: it becomes c: y while that itself changes" in first
    assert "option c: y: it becomes c: x while that itself changes" in second
    # What d calls x, c calls y, which d calls x: in another step each.
    old = version("1", choices=(make_choice("c", "x"), make_choice("d", "x")))
    steps = (
        step("1", "2", options={"d": Changes(rename={"x": "y"})}),
        step("2", "3", choices=Changes(merge={"d": ("c", "d")})),
    )
    new = version("3", choices=(make_choice("d", "x", "y"),), migrations=steps)
    assert "option c: x: it becomes d: x while that itself changes" in problem(old, new)


def test_a_swap_of_options_is_no_circle_when_the_question_changes_its_name() -> None:
    old = version("1", choices=(make_choice("c", "x", "y"),))
    swap = Changes(rename={"x": "y", "y": "x"})
    changes = step(choices=Changes(rename={"c": "d"}), options={"d": swap})
    new = version("2", choices=(make_choice("d", "x", "y"),), migrations=(changes,))
    rules = rewriting(old, new)
    once = rewrite(rules, (), (), {"c": ("x",)})
    assert once.choices == rewrite(rules, (), (), once.choices).choices == {"d": ("y",)}


def test_controls_must_stay() -> None:
    new = version("2", migrations=(step(),), controls=Controls(labels="ner"))
    assert problem(version("1"), new).startswith("controls: annotations on a server refer to them")


# Marks


def span(span_id: str, label: str, start: int = 0, end: int = 5, **answers: str) -> Span:
    """Return a span; answers are separated by commas."""
    attributes = {name: tuple(given.split(",")) for name, given in answers.items()}
    return Span(id=span_id, start=start, end=end, label=label, attributes=attributes)


def arrow(head: str, label: str, tail: str) -> Relation:
    return Relation(head=head, tail=tail, label=label)


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
def moves(draw: st.DrawFn, names: tuple[str, ...], news: tuple[str, ...]) -> dict[str, str | None]:
    """Draw what becomes of some of the names: one that stays, a new one, or nothing."""
    stay = draw(st.sets(st.sampled_from(names)))
    become = st.sampled_from((*sorted(stay), *news, None))
    return {name: draw(become) for name in names if name not in stay}


def moved(becomes: dict[str, str | None]) -> dict[str, str]:
    return {name: now for name, now in becomes.items() if now is not None}


def removed(becomes: dict[str, str | None]) -> frozenset[str]:
    return frozenset(name for name, now in becomes.items() if now is None)


@st.composite
def rewritings(draw: st.DrawFn) -> Rewriting:
    """Draw what becomes of names, without a circle."""
    labels = draw(moves(OLD, ("X", "Y")))
    split = draw(st.sets(st.sampled_from(sorted(labels)))) if labels else set()
    labels = {name: now for name, now in labels.items() if name not in split}
    relations = draw(moves(("r", "q", "p"), ("t",)))
    questions = draw(moves(("n", "m", "o"), ("k",)))
    # Every question has an option that stays, so that others may become it.
    options = {name: draw(moves(ANSWERS[1:], ("1", "9"))) for name in ("n", "m", "o")}
    for becomes in options.values():
        for option, now in becomes.items():
            becomes[option] = now if now in {None, "1", "9"} else "1"
    return rules(
        labels=moved(labels),
        removed=removed(labels),
        split={name: ("S", "T") for name in split},
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
def annotations(
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


@given(rewritings(), annotations())
def test_rewriting_twice_is_rewriting_once(rewriting: Rewriting, marks: Marks) -> None:
    once = rewrite(rewriting, *marks)
    assert rewrite(rewriting, once.spans, once.relations, once.choices) == Rewritten(
        spans=once.spans, relations=once.relations, choices=once.choices, waiting=once.waiting
    )


@given(annotations())
def test_what_is_not_named_stays_as_it_is(marks: Marks) -> None:
    spans, relations, choices = marks
    assert rewrite(rules(), *marks) == Rewritten(spans=spans, relations=relations, choices=choices)


@given(rewritings(), annotations())
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


@given(rewritings(), annotations())
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


@given(rewritings(), annotations())
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


names_of = st.sets(st.sampled_from("ABCDEF"), min_size=1, max_size=4)


@given(st.data())
def test_a_way_in_one_go_leads_where_its_steps_lead(data: st.DataObject) -> None:
    start = sorted(data.draw(names_of))
    steps, versions = [], [version("0", *start)]
    for number in (1, 2):
        before = versions[-1].labels
        becomes = data.draw(moves(tuple(before), ("U", "V", *before)))
        merge: dict[str, tuple[str, ...]] = {}
        for name, now in moved(becomes).items():
            merge[now] = (*merge.get(now, ()), name)
        changes = entities(merge=merge, remove=tuple(removed(becomes)))
        steps.append(step(str(number - 1), str(number), entities=changes))
        stay = {name for name in before if name not in becomes}
        labels = sorted(stay | merge.keys()) or ["Z"]
        versions.append(version(str(number), *labels, migrations=tuple(steps)))
    try:
        ways = [rewriting(versions[0], versions[1]), rewriting(versions[1], versions[2])]
        composed = rewriting(versions[0], versions[2])
    except SchemaError as error:
        assume("itself changes" not in str(error))
        raise
    for label in start:
        one = (span("1", label),)
        direct = rewrite(composed, one, (), {})
        between = rewrite(ways[0], one, (), {})
        assert direct.spans == rewrite(ways[1], between.spans, (), {}).spans
