"""Pull: what people marked becomes rows of the ledger, every span proved on the way."""

from __future__ import annotations

import msgspec

from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.studio.client import Studio
from annotate.studio.decode import decode_annotation, set_all_aside
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.wire import AnnotatedTask, Meta, WireAnnotation
from annotate.text import digest


class Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """What a pull found.

    Counts of annotations on the server (`submitted`, `skipped`), of rows the ledger got
    (`added`, and `deleted` for those gone from the server), of spans (`spans`, `repaired`,
    `set_aside`), and of annotated tasks that no workspace pushed (`foreign`).
    """

    submitted: int = 0
    skipped: int = 0
    added: int = 0
    deleted: int = 0
    spans: int = 0
    repaired: int = 0
    set_aside: int = 0
    foreign: int = 0


def pull(
    studio: Studio, ledger: Ledger, place: Place, schema: Schema, progress: Progress = silent
) -> Pulled:
    """Bring every annotation of the project into the ledger, a transaction a page.

    Nothing is called deleted unless the whole listing was read. Raises `StudioError` when
    the server delivered fewer tasks than it announced.
    """
    people = studio.people()
    counts: dict[str, int] = dict.fromkeys(Pulled.__struct_fields__, 0)
    seen: set[int] = set()
    announced = studio.count_annotated(place.project)
    fetched = 0
    with progress("Pulling annotations", announced) as advance:
        for page in studio.annotated_tasks(place.project):
            entries: list[Entry] = []
            for task in page:
                entries += _entries(task, people, schema, counts)
            counts["added"] += ledger.append(place, entries)
            seen.update(entry.annotation.id for entry in entries)
            fetched += len(page)
            advance(len(page))
    if fetched < announced:
        raise StudioError(
            f"Label Studio announced {announced} annotated tasks and delivered {fetched}",
            "What arrived is in the ledger; run `annotate pull` again.",
        )
    counts["deleted"] = ledger.bury(place, seen)
    ledger.end_pull(place)
    return Pulled(**counts)


def _entries(
    task: AnnotatedTask, people: dict[int, str], schema: Schema, counts: dict[str, int]
) -> list[Entry]:
    if task.meta is None or not task.meta.article:
        counts["foreign"] += 1
        return []
    entries: list[Entry] = []
    shown = Meta(task.meta.article, digest(task.data.text))
    for wire in task.annotations:
        person = people.get(wire.completed_by or 0, f"user {wire.completed_by}")
        annotation = _prove(task, shown, wire, person, schema)
        counts[annotation.status] += 1
        counts["spans"] += len(annotation.spans)
        counts["repaired"] += annotation.repaired
        counts["set_aside"] += len(annotation.set_aside)
        entries.append(Entry(annotation, bytes(wire.result)))
    return entries


def _prove(
    task: AnnotatedTask, shown: Meta, wire: WireAnnotation, person: str, schema: Schema
) -> Annotation:
    if shown != task.meta:
        reason = "the task's text on the server is not the text that was pushed"
        return set_all_aside(wire, shown, person, reason)
    return decode_annotation(wire, shown, task.data.text, person, schema)
