"""Canonical text, and offsets in code points and UTF-16 units."""

from __future__ import annotations

import hashlib
import unicodedata

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.text import UNCHANGED, Changes, canonicalise, digest, from_utf16, to_utf16
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
        ("a\u200d b", "a b"),
        ("a \u200cb", "a b"),
        ("a\u200d\r\nb", "a\nb"),
        ("\U000e0067b", "b"),
        ("🏴\U000e0020\U000e007f\U000e0001", "🏴\U000e0020\U000e007f"),
        ("x\u00ady\u200bz", "xyz"),
        ("a\u200b\u0301", "á"),
        ("", ""),
        (" \u200b\n\t", ""),
    ],
)
def test_canonical_form_by_example(given_text: str, canonical: str) -> None:
    assert canonicalise(given_text).text == canonical


@given(raw_texts)
def test_no_change_is_told_just_when_the_text_stays_as_it_is_but_for_line_feeds(text: str) -> None:
    canonical, changes = canonicalise(text)
    assert (changes == UNCHANGED) == (canonical == text.strip("\n"))


@given(raw_texts)
def test_canonical_text_needs_no_change(text: str) -> None:
    canonical = canonicalise(text).text
    assert canonicalise(canonical) == (canonical, UNCHANGED)
    assert canonicalise(f"\n{canonical}\n\n") == (canonical, UNCHANGED)


@pytest.mark.parametrize(
    ("given_text", "changes"),
    [
        ("", UNCHANGED),
        ("\n\n", UNCHANGED),
        ("một\nhai\n", UNCHANGED),
        ("Việt\u00a0Nam 🇻🇳 x\u0323\u0302 " + FAMILY, UNCHANGED),
        (SCOTLAND, UNCHANGED),
        ("a\r\nb\r\nc", Changes(line_ends=2)),
        ("a\rb\vc\fd\x85e\u2028f\u2029g", Changes(line_ends=6)),
        ("a\r\r\nb\n\r", Changes(line_ends=3)),
        ("a\tb\t\tc", Changes(tabs=3)),
        ("a\x00b\x07c\x1bd\x9fe", Changes(controls=4)),
        ("a\x1cb\x1dc", Changes(controls=2)),
        ("\ufeffx\u00ady\u200bz\u202a", Changes(invisible=4)),
        ("a \u200db\u200c", Changes(invisible=2)),
        ("a\u200d\u200d\u200cb", Changes(invisible=2)),
        ("a\U000e0067b", Changes(invisible=1)),
        (SCOTLAND + "x\U000e0067", Changes(invisible=1)),
        ("a\u0301e\u0323\u0302", Changes(composed=2)),
        (unicodedata.normalize("NFD", "Nguyễn Văn Mười"), Changes(composed=4)),
        ("á a\u0301 á", Changes(composed=1)),
        ("a\u0302\u0323", Changes(composed=1)),
        ("x\u0302\u0323", Changes(composed=1)),
        ("\u212b", Changes(composed=1)),
        (" a ", Changes(ends=2)),
        ("\n a\n\u00a0\n", Changes(ends=2)),
        (" \n \u3000", Changes(ends=3)),
        ("\t\r\na", Changes(line_ends=1, tabs=1, ends=1)),
        (
            "\ufeff a\u0301\tb\x07\r\n ",
            Changes(line_ends=1, tabs=1, controls=1, invisible=1, composed=1, ends=2),
        ),
    ],
    ids=ascii,
)
def test_what_is_changed_is_counted(given_text: str, changes: Changes) -> None:
    assert canonicalise(given_text)[1] == changes


KINDS = Changes.__struct_fields__
changes_of = st.builds(Changes, **{name: st.integers(0, 9) for name in KINDS})


@given(changes_of, changes_of)
def test_changes_add_up_kind_by_kind(one: Changes, other: Changes) -> None:
    total = one + other
    for name in KINDS:
        assert getattr(total, name) == getattr(one, name) + getattr(other, name)
    assert one + UNCHANGED == one


@given(raw_texts, raw_texts)
def test_the_changes_of_two_lines_are_those_of_the_text_of_both(one: str, other: str) -> None:
    # Between visible characters, so that nothing joins over the line feed or stands at an end.
    one, other = f"x{one}x", f"x{other}x"
    both = canonicalise(f"{one}\n{other}").changes
    composed = canonicalise(one).changes.composed + canonicalise(other).changes.composed
    assert msgspec.structs.replace(both, composed=composed) == (
        canonicalise(one).changes + canonicalise(other).changes
    )


@pytest.mark.parametrize("half", [0xD800, 0xDBFF, 0xDC00, 0xDFFF], ids=hex)
def test_a_lone_surrogate_is_refused(half: int) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        canonicalise(f"a{chr(half)}b")


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
