"""The page about a corpus: its figures, plots and tables in one file of HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import jinja2
from matplotlib.ticker import MaxNLocator

from annotate.corpus.plot import NAME_WIDTH, Bar, Plot, styled, ticks, unit_of
from annotate.corpus.stats import Stats

# The rows of a plot or table before the rest is added up.
_ROWS = 15
_IDS = 20

_CHANGES = {
    "line_ends": "Line ends other than a line feed",
    "tabs": "Tabs",
    "controls": "Control characters",
    "invisible": "Invisible characters",
    "composed": "Letters composed (NFC)",
    "ends": "Spaces at the ends",
}
# The bars that clusters are counted in, by the smallest size in each.
_SIZES = {
    2: "2", 3: "3", 4: "4", 5: "5", 6: "6–9", 10: "10–19", 20: "20–49", 50: "50–99",
    100: "100–199", 200: "200–499", 500: "500–999", 1000: "1,000 and more",
}  # fmt: skip
_MARKS = {"p5": "5 % below {:,}", "p50": "median {:,}", "p95": "5 % above {:,}"}
# In months: the units of bars, and the steps of their scale.
_UNITS = {1: "month", 12: "year", 120: "decade", 1200: "century"}
_MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12000, 24000)


def stats_page(stats: Stats, title: str) -> str:
    """Return a page of HTML about a corpus, for whoever decides whether to annotate it.

    The page needs no other file, no script and no network, and follows the reader's light
    or dark theme. The same figures give the same page.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("annotate.corpus", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": _number, "short": _short, "plain": _plain}
    environment.globals |= {"share": _share, "plural": _plural}
    return environment.get_template("page.html.j2").render(
        title=title,
        stats=stats,
        plots=_plots(stats),
        drawn=_drawn(stats),
        changes={_CHANGES[name]: getattr(stats.changes, name) for name in _CHANGES},
        languages=_top(stats.languages, "language"),
        reasons=_top(stats.reasons, "reason"),
        lookalikes=sorted(stats.lookalikes, key=lambda found: -found.count),
        ids=_IDS,
    )


def _plots(stats: Stats) -> dict[str, str]:
    """Return the plots as SVG; nothing for one that would have nothing to compare."""
    with styled():
        return {
            "lengths": _lengths(stats) if stats.lengths else "",
            "months": _months(stats) if len(stats.months) > 1 else "",
            "sources": _sources(stats) if len(stats.sources) > 1 else "",
            "clusters": _clusters(stats) if stats.duplicates.sizes else "",
        }


def _lengths(stats: Stats) -> str:
    """Draw how many articles have how many tokens, with the median and both ends marked."""
    lengths = _drawn(stats)
    step = _step(lengths)
    counts = Counter(length // step for length in lengths)
    plot = Plot(height=225, top=52)
    for index, count in sorted(counts.items()):
        start, end = index * step, (index + 1) * step - 1
        name = f"{start:,}–{end:,} tokens" if end > start else _plural(start, "token")
        plot.column(start, Bar(name, count), step * 0.92, _plural(count, "article"))
    # A single bar is no wider than one of many.
    left, right = min(counts) * step, max(max(counts) + 1, min(counts) + 8) * step
    plot.axes.set_xlim(left, right)
    percentiles = stats.tokens.percentiles
    for row, (name, words) in enumerate(_MARKS.items()):
        value = percentiles[name]
        far = value > (left + right) / 2
        plot.mark(value + 0.5, 46 - row * 14, words.format(value), left_of=far)
    plot.scale_y(max(counts.values()))
    plot.axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    plot.axes.xaxis.set_major_formatter(ticks(right))
    shortest, median, longest = (f"{percentiles[name]:,}" for name in ("p0", "p50", "p100"))
    return plot.svg(f"Articles by length: {shortest} to {longest} tokens, median {median}")


def _drawn(stats: Stats) -> list[int]:
    """Return the lengths but those of a few very long articles, which would squeeze the rest."""
    limit = 2 * stats.tokens.percentiles.get("p95", 0)
    return sorted(length for length in stats.lengths if length <= limit)


def _step(lengths: Sequence[int]) -> int:
    """Return how many tokens a bar spans: by Rice's rule, within what can be drawn."""
    bars = min(40, max(8, 2 * len(lengths) ** (1 / 3)))
    steps = (int(digit * 10**power) for power in range(12) for digit in (1, 2, 5))
    return next(step for step in steps if step * bars > lengths[-1] - lengths[0])


def _months(stats: Stats) -> str:
    """Draw the articles by month, or by year and more where the months are too many."""
    months = {int(m[:4]) * 12 + int(m[5:]) - 1: count for m, count in stats.months.items()}
    first, last = min(months), max(months)
    unit = next(unit for unit in _UNITS if last - first < 400 * unit)
    counts: Counter[int] = Counter()
    for month, count in months.items():
        counts[month // unit] += count
    # Gaps between very narrow bars would flicker.
    width = 0.82 if (last - first) // unit < 100 else 1
    plot = Plot(height=185)
    for position, count in sorted(counts.items()):
        bar = Bar(_month(position * unit, unit), count)
        plot.column(position - width / 2, bar, width, _plural(bar.count, "article"))
    step = next(s for s in _MONTH_STEPS if s >= unit and (last - first) // s < 6)
    ticks = [month for month in range(first, last + 1) if month % step == 0]
    plot.axes.set_xticks([t // unit for t in ticks], [_month(t, max(step, unit)) for t in ticks])
    margin = max(0.6, 3 - (last - first) / unit / 2)
    plot.axes.set_xlim(first // unit - margin, last // unit + margin)
    plot.scale_y(max(counts.values()))
    return plot.svg(f"Articles by {_UNITS[unit]}, {min(stats.months)} to {max(stats.months)}")


def _month(month: int, unit: int) -> str:
    return f"{month // 12:04}" if unit >= 12 else f"{month // 12:04}-{month % 12 + 1:02}"


def _sources(stats: Stats) -> str:
    """Draw the sources with most articles, one below the other, and what the others have."""
    bars = _top(stats.sources, "source")
    label = f"Articles by source, of {_plural(len(stats.sources), 'source')}"
    return _rows(bars, label, stats.articles)


def _clusters(stats: Stats) -> str:
    """Draw how many clusters of near-duplicates have how many articles."""
    counts: Counter[int] = Counter()
    for size, count in stats.duplicates.sizes.items():
        counts[max(start for start in _SIZES if start <= size)] += count
    bars = [
        Bar(f"{name} articles", counts[start])
        for start, name in _SIZES.items()
        if start <= max(counts)
    ]
    return _rows(bars, "Clusters of near-duplicates by their size")


def _rows(bars: Sequence[Bar], label: str, whole: int = 0) -> str:
    """Draw lying bars with their counts, and with their shares where there is a whole."""
    right = 92 if whole else 56
    plot = Plot(height=22 * len(bars) + 8, left=NAME_WIDTH, right=right, top=4, bottom=4)
    widest = max(bar.count for bar in bars if not bar.rest)
    for row, bar in enumerate(bars):
        says = f"{bar.count:,}\u2002{_share(bar.count, whole)}" if whole else f"{bar.count:,}"
        plot.row(row, bar, widest, says)
    plot.axes.set_xlim(0)
    plot.axes.set_ylim(len(bars) - 0.5, -0.5)
    plot.axes.set_axis_off()
    return plot.svg(label)


def _top(counts: Mapping[str, int], noun: str) -> list[Bar]:
    """Return the first of the counts, which are ranked, and the sum of the others."""
    bars = [Bar(_plain(name) or "(not given)", count) for name, count in counts.items()]
    others = bars[_ROWS:]
    # A single one takes no more room under its own name.
    if len(others) < 2:
        return bars
    total = sum(bar.count for bar in others)
    return [*bars[:_ROWS], Bar(f"other ({_plural(len(others), noun)})", total, rest=True)]


def _number(count: float) -> str:
    return f"{count:,.0f}"


def _short(count: float) -> str:
    """Return a number in few characters: `9,500`, `12.3k`, `1.5M`."""
    size, letter = unit_of(count)
    return f"{count / size:.3g}{letter}" if letter else f"{count:,.0f}"


def _share(part: int, whole: int) -> str:
    """Return `12 %`; never nothing for something, nor everything where some is missing."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "<0.1\u00a0%"
    if 99.5 <= percent < 100:
        return ">99\u00a0%"
    return f"{percent:.{int(0 < percent < 9.95)}f}\u00a0%"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _plain(name: str) -> str:
    """Return a name from a source on one line, without what would turn or hide its letters."""
    # Joiners hold emoji and the letters of several scripts together.
    shown = (char if char.isprintable() or char in "\u200c\u200d" else " " for char in name[:200])
    return " ".join("".join(shown).split())
