"""The check of the files themselves, pictures included, by the digests in the lock."""

from __future__ import annotations

from pathlib import Path

from annotate.dataset.lock import LOCK, lost, read_lock
from annotate.dataset.publish.files import Check

_NAME = "every file is as the build wrote it"


def intact(folder: Path) -> Check:
    """Check that no file of a built dataset is missing or altered; without a lock, say so.

    The sections of the card that a person writes may be anything. Files beside those of the
    build are no fault here: a copy from the Hub has some.
    Raises `DatasetError` when a file, or the lock, cannot be read.
    """
    if not (folder / LOCK).is_file():
        return Check(name=_NAME, note=f"not known: there is no {LOCK}")
    problems = lost(read_lock(folder), folder)
    return Check(name=_NAME, problems=tuple(problems), remedy="Run `annotate build` again.")
