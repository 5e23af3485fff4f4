"""`annotate corpus sample`."""

from __future__ import annotations

from pathlib import Path

import click

from annotate.cli.common import (
    json_option,
    plural,
    print_json,
    rich_progress,
    shown,
    workspace_option,
    write_file,
)
from annotate.workspace import Workspace


def _strata(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, ...]:
    from annotate.corpus.sample import STRATA

    names = tuple(name.strip() for name in value.split(",") if name.strip())
    for name in names:
        if name not in STRATA:
            raise click.BadParameter(f"{name!r} is not one of {', '.join(STRATA)}")
    return names


@click.command()
@click.option(
    "-n", "size", type=click.IntRange(min=1), required=True, metavar="N", help="How many."
)
@click.option("--seed", default=0, show_default=True, metavar="S", help="Another seed, others.")
@click.option(
    "--by", default="", metavar="NAME,…", callback=_strata,
    help="Take from each source, language, author, year or month its share.",
)  # fmt: skip
@click.option(
    "--one-per-cluster/--whole-clusters", default=True, show_default=True,
    help="Never two near-duplicates, or as if they were none.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write the list there.",
)  # fmt: skip
@workspace_option
@json_option
def sample(
    workspace: Workspace, size: int, seed: int, by: tuple[str, ...], out: Path | None, *,
    one_per_cluster: bool, as_json: bool,
) -> None:  # fmt: skip
    """Draw articles to annotate: a list of ids that push accepts.

    The same seed draws the same articles on every machine. A larger sample without --by
    holds the smaller one of the same seed.

    \b
    Example:
      annotate corpus sample -n 200 --seed 1 --by source,month --out first.ids
      annotate push --ids first.ids
    """
    from annotate.corpus.corpus import open_corpus
    from annotate.corpus.sample import draw_sample

    articles = open_corpus(workspace).known(rich_progress)
    ids = draw_sample(articles, size, seed=seed, by=by, one_per_cluster=one_per_cluster)
    if out:
        write_file(out, "".join(f"{article_id}\n" for article_id in ids))
    if as_json:
        print_json({"ids": ids, "seed": seed, "by": list(by), "one_per_cluster": one_per_cluster})
    elif out:
        click.echo(f"{shown(out)}: {plural(len(ids), 'article')}")
    else:
        click.echo("\n".join(ids))
