"""Columns filled row by row are the table that Arrow makes of the same rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.columns import Columns

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("share", pa.float64()),
        ("numbers", pa.list_(pa.int64())),
        (
            "marks",
            pa.list_(pa.struct([("start", pa.int32()), ("answers", pa.list_(pa.string()))])),
        ),
    ]
)

_marks = st.fixed_dictionaries(
    {"start": st.integers(0, 9), "answers": st.lists(st.text(max_size=2), max_size=2)}
)
_rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.text(max_size=3),
            "share": st.none() | st.floats(allow_nan=False),
            "numbers": st.lists(st.integers(-9, 9), max_size=3),
            "marks": st.lists(_marks, max_size=3),
        }
    ),
    max_size=5,
)


@given(_rows, _rows)
def test_rows_are_taken_in_parts(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    columns = Columns(SCHEMA)
    for rows in (first, second):
        for row in rows:
            # One list for each field of the marks.
            marks = {name: [mark[name] for mark in row["marks"]] for name in ("start", "answers")}
            columns.add({**row, "marks": marks})
        assert columns.rows == len(rows)
        taken = pa.Table.from_batches([columns.take()])
        assert taken.equals(pa.Table.from_pylist(rows, schema=SCHEMA))
        assert columns.rows == 0
