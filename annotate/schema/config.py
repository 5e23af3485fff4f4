"""The schema as Label Studio's labelling config, built as XML.

Annotators read titles. Results carry the names of labels and options (Label Studio's
`alias`), but the titles of relations, for which the editor knows no alias.

The config carries the schema it was made from, and a digest of itself, in attributes of an
element that is not shown: so a server can be asked which version of a schema it works under,
and whether somebody edited the config by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from itertools import groupby
from typing import NamedTuple
from xml.etree.ElementTree import (
    Element,
    ParseError,
    SubElement,
    canonicalize,
    fromstring,
    indent,
    tostring,
)

import msgspec

from annotate.schema.model import Attribute, Entity, Option, Schema
from annotate.text import digest

# Fields of a task's data.
TEXT_FIELD = "text"
TITLE_FIELD = "title"
# Not `source`: the editor takes $source for the whole task.
BYLINE_FIELD = "byline"

_CARRIER = "annotate-schema"

# Labels stay in sight while a long article scrolls, and so do the questions about the mark
# that is selected; both above the arrows of relations, which the editor draws at 100.
# The handles at the edges of a mark are `area` elements, which newer browsers do not show.
# `!important` where the editor's own sheet is more specific.
_STYLE = """
.annotate-bar { position: sticky; top: 0; z-index: 101; padding: 6px 0 8px;
  background: var(--color-neutral-background, #fff);
  border-bottom: 1px solid var(--color-neutral-border, #ddd); }
.annotate-bar .lsf-labels { display: block !important; margin: 0 !important; }
.annotate-group { display: inline-flex; flex-wrap: wrap; gap: 6px; align-items: center;
  margin: 3px 22px 3px 0; }
.annotate-bar .lsf-label { margin: 3px 6px 3px 0 !important; }
.annotate-group .lsf-label { margin: 0 !important; }
.annotate-bar .lsf-label__text { max-width: 20em; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; }
.annotate h4 { letter-spacing: 0; }
.annotate-group h4 { margin: 0 2px 0 0 !important; font-size: 12px !important; font-weight: 400;
  color: var(--color-neutral-content-subtle, #666); }
.annotate-article { max-width: 46rem; margin-top: 16px; }
.annotate-article h3 { margin: 0 8px 2px !important; }
.annotate-byline h4 { margin: 0 8px 10px !important; font-size: 13px !important;
  font-weight: 400; color: var(--color-neutral-content-subtle, #666); }
.annotate-article [class*="htx-richtext"] { font-size: 17px; line-height: SPACING; }
.annotate-article .htx-highlight area { display: inline-block; }
.relations-overlay text { font-size: 11px !important; }
.relations-overlay g g rect { fill: #6b4c9a; stroke: none; }
.annotate-attributes { position: sticky; bottom: 0; z-index: 101; max-width: 46rem;
  background: var(--color-neutral-background, #fff);
  box-shadow: 0 3rem 0 var(--color-neutral-background, #fff); }
.annotate-attribute { padding: 8px 8px 10px;
  border-top: 1px solid var(--color-neutral-border, #ddd); }
.annotate-attribute h4, .annotate-choice h4 { margin: 0 0 6px !important;
  font-size: 14px !important; }
.annotate-choice { max-width: 46rem; padding: 12px 8px 0; }
.annotate-schema { display: none; }
"""
# Line height; arrows of relations and their names need room between the lines.
_SPACING = {True: "2.4", False: "2"}


# What stands beside the title of a label under review.
REVIEW = {"en": "to be reviewed", "vi": "cần xem lại"}
# What stands beside a person's name over the articles that wait for them.
QUEUE = {"en": "to do", "vi": "cần làm"}

# Where marks could not all be carried over to an article's new text.
_TEXT_CHANGED = {"en": "Text changed, look at it", "vi": "Văn bản đã đổi, cần xem lại"}


class Page(msgspec.Struct, frozen=True, dict=True):
    """What a labelling page is made from.

    `review` are labels of a former version whose spans wait for a person to choose one of
    those that the label was split into.
    """

    schema: Schema
    review: tuple[Entity, ...] = ()

    @cached_property
    def drawn(self) -> Schema:
        """The schema with the labels under review, as annotators see it."""
        word = REVIEW.get(self.schema.language, REVIEW["en"])
        waiting = tuple(
            msgspec.structs.replace(
                entity, title=f"{entity.title} ({word})", group=word, hotkey="", patterns=()
            )
            for entity in self.review
        )
        return msgspec.structs.replace(self.schema, entities=self.schema.entities + waiting)


class Carried(NamedTuple):
    """The page that a config was made from, and whether the config was edited since."""

    page: Page
    edited: bool

    @property
    def schema(self) -> Schema:
        """The schema of the page."""
        return self.page.schema


def labelling_config(schema: Schema, review: tuple[Entity, ...] = ()) -> str:
    """Return the labelling config of a schema, as XML text; `review` as in `Page`."""
    page = Page(schema, review)
    drawn = page.drawn
    view = Element("View", className="annotate")
    spacing = _SPACING[bool(schema.relations)]
    SubElement(view, "Style").text = _STYLE.replace("SPACING", spacing)
    _add_labels(view, drawn)
    article = SubElement(view, "View", className="annotate-article")
    SubElement(article, "Header", value=f"${TITLE_FIELD}", size="4")
    byline = SubElement(article, "View", className="annotate-byline")
    SubElement(byline, "Header", value=f"${BYLINE_FIELD}", size="6")
    SubElement(article, "Text", name=drawn.controls.text, value=f"${TEXT_FIELD}")
    _add_choices(view, drawn)
    _add_attributes(view, drawn)
    if schema.relations:
        relations = SubElement(view, "Relations")
        for relation in schema.relations:
            SubElement(relations, "Relation", value=relation.title)
    carrier = SubElement(view, "View", className=_CARRIER)
    carrier.set("schema", msgspec.json.encode(page).decode())
    indent(view)
    carrier.set("digest", _digest(view))
    return tostring(view, encoding="unicode")


def text_changed(language: str) -> str:
    """Return the name of the view of articles whose text changed, as annotators read it."""
    return _TEXT_CHANGED.get(language, _TEXT_CHANGED["en"])


def carried_schema(config: str) -> Carried | None:
    """Return what a labelling config carries; None when it was not made here."""
    with suppress(ParseError, msgspec.DecodeError, RecursionError):
        view = fromstring(config)  # noqa: S314, expat refuses entity bombs since 2.4.1
        carrier = view.find(f".//View[@className='{_CARRIER}'][@schema]")
        if carrier is None:
            return None
        page = msgspec.json.decode(carrier.attrib["schema"], type=Page)
        told = carrier.attrib.pop("digest", "")
        return Carried(page, edited=told != _digest(view))
    return None


def _digest(view: Element) -> str:
    return digest(canonicalize(tostring(view, encoding="unicode"), strip_text=True))


def _add_labels(view: Element, schema: Schema) -> None:
    bar = SubElement(view, "View", className="annotate-bar")
    controls = schema.controls
    labels = SubElement(bar, "Labels", name=controls.labels, toName=controls.text)
    labels.set("showInline", "true")
    for group, entities in groupby(schema.entities, key=lambda entity: entity.group):
        box = SubElement(labels, "View", className="annotate-group") if group else labels
        if group:
            SubElement(box, "Header", value=group, size="6")
        for entity in entities:
            label = SubElement(box, "Label", value=entity.title, alias=entity.name)
            label.set("background", entity.color)
            label.set("hint", entity.definition)
            if entity.hotkey:
                label.set("hotkey", entity.hotkey)
            if schema.granularity == "word":
                # On the label, not on the text: so dragging the edge of a mark still moves
                # it by single characters.
                label.set("granularity", "word")


def _add_attributes(view: Element, schema: Schema) -> None:
    if not schema.attributes:
        return
    panel = SubElement(view, "View", className="annotate-attributes")
    for attribute in schema.attributes:
        labels = ",".join(attribute.labels)
        box = SubElement(panel, "View", className="annotate-attribute")
        box.attrib |= {"visibleWhen": "region-selected", "whenLabelValue": labels}
        box.set("whenTagName", schema.controls.labels)
        SubElement(box, "Header", value=attribute.title, size="6")
        control = _control(box, attribute, schema.controls.text)
        control.attrib |= {"perRegion": "true", "whenLabelValue": labels}


def _control(box: Element, attribute: Attribute, text: str) -> Element:
    if attribute.options:
        return _choices(box, attribute.name, text, attribute.options, multiple=attribute.multiple)
    area = SubElement(box, "TextArea", name=attribute.name, toName=text)
    area.attrib |= {"maxSubmissions": "1", "editable": "true", "rows": "1"}
    area.set("placeholder", attribute.definition)
    return area


def _add_choices(view: Element, schema: Schema) -> None:
    for choice in schema.choices:
        box = SubElement(view, "View", className="annotate-choice")
        SubElement(box, "Header", value=choice.title, size="5")
        text = schema.controls.text
        _choices(box, choice.name, text, choice.options, multiple=choice.multiple)


def _choices(
    box: Element, name: str, text: str, options: Iterable[Option], *, multiple: bool
) -> Element:
    kind = "multiple" if multiple else "single-radio"
    choices = SubElement(box, "Choices", name=name, toName=text, choice=kind)
    choices.set("showInline", "true")
    for option in options:
        SubElement(choices, "Choice", value=option.title, alias=option.name)
    return choices


def same_config(one: str, other: str) -> bool:
    """Whether two configs say the same, however their elements are indented."""
    return one == other or _canonical(one) == _canonical(other)


def _canonical(config: str) -> str:
    with suppress(ParseError):
        return canonicalize(config, strip_text=True)
    return config
