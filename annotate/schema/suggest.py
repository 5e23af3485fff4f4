"""Spans that a schema's own patterns find in an article."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from annotate.schema.model import Entity, Schema
from annotate.schema.patterns import extents
from annotate.spans import Span, reading_order


class Slow(NamedTuple):
    """A pattern that ran out of time: its label, and its number there, from 0."""

    label: str
    number: int


class Suggested(NamedTuple):
    """The spans suggested in a text, and the patterns that were given up."""

    spans: list[Span]
    slow: list[Slow]


def suggest(schema: Schema, text: str) -> list[Span]:
    """Return the spans that the patterns of the schema match, as `suggest_all` finds them."""
    return suggest_all(schema, text).spans


def suggest_all(
    schema: Schema, text: str, seconds: float = 1.0, without: Collection[Slow] = ()
) -> Suggested:
    """Return the spans that the patterns of the schema match, in reading order.

    Of overlapping matches of one label the longest stays (the first of equals); matches of
    different labels may nest. A match without its white space at either end is used. A
    pattern that takes longer than `seconds` suggests nothing in this text; the others do,
    but for those in `without`.
    """
    found: list[Span] = []
    slow: list[Slow] = []
    for entity in schema.entities:
        matches = _matches(entity, text, seconds, slow, without)
        taken = bytearray(len(text) if matches else 0)
        for start, end in sorted(matches, key=lambda extent: (extent[0] - extent[1], extent[0])):
            if not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Span(id="", start=start, end=end, label=entity.name))
    ordered = sorted(found, key=reading_order)
    spans = [
        Span(id=f"s{number}", start=span.start, end=span.end, label=span.label)
        for number, span in enumerate(ordered, start=1)
    ]
    return Suggested(spans, slow)


def _matches(
    entity: Entity, text: str, seconds: float, slow: list[Slow], without: Collection[Slow]
) -> set[tuple[int, int]]:
    """Return the extents that an entity's patterns match, and note those that run out of time."""
    matches: set[tuple[int, int]] = set()
    for number, pattern in enumerate(entity.patterns):
        if without and Slow(entity.name, number) in without:
            continue
        try:
            matches.update(extents(pattern, text, seconds))
        except TimeoutError:
            slow.append(Slow(entity.name, number))
    return matches
