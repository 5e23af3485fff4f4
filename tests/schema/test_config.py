"""The labelling config: what the schema says survives the XML."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from annotate.schema import RelationType, Schema, labelling_config
from tests.factories import make_choice, make_entity, make_schema, sample_schema

AWKWARD = (
    '"quoted"',
    "'single'",
    "R&D",
    "<b>bold</b>",
    "&amp;",
    "👨\u200d👩\u200d👧 họ",
    "a]]>b",
    "-->",
)


def parsed(schema: Schema) -> Element:
    return fromstring(labelling_config(schema))  # noqa: S314 - made here


def attributes(root: Element, tag: str, name: str) -> list[str | None]:
    return [element.get(name) for element in root.iter(tag)]


def schema_of_titles(titles: tuple[str, ...]) -> Schema:
    """Return a schema in which labels, relations and options have the given titles."""
    return make_schema(
        entities=tuple(
            make_entity(f"E{n}", title, definition=title) for n, title in enumerate(titles)
        ),
        relations=tuple(
            RelationType(name=f"r{n}", title=title, head=("E0",), tail=("E0",))
            for n, title in enumerate(titles)
        ),
        choices=(make_choice("topic", *titles),),
    )


def assert_titles_survive(titles: tuple[str, ...]) -> None:
    root = parsed(schema_of_titles(titles))
    assert attributes(root, "Label", "value") == list(titles)
    assert attributes(root, "Label", "hint") == list(titles)
    assert attributes(root, "Relation", "value") == list(titles)
    assert attributes(root, "Choice", "alias") == list(titles)


def test_awkward_titles_survive_the_xml() -> None:
    assert_titles_survive(AWKWARD)


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1))
def test_any_printable_title_survives_the_xml(title: str) -> None:
    assert_titles_survive((title,))


def test_labels_carry_their_names_looks_and_keys_in_the_schemas_order() -> None:
    schema = sample_schema()
    root = parsed(schema)
    assert attributes(root, "Label", "alias") == list(schema.labels)
    assert attributes(root, "Label", "background") == [e.color for e in schema.entities]
    assert attributes(root, "Label", "hotkey") == [e.hotkey for e in schema.entities]
    assert attributes(root, "Relation", "value") == [r.title for r in schema.relations]


def test_a_label_without_a_hotkey_claims_none() -> None:
    assert attributes(parsed(make_schema()), "Label", "hotkey") == [None, None]


def test_a_schema_without_relations_or_choices_has_no_such_controls() -> None:
    root = parsed(make_schema(relations=()))
    assert not list(root.iter("Relations"))
    assert not list(root.iter("Choices"))


@pytest.mark.parametrize(("multiple", "kind"), [(True, "multiple"), (False, "single-radio")])
def test_a_choice_is_asked_under_its_title(kind: str, *, multiple: bool) -> None:
    root = parsed(make_schema(choices=(make_choice("topic", "crime", multiple=multiple),)))
    assert attributes(root, "Choices", "choice") == [kind]
    assert "Which topic?" in attributes(root, "Header", "value")


@pytest.mark.parametrize(
    "schema",
    [sample_schema(), schema_of_titles(AWKWARD), make_schema(relations=())],
    ids=["sample", "awkward", "bare"],
)
def test_label_studio_accepts_the_config_and_finds_the_labels(schema: Schema) -> None:
    interface: Any = LabelInterface(labelling_config(schema))
    interface.validate()
    control = interface.get_control("label")
    assert list(control.labels) == list(schema.labels)
    titles = [label.attr["value"] for label in control.labels_attrs.values()]
    assert titles == [entity.title for entity in schema.entities]
    assert control.to_name == ["text"]
    assert [found.name for found in interface.objects] == ["text"]
