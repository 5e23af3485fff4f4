"""What a SOURCE stands for: files, folders, globs and URLs, opened as streams of bytes."""

from __future__ import annotations

import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from annotate.corpus.reading.streams import System, Web, first_line, open_stream
from annotate.errors import CorpusError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

# A file's suffix says how it is read: many articles, or one.
TABLES = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")
DOCUMENTS = (".txt", ".md", ".html", ".htm")
COMPRESSIONS = (".gz", ".zst")

# Any of these groups of files makes a folder a dataset.
_SAVED = (("dataset_dict.json",), ("state.json", "dataset_info.json"))
_CARD_HEAD = re.compile(rb"---\s*\n(?:(?!---).*\n)*?(?:configs|dataset_info):")

_WEB = ("http://", "https://")
_MAGIC = re.compile(r"[*?\[]")


class File(NamedTuple):
    """One file of a source: its name as told to people, and where it is.

    `suffix` and `compression` are in small letters: `.jsonl` and `.gz` for `news.JSONL.gz`.
    `stem` is the name without either.
    """

    name: str
    stem: str
    suffix: str
    compression: str
    system: System
    path: str

    @property
    def place(self) -> str:
        """Where it is, however it was named: a local file's path, else its name."""
        return _shown(os.path.realpath(self.path)) if _is_local(self.system) else self.name

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """Open the file for reading, decompressed; Parquet is seekable.

        Whatever goes wrong, now or while it is read, is an `OSError`.
        """
        return open_stream(
            self.system, self.path, self.compression, seekable=self.suffix == ".parquet"
        )


class DatasetFolder(NamedTuple):
    """A folder in a layout of Hugging Face: saved to disk, or with a card that has configs."""

    name: str
    path: Path

    @property
    def place(self) -> str:
        """Where it is, however it was named."""
        return _shown(str(self.path.resolve()))


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
    found: dict[object, Source] = {}
    skipped: Counter[str] = Counter()
    for name in names:
        for source in _look_at(name):
            if isinstance(source, DatasetFolder) or source.suffix in (*TABLES, *DOCUMENTS):
                found.setdefault(_identity(source), source)
            elif source.name == _shown(name):
                raise CorpusError(
                    f"{source.name} is of a kind that is not read",
                    f"Convert it to one of {', '.join((*DOCUMENTS, *TABLES))}.",
                )
            else:
                skipped[source.suffix or "no suffix"] += 1
    return Found(list(found.values()), dict(sorted(skipped.items())))


def _look_at(name: str) -> list[Source]:
    if not name.strip():
        raise CorpusError("a SOURCE is empty", "Name a file, a folder, a glob or a URL.")
    try:
        return list(_sources(name))
    except CorpusError:
        raise
    except ImportError as error:
        what = f"{_shown(name)} cannot be looked at: {first_line(error)}"
        raise CorpusError(what, "Install that package beside this one.") from error
    # Every file system of fsspec raises errors of its own.
    except Exception as error:
        what = f"{_shown(name)} cannot be looked at: {first_line(error)}"
        raise CorpusError(what, "Check the name, and whether it may be read.") from error


def _identity(source: Source) -> object:
    """Return what two names of one source have in common."""
    if isinstance(source, DatasetFolder):
        return source.path.resolve()
    if isinstance(source.system, Web):
        return source.path
    return os.path.realpath(source.path) if _is_local(source.system) else source[4:]


def _is_local(system: object) -> bool:
    from fsspec.implementations.local import LocalFileSystem

    return isinstance(system, LocalFileSystem)


def _sources(name: str) -> Iterator[Source]:
    if name.startswith(_WEB):
        file = _file(name, Web(), name, re.split("[?#]", name)[0])
        # What has no suffix that we know is a page.
        known = file.suffix in (*TABLES, *DOCUMENTS)
        yield file if known else file._replace(suffix=".html", compression="")
        return
    system, path = _resolve(name)
    if _is_local(system) and _is_dataset(Path(path)):
        yield DatasetFolder(_shown(name), Path(path))
    elif system.isdir(path):
        yield from _folder(name, system, path)
    elif system.isfile(path):
        yield _file(name, system, path)
    elif _is_local(system) and Path(path).exists():
        what = f"{_shown(name)} is neither a file nor a folder"
        raise CorpusError(what, "Write what it gives to a file first.")
    else:
        yield from _matching(name, system, path)


def _resolve(name: str) -> tuple[AbstractFileSystem, str]:
    import fsspec

    # First of all, for a file's name may hold what means something in a URL, such as `::`.
    # Unlike a Path, this is without an error for a URL that is longer than a name may be.
    if os.path.exists(name):  # noqa: PTH110
        return fsspec.filesystem("file"), str(Path(name).absolute())
    system, path = fsspec.core.url_to_fs(name)
    return system, path


def _is_dataset(folder: Path) -> bool:
    if any(all((folder / name).is_file() for name in names) for names in _SAVED):
        return True
    card = folder / "README.md"
    if not card.is_file():
        return False
    with card.open("rb") as file:
        return bool(_CARD_HEAD.match(file.read(1 << 20)))


def _folder(name: str, system: AbstractFileSystem, path: str) -> Iterator[File]:
    head, chained, rest = _parts(name)
    for inner in _walk(path) if _is_local(system) else sorted(system.find(path)):
        below = inner.removeprefix(path).lstrip("/")
        if not _is_hidden(below):
            joined = head + below if head.endswith("/") else f"{head}/{below}"
            file = _file(joined + chained + rest, system, inner)
            yield file._replace(suffix="special") if _is_special(file) else file


def _is_hidden(below: str) -> bool:
    return any(part.startswith(".") for part in below.split("/"))


def _parts(name: str) -> tuple[str, str, str]:
    """Split a URL like zip://a.txt::b.zip before what it is chained to."""
    return name.partition("::") if "://" in name else (name, "", "")


def _walk(folder: str) -> Iterator[str]:
    """Yield the files below a folder; a linked folder is gone into too, but each only once."""
    seen = set()

    def fail(error: OSError) -> None:
        raise error

    for path, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        real = os.path.realpath(path)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (f"{path}/{name}" for name in sorted(names))


def _is_special(file: File) -> bool:
    """Whether it is a pipe or a device, which would be read for ever."""
    path = Path(file.path)
    return _is_local(file.system) and path.exists() and not path.is_file()


def _matching(name: str, system: AbstractFileSystem, pattern: str) -> Iterator[File]:
    if not _MAGIC.search(name):
        raise CorpusError(f"{_shown(name)} does not exist", "Check the path or the URL.")
    # The part of the pattern before what it leaves open is the same as people wrote it.
    fixed = _MAGIC.split(pattern, maxsplit=1)[0]
    head, chained, rest = _parts(name)
    written = _MAGIC.split(head, maxsplit=1)[0]
    folder = fixed[: fixed.rfind("/") + 1]
    all_too = _is_hidden(pattern.removeprefix(folder))
    count = 0
    for path in sorted(system.glob(pattern)):
        if (all_too or not _is_hidden(path.removeprefix(folder))) and system.isfile(path):
            count += 1
            yield _file(written + path.removeprefix(fixed) + chained + rest, system, path)
    if not count:
        raise CorpusError(f"{_shown(name)} matches no file", "Check the pattern.")


def _file(name: str, system: System, path: str, bare: str = "") -> File:
    """Return the file at a path; `bare` is a URL's without what is no path."""
    stem, suffix = posixpath.splitext(posixpath.basename(bare or path))
    compression = suffix.lower() if suffix.lower() in COMPRESSIONS else ""
    if compression:
        stem, suffix = posixpath.splitext(stem)
    return File(_shown(name), stem, suffix.lower(), compression, system, path)


def _shown(name: str) -> str:
    """Return a name that can be written down: bytes that are no UTF-8 as their numbers."""
    return name.encode(errors="backslashreplace").decode()
