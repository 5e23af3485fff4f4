"""Plots for a page, as SVG that takes the page's font and colours."""

from __future__ import annotations

import io
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import regex
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from rich.cells import cell_len

# The widest a plot is drawn, and the size of its text, in units of its SVG.
_WIDTH = 400
NAME_WIDTH = 160
_NAME_COLUMNS = 24

# What the library draws in these colours takes those of the page.
_INK, _QUIET, _LINE, _ACCENT, _REST, _PANEL = (f"#01020{digit}" for digit in range(6))
_COLOURS = {
    _INK: "currentColor",
    _QUIET: "var(--quiet)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _REST: "var(--rest)",
    _PANEL: "var(--panel)",
}
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "corpus",
    "font.size": 11,
    "text.color": _INK,
    "axes.edgecolor": _LINE,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 6,
    "xtick.labelcolor": _QUIET,
    "ytick.labelcolor": _QUIET,
}


def styled() -> AbstractContextManager[None]:
    """Draw what is drawn within in one style, whatever style its user has."""
    return style.context(["default", _STYLE])


@dataclass(frozen=True)
class Bar:
    """A bar of a plot, or a row of a table: a name and a count; `rest` adds up all others."""

    name: str
    count: int
    rest: bool = False


class Plot:
    """A plot on its way into a page, whose font and colours it takes.

    The library measures text in a font of its own that lacks most of the world's letters,
    and reads formulas in it. So it gets placeholders: `words` has what to put in their
    place, and what to tell of a bar, by the id of the SVG's group.
    """

    def __init__(
        self, height: int, left: int = 36, right: int = 10, top: int = 12, bottom: int = 20
    ) -> None:
        self.height = height
        self.figure = Figure(figsize=(_WIDTH / 72, height / 72), dpi=72)
        self.figure.patch.set_visible(False)
        self.box = (left, bottom, _WIDTH - left - right, height - top - bottom)
        x, y, across, up = self.box
        self.axes = self.figure.add_axes((x / _WIDTH, y / height, across / _WIDTH, up / height))
        self.axes.patch.set_visible(False)
        self.words: dict[str, str] = {}

    def column(self, left: float, bar: Bar, width: float, says: str) -> None:
        """Draw an upright bar that tells what it stands for."""
        (patch,) = self.axes.bar(left, bar.count, width, color=_ACCENT, clip_on=False, align="edge")
        patch.set_gid(self._say(f"{bar.name}: {says}"))

    def row(self, y: int, bar: Bar, widest: int, says: str) -> None:
        """Draw a lying bar between its name and its count.

        What the others have together would squeeze the rest: a longer bar is drawn broken.
        """
        broken = bar.count > 1.5 * widest
        end = 1.25 * widest if broken else bar.count
        colour = _REST if bar.rest else _ACCENT
        (patch,) = self.axes.barh(y, end, 0.66, color=colour, clip_on=False)
        patch.set_gid(self._say(f"{bar.name}: {says}"))
        if broken:
            gap = (0.74 * end, 0.77 * end), (y + 0.45, y - 0.45)
            self.axes.plot(*gap, color=_PANEL, linewidth=3, clip_on=False)
        self._write(cut_name(bar.name), (0, y), (-8, 0), ha="right", va="center_baseline")
        self._write(says, (end, y), (6, 0), color=_QUIET, va="center_baseline")

    def mark(self, x: float, rise: int, words: str, *, left_of: bool) -> None:
        """Draw a line at a length, up to so many units above the bars, with a flag at its head."""
        across = self.axes.get_xaxis_transform()
        top = 1 + rise / self.box[3]
        self.axes.plot([x, x], [0, top], color=_INK, linewidth=0.9, transform=across, clip_on=False)
        offset, side = ((-5, -8), "right") if left_of else ((5, -8), "left")
        self._write(words, (x, top), offset, ha=side, xycoords=across)

    def scale_y(self, top: int) -> None:
        """Put a few whole numbers at the left, with light lines."""
        self.axes.set_ylim(0, top)
        self.axes.grid(axis="y", clip_on=False)
        self.axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        self.axes.yaxis.set_major_formatter(ticks(top))

    def _write(
        self, words: str, at: tuple[float, float], offset: tuple[int, int], **settings: Any
    ) -> None:
        self.axes.annotate(
            "x", at, offset, textcoords="offset points", annotation_clip=False,
            gid=self._say(words), **settings,
        )  # fmt: skip

    def svg(self, label: str) -> str:
        """Return the plot as the SVG of a page, described by `label`."""
        stream = io.StringIO()
        self.figure.savefig(stream, format="svg", metadata={"Date": None})
        drawn = ET.fromstring(stream.getvalue())  # noqa: S314 - made here
        for element in drawn.iter():
            self._adapt(element)
        box = f"0 0 {_WIDTH} {self.height}"
        svg = ET.Element("svg", {"viewBox": box, "role": "img", "aria-label": label})
        ET.SubElement(svg, "title").text = label
        svg.extend(drawn.findall("g"))
        return ET.tostring(svg, encoding="unicode")

    def _adapt(self, element: ET.Element) -> None:
        """Take away what is the library's own: namespaces, ids, fonts, blank space."""
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        if element.tag not in {"text", "title"}:
            element.text = None
        if words := self.words.get(element.attrib.pop("id", "")):
            text = element.find("{*}text")
            # A bar has none, and says its words when it is pointed at.
            (ET.SubElement(element, "title") if text is None else text).text = words
        properties = element.get("style", "").split("; ")
        kept = "; ".join(p for p in properties if p and not p.startswith("font"))
        for drawn, themed in _COLOURS.items():
            kept = kept.replace(drawn, themed)
        if kept:
            element.set("style", kept)

    def _say(self, words: str) -> str:
        gid = f"words-{len(self.words)}"
        self.words[gid] = words
        return gid


def ticks(top: float) -> FuncFormatter:
    """Write the numbers of a scale, all in the unit of its end."""
    size, letter = unit_of(top)
    return FuncFormatter(lambda value, _: f"{value / size:,g}{letter if value else ''}")


def unit_of(top: float) -> tuple[int, str]:
    """Return what a scale up to `top` counts in: thousands, millions, or ones."""
    scales = ((10**9, "G"), (10**6, "M"), (10**3, "k"))
    return next((scale for scale in scales if top >= max(scale[0], 10**4)), (1, ""))


def cut_name(name: str) -> str:
    """Return a name in no more columns than there are at the left of a bar."""
    if cell_len(name) <= _NAME_COLUMNS:
        return name
    kept = ""
    for letter in regex.findall(r"\X", name):
        if cell_len(kept + letter) >= _NAME_COLUMNS:
            break
        kept += letter
    return f"{kept.rstrip()}…"
