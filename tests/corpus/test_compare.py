"""Two texts side by side: the figure is the definition's, and nothing of either is lost."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus.compare import WORD, Piece, similarity, word_diff
from tests.strategies import canonical_texts

sizes = st.integers(1, 4)
phrases = st.lists(st.sampled_from(["một", "hai", "ba", "🔥", "雨", "…"]), max_size=12).map(
    " ".join
)
texts = st.one_of(phrases, canonical_texts)


@given(texts, texts, sizes)
def test_similarity_is_that_of_the_sets_of_shingles(one: str, other: str, size: int) -> None:
    def shingles(text: str) -> set[str]:
        words = WORD.findall(text.lower())
        if 0 < len(words) < size:
            return {" ".join(words)}
        return {" ".join(run) for run in zip(*(words[n:] for n in range(size)), strict=False)}

    left, right = shingles(one), shingles(other)
    expected = len(left & right) / len(left | right) if left | right else float(one == other)
    assert similarity(one, other, size) == expected == similarity(other, one, size)


@given(texts, sizes)
def test_a_text_is_itself(text: str, size: int) -> None:
    assert similarity(text, text, size) == 1
    assert "".join(piece.text for piece in word_diff(text, text)) == text


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("một hai ba bốn", "MỘT, hai: ba — bốn!", 1),
        ("a b c d", "a b c e", 1 / 3),
        ("a b", "a b c", 0),
        ("a b", "A b.", 1),
        ("🔥", "❄", 0),
        ("🔥", "a", 0),
        ("", "", 1),
        ("雨が降る", "雨が降", 1 / 2),
        ("x雨y", "x 雨 y", 1),
        ("ฝน๏ตก", "ฝนตก", 1),
    ],
)
def test_similarity_of_words_whatever_stands_between_them(
    one: str, other: str, expected: float
) -> None:
    assert similarity(one, other, 3) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Công an xã, 29/3.", ["Công", "an", "xã", "29", "3"]),
        ("今日は", ["今", "日", "は"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("ฝน๏๚ ตก", ["ฝ", "น", "ต", "ก"]),
        ("x雨2", ["x", "雨", "2"]),
        ("🔥…", []),
    ],
)
def test_words_are_runs_of_letters_or_single_characters_of_unspaced_scripts(
    text: str, words: list[str]
) -> None:
    assert WORD.findall(text) == words


@given(texts, texts)
def test_a_difference_holds_every_word_of_both_in_order(one: str, other: str) -> None:
    pieces = list(word_diff(one, other))
    left = "".join(piece.text for piece in pieces if piece.kind != "added")
    right = [word for piece in pieces if piece.kind != "removed" for word in piece.text.split()]
    assert left == one
    assert right == other.split()
    assert all(piece.text for piece in pieces)


def test_what_differs_is_marked() -> None:
    assert list(word_diff("một hai ba bốn", "một 2 ba bốn năm")) == [
        Piece("same", "một "), Piece("removed", "hai "), Piece("added", "2 "),
        Piece("same", "ba bốn"), Piece("added", "năm"),
    ]  # fmt: skip


def test_white_space_is_no_difference() -> None:
    assert [piece.kind for piece in word_diff("một  hai\nba", "một hai ba")] == ["same"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("chữ " * 30_000, "chữ " * 30_000 + "khác"),
        (" ".join(map(str, range(30_000))), " ".join(map(str, range(15_000, 45_000)))),
        ("a b " * 2400, "b a " * 2400),
    ],
)
def test_long_texts_are_compared_in_seconds(one: str, other: str) -> None:
    start = time.monotonic()
    assert list(word_diff(one, other))
    assert 0 <= similarity(one, other, 3) <= 1
    assert time.monotonic() - start < 10
