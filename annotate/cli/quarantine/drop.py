"""`annotate quarantine drop`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from annotate.cli.common import json_option, plural, print_json, say, stdout, workspace_option
from annotate.cli.quarantine.common import (
    KEPT,
    as_json_object,
    filter_options,
    is_open,
    none_of,
    only,
    open_quarantine,
    text_of,
    told,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.studio.quarantine import Quarantined


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option(
    "--all", "every", is_flag=True, help="All open marks of --article, of --annotator or of both."
)
@filter_options
@click.option("--yes", is_flag=True, help="Do not ask before dropping all.")
@workspace_option
@json_option
def drop(
    workspace: Workspace, ids: tuple[str, ...], *, every: bool, article: str | None,
    annotator: str | None, yes: bool, as_json: bool,
) -> None:  # fmt: skip
    """Let marks in quarantine not count.

    They stay in the ledger, and `accept` takes them back. Answers about a span go with it.
    Nothing is changed on the server, and pulls keep the decision until the mark is changed
    there.

    \b
    Example:
      annotate quarantine drop 3f2a91c4 77b0e21d
      annotate quarantine drop --all --article dien-tap-cuu-ho-cuu-nan
    """
    from rich.text import Text

    from annotate.cli.marking import Painter
    from annotate.studio.quarantine import drop as carry_out
    from annotate.studio.quarantine import find_marks

    if every == bool(ids) or (bool(ids) and bool(article or annotator)):
        raise click.UsageError("Name marks, or give --all with --article or --annotator.")
    if every and not (article or annotator):
        raise click.UsageError("--all needs --article or --annotator.")
    with workspace.alone("push"), workspace.alone("pull"), open_quarantine(workspace) as desk:
        marks = find_marks(desk.marks, ids)
        if every:
            chosen = only(desk, article, annotator)
            marks = [one for one in chosen if is_open(one)]
            if marks and not yes and sys.stdin.isatty():
                click.confirm(f"Drop {plural(len(marks), 'mark')}?", abort=True)
        dropped = carry_out(desk.ledger, marks)
        if as_json:
            print_json({"marks": [as_json_object(one) for one in dropped]})
            return
        painter = Painter(desk.schema)
        for one in dropped:
            what = told(one, text_of(desk, one), painter)
            stdout().print(Text(one.id, "cyan"), Text("dropped", "red"), what, _place(one))
    say(KEPT if dropped else none_of(article, annotator))


def _place(one: Quarantined) -> str:
    return f"in {one.annotation.article}"
