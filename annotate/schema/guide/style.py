"""How the guide looks: one sheet for both of its pages, and a class for each label's colour."""

from __future__ import annotations

import re
from importlib.resources import files

from annotate.schema.guide.content import SCOPE
from annotate.schema.model import Schema

_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def sheet(schema: Schema) -> str:
    """Return the style sheet of a schema's guide, in which all is below one class."""
    common = files("annotate.schema.guide").joinpath("guide.css").read_text(encoding="utf-8")
    colors = (
        f".{SCOPE} .g{number} {{ --label: {entity.color}; --on: {ink_on(entity.color)}; }}\n"
        for number, entity in enumerate(schema.entities)
        if _COLOR.fullmatch(entity.color)
    )
    return common + "".join(colors)


def ink_on(color: str) -> str:
    """Return black or white: the one that is easier to read on a colour (WCAG 2.2)."""
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#fff"
