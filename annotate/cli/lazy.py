"""Groups of commands whose modules are imported when they are used."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click


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
