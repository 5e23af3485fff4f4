"""Reading a schema file: every fault at once, with its line and its path."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from annotate.dataset.features import span_features
from annotate.errors import SchemaError
from annotate.schema import Entity, Regex, Schema, load_schema, parse_schema
from annotate.schema.config import LABELS, TEXT
from annotate.schema.load import TAKEN
from tests.factories import make_schema

GOOD = """\
name: small
version: "1"
language: en
title: Small
entities:
  - name: PERSON
    title: Person
    definition: A name.
    examples: [An]
    hotkey: "1"
    color: "#0022ff"
    patterns: [Lê An, {regex: 'B[ìi]nh'}]
  - name: RANK
    title: Rank
    definition: A rank.
    examples: []
  - {name: ROLE, title: Role, definition: A role., examples: []}
relations:
  - name: holds
    title: holds
    head: [PERSON]
    tail: [RANK]
choices:
  - name: topic
    title: Topic
    options:
      - {name: crime, title: Crime}
      - {name: fire, title: Fire}
"""


def faults(source: str) -> tuple[str, ...]:
    with pytest.raises(SchemaError) as caught:
        parse_schema(source)
    assert f"{len(caught.value.problems)} fault" in caught.value.problem
    return caught.value.problems


def changed(old: str, new: str) -> str:
    """Return the good schema with one piece replaced."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def line_of(piece: str, source: str) -> int:
    return source[: source.index(piece)].count("\n") + 1


def test_a_good_schema_is_read_whole() -> None:
    schema = parse_schema(GOOD)
    assert schema.labels == ("PERSON", "RANK", "ROLE")
    assert schema.relation_labels == ("holds",)
    assert schema.entities[0].patterns == ("Lê An", Regex("B[ìi]nh"))
    assert [option.name for option in schema.choices[0].options] == ["crime", "fire"]
    assert (schema.entities[1].color, schema.entities[1].hotkey) == ("#808080", "")


@pytest.mark.parametrize(
    ("old", "new", "at", "fault"),
    [
        ("version:", "colour: 1\nversion:", "colour", "colour: unknown key; known are name,"),
        ("    hotkey:", "    hotky:", "hotky", "entities[0].hotky: unknown key"),
        ("{name: fire,", "{nam: 1, name: fire,", "nam:", "choices[0].options[1].nam: unknown key"),
        ('"1"\nlang', "1.0\nlang", "version", "version: Expected `str`, got `float`"),
        ("[PERSON]", "PERSON", "head", "relations[0].head: Expected `array`, got `str`"),
        ("[An]", "[An, 5]", "[An, 5]", "entities[0].examples[1]: Expected `str`, got `int`"),
        ("'B[ìi]nh'", "7", "patterns", "entities[0].patterns[1]: Expected `str`, got `int`"),
        ("    definition: A rank.\n", "", "- name: RANK", "entities[1]: the key definition is m"),
        ("language: en\n", "", "name: small", "the file: the key language is missing"),
        ("name: ROLE", "name: person", "name: person", "'person' is already that of entities[0]"),
        ("title: Rank", "title: PERSON", "title: PERSON", "entities[1].title: 'PERSON' is already"),
        ("title: Fire", "title: crime", "- {name: fire", "options[1].title: 'crime' is already"),
        ("    definition: A rank.", "    definition: A.\n    hotkey: '1'", "hotkey: '1'",
         "entities[1].hotkey: '1' is already that of entities[0]"),
        ("title: Small", "title: Small\ntitle: Big", "title: Big", "title: this key is given"),
        ("    title: Rank", "    title: R\n    title: Z", "title: Z",
         "entities[1].title: this key is given twice"),
        ('"#0022ff"', "blue", "color", "entities[0].color: a colour is #rrggbb, not 'blue'"),
        ('"#0022ff"', '"#0022f"', "color", "a colour is #rrggbb"),
        ('hotkey: "1"', "hotkey: ctrl", "hotkey", "entities[0].hotkey: a hotkey is one key"),
        ("'B[ìi]nh'", "'B(inh'", "patterns", "entities[0].patterns[1]: does not compile: missing"),
        ("'B[ìi]nh'", "'a{99999999999}'", "patterns", "entities[0].patterns[1]: does not compile"),
        ("'B[ìi]nh'", "'B?'", "patterns", "entities[0].patterns[1]: matches the empty text"),
        ("[Lê An,", "['',", "patterns", "entities[0].patterns[0]: matches the empty text"),
        ("[RANK]", "[RANK, X]", "tail", "relations[0].tail[1]: no entity is named 'X'"),
        ("[PERSON]", "[Person]", "head", "relations[0].head[0]: no entity is named 'Person'"),
        ("name: ROLE", "name: 'ROLE '", "name: 'ROLE", "'ROLE ' is empty, or has a stray space"),
        ("name: ROLE", "name: ''", "name: ''", "entities[2].name: '' is empty"),
        ("name: ROLE", 'name: "R\\tK"', 'name: "R', "has a stray space or control"),
        ("name: topic", "name: text", "name: text", "choices[0].name: 'text' is the name of a"),
        ("name: holds", "name: 5", "name: 5", "relations[0].name: Expected `str`, got `int`"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_path(old: str, new: str, at: str, fault: str) -> None:
    source = changed(old, new)
    line = line_of(at, source)
    assert any(p.startswith(f"line {line}: ") and fault in p for p in faults(source))
    assert len(faults(source)) == 1


def test_all_faults_are_named_at_once() -> None:
    source = """\
        name: small
        version: 1
        title: Small
        entities:
          - {name: A, title: A, definition: x, examples: [], color: red, hotkey: qq}
          - {name: A, title: B, definition: x, examples: [], shape: round}
          - just text
        relations:
          - {name: r, title: r, head: [A], tail: [Z]}
        """
    assert faults(dedent(source)) == (
        "line 2: version: Expected `str`, got `int`",
        "line 1: the file: the key language is missing",
        "line 6: entities[1].shape: unknown key; known are " + ", ".join(Entity.__struct_fields__),
        "line 7: entities[2]: expected keys and values",
        "line 6: entities[1].name: 'A' is already that of entities[0]",
        "line 5: entities[0].hotkey: a hotkey is one key, not 'qq'",
        "line 5: entities[0].color: a colour is #rrggbb, not 'red'",
        "line 9: relations[0].tail[0]: no entity is named 'Z'",
    )


@pytest.mark.parametrize("source", ["", "just text", "- a\n- b\n", "5"])
def test_a_file_that_holds_no_mapping_is_a_fault(source: str) -> None:
    assert faults(source) == ("line 1: the file: expected keys and values",)


@pytest.mark.parametrize("group", ["entities", "choices[0].options"])
def test_an_empty_list_that_needs_something_is_a_fault(group: str) -> None:
    head, *_ = GOOD.partition("entities:")
    choice = "choices: [{name: topic, title: Topic, options: []}]\n"
    entity = "entities: [{name: A, title: A, definition: x, examples: []}]\n"
    source = head + ("entities: []\n" if group == "entities" else entity + choice)
    (fault,) = faults(source)
    assert f"{group}: at least one" in fault


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("name: [a\nversion: 1\n", "line 2"),
        ("a: b: c", "line 1"),
        ("name: a\n---\nname: b\n", "line 2"),
        ("name: &a\n  - *b\n", "line 2"),
        ("version: 2024-02-30", "day is out of range"),
        ("name: \x07", "not YAML"),
    ],
)
def test_what_is_not_yaml_is_named_with_its_line(source: str, where: str) -> None:
    with pytest.raises(SchemaError, match="not YAML") as caught:
        parse_schema(source, "mine.yaml")
    assert caught.value.problem.startswith("mine.yaml")
    assert where in caught.value.problem
    assert "\n" not in caught.value.problem


def test_a_schema_that_is_missing_or_not_utf8_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"none\.yaml cannot be read: No such file"):
        load_schema(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("name: é".encode("latin-1"))
    with pytest.raises(SchemaError, match=r"latin\.yaml is not UTF-8"):
        load_schema(tmp_path / "latin.yaml")


def test_a_fault_in_a_file_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("name: x", encoding="utf-8")
    with pytest.raises(SchemaError) as caught:
        load_schema(path)
    assert str(path) in caught.value.problem


def test_a_file_is_read_as_its_text(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_schema(path) == parse_schema(GOOD)


def test_no_choice_may_take_the_name_of_a_column_or_of_a_control() -> None:
    schema: Schema = make_schema()
    assert {*span_features(schema), LABELS, TEXT} <= TAKEN


def test_an_alias_that_refers_to_itself_is_one_fault() -> None:
    with pytest.raises(SchemaError, match="an alias refers to itself"):
        parse_schema("name: &a [*a]\n")


def test_a_control_character_has_no_place_in_a_labelling_page() -> None:
    with pytest.raises(SchemaError, match=r"line 4: title: it has a control character"):
        parse_schema('name: x\nversion: "1"\nlanguage: vi\ntitle: "a\\x01b"\nentities: []\n')
