"""Writing a dataset's files: shards of Parquet, and the folder that replaces the former one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features

from annotate.dataset.columns import Columns, Row
from annotate.dataset.swap import swapping

# Rows, and what they weigh, that are held in memory, and that a reader of the file holds at once.
_GROUP = 1_000
_WEIGHT = 4_000_000
# As many, where each is no longer than a sentence.
_SMALL_GROUP = 10_000
# Bytes of a file at which the next one begins.
_SHARD = 256_000_000
# How much work may wait for the worker.
_WAITING = 2


class Worker:
    """Another thread, which does what it is given in that order while more is prepared.

    What fails there is raised by a later call. To be used as a context.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1)
        self._jobs: deque[Future[None]] = deque()
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._pool.shutdown(cancel_futures=True)

    def do(self, job: Callable[..., None], *arguments: Any) -> None:
        """Give a job; waits while too much is waiting."""
        with self._lock:
            self._jobs.append(self._pool.submit(job, *arguments))
        self._wait(_WAITING)

    def finish(self) -> None:
        """Wait until everything is done."""
        self._wait(0)

    def _wait(self, most: int) -> None:
        """Wait until at most so many jobs are left."""
        with self._lock:
            first = [self._jobs.popleft() for _ in range(len(self._jobs) - most)]
        for job in first:
            job.result()


class Table:
    """Rows of one split of a config, written as they come, in files of about `shard` bytes.

    One that is `whole` is one file of that name. The same rows give the same bytes.
    """

    def __init__(
        self, folder: Path, name: str, features: Features, *, shard: int = _SHARD,
        whole: bool = False, worker: Worker | None = None,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._name = name
        self._schema = features.arrow_schema
        self._shard = sys.maxsize if whole else shard
        self._whole = whole
        self._worker = worker
        self._columns = Columns(self._schema)
        self._weight = 0
        self._parts: list[pa.Table] = []
        self._files: list[Path] = []
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0

    def add(self, row: Row, weight: int = 0) -> None:
        """Add a row; `weight` is how many characters it has, where they may be many."""
        self._columns.add(row)
        self.rows += 1
        self._weight += weight
        if self._columns.rows == _GROUP or self._weight >= _WEIGHT:
            self._flush()

    def flush(self) -> None:
        """Write what was added."""
        if self._columns.rows:
            self._flush()
        if self._parts:
            self._flush_parts()

    def _flush(self) -> None:
        self._give(pa.Table.from_batches([self._columns.take()]))
        self._weight = 0

    def _give(self, rows: pa.Table) -> None:
        if self._worker:
            self._worker.do(self._write, rows)
        else:
            self._write(rows)

    def add_all(self, rows: pa.Table) -> None:
        """Add many small rows at once."""
        self.rows += len(rows)
        self._parts.append(rows)
        if sum(map(len, self._parts)) >= _SMALL_GROUP:
            self._flush_parts()

    def _flush_parts(self) -> None:
        self._give(pa.concat_tables(self._parts))
        self._parts = []

    def close(self) -> None:
        """Give the files their names, when all is written; without rows there is one too."""
        if not self._files:
            self._write(self._schema.empty_table())
        self._end()
        for number, path in enumerate(self._files):
            shard = "" if self._whole else f"-{number:05}-of-{len(self._files):05}"
            path.rename(self._folder / f"{self._name}{shard}.parquet")

    def abandon(self) -> None:
        """Let go of the file that is open."""
        self._end()

    def _write(self, rows: pa.Table) -> None:
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._files.append(self._folder / f".{self._name}-{len(self._files)}")
            self._writer = pq.ParquetWriter(self._files[-1], self._schema)
        self._writer.write_table(rows)
        # Else what Arrow keeps for later grows with the number of groups.
        pa.default_memory_pool().release_unused()
        if self._files[-1].stat().st_size >= self._shard:
            self._end()

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `out` when all went well.

    What a link names is replaced, not the link. A process killed in between leaves the old
    folder whole, here or in a hidden one beside the target.
    """
    # Not `resolve`, which raises an error of its own where links lead in a circle.
    path = Path(os.path.realpath(out))
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    with swapping(hidden, path) as fresh:
        yield fresh
