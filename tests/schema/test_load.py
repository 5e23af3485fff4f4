"""Reading a schema file: every fault of its form at once, with its line and its path."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import SchemaError
from annotate.schema import Entity, Regex, Schema, load_schema, parse_schema
from tests.schema.strategies import schemas, to_data, to_yaml

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
    contains: []
  - {name: ROLE, title: Role, definition: A role., examples: []}
relations:
  - name: holds
    title: holds
    head: [PERSON]
    tail: [RANK]
attributes:
  - name: certainty
    title: How sure?
    labels: [ROLE]
    options: [{name: sure, title: Sure}]
choices:
  - name: topic
    title: Topic
    options:
      - {name: crime, title: Crime}
      - {name: fire, title: Fire}
granularity: word
migrations:
  - from: "0"
    to: "1"
    entities:
      rename: {HUMAN: PERSON}
      merge: {RANK: [RANK, GRADE]}
    options:
      topic: {remove: [flood]}
controls: {labels: ner}
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
    assert [entity.contains for entity in schema.entities] == [None, (), None]
    assert [option.name for option in schema.choices[0].options] == ["crime", "fire"]
    assert (schema.entities[1].color, schema.entities[1].hotkey) == ("#808080", "")
    assert schema.migrations[0].old == "0"
    assert schema.migrations[0].entities.merge == {"RANK": ("RANK", "GRADE")}
    assert schema.migrations[0].options["topic"].remove == ("flood",)
    assert (schema.controls.labels, schema.controls.text) == ("ner", "text")


@pytest.mark.parametrize(
    ("old", "new", "at", "fault"),
    [
        ("version:", "colour: 1\nversion:", "colour", "colour: unknown key; known are name,"),
        ("    hotkey:", "    hotky:", "hotky", "entities[0].hotky: unknown key"),
        ("{name: fire,", "{nam: 1, name: fire,", "nam:", "choices[0].options[1].nam: unknown key"),
        ('"1"\nlang', "1.0\nlang", "version",
         "version: Expected `str`, got `float`; put it in quotes"),
        ('"1"\nlang', "2024-01-02\nlang", "version", "got `date`; put it in quotes"),
        ('hotkey: "1"', "hotkey: 1", "hotkey", "hotkey: Expected `str`, got `int`; put it in"),
        ("title: Rank", "title: no", "title: no", "Expected `str`, got `bool`; put it in quotes"),
        ("title: Rank", "title:", "title:\n", "entities[1].title: Expected `str`, got `null`"),
        ("[PERSON]", "PERSON", "head", "relations[0].head: Expected `array`, got `str`"),
        ("[An]", "[An, 5]", "[An, 5]", "entities[0].examples[1]: Expected `str`, got `int`"),
        ("'B[ìi]nh'", "7", "patterns", "entities[0].patterns[1].regex: Expected `str`, got `int`"),
        ("regex: 'B", "rx: 'B", "rx", "entities[0].patterns[1].rx: unknown key; known are regex"),
        ("[Lê An,", "[[a],", "patterns", "entities[0].patterns[0]: Expected `str | object`, got"),
        ("    definition: A rank.\n", "", "- name: RANK", "entities[1]: the key definition is m"),
        ("language: en\n", "", "name: small", "the file: the key language is missing"),
        ("name: holds", "name: 5", "name: 5", "relations[0].name: Expected `str`, got `int`"),
        ("contains: []", "contains: PERSON", "contains",
         "entities[1].contains: Expected `array | null`, got `str`"),
        ("contains: []", "contains: [RANK, 5]", "contains", "contains[1]: Expected `str`, got `in"),
        ("granularity: word", "granularity: line", "granularity",
         "granularity: expected word or character, not 'line'"),
        ("granularity: word", "granularity: [word]", "granularity", "expected word or character"),
        ('from: "0"', 'old: "0"', "- old", "migrations[0].old: unknown key; known are from, to,"),
        ('from: "0"', "from: 0", "from", "migrations[0].from: Expected `str`, got `int`; put it"),
        ("{HUMAN: PERSON}", "[HUMAN]", "rename",
         "migrations[0].entities.rename: expected keys and values"),
        ("{HUMAN: PERSON}", "{HUMAN: 5}", "HUMAN", "entities.rename.HUMAN: Expected `str`, got"),
        ("{HUMAN: PERSON}", "{5: PERSON}", "{5", "rename['5']: Expected `str`, got `int`; put it"),
        ("[RANK, GRADE]", "GRADE", "merge", "entities.merge.RANK: Expected `array`, got `str`"),
        ("[RANK, GRADE]", "[RANK, 7]", "merge", "entities.merge.RANK[1]: Expected `str`, got"),
        ("{remove: [flood]}", "[flood]", "topic: [", "options.topic: expected keys and values"),
        ("{remove: [flood]}", "{split: {a: [b, c]}}", "split",
         "migrations[0].options.topic.split: unknown key; known are rename, merge, remove"),
        ("{labels: ner}", "{label: ner}", "label: ner", "controls.label: unknown key; known are l"),
        ("title: Small", "title: Small\ntitle: Big", "title: Big", "title: this key is given"),
        ("    title: Rank", "    title: R\n    title: Z", "title: Z",
         "entities[1].title: this key is given twice"),
        ("{HUMAN: PERSON}", "{HUMAN: PERSON, HUMAN: ROLE}", "rename",
         "rename.HUMAN: this key is given twice"),
        ("A rank.", '"a\\x01b"', '"a\\x01b', "definition: the control character U+0001 has"),
        ("A rank.", '"a\\ufffe"', '"a\\uff', "definition: the control character U+FFFE has"),
        ("A rank.", '"a\\ud800"', '"a\\ud8', "definition: the control character U+D800 has"),
        ("{HUMAN: PERSON}", '{"H\\x01": PERSON}', "rename",
         "entities.rename['H\\x01']: the control character U+0001"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_its_line_and_path(old: str, new: str, at: str, fault: str) -> None:
    source = changed(old, new)
    line = line_of(at, source)
    found = faults(source)
    assert any(p.startswith(f"line {line}: ") and fault in p for p in found), found


def test_a_fault_of_form_is_the_only_one_where_nothing_refers_to_it() -> None:
    assert faults(changed("A rank.", "[a]")) == (
        "line 15: entities[1].definition: Expected `str`, got `array`",
    )


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
        "line 2: version: Expected `str`, got `int`; put it in quotes",
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


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("name: [a\nversion: 1\n", "line 2"),
        ("a: b: c", "line 1"),
        ("name: a\n---\nname: b\n", "line 2"),
        ("name: &a\n  - *b\n", "line 2"),
        ("? [a]\n: b\n", "line 1"),
        ("version: 2024-02-30", "day is out of range"),
        ("name: \x07", "not YAML"),
        ("name: !!python/none x", "line 1"),
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


@pytest.mark.parametrize("source", ["name: &a [*a]\n", f"name: {'[' * 50_000}"])
def test_what_has_no_end_is_one_fault(source: str) -> None:
    with pytest.raises(SchemaError, match="an alias refers to itself, or lists are too deep"):
        parse_schema(source)


def test_parts_may_be_shared_by_anchors() -> None:
    source = changed("{name: ROLE, ", "{<<: &b {examples: [x]}, name: ROLE, ")
    assert parse_schema(source.replace(", examples: []}", "}")).entities[2].examples == ("x",)
    fault = "line 17: entities[2].shape: unknown key"
    assert faults(changed("{name: ROLE,", "{<<: {shape: 1}, name: ROLE,"))[0].startswith(fault)


@given(schemas())
def test_what_is_written_is_read_again(schema: Schema) -> None:
    assert parse_schema(to_yaml(schema)) == schema


_junk: st.SearchStrategy[Any] = st.sampled_from(
    (None, True, 0, 1.5, "", " x", "a\nb", ["a\nb"], "$a", "\x01", "A > B", [], {}, ["x", "x"],
     [[]], {"a": "b"}, {"name": "x"}, [{"name": 5}], {"regex": "("}, "[a](B)",
     {"from": "1", "to": "1"})
)  # fmt: skip


@given(schemas(), st.data())
def test_whatever_a_file_holds_it_is_read_or_its_faults_are_lines(
    schema: Schema, data: st.DataObject
) -> None:
    file = to_data(schema)
    place: Any = file
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not (isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    place[key] = data.draw(_junk)
    source = yaml.safe_dump(file, allow_unicode=True)
    read, problems = read_or_faults(source)
    if read is None:
        assert problems
        assert all("\n" not in line and line.startswith("line ") for line in problems)
    else:
        assert read == msgspec.convert(yaml.safe_load(source), Schema)


def read_or_faults(source: str) -> tuple[Schema | None, tuple[str, ...]]:
    try:
        return parse_schema(source), ()
    except SchemaError as error:
        return None, error.problems
