"""Publishing into a folder: written beside it, read back, then put in its place."""

from __future__ import annotations

import shutil
from pathlib import Path

from annotate.dataset.lock import LOCK, file_digests, read_lock
from annotate.dataset.publish.files import File, Sent, compare, digest_of, stale_files
from annotate.dataset.writing import replacing
from annotate.errors import DatasetError
from annotate.progress import Progress


class Folder:
    """A folder on this machine.

    The files are written into a hidden folder beside it, read back and compared; only then
    does that folder take the old one's place, by two renames.
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
        if not path.exists() or (path.is_dir() and not any(path.iterdir())):
            return []
        if not (path / LOCK).is_file():
            raise DatasetError(
                f"{path} exists and is not a dataset published before",
                "Name a new folder, or remove it.",
            )
        there = (found.relative_to(path) for found in path.rglob("*") if not found.is_dir())
        return stale_files(str(path), (name.as_posix() for name in there), read_lock(path), files)

    def send(self, folder: Path, files: tuple[File, ...], progress: Progress) -> Sent:
        """Copy the files beside the folder, compare, and put them in its place."""
        try:
            with replacing(self._path) as fresh:
                _copy(folder, fresh, files, progress)
                there = {**file_digests(fresh), LOCK: digest_of(fresh / LOCK)}
                compare(str(self._path), there, files, "Publish again; the old one is untouched.")
        except OSError as error:
            raise DatasetError(
                f"{self._path} cannot be written: {error.strerror or error}",
                "Free some space or name another folder; what was there is untouched.",
            ) from error
        return Sent(str(self._path.resolve()))


def _copy(folder: Path, fresh: Path, files: tuple[File, ...], progress: Progress) -> None:
    with progress("Copying", len(files)) as advance:
        for file in files:
            (fresh / file.name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / file.name, fresh / file.name)
            advance(1)
