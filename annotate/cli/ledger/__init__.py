"""`annotate ledger`: the record of every annotation ever pulled."""

from __future__ import annotations

import click

from annotate.cli.lazy import LazyGroup

COMMANDS = ("verify",)


@click.group(cls=LazyGroup, package=__name__, names=COMMANDS)
def ledger() -> None:
    """Look after the record of every annotation ever pulled.

    It is one file, `.annotate/ledger.sqlite3`, and rows are only added to it.

    \b
    Example:
      annotate ledger verify
    """
