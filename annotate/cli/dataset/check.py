"""`annotate dataset check`."""

from __future__ import annotations

from pathlib import Path

import click

from annotate.cli.checks import as_json_object, print_check, print_end
from annotate.cli.common import json_option, print_json, rich_progress


@click.command()
@click.argument("folder", metavar="[DIR]", default="dataset", type=click.Path(path_type=Path))
@click.option(
    "--rare", type=click.IntRange(0), default=10, show_default=True, metavar="N",
    help="Warn of labels with fewer marks than this.",
)  # fmt: skip
@json_option
def check(folder: Path, rare: int, *, as_json: bool) -> None:
    """Prove that a built dataset holds, in DIR or in `dataset`.

    No article, cluster or text is in two splits, also when case, spaces and punctuation are
    left aside; every entity, relation and token is where it says; sentences and annotations are
    in the split of their article; every label that is used occurs in train; no file of the build
    is missing or altered. What does not hold comes with what to do, and the exit status is then
    1. Rare labels, empty splits, articles that nobody annotated and relations that the schema
    does not allow are warnings.

    \b
    Example:
      annotate dataset check
      annotate dataset check published/v2 --rare 50
    """
    from annotate.dataset.checking import check_built, intact

    checks = [*check_built(folder, rare=rare, progress=rich_progress), intact(folder)]
    holds = all(one.holds for one in checks)
    if as_json:
        listed = [as_json_object(one) for one in checks]
        print_json({"ok": holds, "path": str(folder.resolve()), "checks": listed})
    else:
        for one in checks:
            print_check(one)
        print_end(checks, "All of it holds.")
    if not holds:
        raise click.exceptions.Exit(1)
