"""Altering a built dataset on purpose, past the build."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]


def file_of(folder: Path, config: str, split: str) -> Path:
    """Return the one file of a split."""
    (path,) = (folder / config).glob(f"{split}-*.parquet")
    return path


def rows_of(folder: Path, config: str, split: str) -> list[Row]:
    return list(pq.read_table(file_of(folder, config, split)).to_pylist())


def write_rows(folder: Path, config: str, split: str, rows: Iterable[Row]) -> None:
    """Put other rows into a split, under the columns that it has."""
    path = file_of(folder, config, split)
    schema = pq.read_schema(path)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)


def alter(folder: Path, config: str, split: str, change: Callable[[list[Row]], object]) -> None:
    """Change the list of rows of a split in place."""
    rows = rows_of(folder, config, split)
    change(rows)
    write_rows(folder, config, split, rows)


def move(folder: Path, config: str, source: str, target: str, number: int = 0) -> Row:
    """Move a row to the end of another split; return it."""
    rows = rows_of(folder, config, source)
    row = rows.pop(number)
    write_rows(folder, config, source, rows)
    alter(folder, config, target, lambda there: there.append(row))
    return row
