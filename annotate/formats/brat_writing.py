"""Writing brat's standoff; `annotate.formats.brat` says what the format is and cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.files import replacing
from annotate.formats.losses import lose
from annotate.spans import Span

# Where brat's server ends a line of an .ann.
_BREAK = re.compile("[\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]+")
_STRANGE = re.compile("[^a-zA-Z0-9_-]")
# What annotation.conf can list as a value.
_VALUE = re.compile(r"[^\s,|:<>]+")
# A part of a path that every system takes as it is.
_NAME = re.compile(r"\w(?:[\w .,=@+()-]{0,58}[\w)])?")
_EVERY_OVERLAP = "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>"


def write_brat(
    documents: Iterable[Document], path: Path, losses: Losses, *, labels: Iterable[str] = ()
) -> None:
    """Write a folder that brat shows as a collection, with its `annotation.conf`.

    `labels` are labels of spans to offer in brat besides those that occur. A text's id is the
    name of its files; one that is no name, or that another text has, is changed and counted.
    Raises `FormatError` when the folder holds anything.
    """
    with replacing(path) as fresh:
        if path.exists() and any(path.iterdir()):
            raise FormatError(f"{path} is not empty", "Name another folder, or empty it.")
        fresh.mkdir(parents=True)
        writing = _Writing(fresh, losses, labels)
        for document in documents:
            writing.write(document)
        (fresh / "annotation.conf").write_bytes(writing.configuration().encode())


class _Writing:
    """A folder that is written: names and labels that it has so far."""

    def __init__(self, folder: Path, losses: Losses, labels: Iterable[str]) -> None:
        self._folder = folder
        self._losses = losses
        self._names: set[str] = set()
        self._entities = {_STRANGE.sub("_", label) for label in labels}
        self._relations: set[str] = set()
        self._values: dict[str, set[str]] = {}

    def write(self, document: Document) -> None:
        """Write a text and what is marked in it."""
        base = self._folder / self._name(document.id)
        base.parent.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{line}\n" for line in self._lines(document))
        base.with_name(f"{base.name}.txt").write_bytes(document.text.encode())
        base.with_name(f"{base.name}.ann").write_bytes(lines.encode())
        lose(self._losses, "choices", len(document.choices))
        lose(self._losses, "metadata", len(document.metadata))
        lose(self._losses, "annotators", bool(document.annotator))

    def _name(self, text_id: str) -> str:
        name = text_id
        # Some systems take names that differ in case for one.
        if not all(map(_NAME.fullmatch, name.split("/"))) or name.casefold() in self._names:
            lose(self._losses, "ids")
            stem = re.sub(r"\W+", "-", text_id).strip("-")[:50].rstrip("-") or "text"
            names = (f"{stem}-{number}" for number in count(1))
            name = next(name for name in names if name.casefold() not in self._names)
        self._names.add(name.casefold())
        return name

    def _lines(self, document: Document) -> Iterator[str]:
        numbers: dict[str, int] = {}
        for span in document.spans:
            if pieces := self._pieces(document.text, span):
                numbers[span.id] = len(numbers) + 1
                label = self._label(span.label)
                self._entities.add(label)
                places = ";".join(f"{start} {end}" for start, end in pieces)
                quoted = " ".join(document.text[start:end] for start, end in pieces)
                yield f"T{numbers[span.id]}\t{label} {places}\t{quoted}"
            else:
                lose(self._losses, "spans of line breaks alone")
                lose(self._losses, "attributes", len(span.attributes))
        marked = [span for span in document.spans if span.id in numbers]
        attributes = (line for s in marked for line in self._attributes(s, numbers[s.id]))
        for number, line in enumerate(attributes, start=1):
            yield f"A{number}\t{line}"
        kept = [one for one in document.relations if {one.head, one.tail} <= set(numbers)]
        lose(self._losses, "relations", len(document.relations) - len(kept))
        for number, one in enumerate(kept, start=1):
            label = self._label(one.label)
            self._relations.add(label)
            yield f"R{number}\t{label} Arg1:T{numbers[one.head]} Arg2:T{numbers[one.tail]}"

    def _pieces(self, text: str, span: Span) -> list[tuple[int, int]]:
        """Return the parts of a span between line breaks."""
        breaks = [found.span() for found in _BREAK.finditer(text, span.start, span.end)]
        starts = [span.start, *(end for _, end in breaks)]
        ends = [*(start for start, _ in breaks), span.end]
        pieces = [(a, b) for a, b in zip(starts, ends, strict=True) if a < b]
        if pieces and (pieces[0][0], pieces[-1][1]) != (span.start, span.end):
            lose(self._losses, "spans with line breaks at their ends")
        return pieces

    def _attributes(self, span: Span, number: int) -> Iterator[str]:
        for name, answers in span.attributes.items():
            fit = [answer for answer in answers if answer and not re.search(r"\t", answer)]
            fit = [answer for answer in fit if not _BREAK.search(answer)]
            # An attribute with no answer left is lost too.
            lose(self._losses, "attributes", len(answers) - len(fit) or not answers)
            label = self._label(name) if fit else ""
            for answer in fit:
                values = self._values.setdefault(label, set())
                if answer == "true":
                    yield f"{label} T{number}"
                else:
                    values.add(answer)
                    yield f"{label} T{number} {answer}"

    def _label(self, label: str) -> str:
        stored = _STRANGE.sub("_", label) or "_"
        lose(self._losses, "labels with other characters", stored != label)
        return stored

    def configuration(self) -> str:
        """Return the annotation.conf for what was written."""
        lines = ["[entities]", *sorted(self._entities), "", "[relations]", _EVERY_OVERLAP]
        lines += [f"{name}\tArg1:<ENTITY>, Arg2:<ENTITY>" for name in sorted(self._relations)]
        lines += ["", "[events]", "", "[attributes]"]
        for name, values in sorted(self._values.items()):
            fit = "|".join(value for value in sorted(values) if _VALUE.fullmatch(value))
            lines.append(f"{name}\tArg:<ENTITY>{f', Value:{fit}' if fit else ''}")
        return "\n".join([*lines, ""])
