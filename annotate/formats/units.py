"""What the offsets of a text may count, and which of that a file's spans tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Literal, get_args

import regex

from annotate.tokens import tokenize

Units = Literal["utf-16", "code-points", "graphemes"]
Place = tuple[int, int]
# Where words begin, and where they end.
Edges = tuple[set[int], set[int]]

UNITS: tuple[Units, ...] = get_args(Units)
_CLUSTER = regex.compile(r"\X")


def find_units(texts: Iterable[tuple[str, Sequence[Place]]]) -> Units | None:
    """Return the unit of the offsets in a file's texts; None when they do not tell.

    Among the spans that the units put in different places, it is the one under which the most
    begin and end where words do. A unit that puts a span outside its text or within a
    character is out, unless all do; and when one is out under which more spans than under the
    others begin and end so, they do not tell.
    """
    clean: Counter[Units] = Counter()
    possible = list(UNITS)
    # Pairs of units that put some span in different places.
    apart: set[tuple[Units, Units]] = set()
    for text, spans in texts:
        if not is_special(text):
            continue
        starts = {units: places_of(text, units) for units in UNITS}
        edges = word_edges(text)
        for span in spans:
            found = {units: put(span, starts[units]) for units in UNITS}
            if len(set(found.values())) > 1:
                possible = [units for units in possible if found[units]]
                apart |= {(a, b) for a, b in combinations(possible, 2) if found[a] != found[b]}
                clean.update(units for units in UNITS if is_clean(found[units], edges))
    if any(clean[units] > max(clean[one] for one in possible) for units in UNITS if possible):
        return None
    best = [units for units in possible if clean[units] == max(clean[one] for one in possible)]
    return best[0] if best and not apart.intersection(combinations(best, 2)) else None


def is_special(text: str) -> bool:
    """Whether the units count the text differently."""
    if text.isascii():
        return "\r\n" in text
    return max(text) > "\uffff" or len(_CLUSTER.findall(text)) < len(text)


def same_until(text: str) -> int:
    """Return how many code points there are before one that the units count differently."""
    for found in _CLUSTER.finditer(text):
        if found.end() - found.start() > 1 or found.group() > "\uffff":
            return found.start()
    return len(text)


def places_of(text: str, units: Units) -> Sequence[int]:
    """Return where each unit begins, in code points, and where the last one ends.

    The second half of what is two units in UTF-16 begins nowhere: -1.
    """
    if units == "code-points":
        return range(len(text) + 1)
    if units == "graphemes":
        return [*(found.start() for found in _CLUSTER.finditer(text)), len(text)]
    places: list[int] = []
    for at, char in enumerate(text):
        places += (at, -1) if char > "\uffff" else (at,)
    return [*places, len(text)]


def put(span: Place, places: Sequence[int]) -> Place | None:
    """Return the span's extent in code points, None when it has none."""
    if not 0 <= span[0] < span[1] < len(places):
        return None
    start, end = places[span[0]], places[span[1]]
    return None if -1 in {start, end} else (start, end)


def word_edges(text: str) -> Edges:
    """Return where words begin, and where they end."""
    tokens = tokenize(text)
    return {token.start for token in tokens}, {token.end for token in tokens}


def is_clean(place: Place | None, edges: Edges) -> bool:
    """Whether a span begins and ends where words do."""
    return place is not None and place[0] in edges[0] and place[1] in edges[1]
