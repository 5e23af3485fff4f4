"""What two versions of a text have in common, and where a span of the old one is in the new."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher
from operator import attrgetter
from typing import Literal, NamedTuple

import msgspec

from annotate.align.characters import filled, spelled
from annotate.align.edits import sifted, slid
from annotate.align.matching import match
from annotate.align.moved import find_moved
from annotate.align.words import Block, split

# Pairs of characters of two phrases up to which they are compared in full.
_FULLY = 250_000


class Carried(NamedTuple):
    """Where a span is in the new text; `changed` when what it spans reads otherwise there."""

    start: int
    end: int
    changed: bool


class Alignment(msgspec.Struct, frozen=True):
    """What an old and a new text have in common.

    `blocks` are in order in both texts, `moved` in the order of the old one. No code point
    of either text is in two of them.
    """

    old: str
    new: str
    blocks: tuple[Block, ...]
    moved: tuple[Block, ...] = ()

    def carry(self, start: int, end: int) -> Carried | None:
        """Return where a span of the old text is in the new one; None when that is not sure.

        Exact when one block holds all of it. Changed when both edges are known, by the code
        point inside the edge, else by the one outside or the border of the text, unless
        nothing is left between them, more went in or out than by mending words, or some of
        it moved elsewhere.

        Raises `ValueError` for what is no span of the old text.
        """
        if not 0 <= start < end <= len(self.old):
            raise ValueError(f"{start}–{end} is no span of a text of {len(self.old)}")
        return (
            self._exact(self.blocks, start, end)
            or self._exact(self.moved, start, end)
            or self._changed(start, end)
        )

    def _exact(self, blocks: Sequence[Block], start: int, end: int) -> Carried | None:
        block = _at(blocks, start)
        if block is None or block.old + block.length < end:
            return None
        first = start - block.old + block.new
        last = first + end - start
        assert self.new[first:last] == self.old[start:end]  # noqa: S101, the proof
        return Carried(first, last, changed=False)

    def _changed(self, start: int, end: int) -> Carried | None:
        span = Block(start, 0, end - start)
        inside, outside = self._place(start), self._place(start - 1)
        first = outside + 1 if inside is None and outside is not None else inside
        inside, outside = self._place(end - 1), self._place(end)
        last = outside if inside is None else inside + 1
        if first is None or last is None or _is_among(self.moved, span, "old"):
            return None
        likely = _is_likely(self.old[start:end], self.new[first:last])
        return Carried(first, last, changed=True) if likely else None

    def _place(self, at: int) -> int | None:
        """Return where a code point is now; what is beyond the border of a text stays there."""
        if at in {-1, len(self.old)}:
            return -1 if at == -1 else len(self.new)
        block = _at(self.blocks, at)
        return None if block is None else at - block.old + block.new


def align(old: str, new: str) -> Alignment:
    """Return what two texts have in common, in time that grows about as they do."""
    if old == new:
        return Alignment(old, new, (Block(0, 0, len(old)),) if old else ())
    one, two = split(old), split(new)
    kept = slid(one, two, sifted(one, two, match(one.words, two.words)))
    start, end = Block(0, 0, 0), Block(len(old), len(new), 0)
    blocks = tuple(filled(old, new, [start, *spelled(one, two, kept), end]))
    moved = tuple(
        block
        for run in find_moved(one, two, kept)
        for block in filled(old, new, spelled(one, two, [run]))
        # What was left out and put in may also have been compared by characters.
        if not _is_among(blocks, block, "old") and not _is_among(blocks, block, "new")
    )
    return Alignment(old, new, blocks, moved)


def _last(blocks: Sequence[Block], at: int, side: Literal["old", "new"]) -> Block | None:
    """Return the last block that starts at a code point of a text or before it."""
    number = bisect_right(blocks, at, key=attrgetter(side))
    return blocks[number - 1] if number else None


def _at(blocks: Sequence[Block], at: int) -> Block | None:
    """Return the block that a code point of the old text is in."""
    block = _last(blocks, at, "old")
    return block if block and at < block.old + block.length else None


def _is_among(blocks: Sequence[Block], block: Block, side: Literal["old", "new"]) -> bool:
    """Whether a code point of a block is in one of others in that text."""
    start: int = getattr(block, side)
    before = _last(blocks, start + block.length - 1, side)
    return before is not None and start < getattr(before, side) + before.length


def _is_likely(before: str, after: str) -> bool:
    """Whether somebody who mends a text makes such a change within a span.

    Half of the characters must stay: other words are another name. Neither may be longer than
    twice the other and 40 code points; and it may not grow by words and by lines, which is a
    paragraph put in.
    """
    shorter, longer = sorted((len(before), len(after)))
    if not after.strip() or longer > 2 * shorter + 40:
        return False
    more_lines = after.count("\n") > before.count("\n")
    if more_lines and len(after.split()) > len(before.split()):
        return False
    return _is_alike(before.casefold(), after.casefold())


def _is_alike(before: str, after: str) -> bool:
    """Whether at least half of the two texts' characters stand in both, in the same order."""
    whole = len(before) + len(after)
    head = _shared(before, after)
    before, after = before[head:], after[head:]
    tail = _shared(before[::-1], after[::-1])
    before, after = before[: len(before) - tail], after[: len(after) - tail]
    same = 2 * (head + tail)
    if 2 * same >= whole:
        return True
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    # Comparing two long texts in full takes time that grows with the square of their length.
    ratio = matcher.ratio() if len(before) * len(after) < _FULLY else matcher.quick_ratio()
    return 2 * (same + ratio * (len(before) + len(after))) >= whole


def _shared(one: str, other: str) -> int:
    """Return how many code points the two begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
