"""What a build replaces: nothing that it did not write, and no word of a person is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from annotate.dataset.card.kept import read_kept, without_kept
from annotate.dataset.lock import CARD, LOCK, WRITTEN, lost_lock, read_lock
from annotate.errors import DatasetError
from annotate.text import digest


def refuse_foreign(out: Path) -> None:
    """Raise `DatasetError` when `out` is or holds anything that a build did not write."""
    if not out.exists():
        return
    if lost := lost_lock(out):
        raise lost
    if not out.is_dir() or (any(out.iterdir()) and not (out / LOCK).is_file()):
        raise DatasetError(
            f"{out} exists and is not a dataset built here",
            "Name a new folder; what is in this one is not to be lost.",
        )
    foreign = sorted({path.name for path in out.iterdir()} - WRITTEN)
    if foreign:
        raise DatasetError(
            f"{out} holds {', '.join(foreign)}, which a build did not write",
            "Move it elsewhere; a build replaces the whole folder.",
        )


def former_card(out: Path) -> str:
    """Return the card that is replaced, empty when there is none; refuse a broken one early."""
    path = out / CARD
    if not path.is_file():
        return ""
    try:
        card = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8", "Save it as UTF-8, or delete it.") from error
    read_kept(card)
    return card


def save_card(out: Path, card: str) -> str:
    """Save the card that is replaced when it is not as its build wrote it; return where.

    Its kept sections stay in the new card, so of them nothing is said. What it is saved as lies
    beside the dataset, and is never written over: another one gets a number. Returns an empty
    text when there was nothing to save.
    """
    if not card or digest(without_kept(card)) == _told(out):
        return ""
    written = (out / CARD).read_bytes()
    for path in _names(Path(os.path.realpath(out))):
        if not path.exists():
            _write(path, written)
            return str(path)
        if path.is_file() and path.read_bytes() == written:
            return str(path)
    raise AssertionError  # pragma: no cover - there is always another number


def _told(out: Path) -> str:
    """Return the digest that the lock has of the card; without one the card may be anything."""
    try:
        return read_lock(out).files.get(CARD, "")
    except DatasetError:
        return ""


def _names(out: Path) -> Iterator[Path]:
    """Yield what a saved card may be called, beside the dataset."""
    yield out.with_name(f"{out.name}.README.before.md")
    for number in count(2):
        yield out.with_name(f"{out.name}.README.before.{number}.md")


def _write(path: Path, content: bytes) -> None:
    """Write a file that is not there yet, whole or not at all."""
    with path.open("xb") as file:
        try:
            file.write(content)
            file.flush()
        except OSError:
            path.unlink()
            raise
