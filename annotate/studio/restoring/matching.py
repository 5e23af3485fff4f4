"""Which annotation on the server is which of the ledger's, and whether it reads as it did."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from annotate.spans import Annotation
from annotate.studio.ledger import Entry
from annotate.studio.sweep import read_marks
from annotate.studio.wire import WireAnnotation


class Pair(NamedTuple):
    """A restored annotation and what it was; `exact` unless somebody changed it since."""

    wire: WireAnnotation
    old: Entry
    exact: bool


def pair(
    wires: Iterable[WireAnnotation], entries: Iterable[Entry], number_of: Callable[[str], int]
) -> list[Pair]:
    """Find the annotations of an article that were restored from these entries.

    `number_of` tells under which person's number that of an address was sent. What people
    made since is in no pair.
    """
    left = sorted(wires, key=lambda wire: wire.id)
    waiting = sorted(entries, key=lambda entry: entry.annotation.id)
    pairs: list[Pair] = []
    for exact in (True, False):
        for old in tuple(waiting):
            person = number_of(old.annotation.annotator)
            theirs = [wire for wire in left if wire.completed_by == person]
            fitting = [wire for wire in theirs if _is_same(wire, old)] if exact else theirs
            if fitting:
                pairs.append(Pair(fitting[0], old, exact))
                left.remove(fitting[0])
                waiting.remove(old)
    return pairs


def _is_same(wire: WireAnnotation, old: Entry) -> bool:
    skipped = old.annotation.status == "skipped"
    # Another database tells the same JSON in other bytes.
    return wire.was_cancelled == skipped and read_marks(wire.result) == read_marks(old.result)


def are_copies(wires: Sequence[WireAnnotation], pairs: Sequence[Pair]) -> bool:
    """Whether annotations are nothing but restored ones that nobody changed."""
    return len(wires) == len(pairs) and all(one.exact for one in pairs)


def reads_the_same(now: Annotation, before: Annotation) -> bool:
    """Whether an annotation is what it was, but for its number and whose it is."""
    return _plain(now) == _plain(before)


def _plain(annotation: Annotation) -> dict[str, Any]:
    known: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(annotation))
    return {**known, "id": 0, "annotator": ""}
