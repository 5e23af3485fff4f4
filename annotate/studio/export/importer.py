"""Entries of the ledger, made of tasks and the articles that they show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from annotate.corpus import Article
from annotate.formats.document import Losses
from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.studio.export.annotations import AnnotationReader
from annotate.studio.export.matching import Matched, Unmatched
from annotate.studio.export.reading import ExportedAnnotation, ExportedTask
from annotate.studio.ledger import EXPORT, Entry, Ledger, Place
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
    """Makes entries of the ledger of tasks and their articles; `name` is that of the file."""

    def __init__(self, ledger: Ledger, name: str, schema: Schema) -> None:
        self._ledger = ledger
        self._reader = AnnotationReader(name, schema)
        self._seen: set[int] = set()
        self.tasks: dict[int, Article] = {}
        self.counts = Imported()

    def entries(self, tasks: Iterable[Matched]) -> Iterator[Entry]:
        """Yield everyone's annotations of the tasks that show an article."""
        for number, (task, match) in enumerate(tasks):
            self.counts.read += 1
            self.counts.drafts += len(task.drafts or ())
            if isinstance(match, Unmatched):
                self.counts.unmatched.append(match)
                self.counts.foreign += len(task.everyones)
                continue
            self.counts.matched += 1
            if task.everyones:
                own = task.id if isinstance(task.id, int) and task.id > 0 else -1 - number
                taken = self.tasks.get(own, match.article) is not match.article
                self.tasks[-1 - number if taken else own] = match.article
            for at, told in enumerate(task.everyones):
                annotation = self._reader.read(match, told, self._number(task, told, at))
                self._count(annotation)
                yield Entry(annotation, msgspec.json.encode(told.marks()))

    def _number(self, task: ExportedTask, told: ExportedAnnotation, at: int) -> int:
        """Return the annotation's number, or one made of what tells it from the others."""
        if isinstance(told.id, int) and told.id not in self._seen:
            self._seen.add(told.id)
            return told.id
        own = self.counts.read if task.id is None else task.id
        told_apart = f"{own} {told.id} {at}".encode()
        return int.from_bytes(hashlib.sha256(told_apart).digest()[:6], "big")

    def _count(self, annotation: Annotation) -> None:
        self.counts.submitted += annotation.status == "submitted"
        self.counts.skipped += annotation.status == "skipped"
        self.counts.spans += len(annotation.spans)
        self.counts.repaired += annotation.repaired
        self.counts.set_aside += len(annotation.set_aside)

    def find_place(self, first: Sequence[Entry]) -> Place:
        """Return where the ledger has the same project's work from before, or a new place."""
        known = self._ledger.places(EXPORT)
        for place in known:
            if any(self._is_there(place, entry) for entry in first):
                return place
        return Place(EXPORT, 1 + max((place.project for place in known), default=0))

    def _is_there(self, place: Place, entry: Entry) -> bool:
        known = self._ledger.entry(place, entry.annotation.id)
        if known is None:
            return False
        one, other = known.annotation, entry.annotation
        same = (one.article, one.created_at) == (other.article, other.created_at)
        return same and (bool(other.created_at) or known.result == entry.result)

    def settled(self, place: Place, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield what the ledger has no later state of, with what was decided about its marks."""
        for entry in entries:
            known = self._ledger.entry(place, entry.annotation.id)
            if known is not None:
                if _time(known.annotation) > _time(entry.annotation):
                    self.counts.older += 1
                    continue
                decided = decide(entry.annotation, known.annotation.decided)
                entry = entry._replace(annotation=decided)  # noqa: PLW2901, as it counts now
            self.counts.added += known != entry
            yield entry


def _time(annotation: Annotation) -> str:
    # A server leaves out a fraction of zero, and "Z" sorts after ".5Z".
    return annotation.updated_at.removesuffix("Z")
