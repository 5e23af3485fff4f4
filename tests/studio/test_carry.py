"""Marks on a text that changed: each is where its text is now, or left with the reason."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.align import align
from annotate.schema import Option, RelationType
from annotate.schema.model import Attribute
from annotate.studio.carry import CarriedMarks, ChangedMark, LeftMark, carry_marks, which_text
from annotate.studio.marks import Mark
from tests.factories import make_choice, make_entity, make_schema
from tests.schema.pairs import Work, works
from tests.studio.marks import arrow_mark, choice_mark, decode, encode, span_mark, text_mark
from tests.test_align import edited, versions

OLD = "Trung tá Lê An ở xã Đá.\nÔng Bình đi."
SCHEMA = make_schema(
    entities=(make_entity("A", "a"), make_entity("B", "b")),
    relations=(RelationType("r", "holds", ("A", "B"), ("A", "B")),),
    attributes=(
        Attribute("kind", "Kind", ("A",), options=(Option("x", "First"), Option("y", "Second"))),
        Attribute("date", "Date", ("A",)),
    ),
    choices=(make_choice("topic", "x", "y"),),
)


def carried(marks: list[Mark], new: str, old: str = OLD) -> CarriedMarks:
    """Carry marks; what was given must not be touched by it."""
    before = copy.deepcopy(marks)
    found = carry_marks(marks, old, align(old, new), new)
    assert marks == before
    return found


def marked(mark_id: str, text: str, label: str = "A", **value: Any) -> Mark:
    """Return the first such text of the old version as a span."""
    start = OLD.index(text)
    return span_mark(mark_id, label, start, start + len(text), **{"text": text, **value})


def about(mark: Mark, answer: Mark, **value: Any) -> Mark:
    """Return an answer with the offsets of the span that it is about."""
    extent = {side: mark["value"][side] for side in ("start", "end")}
    return {**answer, "id": mark["id"], "value": {**extent, **answer["value"], **value}}


AN, BINH = marked("1", "Lê An"), marked("2", "Bình")
RANK = marked("3", "Trung tá", "B")


def place(mark: Mark) -> tuple[int, int, Any]:
    value = mark["value"]
    return value["start"], value["end"], value.get("text")


def without_place(mark: Mark) -> Mark:
    """Return a mark without what carrying may change."""
    value = mark.get("value")
    if not isinstance(value, dict):
        return mark
    free = mark.get("type") == "textarea"
    gone = {"start", "end"} if free else {"start", "end", "text"}
    return {**mark, "value": {key: told for key, told in value.items() if key not in gone}}


@st.composite
def changed_works(draw: st.DrawFn) -> tuple[Work, str]:
    work = draw(works(SCHEMA))
    return work, draw(edited(work.text))


@given(changed_works())
def test_what_is_carried_is_proved_against_the_new_text(drawn: tuple[Work, str]) -> None:
    work, new = drawn
    found = carried(encode(SCHEMA, work), new, work.text)
    annotation = decode(SCHEMA, new, found.result)
    assert (annotation.set_aside, annotation.repaired) == ((), 0)
    changed = {one.id for one in found.changed}
    spans = {span.id: span for span in work.spans}
    for span in annotation.spans:
        before = spans[span.id]
        same = new[span.start : span.end] == work.text[before.start : before.end]
        assert same == (span.id not in changed)
        assert (span.label, span.attributes) == (before.label, before.attributes)
    assert annotation.choices == work.choices


@given(changed_works())
def test_with_a_span_its_answers_and_relations_are_left_and_nothing_else(
    drawn: tuple[Work, str],
) -> None:
    work, new = drawn
    found = carried(encode(SCHEMA, work), new, work.text)
    left = [one.mark for one in found.left]
    gone = {mark["id"] for mark in left if mark["type"] == "labels"}
    for mark in left:
        ends = {mark.get("id"), mark.get("from_id"), mark.get("to_id")}
        assert ends & gone
    for mark in found.result:
        assert not {mark.get("id"), mark.get("from_id"), mark.get("to_id")} & gone


things = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 30), st.floats(0, 9), st.text(max_size=4)),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=3,
)
ids = st.one_of(st.sampled_from(("1", "2", "")), things)
values = st.one_of(
    things,
    st.fixed_dictionaries(
        {},
        optional={
            "start": st.one_of(st.integers(-2, 40), things),
            "end": st.one_of(st.integers(-2, 40), things),
            "text": st.one_of(st.sampled_from(("Lê An", "An", "")), things),
            "labels": st.one_of(st.just(["A"]), things),
            "other": things,
        },
    ),
)
kinds = st.one_of(st.sampled_from(("labels", "choices", "textarea", "relation")), things)
fields = {"type": kinds, "id": ids, "value": values, "from_id": ids, "to_id": ids, "meta": things}
wild_marks = st.lists(st.fixed_dictionaries({}, optional=fields), max_size=6)


@given(st.one_of(wild_marks, st.permutations([AN, BINH, RANK])), edited(OLD))
def test_every_mark_is_in_the_result_or_left(marks: list[Mark], new: str) -> None:
    found = carried(marks, new)
    left = [one.mark for one in found.left]
    assert len(found.result) + len(left) == len(marks)

    def taken() -> Iterator[Mark]:
        rest = iter(found.result)
        aside = iter(left)
        waiting = next(aside, None)
        for mark in marks:
            if mark is waiting:
                waiting = next(aside, None)
                yield mark
            else:
                yield next(rest)

    for before, after in zip(marks, taken(), strict=True):
        assert without_place(before) == without_place(after)
    assert all(one.reason for one in found.left)


@given(st.one_of(wild_marks, works(SCHEMA).map(lambda work: encode(SCHEMA, work))))
def test_between_equal_texts_nothing_changes(marks: list[Mark]) -> None:
    assert carried(marks, OLD) == CarriedMarks(marks)


@given(versions())
def test_a_result_without_marks_stays_empty(drawn: tuple[str, str]) -> None:
    old, new = drawn
    assert carried([], new, old) == CarriedMarks([])


def test_a_span_moves_with_its_text_and_keeps_all_else() -> None:
    more = {"origin": "prediction", "meta": {"text": ["x"]}, "score": 0.5, "parentID": "3"}
    given_mark = {**AN, **more}
    found = carried([given_mark], f"Hôm qua: {OLD}")
    value = {**AN["value"], "start": 18, "end": 23}
    assert found == CarriedMarks([{**given_mark, "value": value}])


def test_a_span_whose_text_was_mended_is_carried_and_told() -> None:
    found = carried([AN, BINH], OLD.replace("Lê An", "Lê Anh"))
    assert [place(mark) for mark in found.result] == [(9, 15, "Lê Anh"), (29, 33, "Bình")]
    assert found.changed == (ChangedMark("1", AN, "Lê An", "Lê Anh"),)
    assert found.left == ()


def test_a_span_that_is_gone_is_left_with_its_answers_and_relations() -> None:
    kind = about(AN, choice_mark("kind", "x", span="1"))
    date = about(AN, text_mark("date", "2024", span="1"))
    arrows = [arrow_mark("1", "holds", "3"), arrow_mark("2", "holds", "1")]
    topic = choice_mark("topic", "x")
    found = carried([kind, AN, date, BINH, *arrows, topic], "Ông Bình đi.")
    why = "its text 'Lê An' is not in the new version"
    assert found.left == (
        LeftMark(kind, f"its span is left: {why}"),
        LeftMark(AN, why),
        LeftMark(date, f"its span is left: {why}"),
        *(LeftMark(arrow, f"a span of the relation is left: {why}") for arrow in arrows),
    )
    assert [mark.get("id") for mark in found.result] == ["2", topic["id"]]
    assert found.result[1] is topic


def test_a_text_that_is_elsewhere_too_is_not_said_to_be_gone() -> None:
    old, new = "An An", "An"
    found = carried([span_mark("1", "A", 0, 2, text="An")], new, old)
    assert found.left[0].reason == "where its text 'An' is in the new version is not sure"


def test_a_long_text_is_cut_in_the_reason() -> None:
    old = "a" * 1000
    found = carried([span_mark("1", "A", 0, 1000, text=old)], "b", old)
    assert found.left[0].reason == f"its text {'a' * 80!r} is not in the new version"


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (span_mark("1", "A", 0, 99), "0–99 is not a span of the article"),
        (
            span_mark("1", "A", 0, 2, text="An"),
            "0–2 of the article is 'Tr', the server says 'An'",
        ),
        (span_mark("1", "A", 0, None), "it has no offsets"),  # type: ignore[arg-type]
        ({"type": "other", "id": "1", "value": {"start": "/p[1]", "end": 3}}, "it has no offsets"),
        ({"type": "other", "id": "1", "value": {"start": 0.5, "end": 3.5}}, "it has no offsets"),
    ],
)
def test_what_is_not_proved_against_the_old_text_is_left(mark: Mark, reason: str) -> None:
    tied = arrow_mark("1", "holds", "2")
    found = carried([mark, BINH, tied], f"Hôm qua: {OLD}")
    assert found.left[0] == LeftMark(mark, reason)
    assert found.left[1] == LeftMark(tied, f"a span of the relation is left: {reason}")
    assert [one["id"] for one in found.result] == ["2"]


def test_offsets_in_utf16_units_are_repaired_on_the_way() -> None:
    old, new = "😀 Lê An", "Ông 😀 Lê An"
    found = carried([span_mark("1", "A", 3, 8, text="Lê An")], new, old)
    assert [place(mark) for mark in found.result] == [(6, 11, "Lê An")]


def test_a_span_without_its_text_is_told_it() -> None:
    found = carried([span_mark("1", "A", 9, 14)], f"Hôm qua: {OLD}")
    assert [place(mark) for mark in found.result] == [(18, 23, "Lê An")]


def test_answers_go_with_their_span_and_a_free_text_stays_as_it_was_written() -> None:
    kind = about(AN, choice_mark("kind", "x", span="1"), text="Lê An")
    bare = about(AN, choice_mark("kind", "x", span="1"))
    date = about(AN, text_mark("date", "Lê An", span="1"))
    old_server = about(AN, text_mark("date", span="1"), text="Lê An")
    untied = choice_mark("kind", "y", span="1")
    found = carried([kind, bare, date, old_server, untied, AN], OLD.replace("Lê An", "Lê Anh"))
    assert [place(mark) for mark in (*found.result[:4], found.result[5])] == [
        (9, 15, "Lê Anh"),
        (9, 15, None),
        (9, 15, ["Lê An"]),
        (9, 15, "Lê An"),
        (9, 15, "Lê Anh"),
    ]
    assert found.result[4] is untied
    assert [one.id for one in found.changed] == ["1"]


def test_an_answer_goes_with_its_span_though_its_own_offsets_say_otherwise() -> None:
    kind = about(BINH, choice_mark("kind", "x", span="2"))
    kind["id"] = "1"
    found = carried([kind, AN], f"Hôm qua: {OLD}")
    assert place(found.result[0])[:2] == (18, 23)


def test_an_answer_with_offsets_and_no_span_is_carried_by_itself() -> None:
    alone = about(AN, text_mark("date", "2024", span="9"))
    assert place(carried([alone], f"Hôm qua: {OLD}").result[0]) == (18, 23, ["2024"])
    left = carried([alone], "Ông Bình đi.").left
    assert left == (LeftMark(alone, "its text 'Lê An' is not in the new version"),)


def test_of_two_spans_of_one_id_the_one_that_is_carried_keeps_the_relations() -> None:
    twin = {**BINH, "id": "1"}
    arrow = arrow_mark("1", "holds", "1")
    found = carried([AN, twin, arrow], "Ông Bình đi.")
    assert [one.mark for one in found.left] == [AN]
    assert found.result[1] is arrow


def test_relations_stay_where_they_lead_even_to_what_never_was() -> None:
    arrows = [arrow_mark("1", "holds", "2"), arrow_mark("1", "holds", "gone")]
    found = carried([AN, BINH, *arrows], f"Hôm qua: {OLD}")
    assert found.result[2:] == arrows


def test_marks_are_found_to_be_of_the_version_they_were_made_on() -> None:
    new = OLD.replace("Trung tá", "Đại úy")
    on_new = span_mark("1", "A", 7, 12, text="Lê An")
    assert which_text([AN, RANK], [new, OLD]) == 1
    assert which_text([on_new], [new, OLD]) == 0
    assert which_text([on_new, AN], [new, OLD]) is None
    assert which_text([choice_mark("topic", "x"), on_new], [OLD, new]) == 1


@pytest.mark.parametrize("marks", [[], [choice_mark("topic", "x")], [arrow_mark("1", "r", "2")]])
def test_marks_without_spans_fit_the_newest_version(marks: list[Mark]) -> None:
    assert which_text(marks, ["Lê An", OLD]) == 0
    assert which_text(marks, []) is None


def test_marks_that_need_a_repair_are_of_no_version() -> None:
    mark = span_mark("1", "A", 3, 8, text="Lê An")
    assert which_text([mark], ["😀 Lê An"]) is None


@given(changed_works())
def test_carried_marks_are_of_the_new_version(drawn: tuple[Work, str]) -> None:
    work, new = drawn
    found = carried(encode(SCHEMA, work), new, work.text)
    assert which_text(found.result, [new]) == 0
