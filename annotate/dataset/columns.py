"""Rows that wait to be written, held column by column, which is how Arrow takes them fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

# A row has a value for each column; where that is a list of records, it is one list a field.
Row = Mapping[str, Any]


class _Column(Protocol):
    """Values of one column, or of one field of the records in it."""

    def append(self, value: Any, /) -> None:
        """Add one value."""

    def extend(self, values: Any, /) -> None:
        """Add several values."""

    def take(self) -> pa.Array:
        """Return what was added, and begin anew."""


class Columns:
    """The columns of an Arrow schema, filled row by row."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._columns = [(field.name, _column(field.type)) for field in schema]
        self.rows = 0

    def add(self, row: Row) -> None:
        """Add a row."""
        for name, column in self._columns:
            column.append(row[name])
        self.rows += 1

    def take(self) -> pa.RecordBatch:
        """Return the rows that were added, and begin anew."""
        self.rows = 0
        arrays = [column.take() for _, column in self._columns]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)


def _column(kind: pa.DataType) -> _Column:
    if pa.types.is_list(kind):
        return _Lists(kind)
    return _Records(kind) if pa.types.is_struct(kind) else _Values(kind)


class _Values:
    def __init__(self, kind: pa.DataType) -> None:
        self._kind = kind
        self._values: list[Any] = []
        self.append = self._values.append
        self.extend = self._values.extend

    def take(self) -> pa.Array:
        array = pa.array(self._values, self._kind)
        self._values.clear()
        return array


class _Lists:
    """Lists of values, one after another, and where each of them ends."""

    def __init__(self, kind: pa.ListType) -> None:
        self._kind = kind
        self._inner = _column(kind.value_type)
        # Of records, any field tells how many there are.
        records = pa.types.is_struct(kind.value_type)
        self._first = kind.value_type.field(0).name if records else None
        self._ends = [0]

    def append(self, values: Any) -> None:
        self._inner.extend(values)
        first = values if self._first is None else values[self._first]
        self._ends.append(self._ends[-1] + len(first))

    def extend(self, values: Sequence[Any]) -> None:
        for one in values:
            self.append(one)

    def take(self) -> pa.Array:
        ends = pa.array(self._ends, pa.int32())
        self._ends = [0]
        return pa.ListArray.from_arrays(ends, self._inner.take(), type=self._kind)


class _Records:
    """Records field by field; several are added as a list for each field."""

    def __init__(self, kind: pa.StructType) -> None:
        self._kind = kind
        self._fields = [(field.name, _column(field.type)) for field in kind]

    def append(self, value: Mapping[str, Any]) -> None:
        for name, column in self._fields:
            column.append(value[name])

    def extend(self, values: Mapping[str, Sequence[Any]]) -> None:
        for name, column in self._fields:
            column.extend(values[name])

    def take(self) -> pa.Array:
        arrays = [column.take() for _, column in self._fields]
        return pa.StructArray.from_arrays(arrays, fields=list(self._kind))
