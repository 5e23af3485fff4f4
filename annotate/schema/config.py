"""The schema as Label Studio's labelling config, built as XML.

Annotators read titles. Results carry the names of labels and options (Label Studio's
`alias`), but the titles of relations, for which the editor knows no alias. The control
names below never change: annotations on a server refer to them.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, indent, tostring

from annotate.schema.model import Schema

LABELS = "label"
TEXT = "text"

# The label bar stays in sight while a long article scrolls. `!important` where the
# editor's own sheet is more specific.
_STYLE = """
.annotate-bar { position: sticky; top: 0; z-index: 5; padding: 8px 0;
  background: var(--color-neutral-background, #fff); }
.annotate-article { max-width: 46rem; margin-top: 12px; }
.annotate-article [class*="htx-richtext"] { font-size: 17px; line-height: 2.2; }
"""


def labelling_config(schema: Schema) -> str:
    """Return the labelling config of a schema, as XML text."""
    view = Element("View")
    SubElement(view, "Style").text = _STYLE
    bar = SubElement(view, "View", className="annotate-bar")
    labels = SubElement(bar, "Labels", name=LABELS, toName=TEXT, showInline="true")
    for entity in schema.entities:
        label = SubElement(labels, "Label", value=entity.title, alias=entity.name)
        label.set("background", entity.color)
        label.set("hint", entity.definition)
        if entity.hotkey:
            label.set("hotkey", entity.hotkey)
    article = SubElement(view, "View", className="annotate-article")
    SubElement(article, "Header", value="$title", size="4")
    SubElement(article, "Text", name=TEXT, value="$text")
    _add_choices(view, schema)
    if schema.relations:
        relations = SubElement(view, "Relations")
        for relation in schema.relations:
            SubElement(relations, "Relation", value=relation.title)
    indent(view)
    return tostring(view, encoding="unicode")


def _add_choices(view: Element, schema: Schema) -> None:
    for choice in schema.choices:
        SubElement(view, "Header", value=choice.title, size="5")
        kind = "multiple" if choice.multiple else "single-radio"
        choices = SubElement(view, "Choices", name=choice.name, toName=TEXT, choice=kind)
        for option in choice.options:
            SubElement(choices, "Choice", value=option.title, alias=option.name)
