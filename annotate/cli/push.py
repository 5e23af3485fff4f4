"""`annotate push`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from annotate.cli.common import (
    connect,
    json_option,
    listed,
    load_corpus,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    workspace_option,
)
from annotate.errors import CorpusError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.corpus import Article
    from annotate.studio.push import Plan


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option(
    "--ids", type=click.File(encoding="utf-8"), metavar="FILE",
    help="Only the articles that FILE names, one id a line; - is stdin.",
)  # fmt: skip
@workspace_option
@click.option("--dry-run", is_flag=True, help="Print the plan and end.")
@click.option(
    "--force", is_flag=True, help="Overwrite what was edited by hand on the labelling page."
)
@json_option
def push(
    workspace: Workspace, paths: tuple[Path, ...], ids: TextIO | None, *, dry_run: bool,
    force: bool, as_json: bool,
) -> None:  # fmt: skip
    """Send articles to Label Studio that are not there yet.

    Without PATH the whole corpus. Creates the project, sets its labelling page and its
    instructions from the schema, and adds suggestions from the schema's patterns. Run
    again it has nothing to do, and after a failure it completes.

    \b
    Example:
      annotate push --dry-run
      annotate push corpus/articles/one.md
      annotate corpus sample -n 100 | annotate push --ids -
    """
    from annotate.studio.ledger import open_ledger

    settings = workspace.settings
    schema = load_workspace_schema(workspace)
    articles = _listed(workspace, paths, ids) if ids else load_corpus(workspace, paths)
    if not articles:
        where = ids.name if ids else ", ".join(map(str, paths)) or workspace.corpus_path
        raise CorpusError(
            f"there are no articles in {where}", "Put some there, or see `annotate corpus add`."
        )
    with (
        workspace.alone("push"),
        open_ledger(workspace.ledger_path) as ledger,
        connect(workspace) as (studio, server),
    ):
        from annotate.studio.push import plan_push
        from annotate.studio.push import push as carry_out

        target = (studio, ledger, server, settings.title, schema)
        plan = plan_push(*target, articles, whole_corpus=not (paths or ids), progress=rich_progress)
        if not as_json:
            _print_plan(plan, settings.title)
        result = _as_json(plan)
        if dry_run:
            from annotate.studio.project import refuse_change

            refuse_change(*target)
        elif not plan.idle:
            batch = settings.label_studio.batch_size
            place = carry_out(*target, plan, batch_size=batch, force=force, progress=rich_progress)
            result |= {"project": place.project, "pushed": len(plan.new)}
            if not as_json:
                click.echo(f"Done: {plural(len(plan.new), 'article')} pushed")
                if workspace.url:
                    click.echo(f"Annotate them at {studio.url}/projects/{place.project}")
                else:
                    click.echo("Annotate them in the browser: `annotate serve --open`")
    if as_json:
        print_json(result)


def _listed(workspace: Workspace, paths: tuple[Path, ...], ids: TextIO) -> list[Article]:
    """Return the articles that a list names; all of them must be there."""
    from annotate.corpus.corpus import open_corpus
    from annotate.corpus.sample import read_ids

    try:
        wanted = read_ids(ids)
    except UnicodeDecodeError as error:
        raise CorpusError(f"{ids.name} is not UTF-8 text", "Name a list of ids.") from error
    if paths:
        there = {article.id: article for article in load_corpus(workspace, paths)}
    else:
        # Without reading all the others.
        found = open_corpus(workspace).find_all(wanted)
        there = {article_id: made.article for article_id, made in found.items()}
    if unknown := tuple(sorted(set(wanted) - there.keys())):
        raise CorpusError(
            f"the corpus has no article {listed(unknown)}, named in {ids.name}",
            "Correct the list, or add the articles first.",
        )
    return [there[article_id] for article_id in sorted(set(wanted))]


def _print_plan(plan: Plan, title: str) -> None:
    if plan.config != "in step":
        verb = "create" if plan.config == "missing" else "bring in step with the schema"
        click.echo(f"Project {title!r}: {verb}")
    if plan.config == "edited":
        click.echo("Its labelling page was edited by hand:")
        for edit in plan.edits or ("in looks only",):
            click.echo(f"  {edit}")
    click.echo(f"{plural(len(plan.new), 'article')} to push, {len(plan.unchanged):,} already there")
    notes = {
        "changed since they were pushed; tasks and dataset keep the pushed text": plan.changed,
        "on the server but not in the corpus; left alone": plan.gone,
        "with more than one task; run `annotate doctor`": plan.duplicates,
    }
    for note, ids in notes.items():
        if ids:
            click.echo(f"{plural(len(ids), 'article')} {note}: {listed(ids)}")
    if plan.unrecorded:
        click.echo(f"{plural(plan.unrecorded, 'task')} to note in the ledger again")
    if plan.vanished:
        click.echo(
            f"{plural(len(plan.vanished), 'task')} deleted on the server since the last push"
        )
    if plan.idle:
        click.echo("Nothing to do.")


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "config": plan.config,
        "edits": plan.edits,
        "new": [article.id for article in plan.new],
        "unchanged": len(plan.unchanged),
        "changed": plan.changed,
        "gone": plan.gone,
        "duplicates": plan.duplicates,
        "vanished": plan.vanished,
        "unrecorded": plan.unrecorded,
        "pushed": 0,
    }
