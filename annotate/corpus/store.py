"""The store: a corpus's articles in Parquet, sorted by id, the same bytes for the same articles."""

from __future__ import annotations

import os
import shutil
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from annotate.corpus.article import Article
from annotate.corpus.reading.fields import Made
from annotate.errors import CorpusError
from annotate.text import Changes

if TYPE_CHECKING:
    import pyarrow as pa

SHARD_BYTES = 256 << 20

# Rows are written in groups of at most this many, and read in smaller batches.
_GROUP_ROWS = 4096
_GROUP_CHARS = 4 << 20
_BATCH = 512

_TEXTS = Article.__struct_fields__
COLUMNS = (*_TEXTS, "sha256", "changes")


class Store:
    """The store at a path: a Parquet file, or a folder of such files past `SHARD_BYTES`."""

    def __init__(self, path: Path, compression: str = "zstd") -> None:
        self.path = path
        self._compression = compression
        self._new = path.with_name(f".{path.name}.new")
        self._old = path.with_name(f".{path.name}.old")

    def exists(self) -> bool:
        """Whether there is a store."""
        return self.path.exists() or self._old.exists()

    def shards(self) -> list[Path]:
        """Return the paths of the Parquet files in the order of their ids."""
        # A process that was killed between the two renames of a replacement left this.
        path = self.path if self.path.exists() else self._old
        if not path.is_dir():
            return [path] * path.exists()
        try:
            # Not glob, for which a folder that may not be read is an empty one.
            return sorted(shard for shard in path.iterdir() if shard.suffix == ".parquet")
        except OSError as error:
            raise _unreadable(path, error) from error

    def __iter__(self) -> Iterator[Made]:
        """Yield the articles by id; holds some hundred at a time."""
        last = ""
        for row in self._rows(COLUMNS, _BATCH):
            if row["id"] <= last:
                raise _foreign(self.path, f"is not sorted by id: {row['id']!r} is late")
            last = row["id"]
            yield _stored(row)

    def columns(self, *names: str) -> Iterator[dict[str, Any]]:
        """Yield the named columns of the articles by id."""
        return self._rows(names, _GROUP_ROWS)

    def _rows(self, names: Sequence[str], at_once: int) -> Iterator[dict[str, Any]]:
        for shard in self.shards():
            with _readable(shard) as file:
                for batch in file.iter_batches(at_once, columns=list(names)):
                    yield from batch.to_pylist()

    def find(self, *ids: str) -> Iterator[Made]:
        """Yield the articles of these ids by id; reads the groups of rows that can hold them."""
        import pyarrow as pa

        wanted = sorted(set(ids))
        for shard in self.shards():
            with _readable(shard) as file:
                for group in range(file.num_row_groups):
                    extent = file.metadata.row_group(group).column(0).statistics
                    if here := _within(wanted, extent):
                        rows = file.read_row_group(group)
                        chosen = [name in here for name in rows["id"].to_pylist()]
                        rows = rows.filter(pa.array(chosen, pa.bool_()))
                        yield from map(_stored, rows.to_pylist())

    def __len__(self) -> int:
        """Return how many articles there are; reads the files' ends only."""
        total = 0
        for shard in self.shards():
            with _readable(shard) as file:
                total += file.metadata.num_rows
        return total

    def replace(self, tables: Iterator[pa.Table], shard_bytes: int = SHARD_BYTES) -> None:
        """Replace the store by these rows, which come sorted by id.

        The store is the old or the new one whole, whenever the process ends. Raises
        `CorpusError` when it cannot be written.
        """
        try:
            shutil.rmtree(self._new, ignore_errors=True)
            self._new.mkdir(parents=True)
            _write(self._new, tables, shard_bytes, self._compression)
            self._swap()
        except OSError as error:
            raise CorpusError(
                f"{self.path} cannot be written: {error.strerror or error}",
                "Free some space or check its permissions; what was there is untouched.",
            ) from error
        finally:
            shutil.rmtree(self._new, ignore_errors=True)

    def recover(self) -> None:
        """Clear away what a killed replacement left; the store is what it was taken for."""
        if self._old.exists() and not self.path.exists():
            self._old.rename(self.path)
        _remove(self._old)
        _remove(self._new)

    def _swap(self) -> None:
        shards = sorted(self._new.iterdir())
        if len(shards) == 1 and not self.path.is_dir():
            shards[0].replace(self.path)
        else:
            if self.path.exists():
                _remove(self._old)
                self.path.rename(self._old)
            (shards[0] if len(shards) == 1 else self._new).rename(self.path)
        _remove(self._old)


def _within(wanted: list[str], extent: Any) -> set[str]:
    """Return the sorted ids that lie within the extent of a group; all when it has none."""
    if extent is None or not extent.has_min_max:
        return set(wanted)
    return set(wanted[bisect_left(wanted, extent.min) : bisect_right(wanted, extent.max)])


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def _readable(shard: Path) -> Iterator[Any]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(shard) as file:
            if difference := _difference(file.schema_arrow):
                raise _foreign(shard, difference)
            yield file
    except (ArrowException, OSError) as error:
        raise _unreadable(shard, error) from error


def _unreadable(path: Path, error: Exception) -> CorpusError:
    return CorpusError(
        f"{path} cannot be read: {str(error).splitlines()[0]}",
        "Restore it from a copy, or delete it and add its sources again.",
    )


def _foreign(shard: Path, difference: str) -> CorpusError:
    return CorpusError(
        f"{shard} is no store of this tool: it {difference}",
        "Move it away, then take it in with `annotate corpus add`.",
    )


def _difference(schema: pa.Schema) -> str:
    """Return what makes a schema another than the store's, or nothing."""
    expected = arrow_schema()
    if missing := [name for name in expected.names if name not in schema.names]:
        return f"has no column {', '.join(missing)}"
    if schema.names != expected.names:
        return "has more columns, or in another order"
    for name in expected.names:
        if schema.field(name).type != expected.field(name).type:
            return f"has a column {name} of another type"
    return ""


def _stored(row: dict[str, Any]) -> Made:
    article = Article(**{name: row[name] for name in _TEXTS})
    return Made(article, Changes(**row["changes"]))


def arrow_schema() -> pa.Schema:
    """Return the columns of the store."""
    import pyarrow as pa

    counts = pa.struct([(name, pa.int32()) for name in Changes.__struct_fields__])
    fields = [
        *((name, pa.string()) for name in _TEXTS),
        ("sha256", pa.string()),
        ("changes", counts),
    ]
    return pa.schema(fields)


def to_table(rows: Iterable[Made]) -> pa.Table:
    """Return articles as a table with the store's columns."""
    import pyarrow as pa

    articles, changes = zip(*rows, strict=True) if (rows := list(rows)) else ((), ())
    schema = arrow_schema()
    fields = list(schema.field("changes").type)
    texts = _columns(articles, len(_TEXTS))
    digests = [article.sha256 for article in articles]
    counts = [pa.array(column, pa.int32()) for column in _columns(changes, len(fields))]
    columns: list[Any] = [pa.array(column, pa.string()) for column in (*texts, digests)]
    columns.append(pa.StructArray.from_arrays(counts, fields=fields))
    return pa.Table.from_arrays(columns, schema=schema)


def _columns(structs: Sequence[Any], width: int) -> Iterable[Sequence[Any]]:
    """Return what structs have in each of their fields."""
    return zip(*map(msgspec.structs.astuple, structs), strict=True) if structs else [()] * width


def tables_of(rows: Iterable[Made]) -> Iterator[pa.Table]:
    """Yield articles as tables of some thousand, each of which becomes a group of rows."""
    group: list[Made] = []
    chars = 0
    for row in rows:
        group.append(row)
        chars += len(row.article.text)
        if len(group) == _GROUP_ROWS or chars > _GROUP_CHARS:
            yield to_table(group)
            group, chars = [], 0
    if group:
        yield to_table(group)


def with_clusters(store: Store, clusters: Mapping[str, str]) -> Iterator[pa.Table]:
    """Yield the store's groups of rows with other clusters; an article in none is its own."""
    import pyarrow as pa

    place = COLUMNS.index("cluster")
    for shard in store.shards():
        with _readable(shard) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group)
                names = [clusters.get(one, one) for one in table["id"].to_pylist()]
                yield table.set_column(place, "cluster", pa.array(names, pa.string()))


def _write(folder: Path, tables: Iterator[pa.Table], shard_bytes: int, compression: str) -> None:
    """Write numbered shards, each closed once it has reached the given size."""
    table: pa.Table | None = next(tables, to_table([]))
    number = 0
    while table is not None:
        with (folder / f"{number:05}.parquet").open("wb") as file:
            table = _write_shard(file, table, tables, shard_bytes, compression)
            file.flush()
            os.fsync(file.fileno())
        number += 1


def _write_shard(
    file: IO[bytes], first: pa.Table, rest: Iterator[pa.Table], shard_bytes: int, compression: str
) -> pa.Table | None:
    """Write tables until the file has its size; return the next one.

    A table is written by another thread, while the next one is made.
    """
    from pyarrow import parquet

    table: pa.Table | None = first
    with (
        parquet.ParquetWriter(file, arrow_schema(), compression=compression) as writer,
        # Ends before the writer does: to close one that writes is a crash.
        ThreadPoolExecutor(1) as pool,
    ):
        is_full = False
        while table is not None and not is_full:
            writing = pool.submit(writer.write_table, table)
            table = next(rest, None)
            writing.result()
            is_full = file.tell() >= shard_bytes
    return table
