"""The words that two texts have in common, in order: anchors first, then what lies between."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from annotate.align.words import Block, grams, united

# How many words make an anchor, round by round.
_WIDTHS = (16, 4, 2, 1)
# How many words times how many words are matched by their longest common sequence.
_LARGEST_GAP = 1 << 26


class Gap(NamedTuple):
    """Words of the old text from `i` to `i2`, of the new one from `j` to `j2`, not matched yet."""

    i: int
    i2: int
    j: int
    j2: int


def match(old: Sequence[str], new: Sequence[str]) -> list[Block]:
    """Return runs of words that two texts have in common, in order; they count words."""
    runs: list[Block] = []
    gaps = list(_stripped(Gap(0, len(old), 0, len(new)), old, new, runs))
    for width in _WIDTHS:
        parts = [part for gap in gaps for part in _anchored(gap, old, new, width, runs)]
        gaps = [gap for part in parts for gap in _stripped(part, old, new, runs)]
    for i, i2, j, j2 in gaps:
        if (i2 - i) * (j2 - j) <= _LARGEST_GAP:
            runs += (Block(i + a, j + b, 1) for a, b in longest_common(old[i:i2], new[j:j2]))
    return list(united(sorted(runs)))


def _stripped(gap: Gap, old: Sequence[str], new: Sequence[str], runs: list[Block]) -> Iterator[Gap]:
    """Yield a gap without what is the same at its ends, if both sides have more."""
    i, i2, j, j2 = gap
    size = min(i2 - i, j2 - j)
    head = next((n for n in range(size) if old[i + n] != new[j + n]), size)
    size -= head
    tail = next((n for n in range(size) if old[i2 - 1 - n] != new[j2 - 1 - n]), size)
    runs += (run for run in (Block(i, j, head), Block(i2 - tail, j2 - tail, tail)) if run.length)
    if i + head < i2 - tail and j + head < j2 - tail:
        yield Gap(i + head, i2 - tail, j + head, j2 - tail)


def _anchored(
    gap: Gap, old: Sequence[str], new: Sequence[str], width: int, runs: list[Block]
) -> Iterator[Gap]:
    """Match the anchors of one width in a gap, and yield what is between them."""
    i, i2, j, j2 = gap
    for a, b in _anchors(old[i:i2], new[j:j2], width):
        at, there = gap.i + a, gap.j + b
        # Anchors overlap; of one that does not continue the last one nothing is taken.
        if at - i == there - j and at < i:
            size = at + width - i
            runs.append(Block(i, j, size))
            i, j = i + size, j + size
        elif at >= i and there >= j:
            yield Gap(i, at, j, there)
            runs.append(Block(at, there, width))
            i, j = at + width, there + width
    yield Gap(i, i2, j, j2)


def _anchors(old: Sequence[str], new: Sequence[str], width: int) -> list[tuple[int, int]]:
    """Return where words that occur equally often start in both, in order in both.

    A word alone is an anchor only where it is unique.
    """
    left, right = grams(old, width), grams(new, width)
    counts = Counter(left)
    places: dict[int, list[int]] = {}
    for at, gram in enumerate(right):
        if gram in counts:
            places.setdefault(gram, []).append(at)
    most = 1 if width == 1 else len(right)
    equal = {
        gram: iter(found)
        for gram, found in places.items()
        if len(found) == counts[gram] and len(found) <= most
    }
    pairs = [(at, next(equal[gram])) for at, gram in enumerate(left) if gram in equal]
    # Different words may have the same hash.
    same = [(a, b) for a, b in pairs if old[a : a + width] == new[b : b + width]]
    return _longest_increasing(same)


def _longest_increasing(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the most pairs, which are in order of the first, that are in order of the second."""
    lowest: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, b) in enumerate(pairs):
        length = bisect_left(lowest, b)
        before.append(last[length - 1] if length else -1)
        lowest[length : length + 1] = [b]
        last[length : length + 1] = [number]
    found: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def longest_common(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a longest common sequence, the last pair first.

    After Hyyrö, "Bit-parallel LCS-length computation revisited" (2004): in the row of a word
    of `old` the bits of those words of `new` are 0 at which the sequence so far grows.
    """
    if len(old) < len(new):
        # The bits are those of the shorter one.
        yield from ((a, b) for b, a in longest_common(new, old))
        return
    places: dict[str, int] = {}
    for at, word in enumerate(new):
        places[word] = places.get(word, 0) | 1 << at
    full = row = (1 << len(new)) - 1
    rows = [row]
    for word in old:
        grown = row & places.get(word, 0)
        row = ((row + grown) | (row - grown)) & full
        rows.append(row)
    at, there = len(old), len(new)
    while at and there:
        bit = 1 << (there - 1)
        if rows[at] & bit:
            there -= 1
        elif rows[at - 1] & bit:
            at, there = at - 1, there - 1
            yield at, there
        else:
            at -= 1
