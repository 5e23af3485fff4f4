"""Backup: the whole ledger in one file, checked before anyone relies on it."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from annotate.errors import LedgerError
from annotate.progress import Progress, silent
from annotate.studio.ledger import Ledger
from annotate.studio.ledger.verify import Checked, Fault, open_to_read, verify


class BackedUp(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds: counts of what counts now, and of every row ever added.

    `sha256` is the digest of the file, `size` its bytes. `lost_texts` counts annotations and
    tasks whose texts the ledger never had.
    """

    annotations: int
    drafts: int
    articles: int
    rows: int
    projects: int
    size: int
    sha256: str
    lost_texts: int = 0


def back_up(ledger: Ledger, path: Path, progress: Progress = silent) -> BackedUp:
    """Copy the ledger into one file, mode 0600, as it is at this moment; others may go on.

    The copy is checked, then takes the place of `path` in one step. Raises `LedgerError`,
    and leaves what was there, when the copy has a fault or cannot be written.
    """
    beside = path.with_name(f".{path.name}.new")
    try:
        _make_private(beside)
        _copy(ledger, beside)
        found = _check(beside, path, progress)
        beside.replace(path)
        _sync(path.parent)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise LedgerError(
            f"{path} cannot be written: {reason}", "Check the folder, its permissions and space."
        ) from error
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return found


def _make_private(path: Path) -> None:
    path.unlink(missing_ok=True)
    # People's names are in it.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _copy(ledger: Ledger, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        ledger.copy_to(connection)
        # The mode of the ledger needs two more files beside it.
        connection.execute("PRAGMA journal_mode = DELETE")
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(copy: Path, path: Path, progress: Progress) -> BackedUp:
    faults: list[Fault] = []
    lost = 0

    def take(fault: Fault) -> None:
        nonlocal lost
        lost += fault.kind == "text"
        if fault.kind != "text" and not faults:
            faults.append(fault)

    with open_to_read(copy) as ledger:
        checked = verify(ledger, take, progress)
        if faults:
            raise LedgerError(
                f"{path} was not written: the ledger is not as it was, first at {faults[0].where}:"
                f" {faults[0].problem}",
                "`annotate ledger verify` lists everything. Keep earlier backups, and a copy of"
                " .annotate/ as it is.",
            )
        return _count(ledger, checked, copy, lost)


def _count(ledger: Ledger, checked: Checked, copy: Path, lost: int) -> BackedUp:
    counts = dict(
        ledger.query("SELECT kind, count(*) FROM latest WHERE body IS NOT NULL GROUP BY kind")
    )
    (projects,) = ledger.query("SELECT count(*) FROM projects").fetchone()
    (articles,) = ledger.query("SELECT count(DISTINCT article) FROM articles").fetchone()
    with copy.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return BackedUp(
        annotations=counts.get("annotation", 0), drafts=counts.get("draft", 0),
        articles=articles, rows=checked.rows, projects=projects, size=copy.stat().st_size,
        sha256=sha256, lost_texts=lost,
    )  # fmt: skip
