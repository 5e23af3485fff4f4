"""`annotate pull`."""

from __future__ import annotations

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


@click.command()
@workspace_option
@json_option
def pull(workspace: Workspace, *, as_json: bool) -> None:
    """Bring everyone's annotations into the ledger.

    Every span is proved against its article. What cannot be proved is set aside and
    counted, never dropped; `annotate status` shows it.

    \b
    Example:
      annotate pull
    """
    from annotate.studio.ledger import Place, open_ledger

    schema = load_workspace_schema(workspace)
    with (
        workspace.alone("pull"),
        open_ledger(workspace.ledger_path) as ledger,
        connect(workspace) as (studio, server),
    ):
        from annotate.studio.project import (
            TAKE_IN,
            config_state,
            find_edits,
            page_of,
            require_project,
        )
        from annotate.studio.pull import pull as carry_out

        project = require_project(studio, ledger, server, workspace.settings.title)
        page = page_of(project, ledger, server, schema)
        if config_state(project, ledger, server, schema) == "edited":
            edits = "; ".join(find_edits(project, page)) or "in looks only"
            click.echo(f"The labelling page was edited by hand: {edits}. {TAKE_IN}", err=True)
        place = Place(server, project.id)
        pulled = carry_out(studio, ledger, place, page.drawn, rich_progress)
    if as_json:
        print_json(msgspec.structs.asdict(pulled))
        return
    total = pulled.submitted + pulled.skipped
    click.echo(
        f"{plural(total, 'annotation')} on the server: {pulled.submitted:,} submitted,"
        f" {pulled.skipped:,} skipped, {plural(pulled.spans, 'span')}"
    )
    changes = f"{pulled.added:,} new or changed, {pulled.deleted:,} deleted"
    click.echo(f"Ledger: {changes if pulled.added or pulled.deleted else 'nothing new'}")
    if pulled.repaired:
        click.echo(f"{plural(pulled.repaired, 'span')} repaired from UTF-16 offsets")
    if pulled.set_aside:
        click.echo(f"{plural(pulled.set_aside, 'mark')} set aside; see `annotate status`")
    if pulled.foreign:
        click.echo(f"{plural(pulled.foreign, 'annotated task')} not pushed from here; left alone")
