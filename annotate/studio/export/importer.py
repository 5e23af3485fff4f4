"""Entries of the ledger, made of tasks and the articles that they show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from annotate.corpus import Article
from annotate.formats.document import Losses
from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.studio.export.annotations import AnnotationReader
from annotate.studio.export.matching import Match, Matched, Unmatched
from annotate.studio.export.reading import ExportedAnnotation, ExportedTask
from annotate.studio.export.recognising import is_number, made_number
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.settle import decide


class Imported(msgspec.Struct, kw_only=True):
    """What importing a file did, in counts.

    Of tasks: `read`, and `matched` with an article; the others are in `unmatched`. Of the
    annotations of matched ones: `submitted` and `skipped`, and in them `spans`, those of them
    `repaired` from UTF-16 units, and marks `set_aside`. `added` are the rows that the ledger
    got, `older` annotations of which it has a later state. `drafts`, which nobody submitted,
    are left out, and so are annotations of tasks without an article, `foreign`.

    `articles` are new in the corpus, `renamed` of them under another id than the file gives.
    `unmarked` texts have no mark. `losses` is what the file has and has no place here.
    """

    place: int = 0
    read: int = 0
    matched: int = 0
    submitted: int = 0
    skipped: int = 0
    spans: int = 0
    repaired: int = 0
    set_aside: int = 0
    added: int = 0
    older: int = 0
    drafts: int = 0
    foreign: int = 0
    unmatched: list[Unmatched] = []
    articles: int = 0
    renamed: int = 0
    unmarked: int = 0
    losses: Losses = msgspec.field(default_factory=Losses)

    def __add__(self, other: Imported) -> Imported:
        names = self.__struct_fields__
        summed = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Imported(**{**summed, "place": other.place})


class Importer:
    """Makes entries of the ledger, at one place of it, of tasks and their articles."""

    def __init__(self, ledger: Ledger, place: Place, schema: Schema) -> None:
        self._ledger = ledger
        self._place = place
        self._reader = AnnotationReader(schema)
        self._seen: set[int] = set()
        self.tasks: dict[int, Article] = {}
        self.counts = Imported()

    def entries(self, tasks: Iterable[Matched]) -> Iterator[Entry]:
        """Yield everyone's annotations of the tasks that show an article.

        Those of which the ledger has a later state are left out, and what was decided about
        the marks of others is kept.
        """
        for number, (task, match) in enumerate(tasks):
            self.counts.read += 1
            self.counts.drafts += len(task.drafts or ())
            if isinstance(match, Unmatched):
                self.counts.unmatched.append(match)
                self.counts.foreign += len(task.everyones)
                continue
            self.counts.matched += 1
            if task.everyones:
                self._record(task, match, number)
            for told in task.everyones:
                yield from self._entry(task, match, told)

    def _record(self, task: ExportedTask, match: Match, number: int) -> None:
        """Note which article the task shows, under a number that no other task here has."""
        own = -1 - number
        if isinstance(task.id, int) and task.id > 0 and is_number(task.id):
            taken = self.tasks.get(task.id, match.article) is not match.article
            own = own if taken else task.id
        self.tasks[own] = match.article

    def _entry(self, task: ExportedTask, match: Match, told: ExportedAnnotation) -> Iterator[Entry]:
        number, known = self._identify(task, match.article, told)
        self._seen.add(number)
        annotation = self._reader.read(match, told, number, self._person(told, known))
        self._count(annotation)
        if known is not None:
            if _time(known.annotation) > _time(annotation):
                self.counts.older += 1
                return
            annotation = decide(annotation, known.annotation.decided)
        entry = Entry(annotation, msgspec.json.encode(told.marks()))
        self.counts.added += known != entry
        yield entry

    def _identify(
        self, task: ExportedTask, article: Article, told: ExportedAnnotation
    ) -> tuple[int, Entry | None]:
        """Return an annotation's number, and what the ledger has of it.

        Its own number counts unless another annotation has it, here or in the ledger: files of
        several projects may have been joined to one.
        """
        if isinstance(told.id, int) and is_number(told.id) and told.id not in self._seen:
            known = self._ledger.entry(self._place, told.id)
            if known is None or known.annotation.created_at == told.times()[0]:
                return told.id, known
        number = made_number(task, article, told)
        while number in self._seen:
            number += 1
        return number, self._ledger.entry(self._place, number)

    def _person(self, told: ExportedAnnotation, known: Entry | None) -> str:
        """Return who made an annotation, by the name that the ledger has where none is told."""
        if not told.address and known and known.annotation.created_at == told.times()[0]:
            return known.annotation.annotator
        return told.person(f"export {self._place.project}")

    def _count(self, annotation: Annotation) -> None:
        self.counts.submitted += annotation.status == "submitted"
        self.counts.skipped += annotation.status == "skipped"
        self.counts.spans += len(annotation.spans)
        self.counts.repaired += annotation.repaired
        self.counts.set_aside += len(annotation.set_aside)


def _time(annotation: Annotation) -> str:
    # A server leaves out a fraction of zero, and "Z" sorts after ".5Z".
    return annotation.updated_at.removesuffix("Z")
