"""`annotate dataset check`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from annotate.cli.common import json_option, plural, print_json, rich_progress, stdout

if TYPE_CHECKING:
    from annotate.dataset.publish import Check


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
    in the split of their article; every label that is used occurs in train. What does not hold
    comes with what to do, and the exit status is then 1. Rare labels and empty splits are
    warnings.

    \b
    Example:
      annotate dataset check
      annotate dataset check published/v2 --rare 50
    """
    from annotate.dataset.checking import check_built

    checks = check_built(folder, rare=rare, progress=rich_progress)
    failed = [one for one in checks if not one.holds]
    if as_json:
        listed = [_told(one) for one in checks]
        print_json({"ok": not failed, "path": str(folder.resolve()), "checks": listed})
    else:
        _print(checks, failed)
    if failed:
        raise click.exceptions.Exit(1)


def _told(check: Check) -> dict[str, Any]:
    return {"name": check.name, "holds": check.holds, **msgspec.structs.asdict(check)}


def _print(checks: list[Check], failed: list[Check]) -> None:
    console = stdout()
    for one in checks:
        mark = "[red]✗[/]" if not one.holds else "[yellow]![/]" if one.note else "[green]✓[/]"
        console.print(mark, end=" ")
        # Not by rich: brackets in an id are no markup.
        click.echo(f"{one.name} ({one.note})" if one.note else one.name)
        for problem in one.problems:
            click.echo(f"    {problem}")
        if not one.holds:
            click.echo(f"  → {one.remedy}")
    if failed:
        click.echo(f"{plural(len(failed), 'check')} of {len(checks)} failed.")
    else:
        click.echo("All of it holds.")
