"""From any schema to a labelling config and back, with and without what the config carries."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import SchemaError
from annotate.schema import Schema, labelling_config, parse_schema
from annotate.schema.config import same_config
from annotate.schema.dump import dump_schema
from annotate.schema.importing import import_config
from annotate.schema.model import Attribute, Entity
from tests.factories import sample_schema
from tests.schema.strategies import HARD_NAMES, schemas
from tests.strategies import raw_texts

CARRIER = ".//View[@className='annotate-schema']"


def page_of(schema: Schema) -> str:
    """Return what a schema's labelling config shows, without the schema that it carries."""
    view = fromstring(labelling_config(schema))  # noqa: S314 - made here
    carrier = view.find(CARRIER)
    assert carrier is not None
    view.remove(carrier)
    return tostring(view, encoding="unicode")


def seen_entity(entity: Entity) -> tuple[str, ...]:
    look = (entity.color, entity.hotkey, entity.group)
    return (entity.name, entity.title, entity.definition, *look)


def seen_attribute(attribute: Attribute) -> Attribute:
    """Return an attribute as far as a page shows it: of a choice not what is defined."""
    return msgspec.structs.replace(attribute, definition="") if attribute.options else attribute


def seen(schema: Schema) -> list[Any]:
    """Return all of a schema that a page shows."""
    return [
        [seen_entity(entity) for entity in schema.entities],
        [relation.title for relation in schema.relations],
        [seen_attribute(attribute) for attribute in schema.attributes],
        schema.choices,
        schema.controls,
        schema.granularity,
    ]


def assert_holds(schema: Schema) -> None:
    assert parse_schema(dump_schema(schema)) == schema


@given(schemas())
def test_a_config_gives_back_the_schema_that_it_was_made_of(schema: Schema) -> None:
    imported = import_config(labelling_config(schema))
    assert imported.schema == schema
    assert imported.notes == ()


@given(schemas())
def test_a_config_that_carries_no_schema_gives_back_all_that_it_shows(schema: Schema) -> None:
    page = page_of(schema)
    imported = import_config(page, schema.name).schema
    assert seen(imported) == seen(schema)
    assert page_of(imported) == page
    assert_holds(imported)


def test_the_sample_schema_comes_back_in_both_ways() -> None:
    assert import_config(labelling_config(sample_schema())).schema == sample_schema()
    assert seen(import_config(page_of(sample_schema())).schema) == seen(sample_schema())


VALUES = st.one_of(
    st.sampled_from(
        (
            *HARD_NAMES, "PER", "per", " x", "$x", "US$5", "text", "label", "title", "source",
            "end", "a,b", "\u200b", "", "x\ny", "\x85", "red", "#FFF", "1", "a", "A", "true",
            "word",
        )
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cn")), max_size=4),
)  # fmt: skip


@st.composite
def edited_configs(draw: st.DrawFn) -> tuple[Schema, str]:
    """Draw a schema, and its config with tags taken out, added and changed by hand."""
    schema = draw(schemas())
    view = fromstring(labelling_config(schema))  # noqa: S314 - made here
    for _ in range(draw(st.integers(1, 4))):
        boxes = [(box, tag) for box in view.iter() for tag in box if "schema" not in tag.attrib]
        if not boxes:
            break
        box, tag = draw(st.sampled_from(boxes))
        deed = draw(st.sampled_from(("remove", "add", "set", "clear")))
        key = draw(st.sampled_from(sorted(tag.attrib) or ["value"]))
        if tag.tag == "Text":
            continue
        if deed == "remove":
            box.remove(tag)
        elif deed == "add":
            kind = draw(st.sampled_from(("Label", "Choice", "Relation", "Header")))
            SubElement(tag, kind, value=draw(VALUES))
        elif deed == "set":
            tag.set(key, draw(VALUES))
        else:
            tag.attrib.pop(key, None)
    return schema, tostring(view, encoding="unicode")


@given(edited_configs())
def test_however_a_config_is_edited_the_schema_holds_and_is_told_to_differ(
    drawn: tuple[Schema, str],
) -> None:
    schema, config = drawn
    try:
        imported = import_config(config)
    except SchemaError as error:
        # The labels are all gone, or for no text.
        assert "<Label" in error.problem  # noqa: PT017
        return
    assert_holds(imported.schema)
    assert bool(imported.notes) is not same_config(config, labelling_config(schema))
    assert not any("\n" in note for note in imported.notes)


NAMES = st.sampled_from(("label", "text", "aside", "Label", "q", "title", "start", "")) | VALUES
WHEN = {
    "perRegion": st.sampled_from(("true", "false", "True")),
    "whenLabelValue": st.lists(VALUES, max_size=3).map(",".join),
    "whenTagName": NAMES,
    "visibleWhen": st.sampled_from(("region-selected", "choice-selected")),
}
TARGET = st.sampled_from(("text", "text", "aside", "text,aside", "nowhere"))
TAGS: dict[str, dict[str, st.SearchStrategy[str]]] = {
    "View": WHEN,
    "Header": {"value": VALUES},
    "Text": {"name": NAMES, "value": VALUES, "granularity": VALUES},
    "HyperText": {"name": NAMES},
    "Labels": {"name": NAMES, "toName": TARGET, "value": VALUES},
    "Label": {
        "value": VALUES, "alias": VALUES, "hint": VALUES, "background": VALUES, "hotkey": VALUES,
    },
    "Choices": {"name": NAMES, "toName": TARGET, "choice": VALUES, **WHEN},
    "Choice": {"value": VALUES, "alias": VALUES},
    "TextArea": {"name": NAMES, "toName": TARGET, "placeholder": VALUES, **WHEN},
    "Relations": {},
    "Relation": {"value": VALUES},
    "Rating": {"name": NAMES},
    "Style": {},
}  # fmt: skip
WITHIN = {
    "View": tuple(TAGS),
    "Labels": ("Label", "Label", "Label", "Header", "View"),
    "Choices": ("Choice", "Choice", "Header", "View"),
    "Choice": ("Choice",),
    "Relations": ("Relation",),
}


@st.composite
def tags(draw: st.DrawFn, kind: str, depth: int = 3) -> Element:
    element = Element(kind, draw(st.fixed_dictionaries({}, optional=TAGS[kind])))
    if depth and kind in WITHIN:
        for inner in draw(st.lists(st.sampled_from(WITHIN[kind]), max_size=4)):
            element.append(draw(tags(inner, depth - 1)))
    return element


@st.composite
def foreign_configs(draw: st.DrawFn) -> str:
    """Draw a config with labels for a text, and anything around them."""
    view = Element("View")
    SubElement(view, "Text", name="text", value="$text")
    labels = draw(tags("Labels"))
    labels.set("toName", "text")
    SubElement(labels, "Label", value="PER")
    view.append(labels)
    for kind in draw(st.lists(st.sampled_from(tuple(TAGS)), max_size=5)):
        view.append(draw(tags(kind)))
    return tostring(view, encoding="unicode")


@given(foreign_configs())
def test_whatever_a_foreign_config_holds_its_schema_does(config: str) -> None:
    imported = import_config(config)
    assert_holds(imported.schema)
    assert import_config(config) == imported
    assert not any("\n" in note for note in imported.notes)
    again = import_config(labelling_config(imported.schema))
    assert again.schema == imported.schema


@pytest.mark.parametrize("text", ["", "<", "<a>", "\ud800", "\x00", "<a/><b/>", "&amp;"])
def test_what_is_not_xml_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(SchemaError, match=r"the config is not XML: .+, line 1, column \d+\. "):
        import_config(text)


SCRAPS = st.sampled_from(("<View>", "</View>", "<Labels/>", "<Text name='text'/>", " "))


@given(raw_texts | st.lists(SCRAPS).map("".join))
def test_a_text_that_is_no_config_is_refused(text: str) -> None:
    with pytest.raises(SchemaError):
        import_config(text)
