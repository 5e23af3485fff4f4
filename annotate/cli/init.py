"""`annotate init`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Lay out a new workspace with a sample schema and corpus.

    DIR is made; one that is there already must be empty.

    \b
    Example:
      annotate init my-project
    """
    from annotate.workspace import init_workspace

    workspace = init_workspace(folder)
    samples = sum(1 for _ in workspace.corpus_path.iterdir())
    click.echo(f"{folder} is ready: annotate.toml, schemas/, corpus/")
    click.echo(f"Next: cd {folder} and replace the {samples} sample articles in corpus/articles/;")
    click.echo("then run `annotate serve --open` in a terminal of its own, and `annotate push`.")
