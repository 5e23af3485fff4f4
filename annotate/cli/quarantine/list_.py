"""`annotate quarantine list`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    json_option,
    plural,
    print_json,
    say,
    stdout,
    waiting,
    workspace_option,
)
from annotate.cli.quarantine.common import (
    Desk,
    as_json_object,
    filter_options,
    none_of,
    only,
    open_quarantine,
    outcome,
    state,
    text_of,
    told,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.text import Text

    from annotate.studio.quarantine import Quarantined


@click.command("list")
@filter_options
@click.option("--decided", is_flag=True, help="Show what was decided instead of what is open.")
@workspace_option
@json_option
def list_(
    workspace: Workspace, *, article: str | None, annotator: str | None, decided: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """List the marks in quarantine about which nobody decided yet.

    Each says whether it counts and waits for a look, or does not count, and why. They are of
    submitted and skipped annotations, drafts, and exports that were brought in. By its id the other
    commands know a mark; the first digits are enough.

    \b
    Example:
      annotate quarantine list
      annotate quarantine list --annotator an@example.org
    """
    with open_quarantine(workspace) as desk:
        chosen = only(desk, article, annotator)
        marks = [one for one in chosen if (one.decision is not None) == decided]
        if as_json:
            print_json({"marks": [as_json_object(one) for one in marks]})
            return
        for named, own in groupby(marks, key=_owner):
            _print(desk, named, list(own))
    if decided:
        where = " here" if article or annotator else ""
        say(f"{plural(len(marks), 'decision')}{where}; accept or drop a mark again to change")
    elif marks:
        counting = sum(one.counts for one in marks)
        say(f"{waiting(counting, len(marks) - counting)}.")
        say("`annotate quarantine show ID` shows one.")
    else:
        say(none_of(article, annotator))


def _owner(one: Quarantined) -> str:
    annotation = one.annotation
    status = "" if annotation.status == "submitted" else f", {annotation.status}"
    return f"{annotation.article} · {annotation.annotator}{status}"


def _print(desk: Desk, named: str, marks: list[Quarantined]) -> None:
    """Print the marks that one person made in one article."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from annotate.cli.marking import Painter

    table = Table(
        box=box.SIMPLE, show_header=False, pad_edge=False, title=Text(named, "bold"),
        title_justify="left", title_style="", expand=True,
    )  # fmt: skip
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold", ratio=2)
    table.add_column(overflow="fold", ratio=3)
    painter = Painter(desk.schema)
    text = text_of(desk, marks[0])
    for one in marks:
        last = outcome(one, text, painter) if one.decision else _why(one)
        table.add_row(one.id, told(one, text, painter), last)
    stdout().print(table)


def _why(one: Quarantined) -> Text:
    """Return whether a mark counts, and why it is here."""
    from rich.text import Text

    shown = Text(state(one), "yellow" if one.counts else "red")
    return shown.append(f": {one.aside.reason}", "dim")
