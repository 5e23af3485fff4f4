"""The folder that a dataset is published into, which one process at a time replaces."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotate.dataset.swap import swapping
from annotate.errors import DatasetError


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
        with swapping(hidden, path) as fresh:
            yield fresh
