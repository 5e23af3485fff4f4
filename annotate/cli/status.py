"""`annotate status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import (
    json_option,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    stdout,
    workspace_option,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.table import Table

    from annotate.studio.status import Status

_ASIDE_SHOWN = 10
_BREACHES_SHOWN = 3


@click.command()
@workspace_option
@json_option
def status(workspace: Workspace, *, as_json: bool) -> None:
    """Show how far the annotation is.

    Reads the ledger and needs no server.

    \b
    Example:
      annotate status
    """
    from annotate.studio.ledger import open_ledger
    from annotate.studio.status import summarise

    schema = load_workspace_schema(workspace)
    with open_ledger(workspace.ledger_path) as ledger:
        articles, places, _, page = load_known(workspace, ledger)
        # As people see it: with the labels that wait for review.
        waiting = [entity.name for entity in page.review] if page else []
        drawn = page.drawn if page else schema
        found = summarise(ledger, places, articles, drawn, waiting)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    pulled = f"pulled {found.pulled_at[:16].replace('T', ' ')} UTC" if found.pulled_at else None
    click.echo(f"{workspace.settings.title} · {schema.name} {schema.version} · ", nl=False)
    never = "never pulled; run `annotate pull`" if found.pushed else "run `annotate push`"
    click.echo(pulled or never)
    console = stdout()
    console.print(_progress_table(found))
    if found.annotators:
        console.print(_people_table(found))
    for aside in found.set_aside[:_ASIDE_SHOWN]:
        click.echo(f"Set aside in {aside.article} ({aside.annotator}): {aside.reason}")
    for breach in found.breaches[:_BREACHES_SHOWN]:
        click.echo(f"Against the rules in {breach.article} ({breach.annotator}): {breach.problem}")
    if len(found.set_aside) > _ASIDE_SHOWN:
        click.echo(f"… and {len(found.set_aside) - _ASIDE_SHOWN:,} more; --json lists all.")


def _progress_table(found: Status) -> Table:
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    rows = (
        ("articles", found.articles, ""),
        ("pushed", found.pushed, ""),
        ("annotated", found.annotated, f"with {plural(found.relations, 'relation')}"),
        ("skipped", found.skipped, ""),
        ("set aside", len(found.set_aside), "marks to look at; see `annotate quarantine list`"),
        ("against rules", len(found.breaches), "marks; the first are below, --json lists all"),
    )
    for name, count, note in rows:
        table.add_row(name, f"{count:,}", note if count else "")
    return table


def _people_table(found: Status) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("entities")
    for name in _short(list(found.annotators)):
        table.add_column(name, justify="right", overflow="fold")
    several = len(found.annotators) > 1
    if several:
        table.add_column("all", justify="right")
    shares = list(found.annotators.values())
    for name in ("submitted", "skipped"):
        counts = [getattr(share, name) for share in shares]
        table.add_row(name, *_cells(counts, several=several), style="dim")
    table.add_section()
    for label in shares[0].entities:
        table.add_row(label, *_cells([s.entities[label] for s in shares], several=several))
    table.add_section()
    totals = [sum(share.entities.values()) for share in shares]
    table.add_row("all", *_cells(totals, several=several), style="bold")
    return table


def _short(people: list[str]) -> list[str]:
    """Return the part of the addresses before the @ where that tells the people apart."""
    names = [person.partition("@")[0] for person in people]
    return names if len(set(names)) == len(people) else people


def _cells(counts: list[int], *, several: bool) -> list[str]:
    return [f"{count:,}" for count in (*counts, *([sum(counts)] if several else []))]
