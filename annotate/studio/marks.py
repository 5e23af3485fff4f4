"""Marks as the server's own JSON has them: which are spans, where those lie, what texts say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from annotate.studio.decode import is_understood

Mark = dict[str, Any]


def is_labelled(mark: Mark) -> bool:
    """Whether it is a stretch of text under one label or several."""
    known = is_understood(mark) and mark["type"] == "labels" and mark.get("value")
    return bool(known and mark["value"].get("labels"))


def is_span(mark: Mark) -> bool:
    """Whether it is a span under one label."""
    return is_labelled(mark) and bool(mark.get("id")) and len(mark["value"]["labels"]) == 1


def relabelled(mark: Mark, labels: list[str]) -> Mark:
    """Return a span under other labels."""
    return {**mark, "value": {**mark["value"], "labels": labels}}


def texts(mark: Mark) -> tuple[str, ...] | None:
    """Return the answers in free text; None when they are none."""
    given = mark["value"].get("text")
    listed = [given] if isinstance(given, str) else given
    known = isinstance(listed, list) and all(isinstance(text, str) for text in listed)
    return tuple(listed) if known else None


def find_extents(spans: list[Mark]) -> Iterator[tuple[int, int]]:
    """Yield where spans begin and end, as far as the server tells without a contradiction."""
    words: dict[tuple[int, int], list[str]] = {}
    for number, mark in enumerate(spans, start=1):
        value = mark["value"]
        start, end, text = value.get("start"), value.get("end"), value.get("text")
        known = start is not None and end is not None and 0 <= start < end
        if known and isinstance(text, str):
            # White space is folded by some editors; line feeds come as backslash and n.
            told = text.replace("\\n", " ").split()
            # Who tells another text of the same place means another place.
            known = words.setdefault((start, end), told) == told
        yield (start, end) if known else (-2 * number, 1 - 2 * number)
