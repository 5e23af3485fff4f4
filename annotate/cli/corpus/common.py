"""What the commands of `annotate corpus` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from annotate.text import Changes

F = TypeVar("F", bound=Callable[..., Any])

_NAMES = {
    "line_ends": "line end",
    "tabs": "tab",
    "controls": "control character",
    "invisible": "invisible character",
    "composed": "letter composed (NFC)",
    "ends": "space at an end",
}
_MANY = {"composed": "letters composed (NFC)", "ends": "spaces at the ends"}


def engine_option(command: F) -> F:
    """Give the command `engine`, which overrides [duplicates] in annotate.toml."""

    def override(
        _context: click.Context, _parameter: click.Parameter, value: str | None
    ) -> dict[str, str]:
        return {"engine": value} if value else {}

    return click.option(
        "--engine",
        type=click.Choice(["native", "ray"]),
        callback=override,
        help="Where near-duplicates are searched; otherwise as annotate.toml says.",
    )(command)


def describe_changes(changes: Changes) -> str:
    """Return `12 line ends, 1 tab`, or nothing."""
    from annotate.cli.common import plural

    counts = ((getattr(changes, name), name) for name in _NAMES)
    return ", ".join(
        plural(count, _NAMES[name], _MANY.get(name, "")) for count, name in counts if count
    )
