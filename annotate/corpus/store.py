"""The store: a corpus's articles in Parquet, sorted by id, the same bytes for the same articles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from annotate.corpus.article import Article
from annotate.corpus.fields import Made
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
        self._old = path.with_name(f".{path.name}.old")

    def exists(self) -> bool:
        """Whether there is a store."""
        return self.path.exists() or self._old.exists()

    def shards(self) -> list[Path]:
        """Return the paths of the Parquet files in the order of their ids."""
        # A process that was killed between the two renames of a replacement left this.
        path = self.path if self.path.exists() else self._old
        return sorted(path.glob("*.parquet")) if path.is_dir() else [path] * path.exists()

    def __iter__(self) -> Iterator[Made]:
        """Yield the articles by id; holds some hundred at a time."""
        for shard in self.shards():
            with _readable(shard) as file:
                for batch in file.iter_batches(_BATCH):
                    yield from map(_stored, batch.to_pylist())

    def columns(self, *names: str) -> Iterator[dict[str, Any]]:
        """Yield the named columns of the articles by id."""
        for shard in self.shards():
            with _readable(shard) as file:
                for batch in file.iter_batches(columns=list(names)):
                    yield from batch.to_pylist()

    def find(self, article_id: str) -> Made | None:
        """Return the article of an id; reads the one group of rows that can hold it."""
        import pyarrow as pa

        for shard in self.shards():
            with _readable(shard) as file:
                for group in range(file.num_row_groups):
                    ids = file.metadata.row_group(group).column(0).statistics
                    if ids is None or ids.min <= article_id <= ids.max:
                        rows = file.read_row_group(group)
                        at = rows["id"].index(pa.scalar(article_id)).as_py()
                        if at >= 0:
                            return _stored(rows.slice(at, 1).to_pylist()[0])
        return None

    def __len__(self) -> int:
        """Return how many articles there are; reads the files' ends only."""
        total = 0
        for shard in self.shards():
            with _readable(shard) as file:
                total += file.metadata.num_rows
        return total

    def replace(self, tables: Iterator[pa.Table], shard_bytes: int = SHARD_BYTES) -> None:
        """Replace the store by these rows, which come sorted by id; at least one table.

        The store is the old or the new one whole, whenever the process ends. Raises
        `CorpusError` when it cannot be written.
        """
        made = self.path.with_name(f".{self.path.name}.new")
        try:
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir(parents=True)
            _write(made, tables, shard_bytes, self._compression)
            self._swap(made)
        except OSError as error:
            raise CorpusError(
                f"{self.path} cannot be written: {error.strerror or error}",
                "Free some space or check its permissions; what was there is untouched.",
            ) from error
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _swap(self, made: Path) -> None:
        shards = sorted(made.iterdir())
        if len(shards) == 1 and not self.path.is_dir():
            shards[0].replace(self.path)
        else:
            if self.path.exists():
                _remove(self._old)
                self.path.rename(self._old)
            (shards[0] if len(shards) == 1 else made).rename(self.path)
        _remove(self._old)


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


@contextmanager
def _readable(shard: Path) -> Iterator[Any]:
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(shard) as file:
            if missing := set(COLUMNS) - set(file.schema_arrow.names):
                raise CorpusError(
                    f"{shard} has no column {', '.join(sorted(missing))}",
                    "It is no store of this tool: move it away, then take it in with "
                    "`annotate corpus add`.",
                )
            yield file
    except (ArrowException, OSError) as error:
        raise CorpusError(
            f"{shard} cannot be read: {str(error).splitlines()[0]}",
            "Restore it from a copy, or delete it and add its sources again.",
        ) from error


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
    from pyarrow import parquet

    table = next(tables, None)
    number = 0
    while table is not None:
        with (folder / f"{number:05}.parquet").open("wb") as file:
            with parquet.ParquetWriter(file, arrow_schema(), compression=compression) as writer:
                while table is not None and file.tell() < shard_bytes:
                    writer.write_table(table)
                    table = next(tables, None)
            file.flush()
            os.fsync(file.fileno())
        number += 1
