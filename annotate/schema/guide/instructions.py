"""The guide as a project's instructions in Label Studio."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

from annotate.schema.guide.content import guide_content
from annotate.schema.guide.style import sheet
from annotate.schema.model import Schema


def guide_html(schema: Schema) -> str:
    """Return the guide as the HTML that Label Studio keeps in a project's instructions.

    The server removes `style` attributes, but leaves style elements and classes; where it
    took those too, the text would still say everything. Colours are those of its page, so
    that they follow its light or dark theme.
    """
    root = guide_content(schema, top=2)
    style = Element("style")
    style.text = sheet(schema)
    root.insert(0, style)
    return tostring(root, encoding="unicode", method="html")
