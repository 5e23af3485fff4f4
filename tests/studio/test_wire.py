"""Label Studio's JSON: out and in again, and nothing that comes in is dropped."""

from __future__ import annotations

import json
from operator import ne
from typing import Any

import msgspec
import pytest
from hypothesis import given
from label_studio_sdk.label_interface.interface import LabelInterface

from annotate.formats import Marked
from annotate.schema import RelationType, Schema, labelling_config, suggest
from annotate.spans import Annotation, Relation, Span
from annotate.studio.decode import decode_annotation, set_all_aside
from annotate.studio.encode import MOST_SUGGESTIONS, encode_relations, encode_spans, encode_task
from annotate.studio.wire import AnnotatedTask, Meta, WireAnnotation
from annotate.text import to_utf16
from tests.factories import (
    make_article,
    make_choice,
    make_entity,
    make_schema,
    make_span,
    sample_articles,
    sample_gold,
    sample_schema,
)
from tests.strategies import marked_texts

ABC = make_schema(
    entities=tuple(make_entity(name, f"Title {name}") for name in "ABC"),
    relations=tuple(
        RelationType(name=name, title=f"title {name}", head=("A",), tail=("A",)) for name in "rq"
    ),
    choices=(make_choice("kind", "news", "advice"), make_choice("topics", "x", "y", multiple=True)),
)
TEXT = "😀 Lê An, Bình"
META = Meta(article="a", sha256="0" * 64)


def make_wire(result: bytes, **fields: Any) -> WireAnnotation:
    defaults: dict[str, Any] = {"id": 7, "created_at": "c", "updated_at": "u", **fields}
    return WireAnnotation(result=msgspec.Raw(result), **defaults)


def decode(*marks: object, text: str = TEXT, schema: Schema = ABC, **fields: Any) -> Annotation:
    """Decode an annotation of marks, each an object or the bytes of its JSON."""
    coded = [m if isinstance(m, bytes) else json.dumps(m).encode() for m in marks]
    wire = make_wire(b"[" + b" , ".join(coded) + b"]", **fields)
    return decode_annotation(wire, META, text, "An", schema)


def span_mark(start: int, end: int, label: str = "A", /, **fields: Any) -> dict[str, Any]:
    """Return a span as the server tells it, with `fields` in place of parts of its value."""
    value = {"start": start, "end": end, "labels": [label], "text": TEXT[start:end], **fields}
    mark_id = f"{start}-{end}"
    return {
        "id": mark_id,
        "type": "labels",
        "from_name": "label",
        "to_name": "text",
        "value": value,
    }


def arrow_mark(head: str, tail: str, *labels: str, direction: str = "right") -> dict[str, Any]:
    ends = {"from_id": head, "to_id": tail}
    return {"type": "relation", **ends, "direction": direction, "labels": list(labels)}


def choice_mark(name: str, *options: str) -> dict[str, Any]:
    return {"id": name, "type": "choices", "from_name": name, "value": {"choices": list(options)}}


NAME, OTHER = span_mark(2, 7), span_mark(9, 13, "B")


@given(marked_texts())
def test_what_is_encoded_is_decoded_the_same(marked: Marked) -> None:
    result = [
        *encode_spans(ABC, marked.text, marked.spans),
        *encode_relations(ABC, marked.relations),
    ]
    annotation = decode(*result, text=marked.text)
    assert annotation.spans == marked.spans
    assert annotation.relations == marked.relations
    assert (annotation.set_aside, annotation.repaired) == ((), 0)


@given(marked_texts())
def test_spans_in_utf16_units_are_repaired_and_counted(marked: Marked) -> None:
    result = encode_spans(ABC, marked.text, marked.spans)
    for mark in result:
        for side in ("start", "end"):
            mark["value"][side] = to_utf16(marked.text, mark["value"][side])
    annotation = decode(*result, text=marked.text)
    assert annotation.set_aside == ()
    sent = [(mark["value"]["start"], mark["value"]["end"]) for mark in result]
    proved = [(span.start, span.end) for span in annotation.spans]
    assert annotation.repaired == sum(map(ne, sent, proved))


def test_label_studio_accepts_what_is_encoded() -> None:
    schema = sample_schema()
    interface: Any = LabelInterface(labelling_config(schema))
    for article in sample_articles().values():
        task = encode_task(schema, article, suggest(schema, article.text))
        gold = sample_gold()[article.id]
        spans, relations = (
            encode_spans(schema, gold.text, gold.spans),
            encode_relations(schema, gold.relations),
        )
        (prediction,) = task["predictions"]
        assert prediction["result"]
        assert interface.validate_prediction(prediction, return_errors=True) == []
        assert interface.validate_annotation({"result": [*spans, *relations]})


def test_a_task_shows_the_article_and_is_tied_to_its_version() -> None:
    known = {"title": "Tin", "source": "Báo", "url": "https://example.org", "author": "An"}
    article = make_article(**known, published_at="2024-03-12T08:00:00+07:00")
    assert encode_task(make_schema(), article, []) == {
        "data": {
            "article": "a",
            "text": "Trung tá Lê An.",
            **known,
            "byline": "Báo · An · 2024-03-12",
        },
        "meta": {"article": "a", "sha256": article.sha256},
    }


def test_suggestions_go_with_the_task_as_one_prediction() -> None:
    task = encode_task(make_schema(), make_article(), [make_span(0, 8, "RANK")])
    (prediction,) = task["predictions"]
    assert prediction["model_version"] == "patterns"
    assert [mark["value"]["text"] for mark in prediction["result"]] == ["Trung tá"]


def test_no_more_suggestions_are_sent_than_the_server_can_check() -> None:
    article = make_article("a" * (MOST_SUGGESTIONS + 5))
    spans = [make_span(at, at + 1) for at in range(len(article.text))]
    (prediction,) = encode_task(make_schema(), article, spans)["predictions"]
    assert [mark["value"]["start"] for mark in prediction["result"]] == list(
        range(MOST_SUGGESTIONS)
    )


@pytest.mark.parametrize("extent", [(-1, 2), (2, 2), (3, 1), (0, 99)])
def test_a_span_outside_the_text_is_not_sent(extent: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="lies outside a text of 13"):
        encode_spans(make_schema(), TEXT, [make_span(*extent)])


def test_a_result_is_kept_byte_for_byte_and_unknown_fields_are_left_alone() -> None:
    result = b'[ {"id":"x",  "type":"labels", "score": 1.50} ]'
    page = (
        b'[{"id": 1, "inner_id": 9, "data": {"text": "a", "title": "b"}, "meta": null,'
        b' "annotations": [{"id": 2, "created_at": "c", "updated_at": "u", "draft": {},'
        b' "result": ' + result + b"}]}]"
    )
    (task,) = msgspec.json.decode(page, type=list[AnnotatedTask])
    assert bytes(task.annotations[0].result) == result
    assert task.meta is None


def test_who_when_and_how_long_is_kept() -> None:
    annotation = decode(NAME, lead_time=12.5, completed_by=3)
    assert (annotation.id, annotation.article, annotation.sha256) == (7, "a", "0" * 64)
    assert (annotation.annotator, annotation.lead_time) == ("An", 12.5)
    assert (annotation.created_at, annotation.updated_at) == ("c", "u")


@pytest.mark.parametrize(("cancelled", "status"), [(True, "skipped"), (False, "submitted")])
def test_a_cancelled_annotation_is_skipped_and_keeps_its_marks(
    status: str, *, cancelled: bool
) -> None:
    annotation = decode(NAME, was_cancelled=cancelled)
    assert annotation.status == status
    assert len(annotation.spans) == 1


@pytest.mark.parametrize("result", [b"null", b"[]", b" [ ] "])
def test_an_annotation_may_have_no_marks(result: bytes) -> None:
    wire = make_wire(result)
    for annotation in (
        decode_annotation(wire, META, TEXT, "An", ABC),
        set_all_aside(wire, META, "An", "the text changed"),
    ):
        assert (annotation.spans, annotation.set_aside) == ((), ())


@pytest.mark.parametrize(
    ("direction", "head", "tail"),
    [("right", "2-7", "9-13"), ("left", "9-13", "2-7")],
)
def test_a_relation_points_where_its_arrow_does(direction: str, head: str, tail: str) -> None:
    annotation = decode(NAME, arrow_mark("2-7", "9-13", "r", direction=direction), OTHER)
    assert annotation.relations == (Relation(head=head, tail=tail, label="r"),)


def test_titles_stand_for_names_in_spans_relations_and_choices() -> None:
    annotation = decode(
        span_mark(2, 7, "Title B"), arrow_mark("2-7", "2-7", "title q"), choice_mark("kind", "NEWS")
    )
    assert annotation.spans == (Span(id="2-7", start=2, end=7, label="B"),)
    assert annotation.relations == (Relation(head="2-7", tail="2-7", label="q"),)
    assert annotation.choices == {"kind": ("news",)}
    assert annotation.set_aside == ()


def test_a_name_wins_over_anothers_title() -> None:
    schema = make_schema(entities=(make_entity("A", "B"), make_entity("B", "C")))
    assert decode(span_mark(2, 7, "B"), schema=schema).spans[0].label == "B"


def test_a_relations_title_wins_over_anothers_name_because_results_carry_titles() -> None:
    relations = tuple(
        RelationType(name=name, title=title, head=("A",), tail=("A",))
        for name, title in (("cause", "effect"), ("effect", "cause"))
    )
    schema = make_schema(entities=(make_entity("A", "Title A"),), relations=relations)
    spans = tuple(make_span(at, at + 1, "A", span_id=str(at)) for at in (0, 2))
    drawn = Relation(head="0", tail="2", label="cause")
    marks = [*encode_spans(schema, TEXT, spans), *encode_relations(schema, [drawn])]
    assert decode(*marks, schema=schema).relations == (drawn,)


def test_choices_are_answers_by_the_names_of_their_options() -> None:
    annotation = decode(choice_mark("kind", "advice"), choice_mark("topics", "y", "X"))
    assert annotation.choices == {"kind": ("advice",), "topics": ("y", "x")}


def test_a_question_answered_twice_keeps_the_first_answer_and_sets_the_second_aside() -> None:
    annotation = decode(choice_mark("kind", "advice"), choice_mark("kind", "news"))
    assert annotation.choices == {"kind": ("advice",)}
    assert "kind takes one answer" in annotation.set_aside[0].reason


def test_a_span_without_text_is_taken_by_its_offsets() -> None:
    mark = span_mark(2, 7)
    del mark["value"]["text"]
    assert decode(mark).spans == (Span(id="2-7", start=2, end=7, label="A"),)


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        (span_mark(2, 7, "GONE"), "the schema has no label GONE"),
        (span_mark(2, 7, labels=["A", "B"]), "it has several labels: A, B"),
        (span_mark(2, 7, labels=[]), "the schema has no label (none)"),
        (span_mark(2, 7, text="Lê Anh"), "2–7 of the article is 'Lê An', the server says 'Lê Anh'"),
        (span_mark(2, 99, text="x"), "2–99 of the article is '', the server says 'x'"),
        (span_mark(5, 5), "5–5 of the article is '', the server says ''"),
        (span_mark(2, 99, text=None), "2–99 is not a span of the article"),
        (span_mark(2, 7, start=None), "it has no offsets"),
        (span_mark(2, 7, start="/div[1]/text()[1]"), "not understood: Expected `int | null`"),
        (span_mark(2, 7, start=2.5), "not understood"),
        (arrow_mark("2-7", "gone", "r"), "one of the two spans of the relation is not there"),
        (arrow_mark("gone", "2-7", "r"), "one of the two spans of the relation is not there"),
        (arrow_mark("2-7", "2-7", "GONE"), "the schema has no relation type GONE"),
        (arrow_mark("2-7", "2-7"), "the schema has no relation type (none)"),
        (arrow_mark("2-7", "2-7", "r", "q"), "the schema has no relation type r, q"),
        (arrow_mark("2-7", "9-13", "r", direction="bi"), "a relation has one direction, not 'bi'"),
        (choice_mark("kind", "news", "advice"), "kind takes one answer, this is another: news, "),
        (choice_mark("gone", "news"), "the schema has no choice gone"),
        (choice_mark("kind", "news", "gone"), "kind has no option gone"),
        ({"type": "choices", "from_name": "kind"}, "a mark of type 'choices'"),
        ({"type": "labels", "id": "x", "value": None}, "a mark of type 'labels'"),
        ({"type": "textarea", "value": {"text": ["ghi chú"]}}, "a mark of type 'textarea'"),
        ({"type": "hypertextlabels", "value": {"start": 0}}, "a mark of type 'hypertextlabels'"),
        ({"type": "rating", "value": {"rating": 4}}, "a mark of type 'rating'"),
        ({"value": {"labels": ["A"]}}, "not understood: Object missing required field `type`"),
        ({"type": 5}, "not understood"),
        ({"type": "labels", "value": {"labels": "A"}}, "not understood"),
        ({"type": "labels", "id": 5, "value": {}}, "not understood"),
        (b"5", "not understood"),
        (b"null", "not understood"),
        (b'"labels"', "not understood"),
        (b"[]", "not understood"),
    ],
)
def test_what_is_not_proved_is_set_aside_with_its_reason_and_the_rest_is_kept(
    mark: object, reason: str
) -> None:
    annotation = decode(mark, NAME, OTHER)
    assert [span.id for span in annotation.spans] == ["2-7", "9-13"]
    assert (annotation.relations, annotation.choices) == ((), {})
    (aside,) = annotation.set_aside
    assert aside.reason.startswith(reason)
    assert json.loads(bytes(aside.mark)) == (json.loads(mark) if isinstance(mark, bytes) else mark)


AWKWARD_MARKS = (
    b'{"type":   "rating","value":{"rating":4.50, "b" : "\\u00e9"},"a":[1 ,2]}',
    b'{ "from_id":"x","to_id":"y","type":"relation","labels":["r"] }',
    b'{"type":"labels","value":{"start":1e0,"end":2,"labels":["GONE"]}}',
)


def test_marks_are_set_aside_byte_for_byte() -> None:
    aside = decode(NAME, *AWKWARD_MARKS).set_aside
    assert sorted(bytes(a.mark) for a in aside) == sorted(AWKWARD_MARKS)


def test_all_marks_are_set_aside_byte_for_byte_for_one_reason() -> None:
    wire = make_wire(b"[" + b",".join(AWKWARD_MARKS) + b"]", was_cancelled=True)
    annotation = set_all_aside(wire, META, "An", "the text changed")
    assert [bytes(a.mark) for a in annotation.set_aside] == list(AWKWARD_MARKS)
    assert {a.reason for a in annotation.set_aside} == {"the text changed"}
    assert (annotation.spans, annotation.status, annotation.id) == ((), "skipped", 7)


def test_a_relation_to_a_span_that_was_set_aside_is_set_aside_too() -> None:
    wrong = span_mark(9, 13, text="Bảo")
    annotation = decode(NAME, wrong, arrow_mark("2-7", "9-13", "r"))
    assert len(annotation.set_aside) == 2
    assert annotation.relations == ()
