"""`annotate corpus stats`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    json_option,
    listed,
    plural,
    print_json,
    rich_progress,
    shown,
    stdout,
    workspace_option,
)
from annotate.cli.corpus.common import describe_changes, engine_option
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.table import Table

    from annotate.corpus.stats import Stats

_MOST = 8


@click.command()
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Also write a page with plots.",
)  # fmt: skip
@engine_option
@workspace_option
@json_option
def stats(
    workspace: Workspace, html: Path | None, engine: dict[str, str], *, as_json: bool
) -> None:
    """Show what the corpus holds.

    Articles, lengths, languages, sources, dates, near-duplicates, what had to be changed to
    make the texts canonical, look-alike letters, and what was rejected.

    \b
    Example:
      annotate corpus stats --html corpus.html
    """
    import msgspec

    from annotate.corpus.corpus import open_corpus
    from annotate.corpus.stats import corpus_stats

    found = corpus_stats(open_corpus(workspace, **engine), rich_progress)
    if html:
        from annotate.cli.common import write_file
        from annotate.corpus.page import stats_page

        write_file(html, stats_page(found, workspace.settings.title))
    if as_json:
        result = msgspec.to_builtins(found)
        del result["lengths"]
        print_json(result)
        return
    console = stdout()
    click.echo(_headline(found, workspace))
    if found.articles:
        console.print(_lengths(found))
        console.print(_facts(found))
    if html:
        click.echo(f"Page with plots: {shown(html)}")


def _headline(found: Stats, workspace: Workspace) -> str:
    where = f"{found.files:,} as files, {found.stored:,} in the store"
    tokens = plural(found.tokens.total, "token")
    return f"{workspace.settings.title} · {plural(found.articles, 'article')} ({where}) · {tokens}"


def _lengths(found: Stats) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("length in")
    names = {"p0": "least", "p50": "median", "p100": "most"}
    for name in (*found.tokens.percentiles, "mean"):
        table.add_column(names.get(name, name.replace("p", "") + " %" if name != "mean" else name),
                         justify="right")  # fmt: skip
    for unit, spread in (("tokens", found.tokens), ("characters", found.characters)):
        values = (*spread.percentiles.values(), round(spread.mean))
        table.add_row(unit, *(f"{value:,}" for value in values))
    return table


def _facts(found: Stats) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, fact in _rows(found):
        # As text: brackets in a source's name are no markup.
        table.add_row(name, Text(fact))
    return table


def _rows(found: Stats) -> list[tuple[str, str]]:
    duplicates = found.duplicates
    clusters = "none"
    if duplicates.clusters:
        sizes = ", ".join(f"{count:,} of {size}" for size, count in duplicates.sizes.items())
        clusters = (
            f"{plural(duplicates.clustered, 'article')} in "
            f"{plural(duplicates.clusters, 'cluster')} ({sizes})"
        )
        if duplicates.equal:
            clusters += f", {duplicates.equal:,} with a text that another has"
    rows = [
        ("languages", _ranked(found.languages)),
        ("sources", _ranked(found.sources)),
        ("dates", _dates(found)),
        ("near-duplicates", clusters),
        ("made canonical", _changes(found)),
        ("look-alikes", _lookalikes(found)),
        ("rejected", _ranked(found.reasons) or "nothing"),
    ]
    if found.other_language:
        others = tuple(found.other_language)
        rows.insert(1, ("other language", f"stated otherwise than it reads: {listed(others)}"))
    return rows


def _ranked(counts: dict[str, int]) -> str:
    ranked = [f"{name or '(not given)'} {count:,}" for name, count in counts.items()]
    more = len(ranked) - _MOST
    others = f" and {plural(more, 'other')}" if more > 0 else ""
    return ", ".join(ranked[:_MOST]) + others


def _dates(found: Stats) -> str:
    months = list(found.months)
    if not months:
        return "none in ISO 8601"
    span = months[0] if len(months) == 1 else f"{months[0]} to {months[-1]}"
    return span + (f", {found.undated:,} without a date in ISO 8601" if found.undated else "")


def _changes(found: Stats) -> str:
    if not found.changed_articles:
        return "nothing to change"
    return f"{describe_changes(found.changes)} in {plural(found.changed_articles, 'article')}"


def _lookalikes(found: Stats) -> str:
    return ", ".join(
        f"{one.letter} ({one.name.title()}) for {one.instead_of} {one.count:,} times in "
        f"{plural(one.articles, 'article')}"
        for one in found.lookalikes
    ) or "none"  # fmt: skip
