"""Schemes, nesting and cut tokens: what is shown is what was marked, the rest is listed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import TaggingError
from annotate.formats import Marked
from annotate.spans import Span
from annotate.tokens import Tagged, Tagging, Token, syllables, tag
from annotate.tokens.tagging import innermost
from tests.factories import make_span
from tests.strategies import marked_texts

TEXT = "Lê An nói"


def shown(rows: list[Tagged], level: int = 0) -> list[str]:
    return [one for row in rows for one in row.levels[level]]


def extents(rows: list[Tagged]) -> list[tuple[int, int, str]]:
    """Read the tags of all levels back, whatever their scheme."""
    found = []
    for tokens, levels in rows:
        for tags in levels:
            begun: tuple[int, str] | None = None
            for token, following, one in zip(tokens, [*tags[1:], "O"], tags, strict=True):
                prefix, _, label = one.partition("-")
                if prefix in {"B", "U"}:
                    begun = (token.start, label)
                if begun and (prefix in {"U", "L"} or following[0] not in "IL"):
                    found.append((begun[0], token.end, begun[1]))
                    begun = None
    return sorted(found)


@pytest.mark.parametrize(
    ("settings", "spans", "levels", "reasons"),
    [
        ({"scheme": "BILOU"}, [(0, 5)], [["B-P", "L-P", "O"]], []),
        ({"scheme": "BILOU"}, [(0, 9)], [["B-P", "I-P", "L-P"]], []),
        ({"scheme": "BILOU"}, [(3, 5)], [["O", "U-P", "O"]], []),
        ({"nesting": "innermost"}, [(0, 5), (3, 5)], [["O", "B-P", "O"]], ["outer"]),
        ({"nesting": "innermost"}, [(0, 5), (3, 9)], [["B-P", "I-P", "O"]], ["crossing"]),
        (
            {"nesting": "levels", "levels": 2},
            [(0, 5), (3, 5)],
            [["B-P", "I-P", "O"], ["O", "B-P", "O"]],
            [],
        ),
        (
            {"nesting": "levels", "levels": 2},
            [(0, 9), (0, 5), (3, 5)],
            [["B-P", "I-P", "I-P"], ["B-P", "I-P", "O"]],
            ["too deep"],
        ),
        ({"cut": "expand"}, [(0, 4)], [["B-P", "I-P", "O"]], ["cut token"]),
        ({"cut": "contract"}, [(0, 4)], [["B-P", "O", "O"]], ["cut token"]),
        ({"cut": "contract"}, [(1, 8)], [["O", "B-P", "O"]], ["cut token"]),
        ({"cut": "contract"}, [(3, 4)], [["O", "O", "O"]], ["cut token"]),
        ({"cut": "drop"}, [(0, 4)], [["O", "O", "O"]], ["cut token"]),
        ({"cut": "error"}, [(0, 5)], [["B-P", "I-P", "O"]], []),
    ],
)
def test_tags_by_example(
    settings: dict[str, Any],
    spans: list[tuple[int, int]],
    levels: list[list[str]],
    reasons: list[str],
) -> None:
    rows, losses = tag(
        syllables(TEXT), [make_span(*extent, "P") for extent in spans], Tagging(**settings)
    )
    assert [shown(rows, level) for level in range(len(levels))] == levels
    assert [loss.reason for loss in losses] == reasons


def test_a_span_that_cuts_a_token_is_refused_when_the_settings_say_so() -> None:
    with pytest.raises(TaggingError, match="P, 0–4, cuts a token"):
        tag(syllables(TEXT), [make_span(0, 4, "P")], Tagging(cut="error"))


def test_levels_of_no_or_of_very_many_are_refused() -> None:
    for levels in (0, 21):
        with pytest.raises(msgspec.ValidationError, match="from 1 to 20"):
            msgspec.convert({"levels": levels}, Tagging)


taggings = st.builds(
    Tagging,
    scheme=st.sampled_from(["BIO", "BILOU"]),
    nesting=st.sampled_from(["outermost", "innermost", "levels"]),
    levels=st.integers(1, 4),
    cut=st.sampled_from(["expand", "contract", "drop"]),
)


@given(marked_texts(), taggings)
def test_what_is_not_listed_is_read_back_and_nothing_else(marked: Marked, how: Tagging) -> None:
    rows, losses = tag(syllables(marked.text), marked.spans, how)
    lost = {loss.span.id for loss in losses}
    assert len(lost) == len(losses)
    kept = sorted(trimmed(marked.text, span) for span in marked.spans if span.id not in lost)
    found = extents(rows)
    for extent in kept:
        found.remove(extent)
    # Each of the others stands for a span that cuts a token.
    cut = sum(loss.reason == "cut token" for loss in losses)
    assert len(found) <= (cut if how.cut != "drop" else 0)


def trimmed(text: str, span: Span) -> tuple[int, int, str]:
    phrase = text[span.start : span.end]
    start = span.start + len(phrase) - len(phrase.lstrip())
    return (start, span.start + len(phrase.rstrip()), span.label)


@given(marked_texts(), taggings)
def test_the_tags_do_not_depend_on_the_order_of_the_spans(marked: Marked, how: Tagging) -> None:
    sentences = syllables(marked.text)
    assert tag(sentences, marked.spans, how) == tag(sentences, marked.spans[::-1], how)


@given(marked_texts())
def test_the_innermost_layer_is_flat_and_holds_every_span_that_holds_none(marked: Marked) -> None:
    layer, rest = innermost(marked.spans)
    assert all(left.end <= right.start for left, right in pairwise(layer))
    assert sorted([*layer, *rest], key=id) == sorted(marked.spans, key=id)
    for span in rest:
        assert any(one.start < span.end and span.start < one.end for one in layer)


def test_sentences_that_another_tokenizer_found_are_kept() -> None:
    sentences = [[Token(0, 2)], [], [Token(3, 5), Token(6, 9)]]
    rows, losses = tag(sentences, [make_span(0, 5, "P"), make_span(3, 9, "P")], Tagging())
    assert [row.tokens for row in rows] == sentences
    assert shown(rows) == ["O", "O", "O"]
    assert [loss.reason for loss in losses] == ["sentences", "crossing"]
