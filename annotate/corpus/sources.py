"""What a SOURCE stands for: files, folders, globs and URLs, opened as streams of bytes."""

from __future__ import annotations

import gzip
import io
import posixpath
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, cast

from annotate.errors import CorpusError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# A file's suffix says how it is read: many articles, or one.
TABLES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
DOCUMENTS = (".txt", ".md", ".html", ".htm")
COMPRESSIONS = (".gz", ".zst")

_SAVED = ("dataset_dict.json", "state.json")
_CARD_HEAD = re.compile(rb"---\s*\n(?:.*\n)*?(?:configs|dataset_info):", re.MULTILINE)


class File(NamedTuple):
    """One file of a source: its name as told to people, and where it is.

    `suffix` and `compression` are in small letters: `.jsonl` and `.gz` for `news.JSONL.gz`.
    `stem` is the name without either.
    """

    name: str
    stem: str
    suffix: str
    compression: str
    system: AbstractFileSystem
    path: str

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """Open the file for reading, decompressed; Parquet is seekable."""
        with self._decompressed() as stream:
            if self.compression and self.suffix == ".parquet":
                with tempfile.TemporaryFile() as copy:
                    shutil.copyfileobj(stream, copy)
                    yield copy
            else:
                yield stream

    @contextmanager
    def _decompressed(self) -> Iterator[IO[bytes]]:
        with self.system.open(self.path, "rb") as raw:
            if self.compression == ".gz":
                yield cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
            elif self.compression == ".zst":
                import pyarrow as pa

                stream = pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
                yield io.BufferedReader(stream)
            else:
                yield raw


class DatasetFolder(NamedTuple):
    """A folder in a layout of Hugging Face: saved to disk, or with a card that has configs."""

    name: str
    path: Path


Source = File | DatasetFolder


class Found(NamedTuple):
    """What the sources stand for, in order, and how many files of other kinds lie there."""

    sources: list[Source]
    skipped: dict[str, int]


def find_sources(names: Iterable[str]) -> Found:
    """Return the files and dataset folders that the names stand for, each once.

    A name is a file, a folder (its files at any depth; hidden ones are left out), a glob, or
    one of these under a URL that fsspec knows. Raises `CorpusError` for a name that nothing
    is found under, or that is a file of a kind that is not read.
    """
    found: dict[tuple[str, ...], Source] = {}
    skipped: Counter[str] = Counter()
    for name in names:
        folder = Path(name)
        if folder.is_dir() and _is_dataset(folder):
            found.setdefault(("folder", str(folder.resolve())), DatasetFolder(name, folder))
            continue
        for file in _files(name):
            if file.suffix in (*TABLES, *DOCUMENTS):
                found.setdefault((type(file.system).__name__, file.path), file)
            elif file.name == name:
                raise CorpusError(
                    f"{name} is of a kind that is not read",
                    f"Convert it to one of {', '.join((*DOCUMENTS, *TABLES))}.",
                )
            else:
                skipped[file.suffix or "no suffix"] += 1
    return Found(list(found.values()), dict(sorted(skipped.items())))


def _is_dataset(folder: Path) -> bool:
    if any((folder / name).is_file() for name in _SAVED):
        return True
    card = folder / "README.md"
    return card.is_file() and bool(_CARD_HEAD.match(card.read_bytes()[: 1 << 20]))


def _files(name: str) -> Iterator[File]:
    import fsspec

    is_web = name.startswith(("http://", "https://"))
    try:
        system, path = fsspec.core.url_to_fs(name)
        if is_web:
            file = _file(name, system, path)
            # What has no suffix that we know is a page.
            known = file.suffix in (*TABLES, *DOCUMENTS)
            yield file if known else file._replace(suffix=".html", compression="")
        elif system.isdir(path):
            for inner in sorted(system.find(path)):
                below = posixpath.relpath(inner, path)
                if not any(part.startswith(".") for part in below.split("/")):
                    yield _file(f"{name.rstrip('/')}/{below}", system, inner)
        elif system.isfile(path):
            yield _file(name, system, path)
        else:
            yield from _matching(name, system, path)
    except (OSError, ValueError, ImportError) as error:
        raise CorpusError(
            f"{name} cannot be looked at: {_first_line(error)}", "Check it."
        ) from error


def _matching(name: str, system: AbstractFileSystem, pattern: str) -> Iterator[File]:
    paths = sorted(path for path in system.glob(pattern) if system.isfile(path))
    if not paths:
        raise CorpusError(f"{name} does not exist", "Check the path, the URL or the pattern.")
    # The part of the pattern before what it leaves open is the same as people wrote it.
    fixed = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
    written = re.split(r"[*?\[]", name, maxsplit=1)[0]
    for path in paths:
        yield _file(written + path.removeprefix(fixed), system, path)


def _file(name: str, system: AbstractFileSystem, path: str) -> File:
    stem, suffix = posixpath.splitext(posixpath.basename(path.partition("?")[0]))
    compression = suffix.lower() if suffix.lower() in COMPRESSIONS else ""
    if compression:
        stem, suffix = posixpath.splitext(stem)
    return File(name, stem, suffix.lower(), compression, system, path)


def _first_line(error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(reason).splitlines()[0]
