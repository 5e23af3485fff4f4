"""`annotate ledger verify`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import folder_option, json_option, plural, print_json, rich_progress
from annotate.errors import LedgerError
from annotate.workspace import open_workspace

if TYPE_CHECKING:
    from annotate.studio.ledger import Ledger
    from annotate.studio.ledger.verify import Checked, Fault


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@folder_option
@json_option
def verify(file: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Check that the ledger, or a backup FILE, is as it was written.

    Finds rows that were altered, removed, inserted or moved, a cut end, what cannot be read,
    texts that are not there or not what they were, and spans outside their texts. Each fault is
    a line; the exit status is then 1. Note the head of a project's chain elsewhere: as long as
    it stays, or later rows follow it, nothing before it was changed.

    \b
    Example:
      annotate ledger verify
      annotate ledger verify backups/2026-11-22.sqlite3
    """
    from annotate.studio.ledger.verify import verify as check

    faults: list[Fault] = []
    texts = 0

    def report(fault: Fault) -> None:
        nonlocal texts
        texts += fault.kind == "text"
        if as_json:
            faults.append(fault)
        else:
            click.echo(f"{fault.where}: {fault.problem}")

    with _open(file, folder) as ledger:
        checked = check(ledger, report, rich_progress)
    if as_json:
        listed = [fault._asdict() for fault in faults]
        found = msgspec.to_builtins(checked)
        print_json({"ok": not checked.faults, **found, "faults": listed})
    else:
        _print(checked, texts)
    if checked.faults:
        raise click.exceptions.Exit(1)


@contextmanager
def _open(file: Path | None, folder: Path | None) -> Iterator[Ledger]:
    from annotate.studio.ledger import open_ledger
    from annotate.studio.ledger.verify import open_to_read

    if file is not None:
        if not file.exists():
            raise LedgerError(f"{file} does not exist", "Name a ledger or a backup of one.")
        with open_to_read(file) as ledger:
            yield ledger
        return
    path = open_workspace(folder or Path.cwd()).ledger_path
    if not path.exists():
        raise LedgerError(f"there is no ledger {path} yet", "`annotate push` begins it.")
    with open_ledger(path) as ledger:
        yield ledger


def _print(checked: Checked, texts: int) -> None:
    for chain in checked.chains:
        where = f"Project {chain.project} at {chain.server}"
        click.echo(f"{where}: {plural(chain.rows, 'row')}, head {chain.head}")
    counts = f"{plural(checked.rows, 'row')} and {plural(checked.articles, 'text')} checked"
    if not checked.faults:
        click.echo(f"{counts}: all as they were written")
        return
    click.echo(f"{counts}: {plural(checked.faults, 'fault')}")
    if texts:
        click.echo("Texts that were pushed from elsewhere come with `annotate push`.")
    if texts < checked.faults:
        click.echo("A backup from before may be whole: `annotate ledger verify FILE` tells.")
