"""`annotate dataset`: what is done with a dataset that was built."""

from __future__ import annotations

import click

from annotate.cli.lazy import LazyGroup

# In the order of the work.
COMMANDS: tuple[str, ...] = ("check", "balance", "encode", "export")


@click.group(cls=LazyGroup, package=__name__, names=COMMANDS)
def dataset() -> None:
    """Check, balance, encode and export a dataset that was built.

    \b
    Example:
      annotate dataset check
      annotate dataset encode --tokenizer tokenizer.json encoded
    """
