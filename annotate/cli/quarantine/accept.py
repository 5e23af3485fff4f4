"""`annotate quarantine accept`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from annotate.cli.common import json_option, print_json, say, stdout, workspace_option
from annotate.cli.quarantine.common import (
    KEPT,
    Desk,
    as_json_object,
    filter_options,
    is_open,
    none_of,
    only,
    open_quarantine,
    outcome,
    text_of,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.studio.quarantine import Quarantined


def _extent(
    _ctx: click.Context, _param: click.Parameter, value: str | None
) -> tuple[int, int] | None:
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9})[:–-]([0-9]{1,9})", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not START:END, two numbers.")
    return int(match[1]), int(match[2])


@click.command()
@click.argument("ids", metavar="ID...", nargs=-1)
@click.option(
    "--all", "every", is_flag=True,
    help="All that count and wait for a look, since their text changed a little.",
)  # fmt: skip
@filter_options
@click.option(
    "--at", metavar="START:END", callback=_extent,
    help="Where it lies in the article: code points, the end not included.",
)  # fmt: skip
@click.option(
    "--candidate", type=click.IntRange(1), metavar="N", help="The place that `show` numbers so."
)
@click.option("--label", default="", metavar="LABEL", help="Its label, or relation, or the title.")
@workspace_option
@json_option
def accept(
    workspace: Workspace, ids: tuple[str, ...], *, every: bool, article: str | None,
    annotator: str | None, at: tuple[int, int] | None, candidate: int | None, label: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Let marks in quarantine count.

    A span counts where it surely lies, or at the only place of its text; otherwise name the
    place. Answers about it go with it. A relation counts when both its spans do, and the
    schema lets its type go between them; spans named with it are accepted first. A wrong
    decision is mended by deciding again. Nothing
    is changed on the server, and pulls keep the decision until the mark is changed there.

    \b
    Example:
      annotate quarantine accept 3f2a91c4 --candidate 2
      annotate quarantine accept 3f2a91c4 --at 120:128 --label RANK
      annotate quarantine accept --all --article dien-tap-cuu-ho-cuu-nan
    """
    from rich.text import Text

    from annotate.cli.marking import Painter
    from annotate.studio.quarantine import Choice, find_marks
    from annotate.studio.quarantine import accept as carry_out

    if every == bool(ids) or (bool(ids) and bool(article or annotator)):
        raise click.UsageError("Name marks, or give --all, perhaps with --article or --annotator.")
    if at is not None and candidate is not None:
        raise click.UsageError("Give --at or --candidate, not both.")
    if len(ids) != 1 and (at is not None or candidate is not None):
        raise click.UsageError("--at and --candidate are for one mark.")
    with workspace.alone("push"), workspace.alone("pull"), open_quarantine(workspace) as desk:
        marks = find_marks(desk.marks, ids)
        if every:
            chosen = only(desk, article, annotator)
            marks = [one for one in chosen if one.aside.span and is_open(one)]
        choice = Choice(at, candidate, label)
        accepted = carry_out(desk.ledger, desk.schema, marks, choice)
        if as_json:
            print_json({"marks": [as_json_object(one) for one in accepted]})
            return
        painter = Painter(desk.schema)
        for one in accepted:
            shown = outcome(one, text_of(desk, one), painter)
            stdout().print(Text(one.id, "cyan"), shown, f"in {one.annotation.article}")
        _warn(desk, marks, accepted)
    does = "counts and waits for a look"
    say(KEPT if accepted else none_of(article, annotator, does))


def _warn(desk: Desk, before: Sequence[Quarantined], accepted: Sequence[Quarantined]) -> None:
    """Say which rules of the schema annotations break now, and did not before."""
    from annotate.schema.rules import Rules

    rules = Rules(desk.schema)

    def told(one: Quarantined) -> set[str]:
        return set(rules.breaches(one.annotation.spans, one.annotation.relations))

    known = {one.key: told(one) for one in before}
    for article, breach in sorted(
        {(one.annotation.article, new) for one in accepted for new in told(one) - known[one.key]}
    ):
        say(f"Against the rules in {article}: {breach}", err=True)
