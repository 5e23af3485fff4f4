"""The guide as Markdown, as GitHub shows it.

Markdown has no colours: a mark stands in brackets, its label as a small subscript behind it,
as linguists write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile
from xml.etree.ElementTree import Element

from annotate.schema.guide.content import guide_content
from annotate.schema.model import Schema

# What could begin something in the middle of a line, and at its beginning.
_SPECIAL = re.compile(r"[\\`*_\[\]<>#~|$]|&(?=[#\w])|:(?=[\w+-]+:)")
_ITEM = re.compile(r"(?=[-+=])|\d{1,9}(?=[.)])")

_SIGNS = {"b": ("**", "**"), "s": ("~~", "~~"), "kbd": ("<kbd>", "</kbd>")}
_BLOCKS = frozenset({"div", "p", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})


def guide_markdown(schema: Schema) -> str:
    """Return the guide as Markdown; in English words where the schema's language has none."""
    return "\n\n".join(_blocks(guide_content(schema))) + "\n"


def _blocks(parent: Element) -> list[str]:
    """Return the blocks of an element, each without a line feed at its ends."""
    blocks: list[str] = []
    for child in parent:
        if child.tag == "div":
            blocks += _blocks(child)
        elif child.tag in {"ul", "ol"}:
            blocks.append(_list(child))
        elif child.tag == "p":
            blocks.append(_lines(_inline(child)))
        elif child.tag in _BLOCKS:
            # A heading has one line.
            blocks.append(f"{'#' * int(child.tag[1])} {' '.join(_inline(child).split())}")
    return blocks


def _list(parent: Element) -> str:
    """Return a list; items that have paragraphs stand apart."""
    loose = parent.find("li/p") is not None
    gap = "\n\n" if loose else "\n"
    items: list[str] = []
    for number, item in enumerate(parent, start=1):
        sign = f"{number}. " if parent.tag == "ol" else "- "
        first = _lines(_inline(item))
        body = gap.join([first] * bool(first) + _blocks(item))
        items.append(sign + body.replace("\n", "\n" + " " * len(sign)))
    # No blanks on empty lines.
    return re.sub(r"(?m)^ +$", "", gap.join(items))


def _lines(text: str) -> str:
    """Return inline Markdown with its line feeds as breaks, nothing in it a block of its own."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return "\\\n".join(_guard(line) for line in lines)


def _guard(line: str) -> str:
    """Return a line that does not begin like an item of a list or an underline."""
    sign = _ITEM.match(line)
    return f"{sign[0]}\\{line[sign.end() :]}" if sign else line


def _inline(element: Element) -> str:
    """Return what an element has before its first block, a line feed for each break."""
    return _escape(element.text) + _phrases(takewhile(lambda e: e.tag not in _BLOCKS, element))


def _phrases(elements: Iterable[Element]) -> str:
    return "".join(_phrase(element) + _escape(element.tail) for element in elements)


def _phrase(element: Element) -> str:
    if element.tag == "br":
        return "\n"
    if element.tag == "code":
        return _code(element.text or "")
    if element.tag in {"mark", "s"} and element.find("small") is not None:
        return _mark(element)
    inner = _inline(element)
    return _wrap(*_SIGNS[element.tag], inner) if element.tag in _SIGNS else inner


def _mark(mark: Element) -> str:
    """Return a mark in brackets with its label; the label is struck where the mark is wrong."""
    *inner, small = mark
    text = (_escape(mark.text) + _phrases(inner)).strip()
    label = _inline(small)
    return f"\\[{text}\\]<sub>{_wrap('~~', '~~', label) if mark.tag == 's' else label}</sub>"


def _wrap(opening: str, closing: str, inner: str) -> str:
    """Put a sign at both ends; blanks beside it would take its meaning away."""
    inner = inner.strip()
    return f"{opening}{inner}{closing}" if inner else ""


def _code(text: str) -> str:
    return f"<code>{_escape(text)}</code>" if "`" in text else f"`{text}`"


def _escape(text: str | None) -> str:
    return _SPECIAL.sub(r"\\\g<0>", re.sub(r"\r\n?", "\n", text or ""))
