"""Make the generated documentation, or check that it is current.

python -m docs.generate [--check]
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from annotate.cli import annotate as program
from annotate.schema import guide_markdown, load_schema
from annotate.schema.json_schema import json_schema_text

ROOT = Path(__file__).parent.parent


def commands(group: click.Group = program, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield every command with what people type after `annotate`, a group before its own."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None  # noqa: S101
        yield f"{above}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")


def command_reference() -> str:
    """Return every command's help as Markdown."""
    parts = [
        "# Commands",
        "Made from the code by `make docs`.",
        f"```text\n{_help(program, 'annotate')}\n```",
    ]
    for name, command in commands():
        usage = f"annotate {name}"
        parts += [f"## {usage}", f"```text\n{_help(command, usage)}\n```"]
    return "\n\n".join(parts) + "\n"


def _help(command: click.Command, usage: str) -> str:
    settings = program.context_settings
    with click.Context(command, info_name=usage, terminal_width=88, **settings) as context:
        return command.get_help(context)


def pages() -> dict[Path, str]:
    """Return every generated page's text by its path."""
    made = {ROOT / "docs" / "commands.md": command_reference()}
    made[ROOT / "schemas" / "schema.json"] = json_schema_text()
    for path in sorted((ROOT / "schemas").glob("*.yaml")):
        made[path.with_suffix(".md")] = guide_markdown(load_schema(path))
    return made


def main() -> int:
    """Write the pages, or with --check name those that are out of date."""
    check = "--check" in sys.argv[1:]
    stale = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if check:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date; run `make docs`\n")
        else:
            path.write_text(pages()[path], encoding="utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
