"""Letters that look like others: reported, never changed, for only a person can tell."""

from __future__ import annotations

import re
from collections import Counter

# Seen as a Latin letter, and another one: Unicode's confusables.txt (UTS 39), the letters
# that keyboards and fonts of Vietnamese, Russian and Greek users really produce.
_CYRILLIC_GREEK = dict(
    zip(
        "АВЕЅІЈКМНОРСТУХасеіјорѕухԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοα",
        "ABESIJKMHOPCTYXaceijopsyxdqwABEZHIKMNOPTYXoa",
        strict=True,
    )
)
# Eth and African D are letters of their own languages, and never Vietnamese ones.
_D = {"Ð": "Đ", "ð": "đ", "Ɖ": "Đ", "ɖ": "đ"}
_ALL = frozenset(_CYRILLIC_GREEK) | frozenset(_D)

# With accents that are characters of their own: no other script's letter has one composed.
_WORD = re.compile(r"(?:[^\W\d_]|[\u0300-\u036f])+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_VIETNAMESE = re.compile("[ơưƠƯ\u1ea0-\u1ef9]")


def find_lookalikes(text: str) -> Counter[tuple[str, str]]:
    """Return how often which letter stands in place of which other.

    A Cyrillic or Greek letter counts within a word that has Latin letters too; Ð and Ɖ
    count in a text with letters that only Vietnamese has.
    """
    present = _ALL.intersection(text)
    found: Counter[tuple[str, str]] = Counter()
    if not present:
        return found
    if _VIETNAMESE.search(text):
        for letter in present & _D.keys():
            found[letter, _D[letter]] = text.count(letter)
    if present & _CYRILLIC_GREEK.keys():
        for word in _WORD.findall(text):
            if _LATIN.search(word):
                strangers = present.intersection(word) & _CYRILLIC_GREEK.keys()
                found.update({(x, _CYRILLIC_GREEK[x]): word.count(x) for x in strangers})
    return found
