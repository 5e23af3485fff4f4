"""Reading sources: every record becomes an article or is rejected with its reason."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from annotate.corpus.article import METADATA
from annotate.corpus.documents import read_document
from annotate.corpus.encoding import Undecodable
from annotate.corpus.fields import Fields, Made, Unusable, make_article
from annotate.corpus.sources import TABLES, DatasetFolder, File, Source
from annotate.corpus.tables import MAX_BYTES, Fault, Record, open_table


class Taken(NamedTuple):
    """An article that a source gave, where it stood, and in which encoding."""

    made: Made
    source: str
    record: int | None
    encoding: str


class Rejected(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a source holds and the corpus does not take: where, and why.

    `record` is the line, or the row of Parquet, from 1; None stands for the whole file.
    `id` is the article's where one was given.
    """

    source: str
    reason: str
    record: int | None = None
    id: str = ""

    @property
    def kind(self) -> str:
        """The reason without what differs from record to record."""
        return re.split("[:;] ", self.reason, maxsplit=1)[0]


Outcome = Taken | Rejected

# What a broken stream raises: a cut gzip, bad deflate data, a lost connection.
_BROKEN = (OSError, EOFError, zlib.error)


def read_source(source: Source, fields: Fields) -> Iterator[Outcome]:
    """Yield an outcome for every record of a source; nothing that it holds raises."""
    count = 0
    try:
        for outcome in _outcomes(source, fields):
            count += 1
            yield outcome
    except Undecodable as error:
        yield Rejected(source.name, str(error))
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        after = f" after {count:,} records" if count else ""
        yield Rejected(source.name, f"cannot be read{after}: {reason.splitlines()[0]}")


def _outcomes(source: Source, fields: Fields) -> Iterator[Outcome]:
    if isinstance(source, DatasetFolder):
        yield from _dataset(source, fields)
    elif source.suffix in TABLES:
        wanted = (fields.text, fields.id, *(fields.metadata.get(n, n) for n in METADATA))
        with source.open() as stream:
            table = open_table(stream, source.suffix, wanted)
            for record in table.records:
                yield _outcome(record, source.name, fields, table.encoding)
    else:
        yield _document(source, fields)


def _outcome(record: Record | Fault, source: str, fields: Fields, encoding: str) -> Outcome:
    if isinstance(record, Fault):
        return Rejected(source, record.reason, record.number)
    try:
        return Taken(make_article(record.fields, fields), source, record.number, encoding)
    except Unusable as error:
        given = record.fields.get(fields.id)
        return Rejected(source, str(error), record.number, "" if given is None else str(given))


def _document(file: File, fields: Fields) -> Outcome:
    with file.open() as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        return Rejected(file.name, f"is longer than {MAX_BYTES >> 20} MiB")
    try:
        record, encoding = read_document(data, file.suffix)
        # A page, unlike a record of a table, has its text under this name always.
        fields = msgspec.structs.replace(fields, text="text")
        return Taken(make_article(record, fields, file.stem), file.name, None, encoding)
    except Unusable as error:
        return Rejected(file.name, str(error))


def _dataset(folder: DatasetFolder, fields: Fields) -> Iterator[Outcome]:
    """Read a dataset by the library that wrote it; its splits are parts of one corpus."""
    import datasets

    try:
        for split, rows in _splits(folder):
            for number, row in enumerate(rows, start=1):
                yield _outcome(Record(number, dict(row)), f"{folder.name}#{split}", fields, "utf-8")
    except (ValueError, TypeError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        yield Rejected(folder.name, f"is no dataset that can be loaded: {reason}")


def _splits(folder: DatasetFolder) -> Iterator[tuple[str, Iterator[Mapping[str, Any]]]]:
    import datasets

    path = str(folder.path)
    if (folder.path / "README.md").is_file():
        names = datasets.get_dataset_config_names(path)
        chosen = datasets.get_dataset_default_config_name(path) or names[0]
        streams = datasets.load_dataset(path, chosen, streaming=True)
        yield from ((str(split), iter(rows)) for split, rows in streams.items())
        return
    saved = datasets.load_from_disk(path)
    whole = saved if isinstance(saved, datasets.DatasetDict) else {"train": saved}
    for split, rows in whole.items():
        blocks = rows.with_format("arrow").iter(batch_size=256)
        yield str(split), (row for block in blocks for row in block.to_pylist())
