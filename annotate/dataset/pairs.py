"""How alike two people marked the same text."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, combinations
from operator import itemgetter

from annotate.spans import Annotation, age

Extent = tuple[int, int]


class Alike:
    """What pairs of people marked, and how much of it both did.

    `marked` are the spans of both people of each pair, `exact` those of them that the other
    marked with the same ends, `overlapping` those that share a character with one of the
    other's; all with the same label, and a span that somebody drew twice counted once.
    """

    def __init__(self) -> None:
        self.marked = 0
        self.exact = 0
        self.overlapping = 0

    def add(self, one: set[Extent], other: set[Extent]) -> None:
        """Count what two people marked in a text with one label."""
        self.marked += len(one) + len(other)
        self.exact += 2 * len(one & other)
        self.overlapping += _touching(one, other) + _touching(other, one)

    def merge(self, other: Alike) -> None:
        """Add what another one counted."""
        self.marked += other.marked
        self.exact += other.exact
        self.overlapping += other.overlapping

    def scores(self) -> tuple[float, float]:
        """Return the F1 of exact and of overlapping spans; there must be marked ones."""
        return self.exact / self.marked, self.overlapping / self.marked


class Agreement:
    """The agreement of every two people who submitted work on the same text.

    `articles` have work of several people, who make up `pairs`. The F1 measure of one person's
    spans against the other's comes near to Cohen's kappa where most of a text is unmarked, and
    needs no count of what nobody marked (Hripcsak & Rothschild 2005, JAMIA 12(3):296-298).
    """

    def __init__(self, labels: Iterable[str]) -> None:
        self.articles = 0
        self.pairs = 0
        self.labels = {label: Alike() for label in labels}

    def add(self, submitted: Sequence[Annotation]) -> None:
        """Count the work on one text; of a person's annotations the latest counts."""
        latest = {one.annotator: one for one in sorted(submitted, key=age)}
        if len(latest) < 2:
            return
        marked = [self._extents(latest[name]) for name in sorted(latest)]
        self.articles += 1
        for one, other in combinations(marked, 2):
            self.pairs += 1
            for label, alike in self.labels.items():
                alike.add(one.get(label, set()), other.get(label, set()))

    def _extents(self, annotation: Annotation) -> Mapping[str, set[Extent]]:
        found: dict[str, set[Extent]] = {}
        for span in annotation.spans:
            found.setdefault(span.label, set()).add((span.start, span.end))
        return found

    def overall(self) -> Alike:
        """Return the sum over all labels."""
        total = Alike()
        for alike in self.labels.values():
            total.merge(alike)
        return total


def _touching(one: set[Extent], other: set[Extent]) -> int:
    """Return how many extents of one share a character with any of the other."""
    if not one or not other:
        return 0
    there = sorted(other)
    # The furthest end of all that begin so early.
    ends = list(accumulate(map(itemgetter(1), there), max))
    count = 0
    for start, end in one:
        before = bisect_left(there, (end,))
        count += before > 0 and ends[before - 1] > start
    return count
