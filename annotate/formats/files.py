"""Files of other tools: found, read and replaced the same way whatever their format."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from annotate.errors import FormatError, StudioError

# Of further errors, how many are told.
_TOLD = 10


def unreadable(path: Path, error: OSError) -> FormatError:
    """Return the error for a file that the system does not give."""
    reason = error.strerror or error
    return FormatError(f"{path} cannot be read: {reason}", "Check its name and permissions.")


class SeveralFaults(FormatError):
    """More than one fault; it tells the first, and where the others are."""

    several: tuple[FormatError | StudioError, ...] = ()


class Faults:
    """Collects what is wrong in several files or lines, so that one reading tells all of it."""

    def __init__(self) -> None:
        self._found: list[FormatError | StudioError] = []

    def add(self, error: FormatError | StudioError) -> None:
        """Note one; of an error that tells several, each of them."""
        self._found += error.several if isinstance(error, SeveralFaults) else (error,)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Note the error in which something ends, and go on."""
        try:
            yield
        except (FormatError, StudioError) as error:
            self.add(error)

    def tell(self) -> None:
        """Raise the first one, with how many more there are and where, when there is any."""
        if not self._found:
            return
        first, *others = self._found
        if not others:
            raise first
        places = "; ".join(one.problem.partition(": ")[0] for one in others[:_TOLD])
        rest = "; …" if len(others) > _TOLD else ""
        told = f"{first.problem} (and {len(others):,} more: {places}{rest})"
        error = SeveralFaults(told, first.remedy)
        error.several = tuple(self._found)
        raise error from first


def files_of(path: Path, endings: Iterable[str]) -> list[Path]:
    """Return the file, or a folder's files with one of the endings, by name."""
    if not path.is_dir():
        return [path]
    known = tuple(endings)
    files = sorted(file for file in path.iterdir() if file.name.lower().endswith(known))
    if not files:
        raise FormatError(f"{path} has no file that ends in {', '.join(known)}", "Name a file.")
    return files


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file in UTF-8 with their numbers, without line ends."""
    number = 0
    try:
        # Only a line feed ends a line here: a token may hold what else Python takes for one.
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.removesuffix("\n").removesuffix("\r")
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path} is not UTF-8 soon after line {number}", "Save it as UTF-8."
        ) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside this one; what is written there takes its place when all went well.

    It may become a file or, where this path is none or an empty folder, a folder.
    """
    fresh = path.with_name(f".{path.name}.new")
    try:
        _remove(fresh)
        yield fresh
        fresh.replace(path)
    except OSError as error:
        raise FormatError(
            f"{path} cannot be written: {error.strerror or error}",
            "Free some space or name another one; what was there is untouched.",
        ) from error
    finally:
        with suppress(OSError):
            _remove(fresh)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[IO[str]]:
    """Open a text file in UTF-8 that takes the place of this one when all is written."""
    with replacing(path) as fresh, fresh.open("w", encoding="utf-8", newline="\n") as file:
        yield file
