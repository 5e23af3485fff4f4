"""Entries of the ledger, made of tasks and the articles that they show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from annotate.corpus import Article
from annotate.formats.document import Losses
from annotate.schema import Schema
from annotate.spans import Annotation, moment
from annotate.studio.export.annotations import AnnotationReader
from annotate.studio.export.earlier import Earlier
from annotate.studio.export.matching import Match, Matched, Unmatched
from annotate.studio.export.reading import ExportedAnnotation, ExportedTask
from annotate.studio.export.recognising import is_number, made_number
from annotate.studio.imported import is_migrated
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.settle import decide


class Imported(msgspec.Struct, kw_only=True):
    """What importing a file did, in counts.

    Of tasks: `read`, and `matched` with an article; the others are in `unmatched`. Of the
    annotations of matched ones: `submitted` and `skipped`, and in them `spans`, those of them
    `repaired` from UTF-16 units, and marks `set_aside`. `added` are the rows that the ledger
    got, `older` annotations of which it has a later state. `drafts`, which nobody submitted,
    are left out, and so are annotations of tasks without an article, `foreign`.

    `pulled` annotations came from the server already, in the same state. `copies` say nothing
    that one which their article had before does not say; they are brought in unless told
    otherwise, and left out then. `annotated` are the ids of articles that somebody had
    annotated and that get a further annotation, `annotators` those people.

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
    pulled: int = 0
    copies: int = 0
    annotated: list[str] = []
    annotators: list[str] = []
    unmatched: list[Unmatched] = []
    articles: int = 0
    renamed: int = 0
    unmarked: int = 0
    losses: Losses = msgspec.field(default_factory=Losses)

    def __add__(self, other: Imported) -> Imported:
        names = self.__struct_fields__
        summed = {name: getattr(self, name) + getattr(other, name) for name in names}
        both = {name: sorted({*summed[name]}) for name in ("annotated", "annotators")}
        return Imported(**{**summed, **both, "place": other.place})


class Importer:
    """Makes entries of the ledger, at one place of it, of tasks and their articles.

    With `skip_known` annotations are left out that say nothing new. What is `prepared` may take
    long and writes nothing; what is `settled` goes with what the ledger has at that moment.
    """

    def __init__(
        self, ledger: Ledger, place: Place, schema: Schema, earlier: Earlier, *, skip_known: bool
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._place = place
        self._reader = AnnotationReader(schema)
        self._earlier = earlier
        self._skip_known = skip_known
        self._seen: set[int] = set()
        self._annotated: set[str] = set()
        self._annotators: set[str] = set()
        self.tasks: dict[int, Article] = {}
        self.counts = Imported()

    def prepared(self, tasks: Iterable[Matched]) -> Iterator[Entry]:
        """Yield everyone's annotations of the tasks that show an article."""
        for number, (task, match) in enumerate(tasks):
            self.counts.read += 1
            self.counts.drafts += len(task.drafts or ())
            if isinstance(match, Unmatched):
                self.counts.unmatched.append(match)
                self.counts.foreign += len(task.everyones)
                continue
            self.counts.matched += 1
            entries = [one for told in task.everyones for one in self._entry(task, match, told)]
            if entries:
                self._record(task, match, number)
            yield from entries
        self.counts.annotated = sorted(self._annotated)
        self.counts.annotators = sorted(self._annotators)

    def settled(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield the entries as they are to be written.

        Those of which the ledger has a later state are left out, and what was decided about
        the marks of others is kept.
        """
        for entry in entries:
            known = self._ledger.entry(self._place, entry.annotation.id)
            if known is None:
                self.counts.added += 1
                yield entry
            elif moment(known.annotation.updated_at) > moment(
                entry.annotation.updated_at
            ) or is_migrated(self._ledger, entry, self._place):
                self.counts.older += 1
            else:
                decided = decide(entry.annotation, known.annotation.decided)
                self.counts.added += known != Entry(decided, entry.result)
                yield Entry(decided, entry.result)

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
        created, updated = told.times()
        pulled = self._earlier.pulled(match.article.id, told.id, created) if not known else None
        former = known.annotation if known else pulled
        annotation = self._reader.read(match, told, number, self._person(told, former))
        self._count(annotation)
        if pulled and moment(updated) <= moment(pulled.updated_at):
            self.counts.pulled += 1
            return
        if former is None and self._is_left_out(annotation):
            return
        yield Entry(annotation, msgspec.json.encode(told.marks()))

    def _is_left_out(self, annotation: Annotation) -> bool:
        """Count what the ledger has of an article that gets an annotation, or could."""
        is_copy = self._earlier.has(annotation)
        self.counts.copies += is_copy
        if is_copy and self._skip_known:
            return True
        if earlier := self._earlier.of(annotation.article):
            self._annotated.add(annotation.article)
            self._annotators |= {one.annotator for one in earlier}
        return False

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

    def _person(self, told: ExportedAnnotation, known: Annotation | None) -> str:
        """Return who made an annotation, by the name that the ledger has where none is told."""
        if not told.address and known and moment(known.created_at) == moment(told.times()[0]):
            return known.annotator
        return told.person(f"export {self._place.project}")

    def _count(self, annotation: Annotation) -> None:
        self.counts.submitted += annotation.status == "submitted"
        self.counts.skipped += annotation.status == "skipped"
        self.counts.spans += len(annotation.spans)
        self.counts.repaired += annotation.repaired
        self.counts.set_aside += len(annotation.set_aside)
