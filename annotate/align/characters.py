"""From words to code points: white space between words, and words like those they replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate, takewhile

from annotate.align.matching import Gap, longest_common
from annotate.align.words import Block, Words, characters, is_within_word, united

# How many code points are compared with how many.
_MOST = 256
# The part of their characters that words share with those that replaced them.
_SIMILAR = 0.6


def spelled(one: Words, two: Words, runs: Iterable[Block]) -> Iterator[Block]:
    """Yield runs of words as blocks of code points; word by word where white space differs."""
    for old, new, length in runs:
        start, end = one.starts[old], one.ends[old + length - 1]
        there = two.starts[new]
        if one.text[start:end] == two.text[there : two.ends[new + length - 1]]:
            yield Block(start, there, end - start)
            continue
        for n in range(length):
            yield Block(one.starts[old + n], two.starts[new + n], len(one.words[old + n]))


def filled(old: str, new: str, blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield blocks with what else is the same between each two of them."""
    found: list[Block] = []
    for block in blocks:
        if found:
            start, there = found[-1].old + found[-1].length, found[-1].new + found[-1].length
            found += _compared(old, new, Gap(start, block.old, there, block.new))
        found.append(block)
    return united(found)


def _compared(old: str, new: str, gap: Gap) -> Iterator[Block]:
    """Yield what is the same in two stretches: white space at the ends, and similar words."""
    i, i2, j, j2 = gap
    head = _shared(_leading(old[i:i2]), _leading(new[j:j2]))
    yield Block(i, j, head)
    i, j = i + head, j + head
    tail = _shared(_trailing(old[i:i2]), _trailing(new[j:j2]))
    i2, j2 = i2 - tail, j2 - tail
    if 0 < i2 - i <= _MOST and 0 < j2 - j <= _MOST:
        yield from _similar(old, new, Gap(i, i2, j, j2))
    yield Block(i2, j2, tail)


def _leading(text: str) -> list[str]:
    """Return the white space that a text starts with, up to one that bears a mark."""
    size = len(text) - len(text.lstrip())
    return list(takewhile(str.isspace, characters(text[: size + 1])))


def _trailing(text: str) -> list[str]:
    """Return the white space that a text ends with, from the end on."""
    return characters(text[len(text.rstrip()) :])[::-1]


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many code points two lists of characters have in common at their start."""
    pairs = zip(one, other, strict=False)
    return sum(len(a) for a, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _similar(old: str, new: str, gap: Gap) -> Iterator[Block]:
    """Yield what two stretches have in common by characters, if that is most of them.

    An edge of a block is at the border of a word in both texts or in neither.
    """
    one, two = characters(old[gap.i : gap.i2]), characters(new[gap.j : gap.j2])
    pairs = list(longest_common(one, two))[::-1]
    if 2 * len(pairs) < _SIMILAR * (len(one) + len(two)):
        return
    left = list(accumulate(map(len, one), initial=gap.i))
    right = list(accumulate(map(len, two), initial=gap.j))
    for a, b, size in united(Block(a, b, 1) for a, b in pairs):
        edges = zip(left[a : a + size + 1], right[b : b + size + 1], strict=True)
        alike = [(i, j) for i, j in edges if is_within_word(old, i) == is_within_word(new, j)]
        if alike:
            yield Block(*alike[0], alike[-1][0] - alike[0][0])
