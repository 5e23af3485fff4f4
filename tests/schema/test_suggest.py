"""Suggestions: what the patterns of a schema find."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annotate.schema import Regex, suggest
from annotate.schema.patterns import compile_pattern, extents
from annotate.schema.suggest import Slow, suggest_all
from annotate.spans import overlap, reading_order
from tests.factories import make_entity, make_schema
from tests.strategies import canonical_texts


def found(text: str, *patterns: str | Regex, others: tuple[str | Regex, ...] = ()) -> list[str]:
    """Return what is suggested as `text/LABEL`, for patterns of the labels A and B."""
    entities = (make_entity("A", "A", patterns=patterns), make_entity("B", "B", patterns=others))
    spans = suggest(make_schema(entities=entities), text)
    return [f"{text[span.start : span.end]}/{span.label}" for span in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bộ Công an.", ["Bộ Công an/A"]),
        ("Bộ Công an, Bộ Công an", ["Bộ Công an/A", "Bộ Công an/A"]),
        ("“Bộ Công an”", ["Bộ Công an/A"]),
        ("Bộ Công anh", []),
        ("xBộ Công an", []),
        ("_Bộ Công an", []),
        ("bộ công an", []),
    ],
)
def test_a_phrase_is_found_between_word_boundaries(text: str, expected: list[str]) -> None:
    assert found(text, "Bộ Công an") == expected


def test_a_phrase_is_no_regular_expression() -> None:
    assert found("C++ and C. or Cx", "C++", "C.") == ["C++/A", "C./A"]


def test_of_overlapping_matches_of_a_label_the_longest_stays() -> None:
    assert found("Hội Phụ nữ xã", "Hội Phụ nữ", "Phụ nữ", "Phụ nữ xã") == ["Hội Phụ nữ/A"]
    assert found("a b c d", "a b", "b c d") == ["b c d/A"]


def test_of_equally_long_matches_the_first_stays() -> None:
    assert found("a b c", "b c", "a b") == ["a b/A"]


def test_two_patterns_that_match_the_same_suggest_it_once() -> None:
    assert found("Đại tá", "Đại tá", Regex("Đại t.")) == ["Đại tá/A"]


def test_matches_of_two_labels_nest_outer_first() -> None:
    nested = found("Trưởng Công an xã", "Trưởng Công an xã", others=("Công an xã",))
    assert nested == ["Trưởng Công an xã/A", "Công an xã/B"]


def test_white_space_at_the_ends_of_a_match_is_left_out() -> None:
    assert found("ngày  29 \n tháng", Regex(r"\s*\d+\s*")) == ["29/A"]
    assert found("a   b", Regex(r"\s+")) == []


def test_suggestions_are_numbered_in_reading_order() -> None:
    spans = suggest(make_schema(entities=(make_entity("A", "A", patterns=("x", "y")),)), "y x y")
    assert [(span.id, span.start) for span in spans] == [("s1", 0), ("s2", 2), ("s3", 4)]


@given(canonical_texts)
def test_suggestions_lie_in_any_text_and_those_of_a_label_do_not_overlap(text: str) -> None:
    patterns = (Regex(r"\w+ \w+"), Regex(r"[^\w\s]+"), Regex(r"\s\S"), "Công an")
    entities = tuple(make_entity(f"E{n}", f"E{n}", patterns=patterns[n:]) for n in range(3))
    spans = suggest(make_schema(entities=entities), text)
    assert spans == sorted(spans, key=lambda span: (*reading_order(span)[:3], int(span.id[1:])))
    for at, span in enumerate(spans):
        phrase = text[span.start : span.end]
        assert phrase
        assert phrase == phrase.strip()
        assert not any(o.label == span.label and overlap(o, span) for o in spans[at + 1 :])


@given(canonical_texts)
def test_every_match_is_suggested_or_overlaps_one_that_is_no_shorter(text: str) -> None:
    entity = make_entity("A", "A", patterns=(Regex(r"[^\s.]+"), Regex(r"\S \S+")))
    spans = suggest(make_schema(entities=(entity,)), text)
    for match in (m for p in (r"[^\s.]+", r"\S \S+") for m in re.finditer(p, text)):
        start, end = match.span()
        assert any(
            span.start < end and start < span.end and span.end - span.start >= end - start
            for span in spans
        )


SLOW = Regex(r"(?:a|aa)+b")
HARD = "a" * 60 + "! Trung tá Lê An, ab"


def test_a_pattern_that_runs_out_of_time_is_told_and_the_others_suggest() -> None:
    patterns = ("Lê An", SLOW, Regex(r"Trung (?:tá|úy)"))
    entities = (make_entity("A", "A", patterns=patterns), make_entity("B", "B", patterns=(SLOW,)))
    schema = make_schema(entities=entities)
    start = time.perf_counter()
    suggested = suggest_all(schema, HARD, seconds=0.05)
    assert time.perf_counter() - start < 2
    assert suggested.slow == [Slow("A", 1), Slow("B", 0)]
    assert [HARD[span.start : span.end] for span in suggested.spans] == ["Trung tá", "Lê An"]


def test_a_pattern_that_runs_out_of_time_in_one_article_suggests_in_another() -> None:
    schema = make_schema(entities=(make_entity("A", "A", patterns=(SLOW,)),))
    assert suggest_all(schema, HARD, seconds=0.05) == ([], [Slow("A", 0)])
    (span,) = suggest_all(schema, "x aab").spans
    assert (span.start, span.end) == (2, 5)


def test_suggestions_are_those_of_all_patterns() -> None:
    schema = make_schema(entities=(make_entity("A", "A", patterns=("x", Regex("y+"))),))
    assert suggest_all(schema, "x yy") == (suggest(schema, "x yy"), [])


def test_what_takes_too_long_is_stopped() -> None:
    with pytest.raises(TimeoutError):
        extents(SLOW, HARD, 0.05)


@given(canonical_texts, st.data())
def test_a_phrase_is_found_where_its_regular_expression_matches(
    text: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    phrase = text[start : data.draw(st.integers(start, len(text)))].strip()
    assume(phrase)
    matches = [match.span() for match in compile_pattern(phrase).finditer(text)]
    assert extents(phrase, text, 1) == matches
    assert extents(f"{phrase}\0", text, 1) == []


@given(canonical_texts)
def test_patterns_match_as_in_pythons_re_apart_from_what_is_a_letter(text: str) -> None:
    for source in (
        r"[A-ZĐ]\S*(?: [A-ZĐ]\S*)*",
        r"(?i)công an",
        r"\d+(?=/)|^.",
        r"(.)\1",
        r"“[^”]*”",
    ):
        ours = [match.span() for match in compile_pattern(Regex(source)).finditer(text)]
        assert ours == [match.span() for match in re.finditer(source, text)]


def test_a_mark_belongs_to_the_letter_before_it() -> None:
    # To Python's `re` it is no part of a word.
    assert found("क\u094d\u0937 क", Regex(r"\w+")) == ["क\u094d\u0937/A", "क/A"]
    assert found("x\u0323, x", "x") == ["x/A"]
