"""Reading a schema file, with every fault in it named at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import yaml

from annotate.errors import SchemaError
from annotate.schema.model import Regex, Schema
from annotate.schema.patterns import compile_pattern

# Where a value stands in the file: `entities[3].hotkey`, and the line of each such path.
Lines = dict[str, int]

# A choice is a column of the dataset and a control of the labelling config, beside these.
TAKEN = frozenset(
    {
        "id", "text", "title", "source", "url", "published_at", "language", "sha256", "cluster",
        "entities", "relations", "label",
    }
)  # fmt: skip

# XML, and so the labelling config, cannot hold these.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


def load_schema(path: Path) -> Schema:
    """Read and check a schema file.

    Raises `SchemaError` with all its faults in `problems`, each with its line and its path
    in the file.
    """
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SchemaError(
            f"schema {path} cannot be read: {error.strerror}", "Check `schema` in annotate.toml."
        ) from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"schema {path} is not UTF-8 text", "Save it as UTF-8.") from error
    return parse_schema(source, str(path))


def parse_schema(source: str, name: str = "schema") -> Schema:
    """Read and check a schema from YAML text; `name` stands for it in messages.

    Raises `SchemaError` as `load_schema` does.
    """
    try:
        tree = yaml.compose(source, Loader=yaml.SafeLoader)
        data = yaml.safe_load(source)
    # A date like 2024-02-30 is a ValueError.
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise SchemaError(f"{name}{where}: not YAML: {what}", "Correct that line.") from error
    lines: Lines = {}
    try:
        faults = [*_index(tree, "", lines), *_faults(Schema, data, ""), *_check(data)]
    except RecursionError as error:
        raise SchemaError(f"{name}: an alias refers to itself", "Write it out.") from error
    if faults:
        raise SchemaError(
            f"{name}: {len(faults)} fault{'s'[: len(faults) != 1]}",
            "Correct the file:",
            tuple(_located(fault, lines) for fault in faults),
        )
    return msgspec.convert(data, Schema)


def _located(fault: tuple[str, str], lines: Lines) -> str:
    path, reason = fault
    known = path
    while known and known not in lines:
        known = re.sub(r"(\.?[^.\[]+|\[\d+\])$", "", known)
    return f"line {lines.get(known, 1)}: {path or 'the file'}: {reason}"


def _index(node: yaml.Node | None, path: str, lines: Lines) -> Iterator[tuple[str, str]]:
    """Note the line of every path below `node`; yield the keys given twice."""
    if node is None:
        return
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = f"{path}.{key.value}" if path else str(key.value)
            if inner in lines:
                yield inner, "this key is given twice"
            lines[inner] = key.start_mark.line + 1
            yield from _index(value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _index(item, f"{path}[{index}]", lines)


def _faults(kind: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield (path, reason) for everything in `value` that `kind` does not allow."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield from _struct_faults(kind, value, path)
    elif get_origin(kind) is tuple and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(get_args(kind)[0], item, f"{path}[{index}]")
    elif isinstance(value, str) and _CONTROL.search(value):
        yield path, "it has a control character"
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            yield path, re.sub(r" - at `.*`$", "", str(error))


def _struct_faults(kind: type[msgspec.Struct], value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield path, "expected keys and values"
        return
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    dot = f"{path}." if path else ""
    for key in value:
        if key not in fields:
            yield f"{dot}{key}", f"unknown key; known are {', '.join(fields)}"
    for name, field in fields.items():
        if name in value:
            yield from _faults(field.type, value[name], f"{dot}{name}")
        elif field.required:
            yield path, f"the key {name} is missing"


def _check(data: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, reason) for what may be well typed but is wrong.

    Works on the plain data, so that a fault of type in one place hides none in another.
    """
    if not isinstance(data, dict):
        return
    if data.get("entities") == []:
        yield "entities", "at least one entity is needed"
    for group in ("entities", "relations", "choices"):
        yield from _check_names(_items(data, group))
    for path, choice in _items(data, "choices"):
        yield from _check_choice(path, choice)
    for path, entity in _items(data, "entities"):
        yield from _check_look(path, entity)
        yield from _check_patterns(path, entity)
    labels = {entity.get("name") for _, entity in _items(data, "entities")}
    for path, relation in _items(data, "relations"):
        for side in ("head", "tail"):
            for number, label in enumerate(_list(relation, side)):
                if label not in labels:
                    yield f"{path}.{side}[{number}]", f"no entity is named {label!r}"


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _items(data: dict[str, Any], key: str, within: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return the mappings of the list at `key`, each with its path."""
    dot = f"{within}." if within else ""
    listed = enumerate(_list(data, key))
    return [(f"{dot}{key}[{index}]", item) for index, item in listed if isinstance(item, dict)]


def _check_names(items: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, str]]:
    for field in ("name", "title", "hotkey"):
        first: dict[str, str] = {}
        for path, item in items:
            value = item.get(field)
            if not isinstance(value, str) or (not value and field == "hotkey"):
                continue
            if not value or value != value.strip() or not value.isprintable():
                yield f"{path}.{field}", f"{value!r} is empty, or has a stray space or control"
            owner = first.setdefault(value.casefold(), path)
            if owner != path:
                yield f"{path}.{field}", f"{value!r} is already that of {owner}"


def _check_choice(path: str, choice: dict[str, Any]) -> Iterator[tuple[str, str]]:
    name = choice.get("name")
    if isinstance(name, str) and name in TAKEN:
        yield f"{path}.name", f"{name!r} is the name of a column or control"
    if choice.get("options") == []:
        yield f"{path}.options", "at least one option is needed"
    yield from _check_names(_items(choice, "options", path))


def _check_look(path: str, entity: dict[str, Any]) -> Iterator[tuple[str, str]]:
    hotkey, color = entity.get("hotkey"), entity.get("color")
    if isinstance(hotkey, str) and len(hotkey) > 1:
        yield f"{path}.hotkey", f"a hotkey is one key, not {hotkey!r}"
    if isinstance(color, str) and not _COLOR.fullmatch(color):
        yield f"{path}.color", f"a colour is #rrggbb, not {color!r}"


def _check_patterns(path: str, entity: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for number, value in enumerate(_list(entity, "patterns")):
        try:
            pattern = compile_pattern(msgspec.convert(value, str | Regex))
        except msgspec.ValidationError:
            continue  # named among the faults of type
        except (re.error, OverflowError) as error:
            yield f"{path}.patterns[{number}]", f"does not compile: {error}"
            continue
        if pattern.fullmatch(""):
            yield f"{path}.patterns[{number}]", "matches the empty text"
