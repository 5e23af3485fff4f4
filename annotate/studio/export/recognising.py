"""Recognising work that came before: an annotation by its number, an export by its annotations."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from annotate.corpus import Article
from annotate.studio.export.matching import Match, Matched
from annotate.studio.export.reading import ExportedAnnotation, ExportedTask
from annotate.studio.ledger import EXPORT, Ledger, Place

# What the ledger can hold as a number.
_LARGEST = 2**63 - 1


def is_number(told: object) -> bool:
    """Whether an id of an export can be a number in the ledger."""
    return isinstance(told, int) and abs(told) <= _LARGEST


def made_number(task: ExportedTask, article: Article, told: ExportedAnnotation) -> int:
    """Return a number that is made of what tells an annotation from others."""
    parts = (task.id, told.id, article.id, told.who, told.times()[0])
    whole = "\0".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(whole).digest()[:6], "big")


def find_place(ledger: Ledger, tasks: Iterable[Matched]) -> Place:
    """Return where the ledger has the same project's work from before, or a new place.

    One annotation that is known tells it; tasks are looked at until there is one.
    """
    known = ledger.places(EXPORT)
    # Number 0 are documents of other formats.
    exports = [place for place in known if place.project > 0]
    for task, match in tasks if exports else ():
        article = match.article if isinstance(match, Match) else None
        for told in task.everyones:
            for place in exports:
                if _is_there(ledger, place, task, article, told):
                    return place
    return Place(EXPORT, 1 + max((place.project for place in known), default=0))


def _is_there(
    ledger: Ledger, place: Place, task: ExportedTask, article: Article | None,
    told: ExportedAnnotation,
) -> bool:  # fmt: skip
    numbers = [told.id] if isinstance(told.id, int) and is_number(told.id) else []
    if article is not None:
        numbers.append(made_number(task, article, told))
    created = told.times()[0]
    for number in numbers:
        known = ledger.entry(place, number)
        if known is None or known.annotation.created_at != created:
            continue
        # The text of a task that shows no article yet may have been one.
        if article is None:
            if created:
                return True
        elif known.annotation.article == article.id:
            return bool(created) or known.result == msgspec.json.encode(told.marks())
    return False
