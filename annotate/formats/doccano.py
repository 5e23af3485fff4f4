"""doccano's JSONL, as its sequence labelling projects export and import it.

A line is a text. Without relations it has `"label": [[start, end, label], …]` (`"labels"` in
older exports), with them `entities` and `relations` as lists of objects. All else on a line
describes the text; doccano gives back what it was given. Comments are counted. Old exports
with `annotations`, which have numbers in place of labels, are refused.

Offsets are counted in what the project counts: UTF-16 units, as the browser does, or grapheme
clusters where "count grapheme clusters as one character" is ticked (doccano's annotator, the
class `Text` of v-annotator; doccano's issue 2290). Many files that programs write count code
points. A file does not say which, so the spans must: among those that the three put in
different places, the unit counts under which the most begin and end where words do. A unit
that puts a span outside its text or within a character is out. When two are alike, reading
stops and asks for `units`. What we write names its unit in `offsets_in`, which doccano keeps.

Grapheme clusters are those of today's Unicode; doccano's are of Unicode 10, and differ for
later emoji and for some conjuncts of Indic scripts. So that no shift goes unnoticed, a span
behind a character that the units count differently is counted as one whose place is in doubt
when it does not begin and end where words do. It is kept as it was read.

doccano cannot hold attributes of spans, answers about a text, or who marked it. It leaves out
overlapping spans on import unless the project allows them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses, Unproved
from annotate.formats.files import Faults, unreadable, writing
from annotate.formats.losses import lose
from annotate.formats.units import (
    UNITS,
    Edges,
    Place,
    Units,
    find_units,
    is_clean,
    is_special,
    places_of,
    put,
    same_until,
    word_edges,
)
from annotate.spans import Relation, Span

__all__ = ["Units", "read_doccano", "write_doccano"]

_KNOWN = frozenset({"id", "text", "label", "labels", "entities", "relations", "Comments", "meta"})
_MARK = "offsets_in"


class _Entity(msgspec.Struct, frozen=True):
    start_offset: int
    end_offset: int
    label: str
    id: int | str | None = None

    @property
    def place(self) -> Place:
        return self.start_offset, self.end_offset


class _Relation(msgspec.Struct, frozen=True):
    from_id: int | str
    to_id: int | str
    type: str
    id: int | None = None


class _Record(msgspec.Struct, frozen=True):
    """A line, whichever of the two kinds it is."""

    text: str
    id: int | str | None = None
    label: list[tuple[int, int, str]] | None = None
    labels: list[tuple[int, int, str]] | None = None
    entities: list[_Entity] | None = None
    relations: list[_Relation] | None = None
    meta: dict[str, Any] | None = None
    offsets_in: Units | None = None
    comments: list[Any] | None = msgspec.field(default=None, name="Comments")

    def spans(self) -> list[_Entity]:
        """Return what is marked, with offsets as the file has them."""
        listed = [*(self.label or ()), *(self.labels or ())]
        return [*(self.entities or ()), *(_Entity(*one) for one in listed)]


class _Line(msgspec.Struct, frozen=True):
    """A record, where it stands in the file, and what else is on its line."""

    record: _Record
    where: str
    rest: dict[str, Any]


def read_doccano(path: Path, losses: Losses, *, units: Units | None = None) -> Iterator[Document]:
    """Yield the texts of a JSONL file that doccano exported, with what is marked in them.

    `units` says what the project counts offsets in; without it the file's spans decide.
    A span that is no stretch of its text is unproved. Raises `FormatError` for lines that do not
    hold, once all were read, and when the spans do not decide.
    """
    counted = units or _told_by_spans(path)
    faults = Faults()
    for line in _lines(path):
        with faults.kept():
            yield _document(line, units or line.record.offsets_in or counted, losses)
    faults.tell()


def _lines(path: Path) -> Iterator[_Line]:
    """Yield the lines; raises `FormatError` for those that do not hold after the last one."""
    faults = Faults()
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                where = f"{path}, line {number}"
                if content := line.removeprefix(b"\xef\xbb\xbf").strip():
                    with faults.kept():
                        yield _decoded(content, where)
    except OSError as error:
        raise unreadable(path, error) from error
    faults.tell()


def _decoded(content: bytes, where: str) -> _Line:
    try:
        fields = msgspec.json.decode(content, type=dict[str, Any])
        record = msgspec.convert(fields, _Record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{where} is no record of doccano: {error}", "Export the project as JSONL."
        ) from error
    # It would pass for metadata, and its spans be lost.
    if "annotations" in fields:
        raise FormatError(
            f"{where} has numbers for labels, in `annotations`",
            "Export with the labels' names, from a doccano of today.",
        )
    rest = {name: value for name, value in fields.items() if name not in {*_KNOWN, _MARK}}
    return _Line(record, where, rest)


def _told_by_spans(path: Path) -> Units:
    """Return the unit of a file's offsets, as far as its spans tell."""
    texts = (
        (line.record.text, [one.place for one in line.record.spans()])
        for line in _lines(path)
        if not line.record.offsets_in
    )
    if units := find_units(texts):
        return units
    raise FormatError(
        f"{path} does not tell what its offsets count", f"Say so with --units: {', '.join(UNITS)}."
    )


def _document(line: _Line, units: Units, losses: Losses) -> Document:
    record = line.record
    special = is_special(record.text)
    places = places_of(record.text, units if special else "code-points")
    # Up to the first such character every unit counts the same.
    same = same_until(record.text) if special else len(record.text)
    edges: Edges = word_edges(record.text) if special and not record.offsets_in else (set(), set())
    spans: list[Span] = []
    unproved: list[Unproved] = []
    for number, entity in enumerate(record.spans()):
        place = put(entity.place, places)
        span_id = f"_{number}" if entity.id is None else str(entity.id)
        if place is None:
            unproved.append(_unproved(span_id, entity, units))
            continue
        if place[1] > same and not record.offsets_in and not is_clean(place, edges):
            lose(losses, "spans whose place is in doubt")
        spans.append(Span(id=span_id, start=place[0], end=place[1], label=entity.label))
    lose(losses, "comments", len(record.comments or ()))
    return Document(
        id="" if record.id is None else str(record.id), text=record.text, spans=tuple(spans),
        relations=_relations(line, [*(one.id for one in spans), *(one.id for one in unproved)]),
        metadata=_metadata({**line.rest, **(record.meta or {})}), unproved=tuple(unproved),
    )  # fmt: skip


def _unproved(span_id: str, entity: _Entity, units: Units) -> Unproved:
    start, end = entity.place
    reason = f"{start}:{end} is no stretch of the text in {units}"
    return Unproved(id=span_id, label=entity.label, reason=reason, start=start, end=end)


def _relations(line: _Line, span_ids: list[str]) -> tuple[Relation, ...]:
    ids = Counter(span_ids)
    if twice := [span_id for span_id, count in ids.items() if count > 1]:
        raise FormatError(f"{line.where}: two spans have the id {twice[0]}", "Give each its own.")
    found: list[Relation] = []
    for one in line.record.relations or ():
        head, tail = str(one.from_id), str(one.to_id)
        if stray := {head, tail} - set(ids):
            raise FormatError(
                f"{line.where}: a relation refers to {min(stray)}, which is no span's id",
                "Correct the id or remove the relation.",
            )
        found.append(Relation(head=head, tail=tail, label=one.type))
    return tuple(found)


def _metadata(fields: dict[str, Any]) -> dict[str, str]:
    """Return the fields as text; what is not a string as JSON, what is null not at all."""
    return {
        name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in fields.items()
        if value is not None
    }


def write_doccano(
    documents: Iterable[Document], path: Path, losses: Losses, *, units: Units = "utf-16"
) -> None:
    """Write a JSONL file for a sequence labelling project with relations.

    `units` is what the project counts: `graphemes` where it says so, else `utf-16`. A span
    that begins or ends within a cluster gets the whole one where clusters are counted, and
    that is counted in `losses`.
    """
    with writing(path) as file:
        for document in documents:
            file.write(_encoded(document, units, losses).decode() + "\n")


def _encoded(document: Document, units: Units, losses: Losses) -> bytes:
    offsets = {place: at for at, place in enumerate(places_of(document.text, units))}
    numbers = {span.id: number for number, span in enumerate(document.spans)}
    entities = []
    for span in document.spans:
        start, end = span.start, span.end
        while start not in offsets:
            start -= 1
        while end not in offsets:
            end += 1
        cut = (start, end) != (span.start, span.end)
        lose(losses, "spans that cut a grapheme cluster", cut)
        lose(losses, "attributes", len(span.attributes))
        entities.append(_Entity(offsets[start], offsets[end], span.label, numbers[span.id]))
    lose(losses, "choices", len(document.choices))
    lose(losses, "annotators", bool(document.annotator))
    relations = [
        _Relation(numbers[one.head], numbers[one.tail], one.label, at)
        for at, one in enumerate(document.relations)
    ]
    fields = {
        "text": document.text, "entities": entities, "relations": relations,
        "meta": document.metadata, _MARK: units,
    }  # fmt: skip
    return msgspec.json.encode({"id": document.id, **fields} if document.id else fields)
