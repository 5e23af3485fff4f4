"""A schema out of a labelling config that was made here, and perhaps edited since."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, tostring

import msgspec
import pytest

from annotate.schema import Choice, Option, RelationType, Schema, labelling_config, parse_schema
from annotate.schema.config import Page
from annotate.schema.dump import dump_schema
from annotate.schema.importing import Imported, import_config
from annotate.schema.importing.colors import PALETTE
from annotate.schema.model import (
    Attribute,
    Changes,
    Controls,
    Decision,
    EntityChanges,
    Migration,
)
from tests.factories import make_entity, make_schema


def rich_schema() -> Schema:
    """Return a schema with all that no labelling page shows."""
    return make_schema(
        entities=(
            make_entity("PERSON", "Person", color="#aa0000", hotkey="1", contains=("TITLE",)),
            make_entity("TITLE", "Title", color="#00aa00", hotkey="2", group="Words"),
            make_entity(
                "TOWN",
                "Town",
                color="#0000aa",
                group="Words",
                examples=("Huế", "[Sir](TITLE) of [York](TOWN)"),
                counter_examples=("[Sir](TITLE) York",),
                patterns=("Huế",),
            ),
        ),
        relations=(
            RelationType("of", "is of", ("PERSON", "TITLE"), ("TOWN",), "Comes from there."),
            RelationType("near", "is near", ("TOWN",), ("TOWN",), directed=False),
        ),
        attributes=(
            Attribute("full", "Full name", ("TOWN", "TITLE"), "As on maps."),
            Attribute("sure", "Sure?", ("PERSON",), "If not, say so.", (Option("n", "No"),)),
        ),
        choices=(Choice("topic", "Topic", (Option("a", "Art"), Option("w", "War"))),),
        guidelines=("Mark names only.",),
        decisions=(Decision("Two towns?", "Both.", ("[Buda](TOWN) and [Sir](TITLE)",)),),
        migrations=(
            Migration(
                "0",
                "1",
                EntityChanges(rename={"CITY": "TOWN", "RANK": "TITLE"}),
                choices=Changes(remove=("mood",)),
            ),
        ),
        controls=Controls("ner", "doc"),
    )


def edited(change: Callable[[Element], None], schema: Schema | None = None) -> Imported:
    """Import the rich schema's config after somebody changed it."""
    schema = schema or rich_schema()
    view = fromstring(labelling_config(schema))  # noqa: S314 - made here
    change(view)
    imported = import_config(tostring(view, encoding="unicode"))
    assert parse_schema(dump_schema(imported.schema)) == imported.schema
    return imported


def one(view: Element, tag: str, **attributes: str) -> Element:
    """Return the one element with the tag and the attributes."""
    (found,) = (e for e in view.iter(tag) if attributes.items() <= e.attrib.items())
    return found


def remove(view: Element, tag: str, **attributes: str) -> None:
    gone = one(view, tag, **attributes)
    (around,) = (element for element in view.iter() if gone in element)
    around.remove(gone)


def replaced(items: tuple[Any, ...], at: int, **fields: Any) -> tuple[Any, ...]:
    """Return the items with fields of one of them changed."""
    return (*items[:at], msgspec.structs.replace(items[at], **fields), *items[at + 1 :])


# A config that was made here


def test_a_config_made_here_gives_back_its_schema_and_nothing_to_note() -> None:
    assert import_config(labelling_config(rich_schema())) == Imported(rich_schema(), ())


def test_other_indents_are_no_edit() -> None:
    def arrange(view: Element) -> None:
        indent(view, "\t")

    assert edited(arrange) == Imported(rich_schema(), ())


def test_labels_under_review_are_no_part_of_the_schema() -> None:
    config = labelling_config(rich_schema(), (make_entity("PLACE", "Place"),))
    assert import_config(config) == Imported(rich_schema(), ())
    view = fromstring(config)  # noqa: S314 - made here
    one(view, "Label", alias="PERSON").set("value", "Somebody")
    SubElement(one(view, "Relations"), "Relation", value="knows")
    schema, notes = import_config(tostring(view, encoding="unicode"))
    assert schema.labels == rich_schema().labels
    assert schema.relations[2].head == schema.labels
    assert not any("PLACE" in note for note in notes)


def test_a_carried_schema_that_no_longer_holds_says_what_to_correct() -> None:
    wrong = make_schema(language="Tiếng Việt")
    schema, notes = import_config(labelling_config(wrong))
    assert schema == wrong
    (note,) = notes
    assert note.startswith("to be corrected in the schema, line 3: language: 'Tiếng Việt' is no")


# A config that was edited by hand


def set_label(**attributes: str) -> Callable[[Element], None]:
    return lambda view: one(view, "Label", alias="TOWN").attrib.update(attributes)


@pytest.mark.parametrize(
    ("change", "fields", "note"),
    [
        (set_label(value="Place"), {"title": "Place"}, "label TOWN is called “Place”, not “Town”"),
        (set_label(background="blue"), {"color": "#0000ff"}, "label TOWN changes in colour"),
        (set_label(hotkey="t"), {"hotkey": "t"}, "label TOWN changes in hotkey"),
        (set_label(hint="A town."), {"definition": "A town."}, "label TOWN changes in definition"),
    ],
)
def test_what_a_label_shows_is_taken_from_the_page(
    change: Callable[[Element], None], fields: dict[str, str], note: str
) -> None:
    schema, notes = edited(change)
    expected = rich_schema()
    entities = replaced(expected.entities, 2, **fields)
    assert schema == msgspec.structs.replace(expected, entities=entities)
    assert notes == (
        f"on the page, {note}",
        "the version is still 1: give the schema a new one",
    )


def test_a_label_without_hint_and_colour_keeps_what_is_known() -> None:
    def clear(view: Element) -> None:
        label = one(view, "Label", alias="TOWN")
        del label.attrib["hint"], label.attrib["background"]

    schema, notes = edited(clear)
    assert schema == rich_schema()
    assert notes == ("the page was edited, but shows what small 1 says",)


def test_a_label_added_on_the_page_is_taken_in() -> None:
    def add(view: Element) -> None:
        SubElement(one(view, "Labels"), "Label", value="River", hotkey="1", maxUsages="3")

    schema, notes = edited(add)
    known = rich_schema()
    river = make_entity("River", "River", definition="Not defined yet.", color=PALETTE[0])
    assert schema == msgspec.structs.replace(known, entities=(*known.entities, river))
    *first, last = notes
    assert first[0] == "on the page, label River is new"
    assert [note.partition(": ")[2] for note in first[1:3]] == [
        "maxUsages of <Label> is not carried over",
        "<Label 'River'> has no hotkey here: '1' is that of another label",
    ]
    assert first[3:] == ["no hint says what these are; write it under `definition`: River"]
    assert last == "the version is still 1: give the schema a new one"


def test_a_label_gone_from_the_page_goes_with_all_that_names_it() -> None:
    schema, notes = edited(lambda view: remove(view, "Label", alias="TITLE"))
    known = rich_schema()
    person, _, town = known.entities
    assert schema == msgspec.structs.replace(
        known,
        entities=(
            msgspec.structs.replace(person, contains=()),
            msgspec.structs.replace(town, examples=("Huế",), counter_examples=()),
        ),
        relations=replaced(known.relations, 0, head=("PERSON",)),
        attributes=replaced(known.attributes, 0, labels=("TOWN",)),
        decisions=replaced(known.decisions, 0, examples=()),
        migrations=(),
    )
    left_out = [note.partition(" is left out: ")[0] for note in notes if " left out" in note]
    assert left_out == [
        "entities[1].examples[1]",
        "entities[1].counter_examples[0]",
        "decisions[0].examples[0]",
        "migrations[0]",
    ]
    assert notes[0] == "on the page, label TITLE is gone"
    assert notes[-1].endswith("declare under `migrations` what becomes of them: label TITLE")


def test_a_relation_whose_labels_are_all_gone_may_begin_anywhere() -> None:
    def take_away(view: Element) -> None:
        remove(view, "Label", alias="TOWN")

    schema, _ = edited(take_away, msgspec.structs.replace(rich_schema(), migrations=()))
    assert [(relation.head, relation.tail) for relation in schema.relations] == [
        (("PERSON", "TITLE"), ("PERSON", "TITLE")),
        (("PERSON", "TITLE"), ("PERSON", "TITLE")),
    ]


def test_a_relation_under_another_title_keeps_its_name() -> None:
    schema, notes = edited(lambda view: one(view, "Relation", value="is of").set("value", "from"))
    known = rich_schema()
    relations = replaced(known.relations, 0, title="from")
    assert schema == msgspec.structs.replace(known, relations=relations)
    assert notes[0] == "on the page, relation of is called “from”, not “is of”"
    assert notes[-1].endswith("what becomes of them: relation of")


def test_relations_come_and_go_by_their_titles() -> None:
    def change(view: Element) -> None:
        remove(view, "Relation", value="is of")
        for title in ("of", "knows"):
            SubElement(one(view, "Relations"), "Relation", value=title)

    schema, notes = edited(change)
    everything = ("PERSON", "TITLE", "TOWN")
    assert schema.relations == (
        rich_schema().relations[1],
        # The name is that of the relation that went away.
        RelationType("of_2", "of", everything, everything),
        RelationType("knows", "knows", everything, everything),
    )
    assert {note for note in notes if note.startswith("on the page, relation ")} >= {
        "on the page, relation of is gone",
        "on the page, relation knows is new",
    }
    assert any(note.endswith("under `head` and `tail`: of_2, knows") for note in notes)


def test_questions_are_taken_from_the_page() -> None:
    def change(view: Element) -> None:
        one(view, "TextArea", name="full").set("placeholder", "In full.")
        one(view, "Choices", name="sure").set("choice", "multiple")
        SubElement(one(view, "Choices", name="sure"), "Choice", value="Yes", alias="y")
        one(view, "Header", value="Topic").set("value", "About what?")
        remove(view, "Choice", alias="w")

    schema, notes = edited(change)
    known = rich_schema()
    options = (Option("n", "No"), Option("y", "Yes"))
    full, sure = known.attributes
    assert schema.attributes == (
        msgspec.structs.replace(full, definition="In full."),
        msgspec.structs.replace(sure, multiple=True, options=options),
    )
    topic = Choice("topic", "About what?", (Option("a", "Art"),))
    assert schema == msgspec.structs.replace(known, attributes=schema.attributes, choices=(topic,))
    assert "on the page, option topic: w is gone" in notes


def test_questions_come_and_go() -> None:
    def change(view: Element) -> None:
        remove(view, "TextArea", name="full")
        remove(view, "Choices", name="topic")
        tone = SubElement(view, "Choices", name="tone", toName="doc")
        SubElement(tone, "Choice", value="Warm")

    schema, notes = edited(change)
    assert schema.attributes == rich_schema().attributes[1:]
    assert schema.choices == (Choice("tone", "tone", (Option("Warm", "Warm"),)),)
    assert {"on the page, attribute full is gone", "on the page, choice tone is new"} <= {*notes}


def test_who_is_asked_is_taken_from_the_page() -> None:
    def change(view: Element) -> None:
        one(view, "TextArea", name="full").set("whenLabelValue", "PERSON,TOWN")

    schema, notes = edited(change)
    assert schema.attributes[0].labels == ("PERSON", "TOWN")
    assert notes[0] == "on the page, attribute full is no longer asked of TITLE"


def test_granularity_and_the_names_of_controls_are_taken_from_the_page() -> None:
    def change(view: Element) -> None:
        one(view, "Labels").set("name", "tags")
        for label in view.iter("Label"):
            del label.attrib["granularity"]

    schema, notes = edited(change)
    controls = Controls("tags", "doc")
    known = msgspec.structs.replace(rich_schema(), controls=controls, granularity="character")
    assert schema == known
    assert "on the page, control labels is now “tags”, was “ner”" in notes


def test_looks_alone_change_nothing() -> None:
    schema, notes = edited(lambda view: one(view, "Style").clear())
    assert schema == rich_schema()
    assert notes == ("the page was edited, but shows what small 1 says",)


def test_names_that_are_known_stay_when_others_like_them_come() -> None:
    def add(view: Element) -> None:
        labels = one(view, "Labels")
        labels.insert(0, Element("Label", value="person"))

    schema, _ = edited(add)
    assert [(e.name, e.title) for e in schema.entities][:2] == [
        ("person_2", "person (2)"),
        ("PERSON", "Person"),
    ]


def test_a_config_that_lost_its_schema_is_brought_together_with_the_one_that_is_known() -> None:
    view = fromstring(labelling_config(rich_schema()))  # noqa: S314 - made here
    remove(view, "View", className="annotate-schema")
    one(view, "Label", alias="TOWN").set("hotkey", "t")
    config = tostring(view, encoding="unicode")
    schema, notes = import_config(config, known=Page(rich_schema()))
    entities = replaced(rich_schema().entities, 2, hotkey="t")
    assert schema == msgspec.structs.replace(rich_schema(), entities=entities)
    assert notes[0] == "on the page, label TOWN changes in hotkey"
    assert import_config(config).schema.entities[2].patterns == ()


def test_a_carried_schema_that_cannot_be_read_is_noted() -> None:
    view = fromstring(labelling_config(rich_schema()))  # noqa: S314 - made here
    one(view, "View", className="annotate-schema").set("schema", '{"shape": "of tomorrow"}')
    schema, notes = import_config(tostring(view, encoding="unicode"), "page")
    assert (schema.name, schema.labels) == ("page", rich_schema().labels)
    assert "the schema that it carries cannot be read: what it shows was taken" in notes
