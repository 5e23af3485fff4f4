"""`annotate history`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    LOCAL,
    json_option,
    load_workspace_schema,
    print_json,
    workspace_option,
)
from annotate.errors import LedgerError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.schema import Schema
    from annotate.studio.history import History, Moved, Step


@click.command()
@click.argument("article", metavar="ARTICLE")
@click.option("--annotator", metavar="WHO", help="Only the work of this person.")
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Only the newest N entries, oldest first."
)
@click.option("--text", "with_text", is_flag=True, help="Show the article with what counts now.")
@workspace_option
@json_option
def history(
    workspace: Workspace, article: str, *, annotator: str | None, limit: int | None,
    with_text: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show who marked what in an article when.

    Every row that the ledger has of it, the oldest first, with what changed since the row
    before: spans, relations, answers, marks that went into quarantine, and what the project's
    lead decided about them. Rows stay when an annotation is changed or deleted on the server.
    Needs no server.

    \b
    Example:
      annotate history dien-tap-cuu-ho-cuu-nan
      annotate history dien-tap-cuu-ho-cuu-nan --text --annotator an@example.org
    """
    import msgspec

    found, schema = _read(workspace, article)
    events = _of(found, annotator)
    shown = events if limit is None else events[-limit:]
    chosen = msgspec.structs.replace(found, events=tuple(shown))
    if as_json:
        print_json(msgspec.json.decode(msgspec.json.encode(chosen)))
        return
    from annotate.cli.chronicle import Chronicle
    from annotate.cli.marking import Painter

    chronicle = Chronicle(chosen, Painter(schema))
    chronicle.print(earlier=len(events) - len(shown))
    if with_text:
        chronicle.print_texts(events)


def _read(workspace: Workspace, article: str) -> tuple[History, Schema]:
    """Return the history, and the schema as annotators see it."""
    from annotate.studio.history import read_history
    from annotate.studio.ledger import open_ledger

    with open_ledger(workspace.ledger_path) as ledger:
        found = read_history(ledger, article)
        known = ledger.project(workspace.url or LOCAL)
    page = known.page if known else None
    return found, page.drawn if page else load_workspace_schema(workspace)


def _of(found: History, annotator: str | None) -> list[Step | Moved]:
    """Return what happened, of one person when it was asked for."""
    from annotate.studio.history import Step

    if annotator is None:
        return list(found.events)
    steps = [one for one in found.events if isinstance(one, Step)]
    own = [one for one in steps if annotator in {one.annotator, one.annotator.partition("@")[0]}]
    if not own:
        people = sorted({one.annotator for one in steps})
        raise LedgerError(
            f"{annotator} annotated nothing in {found.article}",
            f"These did: {', '.join(people) or 'nobody'}.",
        )
    return [*own]
