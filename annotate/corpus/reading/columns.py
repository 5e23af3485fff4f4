"""Tables of columns, which Arrow reads: Parquet, and datasets of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any

from annotate.corpus.reading.records import MAX_BYTES, TOO_LONG, Fault, Record, lacking

if TYPE_CHECKING:
    import pyarrow as pa

_BLOCK = 1 << 20
_BATCH = 256


def read_parquet(stream: IO[bytes], wanted: Sequence[str]) -> Iterator[Record | Fault]:
    """Yield the rows of a Parquet file, whose stream must be seekable, of wanted columns."""
    from pyarrow import ArrowException, parquet

    try:
        # With a buffer, else whole columns of a row group are held.
        file = parquet.ParquetFile(stream, buffer_size=_BLOCK)
        names = file.schema_arrow.names
        if fault := lacking(names, wanted):
            yield fault
            return
        batches = file.iter_batches(_BATCH, columns=[name for name in names if name in wanted])
        yield from read_batches(batches, wanted)
    except (ArrowException, UnicodeDecodeError) as error:
        yield Fault(None, f"is not Parquet, or is damaged: {str(error).splitlines()[0]}")


def read_batches(
    batches: Iterable[pa.RecordBatch | pa.Table], wanted: Sequence[str]
) -> Iterator[Record | Fault]:
    """Yield the wanted columns of Arrow's rows; a value that Python lacks costs its row only."""
    number = 0
    for batch in batches:
        names = batch.schema.names
        if fault := lacking(names, wanted):
            yield fault
            return
        classes = _classes(batch.schema)
        for row in _rows(batch.select([name for name in names if name in wanted])):
            number += 1
            if isinstance(row, str):
                yield Fault(number, row)
            elif any(isinstance(value, str) and len(value) > MAX_BYTES for value in row.values()):
                yield Fault(number, TOO_LONG)
            else:
                for name in classes.keys() & row.keys():
                    row[name] = classes[name].get(row[name])
                yield Record(number, row)


def _classes(schema: pa.Schema) -> dict[str, dict[int, str]]:
    """Return the names of classes by column, which Hugging Face's `datasets` writes apart."""
    from pyarrow.types import is_integer

    try:
        described = json.loads((schema.metadata or {})[b"huggingface"])
        features = described["info"]["features"].items()
        return {
            name: dict(enumerate(feature["names"]))
            for name, feature in features
            if isinstance(feature, dict)
            and feature.get("_type") == "ClassLabel"
            and is_integer(schema.field(name).type)
        }
    except (ValueError, LookupError, AttributeError, TypeError):
        # Nothing of the kind is written there.
        return {}


def _rows(batch: pa.RecordBatch | pa.Table) -> Iterable[dict[str, Any] | str]:
    """Return the rows of a batch, and in place of one that cannot be converted the reason."""
    try:
        rows: list[dict[str, Any] | str] = batch.to_pylist()
    except (ValueError, ArithmeticError, LookupError):
        rows = [_row(batch, at) for at in range(batch.num_rows)]
    return rows


def _row(batch: pa.RecordBatch | pa.Table, at: int) -> dict[str, Any] | str:
    row = {}
    for name in batch.schema.names:
        try:
            row[name] = batch[name][at].as_py()
        except (ValueError, ArithmeticError, LookupError) as error:
            return f"has a value that cannot be read: `{name}`: {error}"
    return row
