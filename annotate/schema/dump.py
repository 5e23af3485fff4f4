"""A schema as YAML that people like to read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from annotate.schema.model import Schema

_WIDTH = 100
# What is no longer than this fits on a line with its key and indent.
_LONG = 80
# What stands in lists of which each item is a paragraph of its own.
_APART = frozenset({"entities", "attributes", "choices", "decisions", "migrations"})
# Texts to PyYAML, and numbers to editors, which read YAML 1.2.
_NUMBER = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|0[ox][0-9a-fA-F]+")
# What YAML takes for a line end, or once did, beside the line feed.
_LINE_END = re.compile("[\r\x85\u2028\u2029]")


def dump_schema(schema: Schema) -> str:
    """Return the schema as YAML in the order of the model, with what is default left out.

    Reading it with `parse_schema` gives an equal schema.
    """
    data = _plain(schema)
    if "guidelines" in data:
        data["guidelines"] = _Sentences(data["guidelines"])
    head = {key: value for key, value in data.items() if isinstance(value, str)}
    late = {"granularity": head.pop("granularity")} if "granularity" in head else {}
    blocks = [_yaml(head)]
    for key, value in data.items():
        if key in late or key not in head:
            blocks.append(_listing(key, value) if value and key in _APART else _yaml({key: value}))
    return "\n".join(blocks)


class _Sentences(list[str]):
    """Texts that have a line each, however short."""


def _plain(value: Any) -> Any:
    """Return what YAML has for the value: mappings, lists and texts."""
    if isinstance(value, msgspec.Struct):
        return {key: _plain(inner) for key, inner in _told(value)}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def _told(struct: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """Yield the fields that are not as they would be if the file did not name them."""
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        default = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if value != default:
            yield field.encode_name, value


def _listing(key: str, items: list[Any]) -> str:
    """Return a list with a blank line between its items."""
    heading = f"{key}:\n"
    return heading + "\n".join(_yaml({key: [item]}).removeprefix(heading) for item in items)


def _yaml(data: dict[str, Any]) -> str:
    return yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=_WIDTH)


class _Dumper(yaml.SafeDumper):
    """Writes each value in the style in which it reads best."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Write out what is there twice."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)

    def write_folded(self, text: str) -> None:
        """Break lines a word earlier: PyYAML does so behind the word that is too long."""
        self.best_width = _WIDTH - 10
        super().write_folded(text)
        self.best_width = _WIDTH

    def choose_scalar_style(self) -> str:
        """Prefer double quotes where they need no backslash, and fold what is too long."""
        style: str = super().choose_scalar_style()
        text = getattr(self.event, "value", "")
        within = self.flow_level or self.simple_key_context
        # Beyond the key, which stands already, comes a blank.
        if style in {"", "'"} and not within and self.column + len(text) >= _WIDTH:
            return ">" if text == text.strip() else '"'
        return '"' if style == "'" and not {'"', "\\"} & set(text) else style


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=_style(text))


def _style(text: str) -> str | None:
    """Return the style of a text that plain YAML, or PyYAML, would get wrong; else None.

    In double quotes every character can be escaped.
    """
    if _LINE_END.search(text) or _NUMBER.fullmatch(text):
        return '"'
    if "\n" not in text:
        return None
    *lines, last = text.split("\n")
    clean = all(line == line.strip() for line in (*lines, last))
    return "|" if clean and lines[0] and lines[-1] else '"'


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    short = all(isinstance(item, str) and "\n" not in item for item in items)
    short = short and sum(len(item) + 2 for item in items) <= _LONG
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=short)


def _sentences(dumper: _Dumper, items: _Sentences) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=False)


def _mapping(dumper: _Dumper, data: dict[str, Any]) -> yaml.Node:
    # An answer to a question fits on a line.
    short = data.keys() == {"name", "title"} and sum(map(len, data.values())) <= _LONG
    return dumper.represent_mapping("tag:yaml.org,2002:map", data, flow_style=short)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(_Sentences, _sentences)
_Dumper.add_representer(dict, _mapping)
