"""Pictures of marked text: what people marked, in the colours of the labels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import text_to_path
from matplotlib.transforms import IdentityTransform

from annotate.dataset.card.drawing import INK, PAPER, WIDTH, Canvas, Theme, legible, styled
from annotate.dataset.examples import Passage, drawable
from annotate.schema import Schema
from annotate.schema.guide.style import ink_on

_EDGE = 24
# What shows that a text goes on stays at the word beside it; very long words are broken.
_WORD = re.compile(r"^… \S{1,30}|\S{1,30}(?: …$)?")
_SIZE, _TAG = 15.0, 9.0
# Above and below the line on which letters stand.
_ASCENT, _DESCENT = 14, 5
_LEVEL = 15
_GAP = 12
_ROWS = 30
_PILL = 230


class Word(NamedTuple):
    """A word of a text, at `start` of it in code points, at `x` of its line in pixels."""

    text: str
    start: int
    x: float


class Stretch(NamedTuple):
    """The part of a mark on a line: from `left` to `right`, on a `level` below the words."""

    left: float
    right: float
    label: str
    level: int
    begins: bool


class Line(NamedTuple):
    """A line of words and what is marked on it."""

    words: list[Word]
    marked: list[Stretch]

    @property
    def depth(self) -> float:
        """How far below its letters its marks reach."""
        return _LEVEL * max((one.level + 1 for one in self.marked), default=0)


def draw_passage(passage: Passage, schema: Schema) -> str:
    """Draw a passage with a bar below every mark, and the names of the labels below the bars.

    Nothing when the pictures' font lacks letters of the text or of the names.
    """
    if not all(map(drawable, (passage.text, *(label for _, _, label in passage.marks)))):
        return ""
    lines = list(_set(passage, WIDTH - 2 * _EDGE))
    heights = [_ASCENT + _DESCENT + _GAP + line.depth for line in lines]
    height = sum(heights) - _GAP + 2 * _EDGE - 6
    with styled():
        page = _Page(height, schema)
        top = height - _EDGE + 3
        for line, taken in zip(lines, heights, strict=True):
            page.line(line, _EDGE, top - _ASCENT, named=True)
            top -= taken
        named = ", ".join(dict.fromkeys(label for _, _, label in passage.marks))
        return page.canvas.svg(f"A passage with its marks: {named}")


def draw_examples(examples: Mapping[str, Passage], schema: Schema) -> str:
    """Draw a row a label: its name on its colour, and what somebody marked with it.

    Nothing when the pictures' font lacks letters of the names, or there are no examples.
    """
    shown = [(name, examples[name]) for name in schema.labels if name in examples]
    shown = [pair for pair in shown if drawable(pair[0]) and drawable(pair[1].text)][:_ROWS]
    if not shown:
        return ""
    left = _EDGE + min(_PILL, max(_width(name, 11) for name, _ in shown) + 36)
    rows = [(name, list(_set(passage, WIDTH - left - _EDGE))) for name, passage in shown]
    leading = _ASCENT + _DESCENT + 8
    height = 2 * _EDGE - 8 + sum(leading * len(lines) + 12 for _, lines in rows) - 12
    with styled():
        page = _Page(height, schema)
        top = height - _EDGE + 4
        for name, lines in rows:
            page.pill(name, _EDGE, top - _ASCENT)
            for line in lines:
                page.line(line, left, top - _ASCENT, named=False)
                top -= leading
            top -= 12
        return page.canvas.svg(f"An example of each label: {', '.join(name for name, _ in shown)}")


class _Page:
    """Draws lines of marked text."""

    def __init__(self, height: float, schema: Schema) -> None:
        self.canvas = Canvas(height, outlined=True)
        self._colors = {entity.name: entity.color for entity in schema.entities}

    def line(self, line: Line, left: float, y: float, *, named: bool) -> None:
        """Draw a line whose letters stand at the height `y`."""
        # The outer ones first, each hidden by those within it: two colours mixed are mud.
        for one in reversed(line.marked):
            color = self._colors.get(one.label, "#808080")
            x, width = left + one.left - 1, one.right - one.left + 2
            for theme, alpha in ((PAPER, 1), ((color, color), 0.24)):
                self._box(x, y - _DESCENT, width, _ASCENT + _DESCENT, theme, alpha)
            below = y - _DESCENT - 4 - one.level * _LEVEL
            self._box(x, below, width, 2.5, legible(color))
            if named and one.begins:
                self._text(one.label, x, below - 9, _TAG, legible(color))
        for word in line.words:
            self._text(word.text, left + word.x, y, _SIZE, INK)

    def pill(self, name: str, left: float, y: float) -> None:
        """Draw a label's name on its colour."""
        color = self._colors.get(name, "#808080")
        ink = "#000000" if ink_on(color) == "#000" else "#ffffff"
        size = 11.0
        while _width(name, size) > _PILL - 36 and size > 4:
            size -= 0.5
        self._box(left, y - 6, _width(name, size) + 18, 22, (color, color), radius=6)
        self._text(name, left + 9, y + 1, size, (ink, ink))

    def _text(self, words: str, x: float, y: float, size: float, theme: Theme) -> None:
        self.canvas.figure.text(
            x / WIDTH, y / self.canvas.height, words, fontsize=size, family="DejaVu Sans",
            color=self.canvas.colour(theme), va="baseline", parse_math=False,
        )  # fmt: skip

    def _box(
        self, x: float, y: float, width: float, height: float, theme: Theme,
        alpha: float = 1, radius: float = 1.25,
    ) -> None:  # fmt: skip
        patch = FancyBboxPatch(
            (x + radius, y + radius), width - 2 * radius, height - 2 * radius,
            boxstyle=f"round,pad={radius}", facecolor=self.canvas.colour(theme), edgecolor="none",
            alpha=alpha, transform=IdentityTransform(),
        )  # fmt: skip
        self.canvas.figure.add_artist(patch)


def _set(passage: Passage, room: float) -> Iterator[Line]:
    """Yield the lines of a passage, broken at blanks where the room ends."""
    words: list[Word] = []
    x, blank = 0.0, _width("\u00a0", _SIZE)
    for found in _WORD.finditer(passage.text):
        width = _width(found[0], _SIZE)
        if words and x + width > room:
            yield _marked(words, passage)
            words, x = [], 0.0
        words.append(Word(found[0], found.start(), x))
        x += width + blank * passage.text[found.end() : found.end() + 1].isspace()
    if words:
        yield _marked(words, passage)


def _marked(words: list[Word], passage: Passage) -> Line:
    """Find what is marked on a line, and a level for each where it hides no other."""
    first, last = words[0].start, words[-1].start + len(words[-1].text)
    marked: list[Stretch] = []
    taken: list[list[tuple[float, float]]] = []
    for start, end, label in sorted(passage.marks, key=lambda m: (m[1] - m[0], m)):
        if start >= last or end <= first:
            continue
        left, right = _at(words, max(start, first)), _at(words, min(end, last), ends=True)
        begins = start >= first
        reach = max(right, left + _width(label, _TAG) if begins else right) + 8
        level = next(
            (n for n, row in enumerate(taken) if all(reach <= a or b <= left for a, b in row)),
            len(taken),
        )
        if level == len(taken):
            taken.append([])
        taken[level].append((left, reach))
        marked.append(Stretch(left, right, label, level, begins))
    return Line(words, marked)


def _at(words: Sequence[Word], offset: int, *, ends: bool = False) -> float:
    """Return where a character of the passage begins, or one before it ends, on its line."""
    before = [word for word in words if word.start < offset or (not ends and word.start == offset)]
    word = before[-1] if before else words[0]
    if not ends and offset > word.start + len(word.text):
        return word.x + _width(word.text, _SIZE)
    return word.x + _width(word.text[: max(0, offset - word.start)], _SIZE)


@cache
def _font(size: float) -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=size)


def _width(text: str, size: float) -> float:
    """Return how wide a text is in pixels."""
    if not text:
        return 0.0
    return float(text_to_path.get_text_width_height_descent(text, _font(size), ismath=False)[0])
