"""`annotate schema check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.common import folder_option, json_option, plural, print_json, shown
from annotate.errors import SchemaError
from annotate.workspace import open_workspace

if TYPE_CHECKING:
    from annotate.schema import Schema


@click.command()
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@folder_option
@json_option
def check(file: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Check a schema file, and name all its faults at once.

    Without FILE the schema of the workspace. Each fault has its line and its path in the
    file; the exit status is then 1.

    \b
    Example:
      annotate schema check
      annotate schema check schemas/draft.yaml
    """
    from annotate.schema import load_schema

    if file and folder:
        raise click.UsageError("Give FILE or --workspace, not both.")
    path = file or open_workspace(folder or Path.cwd()).schema_path
    try:
        schema = load_schema(path)
    except SchemaError as error:
        if not as_json:
            raise
        print_json({"file": str(path), "ok": False, "faults": error.problems or [error.problem]})
        raise click.exceptions.Exit(1) from error
    counts = _counts(schema)
    if as_json:
        told = {"name": schema.name, "version": schema.version, "language": schema.language}
        print_json({"file": str(path), "ok": True, "faults": [], **told, **counts})
        return
    listed = ", ".join(plural(count, noun.removesuffix("s")) for noun, count in counts.items())
    click.echo(f"{shown(path)}: {schema.name} {schema.version} ({schema.language}): ", nl=False)
    click.echo(f"{listed}. No fault.")


def _counts(schema: Schema) -> dict[str, int]:
    return {
        "labels": len(schema.entities),
        "relations": len(schema.relations),
        "attributes": len(schema.attributes),
        "choices": len(schema.choices),
    }
