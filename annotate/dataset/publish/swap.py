"""A folder that takes another one's place, so that at every moment one of them is there whole."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from annotate.errors import DatasetError

# renameat2(2) of Linux: paths are from the current folder, and the two are exchanged.
_HERE, _EXCHANGE = -100, 2


@contextmanager
def taking_the_place_of(path: Path) -> Iterator[Path]:
    """Give an empty folder that takes the place of `path` when all went well.

    It lies in a hidden folder beside it, which one process has at a time. What a process that
    was killed left there is cleared away by the next one.
    Raises `DatasetError` when another process is at work there.
    """
    hidden = path.with_name(f".{path.name}.publishing")
    hidden.mkdir(parents=True, exist_ok=True)
    with (hidden / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DatasetError(
                f"another process publishes to {path}", "Wait until it has ended."
            ) from error
        try:
            fresh, old = hidden / "new", hidden / "old"
            _clear(path, fresh, old)
            fresh.mkdir()
            yield fresh
            put(fresh, path, old)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)


def _clear(path: Path, fresh: Path, old: Path) -> None:
    """Undo what a killed process left, between its two renames too."""
    if old.exists() and not path.exists():
        old.rename(path)
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
    """Move `path` to `old` and `fresh` to `path`; the first is undone when the second fails."""
    path.rename(old)
    try:
        fresh.rename(path)
    except BaseException:
        # Also when interrupted: the folder of `old` is about to be removed.
        with suppress(OSError):
            old.rename(path)
        raise
