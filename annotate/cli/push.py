"""`annotate push`."""

from __future__ import annotations

from collections import Counter
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
    from annotate.schema.suggest import Slow
    from annotate.studio.pushing import Plan, Pushed


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option(
    "--ids", type=click.File(encoding="utf-8"), metavar="FILE",
    help="Only the articles that FILE names, one id a line; - is stdin.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(0), metavar="N", help="Push N new articles at most.")
@click.option(
    "--jobs", type=click.IntRange(1, 16), default=1, show_default=True, metavar="N",
    help="Send so many batches at once; more than one only to a server on PostgreSQL.",
)  # fmt: skip
@click.option("--prune", is_flag=True, help="Delete tasks whose articles left the corpus.")
@workspace_option
@click.option("--dry-run", is_flag=True, help="Print the plan and end.")
@click.option(
    "--force", is_flag=True,
    help="Overwrite hand edits of the labelling page; with --prune, delete annotated tasks too.",
)  # fmt: skip
@json_option
def push(
    workspace: Workspace, paths: tuple[Path, ...], ids: TextIO | None, *, limit: int | None,
    jobs: int, prune: bool, dry_run: bool, force: bool, as_json: bool,
) -> None:  # fmt: skip
    """Have Label Studio hold the articles as the corpus does.

    Without PATH the whole corpus. Creates the project, sets its labelling page and its
    instructions from the schema, sends new articles with suggestions from the schema's
    patterns, and brings tasks to the new text of an article that changed, with everything
    that was marked in them. Run again it has nothing to do, and after a failure it goes on.

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
    if not articles and not prune:
        where = ids.name if ids else ", ".join(map(str, paths)) or workspace.corpus_path
        raise CorpusError(
            f"there are no articles in {where}", "Put some there, or see `annotate corpus add`."
        )
    with (
        workspace.alone("push"),
        open_ledger(workspace.ledger_path) as ledger,
        connect(workspace) as (studio, server),
    ):
        import msgspec

        from annotate.schema.config import text_changed
        from annotate.studio.pushing import plan_push
        from annotate.studio.pushing import push as carry_out

        target = (studio, ledger, server, settings.title, schema)
        plan = plan_push(
            *target, articles, whole_corpus=not (paths or ids),
            limit=settings.label_studio.max_tasks_per_project, progress=rich_progress,
        )  # fmt: skip
        if limit is not None:
            plan = plan.first(limit)
        if not as_json:
            _print_plan(plan, settings.title, prune=prune)
        result = _as_json(plan)
        if dry_run:
            from annotate.studio.project import refuse_change

            for part in plan.sizes:
                refuse_change(*target, part)
        elif not plan.idle or (prune and plan.gone):
            slow: Counter[Slow] = Counter()
            done = carry_out(
                *target, plan, batch_size=settings.label_studio.batch_size, jobs=jobs,
                force=force, prune=prune, progress=rich_progress, slow=slow,
            )  # fmt: skip
            projects = [place.project for place in done.places]
            result |= msgspec.structs.asdict(done) | {"places": projects}
            _warn_of_slow(slow)
            if not as_json:
                _print_done(done, workspace.url, text_changed(schema.language))
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


def _print_plan(plan: Plan, title: str, *, prune: bool) -> None:
    _print_page(plan, title)
    click.echo(f"{plural(len(plan.new), 'article')} to push, {len(plan.unchanged):,} already there")
    if plan.later:
        click.echo(f"{plan.later:,} more {'is' if plan.later == 1 else 'are'} new; left for later")
    if (parts := len({*plan.homes.values(), *plan.sizes})) > 1:
        click.echo(f"They are spread over {parts} projects")
    gone = "deleted where nobody worked on them" if prune else "left alone; --prune deletes them"
    notes = {
        "with a new text; what was marked is carried over": [s.article.id for s in plan.changed],
        f"on the server but not in the corpus; {gone}": [task.article for task in plan.gone],
        "with several tasks; one each is kept": list(plan.doubles),
        "with suggestions of other patterns; renewed": [s.article.id for s in plan.outdated],
    }
    for note, ids in notes.items():
        if ids:
            click.echo(f"{plural(len(ids), 'article')} {note}: {listed(tuple(ids))}")
    for count, noun, what in (
        (plan.unfinished, "article", "between two texts; goes on"),
        (plan.looked_at, "article", "that nobody need look at any more"),
        (len(plan.unrecorded), "task", "to note in the ledger again"),
        (len(plan.vanished), "task", "deleted on the server since the last push"),
    ):
        if count:
            click.echo(f"{plural(count, noun)} {what}")
    if plan.idle and not (prune and plan.gone):
        click.echo("Nothing to do.")


def _print_page(plan: Plan, title: str) -> None:
    if plan.config != "in step":
        verb = "create" if plan.config == "missing" else "bring in step with the schema"
        click.echo(f"Project {title!r}: {verb}")
    if plan.config == "edited":
        click.echo("Its labelling page was edited by hand:")
        for edit in plan.edits or ("in looks only",):
            click.echo(f"  {edit}")


def _warn_of_slow(slow: Counter[Slow]) -> None:
    for (label, number), count in sorted(slow.items()):
        click.echo(
            f"Pattern {number + 1} of {label} took too long in {plural(count, 'article')}, which"
            " have no suggestions of it; make it simpler",
            err=True,
        )


def _print_done(done: Pushed, url: str | None, view: str) -> None:
    """Say what was done; `view` is the one of articles with other texts."""
    if done.pushed:
        click.echo(f"Pushed {plural(done.pushed, 'article')}")
    if done.moved:
        click.echo(f"Carried over to a new text: {plural(done.moved, 'article')}")
    if done.left:
        click.echo(
            f"{plural(done.left, 'mark')} to look at: `annotate quarantine list` tells which were"
            f" taken off, and which stand at other words; in Label Studio see the view {view!r}"
        )
    if done.pruned or done.kept:
        kept = f"; {done.kept:,} stay, somebody worked on them" if done.kept else ""
        click.echo(f"Deleted {plural(done.pruned, 'task')}{kept}")
    if done.doubles:
        click.echo(f"Deleted {plural(done.doubles, 'task')} that were there twice")
    if url is None:
        click.echo("Annotate in the browser: `annotate serve --open`")
        return
    for place in done.places:
        click.echo(f"Annotate at {url}/projects/{place.project}")


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "config": plan.config,
        "edits": plan.edits,
        "new": [article.id for article in plan.new],
        "unchanged": len(plan.unchanged),
        "changed": [shown.article.id for shown in plan.changed],
        "gone": [task.article for task in plan.gone],
        "several_tasks": list(plan.doubles),
        "vanished": [task.number for task in plan.vanished],
        "unrecorded": len(plan.unrecorded),
        "outdated": [shown.article.id for shown in plan.outdated],
        "unfinished": plan.unfinished,
        "looked_at": plan.looked_at,
        "later": plan.later,
        "pushed": 0,
    }
