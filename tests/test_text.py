"""Canonical text, and offsets in code points and UTF-16 units."""

from __future__ import annotations

import hashlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.text import canonicalise, digest, from_utf16, to_utf16
from tests.strategies import CLUSTERS, INVISIBLE, LINE_ENDS, canonical_texts, raw_texts

SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
FAMILY = "👨\u200d👩\u200d👧"


def is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf"}


def visible(text: str) -> str:
    """Return what can be seen of a text, decomposed, without white space."""
    seen = "".join(char for char in text if not char.isspace() and not is_invisible(char))
    return unicodedata.normalize("NFD", seen)


@given(raw_texts)
def test_canonicalising_twice_changes_nothing(text: str) -> None:
    once = canonicalise(text).text
    assert canonicalise(once).text == once


@given(raw_texts)
def test_nothing_visible_is_lost_or_reordered(text: str) -> None:
    assert visible(canonicalise(text).text) == visible(text)


@given(raw_texts)
def test_canonical_text_is_composed_and_has_no_white_space_at_its_ends(text: str) -> None:
    canonical = canonicalise(text).text
    assert unicodedata.is_normalized("NFC", canonical)
    assert canonical == canonical.strip()


@given(raw_texts)
def test_only_line_feeds_joiners_and_tags_of_flags_are_left_of_the_invisible(text: str) -> None:
    canonical = canonicalise(text).text
    for at, char in enumerate(canonical):
        if char in "\u200c\u200d":
            assert not canonical[at - 1].isspace()
            assert not canonical[at + 1].isspace()
        elif 0xE0020 <= ord(char) < 0xE0080:
            assert canonical[:at].rstrip("".join(map(chr, range(0xE0020, 0xE0080))))[-1] == "🏴"
        else:
            assert char == "\n" or not is_invisible(char)
            assert char not in LINE_ENDS[1:]


@pytest.mark.parametrize("end", LINE_ENDS, ids=ascii)
def test_every_line_end_becomes_one_line_feed(end: str) -> None:
    assert canonicalise(f"một{end}hai{end}{end}ba").text == "một\nhai\n\nba"


@pytest.mark.parametrize(
    "cluster", [*CLUSTERS, FAMILY, SCOTLAND, "\u0645\u06cc\u200c\u062e\u0648"], ids=ascii
)
def test_what_reads_as_one_character_stays_whole(cluster: str) -> None:
    assert canonicalise(f"a {cluster} b").text == unicodedata.normalize("NFC", f"a {cluster} b")


@pytest.mark.parametrize("char", INVISIBLE, ids=ascii)
@pytest.mark.parametrize("place", ["{} a", "a {}", "a {} b", "a\n{}\nb"])
def test_an_invisible_character_that_joins_nothing_is_dropped(char: str, place: str) -> None:
    assert canonicalise(place.format(char)).text == canonicalise(place.format("")).text


@pytest.mark.parametrize(
    ("given_text", "canonical"),
    [
        ("\ufeffTin", "Tin"),
        ("a\tb", "a b"),
        ("a  b", "a  b"),
        ("a\u00a0b", "a\u00a0b"),
        ("\u00a0 a\n ", "a"),
        ("<b>&amp;</b> [x](Y) \\ ---", "<b>&amp;</b> [x](Y) \\ ---"),
        (unicodedata.normalize("NFD", "Nguyễn Thị Mười"), "Nguyễn Thị Mười"),
        ("a\u200d\u200d\u200cb", "a\u200db"),
        ("a\U000e0067b", "ab"),
        ("x\u00ady\u200bz", "xyz"),
        ("a\u200b\u0301", "á"),
        ("", ""),
        (" \u200b\n\t", ""),
    ],
)
def test_canonical_form_by_example(given_text: str, canonical: str) -> None:
    assert canonicalise(given_text).text == canonical


@pytest.mark.parametrize("half", [0xD800, 0xDBFF, 0xDC00, 0xDFFF], ids=hex)
def test_a_lone_surrogate_is_refused(half: int) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        canonicalise(f"a{chr(half)}b").text


def test_the_digest_is_the_sha256_of_the_utf8_bytes() -> None:
    assert digest("Việt 🇻🇳") == hashlib.sha256("Việt 🇻🇳".encode()).hexdigest()
    assert digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(canonical_texts, st.data())
def test_offsets_survive_the_way_to_utf16_and_back(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    assert from_utf16(text, to_utf16(text, offset)) == offset


@given(canonical_texts)
def test_utf16_offsets_that_stand_for_no_code_point_are_none(text: str) -> None:
    reached = {to_utf16(text, offset) for offset in range(len(text) + 1)}
    for units in range(-2, max(reached) + 3):
        assert (from_utf16(text, units) is not None) == (units in reached)


def test_an_astral_character_is_two_utf16_units() -> None:
    assert [to_utf16("a😀b", offset) for offset in range(4)] == [0, 1, 3, 4]
    assert [from_utf16("a😀b", units) for units in range(6)] == [0, 1, None, 2, 3, None]


@pytest.mark.parametrize("sign", ["\u0600", "\u06dd", "\u08e2"])
def test_a_format_character_that_is_seen_stays(sign: str) -> None:
    assert canonicalise(f"a\u200b{sign}12").text == f"a{sign}12"
