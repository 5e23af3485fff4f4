"""Writing a dataset's files: shards of Parquet, and the folder that replaces the former one."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features

# Rows that are held in memory, and that a reader of the file holds at once.
_GROUP = 1_000
# Bytes of a file at which the next one begins.
_SHARD = 256_000_000


class Table:
    """Rows of one split of a config, written as they come, in files of about `shard` bytes.

    One that is `whole` is one file of that name. The same rows give the same bytes.
    """

    def __init__(
        self, folder: Path, name: str, features: Features, *, shard: int = _SHARD,
        whole: bool = False,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._name = name
        self._schema = features.arrow_schema
        self._shard = sys.maxsize if whole else shard
        self._whole = whole
        self._waiting: list[dict[str, Any]] = []
        self._files: list[Path] = []
        self._writer: pq.ParquetWriter | None = None
        self.rows = 0

    def add(self, row: dict[str, Any]) -> None:
        """Add a row."""
        self.rows += 1
        self._waiting.append(row)
        if len(self._waiting) == _GROUP:
            self._write()

    def close(self) -> None:
        """Write what waits, also when that is nothing, and give the files their names."""
        if self._waiting or not self._files:
            self._write()
        self._end()
        for number, path in enumerate(self._files):
            shard = "" if self._whole else f"-{number:05}-of-{len(self._files):05}"
            path.rename(self._folder / f"{self._name}{shard}.parquet")

    def abandon(self) -> None:
        """Let go of the file that is open."""
        self._end()

    def _write(self) -> None:
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._files.append(self._folder / f".{self._name}-{len(self._files)}")
            self._writer = pq.ParquetWriter(self._files[-1], self._schema)
        self._writer.write_table(pa.Table.from_pylist(self._waiting, schema=self._schema))
        self._waiting = []
        if self._files[-1].stat().st_size >= self._shard:
            self._end()

    def _end(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `out` when all went well.

    A process killed between the two renames leaves the old folder whole in a hidden one
    beside the target.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        fresh = Path(folder) / "new"
        fresh.mkdir()
        yield fresh
        _swap(fresh, out, Path(folder) / "old")


def _swap(fresh: Path, out: Path, old: Path) -> None:
    if not out.exists():
        fresh.rename(out)
        return
    out.rename(old)
    try:
        fresh.rename(out)
    except BaseException:
        # Also when interrupted: the folder of `old` is about to be removed.
        old.rename(out)
        raise
