"""The list of what the corpus does not take, and why: JSON Lines beside the store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from annotate.corpus.reading.intake import Rejected
from annotate.corpus.reading.sources import Source
from annotate.errors import CorpusError


def read_rejections(path: Path) -> Iterator[Rejected]:
    """Yield what was rejected; `CorpusError` when the list is damaged."""
    return (rejected for _, rejected in _entries(path))


def merge_rejections(path: Path, found: Path, sources: Sequence[Source], out: Path) -> None:
    """Write the list anew to `out`: what was found takes the place of its sources' entries.

    Entries of local files that are gone are left out.
    """
    read = {source.place for source in sources}
    with out.open("wb") as file:
        for line, former in _entries(path):
            place = Path(former.place or former.source)
            is_gone = place.is_absolute() and not place.exists()
            if str(place) not in read and not is_gone:
                file.write(line)
        with found.open("rb") as new:
            shutil.copyfileobj(new, file)


def _entries(path: Path) -> Iterator[tuple[bytes, Rejected]]:
    if not path.exists():
        return
    decoder = msgspec.json.Decoder(Rejected)
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield line, decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise CorpusError(
                    f"line {number} of {path} is damaged: {error}",
                    "Correct it, or delete the file and add the sources again.",
                ) from error
