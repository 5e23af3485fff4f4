"""What becomes of marks when articles get new texts: foretold, and told afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from annotate.align import align
from annotate.corpus import Article
from annotate.studio.carry import carry_marks
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.pushing.plan import Plan
from annotate.studio.settle import set_aside_marks
from annotate.studio.sweep import read_marks


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Marks on texts that change, as the ledger knows them.

    They are carried over `as_they_are`, `reworded` (with other words, to look at), or
    `taken_off`. `unknown` counts articles whose former text the ledger does not have.
    """

    as_they_are: int = 0
    reworded: int = 0
    taken_off: int = 0
    unknown: int = 0


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """Marks that people should look at, since they were on a former text of their article."""

    reworded: int = 0
    taken_off: int = 0


def forecast(ledger: Ledger, plan: Plan) -> Forecast:
    """Foretell what carrying out a plan does to marks; nothing is asked or written."""
    counts: Counter[str] = Counter()
    for shown in plan.changed:
        place = plan.places[shown.part]
        _, sha256 = ledger.tasks(place).get(shown.task, ("", ""))
        before = ledger.version(shown.article.id, sha256)
        if before is None:
            counts["unknown"] += 1
            continue
        for entry in ledger.of_articles(place, [shown.article.id]).values():
            if entry.annotation.sha256 == sha256:
                counts.update(_fates(entry, before, shown.article))
    return Forecast(**counts)


def _fates(entry: Entry, before: Article, now: Article) -> Iterator[str]:
    """Yield what becomes of each mark of an annotation."""
    marks = read_marks(entry.result)
    carried = carry_marks(marks, before.text, align(before.text, now.text), now.text)
    left = list(set_aside_marks(carried, before.sha256))
    yield from ("reworded" if one.span else "taken_off" for one in left)
    yield from ["as_they_are"] * (len(marks) - len(left))


def find_unfinished(ledger: Ledger, plan: Plan) -> list[str]:
    """Return the articles whose tasks a push left between two texts."""
    return [
        move.article for place in plan.places.values() for move in ledger.moves.unfinished(place)
    ]


def count_left(ledger: Ledger, places: Iterable[Place], articles: Iterable[str]) -> Left:
    """Count the open marks of articles that were made on the text before their present one."""
    counts: Counter[str] = Counter()
    named = set(articles)
    for place in places:
        former = {move.article: move.old for move in ledger.moves.all(place) if move.ended}
        for entry in ledger.of_articles(place, sorted(named)).values():
            counts.update(
                "reworded" if aside.span else "taken_off"
                for aside in entry.annotation.set_aside
                if aside.sha256 and aside.sha256 == former.get(entry.annotation.article)
            )
    return Left(**counts)
