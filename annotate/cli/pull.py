"""`annotate pull`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import (
    connect,
    json_option,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    say,
    waiting,
    workspace_option,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.schema import Schema
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Ledger
    from annotate.studio.pull import Pulled
    from annotate.studio.quarantine import Waiting
    from annotate.studio.wire import Project


@click.command()
@workspace_option
@click.option("--full", is_flag=True, help="Compare everything, not only what changed.")
@click.option("--drafts", is_flag=True, help="Bring unsubmitted work too.")
@click.option(
    "--jobs", type=click.IntRange(1, 16), default=1, show_default=True, metavar="N",
    help="Ask with so many readers at once; more than one for a server of several workers.",
)  # fmt: skip
@click.option(
    "--from-export", "export", metavar="FILE",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Bring in the annotations of a file that a Label Studio exported as JSON.",
)  # fmt: skip
@json_option
def pull(
    workspace: Workspace, *, full: bool, drafts: bool, jobs: int, export: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Bring everyone's annotations into the ledger.

    Asks for what changed since the last pull; the first one takes everything. Every span is
    proved against its article. What cannot be proved goes into quarantine and does not count
    until somebody decides; it is never lost. As many annotations arrive as the server reports,
    or the command fails and names those that are missing.

    \b
    Example:
      annotate pull
      annotate pull --full --drafts
      annotate pull --from-export project-7.json
    """
    if export is not None:
        _import(workspace, export, as_json=as_json)
        return
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
        from annotate.studio.quarantine import count_waiting

        pulled = Pulled(full=True)
        places: list[Place] = []
        title, limit = workspace.settings.title, settings.max_tasks_per_project
        for project in require_parts(studio, ledger, server, title, limit):
            _warn_of_edits(studio, ledger, server, project, schema)
            drawn = page_of(project, ledger, server, schema).drawn
            places.append(Place(server, project.id))
            pulled += carry_out(
                studio, ledger, places[-1], drawn, rich_progress, full=full, drafts=drafts,
                jobs=jobs, overlap=settings.pull_overlap,
            )  # fmt: skip
        open_marks = count_waiting(ledger, places)
    if as_json:
        print_json(msgspec.structs.asdict(pulled) | {"quarantine": open_marks._asdict()})
    else:
        _print(pulled, open_marks, drafts=drafts)


def _import(workspace: Workspace, path: Path, *, as_json: bool) -> None:
    """Bring an export into the ledger; needs no server."""
    from annotate.studio.export import import_export
    from annotate.studio.ledger import open_ledger

    schema = load_workspace_schema(workspace)
    with workspace.alone("pull"), open_ledger(workspace.ledger_path) as ledger:
        known = load_known(workspace, ledger)
        drawn = known.page.drawn if known.page else schema
        found = import_export(ledger, path, known.articles, drawn, rich_progress)
    if as_json:
        print_json(msgspec.to_builtins(found))
        return
    total = plural(found.submitted + found.skipped, "annotation")
    say(f"{plural(found.read, 'task')}, {found.matched:,} with an article here: {total}")
    changes = f"{found.added:,} new or changed" if found.added else "nothing new"
    say(f"Ledger: {changes}, {plural(found.spans, 'span')}")
    for count, noun, what in (
        (found.repaired, "span", "repaired from UTF-16 offsets"),
        (found.older, "annotation", "of which the ledger has a later state"),
        (found.pulled, "annotation", "left out, for the ledger has it from the server"),
        (found.copies, "annotation", "with nothing that the ledger has not already; a copy?"),
        (found.drafts, "draft", "left out"),
        (found.foreign, "annotation", "of tasks without an article here"),
    ):
        if count:
            say(f"{plural(count, noun)} {what}")
    if found.set_aside:
        say(f"{waiting(0, found.set_aside)}; see `annotate quarantine list`")
    for task in found.unmatched[:_SHOWN]:
        say(f"No article for task {task.task}, {task.begins!r}: {task.reason}")
    if (more := len(found.unmatched) - _SHOWN) > 0:
        say(f"… and {more:,} more; --json lists all")


_SHOWN = 10


def _warn_of_edits(
    studio: Studio, ledger: Ledger, server: str, project: Project, schema: Schema
) -> None:
    from annotate.studio.project import TAKE_IN, config_state, page_of, tell_edits

    if config_state(project, ledger, server, schema) == "edited":
        edits = tell_edits(project, page_of(project, ledger, server, schema))
        say(f"The labelling page of {studio.url} was edited by hand: {edits}. {TAKE_IN}", err=True)


def _print(pulled: Pulled, open_marks: Waiting, *, drafts: bool) -> None:
    total = pulled.submitted + pulled.skipped
    say(
        f"{plural(total, 'annotation')} on the server: {pulled.submitted:,} submitted,"
        f" {pulled.skipped:,} skipped, {plural(pulled.spans, 'span')}"
    )
    if drafts:
        say(f"{plural(pulled.drafts, 'draft')} that nobody submitted yet")
    read = "Compared everything"
    if not pulled.full:
        read = f"Read {plural(pulled.read, 'task')}, changed since the last pull or shortly before"
    changes = f"{pulled.added:,} new or changed, {pulled.deleted:,} deleted"
    say(f"{read}: {changes if pulled.added or pulled.deleted else 'nothing new'}")
    if pulled.repaired:
        say(f"{plural(pulled.repaired, 'span')} repaired from UTF-16 offsets")
    if pulled.late:
        say(
            f"{plural(pulled.late, 'annotation')} submitted on a former text, carried over;\n"
            "  `annotate push` writes that to the server"
        )
    if any(open_marks):
        say(f"{waiting(*open_marks)}; see `annotate quarantine list`")
    if pulled.foreign:
        say(f"{plural(pulled.foreign, 'annotation')} of tasks that nobody pushed; left alone")
