"""Plots of a dataset's numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from annotate.corpus.plot import cut_name
from annotate.dataset.card.drawing import BARS, INK, LINE, QUIET, WIDTH, Canvas, styled

_EDGE = 24
# Rows of a plot; what is beyond them is in the card's table.
_ROWS = 30
_ROW = 26
_NAME = 176
_BARS = 24

By = Mapping[str, Mapping[str, int]]


def draw_labels(labels: By, splits: Sequence[str]) -> str:
    """Draw how often each label is in each split, the most frequent first."""
    totals = {name: sum(by.values()) for name, by in labels.items()}
    shown = sorted(labels, key=lambda name: -totals[name])[:_ROWS]
    most = max(totals.values())
    with styled():
        height = _ROW * len(shown) + 2 * _EDGE + 30
        canvas = Canvas(height, outlined=False)
        axes = _axes(canvas, _EDGE + _NAME, _EDGE - 8, WIDTH - 2 * _EDGE - _NAME - 62, height - 48)
        for row, name in enumerate(shown):
            _stack(canvas, axes, row, name, labels[name], splits)
        axes.set_xlim(0, most)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.set_axis_off()
        _legend(canvas, splits)
        return canvas.svg(
            "Spans by label and split: " + ", ".join(f"{name} {totals[name]:,}" for name in shown)
        )


def _stack(
    canvas: Canvas, axes: Axes, row: int, name: str, by: Mapping[str, int], splits: Sequence[str]
) -> None:  # fmt: skip
    left = 0
    for split in splits:
        if by[split]:
            (bar,) = axes.barh(row, by[split], 0.62, left, color=canvas.colour(BARS[split]))
            bar.set_clip_on(False)
            bar.set_gid(canvas.say(f"{name}, {split}: {by[split]:,}"))
            left += by[split]
    _write(canvas, axes, cut_name(name), (0, row), (-10, 0), ha="right")
    _write(canvas, axes, f"{left:,}", (left, row), (7, 0), quiet=True)


def _legend(canvas: Canvas, splits: Sequence[str]) -> None:
    """Name the splits at the top, in the order of their parts of a bar."""
    axes = _axes(canvas, _EDGE + _NAME, canvas.height - _EDGE - 14, 400, canvas.height - _EDGE)
    axes.set_xlim(0, 400)
    axes.set_ylim(0, 14)
    axes.set_axis_off()
    for number, split in enumerate(splits):
        x = 110 * number
        axes.barh(7, 12, 12, x, color=canvas.colour(BARS[split]), clip_on=False)
        _write(canvas, axes, split, (x + 12, 7), (7, 0), quiet=True)


def draw_articles(lengths: Counter[int], marked: Counter[int]) -> str:
    """Draw how many articles have how many characters, and how many spans."""
    with styled():
        canvas = Canvas(230, outlined=False)
        half = (WIDTH - 3 * _EDGE) / 2
        _histogram(canvas, lengths, _EDGE, half, "Articles by length in characters")
        _histogram(canvas, marked, 2 * _EDGE + half, half, "Articles by number of spans")
        return canvas.svg(
            f"Articles by length, {_range(lengths)} characters, and by number of spans, "
            f"{_range(marked)}"
        )


def _histogram(
    canvas: Canvas, counts: Counter[int], left: float, width: float, title: str
) -> None:  # fmt: skip
    step, bars = bins(counts)
    axes = _axes(canvas, left + 34, _EDGE + 16, width - 34, canvas.height - _EDGE - 28)
    gap = 0.12 if step > 1 else 0.2
    for start, count in sorted(bars.items()):
        said = f"{start:,}–{start + step - 1:,}" if step > 1 else f"{start:,}"
        place = start if step > 1 else start - 0.5
        (bar,) = axes.bar(
            place + step * gap / 2, count, step * (1 - gap), align="edge",
            color=canvas.colour(BARS["train"]), clip_on=False,
        )  # fmt: skip
        bar.set_gid(canvas.say(f"{said}: {count:,}"))
    # A single bar is no wider than one of many.
    shift = 0 if step > 1 else 0.5
    last = max(max(bars) + step, min(bars) + 6 * step)
    axes.set_xlim(min(bars) - shift, last - shift)
    axes.set_ylim(0, max(bars.values()))
    axes.grid(axis="y", color=canvas.colour(LINE), clip_on=False)
    axes.spines["bottom"].set_color(canvas.colour(LINE))
    _scale(canvas, axes)
    _write(canvas, axes, title, (0, 1), (-34, 20), xycoords="axes fraction")


def _scale(canvas: Canvas, axes: Axes) -> None:
    """Write a few whole numbers at the axes, as text of the reader's font."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(4, integer=True))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.tick_params(labelcolor=canvas.colour(QUIET), labelsize=11)


def bins(counts: Counter[int]) -> tuple[int, dict[int, int]]:
    """Return how much a bar spans, and the count of each bar by where it begins.

    As many bars as Rice's rule gives, within what can be drawn.
    """
    wanted = min(_BARS, max(8, 2 * counts.total() ** (1 / 3)))
    steps = (int(digit * 10**power) for power in range(12) for digit in (1, 2, 5))
    step = next(step for step in steps if step * wanted > max(counts) - min(counts))
    bars: Counter[int] = Counter()
    for value, count in counts.items():
        bars[value // step * step] += count
    return step, dict(bars)


def _axes(canvas: Canvas, left: float, bottom: float, width: float, top: float) -> Axes:
    """Return axes at a place of the picture; `top` is the height at which they end."""
    box = (left / WIDTH, bottom / canvas.height, width / WIDTH, (top - bottom) / canvas.height)
    axes = canvas.figure.add_axes(box)
    axes.patch.set_visible(False)
    return axes


def _write(
    canvas: Canvas, axes: Axes, words: str, at: tuple[float, float], offset: tuple[int, int],
    *, quiet: bool = False, ha: str = "left", xycoords: str = "data",
) -> None:  # fmt: skip
    axes.annotate(
        "x", at, offset, textcoords="offset points", annotation_clip=False, va="center_baseline",
        gid=canvas.say(words), color=canvas.colour(QUIET if quiet else INK), ha=ha,
        xycoords=xycoords,
    )  # fmt: skip


def _range(counts: Counter[int]) -> str:
    least, most = min(counts), max(counts)
    return f"{least:,}" if least == most else f"{least:,} to {most:,}"
