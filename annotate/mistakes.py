"""What is wrong with a settings file, in plain words: the key, what belongs there, what is."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from typing import Any, get_args

import msgspec

# How msgspec calls what may stand in TOML.
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": 'a text in quotes ("…")',
    "bool": "true or false",
    "array": "a list in brackets ([…])",
    "object": "a table of keys",
}
_TYPE = re.compile(r"Expected `(\w+)")
_KEY = re.compile(r"Object (contains unknown|missing required) field `(.+)`")
_ENUM = re.compile(r"Invalid enum value")


def explain(error: Exception, raw: bytes, kind: type[msgspec.Struct]) -> str:
    """Return in a clause what is wrong with a TOML file that should be of a kind."""
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 text, at byte {error.start + 1}"
    if not isinstance(error, msgspec.ValidationError):
        return f"it is not TOML: {error}"
    reason, _, where = str(error).partition(" - at `$")
    path = where.rstrip("`").lstrip(".")
    if found := _KEY.fullmatch(reason):
        return _explain_key(found[1].startswith("contains"), found[2], path, kind)
    if found := _TYPE.match(reason):
        told = _KINDS.get(found[1], found[1])
        return f"{path} must be {told}, not {_told(_value(raw, path))}"
    if _ENUM.match(reason):
        allowed = ", ".join(map(_told, get_args(_type(kind, path))))
        return f"{path} must be one of {allowed}, not {_told(_value(raw, path))}"
    return f"[{path}] {reason}" if path else reason


def _explain_key(unknown: bool, key: str, path: str, kind: type[msgspec.Struct]) -> str:
    table = f"[{path}] has" if path else "there is"
    if not unknown:
        return f"{table} no key {key}, which must be there"
    there = [field.encode_name for field in msgspec.structs.fields(_type(kind, path))]
    near = get_close_matches(key.replace("_", "-"), there, n=1)
    meant = f"; {near[0]} may be meant" if near else f"; there are {', '.join(there)}"
    return f"{f'[{path}]' if path else 'the file'} may not have the key {key}{meant}"


def _steps(path: str) -> list[str]:
    return [step for step in re.split(r"[.\[\]]", path) if step]


def _type(kind: Any, path: str) -> Any:
    """Return the type of what stands at a path."""
    for step in _steps(path):
        kind = next(f.type for f in msgspec.structs.fields(kind) if f.encode_name == step)
    return kind


def _value(raw: bytes, path: str) -> object:
    """Return what stands at a path."""
    value: Any = tomllib.loads(raw.decode())
    for step in _steps(path):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def _told(value: object) -> str:
    if isinstance(value, dict):
        return "a table"
    return msgspec.json.encode(value).decode()
