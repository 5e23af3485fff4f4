"""Finding the names and addresses of people in files, compressed ones included.

What is searched for, wherever a word may begin and end, in capitals or not:

- a name as it is, and as it is typed without its marks (`Lê An`, `Le An`);
- an address (`lan.vu@example.org`), and what stands before its `@` when that has four
  letters or more and is not one of the names that a mailbox of everybody has (RFC 2142);
- a single word only when it has four letters or more: `An` is also an everyday word. How
  many were left out is told.

What is searched: the name of every file; the columns and the metadata of Parquet; any other
file as text, also as it reads without the escapes of JSON, of HTML and of addresses. A file
that is no text is a problem of its own.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from annotate.dataset.reading import BROKEN, no_parquet

_LEAST = 4

# Mailboxes that belong to a role (RFC 2142), the everyday words for who is none of these, and
# the account of a workspace's own server.
_ROLES = frozenset(
    {"info", "marketing", "sales", "support", "abuse", "security", "postmaster", "hostmaster",
     "usenet", "news", "webmaster", "admin", "annotate", "annotator", "user", "test"}
)  # fmt: skip

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
# The chunks of a PNG whose text may be compressed.
_PNG, _PACKED = b"\x89PNG\r\n\x1a\n", (b"zTXt", b"iTXt")
_APART = "\0"


class Wanted(NamedTuple):
    """What is searched for, None when there is nothing, and how many names were too short."""

    pattern: re.Pattern[str] | None
    left_out: int


def wanted(secrets: Collection[str]) -> Wanted:
    """Return a pattern of the names and addresses that must not be found."""
    given = {" ".join(unicodedata.normalize("NFC", secret).split()) for secret in secrets} - {""}
    forms = {form for secret in given for form in _forms(secret)}
    left_out = sum(1 for secret in given if not any(_forms(secret)))
    if not forms:
        return Wanted(None, left_out)
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    words = (r"\s+".join(map(re.escape, form.split())) for form in longest_first)
    # An underscore joins words in the names of files and accounts, so it ends one here.
    bounded = rf"(?<![^\W_])(?:{'|'.join(words)})(?![^\W_])"
    return Wanted(re.compile(bounded, re.IGNORECASE), left_out)


def _forms(secret: str) -> Iterator[str]:
    """Yield what somebody's name or address looks like in a file."""
    local, at, _ = secret.partition("@")
    if at and local:
        yield secret
        if _letters(local) >= _LEAST and local.casefold() not in _ROLES:
            yield local
    elif " " in secret or _letters(secret) >= _LEAST:
        yield secret
        yield _unmarked(secret)


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _unmarked(text: str) -> str:
    """Return the text as it is typed on a keyboard without Vietnamese."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return plain.replace("đ", "d").replace("Đ", "D")


def find_names(folder: Path, name: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield where in a file of the dataset the pattern is found: in words, without the name.

    Raises `DatasetError` for a file that ends in `.parquet` and is none.
    """
    if pattern.search(unicodedata.normalize("NFC", name)):
        yield "the name of a file"
    path = folder / name
    if name.endswith(".parquet"):
        yield from _in_parquet(path, name, pattern)
        return
    data = path.read_bytes()
    text = _text(data)
    if text is None:
        yield f"{name}, which cannot be searched"
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if _found(line, pattern):
            yield f"{name}, line {number}"
            return
    # A name may go over the end of a line.
    if _found(text, pattern):
        yield name


def _text(data: bytes) -> str | None:
    """Return what can be read of a file, None of one that is packed or of an unknown kind."""
    if data.startswith(_PNG):
        return None if any(chunk in data for chunk in _PACKED) else data.decode("latin-1")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _found(text: str, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(reading) for reading in _readings(text))


def _readings(text: str) -> Iterator[str]:
    """Yield the text, and what it reads where its characters are written as escapes."""
    text = unicodedata.normalize("NFC", text)
    yield text
    if "\\" in text:
        yield _ESCAPE.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    if "&" in text:
        yield html.unescape(text)
    if "%" in text:
        yield unquote(text)


def _in_parquet(path: Path, name: str, pattern: re.Pattern[str]) -> Iterator[str]:
    try:
        with pq.ParquetFile(path) as file:
            if _found(_APART.join(_metadata(file)), pattern):
                yield f"{name}, its metadata"
            yield from _in_columns(file, name, pattern)
    except BROKEN as error:
        raise no_parquet(path, error) from error


def _metadata(file: pq.ParquetFile) -> Iterator[str]:
    """Yield what a Parquet file says of itself: the names of its columns, labels, notes."""
    schema = file.schema_arrow
    notes = [file.metadata.metadata or {}, schema.metadata or {}]
    notes += [field.metadata or {} for field in schema]
    for note in notes:
        for pair in note.items():
            yield from (part.decode("utf-8", "replace") for part in pair)
    yield str(file.schema)
    yield file.metadata.created_by


def _in_columns(file: pq.ParquetFile, name: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """Yield the first place in each column."""
    seen: set[str] = set()
    before = 0
    for batch in file.iter_batches(batch_size=1000):
        for column, values in zip(batch.schema.names, batch.columns, strict=True):
            if column not in seen and _within(values, pattern):
                seen.add(column)
                row = next(n for n in range(len(values)) if _within(values.slice(n, 1), pattern))
                yield f"{name}, column {column}, row {before + row + 1}"
        before += len(batch)


def _within(values: pa.Array, pattern: re.Pattern[str]) -> bool:
    return any(_found(_APART.join(strings), pattern) for strings in _strings(values))


def _strings(values: pa.Array) -> Iterator[list[str]]:
    """Yield the strings at every depth of a column."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield values.drop_null().to_pylist()
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        yield [value.decode("utf-8", "replace") for value in values.drop_null().to_pylist()]
    elif pa.types.is_dictionary(kind):
        yield from _strings(values.dictionary_decode())
    elif pa.types.is_struct(kind):
        for part in values.flatten():
            yield from _strings(part)
    elif pa.types.is_map(kind):
        pair = pa.struct([kind.key_field, kind.item_field])
        yield from _strings(values.cast(pa.list_(pair)))
    elif pa.types.is_nested(kind):
        yield from _strings(values.flatten())
    elif isinstance(kind, pa.BaseExtensionType):
        yield from _strings(values.storage)
