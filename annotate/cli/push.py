"""`annotate push`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click

from annotate.cli.common import (
    connect,
    json_option,
    listed,
    load_corpus,
    load_workspace_schema,
    print_json,
    rich_progress,
    workspace_option,
)
from annotate.cli.pushed import Done, as_json_object, print_done, print_plan, warn_of_slow
from annotate.errors import CorpusError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.corpus import Article
    from annotate.schema import Schema
    from annotate.schema.suggest import Slow
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Ledger
    from annotate.studio.pushing import Plan


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
    help="Overwrite hand edits of the labelling page; with --prune, delete annotated tasks too,"
    " and most of a project.",
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
    import msgspec

    from annotate.studio.ledger import open_ledger

    title, schema = workspace.settings.title, load_workspace_schema(workspace)
    articles = _read(workspace, paths, ids, prune=prune)
    with (
        workspace.alone("push"),
        open_ledger(workspace.ledger_path) as ledger,
        connect(workspace) as (studio, server),
    ):
        from annotate.studio.pushing import forecast, plan_push

        target = Target(studio, ledger, server, title, schema)
        plan = plan_push(
            *target, articles, whole_corpus=not (paths or ids),
            limit=workspace.settings.label_studio.max_tasks_per_project, progress=rich_progress,
        )  # fmt: skip
        plan = plan if limit is None else plan.first(limit)
        foretold = forecast(ledger, plan)
        result = as_json_object(plan) | {"forecast": msgspec.structs.asdict(foretold)}
        if not as_json:
            print_plan(plan, foretold, title, prune=prune)
        if dry_run:
            _refuse(target, plan, prune=prune, force=force)
        elif not plan.idle or (prune and plan.gone):
            done = _carry_out(workspace, target, plan, jobs=jobs, force=force, prune=prune)
            result |= done.as_json_object()
            if not as_json:
                print_done(done, workspace.url, schema.language)
    if as_json:
        print_json(result)


class Target(NamedTuple):
    """Where to push, and under which schema."""

    studio: Studio
    ledger: Ledger
    server: str
    title: str
    schema: Schema


def _read(
    workspace: Workspace, paths: tuple[Path, ...], ids: TextIO | None, *, prune: bool
) -> list[Article]:
    """Return the articles to push; there must be some, unless others are to be deleted."""
    articles = _listed(workspace, paths, ids) if ids else load_corpus(workspace, paths)
    if not articles and not prune:
        where = ids.name if ids else ", ".join(map(str, paths)) or workspace.corpus_path
        raise CorpusError(
            f"there are no articles in {where}", "Put some there, or see `annotate corpus add`."
        )
    return articles


def _refuse(target: Target, plan: Plan, *, prune: bool, force: bool) -> None:
    """Raise what carrying out the plan would raise at once."""
    from annotate.studio.project import refuse_change
    from annotate.studio.pushing import refuse_prune

    for part in plan.sizes:
        refuse_change(*target, part)
    if prune and not force:
        refuse_prune(plan)


def _carry_out(
    workspace: Workspace, target: Target, plan: Plan, *, jobs: int, force: bool, prune: bool
) -> Done:
    """Carry out the plan; what took too long is told."""
    from annotate.studio.pushing import count_left, find_unfinished, push

    moved = [*(shown.article.id for shown in plan.changed), *find_unfinished(target.ledger, plan)]
    slow: Counter[Slow] = Counter()
    pushed = push(
        *target, plan, batch_size=workspace.settings.label_studio.batch_size, jobs=jobs,
        force=force, prune=prune, progress=rich_progress, slow=slow,
    )  # fmt: skip
    warn_of_slow(slow)
    return Done(pushed, count_left(target.ledger, pushed.places, moved))


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
