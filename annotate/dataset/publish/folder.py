"""Publishing into a folder: written beside it, read back, then put in its place."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from annotate.dataset.lock import LOCK, read_lock
from annotate.dataset.publish.files import File, Sent, compare, digests_of, stale_files
from annotate.dataset.publish.swap import taking_the_place_of
from annotate.errors import DatasetError
from annotate.progress import Progress


class Folder:
    """A folder on this machine.

    The files are written into a hidden folder beside it, read back and compared; only then
    does that folder take the old one's place, in one step where the disk can do that.
    """

    def __init__(self, path: Path, source: Path) -> None:
        self._path = path
        self._source = source

    def look(self, files: tuple[File, ...]) -> list[str]:
        """Return the files of the old version that the new one lacks."""
        path, target, source = self._path, self._path.resolve(), self._source.resolve()
        if source == target or source in target.parents or target in source.parents:
            raise DatasetError(
                f"{path} and the dataset in {self._source} lie in each other",
                "Name another folder.",
            )
        try:
            return self._stale(files)
        except OSError as error:
            raise DatasetError(
                f"{path} cannot be read: {error.strerror}", "Check its permissions."
            ) from error

    def _stale(self, files: tuple[File, ...]) -> list[str]:
        path = self._path
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return []
        if not (path / LOCK).is_file():
            raise DatasetError(
                f"{path} exists and is not a dataset published before",
                "Name a new folder; what is in this one is not to be lost.",
            )
        there = (found.relative_to(path) for found in path.rglob("*") if not found.is_dir())
        return stale_files(str(path), (name.as_posix() for name in there), read_lock(path), files)

    def send(self, folder: Path, files: tuple[File, ...], progress: Progress) -> Sent:
        """Copy the files beside the folder, compare, and put them in its place."""
        # What a link names is replaced, not the link.
        path = self._path.resolve()
        try:
            with taking_the_place_of(path) as fresh:
                _copy(folder, fresh, files, progress)
                remedy = "Publish again; what was there is untouched."
                compare(str(self._path), digests_of(fresh), files, remedy)
        except OSError as error:
            raise DatasetError(
                f"{self._path} cannot be written: {error.strerror or error}",
                "Free some space or name another folder; what was there is untouched.",
            ) from error
        named = json.dumps(str(self._path), ensure_ascii=False)
        return Sent(str(path), f'load_dataset({named}, "spans")')


def _copy(folder: Path, fresh: Path, files: tuple[File, ...], progress: Progress) -> None:
    with progress("Copying", sum(file.size for file in files)) as advance:
        for file in files:
            to = fresh / file.name
            to.parent.mkdir(parents=True, exist_ok=True)
            with (folder / file.name).open("rb") as given, to.open("wb") as copied:
                shutil.copyfileobj(given, copied)
                # A power cut must not find it empty after the renaming.
                copied.flush()
                os.fsync(copied.fileno())
            advance(file.size)
