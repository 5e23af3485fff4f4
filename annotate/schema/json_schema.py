"""The JSON Schema of schema files, with which editors complete and check them."""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from annotate.schema.checking.check import COLOR, LANGUAGE
from annotate.schema.checking.names import LONGEST
from annotate.schema.model import Schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_NAME = {"minLength": 1, "maxLength": LONGEST}
_NAMED = {"name": _NAME, "title": _NAME}
_LABELS = {"minItems": 1, "uniqueItems": True}
_SEVERAL: dict[str, Any] = {"additionalProperties": {"minItems": 2, "uniqueItems": True}}
_CHANGES: dict[str, Any] = {"merge": _SEVERAL, "remove": {"uniqueItems": True}}
# What the types of the model do not say, by class and field.
_LIMITS: dict[str, dict[str, dict[str, Any]]] = {
    "Schema": {
        **_NAMED,
        "version": _NAME,
        "language": {"pattern": f"^{LANGUAGE.pattern}$"},
        "entities": {"minItems": 1},
    },
    "Entity": {
        **_NAMED,
        "color": {"pattern": f"^{COLOR.pattern}$"},
        "hotkey": {"maxLength": 1},
    },
    "RelationType": {**_NAMED, "head": _LABELS, "tail": _LABELS},
    "Attribute": {**_NAMED, "labels": _LABELS, "options": {"minItems": 1}},
    "Choice": {**_NAMED, "options": {"minItems": 1}},
    "Option": _NAMED,
    "Changes": _CHANGES,
    "EntityChanges": {**_CHANGES, "split": _SEVERAL},
}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of schema files, without an `$id`.

    It knows what stands at each place. What depends on other places, for example that a
    label exists, only `parse_schema` checks.
    """
    # There and back, so that defaults are lists rather than tuples.
    made = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Schema)))
    definitions: dict[str, dict[str, Any]] = made["$defs"]
    for name, definition in definitions.items():
        definition["description"] = _reflowed(definition["description"])
        for field, limits in _LIMITS.get(name, {}).items():
            _limit(definition["properties"][field], limits)
    root = definitions.pop("Schema")
    return {"$schema": _DIALECT, **root, "$defs": definitions}


def _limit(described: dict[str, Any], limits: dict[str, Any]) -> None:
    for key, value in limits.items():
        if isinstance(value, dict):
            _limit(described[key], value)
        else:
            described[key] = value
    # An editor might write it.
    if limits.get("minItems") and described.get("default") == []:
        del described["default"]


def _reflowed(docstring: str) -> str:
    """Return a docstring with each paragraph on one line."""
    paragraphs = inspect.cleandoc(docstring).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def json_schema_text() -> str:
    """Return the JSON Schema as the text of `schemas/schema.json`."""
    return json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n"
