"""Answers about spans and articles in the dataset, and the spans that wait for a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from datasets import ClassLabel, List, Value

from annotate.dataset.build import build
from annotate.errors import DatasetError
from annotate.schema import Option, RelationType, Schema
from annotate.schema.model import Attribute
from annotate.spans import Relation, Span
from tests.dataset.building import ONLY_TRAIN, build_into, load, rows
from tests.factories import make_annotation, make_article, make_choice, make_schema, make_span

ARTICLE = make_article("Trung tá Lê An ở Huế.")
OPTIONS = (Option("senior", "Senior"), Option("junior", "Junior"))
ASKED = (
    Attribute("form", "Normal form", ("PERSON",), definition="As in a passport."),
    Attribute("grade", "Grade", ("RANK",), options=OPTIONS, definition="By {age}."),
    Attribute("kinds", "Kinds", ("RANK", "PERSON"), options=OPTIONS, multiple=True),
)
SCHEMA = make_schema(
    attributes=ASKED,
    choices=(make_choice("topic", "crime", "sports"), make_choice("tags", "x", "y", multiple=True)),
)
RANK = Span(id="r", start=0, end=8, label="RANK", attributes={"grade": ("junior",)})
PERSON = Span(id="p", start=9, end=14, label="PERSON")


def answering(**answers: tuple[str, ...]) -> Span:
    return msgspec.structs.replace(PERSON, attributes=answers)


def built(out: Path, *spans: Span, schema: Schema = SCHEMA, **fields: Any) -> dict[str, Any]:
    """Build a dataset of one annotation and return its only row, loaded from the disk."""
    build_into(out, [ARTICLE], [make_annotation(ARTICLE, *spans, **fields)], schema)
    (row,) = rows(out, "spans")
    return row


def refusal(out: Path, *spans: Span, schema: Schema = SCHEMA, **fields: Any) -> str:
    with pytest.raises(DatasetError) as caught:
        built(out, *spans, schema=schema, **fields)
    assert not out.exists()
    return caught.value.problem


def test_answers_have_the_columns_of_their_question(tmp_path: Path) -> None:
    built(tmp_path / "out", PERSON)
    features = load(tmp_path / "out", "spans")["train"].features
    options = ClassLabel(names=["senior", "junior"])
    entity = features["entities"].feature
    assert list(entity) == ["id", "start", "end", "label", "text", "form", "grade", "kinds"]
    assert (entity["form"], entity["grade"]) == (Value("string"), options)
    assert entity["kinds"] == List(options)
    assert features["topic"] == ClassLabel(names=["crime", "sports"])
    assert features["tags"] == List(ClassLabel(names=["x", "y"]))


def test_answers_are_loaded_as_they_were_given(tmp_path: Path) -> None:
    text = 'Lê "An" \\n\n👨\u200d👩\u200d👧'
    person = answering(form=(text,), kinds=("junior", "senior"))
    choices = {"topic": ("sports",), "tags": ("y", "x")}
    row = built(tmp_path / "out", PERSON, person, RANK, choices=choices)
    rank, plain, named = row["entities"]
    assert (rank["form"], rank["grade"], rank["kinds"]) == (None, 1, [])
    assert (plain["form"], plain["grade"], plain["kinds"]) == (None, None, [])
    assert (named["form"], named["grade"], named["kinds"]) == (text, None, [1, 0])
    assert (row["topic"], row["tags"]) == (1, [1, 0])


def test_what_was_not_answered_is_none_or_empty(tmp_path: Path) -> None:
    row = built(tmp_path / "out", PERSON, choices={"topic": ()})
    (entity,) = row["entities"]
    assert (entity["form"], entity["grade"], entity["kinds"]) == (None, None, [])
    assert (row["topic"], row["tags"]) == (None, [])


def test_an_article_without_spans_has_no_answers_about_any(tmp_path: Path) -> None:
    assert built(tmp_path / "out")["entities"] == []


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"gone": ("x",)}, "gone: x"),
        ({"grade": ("gone",)}, "grade: gone"),
        ({"kinds": ("senior", "gone", "lost")}, "kinds: gone, kinds: lost"),
        # What the old version asked as a choice or as a text, the new one asks otherwise.
        ({"grade": ("some text",)}, "grade: some text"),
        ({"grade": ("senior", "junior")}, "grade: senior and junior"),
        ({"form": ("one", "two")}, "form: one and two"),
    ],
)
def test_answers_that_the_schema_lacks_are_refused(
    tmp_path: Path, answers: dict[str, tuple[str, ...]], told: str
) -> None:
    problem = refusal(tmp_path / "out", answering(**answers))
    assert problem == f"the schema lacks {told}, used in article a"


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"gone": ("x",)}, "gone: x"),
        ({"topic": ("gone",)}, "topic: gone"),
        ({"topic": ("crime", "sports")}, "topic: crime and sports"),
        # Of a span, not of the article.
        ({"grade": ("senior",)}, "grade: senior"),
    ],
)
def test_choices_that_the_schema_lacks_are_refused(
    tmp_path: Path, answers: dict[str, tuple[str, ...]], told: str
) -> None:
    problem = refusal(tmp_path / "out", PERSON, choices=answers)
    assert problem == f"the schema lacks {told}, used in article a"


def test_names_of_another_kind_do_not_stand_for_labels(tmp_path: Path) -> None:
    arrow = Relation(head="r", tail="p", label="RANK")
    problem = refusal(tmp_path / "out", make_span(0, 8, "holds_rank"), RANK, PERSON)
    assert problem == "the schema lacks holds_rank, used in article a"
    assert "lacks RANK" in refusal(tmp_path / "out", RANK, PERSON, relations=(arrow,))
    assert "lacks form" in refusal(tmp_path / "out", make_span(0, 8, "form"))


# Spans that wait for a person


SPLIT = make_span(17, 20, "LOCATION", "l")
ARROWS = (
    Relation(head="p", tail="r", label="holds_rank"),
    Relation(head="p", tail="l", label="holds_rank"),
    Relation(head="l", tail="r", label="holds_rank"),
)


def test_spans_that_wait_are_left_out_with_their_relations_and_counted(tmp_path: Path) -> None:
    annotation = make_annotation(ARTICLE, RANK, PERSON, SPLIT, relations=ARROWS)
    other = make_article("Huế", "b")
    waiting = make_annotation(other, make_span(0, 3, "LOCATION"))
    out = tmp_path / "out"
    done = build(
        out, [ARTICLE, other], [annotation, waiting], SCHEMA, ONLY_TRAIN, waiting=("LOCATION",)
    )
    assert (done.articles, done.entities, done.relations, done.waiting) == (2, 2, 1, 2)
    first, second = rows(out, "spans")
    assert [entity["text"] for entity in first["entities"]] == ["Trung tá", "Lê An"]
    assert first["relations"] == [{"head": "e2", "tail": "e1", "label": 0}]
    assert second["entities"] == []
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "- 2 spans of a label that was split, until a person has chosen: left out.\n" in card
    assert {tag for row in rows(out, "tokens") for tag in row["ner_tags"]} <= {0, 1, 2, 3, 4}


def test_a_span_of_an_unknown_label_that_does_not_wait_is_refused(tmp_path: Path) -> None:
    problem = refusal(tmp_path / "out", RANK, SPLIT)
    assert problem == "the schema lacks LOCATION, used in article a"


def test_what_waits_may_be_of_any_answer(tmp_path: Path) -> None:
    old = msgspec.structs.replace(SPLIT, attributes={"gone": ("x",)})
    annotation = make_annotation(ARTICLE, old)
    done = build(
        tmp_path / "out", [ARTICLE], [annotation], SCHEMA, ONLY_TRAIN, waiting=["LOCATION"]
    )
    assert (done.entities, done.waiting) == (0, 1)


# The card


def test_the_card_lists_what_is_asked(tmp_path: Path) -> None:
    built(tmp_path / "out", PERSON)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    _, _, listed = card.partition("## Attributes and choices\n\n")
    assert listed.split("\n\n")[0].splitlines() == [
        "- **form** (Normal form), of PERSON: a text. As in a passport.",
        "- **grade** (Grade), of RANK: one of `senior` (Senior), `junior` (Junior). By {age}.",
        "- **kinds** (Kinds), of RANK, PERSON: any of `senior` (Senior), `junior` (Junior).",
        "- **topic** (Which topic?), of the article: one of `crime` (CRIME), `sports` (SPORTS).",
        "- **tags** (Which tags?), of the article: any of `x` (X), `y` (Y).",
    ]


def test_a_card_of_a_schema_that_asks_nothing_has_no_list_of_questions(tmp_path: Path) -> None:
    built(tmp_path / "out", PERSON, schema=make_schema())
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Attributes and choices" not in card


def test_a_text_attribute_without_a_definition_is_a_text(tmp_path: Path) -> None:
    plain = make_schema(
        attributes=(Attribute("form", "Normal {form}", ("PERSON",)),),
        relations=(RelationType("holds_rank", "holds", ("PERSON",), ("RANK",)),),
    )
    built(tmp_path / "out", PERSON, schema=plain)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "- **form** (Normal {form}), of PERSON: a text.\n" in card
