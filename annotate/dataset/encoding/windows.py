"""Windows over a text that is too long for one row, and what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator

from annotate.dataset.encoding.aligning import IGNORED, Labelled
from annotate.spans import Span

Extent = tuple[int, int]


def cut(count: int, window: tuple[int, int] | None) -> list[Extent]:
    """Return the windows over so many sub-tokens, by the size of one and its stride."""
    if window is None or count <= window[0]:
        return [(0, count)]
    size, stride = window
    found = [(start, min(start + size, count)) for start in range(0, count, size - stride)]
    # The first that reaches the end is the last.
    last = next(number for number, (_, end) in enumerate(found) if end == count)
    return found[: last + 1]


def shown_in(labelled: Labelled, window: Extent) -> list[int]:
    """Return the labels of a window; what its edges cut has none, as it is not all there."""
    start, end = window
    return [
        label if start <= first and last <= end else IGNORED
        for label, (first, last) in zip(
            labelled.labels[start:end], labelled.wholes[start:end], strict=True
        )
    ]


def in_no_window(labelled: Labelled, windows: list[Extent]) -> Iterator[tuple[Span, int]]:
    """Yield the spans that no window has as a whole, and how many sub-tokens each has."""
    step = windows[1][0] if len(windows) > 1 else 1
    for span, (first, last) in labelled.shown:
        # Of the windows that begin before it, the last one reaches furthest.
        if last > windows[min(first // step, len(windows) - 1)][1]:
            yield span, last - first
