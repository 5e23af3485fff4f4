"""The words of a text, and stretches that two texts have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import regex

# Scripts without spaces between words: each character counts as a word.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_JOINED = r"\p{GCB=EX}\p{GCB=ZWJ}\p{GCB=SM}"
_NEXT = rf"[[\w--{_UNSPACED}]{_JOINED}]"
_WHOLE = rf"[\w--[{_UNSPACED}{_JOINED}]]{_NEXT}*"
# A word, or else what is seen as one character; white space is neither.
_WORD = regex.compile(rf"(?V1){_WHOLE}|(?!\s(?![{_JOINED}]))\X")
_WITHIN_WORD = regex.compile(rf"(?V1)(?<={_WHOLE})(?={_NEXT})")
_CHARACTER = regex.compile(r"\X")


class Block(NamedTuple):
    """A stretch that is the same in both texts: where it starts in each, and how long it is.

    In an alignment these are code points, on the way there words.
    """

    old: int
    new: int
    length: int


class Words(NamedTuple):
    """The words of a text, and where each starts and ends, in code points."""

    text: str
    words: list[str]
    starts: list[int]
    ends: list[int]


def split(text: str) -> Words:
    """Return the words of a text; marks of punctuation and emoji are words too."""
    extents = [found.span() for found in _WORD.finditer(text)]
    words = [text[start:end] for start, end in extents]
    return Words(text, words, [start for start, _ in extents], [end for _, end in extents])


def is_within_word(text: str, at: int) -> bool:
    """Whether an offset lies within a word."""
    return _WITHIN_WORD.match(text, at) is not None


def characters(text: str) -> list[str]:
    """Return what people see as characters, each of one code point or several."""
    found: list[str] = _CHARACTER.findall(text)
    return found


def grams(words: Sequence[str], width: int) -> list[int]:
    """Return a number for each run of so many words: the same for the same words."""
    return list(map(hash, zip(*(words[at:] for at in range(width)), strict=False)))


def united(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks with those that follow one another in both texts made one."""
    last = Block(0, 0, 0)
    for block in blocks:
        if (last.old + last.length, last.new + last.length) == block[:2]:
            last = last._replace(length=last.length + block.length)
            continue
        if last.length:
            yield last
        last = block
    if last.length:
        yield last
