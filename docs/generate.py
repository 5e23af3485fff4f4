"""Make the generated documentation, or check that it is current.

python -m docs.generate [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from annotate.cli import COMMANDS
from annotate.cli import annotate as program
from annotate.schema import guide_markdown, load_schema

ROOT = Path(__file__).parent.parent


def command_reference() -> str:
    """Return every command's help as Markdown."""
    context = click.Context(program, info_name="annotate", terminal_width=88, max_content_width=88)
    parts = [
        "# Commands",
        "Made from the code by `make docs`.",
        f"```text\n{program.get_help(context)}\n```",
    ]
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None  # noqa: S101
        with click.Context(command, info_name=name, parent=context) as inner:
            parts += [f"## annotate {name}", f"```text\n{command.get_help(inner)}\n```"]
    return "\n\n".join(parts) + "\n"


def pages() -> dict[Path, str]:
    """Return every generated page's text by its path."""
    made = {ROOT / "docs" / "commands.md": command_reference()}
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
