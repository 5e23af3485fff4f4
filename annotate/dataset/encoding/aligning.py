"""Labels of words become labels of sub-tokens, by where both stand in the text.

A sub-token may be a part of a word, or hold several. Words that share one become a unit, so that
every sub-token is of one unit at most, and a span that has only some words of a unit cuts it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from annotate.errors import DatasetError
from annotate.formats.tagged import Stretch, split_tag, stretches
from annotate.spans import Span
from annotate.tokens import Loss, Tagging, Token, tag

# What training leaves out.
IGNORED = -100
NO_WORD = -1

_REASONS = {
    "cut token": "cut sub-token",
    "shared token": "shared sub-token",
    "empty": "no sub-token",
}


class Units(NamedTuple):
    """Words that have sub-tokens, those that share one joined.

    `places` and `words` (the first word's number) are by unit, `pieces` its sub-tokens;
    `owners` has the unit of each sub-token, `NO_WORD` when it stands for white space.
    """

    places: list[Token]
    words: list[int]
    pieces: list[list[int]]
    owners: list[int]


class Labelled(NamedTuple):
    """The labels of all sub-tokens on one level.

    `wholes` tells for each sub-token from where to where the sub-tokens go that are labelled
    with it: those of its span, or of its unit. `shown` are the spans, as `wholes` has them.
    """

    labels: list[int]
    wholes: list[tuple[int, int]]
    shown: list[tuple[Span, tuple[int, int]]]


def trimmed(text: str, start: int, end: int) -> Token:
    """Return the extent without white space at its ends; an empty one at `end` when all is."""
    piece = text[start:end]
    if not piece.strip():
        return Token(end, end)
    return Token(start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip()))


def find_units(words: Sequence[Token], pieces: Sequence[Token]) -> Units:
    """Return the units of a text from the places of its words and of its sub-tokens.

    Raises `DatasetError` when the sub-tokens are not in the order of the text.
    """
    starts = [word.start for word in words]
    ends = [word.end for word in words]
    reached = [
        range(bisect_right(ends, start), bisect_left(starts, end)) if start < end else range(0)
        for start, end in pieces
    ]
    glued = {word for held in reached for word in held[1:]}
    units = Units([], [], [], [])
    unit_of: dict[int, int] = {}
    for word in sorted({word for held in reached for word in held}):
        if word in glued:
            units.places[-1] = units.places[-1]._replace(end=ends[word])
        else:
            units.places.append(words[word])
            units.words.append(word)
            units.pieces.append([])
        unit_of[word] = len(units.places) - 1
    for number, held in enumerate(reached):
        units.owners.append(unit_of[held[0]] if held else NO_WORD)
        if held:
            units.pieces[units.owners[-1]].append(number)
    if any(left > right for left, right in pairwise(o for o in units.owners if o != NO_WORD)):
        raise DatasetError(
            "the tokenizer's offsets go back and forth in the text", "Use another tokenizer."
        )
    return units


def tag_units(
    units: Units, spans: Sequence[Span], tagging: Tagging
) -> tuple[list[str], list[Loss]]:
    """Return a tag for each unit, and the spans that those do not show as words do.

    The spans are flat and consist of words. One that cuts a unit gets the whole of it.
    """
    (tagged,), lost = tag([units.places], spans, tagging)
    tags = tagged.levels[0]
    known = {loss.span.id for loss in lost}
    losses = [Loss(loss.span, _REASONS[loss.reason]) for loss in lost]
    # What was to be shown is read back: a word at its edge may have no sub-token.
    back = {_extent(span) for _, span in _read(units, tags)}
    rest = (span for span in spans if span.id not in known and _extent(span) not in back)
    return tags, losses + [Loss(span, "no sub-token") for span in rest]


def label_pieces(
    units: Units, tags: Sequence[str], numbers: dict[str, int], *, label_all: bool
) -> Labelled:
    """Return the labels of the sub-tokens from those of their units."""
    labels = [IGNORED] * len(units.owners)
    wholes = [(number, number + 1) for number in range(len(units.owners))]
    for pieces, shown in zip(units.pieces, tags, strict=True):
        own = _spread(shown, len(pieces)) if label_all else [shown]
        for piece, one in zip(pieces, own, strict=False):
            labels[piece] = numbers[one]
        _fill(wholes, (pieces[0], pieces[-1] + 1))
    spans: list[tuple[Span, tuple[int, int]]] = []
    for found, span in _read(units, tags):
        whole = (units.pieces[found.first][0], units.pieces[found.last - 1][-1] + 1)
        _fill(wholes, whole)
        spans.append((span, whole))
    return Labelled(labels, wholes, spans)


def _fill(wholes: list[tuple[int, int]], whole: tuple[int, int]) -> None:
    first, last = whole
    wholes[first:last] = [whole] * (last - first)


def _read(units: Units, tags: Sequence[str]) -> Iterator[tuple[Stretch, Span]]:
    """Yield the spans that the tags show, with the units that each has."""
    for found in stretches(tags):
        start, end = units.places[found.first].start, units.places[found.last - 1].end
        yield found, Span(id="", start=start, end=end, label=found.label)


def _extent(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label


def _spread(shown: str, count: int) -> list[str]:
    """Return the tags of all the sub-tokens of a word."""
    prefix, label = split_tag(shown)
    if prefix == "O" or count == 1:
        return [shown] * count
    first = "B" if prefix in "BU" else "I"
    last = "L" if prefix in "LU" else "I"
    return [f"{first}-{label}", *[f"I-{label}"] * (count - 2), f"{last}-{label}"]
