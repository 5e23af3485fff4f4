"""`annotate dataset balance`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import (
    fixed_splits,
    json_option,
    plural,
    print_json,
    rich_progress,
    stdout,
    workspace_option,
)
from annotate.settings import Split
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.table import Table

    from annotate.dataset.balancing import Balance


@click.command()
@click.argument("folder", metavar="[DIR]", default="dataset", type=click.Path(path_type=Path))
@click.option(
    "--seeds", type=click.IntRange(0), default=200, show_default=True, metavar="N",
    help="Try the seeds from 0 to N.",
)  # fmt: skip
@workspace_option
@json_option
def balance(workspace: Workspace, folder: Path, seeds: int, *, as_json: bool) -> None:
    """Find the seed that splits articles and labels most evenly.

    Looks at the dataset in DIR or in `dataset`, and changes nothing: it tells what to write in
    annotate.toml. The best seed leaves the fewest labels out of train, and brings the splits'
    shares of the articles and of every label's marks nearest to those in annotate.toml.
    Articles that splits.csv lists stay where it has them. By another seed articles change their
    split, so choose one before the dataset is first published.

    \b
    Example:
      annotate dataset balance
      annotate dataset balance --seeds 1000
    """
    from annotate.dataset.balancing import balance as find
    from annotate.dataset.reading import open_built

    shares = workspace.settings.dataset.split
    fixed = fixed_splits(workspace)
    found = find(open_built(folder), shares, range(seeds + 1), fixed, rich_progress)
    best = msgspec.structs.replace(shares, seed=found.seed)
    if as_json:
        told = {"path": str(folder.resolve()), "present_seed": shares.seed}
        print_json({**told, **msgspec.to_builtins(found), "split": msgspec.to_builtins(best)})
        return
    stdout().print(_table(found))
    _print(found, shares, best)


def _table(found: Balance) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("shares in %", no_wrap=True)
    table.add_column("count", justify="right")
    for whose in ("now", f"seed {found.seed}"):
        for name, above in (("train", whose), ("valid.", ""), ("test", "")):
            table.add_column(f"{above}\n{name}", justify="right")
    now, best = found.now, found.best
    rows = [("articles", now.articles, best.articles)]
    rows += [(name, counts, best.labels[name]) for name, counts in now.labels.items()]
    for name, before, after in rows:
        shares = (*_shares(before), *_shares(after))
        table.add_row(Text(name), f"{sum(before.values()):,}", *shares)
    return table


def _shares(counts: dict[str, int]) -> list[str]:
    total = sum(counts.values())
    return [f"{100 * count / total:.1f}" for count in counts.values()]


def _print(found: Balance, shares: Split, best: Split) -> None:
    now, then = f"{100 * found.now.off:.2f}", f"{100 * found.best.off:.2f}"
    seeds = plural(found.tried, "seed")
    click.echo(f"On average {now} % off the shares asked for now, {then} % with seed {best.seed},")
    click.echo(f"the best of {seeds}.")
    for whose, standing in (("now", found.now), (f"with seed {best.seed}", found.best)):
        if standing.missing:
            click.echo(f"Not in train {whose}: {', '.join(standing.missing)}")
    if found.best.missing:
        click.echo("Annotate more of these, or list articles that have them in splits.csv.")
    if best != shares:
        click.echo("To split so, write this in annotate.toml under [dataset], and build again:")
        click.echo(f"  {_line(best)}")
    elif found.moved:
        click.echo("annotate.toml has it already; `annotate build` splits the dataset so.")
    else:
        click.echo("The dataset is split so already: nothing to do.")
    if found.moved:
        articles = plural(sum(found.now.articles.values()), "article")
        click.echo(
            f"By it {found.moved:,} of {articles} change their split: do it before the dataset is"
            " first published."
        )


def _line(split: Split) -> str:
    told = ", ".join(f"{name} = {value}" for name, value in msgspec.structs.asdict(split).items())
    return f"split = {{ {told} }}"
