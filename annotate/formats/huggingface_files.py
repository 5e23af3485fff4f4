"""Hugging Face datasets on disk: which files there are, and the rows in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from annotate.errors import FormatError

if TYPE_CHECKING:
    import datasets

Row = Mapping[str, Any]

_SHARD = re.compile(r"-[0-9]{5}-of-[0-9]{5}$")
_ENDINGS = ((".parquet",), (".jsonl", ".json"))
# What stands beside the data and is JSON too.
_DESCRIPTIONS = frozenset({"dataset_info.json", "dataset_infos.json", "croissant.json"})


class Split(NamedTuple):
    """A split of a dataset, in one or more shards, which can be gone through again."""

    name: str
    where: str
    shards: Sequence[datasets.Dataset | datasets.IterableDataset]


def rows_of(split: Split) -> Iterator[Row]:
    """Yield the rows of a split; raises `FormatError` when they cannot be read."""
    try:
        for shard in split.shards:
            yield from shard
    # A file of something else fails deep in `datasets`, with any of these.
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise _unreadable(split.where, error) from error


def find_splits(path: Path) -> Iterator[Split]:
    """Yield the splits of a dataset on disk, by name."""
    import datasets

    try:
        if not path.exists():
            raise FormatError(f"{path} does not exist", "Check the path.")
        if (path / "dataset_dict.json").is_file() or (path / "state.json").is_file():
            loaded = datasets.load_from_disk(str(path))
            splits = loaded if isinstance(loaded, datasets.DatasetDict) else {path.name: loaded}
            for name, rows in splits.items():
                yield Split(name, f"{path} ({name})", [rows])
            return
        for name, files in groupby(_files(path), key=_split_of):
            listed = list(files)
            where = str(listed[0]) if len(listed) == 1 else f"{listed[0].parent} ({name})"
            yield Split(name, where, [_stream(file) for file in listed])
    except (OSError, ValueError) as error:
        raise _unreadable(str(path), error) from error


def _unreadable(where: str, error: Exception) -> FormatError:
    reason = " ".join(str(error).split()).rstrip(".")
    return FormatError(f"{where} cannot be read as a dataset: {reason}", "Check the file.")


def _files(path: Path) -> list[Path]:
    """Return the files with rows, by split."""
    if path.is_file():
        return [path]
    folder = path / "tokens" if (path / "tokens").is_dir() else path
    for endings in _ENDINGS:
        found = [file for file in folder.rglob("*") if file.suffix.lower() in endings]
        if found := [file for file in found if file.name not in _DESCRIPTIONS]:
            return sorted(found, key=lambda file: (_split_of(file), file))
    raise FormatError(f"{path} has no Parquet or JSON file", "Name the dataset's folder.")


def _split_of(file: Path) -> str:
    return _SHARD.sub("", file.stem)


def _stream(file: Path) -> datasets.IterableDataset:
    """Open a file; read so, `datasets` neither copies it to its cache nor asks the network."""
    import datasets

    if not file.stat().st_size:
        raise FormatError(f"{file} is empty", "Check the file.")
    if file.suffix.lower() == ".parquet":
        return datasets.IterableDataset.from_parquet(str(file))
    return datasets.IterableDataset.from_json(str(file))
