"""Publishing to a file system that fsspec knows, such as S3.

An object store renames nothing, so a new version never touches a file of the old one. It
goes under a name of its own, made of its files' digests, as a whole dataset:

    s3://bucket/corpus/README.md                     the card; its paths begin with the version
    s3://bucket/corpus/0a1b2c3d4e5f6789/README.md    the version, to the byte as it was built
    s3://bucket/corpus/0a1b2c3d4e5f6789/spans/train-00000-of-00001.parquet

All of it is read back and compared before the card is written, which is the switch: one
small file, which a store replaces at once. Until then the old card names the old files.
What the old version had is removed last. A copy of the folder loads by its card:
`load_dataset("corpus", "spans")`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
import msgspec
from huggingface_hub import DatasetCard

from annotate.dataset.digests import digest_of_stream
from annotate.dataset.lock import CARD, LOCK, Lock
from annotate.dataset.publish.files import File, Sent, changed, compare, identity_of
from annotate.dataset.splits import SPLITS
from annotate.errors import DatasetError
from annotate.progress import Progress

_LOCK = re.compile(rf"[0-9a-f]{{16}}/{re.escape(LOCK)}")


class Store:
    """A folder on a file system that fsspec knows, by its URL.

    Keys and endpoints are that file system's own matter, mostly of the environment.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        with self._telling("cannot be used", "Check the URL."):
            self._system, root = fsspec.core.url_to_fs(self._url)
        self._root = str(root).rstrip("/")

    def look(self, files: tuple[File, ...]) -> list[str]:
        """Return the files of former versions."""
        with self._telling("cannot be listed"):
            there = self._names()
            ours = {*self._published(there)}
        version = identity_of(files)
        # A card alone is not one of ours, which names the files of a version.
        if ours:
            ours.add(CARD)
        ours.update(f"{version}/{file.name}" for file in files)
        foreign = [name for name in there if name not in ours]
        if foreign:
            raise DatasetError(
                f"{self._url} holds {foreign[0]}, which was not published from here",
                "Name another place, or move it elsewhere.",
            )
        return [name for name in there if name != CARD and not name.startswith(f"{version}/")]

    def send(self, folder: Path, files: tuple[File, ...], progress: Progress) -> Sent:
        """Write the new version beside the old one, compare, switch, and clear away."""
        version = identity_of(files)
        untouched = "Publish again; the old version is untouched."
        with self._telling("cannot be written", untouched):
            self._upload(folder, files, version, progress)
        with self._telling("cannot be read back", untouched):
            there = self._digests(files, version, progress)
        compare(self._url, there, files, untouched)
        with self._telling(f"did not confirm the new {CARD}", "Publish again; all else is there."):
            self._switch(folder, files, version)
        with self._telling("has the new version, but keeps files of the old", "Publish again."):
            # A lock goes last, as it came first: it tells which of the files are ours.
            for name in sorted(self.look(files), key=_is_lock):
                self._system.rm_file(self._at(name))
        place = f"{self._url}/{version}"
        return Sent(place, _line_of(place, files))

    def _upload(
        self, folder: Path, files: tuple[File, ...], version: str, progress: Progress
    ) -> None:
        with progress("Sending", sum(file.size for file in files)) as advance:
            for file in sorted(files, key=lambda file: file.name != LOCK):
                path = self._at(f"{version}/{file.name}")
                # What was sent before a failure is not sent again.
                if self._digest(path) != file.sha256:
                    self._system.put_file(str(folder / file.name), path)
                advance(file.size)

    def _digests(self, files: tuple[File, ...], version: str, progress: Progress) -> dict[str, str]:
        """Read every file of a version back; return their digests."""
        sizes = {file.name: file.size for file in files}
        below = f"{version}/"
        names = [name.removeprefix(below) for name in self._names() if name.startswith(below)]
        found: dict[str, str] = {}
        with progress("Reading back", sum(sizes.values())) as advance:
            for name in names:
                found[name] = self._digest(self._at(below + name)) or ""
                advance(sizes.get(name, 0))
        return found

    def _switch(self, folder: Path, files: tuple[File, ...], version: str) -> None:
        text = (folder / CARD).read_bytes()
        (built,) = (file for file in files if file.name == CARD)
        if hashlib.sha256(text).hexdigest() != built.sha256:
            raise changed(built)
        card = versioned_card(text.decode(), files, version).encode()
        self._system.pipe_file(self._at(CARD), card)
        if self._system.cat_file(self._at(CARD)) != card:
            raise OSError("what was read back is not what was sent")

    def _names(self) -> list[str]:
        """Return the files that are there now, by their path below the URL."""
        self._system.invalidate_cache()
        found = self._system.find(self._root)
        return sorted(str(name).removeprefix(self._root).lstrip("/") for name in found)

    def _published(self, there: list[str]) -> Iterator[str]:
        """Yield the files of all versions, by the lock that each has."""
        for name in filter(_is_lock, there):
            try:
                lock = msgspec.json.decode(self._system.cat_file(self._at(name)), type=Lock)
            except (UnicodeDecodeError, msgspec.DecodeError):
                # It is somebody else's.
                continue
            yield name
            yield from (name.removesuffix(LOCK) + file for file in lock.files)

    def _digest(self, path: str) -> str | None:
        """Return the digest of a file there, None when there is none."""
        try:
            with self._system.open(path, "rb") as file:
                return digest_of_stream(file)
        except FileNotFoundError:
            return None

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _telling(
        self, what: str, remedy: str = "Check the name and your rights."
    ) -> Iterator[None]:
        try:
            yield
        except DatasetError:
            raise
        except ImportError as error:
            raise DatasetError(
                f"{self._url} {what}: {error}", "Install that package beside this one."
            ) from error
        except PermissionError as error:
            raise DatasetError(
                f"{self._url} {what}: no right to ({_line(error)})",
                "Check the credentials in your environment, and what they allow.",
            ) from error
        # Every file system of fsspec raises errors of its own.
        except Exception as error:
            raise DatasetError(f"{self._url} {what}: {_line(error)}", remedy) from error


def _line_of(place: str, files: tuple[File, ...]) -> str:
    """Return the line of Python that loads a version where it is."""
    names = (file.name.split("/")[-1] for file in files if file.name.startswith("spans/"))
    splits = {name.split("-")[0] for name in names}
    paths = ", ".join(
        f'"{split}": "{place}/spans/{split}-*.parquet"' for split in SPLITS if split in splits
    )
    return f'load_dataset("parquet", data_files={{{paths}}})'


def _is_lock(name: str) -> bool:
    return _LOCK.fullmatch(name) is not None


def _line(error: Exception) -> str:
    lines = (str(error).strip() or type(error).__name__).splitlines()
    return lines[0].rstrip(".")


def versioned_card(text: str, files: tuple[File, ...], version: str) -> str:
    """Return a card whose paths, of data and of pictures, begin with the version's name."""
    card = DatasetCard(text)
    for config in card.data.get("configs") or []:
        config["data_files"] = _versioned(config["data_files"], version)
    names = "|".join(re.escape(file.name) for file in files)
    link = re.compile(rf"(?<=[(\"'])(?:\./)?({names})(?=[)\"'# ])")
    head, fence, body = str(card).partition("\n---\n")
    return head + fence + link.sub(rf"{version}/\1", body)


def _versioned(paths: Any, version: str) -> Any:
    """Put the version's name before every path in the ways in which a card gives them."""
    if isinstance(paths, str):
        return f"{version}/{paths}"
    if isinstance(paths, list):
        return [_versioned(path, version) for path in paths]
    return {
        key: value if key == "split" else _versioned(value, version) for key, value in paths.items()
    }
