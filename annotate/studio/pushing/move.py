"""A task goes to its article's new text, with everything that people marked in it.

In this order, so that it can be cut off anywhere and goes on when it is run again:

1. The ledger gets all annotations and drafts as they are on the old text, and the new text.
2. The server's task gets the new text.
3. Annotations and drafts are written anew, each mark at the place where its text is now.
4. The task is looked at again, until nobody changed anything meanwhile.
5. The ledger gets the annotations on the new text, in one transaction with the move's end.

What of a task's marks is on which text says the ledger: each is on the old one as long as the
server tells just what the ledger kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from annotate.align import Alignment, align
from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.schema import Schema
from annotate.schema.config import text_changed
from annotate.studio.carry import CarriedMarks, carry_marks, which_text
from annotate.studio.client import Studio
from annotate.studio.encode import REVIEW_FIELD, encode_task
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.ledger.moves import Move
from annotate.studio.marks import Mark
from annotate.studio.pushing.suggestions import renew
from annotate.studio.reading import Reader
from annotate.studio.settle import decide, set_aside_marks
from annotate.studio.sweep import read_marks
from annotate.studio.times import Times
from annotate.studio.wire import AnnotatedTask, Draft, Meta, WireAnnotation

# How often a task is looked at again while people go on in it.
_LOOKS = 10


class Mover:
    """Moves the tasks of one project."""

    def __init__(self, studio: Studio, ledger: Ledger, place: Place, schema: Schema) -> None:
        self._studio = studio
        self._ledger = ledger
        self._place = place
        self._schema = schema
        self._reader = Reader(studio, ledger, place, schema)
        self._times = Times(ledger, place)

    def run(self, changed: Mapping[int, Article]) -> Iterator[int]:
        """Move tasks to other texts of their articles, after those that were cut off.

        Yields, for each, how many marks a person should look at.
        """
        for move in self._ledger.moves.unfinished(self._place):
            yield self._go_on(move)
        for task, article in changed.items():
            found = self._find(task)
            if found is None or found.meta is None:
                continue
            if found.meta.sha256 != article.sha256:
                yield self._go_on(self._begin(found, article))
            else:
                # The one that was cut off was this one, or another workspace moved it.
                self._ledger.record_tasks(self._place, [(task, article)])
        self._lower_flags()

    def _begin(self, task: AnnotatedTask, article: Article) -> Move:
        """Have the ledger keep everything on the old text, and note that the move begins."""
        assert task.meta is not None  # noqa: S101, `run` looked
        old = task.meta.sha256
        if self._ledger.version(article.id, old) is None:
            before = msgspec.structs.replace(article, text=task.data.text)
            self._ledger.record_tasks(self._place, [(task.id, before)])
        self._ledger.append(self._place, [*self._reader.entries(task)])
        drafts = [self._reader.draft(task, draft) for draft in self._studio.drafts_of(task.id)]
        self._ledger.append(self._place, drafts, "draft")
        crossing = _Crossing(self._ledger, old, article)
        left = sum(crossing.is_to_look_at(read_marks(wire.result)) for wire in task.annotations)
        return self._ledger.moves.begin(self._place, task.id, article, old, flagged=left > 0)

    def _go_on(self, move: Move) -> int:
        article = self._ledger.version(move.article, move.new)
        if article is None:
            raise StudioError(
                f"the ledger lost the text of {move.article} that its task was to get",
                "Push the article again.",
            )
        if self._find(move.task) is None:
            return self._give_up(move)
        crossing = _Crossing(self._ledger, move.old, article)
        if move.flagged:
            self.open_view()
        self._write_task(move, article)
        kept = self._ledger.of_articles(self._place, [move.article])
        before = {
            n: entry.result for n, entry in kept.items() if entry.annotation.sha256 == move.old
        }
        for _ in range(_LOOKS):
            task = self._find(move.task)
            if task is None:
                return self._give_up(move)
            if not self._write_marks(task, crossing, before):
                break
        else:
            raise StudioError(
                f"people change the annotations of {move.article} faster than they can be carried"
                " over to its new text",
                "Run the command again.",
            )
        entries = [self._entry(task, wire, crossing, before) for wire in task.annotations]
        renew(self._studio, self._place.project, self._schema, {move.task: article})
        self._ledger.end_move(self._place, move, article, entries)
        return sum(aside.sha256 == move.old for e in entries for aside in e.annotation.set_aside)

    def _find(self, task: int) -> AnnotatedTask | None:
        return next(self._studio.some_tasks(self._place.project, [task]), None)

    def _give_up(self, move: Move) -> int:
        """Note that somebody deleted the task: a push makes another, a pull buries its work."""
        self._ledger.forget_tasks(self._place, [move.task])
        self._ledger.moves.end(move)
        return 0

    def _write_task(self, move: Move, article: Article) -> None:
        data = self._studio.task_data(move.task)
        task = encode_task(self._schema, article, ())
        wanted = {**data, **task["data"], REVIEW_FIELD: _FLAG if move.flagged else ""}
        if data != wanted:
            self._studio.update_task(move.task, {"data": wanted, "meta": task["meta"]})

    def open_view(self) -> None:
        """Have the Data Manager show the tasks that people should look at."""
        title = text_changed(self._schema.language)
        project = self._place.project
        if title not in {view.data.title for view in self._studio.views(project)}:
            name = f"filter:tasks:data.{REVIEW_FIELD}"
            item = {"filter": name, "operator": "contains", "type": "String", "value": _FLAG}
            self._studio.create_view(project, title, {"conjunction": "and", "items": [item]})

    def _write_marks(
        self, task: AnnotatedTask, crossing: _Crossing, before: dict[int, bytes]
    ) -> bool:
        """Write what is not on the new text yet; whether there was anything."""
        written = False
        drafts = self._studio.drafts_of(task.id)
        for wire in task.annotations:
            if crossing.is_due(wire.result, before.get(wire.id)):
                before[wire.id] = bytes(wire.result)
                self._keep(task, wire, crossing)
                self._write(wire, [d for d in drafts if d.annotation == wire.id], crossing)
                written = True
        for draft in self._studio.drafts_of(task.id):
            if crossing.is_due(draft.result, self._kept_draft(draft, crossing)):
                carried = crossing.carry(read_marks(draft.result))
                self._studio.update_draft(draft.id, result=carried.result)
                written = True
        return written

    def _keep(self, task: AnnotatedTask, wire: WireAnnotation, crossing: _Crossing) -> None:
        """Have the ledger know what somebody submitted on the old text since the move began."""
        on_old = msgspec.structs.replace(
            task,
            data=msgspec.structs.replace(task.data, text=crossing.old.text),
            meta=Meta(crossing.old.id, crossing.old.sha256),
            annotations=(wire,),
        )
        self._ledger.append(self._place, [*self._reader.entries(on_old)])

    def _write(self, wire: WireAnnotation, drafts: list[Draft], crossing: _Crossing) -> None:
        # The server deletes the drafts of an annotation that is written to.
        for draft in drafts:
            result = crossing.carry(read_marks(draft.result)).result
            self._studio.update_draft(draft.id, annotation=None, result=result)
        carried = crossing.carry(read_marks(wire.result)).result
        changed = self._times.updated(wire.id, wire.updated_at, wire.result)
        self._times.write(self._studio, wire.id, carried, changed)
        for draft in drafts:
            self._studio.update_draft(draft.id, annotation=wire.id)

    def _kept_draft(self, draft: Draft, crossing: _Crossing) -> bytes | None:
        entry = self._ledger.entry(self._place, draft.id, "draft")
        same = entry is not None and entry.annotation.sha256 == crossing.old.sha256
        return entry.result if entry is not None and same else None

    def _entry(
        self, task: AnnotatedTask, wire: WireAnnotation, crossing: _Crossing,
        before: Mapping[int, bytes],
    ) -> Entry:  # fmt: skip
        """Return an annotation on the new text, with what could not be carried set aside."""
        (entry,) = self._reader.entries(msgspec.structs.replace(task, annotations=(wire,)))
        if wire.id not in before:
            return entry
        carried = crossing.carry(read_marks(before[wire.id]))
        if carried.result != read_marks(wire.result):
            return entry
        known = {bytes(aside.mark) for aside in entry.annotation.set_aside}
        left = [
            one
            for one in set_aside_marks(carried, crossing.old.sha256)
            if bytes(one.mark) not in known
        ]
        merged = msgspec.structs.replace(
            entry.annotation, set_aside=(*entry.annotation.set_aside, *left)
        )
        return Entry(decide(merged, merged.decided), entry.result)

    def _lower_flags(self) -> None:
        """Take the tasks out of the view of what to look at in which nothing is left."""
        there = self._ledger.tasks(self._place)
        for move in looked_at(self._ledger, self._place):
            if move.task in there:
                data = self._studio.task_data(move.task)
                self._studio.update_task(move.task, {"data": {**data, REVIEW_FIELD: ""}})
            self._ledger.moves.lower(move)


def looked_at(ledger: Ledger, place: Place) -> list[Move]:
    """Return the moves whose tasks people were to look at, where nothing is left to look at."""
    return [
        move
        for move in ledger.moves.all(place)
        if move.flagged and move.ended and not _is_left(ledger, place, move.article)
    ]


def _is_left(ledger: Ledger, place: Place, article: str) -> bool:
    known = ledger.of_articles(place, [article])
    return any(aside.sha256 for entry in known.values() for aside in entry.annotation.set_aside)


_FLAG = "!"


class _Crossing:
    """From one text of an article to another."""

    def __init__(self, ledger: Ledger, old: str, new: Article) -> None:
        before = ledger.version(new.id, old)
        if before is None:
            raise StudioError(
                f"the ledger lost the text of {new.id} on which it was annotated",
                "Put the article's former text back into the corpus.",
            )
        self.old = before
        self.new = new
        self._alignment: Alignment = align(before.text, new.text)

    def carry(self, marks: list[Mark]) -> CarriedMarks:
        """Return marks made on the old text as they are on the new one."""
        return carry_marks(marks, self.old.text, self._alignment, self.new.text)

    def is_due(self, result: bytes, kept: bytes | None) -> bool:
        """Whether a result is still on the old text; `kept` is what it was there."""
        marks = read_marks(result)
        if kept is not None and marks == self.carry(read_marks(kept)).result:
            return False
        if kept is not None and marks == read_marks(kept):
            return self.carry(marks).result != marks
        # Somebody changed it since, on the one text or on the other.
        on_old = which_text(marks, [self.new.text, self.old.text]) == 1
        return on_old and self.carry(marks).result != marks

    def is_to_look_at(self, marks: list[Mark]) -> bool:
        """Whether marks made on the old text cannot all be carried as they are."""
        carried = self.carry(marks)
        return bool(carried.left or carried.changed)
