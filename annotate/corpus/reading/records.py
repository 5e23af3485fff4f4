"""What reading a table gives, record by record, before it is known to make an article."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

# The longest record: more than any article, less than what makes a machine swap.
MAX_BYTES = 32 << 20
TOO_LONG = f"is longer than {MAX_BYTES >> 20} MiB"


class Record(NamedTuple):
    """A record of a table; `number` is its (first) line, or its row in Parquet, from 1."""

    number: int
    fields: dict[str, Any]


class Fault(NamedTuple):
    """A place in a table that gives no record; `number` is None for the whole file."""

    number: int | None
    reason: str


def lacking(names: Sequence[str], wanted: Sequence[str]) -> Fault | None:
    """Return what is wrong with the names of a table's columns; the first wanted must be."""
    if wanted[0] not in names:
        listed = ", ".join(name[:40] for name in names[:12])
        return Fault(None, f"has no column `{wanted[0]}`: its columns are {listed or 'none'}")
    for name in wanted:
        if names.count(name) > 1:
            return Fault(None, f"has several columns of one name: `{name}`")
    return None
