"""Tokens, sentences and BIO tags: nothing is cut, nothing is lost without being listed."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.formats import Marked
from annotate.spans import Span, outermost
from annotate.tokens import (
    Loss,
    Tagged,
    Tagging,
    sentences,
    syllables,
    tokenize,
)
from annotate.tokens import tag as tag_tokens
from tests.factories import make_span, sample_gold
from tests.strategies import CLUSTERS, canonical_texts, marked_texts

Extent = tuple[int, int, str]


def words(text: str) -> list[str]:
    return [text[token.start : token.end] for token in tokenize(text)]


def tag(text: str, spans: Iterable[Span], **settings: Any) -> tuple[list[Tagged], list[Loss]]:
    return tag_tokens(syllables(text), spans, Tagging(**settings))


def pieces(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def entities(rows: list[Tagged]) -> list[Extent]:
    """Return the extents and labels that BIO tags show."""
    found: list[Extent] = []
    for tokens, (tags,) in rows:
        for token, shown in zip(tokens, tags, strict=True):
            if shown.startswith("B-"):
                found.append((token.start, token.end, shown[2:]))
            elif shown.startswith("I-"):
                start, _, label = found.pop()
                assert label == shown[2:]
                found.append((start, token.end, label))
    return found


def trimmed(text: str, span: Span) -> Extent:
    """Return a span without white space at its ends, which no token has."""
    phrase = text[span.start : span.end]
    start = span.start + len(phrase) - len(phrase.lstrip())
    return (start, span.start + len(phrase.rstrip()), span.label)


@given(canonical_texts)
def test_tokens_tile_the_text_without_its_white_space_in_order(text: str) -> None:
    tokens = tokenize(text)
    assert "".join(words(text)) == "".join(text.split())
    assert all(left.end <= right.start for left, right in pairwise(tokens))
    assert all(word and not any(map(str.isspace, word)) for word in words(text))


@given(st.lists(st.sampled_from((*CLUSTERS, "a", "ế", "1", "_", " ", "\n", ".", "–", "🔥"))))
def test_no_token_cuts_what_reads_as_one_character(clusters: list[str]) -> None:
    borders = {0, *accumulate(map(len, clusters))}
    for token in tokenize("".join(clusters)):
        assert {token.start, token.end} <= borders


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Công an xã, TP.", ["Công", "an", "xã", ",", "TP", "."]),
        ("15-NQ/TU", ["15", "-", "NQ", "/", "TU"]),
        ("5.000 m²", ["5", ".", "000", "m²"]),
        ("a_b", ["a_b"]),
        ("“tự quản”…", ["“", "tự", "quản", "”", "…"]),
        ("--", ["-", "-"]),
        ("  a \n b ", ["a", "b"]),
        ("👍🏽👍🏽", ["👍🏽", "👍🏽"]),
        ("🇻🇳🇺🇳🇻🇳", ["🇻🇳", "🇺🇳", "🇻🇳"]),
        ("a🇻🇳b", ["a", "🇻🇳", "b"]),
        ("❤\ufe0f\u200d🔥!", ["❤\ufe0f\u200d🔥", "!"]),
        ("x\u0323\u0302y", ["x\u0323\u0302y"]),
        ("", []),
    ],
)
def test_tokens_by_example(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(canonical_texts)
def test_sentences_cover_every_token_once_in_order(text: str) -> None:
    rows, losses = tag(text, [])
    assert losses == []
    assert [token for row in rows for token in row.tokens] == tokenize(text)
    assert all(row.tokens for row in rows)


@given(canonical_texts)
def test_sentences_lie_in_order_without_white_space_at_their_ends(text: str) -> None:
    extents = sentences(text)
    assert all(left[1] <= right[0] for left, right in pairwise(extents))
    assert all(piece and piece == piece.strip() and "\n" not in piece for piece in pieces(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Một. Hai.", ["Một.", "Hai."]),
        ("Đoàn đến Sơn La. Đại tá nói.", ["Đoàn đến Sơn La.", "Đại tá nói."]),
        ("Người Việt Nam. Ngày mai.", ["Người Việt Nam.", "Ngày mai."]),
        ("Chị Lò Thị Mây. Anh An.", ["Chị Lò Thị Mây.", "Anh An."]),
        ("Ở TP. Hồ Chí Minh.", ["Ở TP. Hồ Chí Minh."]),
        ("Ông T. An nói.", ["Ông T. An nói."]),
        ("Một! Hai? Ba… Bốn", ["Một!", "Hai?", "Ba…", "Bốn"]),
        ("“Một.” Hai", ["“Một.”", "Hai"]),
        ("Một. “Hai”", ["Một.", "“Hai”"]),
        ("Năm 2023. 5 xã.", ["Năm 2023.", "5 xã."]),
        ("và v.v. của xã", ["và v.v. của xã"]),
        ("rồi… thôi", ["rồi… thôi"]),
        ("5.000 đồng", ["5.000 đồng"]),
        ("Tiêu đề\n\nMột", ["Tiêu đề", "Một"]),
        ("ông T.\nAn", ["ông T.", "An"]),
    ],
)
def test_sentences_by_example(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


@given(marked_texts())
def test_every_span_is_read_back_from_the_tags_or_listed_as_a_loss(marked: Marked) -> None:
    rows, losses = tag(marked.text, marked.spans)
    lost = [loss.span.id for loss in losses]
    assert len(set(lost)) == len(lost)
    kept = [trimmed(marked.text, span) for span in marked.spans if span.id not in lost]
    widened = [loss.span for loss in losses if loss.reason == "cut token"]
    others = list(entities(rows))
    for extent in kept:
        others.remove(extent)
    assert len(others) == len(widened)
    for (start, end, label), span in zip(
        others, sorted(widened, key=lambda s: s.start), strict=True
    ):
        assert label == span.label
        assert start < span.start or span.end < end
        assert start < span.end
        assert span.start < end


@given(marked_texts())
def test_only_spans_of_the_outermost_layer_are_tagged(marked: Marked) -> None:
    _, losses = tag(marked.text, marked.spans)
    _, rest = outermost(marked.spans)
    hidden = [loss.span for loss in losses if loss.reason in {"nested", "crossing"}]
    assert sorted(hidden, key=lambda s: s.id) == sorted(rest, key=lambda s: s.id)


@given(marked_texts())
def test_every_token_has_one_tag_and_tags_do_not_depend_on_order(marked: Marked) -> None:
    rows, losses = tag(marked.text, marked.spans)
    assert all([len(row.tokens)] == [len(tags) for tags in row.levels] for row in rows)
    assert tag(marked.text, marked.spans[::-1]) == (rows, losses)


@pytest.mark.parametrize(
    ("text", "spans", "tags", "reasons"),
    [
        ("Lê An nói", [(0, 5)], ["B-P", "I-P", "O"], []),
        ("Lê An nói", [(0, 2), (3, 5)], ["B-P", "B-P", "O"], []),
        ("Lê An nói", [(0, 6)], ["B-P", "I-P", "O"], []),
        ("Lê An nói", [(0, 5), (3, 5)], ["B-P", "I-P", "O"], ["nested"]),
        ("Lê An nói", [(0, 5), (3, 9)], ["B-P", "I-P", "O"], ["crossing"]),
        ("Lê. An", [(0, 6)], ["O", "O", "O"], ["sentences"]),
        ("Lê An nói", [(0, 4)], ["B-P", "I-P", "O"], ["cut token"]),
        ("Lê An nói", [(1, 5)], ["B-P", "I-P", "O"], ["cut token"]),
        ("Lê An nói", [(3, 4), (4, 5)], ["O", "B-P", "O"], ["cut token", "shared token"]),
        ("Lê  An", [(2, 4)], ["O", "O"], ["empty"]),
    ],
)
def test_tags_and_losses_by_example(
    text: str, spans: list[tuple[int, int]], tags: list[str], reasons: list[str]
) -> None:
    rows, losses = tag(text, [make_span(*extent, "P") for extent in spans])
    assert [shown for row in rows for shown in row.levels[0]] == tags
    assert [loss.reason for loss in losses] == reasons


@pytest.mark.parametrize("name", sample_gold())
def test_of_the_sample_only_nested_spans_and_glued_bylines_are_lost(name: str) -> None:
    marked = sample_gold()[name]
    _, losses = tag(marked.text, marked.spans)
    assert {loss.reason for loss in losses if loss.span.start > 0} <= {"nested"}
    assert {loss.reason for loss in losses if loss.span.start == 0} <= {"nested", "cut token"}
