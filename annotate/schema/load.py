"""Reading a schema file, with every fault in it named at once."""

from __future__ import annotations

import datetime as dt
import pathlib
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import yaml

from annotate.errors import SchemaError
from annotate.schema.checking.check import check
from annotate.schema.checking.parts import CONTROL, Fault, Part, Path, shown
from annotate.schema.model import Schema

# The line of each path in the file.
Lines = dict[Path, int]


def load_schema(path: pathlib.Path) -> Schema:
    """Read and check a schema file.

    Raises `SchemaError` with all its faults in `problems`, each with its line and its path
    in the file.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaError(
            f"schema {path} cannot be read: {error.strerror}",
            "Check the path, or `schema` in annotate.toml.",
        ) from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"schema {path} is not UTF-8 text", "Save it as UTF-8.") from error
    return parse_schema(source, str(path))


def parse_schema(source: str, name: str = "schema") -> Schema:
    """Read and check a schema from YAML text; `name` stands for it in messages.

    Raises `SchemaError` as `load_schema` does.
    """
    lines: Lines = {}
    try:
        tree, data = _read(source, name)
        faults = [*_index(tree, (), lines), *_faults(Schema, data, ()), *check(Part((), data))]
    except RecursionError as error:
        raise SchemaError(
            f"{name}: an alias refers to itself, or lists are too deep", "Write it out."
        ) from error
    if faults:
        raise SchemaError(
            f"{name}: {len(faults)} fault{'s'[: len(faults) != 1]}",
            "Correct the file:",
            tuple(_located(fault, lines) for fault in faults),
        )
    return msgspec.convert(data, Schema)


def _read(source: str, name: str) -> tuple[yaml.Node | None, Any]:
    """Return the YAML as nodes, which know their lines, and as data."""
    try:
        # Not the faster one in C, which crashes on lists that are too deep.
        loader = yaml.SafeLoader(source)
        tree = loader.get_single_node()
        return tree, None if tree is None else loader.construct_document(tree)
    # A date like 2024-02-30 is a ValueError.
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise SchemaError(f"{name}{where}: not YAML: {what}", "Correct that line.") from error


def _located(fault: Fault, lines: Lines) -> str:
    path, reason = fault
    known = path
    while known and known not in lines:
        known = known[:-1]
    return f"line {lines.get(known, 1)}: {shown(path)}: {reason}"


def _index(node: yaml.Node | None, path: Path, lines: Lines) -> Iterator[Fault]:
    """Note the line of every path below `node`; yield the keys given twice."""
    if node is None:
        return
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            if inner in lines:
                yield inner, "this key is given twice"
            lines[inner] = key.start_mark.line + 1
            yield from _index(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _index(item, (*path, index), lines)


def _faults(kind: Any, value: Any, path: Path) -> Iterator[Fault]:
    """Yield everything in `value` that the type `kind` does not allow."""
    origin = get_origin(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct_faults(kind, value, path)
    elif origin in {Union, UnionType} and (member := _member(kind, value)):
        yield from _faults(member, value, path)
    elif origin is tuple and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(get_args(kind)[0], item, (*path, index))
    elif origin is dict:
        yield from _mapping_faults(kind, value, path)
    elif isinstance(value, str) and (found := CONTROL.search(value)):
        yield path, f"the control character U+{ord(found[0]):04X} has no place in a text"
    elif origin is Literal:
        if value not in get_args(kind):
            yield path, f"expected {' or '.join(get_args(kind))}, not {value!r}"
    else:
        yield from _scalar_faults(kind, value, path)


def _member(kind: Any, value: Any) -> Any:
    """Return the type of a union that values of this shape belong to, if one clearly does."""
    for member in get_args(kind):
        is_struct = isinstance(member, type) and issubclass(member, msgspec.Struct)
        if isinstance(value, dict) and is_struct:
            return member
        if isinstance(value, list) and get_origin(member) is tuple:
            return member
        if value is None and member is NoneType:
            return member
    return None


def _struct_faults(kind: type[msgspec.Struct], value: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield path, "expected keys and values"
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in value:
        if key not in fields:
            yield (*path, str(key)), f"unknown key; known are {', '.join(fields)}"
    for name, field in fields.items():
        if name in value:
            yield from _faults(field.type, value[name], (*path, name))
        elif field.required:
            yield path, f"the key {name} is missing"


def _mapping_faults(kind: Any, value: Any, path: Path) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield path, "expected keys and values"
        return
    key_kind, item_kind = get_args(kind)
    for key, item in value.items():
        yield from _faults(key_kind, key, (*path, str(key)))
        yield from _faults(item_kind, item, (*path, str(key)))


def _scalar_faults(kind: Any, value: Any, path: Path) -> Iterator[Fault]:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        read_as_another = isinstance(value, bool | int | float | dt.date)
        hint = "; put it in quotes" if kind is str and read_as_another else ""
        yield path, re.sub(r" - at `.*`$", "", str(error)) + hint
