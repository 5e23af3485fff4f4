"""`annotate quarantine`: marks that could not be proved, and what becomes of them."""

from __future__ import annotations

import click

from annotate.cli.lazy import LazyGroup

# In the order of the work.
COMMANDS = ("list", "show", "accept", "drop")


class _Group(LazyGroup):
    """A group in which the module of a command may have the name that Python has taken."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command."""
        if cmd_name != "list":
            return super().get_command(ctx, cmd_name)
        from annotate.cli.quarantine.list_ import list_

        return list_


@click.group(cls=_Group, package=__name__, names=COMMANDS)
def quarantine() -> None:
    """Look at the marks that nobody is sure of, and decide about them.

    A mark goes into quarantine when its offsets cannot be proved, when the schema lacks its
    label, or when the text it was on has changed. It does not count until somebody accepts it.
    A mark whose words changed only a little counts, and waits for a look: accept or drop it.
    What is decided is noted in the ledger; the server is not changed, and pulls keep it.

    \b
    Example:
      annotate quarantine list
      annotate quarantine show 3f2a91c4
      annotate quarantine accept 3f2a91c4 --candidate 1
    """
