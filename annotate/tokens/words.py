"""Words and sentences of a text in any language that puts spaces between words."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import regex

_IN_WORDS = r"\p{L}\p{N}_"
# Combining marks, joiners, variation selectors and the skin tones of emoji.
_JOINED = r"\p{M}\p{Cf}🏻-🏿"
_TOKEN = regex.compile(
    rf"[{_IN_WORDS}](?:[{_IN_WORDS}{_JOINED}]|(?<=\u200d)\S)*|"
    rf"(?:[🇦-🇿]{{2}}|\S)(?:[{_JOINED}]|(?<=\u200d)\S)*"
)
# A sentence ends at a line feed, and at a stop with its closing marks unless a small letter
# follows.
_STOP = regex.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|\n")
# "TP. Hồ Chí Minh", "T. An": a short word in capitals before the stop is an abbreviation.
_ABBREVIATION = regex.compile(r"(?<!\w)[^\W\d_]{1,3}\.$")


class Token(NamedTuple):
    """A token's extent in code points, end exclusive."""

    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """Return words (runs of letters, digits, marks and underscores) and single other marks.

    For Vietnamese a word is a syllable. White space is skipped. What joins to the
    character before (combining marks, joiners, variation selectors, emoji after a joiner)
    stays with it, so no token cuts what people see as one character.
    """
    return [Token._make(found.span()) for found in _TOKEN.finditer(text)]


def count_tokens(text: str) -> int:
    """Return how many tokens the text has."""
    return sum(1 for _ in _TOKEN.finditer(text))


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the extents of the sentences in code points, without white space at the ends."""
    cuts = [0, *(m.end() for m in _STOP.finditer(text) if _ends(text, m)), len(text)]
    found: list[tuple[int, int]] = []
    for left, right in pairwise(cuts):
        piece = text[left:right]
        start = left + len(piece) - len(piece.lstrip())
        end = left + len(piece.rstrip())
        if start < end:
            found.append((start, end))
    return found


def is_end(text: str, at: int) -> bool:
    """Whether a sentence ends with the stop that begins there."""
    stop = _STOP.match(text, at)
    return stop is not None and _ends(text, stop)


def _ends(text: str, stop: regex.Match[str]) -> bool:
    if stop.group() == "\n":
        return True
    before = text[max(0, stop.start() - 4) : stop.start() + 1]
    short = _ABBREVIATION.search(before)
    if short and short.group().isupper() and stop.group() == ".":
        return False
    following = text[stop.end() : stop.end() + 80].lstrip()[:1]
    return not following or not following.isalpha() or following.isupper()


def syllables(text: str) -> list[list[Token]]:
    """Return the sentences of the text as the tokens in them."""
    tokens = tokenize(text)
    found: list[list[Token]] = []
    at = 0
    for _, end in sentences(text):
        first = at
        while at < len(tokens) and tokens[at].start < end:
            at += 1
        found.append(tokens[first:at])
    return found
