"""Files that hold many articles, read record by record in bounded memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple

import msgspec

from annotate.corpus.encoding import detect

# The longest record: more than any article, less than what makes a machine swap.
MAX_BYTES = 32 << 20

_BLOCK = 1 << 20
_BATCH = 256


class Record(NamedTuple):
    """A record of a table; `number` is its line, or its row in Parquet, from 1."""

    number: int
    fields: dict[str, Any]


class Fault(NamedTuple):
    """A place in a table that gives no record; `number` is None for the whole file."""

    number: int | None
    reason: str


class Table(NamedTuple):
    """An opened table: its records in order, faults in their places, and its encoding."""

    records: Iterator[Record | Fault]
    encoding: str


def open_table(stream: IO[bytes], suffix: str, wanted: Sequence[str]) -> Table:
    """Return the records of a file of the given suffix.

    Of Parquet, whose stream must be seekable, only the wanted columns are read, of which the
    first is the text's.
    Raises `Undecodable` when the encoding of its text is not recognised; while reading,
    whatever a broken stream raises.
    """
    if suffix == ".parquet":
        return Table(_parquet(stream, wanted), "utf-8")
    blocks = _blocks(stream)
    head = next(blocks, b"")
    encoding = detect(head)
    lines = _lines(_utf8(head, blocks, encoding))
    if suffix in {".csv", ".tsv"}:
        return Table(_csv(lines, suffix), encoding)
    return Table(_jsonl(lines), encoding)


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    # Of a compressed stream that breaks off, `read1` gives all that came before.
    read = getattr(stream, "read1", stream.read)
    while block := read(_BLOCK):
        yield block


def _utf8(head: bytes, blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the stream in UTF-8. Bytes that are no text stay as they are, to be told later."""
    if codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}:
        yield head.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
    yield decoder.decode(head).removeprefix("\ufeff").encode("utf-8", "surrogateescape")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "surrogateescape")
    yield decoder.decode(b"", final=True).encode("utf-8", "surrogateescape")


class _Line(NamedTuple):
    number: int
    # None when the line is longer than a record may be.
    content: bytes | None


def _lines(blocks: Iterator[bytes]) -> Iterator[_Line]:
    """Yield the lines without their ends; a line that is too long is skipped in bounded memory."""
    number = 1
    rest = b""
    skipping = False
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            yield _Line(number, None if skipping or len(line) > MAX_BYTES else line)
            number += 1
            skipping = False
        if len(rest) > MAX_BYTES:
            skipping, rest = True, b""
    if rest or skipping:
        yield _Line(number, None if skipping else rest)


_TOO_LONG = f"is longer than {MAX_BYTES >> 20} MiB"


def _jsonl(lines: Iterator[_Line]) -> Iterator[Record | Fault]:
    decoder = msgspec.json.Decoder()
    for number, line in lines:
        if line is None:
            yield Fault(number, _TOO_LONG)
        elif line.strip():
            try:
                fields = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                yield Fault(number, f"is not JSON: {error}")
                continue
            if isinstance(fields, dict):
                yield Record(number, fields)
            else:
                yield Fault(number, "is not a JSON object")


def _csv(lines: Iterator[_Line], suffix: str) -> Iterator[Record | Fault]:
    too_long: list[Fault] = []

    def texts() -> Iterator[str]:
        for number, line in lines:
            if line is None:
                too_long.append(Fault(number, _TOO_LONG))
            yield f"{(line or b'').decode('utf-8', 'surrogateescape')}\n"

    source = texts()
    first = next(source, "")
    # Spreadsheets of half the world separate by semicolons and say .csv all the same.
    separator = ";" if first.count(";") > first.count(",") else ","
    csv.field_size_limit(MAX_BYTES)
    header = next(csv.reader([first], delimiter="\t" if suffix == ".tsv" else separator), [])
    rows = csv.reader(source, delimiter="\t" if suffix == ".tsv" else separator)
    while True:
        number = rows.line_num + 2
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield Fault(number, f"is not CSV: {error}")
            continue
        yield from too_long
        too_long.clear()
        if row is None:
            return
        if row and len(row) != len(header):
            yield Fault(number, f"has {len(row)} fields where the header has {len(header)}")
        elif row:
            yield Record(number, dict(zip(header, row, strict=True)))


def _parquet(stream: IO[bytes], wanted: Sequence[str]) -> Iterator[Record | Fault]:
    from pyarrow import ArrowException, parquet

    try:
        file = parquet.ParquetFile(stream)
        names = file.schema_arrow.names
        if wanted[0] not in names:
            yield Fault(None, f"has no column `{wanted[0]}`; it has {', '.join(names)}")
            return
        number = 0
        for batch in file.iter_batches(_BATCH, columns=[n for n in names if n in wanted]):
            for fields in batch.to_pylist():
                number += 1
                yield Record(number, fields)
    except ArrowException as error:
        yield Fault(None, f"is not Parquet, or is damaged: {str(error).splitlines()[0]}")
