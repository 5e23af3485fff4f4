"""`annotate build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import (
    build_dataset,
    json_option,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    workspace_option,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.dataset.built import Built


@click.command()
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--schema-version", "version", metavar="VERSION",
    help="The dataset as it was under this version, before a migration.",
)  # fmt: skip
@workspace_option
@json_option
def build(workspace: Workspace, out: Path, version: str | None, *, as_json: bool) -> None:
    """Build the Hugging Face dataset.

    From the ledger into the folder OUT; needs no server. The same ledger, corpus and
    schema give the same bytes. After a migration of the schema the ledger still has what
    was annotated before.

    \b
    Example:
      annotate build dataset
      annotate build before --schema-version 1.0.0
    """
    from annotate.studio.ledger import open_ledger
    from annotate.studio.versions import find_version

    schema = load_workspace_schema(workspace)
    with open_ledger(workspace.ledger_path) as ledger:
        articles, places, changed, page = load_known(workspace, ledger)
        found = find_version(ledger, places, page, schema, version)
        annotations = [
            annotation
            for place in places
            for annotation in ledger.annotations(place, found.until.get(place))
        ]
    built = build_dataset(workspace, out, articles, annotations, found.schema, found.waiting)
    if as_json:
        print_json({"path": str(out.resolve()), **msgspec.structs.asdict(built)})
    else:
        _print(built, out, changed)


def _print(built: Built, out: Path, changed: tuple[str, ...]) -> None:
    click.echo(
        f"{out}: {plural(built.articles, 'article')}, "
        f"{plural(built.entities, 'entity', 'entities')}, {plural(built.relations, 'relation')}"
    )
    click.echo(", ".join(f"{split} {count:,}" for split, count in built.splits.items()))
    if empty := {"train", "validation", "test"} - built.splits.keys():
        click.echo(f"No article falls into {' or '.join(sorted(empty))} yet.")
    for count, noun, why in (
        (built.unannotated, "article", "without a submitted annotation"),
        (built.outdated, "annotation", "of a text that the corpus no longer has"),
        (built.superseded, "annotation", "with a later one of the same article"),
        (built.set_aside, "mark", "that could not be proved"),
        (built.waiting, "span", "whose label was split, until they are reviewed"),
        (built.waiting_relations, "relation", "at those spans"),
    ):
        if count:
            click.echo(f"Left out: {plural(count, noun)} {why}")
    if changed:
        articles = plural(len(changed), "article")
        click.echo(f"With the text that was pushed, changed in the corpus since: {articles}")
    if built.losses:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in built.losses.items())
        click.echo(f"Not in `tokens` as marked: {reasons} (losses.parquet)")
    click.echo(f'Load it: load_dataset("{out}", "spans")')
