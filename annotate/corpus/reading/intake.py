"""Reading sources: every record becomes an article or is rejected with its reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any, NamedTuple, TypeVar

import msgspec

from annotate.corpus.article import METADATA
from annotate.corpus.reading.columns import read_batches
from annotate.corpus.reading.documents import HTML, read_document
from annotate.corpus.reading.encoding import Undecodable
from annotate.corpus.reading.fields import Fields, Made, Unusable, make_article
from annotate.corpus.reading.records import MAX_BYTES, TOO_LONG, Fault, Record
from annotate.corpus.reading.sources import TABLES, DatasetFolder, File, Source
from annotate.corpus.reading.streams import first_line
from annotate.corpus.reading.tables import open_table

Item = TypeVar("Item")

_BATCH = 256
_LONGEST_REASON = 500


class Taken(NamedTuple):
    """An article that a source gave, where it stood, and in which encoding."""

    made: Made
    source: str
    record: int | None
    encoding: str


class Rejected(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a source holds and the corpus does not take: where, and why.

    `record` is the line, or the row of Parquet, from 1; None stands for the whole file.
    `id` is the article's where one was given. `source` is as it was named, and `place` the
    path of a local file that was named otherwise.
    """

    source: str
    reason: str
    record: int | None = None
    id: str = ""
    place: str = ""

    @property
    def kind(self) -> str:
        """The reason without what differs from record to record."""
        return re.split("[:;] ", self.reason, maxsplit=1)[0]


Outcome = Taken | Rejected


def read_source(source: Source, fields: Fields) -> Iterator[Outcome]:
    """Yield an outcome for every record of a source; nothing that it holds raises."""
    count = 0
    try:
        for outcome in _outcomes(source, fields):
            count += 1
            yield outcome
    except Undecodable as error:
        yield _rejected(source.name, str(error))
    except OSError as error:
        after = f"after {count:,} records, " if count else ""
        what = "cannot be read to its end" if count else "cannot be read"
        yield _rejected(source.name, f"{what}: {after}{first_line(error)}")


def _outcomes(source: Source, fields: Fields) -> Iterator[Outcome]:
    if isinstance(source, DatasetFolder):
        yield from _dataset(source, fields)
    elif source.suffix in TABLES:
        with source.open() as stream:
            table = open_table(stream, source.suffix, _wanted(fields))
            for record in table.records:
                yield _outcome(record, source.name, fields, table.encoding)
    else:
        yield _document(source, fields)


def _wanted(fields: Fields) -> tuple[str, ...]:
    return (fields.text, fields.id, *(fields.metadata.get(name, name) for name in METADATA))


def _outcome(record: Record | Fault, source: str, fields: Fields, encoding: str) -> Outcome:
    if isinstance(record, Fault):
        return _rejected(source, record.reason, record.number)
    try:
        return Taken(make_article(record.fields, fields), source, record.number, encoding)
    except Unusable as error:
        return _rejected(source, str(error), record.number, record.fields.get(fields.id))


def _rejected(
    source: str, reason: str, record: int | None = None, given: object = None
) -> Rejected:
    article_id = str(given) if isinstance(given, str | int) else ""
    return Rejected(source, _writable(reason), record, _writable(article_id))


def _writable(text: str) -> str:
    """Return a text on one line, not too long, and in what UTF-8 can write."""
    text = text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
    return " ".join(text.split()).encode(errors="backslashreplace").decode()


def _document(file: File, fields: Fields) -> Outcome:
    with file.open() as stream:
        data = _read(stream, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        return _rejected(file.name, TOO_LONG)
    try:
        record, encoding = read_document(data, file.suffix)
        # What a page holds is named by what found it, but for a text's front matter.
        fields = Fields() if file.suffix in HTML else msgspec.structs.replace(fields, text="text")
        return Taken(make_article(record, fields, file.stem), file.name, None, encoding)
    except Unusable as error:
        return _rejected(file.name, str(error))


def _read(stream: IO[bytes], size: int) -> bytes:
    """Read to the end, or so many bytes; a stream may give less at a time."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _dataset(folder: DatasetFolder, fields: Fields) -> Iterator[Outcome]:
    """Read a dataset by the library that wrote it; its splits are parts of one corpus."""
    for found in _safely(_splits(folder)):
        if isinstance(found, Fault):
            yield _rejected(folder.name, found.reason)
            continue
        split, rows = found
        # In Arrow's format, since others decode images and sounds.
        blocks = rows.with_format("arrow").iter(batch_size=_BATCH)
        for record in _safely(read_batches(blocks, _wanted(fields))):
            yield _outcome(record, f"{folder.name}#{split}", fields, "utf-8")


def _safely(items: Iterator[Item]) -> Iterator[Item | Fault]:
    """Yield the items up to the first that cannot be had, and what is wrong with that."""
    try:
        yield from items
    # The library reads files of many kinds by others, and all of them raise what they like.
    except Exception as error:  # noqa: BLE001
        yield Fault(None, f"cannot be loaded as a dataset: {first_line(error)}")


def _splits(folder: DatasetFolder) -> Iterator[tuple[str, Any] | Fault]:
    import datasets

    path = str(folder.path)
    if (folder.path / "README.md").is_file():
        default = datasets.get_dataset_default_config_name(path)
        names = [default] if default else datasets.get_dataset_config_names(path)
        for name in names:
            prefix = f"{name}/" if len(names) > 1 else ""
            # Each by itself, so that a broken one costs no other.
            yield from _safely(_streams(path, name, prefix))
        return
    saved = datasets.load_from_disk(path)
    whole = saved if isinstance(saved, datasets.DatasetDict) else {"train": saved}
    yield from ((str(split), rows) for split, rows in whole.items())


def _streams(path: str, config: str, prefix: str) -> Iterator[tuple[str, Any]]:
    import datasets

    streams = datasets.load_dataset(path, config, streaming=True)
    yield from ((f"{prefix}{split}", rows) for split, rows in streams.items())
