"""`annotate schema migrate`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    connect,
    json_option,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    shown,
    workspace_option,
)
from annotate.errors import SchemaError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from annotate.schema import Schema
    from annotate.studio.migrate import Done, Plan
    from annotate.studio.tally import Tally


@click.command()
@click.option("--to", "version", metavar="VERSION", help="The version; by default the file's.")
@workspace_option
@click.option(
    "--discard-drafts", is_flag=True,
    help="Take spans that wait for review out of drafts that nobody submitted.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be done and end.")
@json_option
def migrate(
    workspace: Workspace, version: str | None, *, discard_drafts: bool, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Bring the project and everyone's annotations to another version of the schema.

    Does what the schema declares under `migrations`: renamed and merged labels are
    rewritten, spans of a split label wait for review in a view of their own, with a
    suggestion, and marks under a removed one are archived in the ledger. Nothing is
    guessed. Everything is pulled first and compared at the end; stopped halfway, run it
    again. The version is that of the workspace's schema, or of another file beside it.

    \b
    Example:
      annotate schema migrate --to 2.0.0 --dry-run
      annotate schema migrate --to 2.0.0
    """
    import msgspec

    from annotate.studio.ledger import open_ledger

    schema, path = _find(workspace, version)
    with (
        workspace.alone("migrate"),
        workspace.alone("push"),
        workspace.alone("pull"),
        open_ledger(workspace.ledger_path) as ledger,
        connect(workspace) as (studio, server),
    ):
        from annotate.studio.migrate import migrate as carry_out
        from annotate.studio.migrate import plan_migration

        target = (studio, ledger, server, workspace.settings.title, schema)
        # A large corpus is in several projects; each goes by itself.
        for part in ledger.projects(server) or [0]:
            if dry_run:
                plan = plan_migration(*target, part)
                print_json(msgspec.to_builtins(plan)) if as_json else _print_plan(plan)
                continue
            done = carry_out(*target, part, discard_drafts=discard_drafts, progress=rich_progress)
            print_json(msgspec.to_builtins(done)) if as_json else _print_done(done, studio.url)
    if dry_run or as_json:
        return
    if path != workspace.schema_path:
        click.echo(f'Now set schema = "{path.relative_to(workspace.root)}" in annotate.toml.')


def _find(workspace: Workspace, version: str | None) -> tuple[Schema, Path]:
    """Return the workspace's schema, or the one of its name and that version beside it."""
    from annotate.schema import load_schema

    schema = load_workspace_schema(workspace)
    path = workspace.schema_path
    if version in {None, schema.version}:
        return schema, path
    others = [other for other in sorted(path.parent.glob("*.yaml")) if other != path]
    for other in others:
        if _may_be(other, schema.name):
            found = load_schema(other)
            if (found.name, found.version) == (schema.name, version):
                return found, other
    raise SchemaError(
        f"{shown(path)} is version {schema.version}, and no file beside it is version {version}"
        f" of {schema.name}",
        "Give the schema that version, and declare under `migrations` what becomes of what.",
    )


def _may_be(path: Path, name: str) -> bool:
    """Whether it may be a schema of that name; the faults of others are no business of ours."""
    if not path.is_file():
        return False
    try:
        return f"name: {name}" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # Loading it says what keeps it from being read.
        return True


def _print_plan(plan: Plan) -> None:
    goes_on = ", goes on where it stopped" if plan.resumes else ""
    click.echo(f"{plan.old} → {plan.new}{goes_on}")
    _print_tally(plan.tally)
    articles = plural(plan.predictions, "article")
    click.echo(f"{plural(plan.drafts, 'draft')}, and the suggestions of {articles}")
    click.echo("Nothing was changed.")


def _print_done(done: Done, url: str) -> None:
    if done.again or done.old == done.new:
        late = plural(done.rewritten, "annotation or draft", "annotations and drafts")
        click.echo(f"The project was at {done.new} already; {late} rewritten now")
    else:
        click.echo(f"{done.old} → {done.new}")
        _print_tally(done.tally)
        also = (plural(done.drafts, "draft"), plural(done.predictions, "article"))
        click.echo(f"Rewritten too: {also[0]}; suggestions of {also[1]}")
    edited = f"; {done.edited:,} changed by people since" if done.edited else ""
    verified = plural(done.verified, "annotation")
    click.echo(f"Pulled and compared: {verified} as they should be{edited}")
    if done.imported:
        click.echo(f"{plural(done.imported, 'imported annotation')} rewritten in the ledger")
    for (label, count), view in zip(done.waiting.items(), done.views, strict=True):
        click.echo(f"For review: {plural(count, 'span')} of {label}, in the view {view!r}")
    if done.waiting:
        click.echo(f"They are at {url}/projects/{done.project}/data")
    for person, task in done.drafts_waiting:
        click.echo(f"For review too: an unsubmitted draft of {person}, of task {task}")
    if done.drafts_waiting:
        click.echo("Have drafts submitted or deleted, or run this with --discard-drafts.")
    if done.waiting or done.drafts_waiting:
        click.echo("When nothing waits any more, run this again: it takes the old label away.")


def _print_tally(tally: Tally) -> None:
    click.echo(f"{plural(tally.annotations, 'annotation')} to rewrite")
    for counts, noun, what in (
        (tally.renamed, "span", "{}"),
        (tally.relations, "relation", "{}"),
        (tally.answers, "answer", "{}"),
        (tally.waiting, "span", "{} to be reviewed"),
        (tally.archived, "span", "{} archived"),
        (tally.archived_relations, "relation", "{} archived"),
        (tally.archived_answers, "answer", "{} archived"),
    ):
        for name, count in counts.items():
            click.echo(f"  {plural(count, noun)} {what.format(name)}")
    if tally.united:
        click.echo(f"  {plural(tally.united, 'span')} united with another of the same extent")
