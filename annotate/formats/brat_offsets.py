"""Where brat's spans lie in their text: by their offsets, in what these count, as they quote it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

Piece = tuple[int, int]

# How much of the text is told around a span that is not what it quotes.
_AROUND = 30


class Marked(msgspec.Struct, frozen=True):
    """A T line: where it is said, and what."""

    where: str
    id: str
    label: str
    pieces: list[Piece]
    quoted: str


def find_extents(spans: Sequence[Marked], text: str) -> tuple[str, list[list[Piece] | str]]:
    """Return the text, and each span's pieces in it or why it is not the text there.

    Of the ways to count, the one counts by which the most are what they quote.
    """
    best: tuple[str, list[list[Piece] | str]] = (text, [])
    fewest = len(spans) + 1
    for view, places in _views(text):
        extents = [_extent(marked, view, places) for marked in spans]
        wrong = sum(isinstance(extent, str) for extent in extents)
        # Where two are alike, code points are what it should have been.
        if wrong < fewest:
            best, fewest = (view, extents), wrong
        if not wrong:
            break
    return best


def _views(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield the text in the ways its offsets may count it, and where each count lies in it."""
    yield text, range(len(text) + 1)
    if not text.isascii() and max(text) > "\uffff":
        places: list[int] = []
        for at, char in enumerate(text):
            places += (at, -1) if char > "\uffff" else (at,)
        yield text, [*places, len(text)]
    if "\r" in text:
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        yield plain, range(len(plain) + 1)


def _extent(marked: Marked, text: str, places: Sequence[int]) -> list[Piece] | str:
    """Return the span's pieces in code points, or why it is not the text."""
    found: list[Piece] = []
    for start, end in marked.pieces:
        if not start <= end < len(places) or -1 in {places[start], places[end]}:
            return f"{start} {end} is no stretch of the text"
        found.append((places[start], places[end]))
    # Some tools quote a line feed as a space, and pieces were once joined without one.
    pieces = [re.sub(r"\s", " ", text[start:end]) for start, end in found]
    quoted = re.sub(r"\s", " ", marked.quoted)
    if quoted.strip() and not quoted.startswith((" ".join(pieces), "".join(pieces))):
        start, end = found[0][0], found[-1][1]
        before, after = text[max(start - _AROUND, 0) : start], text[end : end + _AROUND]
        shown = f"{before}[{' '.join(pieces)[:80]}]{after}"
        return f"the text there is {shown!r}, not {marked.quoted[:80]!r}"
    return found
