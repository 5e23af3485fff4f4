"""A folder that takes another one's place, so that at every moment one of them is there whole."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotate.errors import DatasetError

# renameat2(2) of Linux: paths are from the current folder, and the two are exchanged.
_HERE, _EXCHANGE = -100, 2


@contextmanager
def swapping(hidden: Path, path: Path) -> Iterator[Path]:
    """Give an empty folder in `hidden` that takes the place of `path` when all went well.

    The hidden folder is removed, but not while it has the only copy of what was there.
    Raises `DatasetError` when it has one, of now or of an earlier time.
    """
    fresh, old = hidden / "new", hidden / "old"
    try:
        _clear(path, fresh, old)
        fresh.mkdir()
        yield fresh
        put(fresh, path, old)
    finally:
        if not _stranded(fresh, old):
            shutil.rmtree(hidden, ignore_errors=True)


def _stranded(fresh: Path, old: Path) -> bool:
    """Whether `old` was moved away and nothing took its place: then `fresh` is there too."""
    return old.exists() and fresh.exists()


def _clear(path: Path, fresh: Path, old: Path) -> None:
    """Undo what a killed process left, between its two renames too."""
    if old.exists() and not path.exists():
        old.rename(path)
    if _stranded(fresh, old):
        raise _unmoved(path, old)
    for folder in (fresh, old):
        if folder.exists():
            shutil.rmtree(folder)


def put(fresh: Path, path: Path, old: Path) -> None:
    """Move the folder `fresh` to `path`; what was there is in `fresh` or in `old` afterwards."""
    if not path.exists():
        fresh.rename(path)
    elif not exchange(fresh, path):
        put_by_turns(fresh, path, old)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; False where the system or the disk cannot do that."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    done: int = rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE)
    return done == 0


def put_by_turns(fresh: Path, path: Path, old: Path) -> None:
    """Move `path` to `old` and `fresh` to `path`; the first is undone when the second fails.

    Raises `DatasetError` when it cannot be undone: what was at `path` is in `old` then.
    """
    path.rename(old)
    try:
        fresh.rename(path)
    except BaseException:
        # Also when interrupted: the folder of `old` is about to be removed.
        _put_back(old, path)
        raise


def _put_back(old: Path, path: Path) -> None:
    try:
        old.rename(path)
    except OSError as error:
        raise _unmoved(path, old) from error


def _unmoved(path: Path, old: Path) -> DatasetError:
    return DatasetError(
        f"{path} was made by something else while it was replaced; what was there before is in "
        f"{old}",
        "Move that to where it belongs, then try again.",
    )
