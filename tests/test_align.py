"""Two versions of a text: what is carried exactly reads the same, and no word is cut in two."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import pairwise

import pytest
import regex
from hypothesis import assume, given
from hypothesis import strategies as st

from annotate.align import Alignment, Block, Carried, align
from annotate.align.matching import longest_common
from annotate.align.words import is_within_word, split
from tests.strategies import CLUSTERS, SPACES, WORDS, canonical_texts, raw_texts

phrases = st.lists(
    st.sampled_from(("ông", "An", "Anh", "ở", "xã", ",", ".", "🔥", "雨")), max_size=14
)
texts = st.one_of(phrases.map(" ".join), phrases.map("".join), raw_texts, canonical_texts)


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """Draw a text made of another one by putting in, leaving out, moving and mending."""
    pieces = regex.findall(r"\w+|\W", text)
    for _ in range(draw(st.integers(0, 4))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(pieces))] * 2)))
        taken = pieces[start:end]
        put = st.one_of(st.just([]), st.just([*taken, *taken]), st.just(taken[::-1]))
        drawn = draw(st.one_of(put, st.lists(st.sampled_from((" ", "\n", *WORDS, *CLUSTERS)))))
        at = draw(st.integers(0, start))
        pieces = [*pieces[:at], *drawn, *pieces[at:start], *pieces[end:]]
    return "".join(pieces)


@st.composite
def versions(draw: st.DrawFn) -> tuple[str, str]:
    """Draw two texts, of which the second is often a version of the first."""
    old = draw(texts)
    return old, draw(st.one_of(edited(old), edited(old), texts))


def carried(old: str, new: str, text: str) -> tuple[str, bool] | None:
    """Return what the first such text reads in the new version, and whether it changed."""
    start = old.index(text)
    where = align(old, new).carry(start, start + len(text))
    return where and (new[where.start : where.end], where.changed)


@given(versions())
def test_blocks_read_the_same_and_are_in_order_in_both_texts(drawn: tuple[str, str]) -> None:
    old, new = drawn
    alignment = align(old, new)
    for block in (*alignment.blocks, *alignment.moved):
        assert block.length > 0
        assert min(block) >= 0
        ours = old[block.old : block.old + block.length]
        assert ours == new[block.new : block.new + block.length]
        assert len(ours) == block.length
    for one, two in pairwise(alignment.blocks):
        gaps = (two.old - one.old - one.length, two.new - one.new - one.length)
        assert min(gaps) >= 0
        assert max(gaps) > 0, "two blocks that are one"


@given(versions())
def test_no_code_point_is_in_two_blocks(drawn: tuple[str, str]) -> None:
    alignment = align(*drawn)
    found = (*alignment.blocks, *alignment.moved)
    for side in (0, 1):
        points = [n for block in found for n in range(block[side], block[side] + block.length)]
        assert len(points) == len(set(points))


@given(texts)
def test_between_equal_texts_every_span_stays(text: str) -> None:
    alignment = align(text, text)
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            assert alignment.carry(start, end) == Carried(start, end, changed=False)


@given(versions())
def test_the_same_texts_align_the_same_way_whatever_came_before(drawn: tuple[str, str]) -> None:
    assert align(*drawn) == align(*drawn)


@given(versions())
def test_what_is_carried_exactly_reads_the_same_and_what_changed_is_not_empty(
    drawn: tuple[str, str],
) -> None:
    old, new = drawn
    alignment = align(old, new)
    for start in range(len(old)):
        for end in range(start + 1, len(old) + 1):
            where = alignment.carry(start, end)
            if where is None:
                continue
            assert 0 <= where.start < where.end <= len(new)
            text = new[where.start : where.end]
            assert text == old[start:end] if not where.changed else text.strip()


@given(versions())
def test_an_edge_at_the_border_of_a_word_stays_at_one(drawn: tuple[str, str]) -> None:
    old, new = drawn
    alignment = align(old, new)
    borders = [at for at in range(len(old) + 1) if not is_within_word(old, at)]
    for start in borders:
        for end in (end for end in borders if end > start):
            where = alignment.carry(start, end)
            edges = (where.start, where.end) if where else ()
            assert not any(is_within_word(new, edge) for edge in edges)


@given(st.lists(st.sampled_from((*CLUSTERS, *SPACES, "\r\n", "An", "ế")), max_size=10), st.data())
def test_no_edit_cuts_what_people_see_as_one_character(
    pieces: list[str], data: st.DataObject
) -> None:
    old = "".join(pieces)
    new = data.draw(edited(old))
    alignment = align(old, new)
    for text, side in ((old, 0), (new, 1)):
        whole = {found.start() for found in regex.finditer(r"\X", text)} | {len(text)}
        for block in (*alignment.blocks, *alignment.moved):
            assert {block[side], block[side] + block.length} <= whole


@given(versions(), st.data())
def test_spans_carried_exactly_stay_nested_and_in_order(
    drawn: tuple[str, str], data: st.DataObject
) -> None:
    old, new = drawn
    assume(len(old) > 1)
    alignment = align(old, new)
    a, b, c, d = sorted(data.draw(st.tuples(*[st.integers(0, len(old))] * 4)))
    assume(a < b <= c < d)
    outer, inner = alignment.carry(a, d), alignment.carry(b, c) if b < c else None
    if outer and inner and not outer.changed:
        assert inner == Carried(outer.start + b - a, outer.start + c - a, changed=False)
    left, right = alignment.carry(a, b), alignment.carry(b, d)
    if left and right and not left.changed and not right.changed and not alignment.moved:
        assert left.end <= right.start


@given(
    st.lists(st.integers(0, 9), max_size=8),
    st.integers(1, 4),
    st.lists(st.integers(0, 9), max_size=8),
    st.sampled_from((" ", "\n", ", ", " 👍🏽 ")),
)
def test_a_span_whose_neighbours_stay_is_carried_exactly_there_and_back(
    before: list[int], size: int, after: list[int], gap: str
) -> None:
    # Four words on either side of the span stay; what is beyond them is other words now.
    middle = [f"giữ{n}" for n in range(8 + size)]
    span = gap.join(middle[4:-4])
    old, new = (
        gap.join([*(f"{left}{n}" for n in one), *middle, *(f"{right}{n}" for n in two)])
        for left, right, one, two in (("a", "b", before, after), ("c", "d", after, before))
    )
    start, there = old.index(span), new.index(span)
    assert align(old, new).carry(start, start + len(span)) == Carried(
        there, there + len(span), False
    )
    assert align(new, old).carry(there, there + len(span)) == Carried(
        start, start + len(span), False
    )


@given(*[st.lists(st.sampled_from("abcd"), max_size=12)] * 2)
def test_the_longest_common_sequence_is_as_long_as_there_is(one: list[str], two: list[str]) -> None:
    lengths = [0] * (len(two) + 1)
    for word in one:
        before = lengths[:]
        for n, other in enumerate(two):
            lengths[n + 1] = before[n] + 1 if word == other else max(before[n + 1], lengths[n])
    pairs = list(longest_common(one, two))[::-1]
    assert all(one[a] == two[b] for a, b in pairs)
    assert all(x[0] < y[0] and x[1] < y[1] for x, y in pairwise(pairs))
    assert len(pairs) == lengths[-1]


@pytest.mark.parametrize(
    ("old", "new", "span", "expected"),
    [
        # A word beside the span, also one that the span starts or ends with.
        ("gặp ông An ở xã", "gặp ông ông An ở xã", "ông An", ("ông An", False)),
        ("gặp ông ông An ở", "gặp ông An ở", "An", ("An", False)),
        ("gặp ông Bình", "gặp ông An và ông Bình", "ông Bình", ("ông Bình", False)),
        ("ở xã Tân Lập.", "ở xã Tân Lập, thôn Tân Lập.", "xã Tân Lập", ("xã Tân Lập", False)),
        ("An\n\nBình", "An\n\nAn\n\nBình", "An\n\nBình", ("An\n\nBình", False)),
        # Mended within the span: whole words, and what was meant.
        ("Lê An ở xã", "Lê Anh ở xã", "Lê An", ("Lê Anh", True)),
        ("Lê An ở xã", "Lê Anh ở xã", "An", ("Anh", True)),
        ("Lê An ở xã", "Lê Văn An ở xã", "Lê An", ("Lê Văn An", True)),
        ("Trung tá Lê An.", "Lê An.", "Trung tá Lê An", ("Lê An", True)),
        ("Trung tá Lê An.", "Thượng tá Lê An.", "Trung tá", ("Thượng tá", True)),
        ("côngan xã", "công an xã", "côngan", ("công an", True)),
        ("Cong an xa Tan Lap", "Công an xã Tân Lập", "xa Tan", ("xã Tân", True)),
        ("Ông Lê  An", "Ông Lê An", "Lê  An", ("Lê An", True)),
        ("An 👍🏽 ở", "An 👍 ở", "👍🏽", ("👍", True)),
        ("北京大学在北京", "北京的大学在北京", "北京大学", ("北京的大学", True)),
        ("Landgerichtspräsident", "Landgerichtspräsidenten", "Landgericht", ("Landgericht", False)),
        # Gone, or so much changed that it cannot be said.
        ("Trung tá Lê An.", "Lê An.", "Trung tá", None),
        ("Lê An (Bình) ở", "Lê An () ở", "Bình", None),
        ("An Bình đi", "Cường đi", "An", None),
        ("Trung tá Lê An.", "Đại úy Lê An.", "Trung tá", None),
        ("Ở Hà Nội hôm qua", "Ở Đà Nẵng hôm qua", "Hà Nội", None),
        ("công an xã", "côngan xã", "công", None),
        ("Lê An", "", "Lê An", None),
        ("Lê An\nở", "Lê An\nMột tin khác hẳn.\nở", "Lê An\nở", None),
        ("Lê An", "Lê " + "rất " * 20 + "An", "Lê An", None),
        ("Lê An", "Lê\nAn", "Lê An", ("Lê\nAn", True)),
    ],
)  # fmt: skip
def test_carried_by_example(
    old: str, new: str, span: str, expected: tuple[str, bool] | None
) -> None:
    assert carried(old, new, span) == expected


def test_of_a_word_told_twice_the_first_is_left_out() -> None:
    alignment = align("An An", "An")
    assert (alignment.carry(0, 2), alignment.carry(3, 5)) == (None, Carried(0, 2, changed=False))


def test_a_paragraph_put_elsewhere_is_carried_exactly() -> None:
    first = "Sáng nay Lê An cùng đồng đội đi tuần ở xã Tân Lập."
    second = "Chiều cùng ngày trời mưa to nên mọi người về nhà sớm hơn thường lệ."
    old, new = f"{first}\n\n{second}\n\nHết.", f"{second}\n\n{first}\n\nHết."
    for span in ("Lê An", "xã Tân Lập.", "trời mưa", first, second, "Hết"):
        assert carried(old, new, span) == (span, False)
    assert carried(old, new, f"{first}\n\n{second}") is None


def test_a_paragraph_that_is_there_twice_has_not_moved() -> None:
    told = "Sáng nay Lê An cùng đồng đội đi tuần ở xã Tân Lập."
    other = " ".join(f"chữ{n}" for n in range(60))
    assert carried(f"{told}\n\n{other}", f"{other}\n\n{told}\n\n{told}", "Lê An") is None


def test_words_that_chance_kept_in_another_text_are_not_the_same_ones() -> None:
    old = "Sáng qua tổ công tác do Lê An chỉ huy đã tuần tra quanh chợ cũ."
    new = "Bão số ba khiến nhiều hộ dân ven biển của Lê Bình phải rời nhà đi tránh."
    assert carried(old, new, "Lê") is None


@pytest.mark.parametrize("extent", [(-1, 2), (2, 2), (3, 2), (0, 9)])
def test_what_is_no_span_of_the_old_text_is_refused(extent: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="is no span of a text of 5"):
        align("Lê An", "Lê Anh").carry(*extent)


@pytest.mark.parametrize("new", ["", "An", " "])
def test_an_empty_text_has_nothing_in_common_with_any(new: str) -> None:
    assert align("", new) == Alignment("", new, ())
    assert align(new, "").blocks == ()


@given(raw_texts)
def test_the_words_of_a_text_are_in_it_in_order_and_only_white_space_is_none(text: str) -> None:
    found = split(text)
    rest = text
    for word, start, end in zip(found.words, found.starts, found.ends, strict=True):
        assert text[start:end] == word
        rest = rest.replace(word, "", 1)
    assert not rest.strip()


def unlike(rng: random.Random, size: int) -> tuple[str, str]:
    one, other = (" ".join(f"{x}{rng.randrange(999)}" for _ in range(size // 5)) for x in "ab")
    return one, other


def repeated(_: random.Random, size: int) -> tuple[str, str]:
    return "a " * (size // 2) + "b", "a " * (size // 2 - 50) + "c " + "a " * 40


def mixed(rng: random.Random, size: int) -> tuple[str, str]:
    return " ".join(rng.choices("ab", k=size // 2)), " ".join(rng.choices("ab", k=size // 2))


def mended(rng: random.Random, size: int) -> tuple[str, str]:
    words = [f"chữ{rng.randrange(3000)}" for _ in range(size // 6)]
    return " ".join(words), " ".join(f"{one}x" if rng.random() < 0.02 else one for one in words)


@pytest.mark.parametrize("make", [unlike, repeated, mixed, mended])
def test_long_texts_of_one_line_take_seconds_whatever_they_have_in_common(
    make: Callable[[random.Random, int], tuple[str, str]],
) -> None:
    old, new = make(random.Random(1), 300_000)  # noqa: S311, of no secret
    start = time.perf_counter()
    align(old, new)
    # About two on a slow machine; comparing all words with all would take minutes.
    assert time.perf_counter() - start < 20


def test_a_long_text_with_many_edits_is_aligned_everywhere() -> None:
    old, new = mended(random.Random(2), 300_000)  # noqa: S311, of no secret
    alignment = align(old, new)
    kept = sum(block.length for block in alignment.blocks)
    assert kept > 0.98 * len(old)
    assert alignment.blocks[0] == Block(0, 0, alignment.blocks[0].length)
