"""Tasks as the server tells them become annotations of the ledger, proved on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import msgspec

from annotate.align import align
from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.studio.carry import carry_marks, which_text
from annotate.studio.client import Studio
from annotate.studio.decode import decode_annotation, set_all_aside
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.ledger.migrations import Migrated
from annotate.studio.redeciding import rewrite_known
from annotate.studio.rewrite import Rewriter
from annotate.studio.settle import carry_decisions, set_aside_marks, settle
from annotate.studio.sweep import read_marks
from annotate.studio.times import Times
from annotate.studio.wire import AnnotatedTask, Draft, Meta, WireAnnotation
from annotate.text import digest


class Reader:
    """Reads the tasks of one project under one schema.

    `late` are the tasks of annotations that were made on an earlier text of their article.
    """

    def __init__(self, studio: Studio, ledger: Ledger, place: Place, schema: Schema) -> None:
        self._studio = studio
        self._ledger = ledger
        self._place = place
        self._schema = schema
        self._people = ledger.people(place.server)
        self._times = Times(ledger, place)
        self._asked = False
        self.late: list[int] = []

    def entries(self, task: AnnotatedTask) -> Iterator[Entry]:
        """Yield the annotations of a task that was pushed from a workspace."""
        shown = Meta(task.meta.article if task.meta else "", digest(task.data.text))
        for wire in task.annotations:
            annotation = self._prove(task, shown, wire)
            known = self._known(annotation, wire, task.data.text)
            yield Entry(self._true_times(settle(annotation, known), wire), bytes(wire.result))

    def _known(self, annotation: Annotation, wire: WireAnnotation, text: str) -> Annotation | None:
        """Return what the ledger has to settle, with what was decided brought to this text."""
        entry = self._ledger.unsettled(self._place, annotation.id)
        if entry is None:
            return None
        known = self._migrated(entry, bytes(wire.result))
        if not known.decided or known.sha256 == annotation.sha256:
            return known
        # None when the text on the server was not ours.
        before = self._ledger.version(known.article, known.sha256)
        return carry_decisions(known, before.text, text, annotation.sha256) if before else known

    def _migrated(self, entry: Entry, result: bytes) -> Annotation:
        """Return what the ledger had of a result before a migration rewrote it, as it is now."""
        known = entry.annotation
        if self._migration is None:
            return known
        last, rewriter = self._migration
        if last.ended is not None and self._ledger.is_after(self._place, known.id, last.row):
            return known
        is_due = rewriter.rewrite(read_marks(result)).changed
        return known if is_due else rewrite_known(entry, rewriter)

    @cached_property
    def _migration(self) -> tuple[Migrated, Rewriter] | None:
        """The project's last migration, and what it does."""
        last = self._ledger.migrations.last(self._place)
        return (last, Rewriter(last.old, last.new)) if last else None

    def draft(self, task: AnnotatedTask, draft: Draft) -> Entry:
        """Return a draft as an annotation with the status `draft`."""
        wire = WireAnnotation(
            id=draft.id, result=draft.result, created_at=draft.created_at,
            updated_at=draft.updated_at, lead_time=draft.lead_time,
        )  # fmt: skip
        shown = Meta(task.meta.article if task.meta else "", digest(task.data.text))
        annotation = self._prove(task, shown, wire)
        named = msgspec.structs.replace(annotation, annotator=draft.user, status="draft")
        return Entry(named, bytes(draft.result))

    def _prove(self, task: AnnotatedTask, shown: Meta, wire: WireAnnotation) -> Annotation:
        person = self._person(wire.completed_by)
        if shown != task.meta:
            reason = "the task's text on the server is not the text that was pushed"
            return set_all_aside(wire, shown, person, reason)
        annotation = decode_annotation(wire, shown, task.data.text, person, self._schema)
        return self._carry_over(task, wire, annotation) if annotation.set_aside else annotation

    def _carry_over(
        self, task: AnnotatedTask, wire: WireAnnotation, annotation: Annotation
    ) -> Annotation:
        """Return an annotation that was made on an earlier text as it is on this one.

        So does who has the article open while its text changes, and submits.
        """
        text = task.data.text
        earlier = [one for one in self._ledger.versions(annotation.article) if one.text != text]
        marks = read_marks(wire.result)
        found = which_text(marks, [text, *(one.text for one in reversed(earlier))])
        if not found:
            return annotation
        made_on = earlier[-found]
        carried = carry_marks(marks, made_on.text, align(made_on.text, text), text)
        result = msgspec.Raw(msgspec.json.encode(carried.result))
        shown = Meta(annotation.article, annotation.sha256)
        again = decode_annotation(
            msgspec.structs.replace(wire, result=result),
            shown, text, annotation.annotator, self._schema,
        )  # fmt: skip
        self.late.append(task.id)
        left = tuple(set_aside_marks(carried, made_on.sha256))
        return msgspec.structs.replace(again, set_aside=(*again.set_aside, *left))

    def _person(self, number: int | None) -> str:
        if number is not None and number not in self._people and not self._asked:
            self._asked = True
            self._people = self._studio.people()
            self._ledger.set_people(self._place.server, self._people)
        return self._people.get(number or 0, f"user {number}")

    def _true_times(self, annotation: Annotation, wire: WireAnnotation) -> Annotation:
        """Return an annotation with the times at which people made and changed it."""
        return msgspec.structs.replace(
            annotation,
            created_at=self._times.created(wire.id, wire.created_at),
            updated_at=self._times.updated(wire.id, wire.updated_at, wire.result),
        )
