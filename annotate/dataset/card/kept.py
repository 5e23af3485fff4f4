"""Sections of the card that a person writes, which a rebuild keeps.

They stand between comments, each alone on a line: `<!-- kept: NAME -->` … `<!-- /kept -->`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from annotate.errors import DatasetError

_OPEN = re.compile(r"<!-- *kept: *(\S(?:.*\S)?) *-->")
_CLOSE = re.compile(r"<!-- */kept *-->")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# What somebody meant as one of the two.
_MEANT = re.compile(r"<!--\s*/?\s*kept\b", re.IGNORECASE)
_HEADING = re.compile(r"#{1,6} .*")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_REMEDY = (
    "Put `<!-- kept: NAME -->` before the section and `<!-- /kept -->` after it, each alone on "
    "a line."
)


class Kept(NamedTuple):
    """A kept section: its name, the text between its marks, and the heading that it is below."""

    name: str
    text: str
    heading: str


def read_kept(card: str) -> list[Kept]:
    """Return the kept sections of a card in their order.

    Raises `DatasetError` when a mark is broken, lacks its other half, or a name comes twice.
    """
    return _split(card)[0]


def without_kept(text: str) -> str:
    """Return what a build alone decides of a card, for its digest: all but the kept sections.

    And but blank lines, of which a person may have put some around a section. Raises
    `DatasetError` as `read_kept` does.
    """
    return "".join(f"{line.rstrip()}\n" for line in outside(text) if line.strip())


def outside(card: str) -> list[str]:
    """Return the lines of a card that are in no kept section."""
    return _split(card)[1]


def unwritten(card: str) -> list[str]:
    """Return the names of the kept sections in which nobody has written yet."""
    return [one.name for one in read_kept(card) if not _COMMENT.sub("", one.text).strip()]


def slot(name: str, invitation: str) -> str:
    """Return a kept section that invites a person to write it; readers of the card see nothing."""
    return _section(name, f"<!-- {invitation} -->")


def keep(blocks: Sequence[str], former: str) -> list[str]:
    """Return a card's blocks with the kept sections of the card that it replaces.

    A section that the new card has no place for stays below the heading where it was, or at the
    end of the card when there is no such heading.
    """
    kept = {one.name: one for one in read_kept(former) if one.text}
    merged = [_filled(block, kept) for block in blocks]
    for one in kept.values():
        merged.insert(_end_of(merged, one.heading), _section(one.name, one.text))
    return merged


def _filled(block: str, kept: dict[str, Kept]) -> str:
    """Return a block, filled with what was kept for it, which is then taken out of `kept`."""
    opened = _OPEN.match(block)
    one = kept.pop(opened[1], None) if opened else None
    return _section(one.name, one.text) if one else block


def _end_of(blocks: Sequence[str], heading: str) -> int:
    """Return where what stands below a heading ends."""
    title = heading.startswith("# ")
    at = next(
        (n for n, b in enumerate(blocks) if b == heading or (title and b.startswith("# "))),
        len(blocks) if heading else -1,
    )
    rest = range(at + 1, len(blocks))
    return next((n for n in rest if _HEADING.match(blocks[n])), len(blocks))


def _section(name: str, text: str) -> str:
    return f"<!-- kept: {name} -->\n{text}\n<!-- /kept -->"


def _split(card: str) -> tuple[list[Kept], list[str]]:
    """Return the kept sections of a card, and the lines outside them."""
    lines = card.replace("\r\n", "\n").split("\n")
    rest = lines[: _head(lines)]
    kept: list[Kept] = []
    within: tuple[int, str, list[str]] | None = None
    heading, fence = "", ""
    for number, line in enumerate(lines[len(rest) :], start=len(rest) + 1):
        opened, closed = _OPEN.fullmatch(line.strip()), _CLOSE.fullmatch(line.strip())
        if opened and within:
            raise _broken(number, f"a kept section opens before `{within[1]}` has closed")
        if opened:
            if opened[1] in {one.name for one in kept}:
                raise _broken(number, f"the kept section `{opened[1]}` is there twice")
            within = (number, opened[1], [])
        elif closed:
            if within is None:
                raise _broken(number, "a kept section closes that did not open")
            kept.append(Kept(within[1], "\n".join(within[2]).strip("\n"), heading))
            within = None
        elif _MEANT.search(line):
            raise _broken(number, "the mark of a kept section is not as it should be")
        elif within:
            within[2].append(line)
        else:
            fence = _fence(line, fence)
            heading = line if not fence and _HEADING.fullmatch(line) else heading
            rest.append(line)
    if within:
        raise _broken(within[0], f"the kept section `{within[1]}` is not closed")
    return kept, rest


def _head(lines: list[str]) -> int:
    """Return how many lines the YAML head has; titles in it may look like anything."""
    if lines[:1] != ["---"] or "---" not in lines[1:]:
        return 0
    return lines.index("---", 1) + 1


def _fence(line: str, fence: str) -> str:
    """Return the fence of the code that one is in after a line, empty outside code."""
    found = _FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    return "" if found[1].startswith(fence) and line.strip() == found[1] else fence


def _broken(line: int, problem: str) -> DatasetError:
    return DatasetError(f"README.md, line {line}: {problem}", _REMEDY)
