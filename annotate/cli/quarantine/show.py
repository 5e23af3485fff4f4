"""`annotate quarantine show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from annotate.cli.common import json_option, plural, print_json, stdout, workspace_option
from annotate.cli.quarantine.advice import advise
from annotate.cli.quarantine.common import as_json_object, open_quarantine, outcome, state, told
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from annotate.cli.marking import Painter
    from annotate.studio.quarantine import Look, Quarantined

_CANDIDATES = 20
_WRONG = "black on yellow"


@click.command()
@click.argument("mark_id", metavar="ID")
@workspace_option
@json_option
def show(workspace: Workspace, mark_id: str, *, as_json: bool) -> None:
    """Show a mark in quarantine, where it says it is and where its text occurs.

    Places of its text are numbered, the nearest first: `accept --candidate N` takes one. A mark
    made on a former text of the article is shown in both.

    \b
    Example:
      annotate quarantine show 3f2a91c4
    """
    from annotate.cli.marking import Painter
    from annotate.studio.quarantine import find_marks, look_at

    with open_quarantine(workspace) as desk:
        (one,) = find_marks(desk.marks, [mark_id])
        look = look_at(desk.ledger, one)
        painter = Painter(desk.schema)
    if as_json:
        print_json({**as_json_object(one), **_places(look)})
        return
    console = stdout()
    _print_head(console, one, look, painter)
    _print_places(console, one, look, painter)
    if one.decision is None and one.kind != "draft":
        click.echo(f"\n{advise(desk.schema, one, look)}")


def _places(look: Look) -> dict[str, Any]:
    """Return where a mark is for scripts; offsets are code points."""
    return {
        "claimed": look.claimed,
        "said": look.said,
        "sure": look.sure,
        "candidates": look.candidates,
    }


def _print_head(console: Console, one: Quarantined, look: Look, painter: Painter) -> None:
    from rich.text import Text

    annotation = one.annotation
    line = Text(one.id, "cyan").append("  ").append_text(told(one, look.text, painter)).append("  ")
    console.print(line.append_text(outcome(one, look.text, painter)))
    who = f"{annotation.annotator}, {annotation.status} in {annotation.article}"
    console.print(Text(f"{who}, #{annotation.id}", "dim"))
    why = "in quarantine because" if one.decision else state(one)
    console.print(Text(f"{why}: ").append(one.aside.reason, "yellow"))


def _print_places(console: Console, one: Quarantined, look: Look, painter: Painter) -> None:
    from rich.text import Text

    if one.is_relation:
        _print_ends(console, one, look, painter)
        return
    if not look.text:
        console.print("\nThe ledger does not have the text that was annotated.")
        return
    rows: list[tuple[str, Text]] = []
    former = bool(one.aside.sha256)
    if look.claimed and look.made_on:
        start, end = look.claimed
        where = f"it was at {start}:{end}" if former else f"it says {start}:{end}"
        rows.append((where, _context(look.made_on, look.claimed, _WRONG)))
    elif former:
        rows.append(("it was on", Text("a text that the ledger does not have", "dim")))
    if look.said:
        rows.append(("it marks", Text(repr(look.said))))
    found = len(look.candidates)
    if found:
        what = (
            "it stands meanwhile" if one.aside.span and look.sure else "its text is in the article"
        )
        rows += [("", Text()), ("", Text(f"where {what}", "dim"))]
    rows += [
        (f"{number}  {place[0]}:{place[1]}", _context(look.text, place, _style(one, painter)))
        for number, place in enumerate(look.candidates[:_CANDIDATES], start=1)
    ]
    _print_rows(console, rows)
    if not found:
        console.print("Its text occurs nowhere in the article as it is now.")
    if found > _CANDIDATES:
        console.print(f"… and {plural(found - _CANDIDATES, 'more place', 'more places')}")


def _style(one: Quarantined, painter: Painter) -> Any:
    return painter.style(one.labels[0] if one.labels else "")


def _context(text: str, place: tuple[int, int], style: Any) -> Text:
    from annotate.cli.marking import in_context

    return in_context(text, *place, style)


def _print_rows(console: Console, rows: list[tuple[str, Text]]) -> None:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, shown in rows:
        table.add_row(name, shown)
    console.print()
    console.print(table)


def _print_ends(console: Console, one: Quarantined, look: Look, painter: Painter) -> None:
    """Print the spans between which a relation is drawn."""
    from rich.text import Text

    spans = {span.id: span for span in one.annotation.spans}
    rows: list[tuple[str, Text]] = []
    for name, end in (("from", "from_id"), ("to", "to_id")):
        span = spans.get(str(one.mark.get(end)))
        shown = Text("not there", "yellow")
        if span is not None:
            shown = painter.marked(look.text[span.start : span.end], span)
        rows.append((name, shown))
    _print_rows(console, rows)
