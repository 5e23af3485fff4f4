"""The Data Manager views that people had are made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from annotate.schema.config import Page
from annotate.studio.assigning import queues
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger, Place
from annotate.studio.pushing.move import Mover
from annotate.studio.review import Review
from annotate.studio.rewrite import Rewriter


def open_views(
    studio: Studio, ledger: Ledger, place: Place, page: Page,
    assigned: Mapping[str, Sequence[str]],
) -> None:  # fmt: skip
    """Make everyone's queue, and the views of what waits for a person to look at it."""
    here = {article for article, _ in ledger.tasks(place).values()}
    have = {person for article, people in assigned.items() if article in here for person in people}
    members = studio.people()
    annotators = sorted(have & set(members.values()))
    if annotators:
        queues.open_queues(studio, place.project, annotators, members, page.schema.language)
    if any(move.flagged for move in ledger.moves.all(place)):
        Mover(studio, ledger, place, page.drawn).open_view()
    last = ledger.migrations.last(place)
    if page.review and last is not None:
        rewriter = Rewriter(last.old, last.new)
        review = Review(studio, place.project, rewriter, last.old, last.new)
        review.open(review.waiting())
