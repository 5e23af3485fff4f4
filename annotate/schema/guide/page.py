"""The guide as a page of its own, to read on any screen or to print."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple
from xml.etree.ElementTree import Element, tostring

from annotate.schema.guide.content import SCOPE, guide_content
from annotate.schema.guide.style import sheet
from annotate.schema.guide.words import words_of
from annotate.schema.model import Schema

# As many labels are found without a table of contents.
_FEW = 5

_HEADING = re.compile("h[2-6]")


class _Entry(NamedTuple):
    """A line of the table of contents; `css` is the colour of a label, empty for others."""

    anchor: str
    text: str
    css: str
    within: list[_Entry]


def guide_page(schema: Schema) -> str:
    """Return the guide as a page of HTML.

    The page needs no other file, no script and no network, and follows the reader's light
    or dark theme. The same schema gives the same page.
    """
    # Every command reads a schema; few need the page, and this takes a while to import.
    import jinja2  # noqa: PLC0415

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("annotate.schema.guide", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    guide = guide_content(schema)
    contents = _contents(guide)
    return environment.get_template("page.html.j2").render(
        schema=schema,
        words=words_of(schema),
        scope=SCOPE,
        direction=guide.get("dir", "ltr"),
        sheet=sheet(schema),
        contents=contents if len(schema.entities) > _FEW else [],
        head=_html(guide[:2]),
        body=_html(guide[2:]),
    )


def _html(elements: Iterable[Element]) -> str:
    return "\n".join(tostring(part, encoding="unicode", method="html") for part in elements)


def _contents(guide: Element) -> list[_Entry]:
    """Give every heading below the title an anchor, and return them within each other."""
    top: list[_Entry] = []
    # The entries that a heading of each level would stand within.
    open_at = {1: top}
    taken: set[str] = set()
    for heading in guide.iter():
        if _HEADING.fullmatch(heading.tag):
            level = int(heading.tag[1])
            entry = _entry(heading, taken)
            heading.set("id", entry.anchor)
            taken.add(entry.anchor)
            open_at[level - 1].append(entry)
            open_at[level] = entry.within
    return top


def _entry(heading: Element, taken: set[str]) -> _Entry:
    chip = heading.find("mark")
    if chip is None:
        kind, text, css = heading.get("class", ""), heading.text or "", ""
        named = f"{kind} {text}"
    else:
        # The name, so that links to a label outlive a change of its title.
        text, css = chip.text or "", chip.get("class", "")
        named = f"label {heading.findtext('code')}"
    anchor = "-".join(named.split())
    while anchor in taken:
        anchor += "-"
    return _Entry(anchor, text, css, [])
