"""What is restored from: the workspace's ledger, or a backup that becomes it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from annotate.errors import LedgerError
from annotate.progress import Progress, silent
from annotate.studio.ledger import EXPORT, Ledger, Place, open_ledger
from annotate.studio.ledger.verify import Fault, verify
from annotate.studio.system import write_private

_TABLES = ("annotations", "tasks", "articles", "projects")


@contextmanager
def open_source(
    path: Path, backup: Path | None, *, dry_run: bool = False, force: bool = False,
    progress: Progress = silent,
) -> Iterator[Ledger]:  # fmt: skip
    """Open the workspace's ledger at `path`, which the backup becomes first if it is empty.

    Its chain of hashes is checked; `force` goes on with one that is broken, as long as every
    row can be read. With `dry_run` nothing is written. Raises `LedgerError` when there is
    nothing to restore from, or the ledger tells of other things than the backup.
    """
    if backup is None:
        if not path.exists():
            raise LedgerError(f"there is no ledger {path}", _NAME_ONE)
        with open_ledger(path) as ledger:
            if is_empty(ledger):
                raise LedgerError("the ledger of this workspace is empty", _NAME_ONE)
            _require_sound(ledger, force=force, progress=progress)
            yield ledger
        return
    with _opened_copy(backup, path.with_name("restoring.sqlite3")) as copy:
        _require_sound(copy, force=force, progress=progress)
        if dry_run and not path.exists():
            yield copy
            return
        with open_ledger(path) as ledger:
            if is_empty(ledger):
                if dry_run:
                    yield copy
                    return
                # In one transaction of SQLite's own: all of it is there, or nothing.
                with closing(sqlite3.connect(path)) as connection:
                    copy.copy_to(connection)
            elif not continues(ledger, copy):
                raise LedgerError(
                    f"the ledger of this workspace does not go on from {backup}: they are two"
                    " histories",
                    "Restore without a file, or in a new workspace (`annotate init`).",
                )
            yield ledger


_NAME_ONE = "Name a backup of one: `annotate restore FILE`."


@contextmanager
def _opened_copy(backup: Path, path: Path) -> Iterator[Ledger]:
    """Open a copy of a backup, brought to the present version; the backup stays as it is."""
    if not backup.is_file():
        raise LedgerError(f"there is no file {backup}", "Name a file that `annotate backup` made.")
    beside = [path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")]
    try:
        for file in beside:
            file.unlink(missing_ok=True)
        write_private(path, b"")
        _copy(backup, path)
        with open_ledger(path) as ledger:
            yield ledger
    finally:
        for file in beside:
            file.unlink(missing_ok=True)


def _copy(backup: Path, path: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{backup.resolve().as_uri()}?mode=ro", uri=True)) as there,
            closing(sqlite3.connect(path)) as here,
        ):
            (version,) = there.execute("PRAGMA user_version").fetchone()
            if not version:
                raise LedgerError(f"{backup} is not a ledger", "Name a backup of one.")
            there.backup(here)
    except sqlite3.Error as error:
        raise LedgerError(
            f"{backup} cannot be read as a ledger: {error}", "Name another backup."
        ) from error


def is_empty(ledger: Ledger) -> bool:
    """Whether nothing was ever pushed or pulled."""
    some = (ledger.query(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in _TABLES)  # noqa: S608
    return not any(some)


def continues(ledger: Ledger, backup: Ledger) -> bool:
    """Whether a ledger holds all that a backup does, and perhaps more after it."""
    for server, project, rows, head in backup.query("SELECT * FROM chains"):
        at = ledger.query(
            "SELECT hash FROM annotations WHERE server = ? AND project = ? ORDER BY row"
            " LIMIT 1 OFFSET ?", server, project, rows - 1,
        ).fetchone()  # fmt: skip
        if at != (head,):
            return False
    texts = backup.query("SELECT article, sha256 FROM articles")
    return all(
        ledger.query("SELECT 1 FROM articles WHERE article = ? AND sha256 = ?", *text).fetchone()
        for text in texts
    )


def _require_sound(ledger: Ledger, *, force: bool, progress: Progress) -> None:
    # Texts that are missing may be in the corpus: see the plan.
    wrong: dict[str, Fault] = {}

    def take(fault: Fault) -> None:
        wrong.setdefault(fault.kind, fault)

    verify(ledger, take, progress)
    fault = wrong.get("content") or (None if force else wrong.get("chain"))
    if fault is not None:
        also = "" if fault.kind == "content" else ", or look at them and restore with --force"
        raise LedgerError(
            f"the ledger is not as it was written, first at {fault.where}: {fault.problem}",
            "See everything with `annotate ledger verify`. Restore an earlier backup in a new"
            f" workspace{also}.",
        )


def find_source(ledger: Ledger, own: str, target: str) -> str:
    """Return the server whose projects are to be rebuilt.

    That is the workspace's `own`; in a new workspace, the only one that the ledger tells of
    beside the `target`. Without a first part a restore is unfinished.
    """
    rows = ledger.query("SELECT server FROM projects WHERE part = 0 ORDER BY server")
    known: list[str] = [server for (server,) in rows if server != EXPORT]
    if own in known:
        return own
    others = [server for server in known if server != target] or known
    if len(others) == 1:
        return others[0]
    if not others:
        raise LedgerError("the ledger knows no project", "Run `annotate push`.")
    raise LedgerError(
        f"the ledger knows projects at {', '.join(others)}",
        "Set LABEL_STUDIO_URL to the one to restore, and name the new server with --to.",
    )


def count_later(ledger: Ledger, source: str, target: str) -> dict[str, int]:
    """Count the annotations made at other servers since this source was restored there."""
    rows = ledger.query(
        "SELECT DISTINCT projects.server, projects.project FROM projects JOIN ties"
        " USING (server, project) WHERE old_server = ?",
        source,
    )
    later: dict[str, int] = {}
    for server, project in rows.fetchall():
        place = Place(server, project)
        if server not in {source, target}:
            made = ledger.numbers(place).keys() - ledger.ties.all(place).keys()
            later[server] = later.get(server, 0) + len(made)
    return {server: count for server, count in later.items() if count}
