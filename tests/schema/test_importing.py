"""A schema out of anybody's labelling config."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from label_studio_sdk.label_interface.interface import LabelInterface

from annotate.errors import SchemaError
from annotate.schema import Choice, Option, RelationType, Schema, labelling_config, parse_schema
from annotate.schema.dump import dump_schema
from annotate.schema.importing import Imported, import_config
from annotate.schema.importing.colors import PALETTE, free_colors, read_color
from annotate.schema.model import Attribute, Controls, Entity

CONFIGS = sorted((Path(__file__).parent / "configs").glob("*.xml"))
SERVER = find_spec("label_studio")
assert SERVER is not None
assert SERVER.origin is not None
TEMPLATES = Path(SERVER.origin).parent / "annotation_templates"
UNDEFINED = "Not defined yet."


def own_config(name: str) -> Imported:
    (path,) = (path for path in CONFIGS if path.stem == name)
    return import_config(path.read_text(encoding="utf-8"), name)


def template(path: Path) -> str:
    """Return the config of a template, without comments behind it."""
    config: str = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    return config


def imported_template(name: str) -> Imported:
    path = TEMPLATES / "natural-language-processing" / name / "config.yml"
    return import_config(template(path), name)


def labels_of_text(inner: str, around: str = "") -> Imported:
    """Import a config of labels for a text."""
    labels = f'<Labels name="label" toName="text">{inner}</Labels>'
    text = '<Text name="text" value="$text"/>'
    return import_config(f"<View>\n{labels}\n{text}\n{around}\n</View>")


def assert_label_studio_reads(schema: Schema) -> None:
    """Assert that the SDK finds the schema's labels and questions in the config made of it."""
    interface: Any = LabelInterface(labelling_config(schema))
    interface.validate()
    assert list(interface.get_control(schema.controls.labels).labels) == list(schema.labels)
    asked = [c.name for c in schema.choices] + [a.name for a in schema.attributes]
    assert [c.name for c in interface.controls if c.name != schema.controls.labels] == asked


# Label Studio's own templates


def test_the_template_for_named_entities() -> None:
    schema, notes = imported_template("named-entity-recognition")
    colors = {"PER": "#ff0000", "ORG": "#ff8c00", "LOC": "#ffa500", "MISC": "#008000"}
    assert schema == Schema(
        name="named-entity-recognition",
        version="1.0.0",
        language="und",
        title="named-entity-recognition",
        entities=tuple(
            Entity(name, name, UNDEFINED, color=color) for name, color in colors.items()
        ),
        granularity="character",
    )
    assert notes == (
        "no hint says what these are; write it under `definition`: PER, ORG, LOC, MISC",
        "`language` is und, for unknown: write in which language the articles are",
    )


def test_the_template_for_relations() -> None:
    schema, notes = imported_template("relation-extraction")
    labels = ("Organization", "Person", "Datetime")
    assert schema.labels == labels
    assert schema.relations == (
        RelationType("org:founded_by", "org:founded_by", labels, labels),
        RelationType("org:founded", "org:founded", labels, labels),
    )
    assert any("`head` and `tail`: org:founded_by, org:founded" in note for note in notes)


def test_the_template_for_answering_questions() -> None:
    schema, notes = imported_template("question-answering")
    assert (schema.labels, schema.controls) == (("Answer",), Controls("answer", "text"))
    assert schema.granularity == "word"
    assert [note.partition(": ")[2] for note in notes[:4]] == [
        "<Header 'Please read the passage'> is not carried over",
        "<Header 'Select a text span answering the following question:'> is not carried over",
        "<Text 'question'> is not carried over: only <Text 'text'> is annotated",
        "maxUsage of <Label> is not carried over",
    ]


def text_labels(config: str) -> list[str] | None:
    """Return what the SDK takes for the labels of a text, None where it finds none."""
    interface: Any = LabelInterface(config)
    for control in interface.controls:
        targets = [interface.get_object(name).tag for name in control.to_name or ()]
        if control.tag in {"Labels", "HyperTextLabels"} and {"Text", "HyperText"} & set(targets):
            return list(control.labels)
    return None


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.glob("*/*/config.yml")), ids=lambda path: path.parent.name
)
def test_every_template_is_imported_or_refused_with_its_reason(path: Path) -> None:
    config = template(path)
    expected = text_labels(config)
    if expected is None:
        with pytest.raises(SchemaError, match="<Labels"):
            import_config(config)
        return
    schema = import_config(config).schema
    assert list(schema.labels) == expected
    assert parse_schema(dump_schema(schema)) == schema
    assert_label_studio_reads(schema)


# Configs with all that Label Studio has


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_is_imported_holds_and_label_studio_reads_the_page_made_of_it(path: Path) -> None:
    schema = import_config(path.read_text(encoding="utf-8")).schema
    assert parse_schema(dump_schema(schema)) == schema
    assert_label_studio_reads(schema)


def test_labels_groups_and_questions_are_carried_over() -> None:
    schema, _ = own_config("attributes")
    labels = ("PER", "Role", "LOC")
    assert schema == Schema(
        name="attributes",
        version="1.0.0",
        language="und",
        title="attributes",
        entities=(
            Entity(
                "PER", "Person", "A named person.", color="#FF8800", hotkey="p", group="People"
            ),
            Entity("Role", "Role", UNDEFINED, color="#0a141e", group="People"),
            Entity("LOC", "Town", UNDEFINED, color="#4682b4", group="Places"),
        ),
        relations=(
            RelationType("lives in", "lives in", labels, labels),
            RelationType("works as", "works as", labels, labels),
        ),
        attributes=(
            Attribute(
                "certainty", "Is it certain?", ("PER", "LOC"),
                options=(Option("yes", "Yes"), Option("no", "No")),
            ),
            Attribute("normal_form", "normal_form", ("LOC",), "The full name"),
            Attribute(
                "sense", "In which sense?", labels, multiple=True,
                options=(Option("literal", "literal"), Option("figurative", "figurative")),
            ),
        ),
        choices=(
            Choice(
                "topic", "What is it about?", multiple=True,
                options=(Option("Sport", "Sport"), Option("Politics", "Politics")),
            ),
        ),
        controls=Controls("ner", "doc"),
    )  # fmt: skip


def test_what_cannot_be_carried_over_is_noted_with_its_line() -> None:
    assert own_config("attributes").notes[:11] == (
        "line 6: <Label 'Role'> has no hotkey here: 'ctrl+r' is not one key",
        "line 9: <Label 'Town'> has no hotkey here: 'P' is that of another label",
        (
            "line 13: <Text 'doc'> shows '$content', but articles are sent in the field 'text',"
            " which the new page shows"
        ),
        "line 15: background of <Relation> is not carried over",
        "line 20: required of <Choices> is not carried over",
        "line 21: hotkey of <Choice> is not carried over",
        "line 25: <TextArea 'normal_form'> names 'Country', which is no label",
        "line 33: <Choices 'topic'> is always asked here, not only when choice-selected",
        "line 34: a <Choice> within a <Choice> is not carried over",
        "line 36: <Choice 'Sport'> is not carried over: it is there twice",
        (
            "line 39: <TextArea 'remarks'> is not carried over: a free text about the whole article"
            " has no place in a schema"
        ),
    )


def test_labels_of_several_controls_become_groups_of_one() -> None:
    schema, notes = own_config("several")
    assert schema.controls == Controls("label", "page")
    assert [(e.name, e.title, e.group) for e in schema.entities] == [
        ("A", "A", ""),
        ("B", "B", ""),
        ("a_2", "a (2)", "tone"),
        ("Warm", "Warm", "tone"),
    ]
    assert [entity.color for entity in schema.entities] == list(PALETTE[:4])
    assert schema.choices == (Choice("about_side", "about_side", (Option("x", "x"),)),)
    assert notes[:-2] == (
        "line 4: <Style> is not carried over",
        "line 5: <Header '$headline'> is not carried over: it shows a field of the task",
        "line 6: <Header 'Mark what you see.'> is not carried over",
        "line 7: <Filter 'filter'> is not carried over",
        "line 10: selected of <Label> is not carried over",
        "line 11: <Label 'A'> is not carried over: it is there twice",
        "line 12: <Label> is not carried over: it has no value",
        (
            "line 14: <Labels 'tone'> goes into <hypertextlabels 'label'>: its labels are a group"
            " there"
        ),
        "line 15: showAlias of <Label> is not carried over",
        "line 15: <Label 'a'> has the name 'a_2' here: another has such a name",
        "line 15: <Label 'a'> has the title 'a (2)' here: another has such a name",
        "line 16: maxUsages of <Label> is not carried over",
        (
            "line 18: <Labels 'dynamic'> has more than is written here: labels that come from the"
            " field $options are not carried over"
        ),
        "line 19: <Labels 'sound'> is not carried over: it is not for <HyperText 'page'>",
        "line 20: <HyperText 'page'> becomes a <Text>: what was marked in it has other offsets",
        (
            "line 20: <HyperText 'page'> shows '$html', but articles are sent in the field 'text',"
            " which the new page shows"
        ),
        "line 21: <Text 'side'> is not carried over: only <HyperText 'page'> is annotated",
        "line 22: <Audio 'audio'> is not carried over",
        "line 23: <Rating 'stars'> is not carried over",
        "line 24: html of <Choice> is not carried over",
        "line 24: <Choices 'about_side'> is about the article here, not about <Text 'side'>",
        (
            "line 25: <Choices 'of_task'> is not carried over: its options come from the field"
            " $options"
        ),
        "line 26: <Choices 'empty'> is not carried over: it has no option",
        "line 27: <Choices 'of_sound'> is not carried over: it is about <Audio 'audio'>",
        "line 28: <Choices 'nowhere'> names 'C', which is no label",
        "line 28: <Choices 'nowhere'> is not carried over: it is asked of no label that is here",
        "line 29: <Repeater> is not carried over",
        "line 31: <Taxonomy 'kind'> is not carried over",
    )


def test_names_that_do_not_hold_are_mended_as_little_as_possible() -> None:
    schema, notes = own_config("awkward")
    assert [(e.name, e.title, e.hotkey, e.group) for e in schema.entities] == [
        ("Costs $amount", "Costs $ amount", "1", "One"),
        ("Zerowidth", "Zerowidth", "", "One"),
        ("padded", "padded", "", "One"),
        ("TOWN; COUNTRY", "Town, Country", "", "One"),
        ("ﬁn", "ﬁn", "", "One"),
        ("<b>", '<b> & "c"', "", "One"),
        ("fin_2", "FIN (2)", "", "Two"),
    ]
    assert [(r.name, r.title) for r in schema.relations] == [("is", "is"), ("IS_2", "IS (2)")]
    assert [choice.name for choice in schema.choices] == ["source_2"]
    assert schema.choices[0].options == (Option("yes", "yes"), Option("Yes_2", "Yes (2)"))
    assert [attribute.name for attribute in schema.attributes] == ["start_2"]
    assert schema.attributes[0].options == (Option("$now", "$ now"),)
    assert schema.controls == Controls("text", "Text_2")
    told = "\n".join(notes)
    for line, note in {
        2: "<Labels 'text'> has groups in pieces: the labels of each now stand together",
        4: "<Label 'Costs $amount'> has the title 'Costs $ amount' here: Label Studio reads '$a'",
        5: "<Label 'Zero\\u200bwidth'> has the name and title 'Zerowidth' here: ",
        7: "<Label 'Town, Country'> is 'TOWN; COUNTRY' here: conditions take a comma for two",
        8: "<Label 'ﬁn'> has a background that is no known colour, 'no colour'",
        10: "<Label 'FIN'> has the name 'fin_2' here: another has such a name",
        14: "<Text 'Text'> has the name 'Text_2' here: another has such a name",
        16: "<Choices 'source'> has the name 'source_2' here: another has such a name",
    }.items():
        assert f"line {line}: {note}" in told


def test_a_label_with_a_comma_keeps_its_name_unless_a_question_is_asked_of_all() -> None:
    label = '<Label value="A, B"/><Label value="C"/>'
    asked = '<TextArea name="q" toName="text" perRegion="true" {}/>'
    assert labels_of_text(label, asked.format('whenLabelValue="C"')).schema.labels[0] == "A, B"
    schema = labels_of_text(label, asked.format("")).schema
    assert schema.labels[0] == "A; B"
    assert schema.attributes[0].labels == ("A; B", "C")


def test_the_name_of_the_schema_is_mended_too() -> None:
    config = '<View><Labels name="l" toName="t"><Label value="A"/></Labels><Text name="t"/></View>'
    schema, notes = import_config(config, " my\u200b page ")
    assert (schema.name, schema.title) == ("my page", "my page")
    assert "the name is 'my page' here: ' my\\u200b page ' is empty, or has a stray space" in notes


def test_tags_and_attributes_are_read_whatever_their_case() -> None:
    config = (
        '<VIEW><labels NAME="l" toname="t"><LABEL Value="A"/></labels><tExt Name="t"/>'
        '<choices name="c" toNAME="t" PERREGION="True"><choice value="x"/></choices></VIEW>'
    )
    schema = import_config(config).schema
    assert (schema.labels, schema.attributes[0].name) == (("A",), "c")


def test_a_condition_around_a_question_says_of_which_labels_it_is_asked() -> None:
    question = '<TextArea name="q" toName="text" perRegion="true"/>'
    around = f'<View visibleWhen="region-selected" whenLabelValue="B">{question}</View>'
    schema, notes = labels_of_text('<Label value="A"/><Label value="B"/>', around)
    assert schema.attributes == (Attribute("q", "q", ("B",)),)
    assert not any("always asked" in note for note in notes)


def test_an_alias_counts_before_a_title_that_is_the_same() -> None:
    question = '<TextArea name="q" toName="text" perRegion="true" whenLabelValue="B"/>'
    labels = '<Label value="B" alias="X"/><Label value="Y" alias="B"/>'
    assert labels_of_text(labels, question).schema.attributes[0].labels == ("B",)


def test_a_question_of_one_control_is_asked_of_its_labels() -> None:
    more = (
        '<Labels name="more" toName="text"><Label value="B"/></Labels>'
        '<TextArea name="q" toName="text" perRegion="true" whenTagName="more"/>'
    )
    assert labels_of_text('<Label value="A"/>', more).schema.attributes[0].labels == ("B",)


# Colours


@pytest.mark.parametrize(
    ("css", "color"),
    [
        ("#AbCdEf", "#AbCdEf"),
        ("#fa0", "#ffaa00"),
        ("#fa08", "#ffaa00"),
        ("#11223344", "#112233"),
        (" DarkOrange ", "#ff8c00"),
        ("grey", "#808080"),
        ("rgb(1,2,300)", "#0102ff"),
        ("rgba(1, 2, 3, 0.5)", "#010203"),
        ("RGB(1 2 3 / 50%)", "#010203"),
        ("hsl(1, 2%, 3%)", ""),
        ("transparent", ""),
        ("#12", ""),
        ("", ""),
    ],
)
def test_a_colour_of_css_is_read(css: str, color: str) -> None:
    assert read_color(css) == color


def test_labels_without_a_colour_get_one_that_no_other_has() -> None:
    inner = "".join(f'<Label value="{number}"/>' for number in range(40))
    taken = f'<Label value="x" background="{PALETTE[1].upper()}"/>'
    colors = [entity.color.lower() for entity in labels_of_text(taken + inner).schema.entities]
    assert colors[:3] == [PALETTE[1], PALETTE[0], PALETTE[2]]
    assert len(set(colors)) == 41


def test_colours_come_again_when_all_are_taken() -> None:
    free = free_colors(())
    first = [next(free) for _ in range(60)]
    assert len(set(first)) == 60
    assert next(free) == first[0]


# What is refused

TEXT = '<Text name="text" value="$text"/>'


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("{}", "the config is not XML: not well-formed (invalid token), line 1, column 1"),
        ("<View>\n  <Text></View>", "the config is not XML: mismatched tag, line 2, column 11"),
        (f"<View>{TEXT}</View>", "the config has no <Labels>"),
        (
            f'<View>{TEXT}\n<Choices name="c" toName="text"><Choice value="x"/></Choices></View>',
            "the config has no <Labels>, only <Choices 'c'> in line 2",
        ),
        (
            '<View><Image name="i"/><RectangleLabels name="r" toName="i"/></View>',
            "the config has no <Labels>, only <RectangleLabels 'r'> in line 1",
        ),
        (
            '<View>\n<Labels name="l" toName="i"/><Image name="i"/></View>',
            "the config, line 2: <Labels 'l'> is for <Image 'i'>",
        ),
        (
            f'<View>{TEXT}<Labels name="l" toName="txt"><Label value="A"/></Labels></View>',
            "the config, line 1: <Labels 'l'> is for 'txt', which is nowhere",
        ),
        (
            f'<View>{TEXT}<Labels name="l" toName="text" value="$x"/></View>',
            "the config, line 1: <Labels 'l'> has no <Label>",
        ),
        ("<View>" * 200 + "</View>" * 200, "the config, line 1: tags lie in each other more than"),
    ],
)
def test_what_is_no_config_for_a_text_is_refused(config: str, problem: str) -> None:
    with pytest.raises(SchemaError) as caught:
        import_config(config)
    assert caught.value.problem.startswith(problem)
    assert caught.value.remedy


BOMB = """<!DOCTYPE View [
  <!ENTITY a "aaaaaaaaaa">
  <!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
]>
<View title="&b;"/>"""


@pytest.mark.parametrize(
    "config",
    [
        BOMB,
        '<!DOCTYPE View SYSTEM "file:///etc/passwd"><View/>',
        '<!DOCTYPE View [<!ENTITY x SYSTEM "file:///etc/passwd">]><View>&x;</View>',
        "<!DOCTYPE html><View/>",
    ],
)
def test_a_document_type_is_refused_before_it_is_read(config: str) -> None:
    with pytest.raises(SchemaError, match="line 1: it declares a document type"):
        import_config(config)
