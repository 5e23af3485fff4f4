"""Examples of what people marked, chosen for the card while the dataset is built."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import msgspec

from annotate.corpus import Article
from annotate.spans import Annotation, Span, covers, reading_order

# A passage is looked for in so many articles of a kind, and has so many characters.
_ARTICLES = 200
_LENGTH = range(60, 421)
_MARKS = 12
_LABELS = 6
# The longest mark that stands as an example, and how much text is shown on its sides.
_MARK = 48
_SIDE = 26
_NEAR = 8


class Passage(msgspec.Struct, frozen=True):
    """A piece of an article's text with marks in it, as (start, end, label)."""

    text: str
    marks: tuple[tuple[int, int, str], ...]


class Examples:
    """One example of each label, and a passage with several.

    By preference they come from the training split, so that the card tells nothing of the
    others, and can be drawn with the letters that pictures have.
    """

    def __init__(self, labels: Iterable[str]) -> None:
        self._best: dict[str, tuple[int, Passage]] = {}
        self._sources: dict[str, str] = {}
        self._wanted = {*labels}
        self._passage: tuple[int, Passage] | None = None
        self._seen = {True: 0, False: 0}

    @property
    def labels(self) -> dict[str, Passage]:
        """The example of each label that has one."""
        return {label: passage for label, (_, passage) in self._best.items()}

    @property
    def passage(self) -> Passage | None:
        """The passage that shows most: several labels, by preference nested."""
        return self._passage[1] if self._passage else None

    def add(self, article: Article, chosen: Annotation, *, train: bool) -> None:
        """Look at an article for better examples than those that there are."""
        self._seen[train] += 1
        early = self._seen[train] <= _ARTICLES
        # Most articles come when every label has an example without a fault.
        if not early and not self._wanted:
            return
        spans = sorted(chosen.spans, key=reading_order)
        for span in spans:
            if span.label in self._wanted:
                self._look(article, span, train=train)
        if early:
            self._find_passage(article.text, spans, train=train)

    def _look(self, article: Article, span: Span, *, train: bool) -> None:
        passage = _around(article.text, span)
        others = {source for label, source in self._sources.items() if label != span.label}
        faults = _faults(passage) + 64 * (not train) + (article.id in others)
        if span.label not in self._best or faults < self._best[span.label][0]:
            self._best[span.label] = (faults, passage)
            self._sources[span.label] = article.id
        if not faults:
            self._wanted.discard(span.label)

    def _find_passage(self, text: str, spans: Sequence[Span], *, train: bool) -> None:
        for start, end in _lines(text):
            if end - start not in _LENGTH:
                continue
            first = bisect_left(spans, start, key=lambda span: span.start)
            last = bisect_left(spans, end, key=lambda span: span.start)
            within = [span for span in spans[first:last] if span.end <= end]
            if not within or len(within) > _MARKS:
                continue
            worth = _worth(within) + 100 * train
            if self._passage is not None and worth <= self._passage[0]:
                continue
            if drawable(text[start:end]):
                marks = ((s.start - start, s.end - start, s.label) for s in within)
                self._passage = (worth, Passage(text[start:end], tuple(marks)))


def _faults(passage: Passage) -> int:
    """Return how little a passage is good for as the example of the mark in it."""
    ((start, end, _),) = passage.marks
    after = passage.text[end:]
    return (
        32 * (not drawable(passage.text))
        + 16 * (end - start > _MARK or "\n" in passage.text)
        # A name in the middle of a word is what nobody would show.
        + 8 * (passage.text[:start][-1:].isalnum() or after[:1].isalnum())
        + 4 * (start < _NEAR and len(after) < _NEAR)
        + 2 * (start < _NEAR or len(after) < _NEAR)
    )


def _worth(spans: Sequence[Span]) -> int:
    """Return how much a passage with these spans shows."""
    labels = len({span.label for span in spans})
    nested = any(covers(one, other) for one in spans for other in spans if one is not other)
    return 2 * min(labels, _LABELS) + nested


def _lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the extents of a text's lines without their line feeds."""
    start = 0
    for line in text.split("\n"):
        yield start, start + len(line)
        start += len(line) + 1


def _around(text: str, span: Span) -> Passage:
    """Return a mark with some words on its sides, all of one line as far as the mark is."""
    left = max(text.rfind("\n", 0, span.start) + 1, span.start - _SIDE)
    right = text.find("\n", span.end)
    right = min(len(text) if right < 0 else right, span.end + _SIDE)
    before, after = text[left : span.start], text[span.end : right]
    if left and text[left - 1] != "\n":
        # Whole words; the first one is cut.
        before = "… " + before.partition(" ")[2]
    if right < len(text) and text[right] != "\n":
        after = after.rpartition(" ")[0] + " …"
    before = before.lstrip()
    end = len(before) + span.end - span.start
    marked = before + text[span.start : span.end]
    return Passage(marked + after.rstrip(), ((len(before), end, span.label),))


def drawable(text: str) -> bool:
    """Whether pictures have all the letters of a text, and lay them out as its readers do."""
    return all(map(_has_glyph, text))


@cache
def _has_glyph(char: str) -> bool:
    # Written from right to left, or shown by what it does to its neighbours.
    if unicodedata.bidirectional(char) in {"R", "AL", "AN"} or unicodedata.category(char) == "Cf":
        return False
    return char.isspace() or ord(char) in _glyphs()


@cache
def _glyphs() -> frozenset[int]:
    """Return the code points of the font that comes with matplotlib."""
    import matplotlib as mpl  # noqa: PLC0415 - takes its time, and few datasets need it twice
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415

    return frozenset(FT2Font(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf")).get_charmap())
