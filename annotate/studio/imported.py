"""Imported annotations go along with a migration: the ledger has them, and no server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from annotate.schema import Schema
from annotate.spans import Annotation, SetAside
from annotate.studio.ledger import EXPORT, Entry, Ledger, Place
from annotate.studio.marks import Mark
from annotate.studio.redeciding import rewrite_known
from annotate.studio.rewrite import Rewriter
from annotate.studio.sweep import read_marks


def migrate_imported(ledger: Ledger, rewriter: Rewriter, old: Schema, new: Schema) -> int:
    """Rewrite what was imported as the new version has it; return how many annotations changed.

    No labelling page shows the spans of a label that was split, so they are set aside until
    somebody accepts them under one of the new labels. Cut off and run again, it goes on.
    """
    done = 0
    for place in ledger.places(EXPORT):
        entries = list(_changed(ledger, place, rewriter))
        last = ledger.migrations.last(place)
        begun = last if last is not None and last.ended is None else None
        if entries or begun:
            migrated = begun or ledger.migrations.begin(place, old, new)
            done += ledger.append(place, entries)
            ledger.migrations.end(migrated)
    return done


def is_migrated(ledger: Ledger, entry: Entry, place: Place) -> bool:
    """Whether it is just what the ledger had at this place before a migration rewrote it."""
    for migrated in ledger.migrations.all(place):
        before = ledger.entry(place, entry.annotation.id, until=migrated.row)
        # A relation is told by its title, which another version may have otherwise.
        relations = (*migrated.old.relations, *migrated.new.relations)
        names = {relation.title: relation.name for relation in relations}
        if before is not None and _told(before, names) == _told(entry, names):
            return True
    return False


def _told(entry: Entry, names: Mapping[str, str]) -> list[Mark]:
    return [
        {**mark, "labels": [names.get(label, label) for label in mark.get("labels") or ()]}
        if mark.get("type") == "relation"
        else mark
        for mark in read_marks(entry.result)
    ]


def _changed(ledger: Ledger, place: Place, rewriter: Rewriter) -> Iterator[Entry]:
    results = ledger.results(place)
    for annotation in ledger.annotations(place):
        known = Entry(annotation, results[annotation.id])
        marks = rewriter.rewrite(read_marks(known.result)).result
        now = _without_waiting(rewrite_known(known, rewriter), marks, rewriter.rules.split)
        if now != annotation:
            yield Entry(now, msgspec.json.encode(marks))


def _without_waiting(
    annotation: Annotation, marks: Iterable[Mark], split: Mapping[str, tuple[str, ...]]
) -> Annotation:
    """Set the spans of split labels aside, with what is said about them."""
    waiting = {span.id: span.label for span in annotation.spans if span.label in split}
    if not waiting:
        return annotation
    asides = (
        SetAside(reason=reason, mark=msgspec.Raw(msgspec.json.encode(mark)))
        for mark in marks
        if (reason := _reason(mark, waiting, split))
    )
    return msgspec.structs.replace(
        annotation,
        spans=tuple(span for span in annotation.spans if span.id not in waiting),
        relations=tuple(
            one for one in annotation.relations if not {one.head, one.tail} & waiting.keys()
        ),
        set_aside=(*annotation.set_aside, *asides),
    )


def _reason(mark: Mark, waiting: Mapping[str, str], split: Mapping[str, tuple[str, ...]]) -> str:
    """Return why a mark has to wait, nothing when it has not."""
    if mark["type"] == "relation":
        ends = {mark.get("from_id"), mark.get("to_id")}
        return "one of the two spans of the relation waits" if ends & waiting.keys() else ""
    label = waiting.get(str(mark.get("id")))
    if label is None:
        return ""
    if mark["type"] != "labels":
        return f"the span of this {mark.get('from_name')} waits"
    return f"the label {label} was split: choose {' or '.join(split[label])}"
