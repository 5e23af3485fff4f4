"""`annotate init`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Lay out a new workspace with a sample schema and corpus.

    DIR must not exist or be empty.

    \b
    Example:
      annotate init my-project
    """
    from annotate.workspace import init_workspace

    init_workspace(folder)
    click.echo(f"{folder} is ready: annotate.toml, schemas/, corpus/")
    click.echo(f"Next: cd {folder}, put your articles into corpus/articles/, run `annotate push`.")
