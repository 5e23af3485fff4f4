"""A row of the dataset as Python shows it, cut short."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datasets import ClassLabel, Features, List

_LETTERS = 160
_ITEMS = 3
# An article in which nothing is marked shows little; so many are looked at.
_LOOKED_AT = 50

Row = dict[str, Any]


def read_row(path: Path) -> Row | None:
    """Return the first row of a file of `spans` that has entities, or else its first one."""
    with pq.ParquetFile(path) as file:
        batches = file.iter_batches(batch_size=_LOOKED_AT)
        rows: list[Row] = [row for batch in islice(batches, 1) for row in batch.to_pylist()]
    return next((row for row in rows if row["entities"]), rows[0] if rows else None)


def show_row(row: Row, features: Features) -> str:
    """Return a row as lines of Python; what numbers stand for is told in comments."""
    lines = (f"    {line}" for name in features for line in _column(name, row, features))
    return "\n".join(["{", *lines, "}"])


def _column(name: str, row: Row, features: Features) -> Iterator[str]:
    value, feature = row[name], features[name]
    inner = feature.feature if isinstance(feature, List) else None
    if not isinstance(inner, Mapping) or not value:
        yield _commented(f"{_literal(name)}: {_literal(value)},", value, feature)
        return
    yield f"{_literal(name)}: ["
    for item in value[:_ITEMS]:
        told = ", ".join(f"{_literal(key)}: {_literal(item[key])}" for key in inner)
        names = (_name(item[key], inner[key]) for key in inner)
        comment = ", ".join(name for name in names if name)
        yield f"    {{{told}}}," + (f"  # {comment}" if comment else "")
    if len(value) > _ITEMS:
        yield f"    …  # {len(value):,} of them"
    yield "],"


def _commented(line: str, value: Any, feature: Any) -> str:
    name = _name(value, feature)
    return f"{line}  # {name}" if name else line


def _name(value: Any, feature: Any) -> str:
    """Return what a number, or several, stand for; empty where they are no labels."""
    if isinstance(feature, List):
        return ", ".join(filter(None, (_name(one, feature.feature) for one in value or ())))
    if isinstance(feature, ClassLabel) and value is not None:
        return " ".join(str(feature.names[value]).split())
    return ""


def _literal(value: Any) -> str:
    if isinstance(value, str):
        cut = value if len(value) <= _LETTERS else f"{value[:_LETTERS].rstrip()}…"
        return json.dumps(cut, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return repr(value)
