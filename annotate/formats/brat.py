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
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path

from annotate.errors import FormatError
from annotate.formats.brat_offsets import Marked, Piece, find_extents
from annotate.formats.brat_writing import write_brat
from annotate.formats.document import Document, Losses, Unproved
from annotate.formats.files import Faults, unreadable
from annotate.formats.losses import Loss, lose
from annotate.spans import Relation, Span

__all__ = ["read_brat", "write_brat"]

Fault = Callable[[str], FormatError]

_SPAN = re.compile(r"(\S+) ([0-9]{1,18} [0-9]{1,18}(?:;[0-9]{1,18} [0-9]{1,18})*) *")
_RELATION = re.compile(r"(\S+) +([^\s:]+):(\S+) +([^\s:]+):(\S+) *")
_ATTRIBUTE = re.compile(r"(\S+) (\S+)(?: (.+))?")
_COUNTED: dict[str, Loss] = {
    "E": "events", "*": "equivalences", "N": "normalisations", "#": "comments",
}  # fmt: skip
_PARTS = (".a1", ".a2", ".co", ".rel")


def read_brat(path: Path, losses: Losses) -> Iterator[Document]:
    """Yield the texts of a folder, and of those within it, with what is marked in them.

    A text's id is its file's path in the folder; the name alone where no other has it is short.
    An attribute without a value reads as the answer `true`. A span that is not the text at its
    offsets is unproved. Raises `FormatError` for lines that do not hold, once all were read.
    """
    if not path.is_dir():
        raise FormatError(f"{path} is no folder", "Name the folder that has the .txt and .ann.")
    faults = Faults()
    for marks in sorted(path.rglob("*.ann")):
        if not marks.with_suffix(".txt").exists():
            faults.add(FormatError(f"{marks} has no text", f"Put {marks.stem}.txt beside it."))
    sources = sorted(path.rglob("*.txt"))
    # Some systems take names that differ in case for one.
    stems = Counter(source.stem.casefold() for source in sources)
    for source in sources:
        name = source.relative_to(path).with_suffix("").as_posix()
        alone = stems[source.stem.casefold()] == 1
        with faults.kept():
            yield _document(source, name, source.stem if alone else "", losses)
    faults.tell()


def _document(source: Path, name: str, stem: str, losses: Losses) -> Document:
    reading = _Reading(losses)
    whole = source.with_suffix(".ann")
    for file in [whole] if whole.exists() else map(source.with_suffix, _PARTS):
        # Of the parts, too, a folder has those that there was something for.
        if file.exists():
            reading.add(_text(file), file)
    text, spans = reading.proved(_text(source))
    return Document(
        id=name, text=text, spans=tuple(spans), relations=tuple(reading.relations()),
        short_id=stem if stem != name else "", unproved=tuple(reading.unproved),
    )  # fmt: skip


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
        self._marked: dict[str, Marked] = {}
        self._arrows: list[tuple[Fault, Relation]] = []
        self._attributes: dict[str, dict[str, tuple[str, ...]]] = {}
        # The lines of attributes of the file that is read.
        self._given: list[tuple[Fault, str]] = []
        # Ids of what is no span, and of spans that a document cannot hold.
        self._others: set[str] = set()
        # Spans that are not the text at their offsets.
        self.unproved: list[Unproved] = []

    def add(self, source: str, path: Path) -> None:
        """Read the lines of a file."""
        faults = Faults()
        self._given.clear()
        for number, ended in enumerate(source.removeprefix("\ufeff").split("\n"), start=1):
            with faults.kept():
                where = f"line {number} of {path.name}"
                self._line(ended.removesuffix("\r"), where, partial(_fault, path, number))
        # What they are about may be on a line that does not hold.
        faults.tell()
        for fault, data in self._given:
            with faults.kept():
                self._attribute(data, fault)
        faults.tell()

    def _line(self, line: str, where: str, fault: Fault) -> None:
        line_id, _, rest = line.partition("\t")
        if line_id[:1] == "T":
            self._mark(line_id, rest, where, fault)
        elif line_id[:1] == "R":
            self._arrows.append((fault, _relation(rest.partition("\t")[0], fault)))
        elif line_id[:1] in {"A", "M"}:
            self._given.append((fault, rest.partition("\t")[0]))
        elif line_id[:1] in _COUNTED:
            self._others.add(line_id)
            lose(self._losses, _COUNTED[line_id[:1]])
        elif line.strip():
            raise fault(f"{line[:80]!r} is no line of brat's")
        if line_id[:1] in {"R", "A", "M"}:
            self._others.add(line_id)

    def _mark(self, line_id: str, rest: str, where: str, fault: Fault) -> None:
        data, _, quoted = rest.partition("\t")
        match = _SPAN.fullmatch(data)
        if not match:
            raise fault(f"{(data or line_id)[:80]!r} is not LABEL START END between tabs")
        if line_id in self._marked:
            raise fault(f"two spans have the id {line_id}")
        pairs = (piece.split(" ") for piece in match[2].split(";"))
        pieces = sorted((int(start), int(end)) for start, end in pairs)
        self._marked[line_id] = Marked(where, line_id, match[1], pieces, quoted)

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
        view, extents = find_extents(list(self._marked.values()), text)
        return view, list(self._spans(view, extents))

    def _spans(self, text: str, extents: Iterable[list[Piece] | str]) -> Iterator[Span]:
        for marked, pieces in zip(list(self._marked.values()), extents, strict=True):
            attributes = self._attributes.get(marked.id, {})
            if isinstance(pieces, str):
                self._leave(marked, pieces, attributes)
                continue
            start, end = pieces[0][0], max(end for _, end in pieces)
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

    def _leave(self, marked: Marked, why: str, attributes: dict[str, tuple[str, ...]]) -> None:
        self.unproved.append(
            Unproved(
                id=marked.id, label=marked.label, reason=f"{marked.where}: {why}",
                start=marked.pieces[0][0], end=max(end for _, end in marked.pieces),
                text=marked.quoted, attributes=attributes,
            )
        )  # fmt: skip

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
