"""`annotate build`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from annotate.cli.common import (
    json_option,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    workspace_option,
)
from annotate.workspace import Workspace


@click.command()
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@workspace_option
@json_option
def build(workspace: Workspace, out: Path, *, as_json: bool) -> None:
    """Build the Hugging Face dataset.

    From the ledger into the folder OUT; needs no server. The same ledger, corpus and
    schema give the same bytes.

    \b
    Example:
      annotate build dataset
    """
    from annotate.studio.ledger import open_ledger

    schema = load_workspace_schema(workspace)
    with open_ledger(workspace.ledger_path) as ledger:
        articles, place, changed = load_known(workspace, ledger)
        annotations = list(ledger.annotations(place)) if place else []
    import datasets

    from annotate.dataset.build import build as carry_out

    datasets.disable_progress_bars()
    settings = workspace.settings.dataset
    built = carry_out(out, articles, annotations, schema, settings, rich_progress)
    if as_json:
        print_json({"path": str(out.resolve()), **msgspec.structs.asdict(built)})
        return
    click.echo(
        f"{out}: {plural(built.articles, 'article')}, "
        f"{plural(built.entities, 'entity', 'entities')}, {plural(built.relations, 'relation')}"
    )
    click.echo(", ".join(f"{split} {count:,}" for split, count in built.splits.items()))
    if left := {"train", "validation", "test"} - built.splits.keys():
        click.echo(f"No article falls into {' and '.join(sorted(left))} yet.")
    for left_out in (
        plural(built.unannotated, "article") + " without a submitted annotation",
        plural(built.outdated, "annotation") + " of a text that the corpus no longer has",
        plural(built.superseded, "annotation") + " with a later one of the same article",
        plural(built.set_aside, "mark") + " that could not be proved",
    ):
        if not left_out.startswith("0 "):
            click.echo(f"Left out: {left_out}")
    if changed:
        count = plural(len(changed), "article")
        click.echo(f"With the text that was pushed, changed in the corpus since: {count}")
    if built.losses:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in built.losses.items())
        click.echo(f"Not in `tokens` as marked: {reasons} (losses.parquet)")
    click.echo(f'load_dataset("{out}", "spans")')
