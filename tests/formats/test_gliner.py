"""GLiNER's training data: tokens, spans among them, and records that are not cut off."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import FormatError
from annotate.formats import Marked
from annotate.formats.document import Document, Losses
from annotate.formats.gliner import write_gliner
from annotate.spans import Relation, Span, reading_order
from annotate.tokens import tokenize
from tests.factories import make_span
from tests.strategies import marked_texts

# Of tokens alone nobody knows where blanks were not.
SPACED = {"texts with other spacing": 1}


def written(*documents: Document, max_tokens: int = 384) -> tuple[list[dict[str, Any]], Losses]:
    with TemporaryDirectory() as folder:
        losses: Losses = Counter()
        write_gliner(documents, Path(folder) / "x.json", losses, max_tokens=max_tokens)
        content = (Path(folder) / "x.json").read_text(encoding="utf-8")
        return json.loads(content), losses


def document(text: str, *spans: Span, **fields: Any) -> Document:
    return Document(id="", text=text, spans=spans, **fields)


def test_a_text_is_a_record_of_tokens_and_spans_with_their_last_token() -> None:
    text = "Bà An ở Huế. Mai đi."
    (record,), losses = written(document(text, make_span(3, 5), make_span(8, 11, "LOC")))
    assert record == {
        "tokenized_text": ["Bà", "An", "ở", "Huế", ".", "Mai", "đi", "."],
        "ner": [[1, 1, "PERSON"], [3, 3, "LOC"]],
    }
    assert losses == SPACED


def test_nested_spans_and_relations_are_carried() -> None:
    outer, inner = make_span(0, 9, "ORG", "o"), make_span(6, 9, "LOC", "i")
    related = (Relation(head="o", tail="i", label="lies_in"),)
    (record,), losses = written(document("Sở ở  Huế", inner, outer, relations=related))
    assert record["ner"] == [[0, 2, "ORG"], [2, 2, "LOC"]]
    assert record["relations"] == [[0, 1, "lies_in"]]
    assert losses == SPACED


def test_a_text_of_words_with_a_blank_between_loses_nothing() -> None:
    assert written(document("Bà An ở Huế", make_span(3, 5)))[1] == {}


def test_a_span_that_cuts_a_token_gets_all_of_it_and_is_counted() -> None:
    (record,), losses = written(document("Bà An ở", make_span(4, 5), make_span(5, 6, "X")))
    assert record["ner"] == [[1, 1, "PERSON"]]
    assert losses == {"spans that cut a token": 1, "spans without a token": 1}


def test_a_long_text_is_parted_between_sentences() -> None:
    records, losses = written(document("Một hai. Ba bốn năm. Sáu."), max_tokens=7)
    assert [record["tokenized_text"] for record in records] == [
        ["Một", "hai", ".", "Ba", "bốn", "năm", "."],
        ["Sáu", "."],
    ]
    assert losses == SPACED


def test_no_record_ends_within_a_span_where_another_place_is() -> None:
    # Over the sentence's end, then within a sentence that is too long.
    records, losses = written(document("Một. Hai ba bốn.", make_span(3, 11)), max_tokens=3)
    assert [record["tokenized_text"] for record in records] == [
        ["Một"], [".", "Hai", "ba"], ["bốn", "."],
    ]  # fmt: skip
    assert [record["ner"] for record in records] == [[], [[0, 2, "PERSON"]], []]
    assert losses == SPACED


def test_a_span_longer_than_a_record_is_counted_with_its_relations() -> None:
    long, short = make_span(0, 11, "X", "l"), make_span(0, 3, "X", "s")
    related = tuple(Relation(head="s", tail=tail, label="r") for tail in "sl")
    records, losses = written(document("Một hai ba.", long, short, relations=related), max_tokens=2)
    assert [record["ner"] for record in records] == [[[0, 0, "X"]], []]
    assert records[0]["relations"] == [[0, 0, "r"]]
    assert losses == {"spans over several records": 1, "relations": 1, **SPACED}


def test_what_the_file_cannot_carry_is_counted() -> None:
    span = Span(id="s", start=0, end=2, label="PER", attributes={"form": ("x",)})
    fields: dict[str, Any] = {"choices": {"c": ("x",)}, "metadata": {"title": "t"}}
    named = Document(id="a", text="An", spans=(span,), annotator="p1", **fields)
    _, losses = written(named, document(" \n"))
    assert losses == {
        "ids": 1, "attributes": 1, "choices": 1, "metadata": 1, "annotators": 1,
        "documents without a token": 1, **SPACED,
    }  # fmt: skip


def test_nothing_is_an_empty_list() -> None:
    assert written()[0] == []


@given(st.lists(marked_texts(), max_size=3), st.integers(1, 12))
def test_every_token_and_span_is_written_or_counted(drawn: list[Marked], most: int) -> None:
    records, losses = written(
        *(document(one.text, *one.spans, relations=one.relations) for one in drawn),
        max_tokens=most,
    )
    words = [one.text[token.start : token.end] for one in drawn for token in tokenize(one.text)]
    assert [word for record in records for word in record["tokenized_text"]] == words
    assert all(0 < len(record["tokenized_text"]) <= most for record in records)
    for record in records:
        assert all(0 <= a <= b < len(record["tokenized_text"]) for a, b, _ in record["ner"])
        assert all(a < len(record["ner"]) > b for a, b, _ in record.get("relations", ()))
    kept = sum(len(record["ner"]) for record in records)
    lost = losses["spans over several records"] + losses["spans without a token"]
    assert kept + lost == sum(len(one.spans) for one in drawn)
    kept = sum(len(record.get("relations", ())) for record in records)
    assert kept + losses["relations"] == sum(len(one.relations) for one in drawn)


@given(marked_texts())
def test_spans_have_the_tokens_that_they_share_a_character_with(drawn: Marked) -> None:
    records, losses = written(document(drawn.text, *drawn.spans), max_tokens=10_000)
    tokens = tokenize(drawn.text)
    expected = []
    cut = 0
    for span in sorted(drawn.spans, key=reading_order):
        held = [n for n, one in enumerate(tokens) if one.start < span.end and span.start < one.end]
        if held:
            expected.append([held[0], held[-1], span.label])
            ends = (tokens[held[0]].start, tokens[held[-1]].end)
            cut += ends[0] < span.start or ends[1] > span.end
    assert [mark for record in records for mark in record["ner"]] == expected
    assert losses["spans that cut a token"] == cut


def test_a_failure_in_between_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("before", encoding="utf-8")

    def broken() -> Any:
        yield Document(id="a", text="An")
        raise FormatError("the source ends")

    with pytest.raises(FormatError, match="the source ends"):
        write_gliner(broken(), path, Counter())
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]
