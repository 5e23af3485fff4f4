"""Two texts side by side: how similar they are, and in which words they differ."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import regex

# The words of `annotate.corpus.duplicates`.
_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_LETTER = r"[\p{L}\p{M}\p{N}]"
WORD = regex.compile(rf"(?V1)[{_LETTER}&&{_UNSPACED}]|[{_LETTER}--{_UNSPACED}]+")
_PIECE = re.compile(r"\S+\s*|\s+")

# Past this many words common ones no longer anchor the comparison, which would take minutes.
_THOROUGH = 5000


class Piece(NamedTuple):
    """A run of words that two texts share, or that only one of them has."""

    kind: Literal["same", "removed", "added"]
    text: str


def similarity(one: str, other: str, shingle_size: int) -> float:
    """Return the Jaccard similarity of the sets of word shingles of two texts, from 0 to 1."""
    left, right = (WORD.findall(text.lower()) for text in (one, other))
    return jaccard(left, right, shingle_size) if left or right else float(one == other)


def jaccard(one: Sequence[str], other: Sequence[str], shingle_size: int) -> float:
    """Return the Jaccard similarity of the sets of shingles of two lists of words."""
    left, right = _shingles(one, shingle_size), _shingles(other, shingle_size)
    return len(left & right) / len(left | right) if left or right else 0.0


def _shingles(words: Sequence[str], size: int) -> set[tuple[str, ...]]:
    # A text shorter than a shingle is one.
    if len(words) < size:
        return {tuple(words)} - {()}
    return set(zip(*(words[at:] for at in range(size)), strict=False))


def word_diff(one: str, other: str) -> Iterator[Piece]:
    """Yield what became of the words of `one` in `other`, in order; white space is nothing."""
    left, right = _PIECE.findall(one), _PIECE.findall(other)
    matcher = difflib.SequenceMatcher(
        None,
        [piece.strip() for piece in left],
        [piece.strip() for piece in right],
        autojunk=max(len(left), len(right)) > _THOROUGH,
    )
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", "".join(left[i1:i2]))
            continue
        if i1 < i2:
            yield Piece("removed", "".join(left[i1:i2]))
        if j1 < j2:
            yield Piece("added", "".join(right[j1:j2]))
