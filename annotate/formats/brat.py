"""brat's standoff: a folder of texts, `NAME.txt`, and what is marked in each, `NAME.ann`.

A line of an `.ann` is a span (T), a relation of two (R), an attribute of one (A, formerly M) or
something that a document cannot hold and that is counted: an event (E), an equivalence (*), a
normalisation (N), a note (#). Source: brat's page "brat standoff format", and its server's
`annotation.py` where the page is silent.

Offsets are code points of the text as it is on disk: the server indexes a decoded Python
string, and `codecs.open`, with which it reads, leaves CRLF two characters. A span's line quotes
its text, so each file is proved by that. Where code points do not hold, UTF-16 units are tried
(brat's issue 1115), then code points with every line end a line feed, as tools write that read
the text in Python's text mode; the document then has that text.

A line cannot quote a line break, so a span across one is written in pieces, as brat does.
Pieces with nothing but white space between them are one span again when read. Others become
one span from the first piece's start to the last one's end, which is counted.

brat cannot hold answers about a text, its metadata or who marked it, nor spans that begin or
end with a line break, which lose it. Labels have letters without marks, digits, `_` and `-`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import msgspec

from annotate.errors import FormatError
from annotate.formats.brat_writing import write_brat
from annotate.formats.document import Document, Losses
from annotate.formats.files import unreadable
from annotate.formats.losses import Loss, lose
from annotate.spans import Relation, Span

__all__ = ["read_brat", "write_brat"]

Piece = tuple[int, int]
Fault = Callable[[str], FormatError]

_SPAN = re.compile(r"(\S+) ([0-9]{1,18} [0-9]{1,18}(?:;[0-9]{1,18} [0-9]{1,18})*) *")
_RELATION = re.compile(r"(\S+) +([^\s:]+):(\S+) +([^\s:]+):(\S+) *")
_ATTRIBUTE = re.compile(r"(\S+) (\S+)(?: (.+))?")
_COUNTED: dict[str, Loss] = {
    "E": "events", "*": "equivalences", "N": "normalisations", "#": "comments",
}  # fmt: skip
_PARTS = (".a1", ".a2", ".co", ".rel")


class _Marked(msgspec.Struct, frozen=True):
    """A T line: where it is said, and what."""

    fault: Fault
    id: str
    label: str
    pieces: list[Piece]
    quoted: str


def read_brat(path: Path, losses: Losses) -> Iterator[Document]:
    """Yield the texts of a folder, and of those within it, with what is marked in them.

    An attribute without a value reads as the answer `true`. Raises `FormatError` for a line
    that does not hold, and for a span that is not the text at its offsets.
    """
    if not path.is_dir():
        raise FormatError(f"{path} is no folder", "Name the folder that has the .txt and .ann.")
    for marks in sorted(path.rglob("*.ann")):
        if not marks.with_suffix(".txt").exists():
            raise FormatError(f"{marks} has no text", f"Put {marks.stem}.txt beside it.")
    for source in sorted(path.rglob("*.txt")):
        yield _document(source, source.relative_to(path).with_suffix("").as_posix(), losses)


def _document(source: Path, name: str, losses: Losses) -> Document:
    reading = _Reading(losses)
    whole = source.with_suffix(".ann")
    for file in [whole] if whole.exists() else map(source.with_suffix, _PARTS):
        # Of the parts, too, a folder has those that there was something for.
        if file.exists():
            reading.add(_text(file), file)
    text, spans = reading.proved(_text(source))
    return Document(id=name, text=text, spans=tuple(spans), relations=tuple(reading.relations()))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8 at byte {error.start}", "Save it in UTF-8."
        ) from error


def _fault(path: Path, number: int, reason: str) -> FormatError:
    return FormatError(f"{path}, line {number}: {reason}", "Correct the line or remove it.")


class _Reading:
    """The lines of a text's annotation files, as far as they are read."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._marked: dict[str, _Marked] = {}
        self._arrows: list[tuple[Fault, Relation]] = []
        self._attributes: dict[str, dict[str, tuple[str, ...]]] = {}
        # Ids of what is no span, and of spans that a document cannot hold.
        self._others: set[str] = set()

    def add(self, source: str, path: Path) -> None:
        """Read the lines of a file."""
        attributes: list[tuple[Fault, str]] = []
        for number, ended in enumerate(source.removeprefix("\ufeff").split("\n"), start=1):
            line = ended.removesuffix("\r")
            line_id, _, rest = line.partition("\t")
            fault: Fault = partial(_fault, path, number)
            if line_id[:1] == "T":
                self._mark(line_id, rest, fault)
            elif line_id[:1] == "R":
                self._arrows.append((fault, _relation(rest.partition("\t")[0], fault)))
            elif line_id[:1] in {"A", "M"}:
                attributes.append((fault, rest.partition("\t")[0]))
            elif line_id[:1] in _COUNTED:
                self._others.add(line_id)
                lose(self._losses, _COUNTED[line_id[:1]])
            elif line.strip():
                raise fault(f"{line[:80]!r} is no line of brat's")
            if line_id[:1] in {"R", "A", "M"}:
                self._others.add(line_id)
        for where, data in attributes:
            self._attribute(data, where)

    def _mark(self, line_id: str, rest: str, fault: Fault) -> None:
        data, _, quoted = rest.partition("\t")
        match = _SPAN.fullmatch(data)
        if not match:
            raise fault(f"{(data or line_id)[:80]!r} is not LABEL START END between tabs")
        if line_id in self._marked:
            raise fault(f"two spans have the id {line_id}")
        pairs = (piece.split(" ") for piece in match[2].split(";"))
        pieces = sorted((int(start), int(end)) for start, end in pairs)
        self._marked[line_id] = _Marked(fault, line_id, match[1], pieces, quoted)

    def _attribute(self, data: str, fault: Fault) -> None:
        match = _ATTRIBUTE.fullmatch(data)
        if not match:
            raise fault(f"{data[:80]!r} is not NAME ID or NAME ID VALUE")
        name, target, value = match[1], match[2], match[3] or "true"
        if target in self._marked:
            answers = self._attributes.setdefault(target, {})
            answers[name] = (*answers.get(name, ()), value)
        elif target in self._others:
            lose(self._losses, "attributes")
        else:
            raise fault(f"{target} is the id of no line")

    def proved(self, text: str) -> tuple[str, list[Span]]:
        """Return the text, and the spans as they lie in it by what they quote."""
        faults: list[FormatError] = []
        for view, places in _views(text):
            try:
                extents = [_extent(marked, view, places) for marked in self._marked.values()]
            except FormatError as error:
                faults.append(error)
            else:
                return view, list(self._spans(view, extents))
        # Code points are what it should have been.
        raise faults[0]

    def _spans(self, text: str, extents: Iterable[list[Piece]]) -> Iterator[Span]:
        for marked, pieces in zip(list(self._marked.values()), extents, strict=True):
            start, end = pieces[0][0], max(end for _, end in pieces)
            attributes = self._attributes.get(marked.id, {})
            if start == end:
                del self._marked[marked.id]
                self._others.add(marked.id)
                lose(self._losses, "spans without text")
                lose(self._losses, "attributes", len(attributes))
                continue
            if any(text[left[1] : right[0]].strip() for left, right in pairwise(pieces)):
                lose(self._losses, "discontinuous spans")
            yield Span(
                id=marked.id, start=start, end=end, label=marked.label, attributes=attributes
            )

    def relations(self) -> Iterator[Relation]:
        """Yield the relations whose ends are spans; count those with an event's."""
        for fault, arrow in self._arrows:
            ends = {arrow.head, arrow.tail}
            if stray := ends - set(self._marked) - self._others:
                raise fault(f"{min(stray)} is the id of no line")
            if ends <= set(self._marked):
                yield arrow
            else:
                lose(self._losses, "relations")


def _relation(data: str, fault: Fault) -> Relation:
    match = _RELATION.fullmatch(data)
    if not match:
        raise fault(f"{data[:80]!r} is not LABEL Arg1:ID Arg2:ID")
    label, one, head, other, tail = match.groups()
    if (one, other) == ("Arg2", "Arg1"):
        head, tail = tail, head
    return Relation(head=head, tail=tail, label=label)


def _views(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield the text in the ways its offsets may count it, and where each count lies in it."""
    yield text, range(len(text) + 1)
    if not text.isascii() and max(text) > "\uffff":
        places: list[int] = []
        for at, char in enumerate(text):
            places += (at, -1) if char > "\uffff" else (at,)
        yield text, [*places, len(text)]
    if "\r" in text:
        plain = text.replace("\r\n", "\n").replace("\r", "\n")
        yield plain, range(len(plain) + 1)


def _extent(marked: _Marked, text: str, places: Sequence[int]) -> list[Piece]:
    """Return the span's pieces in code points; raises `FormatError` when it is not the text."""
    found: list[Piece] = []
    for start, end in marked.pieces:
        if not start <= end < len(places) or -1 in {places[start], places[end]}:
            raise marked.fault(f"{start} {end} is no stretch of the text")
        found.append((places[start], places[end]))
    # Some tools quote a line feed as a space, and pieces were once joined without one.
    pieces = [re.sub(r"\s", " ", text[start:end]) for start, end in found]
    quoted = re.sub(r"\s", " ", marked.quoted)
    if quoted.strip() and not quoted.startswith((" ".join(pieces), "".join(pieces))):
        shown = " ".join(pieces)
        raise marked.fault(f"the text there is {shown[:80]!r}, not {marked.quoted[:80]!r}")
    return found
