"""Tags of the tokens of many texts at once, as numbers: what `tag` says, faster.

Most spans are whole tokens of one sentence. Where all of a text are, their tags are put into an
array, those of all texts in one go; `tag` takes the other texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import attrgetter, le
from typing import NamedTuple

import numpy as np

from annotate.errors import TaggingError
from annotate.settings import Tagging
from annotate.spans import Span, reading_order
from annotate.tokens.arrays import Cut, Flags, Ints
from annotate.tokens.tagging import Loss, layered, tag
from annotate.tokens.words import Token


class Aligned(NamedTuple):
    """The number of each token's tag on every level, and each text's losses.

    Numbers are those of the tags in the order of the labels: 0 is `O`, then each label has one
    for every prefix.
    """

    levels: list[Ints]
    losses: list[list[Loss]]


def align_tags(
    found: Cut, names: Sequence[str], spans: Sequence[Sequence[Span]], labels: Sequence[str],
    tagging: Tagging,
) -> Aligned:  # fmt: skip
    """Return the tags of texts that were cut, given the name and the spans of each.

    Raises `TaggingError`, which names the text, for a span that cuts a token, when the tagging
    says so.
    """
    first = {label: 1 + n * len(tagging.prefixes) for n, label in enumerate(labels)}
    drawn = [_layers(one, tagging) for one in spans]
    levels = [_Level(found, [layers[n] for layers, _ in drawn]) for n in range(tagging.depth)]
    others = set[int]().union(*(level.others() for level in levels))
    tags = [level.tags(others, first, tagging.prefixes) for level in levels]
    losses = [lost for _, lost in drawn]
    numbers = {"O": 0} | {
        f"{prefix}-{label}": number + at
        for label, number in first.items()
        for at, prefix in enumerate(tagging.prefixes)
    }
    for text in sorted(others):
        begin, sentences = _sentences_of(found, text)
        try:
            tagged, losses[text] = tag(sentences, spans[text], tagging)
        except TaggingError as error:
            raise TaggingError(f"{names[text]}: {error.problem}") from error
        for level, values in enumerate(tags):
            told = [numbers[one] for part in tagged for one in part.levels[level]]
            values[begin : begin + len(told)] = told
    return Aligned(tags, losses)


def _layers(spans: Sequence[Span], tagging: Tagging) -> tuple[list[list[Span]], list[Loss]]:
    """Return the spans of each level, and those that none has, in reading order."""
    ordered = sorted(spans, key=_start)
    if all(map(le, map(_end, ordered), map(_start, ordered[1:]))):
        return [ordered, *([] for _ in range(1, tagging.depth))], []
    layers, losses = layered(spans, tagging)
    return layers, sorted(losses, key=lambda loss: reading_order(loss.span))


class _Level:
    """The spans of all texts on one level of tags, text by text, which do not overlap."""

    def __init__(self, found: Cut, layers: Sequence[Sequence[Span]]) -> None:
        spans = [span for layer in layers for span in layer]
        self._owners = np.repeat(np.arange(len(layers)), [len(layer) for layer in layers])
        shift = found.bases[self._owners]
        starts = np.array([span.start for span in spans], np.int64) + shift
        ends = np.array([span.end for span in spans], np.int64) + shift
        # The numbers of a span's first token, and of the one behind its last.
        self._firsts = np.searchsorted(found.ends, starts, side="right")
        self._lasts = np.searchsorted(found.starts, ends, side="left")
        self._labels = [span.label for span in spans]
        self._whole = _are_whole(found, starts, ends, self._firsts, self._lasts)
        self._count = len(found.starts)

    def others(self) -> set[int]:
        """Return the numbers of the texts that have a span for which it takes a closer look."""
        return set(self._owners[~self._whole].tolist())

    def tags(self, others: set[int], first: dict[str, int], prefixes: str) -> Ints:
        """Return the number of each token's tag, but for the tokens of some texts.

        `first` is the number of each label's first tag.
        """
        kept = ~np.isin(self._owners, list(others))
        firsts = self._firsts[kept]
        lengths = self._lasts[kept] - firsts
        labels = np.array([first[label] for label in self._labels], np.int64)[kept]
        # Of each token in a span, the place that it has there.
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        kinds = np.where(within > 0, prefixes.index("I"), prefixes.index("B"))
        if "L" in prefixes:
            last = within == np.repeat(lengths, lengths) - 1
            kinds[last] = np.where(within[last] > 0, prefixes.index("L"), prefixes.index("U"))
        tags = np.zeros(self._count, np.int64)
        tags[np.repeat(firsts, lengths) + within] = np.repeat(labels, lengths) + kinds
        return tags


_start: Callable[[Span], int] = attrgetter("start")
_end: Callable[[Span], int] = attrgetter("end")


def _are_whole(found: Cut, starts: Ints, ends: Ints, firsts: Ints, lasts: Ints) -> Flags:
    """Whether each span holds tokens, cuts none, and lies in one sentence."""
    if not len(found.starts):
        return np.zeros(len(starts), bool)
    left = found.starts[np.minimum(firsts, len(found.starts) - 1)]
    right = found.ends[np.maximum(lasts - 1, 0)]
    one, other = (
        np.searchsorted(found.sentences, numbers, side="right") for numbers in (firsts, lasts - 1)
    )
    whole: Flags = (firsts < lasts) & (left >= starts) & (right <= ends) & (one == other)
    return whole


def _sentences_of(found: Cut, text: int) -> tuple[int, list[list[Token]]]:
    """Return the number of a text's first token, and its sentences as `tag` takes them."""
    base, end = found.bases[text : text + 2].tolist()
    first, last = np.searchsorted(found.starts, (base, end)).tolist()
    extents = ((side[first:last] - base).tolist() for side in (found.starts, found.ends))
    tokens = list(map(Token, *extents))
    lowest, highest = np.searchsorted(found.sentences[:-1], (first, last))
    cuts = [*(found.sentences[lowest:highest] - first).tolist(), len(tokens)]
    return first, [tokens[one:other] for one, other in pairwise(cuts)]
