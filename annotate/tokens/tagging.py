"""Spans become tags of tokens; what the tags do not show as marked is told."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain
from typing import NamedTuple

from annotate.errors import TaggingError
from annotate.settings import Tagging
from annotate.spans import Span, outermost, overlap, reading_order
from annotate.tokens.words import Token


class Loss(NamedTuple):
    """A span that the tags do not show, or show with another extent, and why."""

    span: Span
    reason: str


class Tagged(NamedTuple):
    """A sentence's tokens, and as many tags on every level, the outermost one first."""

    tokens: list[Token]
    levels: list[list[str]]


def tag(
    sentences: Sequence[Sequence[Token]], spans: Iterable[Span], tagging: Tagging
) -> tuple[list[Tagged], list[Loss]]:
    """Return the sentences with tags (`O`, `B-LABEL`, …), and every loss in reading order.

    A span is not shown when it is nested in one that is (`nested`) or holds one (`outer`),
    when it crosses one (`crossing`) or lies deeper than the last level (`too deep`), when it
    spreads over sentences (`sentences`), holds no token (`empty`), or when another span has
    one of its tokens (`shared token`). One that cuts a token is listed (`cut token`), whether
    it is shown or not. Raises `TaggingError` for it when the tagging says so.
    """
    tokens = list(chain.from_iterable(sentences))
    page = _Page(tokens, sentences, tagging)
    layers, losses = layered(spans, tagging)
    for tags, layer in zip(page.levels, layers, strict=True):
        for span in layer:
            if reason := page.put(tags, span):
                losses.append(Loss(span, reason))
    losses.sort(key=lambda loss: reading_order(loss.span))
    return page.sentences(), losses


def layered(spans: Iterable[Span], tagging: Tagging) -> tuple[list[list[Span]], list[Loss]]:
    """Return flat layers of spans, one for each level of tags, and the spans that none has."""
    if tagging.nesting == "innermost":
        layer, rest = innermost(spans)
        return [layer], [Loss(span, _beside(span, layer, "outer")) for span in rest]
    layers: list[list[Span]] = []
    rest = list(spans)
    for _ in range(tagging.depth):
        layer, rest = outermost(rest)
        layers.append(layer)
    if tagging.nesting == "levels":
        return layers, [Loss(span, "too deep") for span in rest]
    return layers, [Loss(span, _beside(span, layers[0], "nested")) for span in rest]


def innermost(spans: Iterable[Span]) -> tuple[list[Span], list[Span]]:
    """Split spans into a flat layer and the rest.

    Taken from the shortest to the longest, a span joins the layer when it overlaps none
    already there: so of nested spans the inner one stays, of crossing spans the shorter.
    """
    layer: list[Span] = []
    rest: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.end - s.start, *reading_order(s))):
        # In order, so that only the neighbours can overlap.
        at = bisect_left(layer, span.start, key=lambda s: s.start)
        near = layer[max(0, at - 1) : at + 1]
        if any(overlap(span, one) for one in near):
            rest.append(span)
        else:
            layer.insert(at, span)
    return layer, rest


def _beside(span: Span, layer: list[Span], nested: str) -> str:
    """Return how a span that is left out lies to those that are shown."""
    for one in layer:
        within = one.start <= span.start and span.end <= one.end
        around = span.start <= one.start and one.end <= span.end
        if (within if nested == "nested" else around) and overlap(one, span):
            return nested
    return "crossing"


class _Page:
    """The tokens of a text, and the tags that they have so far."""

    def __init__(
        self, tokens: list[Token], sentences: Sequence[Sequence[Token]], tagging: Tagging
    ) -> None:
        self._tokens = tokens
        starts, ends = zip(*tokens, strict=True) if tokens else ((), ())
        self._starts: Sequence[int] = starts
        self._ends: Sequence[int] = ends
        self._cut = tagging.cut
        self._bilou = tagging.scheme == "BILOU"
        self._firsts = list(accumulate(map(len, sentences), initial=0))
        self.levels = [["O"] * len(tokens) for _ in range(tagging.depth)]

    def put(self, tags: list[str], span: Span) -> str:
        """Show a span; return why it is a loss, empty when it is none."""
        first = bisect_right(self._ends, span.start)
        last = bisect_left(self._starts, span.end)
        cut = False
        if first < last:
            left = self._starts[first] < span.start
            right = self._ends[last - 1] > span.end
            cut = left or right
            if cut and self._cut == "error":
                raise TaggingError(f"a span of {span.label}, {span.start}–{span.end}, cuts a token")
            if cut and self._cut == "drop":
                return "cut token"
            if cut and self._cut == "contract":
                first, last = first + left, last - right
        if first >= last:
            return "cut token" if cut else "empty"
        if tags[first:last].count("O") < last - first:
            return "shared token"
        if last > self._firsts[bisect_right(self._firsts, first)]:
            return "sentences"
        tags[first:last] = self._tags(span.label, last - first)
        # White space at a span's ends is outside every token and is no cut.
        return "cut token" if cut else ""

    def _tags(self, label: str, count: int) -> list[str]:
        if not self._bilou:
            return [f"B-{label}", *[f"I-{label}"] * (count - 1)]
        if count == 1:
            return [f"U-{label}"]
        return [f"B-{label}", *[f"I-{label}"] * (count - 2), f"L-{label}"]

    def sentences(self) -> list[Tagged]:
        """Return what was put, sentence by sentence."""
        pairs = zip(self._firsts, self._firsts[1:], strict=False)
        return [
            Tagged(self._tokens[first:last], [tags[first:last] for tags in self.levels])
            for first, last in pairs
        ]
