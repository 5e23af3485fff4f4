"""The labelling config: what the schema says survives the XML."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import Any
from xml.dom.minidom import parseString
from xml.etree.ElementTree import Element, fromstring, indent, tostring

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from annotate.schema import Choice, Option, RelationType, Schema, labelling_config, load_schema
from annotate.schema.config import Carried, Page, carried_schema, same_config
from annotate.schema.model import Attribute, Controls, Entity
from annotate.workspace import shipped
from tests.factories import make_choice, make_entity, make_schema, sample_schema
from tests.schema.strategies import schemas

AWKWARD = (
    '"quoted"',
    "'single'",
    "R&D",
    "<b>bold</b>",
    "&amp;",
    "👨\u200d👩\u200d👧 họ",
    "a]]>b",
    "-->",
    "ệ" * 200,
)
SHIPPED = sorted((shipped("schemas")).glob("*.yaml"))


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


def assert_accepted(schema: Schema, review: tuple[Entity, ...] = ()) -> None:
    """Assert that the SDK finds no fault in a config, and all that is asked for in it."""
    interface: Any = LabelInterface(labelling_config(schema, review))
    interface.validate()
    labels = interface.get_control(schema.controls.labels)
    assert list(labels.labels) == [*schema.labels, *(entity.name for entity in review)]
    asked: list[Attribute | Choice] = [*schema.attributes, *schema.choices]
    controls = {control.name for control in interface.controls if control.name}
    assert controls == {schema.controls.labels, *(question.name for question in asked)}
    for question in asked:
        control = interface.get_control(question.name)
        assert control.to_name == [schema.controls.text]
        names = [option.name for option in question.options]
        assert list(control.labels if names else ()) == names
    assert [found.name for found in interface.objects] == [schema.controls.text]


@pytest.mark.parametrize("path", SHIPPED, ids=attrgetter("stem"))
def test_label_studio_accepts_the_config_of_every_shipped_schema(path: Path) -> None:
    schema = load_schema(path)
    assert_accepted(schema)
    assert_accepted(schema, (make_entity("OLD", "Old"),))


@settings(max_examples=60, deadline=None)
@given(schemas(without={"migrations", "decisions", "guidelines"}))
def test_label_studio_accepts_the_config_of_any_schema(schema: Schema) -> None:
    assert_accepted(schema)


def test_label_studio_accepts_awkward_titles() -> None:
    assert_accepted(schema_of_titles(AWKWARD))
    interface: Any = LabelInterface(labelling_config(schema_of_titles(AWKWARD)))
    labels = interface.get_control("label").labels_attrs.values()
    assert [label.attr["value"] for label in labels] == list(AWKWARD)


# Groups, granularity and attributes


def test_labels_of_a_group_stand_in_a_box_under_its_name_in_the_schemas_order() -> None:
    groups = {"A": "", "B": "people", "C": "people", "D": "", "E": "R&D", "F": "<places>"}
    schema = make_schema(
        entities=tuple(make_entity(name, name, group=group) for name, group in groups.items())
    )
    root = parsed(schema)
    assert attributes(root, "Label", "alias") == list(groups)
    boxes = root.findall(".//View[@className='annotate-group']")
    told = [(box[0].get("value"), attributes(box, "Label", "alias")) for box in boxes]
    assert told == [("people", ["B", "C"]), ("R&D", ["E"]), ("<places>", ["F"])]
    (labels,) = root.iter("Labels")
    assert [child.get("alias") for child in labels if child.tag == "Label"] == ["A", "D"]


def test_what_is_dragged_over_grows_to_words_unless_the_schema_says_characters() -> None:
    words, characters = make_schema(), make_schema(granularity="character")
    assert attributes(parsed(words), "Label", "granularity") == ["word", "word"]
    assert attributes(parsed(characters), "Label", "granularity") == [None, None]
    # On the text it would keep people from moving an edge of a mark by a character.
    assert attributes(parsed(words), "Text", "granularity") == [None]


ASKED = (
    Attribute("form", "Normal form?", ("PERSON", "RANK"), definition='As "2024-03-12"'),
    Attribute("kind", "Which kind?", ("RANK",), options=(Option("x", "X"), Option("y", "Y"))),
    Attribute("parts", "Which parts?", ("RANK",), options=(Option("x", "X"),), multiple=True),
)


def test_attributes_are_asked_only_of_a_selected_mark_with_one_of_their_labels() -> None:
    root = parsed(make_schema(attributes=ASKED))
    boxes = root.findall(".//View[@className='annotate-attribute']")
    assert [box.get("whenLabelValue") for box in boxes] == ["PERSON,RANK", "RANK", "RANK"]
    assert {box.get("visibleWhen") for box in boxes} == {"region-selected"}
    assert {box.get("whenTagName") for box in boxes} == {"label"}
    for box, asked in zip(boxes, ASKED, strict=True):
        header, control = box
        assert header.get("value") == asked.title
        assert control.get("name") == asked.name
        assert control.get("perRegion") == "true"
        assert control.get("whenLabelValue") == box.get("whenLabelValue")
    area, single, several = (box[1] for box in boxes)
    assert (area.tag, area.get("placeholder")) == ("TextArea", 'As "2024-03-12"')
    assert (single.tag, single.get("choice")) == ("Choices", "single-radio")
    assert (several.tag, several.get("choice")) == ("Choices", "multiple")
    assert attributes(single, "Choice", "alias") == ["x", "y"]
    assert attributes(single, "Choice", "value") == ["X", "Y"]


def test_a_choice_is_asked_whatever_is_selected() -> None:
    root = parsed(make_schema(choices=(make_choice("topic", "crime"),), attributes=ASKED))
    (topic,) = (control for control in root.iter("Choices") if control.get("name") == "topic")
    assert topic.get("perRegion") is None
    assert root.find(".//View[@className='annotate-attribute']//Choices[@name='topic']") is None


def test_controls_have_the_names_that_the_schema_gives_them() -> None:
    named = make_schema(
        controls=Controls(labels="ner", text="body"),
        attributes=ASKED,
        choices=(make_choice("topic", "crime"),),
    )
    root = parsed(named)
    assert attributes(root, "Labels", "name") == ["ner"]
    assert attributes(root, "Text", "name") == ["body"]
    pointed = [element.get("toName") for element in root.iter() if element.get("toName")]
    assert pointed == ["body"] * 5


# Labels under review


@pytest.mark.parametrize(("language", "word"), [("vi", "cần xem lại"), ("fr", "to be reviewed")])
def test_labels_under_review_are_drawn_last_with_their_title_marked(
    language: str, word: str
) -> None:
    schema = make_schema(language=language)
    old = make_entity("OLD", "Old <&>", hotkey="1", color="#ff0000", patterns=("x",))
    root = fromstring(labelling_config(schema, (old,)))  # noqa: S314 - made here
    assert attributes(root, "Label", "alias") == ["PERSON", "RANK", "OLD"]
    *_, drawn = root.iter("Label")
    assert (drawn.get("value"), drawn.get("hotkey")) == (f"Old <&> ({word})", None)
    assert drawn.get("background") == "#ff0000"
    (box,) = root.findall(".//View[@className='annotate-group']")
    assert (box[0].get("value"), box[1]) == (word, drawn)


def test_a_page_draws_its_schema_and_the_labels_under_review() -> None:
    old = make_entity("OLD", "Old")
    assert Page(make_schema()).drawn == make_schema()
    page = Page(make_schema(), (old,))
    assert page.drawn.labels == ("PERSON", "RANK", "OLD")
    assert page.schema == make_schema()


# What the config carries


def carried(config: str) -> Carried:
    found = carried_schema(config)
    assert found is not None
    return found


@settings(max_examples=60, deadline=None)
@given(schemas())
def test_the_config_carries_its_schema(schema: Schema) -> None:
    review = schema.entities[:1]
    for page in (Page(schema), Page(schema, review)):
        found = carried(labelling_config(page.schema, page.review))
        assert found == Carried(page, edited=False)
        assert found.schema == schema


@pytest.mark.parametrize(
    "config",
    [
        "<View></View>",
        "<View><Labels name='label' toName='text'/></View>",
        "<View><View className='annotate-schema'/></View>",
        "<View><View className='annotate-schema' schema=''/></View>",
        "<View><View className='annotate-schema' schema='{'/></View>",
        "<View><View className='annotate-schema' schema='{}'/></View>",
        "<View><View className='annotate-schema' schema='[5]'/></View>",
        """<View><View className='annotate-schema' schema='{"schema": {"name": 5}}'/></View>""",
        "<View>",
        "no XML",
        "",
    ],
)
def test_a_config_that_was_not_made_here_or_is_damaged_carries_nothing(config: str) -> None:
    assert carried_schema(config) is None


def test_damaged_json_in_a_config_carries_nothing() -> None:
    config = labelling_config(make_schema())
    assert carried_schema(config.replace("{&quot;schema", "{&quot;schema&quot;:", 1)) is None
    # Of an annotate that knows more of a schema than this one.
    known = "&quot;language&quot;:"
    assert known in config
    assert carried_schema(config.replace(known, f"&quot;new&quot;:1,{known}", 1)) is None


RICH = make_schema(
    entities=(
        make_entity("PERSON", "Person", group="people", hotkey="1"),
        make_entity("RANK", "Rank", group="people", color="#ff0000"),
    ),
    attributes=ASKED,
    choices=(make_choice("topic", "crime", "sports"),),
)


def visible(root: Element) -> list[Element]:
    """Return all elements but that which carries the schema, which nobody sees."""
    return [element for element in root.iter() if element.get("className") != "annotate-schema"]


@st.composite
def edited_configs(draw: st.DrawFn) -> str:
    """Draw a config in which somebody changed one thing on the page."""
    root = parsed(RICH)
    element = draw(st.sampled_from(visible(root)))
    field = draw(st.sampled_from([*element.attrib, "new"]))
    known = element.attrib.pop(field, "")
    if not known or draw(st.booleans()):
        given = st.text(
            st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), max_size=5
        )
        element.set(field, draw(given.filter(lambda text: text != known)))
    return tostring(root, encoding="unicode")


@settings(deadline=None)
@given(edited_configs())
def test_any_attribute_that_somebody_changed_is_noticed(config: str) -> None:
    assert carried(config) == Carried(Page(RICH), edited=True)
    assert not same_config(config, labelling_config(RICH))


@settings(deadline=None)
@given(st.data())
def test_elements_that_were_dropped_doubled_or_moved_are_noticed(data: st.DataObject) -> None:
    root = parsed(RICH)
    parents = [element for element in visible(root) if len(element)]
    parent = data.draw(st.sampled_from(parents))
    children = [child for child in parent if child in visible(root)]
    number = data.draw(st.integers(0, len(children) - 1))
    child = children[number]
    deed = data.draw(st.sampled_from(("drop", "double", "move", "retag")))
    if deed == "double":
        parent.insert(number, child)
    elif deed == "retag":
        child.tag = "Other"
    else:
        parent.remove(child)
        if deed == "move":
            root[-1].append(child)
    assert carried(tostring(root, encoding="unicode")).edited


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ('value="Person"', 'value="Persons"'),
        ('background="#ff0000"', 'background="#fe0000"'),
        ('hint="A name."', 'hint="A name"'),
        ('hotkey="1"', ""),
        ('value="CRIME"', 'value="Crime"'),
        ('alias="crime"', 'alias="crimes"'),
        ('<Relation value="holds" />', ""),
        ("display: none", "display: block"),
        ('value="$text"', 'value="$other"'),
        (' granularity="word"', ""),
        ("Normal form?", "Normal  form?"),
    ],
)
def test_edits_by_hand_are_noticed(there: str, instead: str) -> None:
    config = labelling_config(RICH)
    assert there in config
    assert carried(config.replace(there, instead, 1)).edited


def test_a_config_whose_schema_or_digest_was_changed_counts_as_edited() -> None:
    config = labelling_config(RICH)
    other = config.replace("&quot;title&quot;:&quot;Small&quot;", "&quot;title&quot;:&quot;S&quot;")
    assert carried(other) == Carried(Page(msgspec.structs.replace(RICH, title="S")), edited=True)
    root = parsed(RICH)
    (carrier,) = root.findall(".//View[@className='annotate-schema']")
    del carrier.attrib["digest"]
    assert carried(tostring(root, encoding="unicode")).edited


def indented(config: str, space: str) -> str:
    root = fromstring(config)  # noqa: S314 - made here
    indent(root, space)
    return tostring(root, encoding="unicode", short_empty_elements=False)


@pytest.mark.parametrize(
    "config",
    [
        indented(labelling_config(RICH), "\t"),
        indented(labelling_config(RICH), ""),
        parseString(labelling_config(RICH)).toprettyxml(indent="   "),  # noqa: S318 - made here
        f"<!-- ours -->\n{labelling_config(RICH)}\n",
        labelling_config(RICH).replace("'", "&apos;").replace("é", "&#233;"),
    ],
    ids=["tabs", "without", "another library", "comment", "entities"],
)
def test_indentation_and_spelling_of_the_xml_are_no_edits(config: str) -> None:
    assert carried(config) == Carried(Page(RICH), edited=False)
    assert same_config(config, labelling_config(RICH))


def test_configs_are_the_same_only_if_they_say_the_same() -> None:
    config = labelling_config(RICH)
    assert not same_config(config, labelling_config(RICH, RICH.entities[:1]))
    assert not same_config(config, labelling_config(make_schema()))
    assert same_config("no XML", "no XML")
    assert not same_config("no XML", "no XML ")
