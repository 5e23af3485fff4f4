"""Edits as people make them: no words kept by chance, and borders where the text has some."""

from __future__ import annotations

from itertools import accumulate

from annotate.align.words import Block, Words

# No run of so many words is kept by chance.
_LONG = 8
# How many words an edit is moved at most to stand at a better border.
_FARTHEST = 200
_SENTENCE_ENDS = frozenset(".!?…。")


def sifted(one: Words, two: Words, runs: list[Block]) -> list[Block]:
    """Return the runs without those that chance has matched amid words that differ.

    A run goes when there are fewer words in it than a quarter of those replaced around it;
    a mark of punctuation counts as a quarter of a word.
    """
    weights = list(accumulate((4 if word[0].isalnum() else 1 for word in one.words), initial=0))
    kept = [Block(0, 0, 0)]
    for run in (*runs, _end(one, two)):
        while len(kept) > 1 and _is_by_chance(weights, kept[-2], kept[-1], run):
            kept.pop()
        kept.append(run)
    return [run for run in kept if run.length]


def _end(one: Words, two: Words) -> Block:
    return Block(len(one.words), len(two.words), 0)


def _is_by_chance(weights: list[int], before: Block, run: Block, after: Block) -> bool:
    if _is_next(before, run) or _is_next(run, after):
        return False  # at the start or at the end of both texts
    removed = after.old - before.old - before.length - run.length
    added = after.new - before.new - before.length - run.length
    weight = weights[run.old + run.length] - weights[run.old]
    return weight < min(removed, added, 4 * _LONG)


def _is_next(one: Block, other: Block) -> bool:
    return (one.old + one.length, one.new + one.length) == other[:2]


def slid(one: Words, two: Words, runs: list[Block]) -> list[Block]:
    """Return the runs with what was put in or left out between them at the best borders."""
    kept = [Block(0, 0, 0)]
    for run in (*runs, _end(one, two)):
        last = kept.pop()
        by = _best_shift(one, two, last, run)
        if last.length + by or not kept:
            kept.append(last._replace(length=last.length + by))
        if run.length > by:
            kept.append(Block(run.old + by, run.new + by, run.length - by))
    return [run for run in kept if run.length]


def _best_shift(one: Words, two: Words, before: Block, after: Block) -> int:
    """Return by how many words the edit between two runs is best moved, to the same effect."""
    old, new = before.old + before.length, before.new + before.length
    if (old == after.old) == (new == after.new):
        return 0
    text, start, end = (two, new, after.new) if old == after.old else (one, old, after.old)
    words, left, right = text.words, min(before.length, _FARTHEST), min(after.length, _FARTHEST)
    back = next((n for n in range(left) if words[start - 1 - n] != words[end - 1 - n]), left)
    on = next((n for n in range(right) if words[start + n] != words[end + n]), right)
    return max(
        range(-back, on + 1), key=lambda by: _border(text, start + by) + _border(text, end + by)
    )


def _border(text: Words, at: int) -> int:
    """Return how clear a border there is before a word: 0 between two words, 5 at the ends."""
    if at in {0, len(text.words)}:
        return 5
    before, after = text.words[at - 1], text.words[at]
    lines = text.text[text.ends[at - 1] : text.starts[at]].count("\n")
    if lines or before in _SENTENCE_ENDS:
        return 2 + min(lines, 2)
    return 0 if before[0].isalnum() and after[0].isalnum() else 1
