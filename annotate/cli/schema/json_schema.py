"""`annotate schema json-schema`."""

from __future__ import annotations

import click


@click.command()
def json_schema() -> None:
    """Print the JSON Schema of schema files.

    With it editors complete keys and check a file while it is written. A workspace has it
    as schemas/schema.json, and the first line of a schema file names it.

    \b
    Example:
      annotate schema json-schema > schemas/schema.json
    """
    from annotate.schema.json_schema import json_schema_text

    click.echo(json_schema_text(), nl=False)
