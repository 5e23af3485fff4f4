"""What was left out at one place of a text and put in at another."""

from __future__ import annotations

from collections.abc import Iterator

from annotate.align.words import Block, Words, grams

# How many words must have moved together; fewer may be elsewhere by chance.
_LEAST = 8


def find_moved(one: Words, two: Words, kept: list[Block]) -> Iterator[Block]:
    """Yield runs among what was left out that are, once in both, among what was put in."""
    free, vacant = bytearray(b"\1" * len(one.words)), bytearray(b"\1" * len(two.words))
    _occupy(free, vacant, *kept)
    places = _unique(two.words, vacant)
    for gram, at in _unique(one.words, free).items():
        run = Block(at, places.get(gram, -1), _LEAST)
        if run.new < 0 or not _is_free(one, two, run, free, vacant):
            continue
        while _is_free(one, two, Block(run.old - 1, run.new - 1, 1), free, vacant):
            run = Block(run.old - 1, run.new - 1, run.length + 1)
        while _is_free(
            one, two, Block(run.old + run.length, run.new + run.length, 1), free, vacant
        ):
            run = run._replace(length=run.length + 1)
        _occupy(free, vacant, run)
        yield run


def _occupy(free: bytearray, vacant: bytearray, *runs: Block) -> None:
    for run in runs:
        free[run.old : run.old + run.length] = bytes(run.length)
        vacant[run.new : run.new + run.length] = bytes(run.length)


def _is_free(one: Words, two: Words, run: Block, free: bytearray, vacant: bytearray) -> bool:
    """Whether the words are the same, and matched nowhere yet."""
    old, new = (slice(at, at + run.length) for at in run[:2])
    if run.old < 0 or run.new < 0 or not free[old] or not vacant[new]:
        return False
    return all(free[old]) and all(vacant[new]) and one.words[old] == two.words[new]


def _unique(words: list[str], free: bytearray) -> dict[int, int]:
    """Return where runs of free words start that there are but once, in order."""
    places: dict[int, int] = {}
    for at, gram in enumerate(grams(words, _LEAST)):
        if free[at] and all(free[at : at + _LEAST]):
            places[gram] = -1 if gram in places else at
    return {gram: at for gram, at in places.items() if at >= 0}
