"""`annotate status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import (
    json_option,
    listed,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    say,
    shown,
    stdout,
    waiting,
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
    from annotate.studio.ledger import EXPORT, open_ledger
    from annotate.studio.status import summarise

    schema = load_workspace_schema(workspace)
    with open_ledger(workspace.ledger_path) as ledger:
        articles, places, changed, page, _ = load_known(workspace, ledger)
        # As people see it: with the labels that wait for review.
        review = [entity.name for entity in page.review] if page else []
        drawn = page.drawn if page else schema
        found = summarise(ledger, places, articles, drawn, review, changed)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    on_server = any(place.server != EXPORT for place in places)
    state = _state(found, shown(workspace.corpus_path), on_server=on_server)
    say(f"{workspace.settings.title} · {schema.name} {schema.version} · {state}")
    console = stdout()
    console.print(_progress_table(found))
    if found.annotators:
        console.print(_people_table(found))
    _print_changed(found.changed)
    _print_asides(found)
    _print_breaches(found, shown(workspace.schema_path))


def _state(found: Status, corpus: str, *, on_server: bool) -> str:
    """Return how far the work with the server is, and what is the next step."""
    if found.pulled_at:
        return f"pulled {found.pulled_at[:16].replace('T', ' ')} UTC"
    if on_server:
        return "never pulled; run `annotate pull`"
    if not found.articles:
        return f"no articles yet; put texts into {corpus} or run `annotate corpus add`"
    return "never pushed; run `annotate push`"


def _print_changed(changed: tuple[str, ...]) -> None:
    """Say which articles have another text than their tasks."""
    if not changed:
        return
    one = len(changed) == 1
    whose = (
        "article's text changed since it was" if one else "articles' texts changed since they were"
    )
    carries = "carries its marks" if one else "carries their marks"
    say(f"{len(changed):,} {whose} pushed: `annotate push` {carries}")
    say(f"  {listed(changed)}")


def _print_asides(found: Status) -> None:
    """Print the first marks in quarantine."""
    for aside in found.set_aside[:_ASIDE_SHOWN]:
        state = "Counts, waits for a look" if aside.counts else "Does not count"
        say(f"{state}, in {aside.article} ({aside.annotator}): {aside.reason}")
    if (more := len(found.set_aside) - _ASIDE_SHOWN) > 0:
        say(f"… and {more:,} more; --json lists all.")


def _print_breaches(found: Status, schema: str) -> None:
    """Print the first marks against the rules, and who can mend them."""
    for breach in found.breaches[:_BREACHES_SHOWN]:
        say(f"Against the rules in {breach.article} ({breach.annotator}): {breach.problem}")
    if found.breaches:
        say(
            "  Who made them can mend them in the browser, then run `annotate pull`;\n"
            f"  or whoever keeps {schema} allows it there."
        )


def _progress_table(found: Status) -> Table:
    from rich.table import Table

    counting = sum(aside.counts for aside in found.set_aside)
    told = waiting(counting, len(found.set_aside) - counting)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column(style="dim")
    rows = (
        ("articles", found.articles, ""),
        ("pushed", found.pushed, ""),
        ("annotated", found.annotated, f"with {plural(found.relations, 'relation')}"),
        ("skipped", found.skipped, ""),
        ("in quarantine", len(found.set_aside), f"{told}; see `annotate quarantine list`"),
        ("against rules", len(found.breaches), "marks; the first are below, --json lists all"),
    )
    # Before anything was pushed or imported, the rest would be noughts that tell nothing.
    for name, count, note in rows if found.pushed or found.annotators else rows[:1]:
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
