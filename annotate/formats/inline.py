"""Gold annotations as text that people can read and compare.

A span is `[text](LABEL)`, or `[text](LABEL 7)` when a relation refers to it as 7. Spans
nest. A backslash makes the next character plain. After the text, a line `---` begins the
relations, one a line: `7 holds_rank 3`.

Spans that cross (overlap without nesting) have no form here.
"""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from annotate.errors import MarkupError
from annotate.spans import Relation, Span, covers, overlap, reading_order

_RULE = re.compile(r"^---$", re.MULTILINE)
# Plain text, [, ](LABEL ID), or a ] or \ that is none of these.
_TOKEN = re.compile(r"(\\.|[^\\\[\]]+)|(\[)|\]\(([^()\s]+)(?: ([^()\s]+))?\)|([\\\]])", re.DOTALL)
_STRAY = {
    "]": "a ] that closes no span or has no (LABEL); write \\] for itself",
    "\\": "a backslash before nothing; write \\\\ for itself",
}
_NAME = re.compile(r"[^()\s]+")
_SPECIAL = re.compile(r"[\\\[\]]")


class Marked(msgspec.Struct, frozen=True):
    """A text with its spans, in reading order, and its relations."""

    text: str
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()


def read_inline(source: str, name: str = "markup") -> Marked:
    """Read inline markup; `name` stands for it in messages.

    Raises `MarkupError` with the line, when brackets do not balance, an id is given twice,
    or a relation refers to an id that no span has.
    """
    body, *rest = _RULE.split(source, maxsplit=1)
    lead = len(body) - len(body.lstrip("\n"))
    text, spans = _parse(body.strip("\n"), name, first_line=lead + 1)
    ids = {span.id for span in spans}
    relations = _relations("".join(rest), ids, name, first_line=body.count("\n") + 1)
    return Marked(text, tuple(sorted(spans, key=reading_order)), relations)


def _parse(body: str, name: str, first_line: int) -> tuple[str, list[Span]]:
    def fault(reason: str, at: int) -> MarkupError:
        line = first_line + body.count("\n", 0, at)
        return MarkupError(f"{name}, line {line}: {reason}", "Correct the markup.")

    out: list[str] = []
    length = 0
    opened: list[tuple[int, int]] = []
    spans: dict[str, Span] = {}
    for token in _TOKEN.finditer(body):
        plain, opening, label, given_id, stray = token.groups()
        if plain:
            out.append(plain[-1] if plain[0] == "\\" else plain)
            length += len(out[-1])
        elif opening:
            opened.append((length, token.start()))
        elif stray or not opened:
            raise fault(_STRAY[stray or "]"], token.start())
        else:
            start = opened.pop()[0]
            span_id = given_id or f"_{len(spans) + 1}"
            if span_id in spans:
                raise fault(f"two spans have the id {span_id}", token.start())
            if start == length:
                raise fault("a span without text", token.start())
            spans[span_id] = Span(id=span_id, start=start, end=length, label=label)
    if opened:
        raise fault("a [ that is never closed; write \\[ for itself", opened[-1][1])
    return "".join(out), list(spans.values())


def _relations(source: str, ids: set[str], name: str, first_line: int) -> tuple[Relation, ...]:
    found: list[Relation] = []
    for number, line in enumerate(source.split("\n"), start=first_line):
        parts = line.split()
        if not parts:
            continue
        if len(parts) != 3 or not {parts[0], parts[2]} <= ids:
            raise MarkupError(
                f"{name}, line {number}: {line!r} is not HEAD relation TAIL with ids of spans",
                "Correct the relation.",
            )
        found.append(Relation(head=parts[0], label=parts[1], tail=parts[2]))
    return tuple(found)


def read_gold(folder: Path) -> dict[str, Marked]:
    """Read the gold annotations in a folder of `ARTICLE.md` files, by article id.

    Raises `MarkupError` for a file that cannot be read or does not parse.
    """
    gold: dict[str, Marked] = {}
    for path in sorted(folder.glob("*.md")):
        try:
            gold[path.stem] = read_inline(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise MarkupError(f"{path} cannot be read: {error}", "Check the file.") from error
    return gold


def write_inline(marked: Marked) -> str:
    """Return the markup of a text, without front matter.

    Spans get new ids, 1 and up in reading order, where relations need them. Raises
    `MarkupError` when two spans cross, or a label has a space or a bracket.
    """
    ordered = sorted(marked.spans, key=reading_order)
    for label in {span.label for span in ordered} | {r.label for r in marked.relations}:
        if not _NAME.fullmatch(label):
            raise MarkupError(
                f"the label {label!r} has a space or a bracket", "Inline markup cannot hold it."
            )
    _refuse_crossing(ordered, marked.text)
    needed = {end for relation in marked.relations for end in (relation.head, relation.tail)}
    numbers = {span.id: str(n) for n, span in enumerate(ordered, start=1) if span.id in needed}
    opens: dict[int, int] = {}
    closes: dict[int, list[Span]] = {}
    for span in ordered:
        opens[span.start] = opens.get(span.start, 0) + 1
        closes.setdefault(span.end, []).insert(0, span)
    out: list[str] = []
    for at in range(len(marked.text) + 1):
        for span in closes.get(at, ()):
            number = numbers.get(span.id)
            out.append(f"]({span.label}{' ' + number if number else ''})")
        out.append("[" * opens.get(at, 0))
        out.append(_SPECIAL.sub(r"\\\g<0>", marked.text[at : at + 1]))
    body = re.sub(_RULE, r"\\---", "".join(out)).strip("\n")
    lines = [f"{numbers[r.head]} {r.label} {numbers[r.tail]}" for r in marked.relations]
    return "\n".join([body, *(["", "---", *lines] if lines else []), ""])


def _refuse_crossing(ordered: list[Span], text: str) -> None:
    stack: list[Span] = []
    for span in ordered:
        while stack and not overlap(stack[-1], span):
            stack.pop()
        if stack and not covers(stack[-1], span):
            one, other = (text[s.start : s.end] for s in (stack[-1], span))
            raise MarkupError(f"{one!r} and {other!r} cross", "Inline markup cannot hold both.")
        stack.append(span)
