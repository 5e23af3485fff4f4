"""`annotate schema`: what is annotated, and how that changes."""

from __future__ import annotations

import click

from annotate.cli.lazy import LazyGroup

# In the order of the work.
COMMANDS = ("check", "guide", "json-schema", "import", "diff", "migrate")


@click.group(cls=LazyGroup, package=__name__, names=COMMANDS)
def schema() -> None:
    """Check the schema, explain it to annotators, and change it without losing their work.

    The schema is the YAML file that annotate.toml names. The labelling page, the guide and
    the dataset's columns come from it.

    \b
    Example:
      annotate schema check
      annotate schema diff
      annotate schema migrate --to 2.0.0
    """
