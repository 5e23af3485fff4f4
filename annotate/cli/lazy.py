"""Groups of commands whose modules are imported when they are used."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

# More letters than a first sentence has: click would cut it off to keep it on one line.
_WHOLE = 300


class LazyGroup(click.Group):
    """A group whose commands are each a module of a package, with a function of its name.

    A dash is an underscore there, and a name that Python has taken ends in one.
    """

    def __init__(self, *args: Any, package: str, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.package = package
        self.names = tuple(names)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in their order."""
        return list(self.names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command."""
        if cmd_name not in self.names:
            return None
        name = cmd_name.replace("-", "_")
        name += "_" * keyword.iskeyword(name)
        command = getattr(import_module(f"{self.package}.{name}"), name)
        assert isinstance(command, click.Command)  # noqa: S101
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the message about a mistyped one names what is near."""
        name = args[0]
        if name not in self.names and (near := get_close_matches(name, self.names, n=1)):
            ctx.fail(f"No such command {name!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its whole first sentence, wrapped where it is long."""
        found = [(name, self.get_command(ctx, name)) for name in self.names]
        rows = [(name, one.get_short_help_str(_WHOLE)) for name, one in found if one is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
