"""Entries of the ledger on the disk, between being made and being written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import msgspec

from annotate.errors import LedgerError
from annotate.spans import Annotation
from annotate.studio.ledger import Entry


@contextmanager
def spooled(entries: Iterable[Entry]) -> Iterator[Iterator[Entry]]:
    """Go through all entries, then give them again: there may be more than memory holds."""
    with tempfile.TemporaryFile() as file:
        for entry in entries:
            _write(file, entry)
        file.seek(0)
        yield _entries(file)


def _write(file: IO[bytes], entry: Entry) -> None:
    try:
        # Neither of the two has a line end in it.
        file.write(msgspec.json.encode(entry.annotation) + b"\n" + entry.result + b"\n")
    except OSError as error:
        raise LedgerError(
            f"what is to be brought in finds no place in {tempfile.gettempdir()}:"
            f" {error.strerror or error}",
            "Free some space there; nothing was brought in.",
        ) from error


def _entries(file: IO[bytes]) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(Annotation)
    for annotation in file:
        yield Entry(decoder.decode(annotation), next(file).removesuffix(b"\n"))
