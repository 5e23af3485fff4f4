"""The files of a dataset, what is checked of them, and what publishing them came to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from annotate.dataset.digests import digest_of
from annotate.dataset.lock import LOCK, Lock, read_lock, reading
from annotate.errors import DatasetError
from annotate.progress import Progress


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the dataset: its path there, its size in bytes and its digest (SHA-256)."""

    name: str
    size: int
    sha256: str


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """Something that must hold before a dataset is published.

    `name` says what was looked at, `problems` what does not hold, `remedy` what to do then.
    `note` is worth knowing although it holds.
    """

    name: str
    problems: tuple[str, ...] = ()
    remedy: str = ""
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether no problem was found."""
        return not self.problems


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """What was published, or would be; `done` tells which.

    `removed` files are those of the former version that the new one lacks. `place` is where
    this very version is found: an address with the commit, a folder, a URL. `commit` is the
    Hub's. `load` is the line of Python that loads this version.
    """

    target: str
    files: tuple[File, ...]
    checks: tuple[Check, ...]
    removed: tuple[str, ...] = ()
    place: str = ""
    commit: str = ""
    tag: str = ""
    load: str = ""
    done: bool = False

    @property
    def ready(self) -> bool:
        """Whether every check holds."""
        return all(check.holds for check in self.checks)

    @property
    def size(self) -> int:
        """The bytes of all the files."""
        return sum(file.size for file in self.files)


class Sent(NamedTuple):
    """Where the new version is, the line that loads it, its commit where there are commits."""

    place: str
    load: str
    commit: str = ""


class Target(Protocol):
    """Where a dataset goes."""

    def look(self, files: tuple[File, ...]) -> list[str]:
        """Return the files that the new version will not have; changes nothing.

        Raises `DatasetError` when the dataset cannot go there.
        """

    def send(self, folder: Path, files: tuple[File, ...], progress: Progress) -> Sent:
        """Send the files, read them back and compare; the old version is whole until then."""


def files_of(folder: Path) -> tuple[File, ...]:
    """Return every file of a built dataset, by name.

    Raises `DatasetError` when no build wrote the folder, or it cannot be read.
    """
    read_lock(folder)
    with reading(folder):
        found = (_file(folder, path) for path in _paths(folder))
        return tuple(sorted(found, key=lambda file: file.name))


def _file(folder: Path, path: Path) -> File:
    with reading(path):
        name = path.relative_to(folder).as_posix()
        return File(name=name, size=path.stat().st_size, sha256=digest_of(path))


def digests_of(folder: Path) -> dict[str, str]:
    """Return the digest (SHA-256) of every file below a folder, by its path there."""
    return {path.relative_to(folder).as_posix(): digest_of(path) for path in _paths(folder)}


def _paths(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def identity_of(files: Iterable[File]) -> str:
    """Return a digest of all the files, short enough for a name: 16 hexadecimal digits."""
    listed = "".join(f"{file.sha256}  {file.name}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


def stale_files(target: str, there: Iterable[str], lock: Lock, files: Iterable[File]) -> list[str]:
    """Return the files of the old version, known by its lock, that the new one lacks.

    Raises `DatasetError` when something lies there that no build wrote.
    """
    found = set(there)
    if foreign := sorted(found - lock.files.keys() - {LOCK}):
        raise DatasetError(
            f"{target} holds {_listed(foreign)}, which no build wrote",
            "Move it elsewhere; what is published replaces everything there.",
        )
    return sorted(found - {file.name for file in files})


def compare(target: str, there: Mapping[str, str], files: Iterable[File], remedy: str) -> None:
    """Raise `DatasetError` when the digests read back from a target are not those sent."""
    sent = {file.name: file.sha256 for file in files}
    if different := sorted(dict(sent.items() ^ there.items())):
        raise DatasetError(
            f"{_listed(different)} read back from {target} is not what was sent", remedy
        )


def changed(file: File) -> DatasetError:
    """Return the error that tells that a file is not the one that was checked."""
    return DatasetError(
        f"{file.name} changed while it was being published",
        "Publish again; the old version is untouched.",
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"
