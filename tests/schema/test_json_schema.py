"""The JSON Schema for editors: what it takes and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from annotate.schema import Schema
from annotate.schema.json_schema import json_schema, json_schema_text
from annotate.schema.model import Entity
from annotate.workspace import shipped
from tests.schema.strategies import schemas, to_data

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
FILES = sorted(shipped("schemas").glob("*.yaml"))

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))


def small(**fields: Any) -> dict[str, Any]:
    entity = {"name": "A", "title": "a", "definition": "x"}
    top = {"name": "s", "version": "1", "language": "en", "title": "S", "entities": [entity]}
    return {**top, **fields}


def labelled(**fields: Any) -> dict[str, Any]:
    return small(entities=[{"name": "A", "title": "a", "definition": "x", **fields}])


def test_it_is_a_json_schema_of_the_dialect_that_it_names() -> None:
    assert SCHEMA["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert "$id" not in SCHEMA
    Draft202012Validator.check_schema(SCHEMA)


def test_every_part_is_explained_in_whole_lines() -> None:
    parts = [SCHEMA, *SCHEMA["$defs"].values()]
    assert {part["title"] for part in parts} >= {"Schema", "Entity", "Migration", "Decision"}
    assert all(part["description"] and "  " not in part["description"] for part in parts)


def test_it_has_every_field_as_a_file_calls_it() -> None:
    assert list(SCHEMA["properties"]) == list(Schema.__struct_fields__)
    assert list(SCHEMA["$defs"]["Entity"]["properties"]) == list(Entity.__struct_fields__)
    assert "from" in SCHEMA["$defs"]["Migration"]["required"]


def test_the_shipped_file_is_this_one() -> None:
    assert (shipped("schemas") / "schema.json").read_text(encoding="utf-8") == json_schema_text()
    assert json.loads(json_schema_text()) == SCHEMA


@every_file
def test_every_shipped_schema_names_it_and_is_valid(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    first, *_ = source.splitlines()
    assert first == "# yaml-language-server: $schema=schema.json"
    assert (path.parent / first.partition("$schema=")[2]).is_file()
    assert list(VALIDATOR.iter_errors(yaml.safe_load(source))) == []


@given(schemas())
def test_every_good_schema_is_valid(schema: Schema) -> None:
    assert list(VALIDATOR.iter_errors(to_data(schema))) == []


@pytest.mark.parametrize(
    ("data", "at"),
    [
        ({"name": "s"}, ""),
        (small(colour="red"), ""),
        (small(version=1.0), "version"),
        (small(version=""), "version"),
        (small(language="vietnamese"), "language"),
        (small(entities=[]), "entities"),
        (small(granularity="line"), "granularity"),
        (labelled(color="blue"), "entities/0/color"),
        (labelled(hotkey="ctrl"), "entities/0/hotkey"),
        (labelled(shape="round"), "entities/0"),
        (labelled(name="x" * 201), "entities/0/name"),
        (labelled(patterns=[{"regexp": "x"}]), "entities/0/patterns/0"),
        (labelled(contains="A"), "entities/0/contains"),
        (small(relations=[{"name": "r", "title": "r", "head": [], "tail": ["A"]}]),
         "relations/0/head"),
        (small(attributes=[{"name": "a", "title": "a", "labels": ["A"], "options": []}]),
         "attributes/0/options"),
        (small(choices=[{"name": "c", "title": "c", "options": []}]), "choices/0/options"),
        (small(migrations=[{"from": "1"}]), "migrations/0"),
        (small(migrations=[{"old": "1", "to": "2"}]), "migrations/0"),
        (small(migrations=[{"from": "1", "to": "2", "entities": {"merge": {"A": ["B"]}}}]),
         "migrations/0/entities/merge/A"),
        (small(migrations=[{"from": "1", "to": "2", "relations": {"split": {}}}]),
         "migrations/0/relations"),
    ],
)  # fmt: skip
def test_a_broken_schema_is_not_valid(data: dict[str, Any], at: str) -> None:
    assert any("/".join(map(str, error.path)) == at for error in VALIDATOR.iter_errors(data))


def test_nothing_that_an_editor_fills_in_is_refused() -> None:
    for part in (SCHEMA, *SCHEMA["$defs"].values()):
        for field in part["properties"].values():
            if "default" in field:
                validator = Draft202012Validator({**field, "$defs": SCHEMA["$defs"]})
                assert list(validator.iter_errors(field["default"])) == []
