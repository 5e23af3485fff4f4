"""Files that hold many articles, read record by record in bounded memory."""

from __future__ import annotations

import codecs
import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import IO, Any, NamedTuple

import msgspec

from annotate.corpus.reading.columns import read_parquet
from annotate.corpus.reading.encoding import Undecodable, detect
from annotate.corpus.reading.records import MAX_BYTES, TOO_LONG, Fault, Record, lacking

_BLOCK = 1 << 20


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
        return Table(read_parquet(stream, wanted), "utf-8")
    head = stream.read(_BLOCK)
    encoding = _detect(head)
    lines = _lines_of(chain([head], iter(lambda: stream.read(_BLOCK), b"")), encoding)
    if suffix in {".csv", ".tsv"}:
        return Table(_csv(lines, "\t" if suffix == ".tsv" else "", wanted, encoding), encoding)
    return Table(_jsonl(lines, encoding), encoding)


def _detect(head: bytes) -> str:
    """Return the encoding of a table, of which single lines may be damaged."""
    lines = head.split(b"\n")
    sound = [line for line in lines if _is_utf8(line)]
    try:
        found = detect(head)
    except Undecodable:
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = head.decode("utf-16", "replace")
            if text.count("\ufffd") * 50 <= len(text):
                return "utf-16"
        if len(sound) * 2 < len(lines) or len(sound) == len(lines):
            raise
        return detect(b"\n".join(sound))
    # Letters in valid UTF-8 are no accident, where a code page seems to fit all the same.
    proof = sum(not line.isascii() for line in sound)
    return "utf-8" if proof and proof >= len(lines) - len(sound) and "utf" not in found else found


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


# Stands for bytes that are no text: comes back as a byte that UTF-8 never has.
_DAMAGE, _ESCAPE = "annotate.damage", "surrogateescape"
codecs.register_error(_DAMAGE, lambda error: ("\udcff", getattr(error, "end", 0)))


def _lines_of(blocks: Iterator[bytes], encoding: str) -> Iterator[_Line]:
    """Yield the lines in UTF-8; one with bytes that are no text is no UTF-8."""
    if codecs.lookup(encoding).name in {"utf-8", "utf-8-sig", "ascii"}:
        first = next(blocks, b"").removeprefix(codecs.BOM_UTF8)
        return _lines(chain([first], blocks))
    if encoding.startswith(("utf-16", "utf-32")):
        return _lines(_transcoded(blocks, encoding))
    return (
        _Line(number, line and _line_in_utf8(line, encoding)) for number, line in _lines(blocks)
    )


def _transcoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)(_DAMAGE)
    for block in blocks:
        yield decoder.decode(block).encode(errors=_ESCAPE)
    yield decoder.decode(b"", final=True).encode(errors=_ESCAPE)


def _line_in_utf8(line: bytes, encoding: str) -> bytes:
    """Return a line of a code page in UTF-8; one that is so already came from another file."""
    return line if _is_utf8(line) else line.decode(encoding, _DAMAGE).encode(errors=_ESCAPE)


class _Line(NamedTuple):
    number: int
    # None when the line is longer than a record may be.
    content: bytes | None


def _lines(blocks: Iterator[bytes]) -> Iterator[_Line]:
    """Yield the lines without their ends; a line that is too long is skipped in bounded memory."""
    first = next(blocks, b"")
    # Some spreadsheets still end lines as the first Macintosh did.
    end = b"\r" if b"\r" in first[:-1] and b"\n" not in first else b"\n"
    number = 1
    rest = b""
    skipping = False
    for block in chain([first], blocks):
        *whole, rest = (rest + block).split(end)
        for line in whole:
            yield _Line(number, None if skipping or len(line) > MAX_BYTES else line)
            number += 1
            skipping = False
        if len(rest) > MAX_BYTES:
            skipping, rest = True, b""
    if rest or skipping:
        yield _Line(number, None if skipping else rest)


def _jsonl(lines: Iterator[_Line], encoding: str) -> Iterator[Record | Fault]:
    decode = msgspec.json.Decoder().decode
    for number, line in lines:
        if line is None:
            yield Fault(number, TOO_LONG)
        elif line.strip():
            try:
                fields = _json(line, decode)
            except RecursionError:
                yield Fault(number, "is nested too deeply")
            except UnicodeDecodeError:
                yield Fault(number, f"is not valid {encoding}")
            except ValueError as error:
                yield Fault(number, f"is not JSON: {_where(error)}")
            else:
                is_object = isinstance(fields, dict)
                yield Record(number, fields) if is_object else Fault(number, "is no JSON object")


def _json(line: bytes, decode: Callable[[bytes], Any]) -> Any:
    try:
        return decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Python writes NaN and lone surrogates and reads them. The field may be one that
        # nobody asks for.
        return json.loads(line.decode())


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.colno}"
    return str(error)


def _csv(
    lines: Iterator[_Line], delimiter: str, wanted: Sequence[str], encoding: str
) -> Iterator[Record | Fault]:
    first = next(lines, _Line(1, b""))
    head = (first.content or b"").decode(errors="replace")
    # Spreadsheets of half the world separate by semicolons and say .csv all the same.
    delimiter = delimiter or max(",;\t", key=head.count)
    rows = iter(_Rows(chain([first], lines), delimiter, encoding))
    _, header = next(rows, (1, None))
    if header is None:
        return
    if isinstance(header, str):
        yield Fault(None, f"has no header that can be read: {header}")
        return
    names = [name.strip() for name in header]
    if fault := lacking(names, wanted):
        yield fault
        return
    for number, row in rows:
        if isinstance(row, str):
            yield Fault(number, row)
        elif len(row) != len(names):
            what = f"{len(row)} instead of {len(names)}"
            yield Fault(number, f"has another number of fields than the header: {what}")
        else:
            yield Record(number, dict(zip(names, row, strict=True)))


class _Rows:
    """The rows of a CSV that are not blank, each with the number of its first line.

    In place of a faulty one comes the reason, and it costs no other row. A quote that is not
    closed would swallow all that follows: it is a fault of its line, and reading goes on at
    the next.
    """

    def __init__(self, lines: Iterator[_Line], delimiter: str, encoding: str) -> None:
        self.lines = lines
        self.delimiter = delimiter
        self.encoding = encoding
        # The lines of this row, whether they are text, and lines that are to be read again.
        self.taken: list[_Line] = []
        self.is_text = True
        self.again: deque[_Line] = deque()

    def __iter__(self) -> Iterator[tuple[int, list[str] | str]]:
        csv.field_size_limit(MAX_BYTES)
        while True:
            self.taken, self.is_text = [], True
            try:
                # Strictly, for else a quote amid a field is left out without a word.
                cells = next(csv.reader(self._texts(), delimiter=self.delimiter, strict=True), None)
            except csv.Error as error:
                yield self.taken[0].number, self._reason(error)
                self.again.extendleft(reversed(self.taken[1:]))
                continue
            if cells is None:
                return
            number = self.taken[0].number
            if not self.is_text:
                yield number, f"is not valid {self.encoding}"
            elif cells:
                yield number, cells

    def _texts(self) -> Iterator[str]:
        size = 0
        while line := self.again.popleft() if self.again else next(self.lines, None):
            self.taken.append(line)
            size += len(line.content or b"")
            if line.content is None or size > MAX_BYTES:
                raise csv.Error(TOO_LONG)
            try:
                text = line.content.decode()
            except UnicodeDecodeError:
                self.is_text = False
                text = line.content.decode(errors="surrogateescape")
            yield f"{text}\n"

    def _reason(self, error: csv.Error) -> str:
        if self.taken[0].content is None:
            return TOO_LONG
        is_open = len(self.taken) > 1 or "unexpected end" in str(error)
        return f"is not CSV: {'a quote is not closed' if is_open else error}"
