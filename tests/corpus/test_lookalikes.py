"""Letters that look like others are found where they are out of place, and only there."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given

from annotate.corpus.lookalikes import find_lookalikes
from annotate.text import canonicalise
from tests.factories import sample_articles
from tests.strategies import canonical_texts

# By their names, for nobody sees the difference.
STRANGERS = {
    "\N{CYRILLIC SMALL LETTER A}": "a",
    "\N{CYRILLIC SMALL LETTER ES}": "c",
    "\N{CYRILLIC SMALL LETTER IE}": "e",
    "\N{CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I}": "i",
    "\N{CYRILLIC SMALL LETTER O}": "o",
    "\N{CYRILLIC SMALL LETTER ER}": "p",
    "\N{CYRILLIC SMALL LETTER U}": "y",
    "\N{CYRILLIC SMALL LETTER HA}": "x",
    "\N{CYRILLIC CAPITAL LETTER VE}": "B",
    "\N{CYRILLIC CAPITAL LETTER EN}": "H",
    "\N{CYRILLIC CAPITAL LETTER TE}": "T",
    "\N{GREEK CAPITAL LETTER ALPHA}": "A",
    "\N{GREEK CAPITAL LETTER NU}": "N",
    "\N{GREEK CAPITAL LETTER CHI}": "X",
    "\N{GREEK SMALL LETTER OMICRON}": "o",
}
CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"
ETH, SMALL_ETH = "\N{LATIN CAPITAL LETTER ETH}", "\N{LATIN SMALL LETTER ETH}"
AFRICAN_D = "\N{LATIN CAPITAL LETTER AFRICAN D}"


@pytest.mark.parametrize("stranger", STRANGERS, ids=unicodedata.name)
def test_a_letter_of_another_script_within_a_latin_word_is_found(stranger: str) -> None:
    assert find_lookalikes(f"C{stranger}ng n{stranger}{stranger} Q") == {
        (stranger, STRANGERS[stranger]): 3
    }


@pytest.mark.parametrize("stranger", STRANGERS, ids=unicodedata.name)
def test_a_letter_in_a_word_of_its_own_script_is_at_home(stranger: str) -> None:
    russian = "\N{CYRILLIC SMALL LETTER ZHE}"
    assert not find_lookalikes(f"Tin {stranger} {russian}{stranger} 1{stranger}_{stranger} mới.")


def test_an_accent_does_not_part_a_word() -> None:
    # Canonical text composes the accent with a Latin letter, and not with this one.
    text = canonicalise(f"{CYRILLIC_A}\u0301nh").text
    assert find_lookalikes(text) == {(CYRILLIC_A, "a"): 1}


@pytest.mark.parametrize(
    ("letter", "meant"), [(ETH, "Đ"), (SMALL_ETH, "đ"), (AFRICAN_D, "Đ"), ("\u0256", "đ")]
)
def test_eth_and_african_d_are_found_in_a_vietnamese_text(letter: str, meant: str) -> None:
    assert find_lookalikes(f"{letter}ồng chí {letter}") == {(letter, meant): 2}


@pytest.mark.parametrize(
    "text", [f"{ETH}a{SMALL_ETH} er gott", f"{AFRICAN_D}e l\u025b", "Đồng chí đã đến", "", "ABC"]
)
def test_letters_that_are_at_home_are_not_found(text: str) -> None:
    assert not find_lookalikes(text)


def test_each_kind_is_counted_by_itself() -> None:
    omicron = "\N{GREEK SMALL LETTER OMICRON}"
    text = f"{ETH}ường {ETH}i B{CYRILLIC_A}n đ{omicron}{CYRILLIC_A}n"
    assert find_lookalikes(text) == {
        (ETH, "Đ"): 2,
        (CYRILLIC_A, "a"): 2,
        (omicron, "o"): 1,
    }


def test_in_the_sample_corpus_there_are_none() -> None:
    for article in sample_articles().values():
        assert not find_lookalikes(article.text)


@given(canonical_texts)
def test_what_is_found_stands_in_the_text_so_often_at_most(text: str) -> None:
    for (letter, meant), count in find_lookalikes(text + CYRILLIC_A).items():
        assert letter != meant
        assert 0 < count <= (text + CYRILLIC_A).count(letter)
