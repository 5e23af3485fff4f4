"""A text before it was made canonical: where each of its places is in the canonical one.

`annotate.align` compares words, and of a decomposed Vietnamese text hardly a word is the
same. Here a text is taken apart at white space, where no character is made of two, and each
piece is made canonical by itself; the pieces must add up to the canonical text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple
from unicodedata import combining, normalize

from annotate.text import canonicalise

# White space that stays some; what Python counts as white space besides is taken out.
_PIECE = re.compile(r"[^\S\x1c-\x1f]+|(?:\S|[\x1c-\x1f])+")


class _Pieces(NamedTuple):
    """Pieces as they were and as they are, and where each begins."""

    raw: list[str]
    canonical: list[str]
    raw_starts: list[int]
    starts: list[int]


class RawText:
    """A text as somebody annotated it, and its canonical `text`.

    Raises `ValueError` when it holds a lone surrogate, which is not text.
    """

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.text = canonicalise(raw).text

    def find(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a span of the raw text is in the canonical one; None when unproved.

        So it is when it begins or ends within what is one character there, or spans nothing
        that is left. Offsets are code points.
        """
        first, last = self._place(start), self._place(end)
        if first is None or last is None or first >= last:
            return None
        same = canonicalise(self.raw[start:end]).text == canonicalise(self.text[first:last]).text
        return (first, last) if same else None

    def _place(self, at: int) -> int | None:
        if self.raw == self.text:
            return at
        pieces = self._pieces
        if pieces is None:
            return None
        number = bisect_right(pieces.raw_starts, at) - 1
        raw, canonical = pieces.raw[number], pieces.canonical[number]
        inner = _inner(raw, canonical, at - pieces.raw_starts[number])
        place = None if inner is None else pieces.starts[number] + inner
        return None if place is None else min(max(place, 0), len(self.text))

    @cached_property
    def _pieces(self) -> _Pieces | None:
        """The text taken apart; None when it does not add up."""
        raw = [match[0] for match in _PIECE.finditer(self.raw)]
        canonical = [_canonical(piece) for piece in raw]
        whole = "".join(canonical)
        if whole.strip() != self.text:
            return None
        stripped = len(whole) - len(whole.lstrip())
        raw_starts = list(accumulate(map(len, raw), initial=0))[:-1]
        starts = list(accumulate(map(len, canonical), initial=-stripped))[:-1]
        return _Pieces(raw, canonical, raw_starts, starts)


def _canonical(piece: str) -> str:
    # With something at both ends, white space is not stripped.
    return canonicalise(f"|{piece}|").text[1:-1] if piece.isspace() else canonicalise(piece).text


def _inner(raw: str, canonical: str, at: int) -> int | None:
    """Return which place of a canonical piece is that of a raw one."""
    if raw == canonical or at == 0:
        return at
    if at == len(raw):
        return len(canonical)
    if not raw.strip():
        return len(_canonical(raw[:at]))
    return _within_word(raw, canonical, at)


def _within_word(raw: str, canonical: str, at: int) -> int | None:
    """Count the decomposed characters before the place, without those that were taken out."""
    decomposed = _in_order([(part, n) for n, char in enumerate(raw) for part in _parts(char)])
    kept: list[int] = []
    rest = iter(decomposed)
    for wanted in _parts(canonical):
        found = next((number for part, number in rest if part == wanted), None)
        if found is None:
            return None
        kept.append(found)
    before = sum(number < at for number in kept)
    if any(number >= at for number in kept[:before]):
        return None
    counts = list(accumulate((len(_parts(char)) for char in canonical), initial=0))
    return counts.index(before) if before in counts else None


def _parts(text: str) -> str:
    return normalize("NFD", text)


def _in_order(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return decomposed characters with the marks on each base in Unicode's order."""
    ordered: list[tuple[str, int]] = []
    marks: list[tuple[str, int]] = []
    for part in parts:
        if combining(part[0]):
            marks.append(part)
            continue
        ordered += sorted(marks, key=lambda mark: combining(mark[0]))
        marks = []
        ordered.append(part)
    return [*ordered, *sorted(marks, key=lambda mark: combining(mark[0]))]
