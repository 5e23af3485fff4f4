"""The tokens view: sentences, tokens and BIO tags derived from spans, and what that loses."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from annotate.spans import Span, outermost, reading_order

_ZWJ = "\u200d"
# A sentence ends at a line feed, and at a stop with its closing marks unless a small letter
# follows.
_STOP = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|\n")
# "TP. Hồ Chí Minh", "T. An": a short word in capitals before the stop is an abbreviation.
_ABBREVIATION = re.compile(r"(?<!\w)[^\W\d_]{1,3}\.$")


class Token(NamedTuple):
    """A token's extent in code points, end exclusive."""

    start: int
    end: int


class Sentence(NamedTuple):
    """A sentence's tokens and their BIO tags (`O`, `B-LABEL`, `I-LABEL`), equally many."""

    tokens: list[Token]
    tags: list[str]


class Loss(NamedTuple):
    """A span that the tags do not show, or show with another extent, and why."""

    span: Span
    reason: str


def tokenize(text: str) -> Iterator[Token]:
    """Yield words (runs of letters, digits, marks and underscores) and single other marks.

    For Vietnamese a word is a syllable. White space is skipped. What joins to the
    character before (combining marks, joiners, variation selectors, emoji after a joiner)
    stays with it, so no token cuts what people see as one character.
    """
    start = 0
    kind = ""
    previous = ""
    for at, char in enumerate(text):
        new = _kind(char)
        joined = new == "join" or previous == _ZWJ
        if kind and (joined or (at - start == 1 and _is_flag(previous + char))):
            new = kind
        elif new != "word" or kind != "word":
            if kind:
                yield Token(start, at)
            start, kind = at, new if new != "space" else ""
        previous = char
    if kind:
        yield Token(start, len(text))


def _kind(char: str) -> str:
    if char.isalnum() or char == "_":
        return "word"
    if char.isspace():
        return "space"
    # Marks, joiners and selectors; emoji skin tones are symbols (Sk) that modify.
    category = unicodedata.category(char)
    return "join" if category[0] == "M" or category == "Cf" or "🏻" <= char <= "🏿" else "other"


def _is_flag(pair: str) -> bool:
    return len(pair) == 2 and all("🇦" <= char <= "🇿" for char in pair)


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


def _ends(text: str, stop: re.Match[str]) -> bool:
    if stop.group() == "\n":
        return True
    before = text[max(0, stop.start() - 4) : stop.start() + 1]
    short = _ABBREVIATION.search(before)
    if short and short.group().isupper() and stop.group() == ".":
        return False
    following = text[stop.end() : stop.end() + 80].lstrip()[:1]
    return not following or not following.isalpha() or following.isupper()


def tag(text: str, spans: Iterable[Span]) -> tuple[list[Sentence], list[Loss]]:
    """Return the sentences with BIO tags of the outermost spans, and every loss.

    A nested span is not shown (`nested`), nor one of two that cross (`crossing`), nor one
    that spreads over sentences (`sentences`), nor one that holds no token (`empty`), nor
    one whose tokens another span has (`shared token`). A span that cuts a token is shown
    with the whole token (`cut token`).
    """
    tokens = list(tokenize(text))
    extents = sentences(text)
    tags = ["O"] * len(tokens)
    losses: list[Loss] = []
    layer, rest = outermost(spans)
    for span in rest:
        nested = any(outer.start <= span.start and span.end <= outer.end for outer in layer)
        losses.append(Loss(span, "nested" if nested else "crossing"))
    starts = [token.start for token in tokens]
    ends = [token.end for token in tokens]
    for span in layer:
        first, last = bisect_right(ends, span.start), bisect_left(starts, span.end)
        reason = _reason(span, tokens[first:last], tags[first:last], extents)
        if reason:
            losses.append(Loss(span, reason))
        if reason in {None, "cut token"}:
            tags[first:last] = [f"B-{span.label}", *[f"I-{span.label}"] * (last - first - 1)]
    rows: list[Sentence] = []
    for start, end in extents:
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        rows.append(Sentence(tokens[first:last], tags[first:last]))
    return rows, sorted(losses, key=lambda loss: reading_order(loss.span))


def _reason(
    span: Span, tokens: list[Token], tags: list[str], extents: list[tuple[int, int]]
) -> str | None:
    if not tokens:
        return "empty"
    if tags != ["O"] * len(tags):
        return "shared token"
    start, end = tokens[0].start, tokens[-1].end
    index = bisect_right([left for left, _ in extents], start) - 1
    if index < 0 or end > extents[index][1]:
        return "sentences"
    # White space at a span's ends is outside every token and is no cut.
    return "cut token" if start < span.start or span.end < end else None
