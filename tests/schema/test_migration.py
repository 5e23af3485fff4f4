"""What migrations make of the names of an old version, and what keeps them from it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annotate.errors import SchemaError
from annotate.schema import Schema
from annotate.schema.model import Changes, Controls
from annotate.schema.versions.migration import Rewriting, rewrite, rewriting
from tests.factories import make_choice
from tests.schema.versions import (
    attribute,
    entities,
    moved,
    moves,
    relation,
    removed,
    span,
    step,
    version,
)


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
        "version: it is 1 as before; raise it, and declare a migration from 1 under `migrations`"
    )
    assert second.startswith("label B: the new schema lacks it")


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
    do = f"give it a new name, and put the old one under `{kind}.remove`"
    assert f" n: it {how}, so old answers do not fit; {do}" in told
    removed = step(**{kind: Changes(remove=("n",))})
    composed = rewriting(old, version("2", **now, migrations=(removed,)))
    assert (composed.removed_attributes | composed.removed_choices) == {"n"}
    assert (composed.options, composed.removed_options) == ({}, {})


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


def test_options_of_a_question_that_cannot_be_passed_on_are_not_told_as_well() -> None:
    old = version("1", choices=(make_choice("a", "x"), make_choice("b", "x")))
    changes = step(
        choices=Changes(rename={"a": "b", "b": "c"}), options={"c": Changes(rename={"x": "y"})}
    )
    new = version(
        "2", choices=(make_choice("b", "x"), make_choice("c", "y")), migrations=(changes,)
    )
    assert problem(old, new).startswith("choice a: it becomes b while b itself changes")


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


# Whatever comes

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
