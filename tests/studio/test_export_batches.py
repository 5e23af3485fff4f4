"""Entries of a long list are decoded many at a time, and whatever is odd is left."""

from __future__ import annotations

import io
import json
from typing import Any

import ijson  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from annotate.studio.export.batches import Batches

_texts = st.text('ab{}[]",:\\ é😀', max_size=12)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
)
_entries = st.lists(st.dictionaries(_texts, _values, max_size=3), max_size=8)


class Slow(io.BytesIO):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self._step = step

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(self._step, size) if size and size > 0 else self._step)


def told(data: bytes, step: int = 7) -> tuple[list[Any], list[Any]]:
    """Return the entries that were told at once, and those that were left."""
    batches = Batches(Slow(data, step), dict[str, Any])
    first = list(batches)
    rest = list(ijson.items(batches.rest(), "item"))
    return first, rest[bool(batches.told) :]


@given(_entries, st.integers(1, 60), st.sampled_from((None, 1)), st.booleans())
def test_no_entry_is_lost_or_told_twice(
    entries: list[dict[str, Any]], step: int, indent: int | None, ascii_only: bool
) -> None:
    data = json.dumps(entries, indent=indent, ensure_ascii=ascii_only).encode()
    first, rest = told(data, step)
    assert first + rest == entries


def test_plain_entries_are_all_told_at_once() -> None:
    entries = [{"id": number, "text": "x" * 50} for number in range(5_000)]
    assert told(json.dumps(entries).encode(), 1 << 16) == (entries, [])


@given(_entries, st.data())
def test_what_is_no_list_is_refused_as_by_events(entries: list[Any], data: st.DataObject) -> None:
    written = json.dumps(entries).encode()
    at = data.draw(st.integers(0, len(written) - 1))
    broken = written[:at] + data.draw(st.sampled_from((b"", b",", b"}", b"]"))) + written[at + 1 :]
    expected: list[Any] | None
    try:
        expected = list(ijson.items(io.BytesIO(broken), "item"))
    except (ijson.JSONError, UnicodeDecodeError):
        expected = None
    try:
        first, rest = told(broken)
    except (ijson.JSONError, UnicodeDecodeError):
        assert expected is None
    else:
        assert first + rest == expected
