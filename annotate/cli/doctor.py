"""`annotate doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    connect,
    json_option,
    load_corpus,
    load_workspace_schema,
    plural,
    print_json,
    stdout,
    workspace_option,
)
from annotate.errors import AnnotateError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.studio.doctor import Check


@click.command()
@workspace_option
@json_option
def doctor(workspace: Workspace, *, as_json: bool) -> None:
    """Check the workspace, the server, and that both agree.

    Each failed check says what to do; the exit status is then 1.

    \b
    Example:
      annotate doctor
    """
    console = stdout()
    checks: list[Check] = []
    for check in _checks(workspace):
        checks.append(check)
        if not as_json:
            mark = "[green]✓[/]" if check.ok else "[red]✗[/]"
            console.print(f"{mark} {check.name:<14}", end=" ")
            click.echo(check.found)
            if not check.ok:
                click.echo(f"  → {check.remedy}")
    failed = [check.name for check in checks if not check.ok]
    if as_json:
        print_json({"ok": not failed, "checks": [check._asdict() for check in checks]})
    elif failed:
        click.echo(f"{plural(len(failed), 'check')} failed: {', '.join(failed)}")
    else:
        click.echo("All is well.")
    if failed:
        raise click.exceptions.Exit(1)


def _checks(workspace: Workspace) -> Iterator[Check]:
    """Yield checks up to the first part that cannot be read or reached at all."""
    from annotate.studio.doctor import Check

    step = "workspace"
    try:
        yield Check("workspace", ok=True, found=str(workspace.root))
        step = "schema"
        schema = load_workspace_schema(workspace)
        counts = (
            f"{plural(len(schema.entities), 'label')}, {plural(len(schema.relations), 'relation')}"
        )
        yield Check("schema", ok=True, found=f"{schema.name} {schema.version}, {counts}")
        step = "corpus"
        yield Check("corpus", ok=True, found=plural(len(load_corpus(workspace)), "article"))
        step = "ledger"
        from annotate.studio.ledger import open_ledger

        with open_ledger(workspace.ledger_path) as ledger:
            yield Check("ledger", ok=True, found=plural(ledger.rows(), "row"))
            step = "Label Studio"
            with connect(workspace) as (studio, server):
                from annotate.studio.doctor import check_server

                limit = workspace.settings.label_studio.max_tasks_per_project
                title = workspace.settings.title
                yield from check_server(studio, ledger, server, title, schema, limit)
    except AnnotateError as error:
        faults = "\n    ".join(("", *getattr(error, "problems", ())))
        yield Check(step, ok=False, found=error.problem, remedy=f"{error.remedy}{faults}")
