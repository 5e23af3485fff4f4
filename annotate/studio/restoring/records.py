"""What the ledger alone knows of a project is noted for the one that takes its place."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from annotate.spans import Annotation
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.ledger.moves import Move


def _last_moves(ledger: Ledger, place: Place) -> dict[str, Move]:
    return {move.article: move for move in ledger.moves.all(place)}


def find_flagged(ledger: Ledger, source: Place) -> set[str]:
    """Return the articles that people should look at, for their text changed."""
    return {article for article, move in _last_moves(ledger, source).items() if move.flagged}


def copy_moves(ledger: Ledger, source: Place, place: Place) -> None:
    """Note of tasks which earlier text they had, so that what waits from it is settled.

    A move that a push left half done is not: the task has the earlier text again, and the
    next push moves it.
    """
    known = {move.task for move in ledger.moves.all(place)}
    last = _last_moves(ledger, source)
    for task, (article, sha256) in ledger.tasks(place).items():
        move = last.get(article)
        shown = ledger.version(article, sha256)
        if move and shown and move.new == sha256 and task not in known:
            flagged = bool(move.flagged)
            begun = ledger.moves.begin(place, task, shown, move.old, flagged=flagged)
            ledger.end_move(place, begun, shown, [])


def copy_migrations(ledger: Ledger, source: Place, place: Place) -> None:
    """Note the migrations of a project, and what was annotated under the former versions.

    So a dataset of a former version can be built, and a review be finished.
    """
    migrations = ledger.migrations.all(source)
    for number, former in enumerate(migrations):
        copies = ledger.migrations.all(place)
        if number < len(copies):
            copy = copies[number]
        else:
            ledger.append(place, _as_it_was(ledger, source, place, former.row))
            copy = ledger.migrations.begin(place, former.old, former.new)
        if former.ended and not copy.ended:
            ledger.migrations.end(copy)
    if migrations:
        ledger.append(place, _as_restored(ledger, place))


def _as_it_was(ledger: Ledger, source: Place, place: Place, row: int) -> Iterator[Entry]:
    """Yield annotations as they were when that row was the newest, under their new numbers."""
    now = {tie.old_annotation: number for number, tie in ledger.ties.all(place).items()}
    people = {one.id: one.annotator for one in ledger.annotations(place)}
    results = ledger.results(source, row)
    for old in ledger.annotations(source, row):
        if old.id in now and now[old.id] in people:
            number = now[old.id]
            named = msgspec.structs.replace(old, id=number, annotator=people[number])
            yield Entry(named, results[old.id])


def _as_restored(ledger: Ledger, place: Place) -> list[Entry]:
    """Return annotations as they arrived; the rows of former versions came after."""
    rows = ledger.query(
        "SELECT body, result FROM annotations WHERE row IN (SELECT min(row) FROM annotations"
        " WHERE server = ? AND project = ? AND kind = 'annotation' GROUP BY annotation)",
        *place,
    )
    return [Entry(msgspec.json.decode(body, type=Annotation), result) for body, result in rows]
