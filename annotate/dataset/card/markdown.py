"""Pieces of Markdown in which nothing of the data can become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

# What could begin something in the middle of a line. The Hub and GitHub read formulas
# between dollars, and `:name:` as an emoji.
_SPECIAL = re.compile(r"[\\`*_\[\]<>#~|$^]|&(?=[#\w])|:(?=[\w+-]+:)|@(?=\w)|(?<=:)//|(?<=www)\.")
# What would turn, hide or join letters around it; joiners hold emoji and some scripts together.
_JOINERS = "\u200c\u200d"


def plain(text: str) -> str:
    """Return a text on one line as Markdown shows it, whatever is in it."""
    return _SPECIAL.sub(r"\\\g<0>", one_line(text))


def one_line(text: str) -> str:
    """Return a text on one line, without control and invisible characters."""
    shown = (char if char.isprintable() or char in _JOINERS else " " for char in text)
    return " ".join("".join(shown).split())


def paragraphs(text: str) -> str:
    """Return a text of several paragraphs as Markdown, none of them a list or a heading."""
    found = (plain(part) for part in re.split(r"\n\s*\n", text))
    return "\n\n".join(_guard(part) for part in found if part)


def _guard(line: str) -> str:
    """Return a line that does not begin like an item of a list or an underline."""
    sign = re.match(r"(?=[-+=])|\d{1,9}(?=[.)])", line)
    return f"{sign[0]}\\{line[sign.end() :]}" if sign else line


def code(text: str) -> str:
    """Return a name as code, or as it stands where code cannot hold it."""
    text = one_line(text)
    return plain(text) if not text or re.search(r"[`|\\<]", text) else f"`{text}`"


def fenced(text: str, language: str) -> str:
    """Return lines of code as they are; no run of backticks in them ends the block."""
    runs = re.findall(r"`{3,}", text)
    fence = "`" * (max(map(len, runs), default=2) + 1)
    # So that nothing in them looks like the mark of a kept section.
    return f"{fence}{language}\n{text.replace('<!--', '<! --').strip()}\n{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> str:
    """Return a table; its last columns, as many as `numbers`, are set to the right.

    Cells are Markdown; pipes in them must be escaped.
    """
    rules = ["---"] * (len(heads) - numbers) + ["---:"] * numbers
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows))


def bullets(items: Iterable[str]) -> str:
    """Return a list."""
    return "\n".join(f"- {item}" for item in items)


def plural(count: int, noun: str, many: str = "") -> str:
    """Return `3 articles`, `1 article`; `many` where adding an s is wrong."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def people(count: int) -> str:
    """Return `one person`, `3 people`."""
    return "one person" if count == 1 else f"{count:,} people"


def share(part: float) -> str:
    """Return a part of 1 in two digits; 1.00 and 0.00 only where they are exact."""
    if 0.995 <= part < 1:
        return ">0.99"
    return "<0.01" if 0 < part < 0.005 else f"{part:.2f}"
