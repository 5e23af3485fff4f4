"""Answers about spans and arrows without a direction: out to Label Studio's JSON and in again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from annotate.schema import Option, RelationType, Schema, labelling_config
from annotate.schema.model import Attribute, Controls
from annotate.spans import Relation, Span
from annotate.studio.encode import encode_relations, encode_spans
from annotate.studio.rewrite import Mark
from tests.factories import make_choice, make_entity, make_schema
from tests.schema.pairs import Work, works
from tests.schema.strategies import schemas
from tests.schema.versions import attribute
from tests.strategies import raw_texts
from tests.studio.marks import arrow_mark, choice_mark, decode, encode, span_mark, text_mark

TEXT = "Lê An ở xã Đá"
TITLED = Attribute("kind", "Kind", ("A",), options=(Option("x", "First"), Option("y", "Second")))
SCHEMA = make_schema(
    entities=(make_entity("A", "a"),),
    relations=(
        RelationType("r", "holds", ("A",), ("A",)),
        RelationType("u", "beside", ("A",), ("A",), directed=False),
    ),
    attributes=(TITLED, attribute("date"), attribute("parts", "x", "y", "z", multiple=True)),
    choices=(make_choice("topic", "x", "y"),),
)
ONE, TWO = span_mark("1", "A"), span_mark("2", "A", 8, 13)


def read(*marks: Mark, schema: Schema = SCHEMA) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the answers at each span of marks of which none is set aside."""
    annotation = decode(schema, TEXT, list(marks))
    assert annotation.set_aside == ()
    return {span.id: span.attributes for span in annotation.spans}


def faults(*marks: Mark, schema: Schema = SCHEMA) -> list[str]:
    """Return why marks are set aside, each of which must be one of these."""
    annotation = decode(schema, TEXT, list(marks))
    aside = [msgspec.json.decode(one.mark) for one in annotation.set_aside]
    assert all(mark in marks for mark in aside)
    return [one.reason for one in annotation.set_aside]


@st.composite
def drawn_works(draw: st.DrawFn) -> tuple[Schema, Work]:
    schema = draw(schemas(without={"migrations", "decisions", "guidelines"}))
    return schema, draw(works(schema))


@given(drawn_works())
def test_what_is_encoded_is_decoded_the_same_under_any_schema(drawn: tuple[Schema, Work]) -> None:
    schema, work = drawn
    annotation = decode(schema, work.text, encode(schema, work))
    assert annotation.set_aside == ()
    assert annotation.spans == work.spans
    assert annotation.relations == work.relations
    assert annotation.choices == work.choices


@given(st.one_of(raw_texts, st.text(st.characters(codec="utf-8"))))
def test_any_text_is_an_answer_character_by_character(answer: str) -> None:
    span = Span(id="1", start=0, end=5, label="A", attributes={"date": (answer,)})
    assert read(*encode_spans(SCHEMA, TEXT, [span])) == {"1": {"date": (answer,)}}


def test_answers_by_example() -> None:
    answers = {"kind": ("y",), "date": ("12/3",), "parts": ("z", "x")}
    span = Span(id="1", start=0, end=5, label="A", attributes=answers)
    place = {"id": "1", "to_name": "text"}
    extent = {"start": 0, "end": 5}
    assert encode_spans(SCHEMA, TEXT, [span]) == [
        {
            **place, "from_name": "label", "type": "labels",
            "value": {**extent, "labels": ["A"], "text": "Lê An"},
        },
        {**place, "from_name": "kind", "type": "choices", "value": {**extent, "choices": ["y"]}},
        {**place, "from_name": "date", "type": "textarea", "value": {**extent, "text": ["12/3"]}},
        {
            **place, "from_name": "parts", "type": "choices",
            "value": {**extent, "choices": ["z", "x"]},
        },
    ]  # fmt: skip


def test_label_studio_accepts_what_is_encoded() -> None:
    answers = {"kind": ("y",), "date": ("12/3",), "parts": ("z", "x")}
    spans = [Span(id=one, start=0, end=5, label="A", attributes=answers) for one in "12"]
    result = encode_spans(SCHEMA, TEXT, spans)
    result += encode_relations(SCHEMA, [Relation(head="1", tail="2", label="u")])
    interface: Any = LabelInterface(labelling_config(SCHEMA))
    assert interface.validate_annotation({"result": result})


def test_an_answer_may_stand_before_its_span() -> None:
    marks = [choice_mark("kind", "y", span="1"), text_mark("date", "12/3", span="2"), TWO, ONE]
    assert read(*marks) == {"2": {"date": ("12/3",)}, "1": {"kind": ("y",)}}


def test_titles_stand_for_the_names_of_options() -> None:
    marks = [ONE, choice_mark("kind", "Second", span="1"), choice_mark("parts", "z", span="1")]
    assert read(*marks) == {"1": {"kind": ("y",), "parts": ("z",)}}


def test_the_text_of_the_span_beside_an_answer_is_not_the_answer() -> None:
    choice, text = choice_mark("kind", "x", span="1"), text_mark("date", "12/3", span="1")
    choice["value"] |= {"start": 0, "end": 5, "text": "Lê An"}
    text["value"] |= {"start": 0, "end": 5}
    assert read(ONE, choice, text) == {"1": {"kind": ("x",), "date": ("12/3",)}}


def test_older_servers_told_a_text_without_a_list() -> None:
    mark = text_mark("date", span="1")
    mark["value"]["text"] = "12/3"
    assert read(ONE, mark) == {"1": {"date": ("12/3",)}}


@pytest.mark.parametrize(
    "mark",
    [
        choice_mark("kind", span="1"),
        choice_mark("parts", span="1"),
        text_mark("date", span="1"),
    ],
)
def test_an_answer_that_was_taken_back_is_none(mark: Mark) -> None:
    assert read(ONE, mark) == {"1": {}}


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (choice_mark("kind", "x", span="gone"), "the span of this kind is not there"),
        (text_mark("date", "12/3", span="gone"), "the span of this date is not there"),
        (choice_mark("kind", "z", span="1"), "kind has no option z"),
        (choice_mark("parts", "x", "other", "z", span="1"), "parts has no option other"),
        (choice_mark("kind", "x", "y", span="1"), "kind takes one answer, this is another: x, y"),
        (text_mark("date", "12/3", "1", span="1"), "date takes one text, this is another: 12/3, 1"),
        (choice_mark("date", "x", span="1"), "a mark of type 'choices' does not tell date"),
        (text_mark("kind", "x", span="1"), "a mark of type 'textarea' does not tell kind"),
        ({**text_mark("date", span="1"), "value": {"text": None}}, "date takes a text, not None"),
        ({**text_mark("date", span="1"), "value": {"text": [5]}}, "date takes a text, not [5]"),
        ({**text_mark("date", span="1"), "value": {"text": {}}}, "date takes a text, not {}"),
        ({**text_mark("date", span="1"), "value": {}}, "date takes a text, not None"),
        ({**choice_mark("kind", span="1"), "value": None}, "a mark of type 'choices' is not part"),
        (choice_mark("other", "x", span="1"), "the schema has no choice other of x"),
        (text_mark("other", "x", span="1"), "a mark of type 'textarea' is not part of the schema"),
    ],
)
def test_an_answer_that_does_not_hold_is_set_aside_and_the_rest_is_kept(
    mark: Mark, reason: str
) -> None:
    (told,) = faults(ONE, mark, TWO)
    assert told.startswith(reason)
    annotation = decode(SCHEMA, TEXT, [ONE, mark, TWO, choice_mark("parts", "x", span="2")])
    assert [span.attributes for span in annotation.spans] == [{}, {"parts": ("x",)}]
    assert annotation.choices == {}


@pytest.mark.parametrize(
    "marks",
    [
        [choice_mark("kind", "x", span="1"), choice_mark("kind", "y", span="1")],
        [choice_mark("parts", "x", span="1"), choice_mark("parts", "y", span="1")],
        [text_mark("date", "12/3", span="1"), text_mark("date", "13/3", span="1")],
    ],
)
def test_of_two_answers_to_one_question_the_second_is_set_aside(marks: list[Mark]) -> None:
    assert len(faults(ONE, *marks)) == 1
    (span,) = decode(SCHEMA, TEXT, [ONE, *marks]).spans
    assert span.attributes in ({"kind": ("x",)}, {"parts": ("x",)}, {"date": ("12/3",)})


def test_the_answers_at_a_span_that_was_set_aside_are_set_aside_too() -> None:
    wrong = span_mark("2", "A", 8, 13, text="xã Đ")
    answer = choice_mark("kind", "x", span="2")
    assert len(faults(ONE, answer, wrong)) == 2


def test_a_question_about_the_article_is_none_about_a_span() -> None:
    annotation = decode(SCHEMA, TEXT, [ONE, choice_mark("topic", "x")])
    assert annotation.choices == {"topic": ("x",)}
    assert annotation.spans[0].attributes == {}


# Relations without a direction


@pytest.mark.parametrize("direction", ["bi", "right", "left", "none"])
def test_a_relation_without_a_direction_may_be_drawn_in_any(direction: str) -> None:
    annotation = decode(SCHEMA, TEXT, [ONE, TWO, arrow_mark("1", "beside", "2", direction)])
    ends = ("2", "1") if direction == "left" else ("1", "2")
    assert annotation.set_aside == ()
    assert annotation.relations == (Relation(head=ends[0], tail=ends[1], label="u"),)


@pytest.mark.parametrize("direction", ["bi", "none"])
def test_a_relation_with_a_direction_must_have_one(direction: str) -> None:
    reason = f"a relation has one direction, not {direction!r}"
    assert faults(ONE, TWO, arrow_mark("1", "holds", "2", direction)) == [reason]


def test_only_relations_with_a_direction_are_drawn_with_one() -> None:
    arrows = [Relation(head="1", tail="2", label=label) for label in "ru"]
    drawn = [(mark["labels"], mark["direction"]) for mark in encode_relations(SCHEMA, arrows)]
    assert drawn == [(["holds"], "right"), (["beside"], "bi")]


# Other names of controls


def test_marks_bear_the_names_of_the_schemas_controls() -> None:
    schema = msgspec.structs.replace(SCHEMA, controls=Controls(labels="ner", text="body"))
    span = Span(id="1", start=0, end=5, label="A", attributes={"kind": ("x",)})
    label, answer = encode_spans(schema, TEXT, [span])
    assert (label["from_name"], label["to_name"]) == ("ner", "body")
    assert (answer["from_name"], answer["to_name"]) == ("kind", "body")
    assert read(label, answer, schema=schema) == {"1": {"kind": ("x",)}}
    interface: Any = LabelInterface(labelling_config(schema))
    assert interface.validate_annotation({"result": [label, answer]})
