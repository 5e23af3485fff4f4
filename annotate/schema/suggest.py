"""Spans that a schema's own patterns find in an article."""

from __future__ import annotations

from collections.abc import Iterator

from annotate.schema.model import Regex, Schema
from annotate.schema.patterns import compile_pattern
from annotate.spans import Span, reading_order


def suggest(schema: Schema, text: str) -> list[Span]:
    """Return the spans that the patterns of the schema match, in reading order.

    Of overlapping matches of one label the longest stays (the first of equals); matches of
    different labels may nest. A match without its white space at either end is used.
    """
    found: list[Span] = []
    for entity in schema.entities:
        matches = sorted(
            {extent for pattern in entity.patterns for extent in _extents(pattern, text)},
            key=lambda extent: (extent[0] - extent[1], extent[0]),
        )
        taken = bytearray(len(text))
        for start, end in matches:
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Span(id="", start=start, end=end, label=entity.name))
    ordered = sorted(found, key=reading_order)
    return [
        Span(id=f"s{number}", start=span.start, end=span.end, label=span.label)
        for number, span in enumerate(ordered, start=1)
    ]


def _extents(pattern: str | Regex, text: str) -> Iterator[tuple[int, int]]:
    for match in compile_pattern(pattern).finditer(text):
        phrase = match.group()
        start = match.start() + len(phrase) - len(phrase.lstrip())
        end = match.start() + len(phrase.rstrip())
        if start < end:
            yield start, end
