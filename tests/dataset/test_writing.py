"""Files are written by another thread, in groups that a reader can hold."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Features, Value

from annotate.dataset.writing import Table, Worker

FEATURES = Features({"text": Value("string")})


def groups(path: Path) -> list[int]:
    """Return how many rows each group of a file has."""
    found = pq.read_metadata(path)
    return [found.row_group(number).num_rows for number in range(found.num_row_groups)]


def test_long_rows_are_written_in_smaller_groups(tmp_path: Path) -> None:
    table = Table(tmp_path, "train", FEATURES)
    for _ in range(7):
        table.add({"text": "x" * 1_500_000}, 1_500_000)
    for _ in range(1_002):
        table.add({"text": "x"}, 1)
    table.flush()
    table.close()
    (path,) = tmp_path.iterdir()
    assert groups(path) == [3, 3, 1000, 3]
    assert table.rows == 1_009


def test_small_rows_that_come_together_are_written_together(tmp_path: Path) -> None:
    table = Table(tmp_path, "train", FEATURES)
    rows = pa.table({"text": ["x"] * 4_000})
    for _ in range(4):
        table.add_all(rows)
    table.flush()
    table.close()
    (path,) = tmp_path.iterdir()
    assert groups(path) == [12_000, 4_000]


def test_jobs_are_done_in_order_by_another_thread() -> None:
    done: list[tuple[int, bool]] = []
    main = threading.get_ident()
    with Worker() as worker:
        for number in range(50):
            worker.do(lambda n: done.append((n, threading.get_ident() == main)), number)
        worker.finish()
    assert done == [(number, False) for number in range(50)]


def test_what_fails_in_the_other_thread_is_raised_here() -> None:
    def fail() -> None:
        raise OSError("no space")

    with Worker() as worker:
        worker.do(fail)
        with pytest.raises(OSError, match="no space"):
            worker.finish()
