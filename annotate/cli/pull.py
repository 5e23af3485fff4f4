"""`annotate pull`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import (
    connect,
    json_option,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    workspace_option,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.schema import Schema
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Ledger
    from annotate.studio.pull import Pulled
    from annotate.studio.wire import Project


@click.command()
@workspace_option
@click.option("--full", is_flag=True, help="Compare everything, not only what changed.")
@click.option("--drafts", is_flag=True, help="Bring unsubmitted work too.")
@click.option(
    "--jobs", type=click.IntRange(1, 16), default=1, show_default=True, metavar="N",
    help="Ask with so many readers at once; more than one for a server of several workers.",
)  # fmt: skip
@json_option
def pull(workspace: Workspace, *, full: bool, drafts: bool, jobs: int, as_json: bool) -> None:
    """Bring everyone's annotations into the ledger.

    Asks for what changed since the last pull; the first one takes everything. Every span is
    proved against its article. What cannot be proved is set aside and counted, never
    dropped; `annotate quarantine list` shows it. As many annotations arrive as the server
    reports, or the command fails and names those that are missing.

    \b
    Example:
      annotate pull
      annotate pull --full --drafts
    """
    from annotate.studio.ledger import Place, open_ledger

    schema = load_workspace_schema(workspace)
    settings = workspace.settings.label_studio
    with (
        workspace.alone("pull"),
        open_ledger(workspace.ledger_path) as ledger,
        connect(workspace) as (studio, server),
    ):
        from annotate.studio.project import page_of, require_parts
        from annotate.studio.pull import Pulled
        from annotate.studio.pull import pull as carry_out

        pulled = Pulled(full=True)
        title, limit = workspace.settings.title, settings.max_tasks_per_project
        for project in require_parts(studio, ledger, server, title, limit):
            _warn_of_edits(studio, ledger, server, project, schema)
            drawn = page_of(project, ledger, server, schema).drawn
            pulled += carry_out(
                studio, ledger, Place(server, project.id), drawn, rich_progress, full=full,
                drafts=drafts, jobs=jobs, overlap=settings.pull_overlap,
            )  # fmt: skip
    print_json(msgspec.structs.asdict(pulled)) if as_json else _print(pulled, drafts=drafts)


def _warn_of_edits(
    studio: Studio, ledger: Ledger, server: str, project: Project, schema: Schema
) -> None:
    from annotate.studio.project import TAKE_IN, config_state, page_of, tell_edits

    if config_state(project, ledger, server, schema) == "edited":
        edits = tell_edits(project, page_of(project, ledger, server, schema))
        click.echo(
            f"The labelling page of {studio.url} was edited by hand: {edits}. {TAKE_IN}", err=True
        )


def _print(pulled: Pulled, *, drafts: bool) -> None:
    total = pulled.submitted + pulled.skipped
    click.echo(
        f"{plural(total, 'annotation')} on the server: {pulled.submitted:,} submitted,"
        f" {pulled.skipped:,} skipped, {plural(pulled.spans, 'span')}"
    )
    if drafts:
        click.echo(f"{plural(pulled.drafts, 'draft')} that nobody submitted yet")
    read = "Compared everything" if pulled.full else f"Read {plural(pulled.read, 'changed task')}"
    changes = f"{pulled.added:,} new or changed, {pulled.deleted:,} deleted"
    click.echo(f"{read}: {changes if pulled.added or pulled.deleted else 'nothing new'}")
    if pulled.repaired:
        click.echo(f"{plural(pulled.repaired, 'span')} repaired from UTF-16 offsets")
    if pulled.late:
        click.echo(
            f"{plural(pulled.late, 'annotation')} submitted on a former text, carried over; "
            "`annotate push` writes that to the server"
        )
    if pulled.set_aside:
        click.echo(f"{plural(pulled.set_aside, 'mark')} set aside; see `annotate quarantine list`")
    if pulled.foreign:
        click.echo(
            f"{plural(pulled.foreign, 'annotation')} of tasks that nobody pushed; left alone"
        )
