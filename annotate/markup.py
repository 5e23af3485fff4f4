"""Inline markup: annotated text that people can read, write and compare.

A span is `[text](LABEL)`, or `[text](LABEL 7)` when something below refers to it as 7. Spans
nest. A backslash makes the next character plain. Below a line `---` stand, one a line:

- the spans that cross another (overlap without nesting), which brackets cannot show:
  `8 = ORGANIZATION 120:145 "Công an xã"`. The offsets are code points of the text without
  markup, end exclusive. The marked text follows as a JSON string; it must be what stands at
  the offsets, so that an edit above that moves the text does not go unnoticed.
- the relations: `7 holds_rank 3`;
- the attributes of spans: `7 . normal_form "2024-03-12"`, the answers as JSON strings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count

import msgspec

from annotate.errors import MarkupError
from annotate.spans import Relation, Span, reading_order

_RULE = re.compile(r"^---$", re.MULTILINE)
# Plain text, [, ](LABEL ID), or a ] or \ that is none of these.
_TOKEN = re.compile(r"(\\.|[^\\\[\]]+)|(\[)|\]\(([^()\s]+)(?: ([^()\s]+))?\)|([\\\]])", re.DOTALL)
_STRAY = {
    "]": "a ] that closes no span or has no (LABEL); write \\] for itself",
    "\\": "a backslash before nothing; write \\\\ for itself",
}
_NAME = re.compile(r"[^()\s]+")
_STANDOFF = re.compile(r'([^()\s]+) = ([^()\s]+) ([0-9]{1,18}):([0-9]{1,18}) (".*")')
_ATTRIBUTE = re.compile(r'([^()\s]+) \. ([^()\s]+) (".*")')
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPECIAL = re.compile(r"[\\\[\]]")


class Marked(msgspec.Struct, frozen=True):
    """A text with its spans, in reading order, and its relations."""

    text: str
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()


def read_inline(source: str, name: str = "markup") -> Marked:
    """Read inline markup; `name` stands for it in messages.

    Raises `MarkupError` with the line, when brackets do not balance, an id is given twice,
    a stand-off span is not the text at its offsets, or a relation refers to an id that no
    span has.
    """
    body, *rest = _RULE.split(source, maxsplit=1)
    lead = len(body) - len(body.lstrip("\n"))
    text, spans = _parse(body.strip("\n"), name, first_line=lead + 1)
    # Of equal spans the one whose bracket closes last is the outer one, and stands first.
    spans.reverse()
    ids = {span.id for span in spans if span.id}
    below = [
        (line.strip(), partial(_fault, name, number))
        for number, line in enumerate("".join(rest).split("\n"), start=body.count("\n") + 1)
        if line.strip()
    ]
    for line, fault in below:
        if _sign(line) == "=":
            spans.append(_standoff(line, text, ids, fault))
            ids.add(spans[-1].id)
    # Only now, because both may stand above the span that they refer to.
    relations = tuple(_relation(line, ids, fault) for line, fault in below if not _sign(line))
    attributes: dict[str, dict[str, tuple[str, ...]]] = {}
    for line, fault in below:
        if _sign(line) == ".":
            _add_attribute(line, ids, attributes, fault)
    spans = [
        msgspec.structs.replace(span, attributes=attributes[span.id])
        if span.id in attributes
        else span
        for span in spans
    ]
    return Marked(text, tuple(_with_ids(sorted(spans, key=_place), ids)), relations)


def _place(span: Span) -> tuple[int, int, str]:
    """Sort key: reading order without the id, so that equal spans stay as they stand."""
    return reading_order(span)[:3]


def _fault(name: str, line: int, reason: str) -> MarkupError:
    return MarkupError(f"{name}, line {line}: {reason}", "Correct the markup.")


def _parse(body: str, name: str, first_line: int) -> tuple[str, list[Span]]:
    """Return the plain text and the spans as their brackets close, with "" for no id."""

    def fault(reason: str, at: int) -> MarkupError:
        return _fault(name, first_line + body.count("\n", 0, at), reason)

    out: list[str] = []
    length = 0
    opened: list[tuple[int, int]] = []
    spans: list[Span] = []
    ids: set[str] = set()
    for token in _TOKEN.finditer(body):
        plain, opening, label, span_id, stray = token.groups(default="")
        if plain:
            out.append(plain[-1] if plain[0] == "\\" else plain)
            length += len(out[-1])
        elif opening:
            opened.append((length, token.start()))
        elif stray or not opened:
            raise fault(_STRAY[stray or "]"], token.start())
        else:
            start = opened.pop()[0]
            if span_id in ids:
                raise fault(_twice(span_id), token.start())
            if start == length:
                raise fault("a span without text", token.start())
            spans.append(Span(id=span_id, start=start, end=length, label=label))
            ids |= {span_id} - {""}
    if opened:
        raise fault("a [ that is never closed; write \\[ for itself", opened[-1][1])
    return "".join(out), spans


def _twice(span_id: str) -> str:
    return f"two spans have the id {span_id}"


def _sign(line: str) -> str:
    """Return what tells a line from a relation, which has three words: "=", "." or nothing."""
    parts = line.split(maxsplit=3)
    return parts[1] if len(parts) > 3 and parts[1] in {"=", "."} else ""


def _standoff(line: str, text: str, ids: set[str], fault: Callable[[str], MarkupError]) -> Span:
    match = _STANDOFF.fullmatch(line)
    if not match:
        raise fault(f'{line!r} is not ID = LABEL START:END "TEXT"')
    span_id, label, start, end = match[1], match[2], int(match[3]), int(match[4])
    try:
        quoted = msgspec.json.decode(match[5], type=str)
    except msgspec.DecodeError:
        raise fault(f"{match[5]} is not a JSON string") from None
    if span_id in ids:
        raise fault(_twice(span_id))
    if not start < end <= len(text):
        raise fault(f"{start}:{end} is no stretch of the text, which ends at {len(text)}")
    if text[start:end] != quoted:
        raise fault(f"{start}:{end} is {text[start:end][:80]!r}, not {quoted[:80]!r}")
    return Span(id=span_id, start=start, end=end, label=label)


def _add_attribute(
    line: str, ids: set[str], known: dict[str, dict[str, tuple[str, ...]]],
    fault: Callable[[str], MarkupError],
) -> None:  # fmt: skip
    match = _ATTRIBUTE.fullmatch(line)
    if not match or match[1] not in ids:
        raise fault(f'{line!r} is not ID . NAME "TEXT" with the id of a span')
    span_id, name = match[1], match[2]
    strings = _STRING.findall(match[3])
    try:
        answers = msgspec.json.decode(f"[{','.join(strings)}]", type=tuple[str, ...])
    except msgspec.DecodeError:
        raise fault(f"{match[3]} is not JSON strings with a blank between") from None
    if " ".join(strings) != match[3]:
        raise fault(f"{match[3]} is not JSON strings with a blank between")
    if name in known.setdefault(span_id, {}):
        raise fault(f"{span_id} has {name} twice")
    known[span_id][name] = answers


def _relation(line: str, ids: set[str], fault: Callable[[str], MarkupError]) -> Relation:
    parts = line.split()
    if len(parts) != 3 or not {parts[0], parts[2]} <= ids:
        raise fault(f"{line!r} is not HEAD relation TAIL with ids of spans")
    return Relation(head=parts[0], label=parts[1], tail=parts[2])


def _with_ids(spans: list[Span], taken: set[str]) -> list[Span]:
    free = (f"_{number}" for number in count(1) if f"_{number}" not in taken)
    return [span if span.id else msgspec.structs.replace(span, id=next(free)) for span in spans]


def write_inline(marked: Marked) -> str:
    """Return the markup of a text, without front matter.

    Spans get new ids, 1 and up in reading order, where a line below needs them. In brackets
    stands, in reading order, each span that crosses none before it in brackets; the others
    stand below the text. Reading the markup gives the same text, spans with their attributes
    and relations, and writing that again the same markup.

    Raises `MarkupError` for what could not be read back: a label with a space or a bracket,
    a span outside the text, spans that share an id, a relation to no span, a text that
    begins or ends with a line feed (canonical texts do not).
    """
    if problem := next(_unwritable(marked), ""):
        raise MarkupError(problem, "Inline markup cannot hold it.")
    ordered = sorted(marked.spans, key=_place)
    bracketed, crossing = _nested(ordered)
    needed = {end for relation in marked.relations for end in (relation.head, relation.tail)}
    needed |= {span.id for span in crossing} | {span.id for span in ordered if span.attributes}
    numbers = {span.id: str(n) for n, span in enumerate(ordered, start=1) if span.id in needed}
    lines = [_standoff_line(numbers[span.id], span, marked.text) for span in crossing]
    lines += [f"{numbers[r.head]} {r.label} {numbers[r.tail]}" for r in marked.relations]
    lines += [line for span in ordered for line in _attribute_lines(span, numbers)]
    body = _RULE.sub(r"\\---", _with_brackets(marked.text, bracketed, numbers))
    return "\n".join([body, *(["", "---", *lines] if lines else []), ""])


def _unwritable(marked: Marked) -> Iterator[str]:
    if marked.text != marked.text.strip("\n"):
        yield "the text begins or ends with a line feed"
    labels = {span.label for span in marked.spans} | {r.label for r in marked.relations}
    labels |= {name for span in marked.spans for name in span.attributes}
    for label in sorted(labels):
        if not _NAME.fullmatch(label):
            yield f"the label {label!r} has a space or a bracket"
    if any(() in span.attributes.values() for span in marked.spans):
        yield "an attribute of a span has no answer"
    ids: set[str] = set()
    for span in marked.spans:
        if not 0 <= span.start < span.end <= len(marked.text):
            yield f"{span.start}:{span.end} is no stretch of the text"
        if span.id in ids:
            yield _twice(span.id)
        ids.add(span.id)
    ends = {end for relation in marked.relations for end in (relation.head, relation.tail)}
    for end in sorted(ends - ids):
        yield f"a relation refers to {end}, which is no span's id"


def _nested(ordered: list[Span]) -> tuple[list[Span], list[Span]]:
    """Split spans in reading order into those that cross none taken before, and the rest."""
    taken: list[Span] = []
    rest: list[Span] = []
    # The taken spans around the place where we are; the innermost, which ends first, is last.
    around: list[Span] = []
    for span in ordered:
        while around and around[-1].end <= span.start:
            around.pop()
        if around and around[-1].end < span.end:
            rest.append(span)
        else:
            taken.append(span)
            around.append(span)
    return taken, rest


def _with_brackets(text: str, spans: list[Span], numbers: dict[str, str]) -> str:
    opens: dict[int, str] = {}
    closes: dict[int, str] = {}
    for span in spans:
        number = f" {numbers[span.id]}" if span.id in numbers else ""
        opens[span.start] = opens.get(span.start, "") + "["
        # What comes later in reading order is further in, and closes first.
        closes[span.end] = f"]({span.label}{number})" + closes.get(span.end, "")
    out: list[str] = []
    last = 0
    for at in sorted({*opens, *closes, len(text)}):
        out += (_SPECIAL.sub(r"\\\g<0>", text[last:at]), closes.get(at, ""), opens.get(at, ""))
        last = at
    return "".join(out)


def _standoff_line(number: str, span: Span, text: str) -> str:
    quoted = msgspec.json.encode(text[span.start : span.end]).decode()
    return f"{number} = {span.label} {span.start}:{span.end} {quoted}"


def _attribute_lines(span: Span, numbers: dict[str, str]) -> Iterator[str]:
    for name, answers in sorted(span.attributes.items()):
        quoted = " ".join(msgspec.json.encode(answer).decode() for answer in answers)
        yield f"{numbers[span.id]} . {name} {quoted}"
