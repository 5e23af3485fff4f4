"""Opening the ledger's file, which is made or brought to the present version first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotate.errors import LedgerError
from annotate.studio.ledger import tables
from annotate.studio.ledger.ledger import Ledger

# Seconds that another process may hold the file.
_PATIENCE = 30


@contextmanager
def open_ledger(path: Path) -> Iterator[Ledger]:
    """Open the ledger at `path`, made if absent, and close it at the end.

    Raises `LedgerError` when the file is not a ledger, or cannot be read or written.
    """
    try:
        connection = sqlite3.connect(path, timeout=_PATIENCE)
        try:
            _prepare(connection, path)
            yield Ledger(connection)
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise LedgerError(
            f"the ledger {path} cannot be used: {error}",
            "Check that it is a ledger, its permissions, and the disk's space; what was written"
            " before is whole.",
        ) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (found,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and found:
            raise LedgerError(f"{path} is a database of something else", "Move it elsewhere.")
        if version > tables.VERSION:
            raise LedgerError(
                f"the ledger {path} has version {version}, this annotate knows {tables.VERSION}",
                "Upgrade annotate-corpus.",
            )
        if version == 0:
            tables.create(connection)
            path.chmod(0o600)
        elif version < tables.VERSION:
            tables.upgrade(connection, version)
        if version != tables.VERSION:
            connection.execute(f"PRAGMA user_version = {tables.VERSION}")
    # After the file is its owner's only: the files beside it get its mode.
    connection.execute("PRAGMA journal_mode = WAL")
