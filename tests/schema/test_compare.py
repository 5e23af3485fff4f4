"""What differs between two versions, what it means, and that nothing that differs is missed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given

from annotate.schema import Choice, Entity, Option, Regex, RelationType, Schema
from annotate.schema.model import Attribute, Changes, Controls, Decision
from annotate.schema.versions.compare import Difference, compare, needs_migration
from tests.factories import make_choice, make_entity
from tests.schema.strategies import schemas
from tests.schema.versions import attribute, entities, relation, step, version


def only(old: Schema, new: Schema) -> Difference:
    (difference,) = compare(old, new)
    assert needs_migration(old, new) == difference.breaking
    return difference


def told(old: Schema, new: Schema) -> list[tuple[str, str, str]]:
    return [(d.kind, d.what, d.text) for d in compare(old, new)]


def harmless(kind: Any, what: str, text: str, meaning: str = "") -> Difference:
    return Difference(kind, what, text, meaning)


def breaking(kind: Any, what: str, text: str, meaning: str) -> Difference:
    return Difference(kind, what, text, meaning, breaking=True)


def labels(*given: Entity | str, **fields: Any) -> Schema:
    """Return version 1 with these labels."""
    made = tuple(make_entity(e, e.lower()) if isinstance(e, str) else e for e in given)
    return version("1", **{"entities": made, **fields})


def raised(schema: Schema, **changes: Any) -> Schema:
    """Return the schema as version 2, which a step with these changes leads to."""
    return msgspec.structs.replace(schema, version="2", migrations=(step(**changes),))


@given(schemas())
def test_a_schema_does_not_differ_from_itself(schema: Schema) -> None:
    assert compare(schema, schema) == []
    other = msgspec.structs.replace(schema, version="other", migrations=())
    assert compare(schema, other) == []
    assert not needs_migration(schema, other)


@given(schemas(), schemas())
def test_any_two_schemas_can_be_compared(old: Schema, new: Schema) -> None:
    found = compare(old, new)
    assert [d.breaking for d in found] == sorted((d.breaking for d in found), reverse=True)
    assert all(d.meaning for d in found if d.breaking)


# Labels, relations, attributes and choices that come and go

ITEMS: list[tuple[str, str, Any, str]] = [
    ("entities", "label", lambda name: make_entity(name, name), "spans"),
    ("relations", "relation", relation, "relations"),
    ("attributes", "attribute", attribute, "answers"),
    ("choices", "choice", lambda name: make_choice(name, "x"), "answers"),
]
every_kind = pytest.mark.parametrize(("kind", "word", "make", "marks"), ITEMS)


def items(kind: str, make: Any, *names: str) -> Schema:
    """Return a version with the label A, and things of these names."""
    made = tuple(make(name) for name in names)
    if kind == "entities":
        return version("1", entities=(make_entity("A", "a"), *made))
    return version("1", **{kind: made})


@every_kind
def test_what_is_new_is_harmless(kind: str, word: str, make: Any, marks: str) -> None:
    # There is nothing to look for where people are asked.
    meaning = "" if marks == "answers" else "It was not looked for before."
    found = only(items(kind, make, "b"), items(kind, make, "b", "c"))
    assert found == harmless("added", f"{word} c", "is new", meaning)


@every_kind
def test_what_is_gone_undeclared_has_to_be_declared(
    kind: str, word: str, make: Any, marks: str
) -> None:
    meaning = f"Say under `migrations` what becomes of its {marks}."
    gone = breaking("removed", f"{word} c", "is gone", meaning)
    assert only(items(kind, make, "b", "c"), items(kind, make, "b")) == gone


@every_kind
def test_what_is_removed_is_archived(kind: str, word: str, make: Any, marks: str) -> None:
    field = {kind: entities(remove=("c",)) if kind == "entities" else Changes(remove=("c",))}
    found = only(items(kind, make, "b", "c"), raised(items(kind, make, "b"), **field))
    assert (found.kind, found.what, found.text) == ("removed", f"{word} c", "is removed")
    assert found.breaking
    assert f"ts {marks} are taken off and archived" in found.meaning


@every_kind
def test_what_is_removed_and_comes_again_alike_begins_anew(
    kind: str, word: str, make: Any, marks: str
) -> None:
    field = {kind: entities(remove=("b",)) if kind == "entities" else Changes(remove=("b",))}
    same = items(kind, make, "b")
    found = compare(same, raised(same, **field))
    assert [(d.kind, d.what) for d in found] == [("removed", f"{word} b"), ("added", f"{word} b")]
    assert marks in found[0].meaning


@every_kind
def test_a_new_name_is_told_once(kind: str, word: str, make: Any, marks: str) -> None:
    field = {kind: entities(rename={"b": "c"}) if kind == "entities" else Changes({"b": "c"})}
    new = items(kind, lambda name: msgspec.structs.replace(make(name), title="b"), "c")
    old = items(kind, lambda name: msgspec.structs.replace(make(name), title="b"), "b")
    found = only(old, raised(new, **field))
    assert found == breaking("renamed", f"{word} b", "becomes c", f"Its {marks} are rewritten.")


@every_kind
def test_what_is_merged_tells_each_that_changes(
    kind: str, word: str, make: Any, marks: str
) -> None:
    merge: dict[str, tuple[str, ...]] = {"d": ("b", "c", "d")}
    field = {kind: entities(merge=merge) if kind == "entities" else Changes(merge=merge)}
    found = compare(items(kind, make, "d", "b", "c"), raised(items(kind, make, "d"), **field))
    assert [(d.kind, d.what, d.text, d.breaking) for d in found] == [
        ("merged", f"{word} b", "becomes part of d", True),
        ("merged", f"{word} c", "becomes part of d", True),
    ]
    assert all(d.meaning.startswith(f"Its {marks} ") for d in found)


def test_a_split_is_told() -> None:
    new = raised(labels("B", "C"), entities=entities(split={"A": ("B", "C")}))
    assert compare(labels("A"), new) == [
        breaking(
            "split", "label A", "is split into B and C",
            "Its spans keep the label until a person chooses.",
        )
    ]  # fmt: skip


def test_what_became_something_that_is_not_there_is_gone() -> None:
    new = raised(labels("C"), entities=entities(rename={"A": "B"}))
    assert told(labels("A"), new) == [
        ("removed", "label A", "becomes B, which is not there"),
        ("added", "label C", "is new"),
    ]


def test_a_name_that_is_given_anew_is_new() -> None:
    new = raised(labels("A", "B"), entities=entities(rename={"A": "B"}))
    assert told(labels("A"), new) == [
        ("renamed", "label A", "becomes B"),
        ("retitled", "label B", "is called “b”, not “a”"),
        ("added", "label A", "is new"),
        ("changed", "labels", "stand at other places"),
    ]


def test_migrations_from_another_version_tell_nothing() -> None:
    new = msgspec.structs.replace(
        labels("B"), version="3", migrations=(step("2", "3", entities=entities(rename={"A": "B"})),)
    )
    assert [d.kind for d in compare(labels("A"), new)] == ["removed", "added"]


# Relations and nesting: labels lost and gained


def related(head: str, tail: str, **fields: Any) -> Schema:
    made = RelationType("r", "r", tuple(head), tuple(tail), **fields)
    return labels("A", "B", "C", relations=(made,))


@pytest.mark.parametrize(
    ("old", "new", "text", "which"),
    [
        (("ABC", "A"), ("A", "A"), "may no longer begin at B and C", "from spans of B and C"),
        (("A", "AB"), ("A", "B"), "may no longer end at A", "to spans of A"),
    ],
)
def test_an_end_that_loses_labels_is_narrowed(
    old: tuple[str, str], new: tuple[str, str], text: str, which: str
) -> None:
    meaning = f"Its relations {which} no longer hold."
    assert only(related(*old), related(*new)) == breaking("narrowed", "relation r", text, meaning)
    widened = only(related(*new), related(*old))
    assert widened == harmless("widened", "relation r", text.replace("no longer", "also"))


def test_ends_of_both_kinds_are_told_apart() -> None:
    assert told(related("A", "B"), related("B", "C")) == [
        ("narrowed", "relation r", "may no longer begin at A"),
        ("narrowed", "relation r", "may no longer end at B"),
        ("widened", "relation r", "may also begin at B"),
        ("widened", "relation r", "may also end at C"),
    ]


def test_labels_at_the_ends_are_compared_under_their_new_names() -> None:
    old = related("AB", "C")
    made = RelationType("r", "r", ("D",), ("E", "F"))
    changes = entities(merge={"D": ("A", "B")}, split={"C": ("E", "F")})
    new = raised(labels("D", "E", "F", relations=(made,)), entities=changes)
    assert {d.what for d in compare(old, new)} == {"label A", "label B", "label C"}
    # One of the parts may not stand there any more: that is another matter.
    narrow = msgspec.structs.replace(new, relations=(RelationType("r", "r", ("D",), ("E",)),))
    assert ("narrowed", "relation r", "may no longer end at F") in told(old, narrow)


@pytest.mark.parametrize("declared", [True, False])
def test_a_label_that_goes_does_not_narrow_the_relations_it_was_in(*, declared: bool) -> None:
    new = labels("A", "B", relations=(RelationType("r", "r", ("A",), ("B",)),))
    new = raised(new, entities=entities(remove=("C",))) if declared else new
    assert [d.what for d in compare(related("AC", "B"), new)] == ["label C"]


def test_a_direction_may_be_given_up_but_not_taken_on() -> None:
    directed, undirected = related("A", "B"), related("A", "B", directed=False)
    assert only(directed, undirected) == harmless(
        "retyped", "relation r", "is directed no more",
        "Which of its ends was drawn first means nothing now.",
    )  # fmt: skip
    assert only(undirected, directed) == breaking(
        "retyped", "relation r", "is directed now",
        "Which of its ends was drawn first meant nothing: look at each of them again.",
    )  # fmt: skip


def nesting(*within: str, any_label: bool = False) -> Schema:
    contains = None if any_label else within
    return labels(make_entity("A", "a", contains=contains), "B", "C")


@pytest.mark.parametrize(
    ("before", "now", "text", "inner"),
    [
        (("B", "C"), ("C",), "may no longer hold spans of B", "Spans of B"),
        (("B", "C"), (), "may no longer hold spans of B and C", "Spans of B and C"),
        (None, ("B", "C"), "may hold only spans of B and C", "Spans of other labels"),
        (None, (), "may hold no span", "Spans of other labels"),
    ],
)
def test_a_label_that_may_hold_fewer_is_narrowed(
    before: tuple[str, ...] | None, now: tuple[str, ...], text: str, inner: str
) -> None:
    wide = nesting(*before or (), any_label=before is None)
    meaning = f"{inner} that lie within its spans no longer hold."
    assert only(wide, nesting(*now)) == breaking("narrowed", "label A", text, meaning)
    widened = text.replace("no longer", "also") if before else "may hold any span"
    assert only(nesting(*now), wide) == harmless("widened", "label A", widened)


def test_what_a_label_may_hold_is_compared_under_new_names_and_for_merged_labels_too() -> None:
    old = labels(make_entity("A", "a", contains=("C",)), make_entity("B", "b"), "C")
    united = labels(make_entity("D", "d", contains=("E",)), make_entity("E", "c"))
    new = raised(united, entities=entities(rename={"C": "E"}, merge={"D": ("A", "B")}))
    narrowed = [d for d in compare(old, new) if d.kind == "narrowed"]
    assert [(d.what, d.text) for d in narrowed] == [("label D", "may hold only spans of E")]


# Attributes and choices


def asking(*questions: Attribute | Choice) -> Schema:
    return labels(
        "A", "B",
        attributes=tuple(q for q in questions if isinstance(q, Attribute)),
        choices=tuple(q for q in questions if isinstance(q, Choice)),
    )  # fmt: skip


def test_labels_that_an_attribute_is_asked_of() -> None:
    wide = asking(msgspec.structs.replace(attribute("n"), labels=("A", "B")))
    narrow = asking(attribute("n"))
    assert only(wide, narrow) == breaking(
        "narrowed", "attribute n", "is no longer asked of B",
        "Its answers at spans of B no longer hold.",
    )  # fmt: skip
    assert only(narrow, wide) == harmless("widened", "attribute n", "is also asked of B")


QUESTIONS = [
    (attribute("n", "x"), attribute("n", "x", multiple=True), "attribute n"),
    (make_choice("n", "x"), make_choice("n", "x", multiple=True), "choice n"),
]


@pytest.mark.parametrize(("one", "several", "what"), QUESTIONS)
def test_several_answers_may_be_allowed_but_not_taken_away(
    one: Attribute | Choice, several: Attribute | Choice, what: str
) -> None:
    kind = "attributes" if isinstance(one, Attribute) else "choices"
    how = "took several answers and takes one now"
    fit = f"Old answers do not fit: give it a new name, and put the old one under `{kind}.remove`."
    assert only(asking(one), asking(several)) == harmless(
        "widened", what, "takes several answers now"
    )
    assert only(asking(several), asking(one)) == breaking("narrowed", what, how, fit)
    removed = raised(asking(one), **{kind: Changes(remove=("n",))})
    archived = "Its answers are taken off and archived."
    assert only(asking(several), removed) == breaking("narrowed", what, how, archived)


@pytest.mark.parametrize("multiple", [True, False])
def test_free_text_and_a_choice_are_different_questions(*, multiple: bool) -> None:
    text, choice = asking(attribute("n")), asking(attribute("n", "x", multiple=multiple))
    fit = (
        "Old answers do not fit: give it a new name, and put the old one under `attributes.remove`."
    )
    archived = "Its answers are taken off and archived."
    for before, now, how in (
        (text, choice, "was free text and is a choice now"),
        (choice, text, "was a choice and is free text now"),
    ):
        assert only(before, now) == breaking("retyped", "attribute n", how, fit)
        removed = raised(now, attributes=Changes(remove=("n",)))
        assert only(before, removed) == breaking("retyped", "attribute n", how, archived)


@pytest.mark.parametrize("make", [attribute, make_choice])
def test_options_that_go_change_and_come(make: Any) -> None:
    old = asking(make("n", "a", "b", "c", "d", "e", "f"))
    changes = Changes(rename={"a": "z"}, merge={"f": ("b", "f")}, remove=("c",))
    new = raised(asking(make("n", "z", "e", "f", "g")), options={"n": changes})
    titles = new.attributes[0].options if new.attributes else new.choices[0].options
    assert [d for d in compare(old, new) if d.kind != "retitled"] == [
        breaking("renamed", "option n: a", "becomes z", "Its answers are rewritten."),
        breaking("merged", "option n: b", "becomes part of f", "Its answers go to f."),
        breaking(
            "narrowed", "option n: c", "is removed", "Its answers are taken off and archived."
        ),
        breaking(
            "narrowed", "option n: d", "is gone",
            "Say under `migrations` what becomes of its answers.",
        ),
        harmless("widened", "option n: g", "is new"),
        harmless(
            "changed", "options of n", "stand at other places",
            "The dataset numbers options by their places.",
        ),
    ]  # fmt: skip
    retitled = [d for d in compare(old, new) if d.kind == "retitled"]
    assert [(d.what, d.breaking) for d in retitled] == [("option n: z", False)]
    assert f"“{titles[0].title}”" in retitled[0].text


def test_options_of_merged_questions_are_compared_with_those_of_both() -> None:
    old = asking(make_choice("c", "x", "y"), make_choice("d", "z", "w"))
    merged = Changes(merge={"e": ("c", "d")})
    new = raised(asking(make_choice("e", "x", "z", "v")), choices=merged)
    assert told(old, new) == [
        ("merged", "choice c", "becomes part of e"),
        ("narrowed", "option e: y", "is gone"),
        ("merged", "choice d", "becomes part of e"),
        ("narrowed", "option e: w", "is gone"),
        ("widened", "option e: v", "is new"),
    ]


def test_places_of_options_are_compared_with_those_of_the_question_that_it_was() -> None:
    moved = ("changed", "options of d", "stand in another order")
    turned = make_choice("d", "y", "x")
    renamed = raised(asking(turned), choices=Changes(rename={"c": "d"}))
    assert moved in told(asking(make_choice("c", "x", "y")), renamed)
    joined = raised(asking(turned), choices=Changes(merge={"d": ("c", "d")}))
    first = told(asking(make_choice("c", "y"), make_choice("d", "x", "y")), joined)
    assert first == [("merged", "choice c", "becomes part of d"), moved]


# Titles, and what only people read


def test_titles_are_harmless_but_for_relations() -> None:
    def retitled(item: Any) -> Any:
        return msgspec.structs.replace(item, title="[b]")

    choice = make_choice("n", "x")
    text = "is called “[b]”, not "
    made = only(labels("A"), labels(retitled(make_entity("A", "a"))))
    assert made == harmless("retitled", "label A", f"{text}“a”")
    made = only(asking(attribute("n")), asking(retitled(attribute("n"))))
    assert made == harmless("retitled", "attribute n", f"{text}“n”")
    made = only(asking(choice), asking(retitled(choice)))
    assert made == harmless("retitled", "choice n", f"{text}“Which n?”")
    options = (retitled(choice.options[0]),)
    made = only(asking(choice), asking(msgspec.structs.replace(choice, options=options)))
    assert made == harmless("retitled", "option n: x", f"{text}“X”")
    made = only(
        version("1", relations=(relation("r"),)), version("1", relations=(retitled(relation("r")),))
    )
    assert made == breaking(
        "retitled", "relation r", f"{text}“r”",
        "Label Studio keeps relations under their titles; `annotate schema migrate` rewrites them"
        " there.",
    )  # fmt: skip


def test_what_only_people_read_is_told_together() -> None:
    new = make_entity(
        "A", "a",
        definition="Other.", examples=("x",), counter_examples=("y",), color="#000000",
        hotkey="1", group="G", patterns=(Regex("x+"),),
    )  # fmt: skip
    text = "changes in definition, examples, counter-examples, colour, hotkey, group and patterns"
    assert only(labels("A"), labels(new)) == harmless("changed", "label A", text)


def test_a_renamed_label_is_compared_with_what_it_became_and_a_merged_one_is_not() -> None:
    other = make_entity("B", "b", definition="Other.")
    renamed = raised(labels(other), entities=entities(rename={"A": "B"}))
    assert [d.kind for d in compare(labels("A"), renamed)] == ["renamed", "retitled", "changed"]
    merged = raised(labels(other), entities=entities(merge={"B": ("A", "C")}))
    assert [d.kind for d in compare(labels("A", "C"), merged)] == ["merged", "merged"]
    joined = raised(labels(other), entities=entities(merge={"B": ("B", "C")}))
    assert told(labels("B", "C"), joined) == [
        ("merged", "label C", "becomes part of B"),
        ("changed", "label B", "changes in definition"),
    ]


def test_places_of_labels_and_relations_are_numbers_in_the_dataset() -> None:
    meaning = "The dataset numbers labels by their places."
    assert only(labels("A", "B"), labels("B", "A")) == harmless(
        "changed", "labels", "stand in another order", meaning
    )
    assert compare(labels("A", "B"), labels("C", "A", "B"))[1] == harmless(
        "changed", "labels", "stand at other places", meaning
    )
    assert [d.kind for d in compare(labels("A", "B"), labels("A", "B", "C"))] == ["added"]
    # A label that others join keeps its place.
    joined = raised(labels("B", "C"), entities=entities(merge={"C": ("A", "C")}))
    assert [d.text for d in compare(labels("A", "B", "C"), joined)][1:] == ["stand at other places"]
    both = tuple(map(relation, "rq"))
    assert only(version("1", relations=both), version("1", relations=both[::-1])) == harmless(
        "changed", "relations", "stand in another order",
        "The dataset numbers relations by their places.",
    )  # fmt: skip


def test_places_of_questions_are_no_numbers() -> None:
    one, other = make_choice("c", "x"), make_choice("d", "x")
    assert only(asking(one, other), asking(other, one)) == harmless(
        "changed", "choices", "stand in another order"
    )
    assert [d.kind for d in compare(asking(one), asking(other, one))] == ["added"]


# The rest of a schema


@pytest.mark.parametrize(
    ("field", "before", "now"),
    [
        ("name", "old", "new"), ("language", "en", "vi"), ("title", "Old", "New"),
        ("granularity", "word", "character"),
    ],
)  # fmt: skip
def test_another_word_for_the_whole_is_harmless(field: str, before: str, now: str) -> None:
    found = only(version("1", **{field: before}), version("1", **{field: now}))
    assert found == harmless("changed", field, f"is now “{now}”, was “{before}”")


CASES = tuple(Decision(case, "rule") for case in "abc")


@pytest.mark.parametrize(
    ("field", "one", "two", "three"), [("guidelines", "a", "b", "c"), ("decisions", *CASES)]
)
def test_guidelines_and_decisions_are_counted(field: str, one: Any, two: Any, three: Any) -> None:
    def change(before: tuple[Any, ...], now: tuple[Any, ...]) -> str:
        found = only(version("1", **{field: before}), version("1", **{field: now}))
        assert found == harmless("changed", field, found.text)
        return found.text

    assert change((one,), (one, two, three)) == "change: 2 new"
    assert change((one, two), (three,)) == "change: 1 new, 2 gone"
    assert change((one, two), (two,)) == "change: 1 gone"
    assert change((one, two), (two, one)) == "stand in another order"


def test_controls_may_not_change() -> None:
    meaning = "Annotations on a server refer to it; put it back."
    assert compare(version("1"), version("1", controls=Controls("ner", "body"))) == [
        breaking("changed", "control labels", "is now “ner”, was “label”", meaning),
        breaking("changed", "control text", "is now “body”, was “text”", meaning),
    ]


def test_what_breaks_comes_first_then_the_schemas_order() -> None:
    old = labels(
        make_entity("A", "a", hotkey="1"), "B", "C", choices=(make_choice("c", "x"),),
        relations=(relation("r"),), attributes=(attribute("n"),), title="T",
    )  # fmt: skip
    new = labels(
        "A", "C", "D", choices=(make_choice("c", "y"),), guidelines=("g",), title="U",
        granularity="character", controls=Controls("ner"),
    )  # fmt: skip
    assert [(d.breaking, d.what) for d in compare(old, new)] == [
        (True, "label B"),
        (True, "relation r"),
        (True, "attribute n"),
        (True, "option c: x"),
        (True, "control labels"),
        (False, "title"),
        (False, "label A"),
        (False, "label D"),
        (False, "labels"),
        (False, "option c: y"),
        (False, "guidelines"),
        (False, "granularity"),
    ]


# What another value of each field could be, so that none is forgotten when the model grows.
OTHER: dict[type[msgspec.Struct], dict[str, Any]] = {
    Schema: {
        "name": "other", "language": "vi", "title": "Other", "guidelines": ("x",),
        "entities": (make_entity("B", "a"),), "relations": (), "attributes": (), "choices": (),
        "decisions": CASES, "granularity": "character", "controls": Controls("other"),
    },
    Entity: {
        "name": "B", "title": "other", "definition": "other", "examples": ("x",),
        "counter_examples": ("x",), "color": "#000000", "hotkey": "1", "group": "x",
        "patterns": ("x",), "contains": (),
    },
    RelationType: {
        "name": "q", "title": "other", "head": ("A", "B"), "tail": ("A", "B"),
        "definition": "other", "directed": False,
    },
    Attribute: {
        "name": "m", "title": "other", "labels": ("A", "B"), "definition": "other",
        "options": (Option("y", "x"),), "multiple": True,
    },
    Choice: {
        "name": "d", "title": "other", "options": (Option("y", "x"),), "multiple": True,
    },
    Option: {"name": "y", "title": "other"},
}  # fmt: skip
ALL = labels(
    "A", "B", relations=(relation("r"),), attributes=(attribute("n", "x"),),
    choices=(make_choice("c", "x"),),
)  # fmt: skip
FIELDS = [
    (kind, field.name)
    for kind in OTHER
    for field in msgspec.structs.fields(kind)
    if (kind, field.name) not in {(Schema, "version"), (Schema, "migrations")}
]


def changed(value: Any, kind: type[msgspec.Struct], change: dict[str, Any]) -> Any:
    """Return the value with the first struct of a kind in it changed."""
    if isinstance(value, kind):
        return msgspec.structs.replace(value, **change)
    if isinstance(value, tuple) and value:
        return (changed(value[0], kind, change), *value[1:])
    if not isinstance(value, Schema | Choice):
        return value
    pairs = ((name, getattr(value, name)) for name in value.__struct_fields__)
    inner = {name: changed(part, kind, change) for name, part in pairs}
    return msgspec.structs.replace(value, **inner)


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_no_field_is_overlooked(kind: type[msgspec.Struct], field: str) -> None:
    new = changed(ALL, kind, {field: OTHER[kind][field]})
    assert new != ALL
    assert compare(ALL, new)
