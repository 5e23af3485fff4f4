"""Bringing an export into the ledger: people's work from a server that one cannot reach."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.schema.config import TEXT_FIELD
from annotate.spans import Annotation
from annotate.studio.decode import decode_annotation
from annotate.studio.export.placing import Ground
from annotate.studio.export.raw import RawText
from annotate.studio.export.reading import ExportedAnnotation, ExportedTask, read_tasks
from annotate.studio.ledger import EXPORT, Entry, Ledger, Place
from annotate.studio.settle import decide
from annotate.studio.wire import Meta, WireAnnotation
from annotate.text import digest

# By how many of its annotations an export is known again.
_KNOWN_BY = 50
# An article told by its id must have so much of its text in common with the task.
_SHARED = 0.5
_WORDS = 60
# Tasks whose articles are written at once.
_BATCH = 500


class Unmatched(msgspec.Struct, frozen=True):
    """A task that shows no article of the workspace: its number, how its text begins, why."""

    task: str
    begins: str
    reason: str


class Imported(msgspec.Struct, kw_only=True):
    """What importing an export did, in counts.

    Of tasks: `read`, and `matched` with an article; the others are in `unmatched`. Of the
    annotations of matched ones: `submitted` and `skipped`, and in them `spans`, those of them
    `repaired` from UTF-16 units, and marks `set_aside`. `added` are the rows that the ledger
    got, `older` annotations of which it has a later state. `drafts`, which nobody submitted,
    are left out, and so are annotations of tasks without an article, `foreign`.
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


def import_export(
    ledger: Ledger, path: Path, articles: Sequence[Article], schema: Schema,
    progress: Progress = silent,
) -> Imported:  # fmt: skip
    """Bring an export of Label Studio as JSON, old or new, into the ledger, whole or not at all.

    Offsets go from the text that the export has to the article's canonical one, and are
    proved; what cannot be is set aside. The same export adds nothing when it comes again, and
    a later one of the same project what changed since. One task at a time is in memory.

    Raises `StudioError` when the file is no such export, or is cut off.
    """
    importer = _Importer(ledger, path.name, articles, schema)
    try:
        with path.open("rb") as stream, progress("Reading", path.stat().st_size) as advance:
            entries = importer.entries(read_tasks(stream, path, advance))
            first = list(islice(entries, _KNOWN_BY))
            place = importer.find_place(first)
            settled = importer.settled(place, chain(first, entries))
            # One transaction: what goes wrong on the way leaves nothing.
            importer.counts.added = ledger.append(place, settled)
    except OSError as error:
        raise StudioError(f"{path} cannot be read: {error.strerror}", "Check the path.") from error
    tasks = iter(importer.tasks.items())
    while batch := list(islice(tasks, _BATCH)):
        ledger.record_tasks(place, batch)
        importer.counts.place = place.project
    return importer.counts


class _Match(NamedTuple):
    """The article that a task shows, and the task's text."""

    article: Article
    ground: Ground


class _Importer:
    def __init__(
        self, ledger: Ledger, name: str, articles: Sequence[Article], schema: Schema
    ) -> None:
        self._ledger = ledger
        self._name = name
        self._schema = schema
        self._by_id = {article.id: article for article in articles}
        self._digests = {article.id: article.sha256 for article in articles}
        self._by_text = {self._digests[article.id]: article for article in reversed(articles)}
        self._seen: set[int] = set()
        self.tasks: dict[int, Article] = {}
        self.counts = Imported()

    def entries(self, tasks: Iterable[ExportedTask]) -> Iterator[Entry]:
        """Yield everyone's annotations of the tasks that show an article."""
        for number, task in enumerate(tasks):
            self.counts.read += 1
            self.counts.drafts += len(task.drafts or ())
            match = self._match(task)
            if isinstance(match, Unmatched):
                self.counts.unmatched.append(match)
                self.counts.foreign += len(task.everyones)
                continue
            self.counts.matched += 1
            if task.everyones:
                own = task.id if isinstance(task.id, int) else -1
                self.tasks[own if own not in self.tasks and own > 0 else -1 - number] = (
                    match.article
                )
            for at, told in enumerate(task.everyones):
                annotation = self._read(match, told, self._number(task, told, at))
                self._count(annotation)
                yield Entry(annotation, msgspec.json.encode(told.result or []))

    def _number(self, task: ExportedTask, told: ExportedAnnotation, at: int) -> int:
        """Return the annotation's number, or one made of what tells it from the others."""
        if isinstance(told.id, int) and told.id not in self._seen:
            self._seen.add(told.id)
            return told.id
        own = self.counts.read if task.id is None else task.id
        told_apart = f"{own} {told.id} {at}".encode()
        return int.from_bytes(hashlib.sha256(told_apart).digest()[:6], "big")

    def _match(self, task: ExportedTask) -> _Match | Unmatched:
        """Find the article: by id and text, by the text alone, by the id alone."""
        told = [(task.meta or {}).get("article"), task.data.get("article"), task.data.get("id")]
        named = [self._by_id[str(one)] for one in told if str(one) in self._by_id]
        texts = _texts(task)
        for raw in texts:
            same = [article for article in named if article.text == raw.text]
            found = same[0] if same else self._by_text.get(digest(raw.text))
            if found is not None:
                return _Match(found, Ground(raw, found.text))
        number = str(task.id)
        if len(texts) != 1:
            which = "has no text" if not texts else "has several texts, none of them an article's"
            return Unmatched(number, _begin(texts), which)
        for article in named:
            ground = Ground(texts[0], article.text)
            shared = sum(block.length for block in ground.alignment.blocks)
            if shared >= _SHARED * len(article.text):
                return _Match(article, ground)
        why = f"its text is not that of {named[0].id}" if named else "no article has its id or text"
        return Unmatched(number, _begin(texts), why)

    def _read(self, match: _Match, told: ExportedAnnotation, number: int) -> Annotation:
        """Return an annotation on its article's text, every span proved or set aside."""
        created, updated = told.times()
        placed = match.ground.place(told.result or [])
        wire = WireAnnotation(
            id=number, result=msgspec.Raw(msgspec.json.encode(placed.marks)), created_at=created,
            updated_at=updated, was_cancelled=bool(told.was_cancelled or told.skipped),
            lead_time=told.lead_time, ground_truth=bool(told.ground_truth),
        )  # fmt: skip
        article = match.article
        meta = Meta(article.id, self._digests[article.id])
        person = told.person(self._name)
        found = decode_annotation(wire, meta, article.text, person, self._schema)
        return msgspec.structs.replace(
            found,
            set_aside=(*placed.left, *found.set_aside),
            repaired=placed.repaired,
            ground_truth=wire.ground_truth,
        )

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
            if known is None:
                yield entry
                continue
            if _time(known.annotation) > _time(entry.annotation):
                self.counts.older += 1
                continue
            yield entry._replace(annotation=decide(entry.annotation, known.annotation.decided))


def _time(annotation: Annotation) -> str:
    # A server leaves out a fraction of zero, and "Z" sorts after ".5Z".
    return annotation.updated_at.removesuffix("Z")


def _texts(task: ExportedTask) -> list[RawText]:
    """Return what may be the task's text: the field that we push, else every text."""
    own = task.data.get(TEXT_FIELD)
    given = [own] if isinstance(own, str) else [v for v in task.data.values() if isinstance(v, str)]
    found = []
    for raw in given:
        try:
            found.append(RawText(raw))
        except ValueError:  # a lone surrogate, which no article has
            continue
    return found


def _begin(texts: Sequence[RawText]) -> str:
    return " ".join(max((raw.text for raw in texts), key=len, default="").split())[:_WORDS]
