"""A built dataset read from its files: no copy is made, no cache is kept.

The card says which configs there are, where their files lie and what their columns mean; the
rows come out of the Parquet files a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from datasets import ClassLabel, Features, List
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard, DatasetCardData

from annotate.errors import DatasetError

CARD = "README.md"

Row = dict[str, Any]
# The files of every split, in the order of the card.
Files = Mapping[str, Sequence[Path]]

# Rows that are held in memory at once.
_BATCH = 500
_AGAIN = "Run `annotate build` again."
# What pyarrow raises for bytes that are not what it expects.
BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)

T = TypeVar("T")


def open_built(folder: Path) -> BuiltDataset:
    """Open a dataset on disk; reads its card only.

    Raises `DatasetError` when there is none, or its card does not say what is in it.
    """
    if not folder.is_dir():
        raise DatasetError(f"there is no folder {folder}", "Run `annotate build`, or name another.")
    path = folder / CARD
    if not path.is_file():
        raise DatasetError(f"{folder} is not a dataset: it has no {CARD}", "Run `annotate build`.")
    try:
        data = DatasetCard.load(path).data
        features = {
            name: info.features
            for name, info in DatasetInfosDict.from_dataset_card_data(data).items()
            if info.features is not None
        }
    except (OSError, ValueError, TypeError, LookupError, AttributeError, yaml.YAMLError) as error:
        raise DatasetError(f"{path} cannot be read: {_reason(error)}", _AGAIN) from error
    return BuiltDataset(folder, features, _configs(folder, data))


class BuiltDataset:
    """A dataset on disk.

    A name of a config or split that it does not have, and a file that cannot be read or is not
    what the card says, raise `DatasetError`.
    """

    def __init__(
        self, folder: Path, features: Mapping[str, Features], files: Mapping[str, Files]
    ) -> None:
        self.folder = folder
        self._features = dict(features)
        self._files = files

    @property
    def configs(self) -> list[str]:
        """The names of its configs, in the card's order."""
        return list(self._files)

    def splits(self, config: str) -> list[str]:
        """Return the names of the splits that a config has, in the card's order."""
        return list(self._of(config))

    def features(self, config: str) -> Features:
        """Return the columns of a config, as the card tells them, or else its first file."""
        files = self._of(config)
        if config not in self._features:
            first = next(path for listed in files.values() for path in listed)
            with _opened(first) as file:
                self._features[config] = Features.from_arrow_schema(file.schema_arrow)
        return self._features[config]

    def names(self, config: str, column: str) -> list[str]:
        """Return the names behind the numbers of a column, such as `ner_tags`.

        A column within another one is written with a dot, as in `entities.label`.
        """
        found: Any = self.features(config)
        for part in column.split("."):
            found = found.get(part) if isinstance(found, dict) else None
            while isinstance(found, List):
                found = found.feature
        if not isinstance(found, ClassLabel):
            raise DatasetError(
                f"{self.folder} has no labels {column} in its config {config}", _AGAIN
            )
        return list(found.names)

    def count(self, config: str, split: str) -> int:
        """Return how many rows a split has, without reading them."""
        found = 0
        for path in self._in(config, split):
            with _opened(path) as file:
                found += file.metadata.num_rows
        return found

    def rows(self, config: str, split: str, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Yield the rows of a split in their order, or only some columns of them.

        Labels are numbers. Memory does not grow with the split.
        """
        schema = self.features(config).arrow_schema
        for path in self._in(config, split):
            yield from _read(path, schema, columns)

    def _of(self, config: str) -> Files:
        return _named(self._files, config, "config", str(self.folder))

    def _in(self, config: str, split: str) -> Sequence[Path]:
        return _named(self._of(config), split, "split", f"{self.folder} ({config})")


def _named(known: Mapping[str, T], name: str, noun: str, where: str) -> T:
    if name not in known:
        remedy = f"It has {', '.join(known)}." if known else "It has none."
        raise DatasetError(f"{where} has no {noun} {name}", remedy)
    return known[name]


def _configs(folder: Path, data: DatasetCardData) -> dict[str, dict[str, list[Path]]]:
    """Return the files of every config and split, as the card lists them."""
    try:
        found = {
            config["config_name"]: {
                listed["split"]: _files(folder, listed["path"]) for listed in config["data_files"]
            }
            for config in data.get("configs") or ()
        }
    except (TypeError, LookupError) as error:
        raise DatasetError(
            f"{folder / CARD} does not say which files belong to which config", _AGAIN
        ) from error
    if not found:
        raise DatasetError(f"{folder / CARD} names no configs", "Run `annotate build`.")
    return found


def _files(folder: Path, told: str | list[str]) -> list[Path]:
    """Return the files that one or several patterns of the card stand for, in order."""
    found: set[Path] = set()
    for pattern in [told] if isinstance(told, str) else told:
        path = PurePosixPath(pattern)
        # A card from elsewhere must not read anything outside of its folder.
        if path.is_absolute() or ".." in path.parts:
            raise DatasetError(f"{folder / CARD} names files outside of it: {pattern}", _AGAIN)
        try:
            matching = sorted(folder.glob(pattern))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{folder / CARD} names files by {pattern!r}", _AGAIN) from error
        if not matching:
            raise DatasetError(f"{folder} has no {pattern}, which its {CARD} names", _AGAIN)
        found.update(matching)
    return sorted(found)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; whatever it turns out to hold raises `DatasetError`."""
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except BROKEN as error:
        raise no_parquet(path, error) from error


def no_parquet(path: Path, error: Exception) -> DatasetError:
    """Return the error for a file of which pyarrow cannot make rows."""
    return DatasetError(f"{path} cannot be read as Parquet: {_reason(error)}", _AGAIN)


def _read(path: Path, schema: pa.Schema, columns: Sequence[str] | None) -> Iterator[Row]:
    with _opened(path) as file:
        # The card is what `datasets` goes by: what differs from it does not load.
        if not file.schema_arrow.equals(schema):
            raise DatasetError(f"{path} has other columns than {CARD} says", _AGAIN)
        for batch in file.iter_batches(_BATCH, columns=columns):
            names = batch.schema.names
            for values in zip(*map(_values, batch.columns), strict=True):
                yield dict(zip(names, values, strict=True))


def _values(array: pa.Array) -> list[Any]:
    """Return an array's values, as its own `to_pylist` does, in a third of the time.

    That one makes an object of every value on its way; lists and structs are cut here from
    what they hold, converted all at once.
    """
    kind = array.type
    found: list[Any] = []
    if pa.types.is_integer(kind) and not array.null_count:
        return list(array.to_numpy().tolist())
    if pa.types.is_list(kind) and len(array):
        ends = array.offsets.to_numpy().tolist()
        inner = _values(array.values[ends[0] : ends[-1]])
        found = [inner[start - ends[0] : end - ends[0]] for start, end in pairwise(ends)]
    elif pa.types.is_struct(kind):
        names = [field.name for field in kind]
        rows = zip(*map(_values, array.flatten()), strict=True)
        found = [dict(zip(names, row, strict=True)) for row in rows]
    else:
        return list(array.to_pylist())
    if array.null_count:
        there = zip(found, array.is_valid().to_pylist(), strict=True)
        return [value if valid else None for value, valid in there]
    return found


def _reason(error: Exception) -> str:
    """Return an error of a library in one line."""
    told = error.strerror if isinstance(error, OSError) else ""
    told = told or next(iter(str(error).splitlines()), "")
    # The remedy follows after a full stop of its own.
    return told.rstrip(".: ") or type(error).__name__
