"""`annotate assign`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from annotate.cli.common import (
    connect,
    json_option,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    say,
    stdout,
    workspace_option,
)
from annotate.cli.invite import Door, find_door
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.studio.assigning import Plan, Queue, Share, Standing
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Ledger

# Wider than any table, so that no link is cut: a terminal breaks lines by itself.
_WIDE = 1000


@click.command()
@click.option(
    "--annotators", metavar="A,B,C", help="The addresses of those who annotate, with commas."
)
@click.option(
    "--overlap", type=click.IntRange(1), metavar="N",
    help="How many people annotate each article; otherwise as many as last time, at first 1.",
)  # fmt: skip
@click.option("--by", type=click.Choice(["cluster"]), help="Near-duplicates go to the same people.")
@click.option(
    "--rebalance", is_flag=True, help="Move what nobody began, so that all have the same share."
)
@workspace_option
@click.option("--dry-run", is_flag=True, help="Print the plan and end.")
@json_option
def assign(
    workspace: Workspace, *, annotators: str | None, overlap: int | None, by: str | None,
    rebalance: bool, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Spread the pushed articles over people, and give each a queue in the browser.

    Everyone gets the same number of articles, the same ones whenever it is computed. What
    somebody annotated already is theirs; what was assigned before stays, so that running it
    again assigns what was pushed since. Without --annotators it tells who has what.

    \b
    Example:
      annotate assign --annotators an@example.org,binh@example.org --dry-run
      annotate assign --annotators an@example.org,chi@example.org --overlap 2
      annotate assign
    """
    from annotate.studio.assigning import find_queues, find_shares
    from annotate.studio.ledger import open_ledger

    if annotators is None and (overlap or by or rebalance or dry_run):
        raise click.UsageError("Name the people with --annotators.")
    language = load_workspace_schema(workspace).language
    with (
        # A push writes the same tasks.
        workspace.alone("push"),
        open_ledger(workspace.ledger_path) as ledger,
        connect(workspace) as (studio, server),
    ):
        desk = _Desk(workspace, ledger, studio, server)
        named = None if annotators is None else annotators.split(",")
        projects, standing, wanted = _ask(desk, named, overlap, drafts=rebalance)
        door = find_door(workspace)
        queues = find_queues(studio, projects)
        if named is None:
            shares = find_shares(standing, standing.former_here)
            _tell(standing, shares, queues, door, as_json=as_json)
            return
        plan = _plan(desk, standing, named, wanted, by_cluster=bool(by), rebalance=rebalance)
        if not as_json:
            _print_plan(plan, standing)
        if not dry_run:
            made = _carry_out(desk, standing, plan, language)
            queues = [*made, *(one for one in queues if one.person not in plan.annotators)]
    if as_json:
        result = _as_json(plan.shares, queues, door, len(standing.articles), 0)
        print_json(result | _plan_as_json(plan, dry_run=dry_run))
    elif not dry_run:
        _print_queues(plan.shares, queues, door)


class _Desk(NamedTuple):
    """A workspace, its ledger, and its server under the ledger's name for it."""

    workspace: Workspace
    ledger: Ledger
    studio: Studio
    server: str


def _ask(
    desk: _Desk, named: list[str] | None, overlap: int | None, *, drafts: bool
) -> tuple[list[int], Standing, int]:
    """Return the projects, who has what in them, and how many people an article is to have."""
    from annotate.studio.assigning import ask_server, check_annotators
    from annotate.studio.project import require_parts

    workspace, ledger, studio, server = desk
    settings = workspace.settings
    limit = settings.label_studio.max_tasks_per_project
    projects = require_parts(studio, ledger, server, settings.title, limit)
    wanted = overlap or max(project.maximum_annotations for project in projects)
    if named is not None:
        # Before the server is asked about every task.
        check_annotators(named, wanted, studio.people())
    standing = ask_server(studio, ledger, server, projects, drafts=drafts, progress=rich_progress)
    return [project.id for project in projects], standing, wanted


def _plan(
    desk: _Desk, standing: Standing, named: list[str], wanted: int, *, by_cluster: bool,
    rebalance: bool,
) -> Plan:  # fmt: skip
    from annotate.studio.assigning import plan_assignment

    clusters = _clusters(desk.workspace, desk.ledger) if by_cluster else None
    return plan_assignment(
        standing, desk.ledger, desk.server, named, wanted, clusters=clusters, rebalance=rebalance
    )


def _carry_out(desk: _Desk, standing: Standing, plan: Plan, language: str) -> list[Queue]:
    from annotate.studio.assigning import assign

    return assign(
        desk.studio, desk.ledger, desk.server, standing, plan, language, progress=rich_progress
    )


def _clusters(workspace: Workspace, ledger: Ledger) -> dict[str, str]:
    """Return the cluster of every article that is known."""
    from annotate.corpus.corpus import open_corpus

    articles = load_known(workspace, ledger).articles
    clustered = open_corpus(workspace).with_clusters(articles, rich_progress)
    return {article.id: article.cluster for article in clustered}


def _tell(
    standing: Standing, shares: Sequence[Share], queues: Sequence[Queue], door: Door, *,
    as_json: bool,
) -> None:  # fmt: skip
    """Say who has what, and how many articles nobody has."""
    count, left = len(standing.articles), len(standing.nobodys)
    if as_json:
        print_json(_as_json(shares, queues, door, count, left))
        return
    if shares:
        _print_queues(shares, queues, door)
    has = "has" if left == 1 else "have"
    click.echo(f"{plural(left, 'article')} of {count:,} {has} nobody", nl=False)
    say("; run `annotate assign --annotators …` to assign them." if left else ".")


def _print_plan(plan: Plan, standing: Standing) -> None:
    from rich import box
    from rich.table import Table

    each = f"{plural(plan.overlap, 'person', 'people')} each"
    say(f"{plural(len(standing.articles), 'article')} for {each}")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("annotator")
    for name in ("articles", "done", "gets", "loses"):
        table.add_column(name, justify="right")
    for share in plan.shares:
        counts = (share.articles, share.done, share.gets, share.loses)
        table.add_row(share.person, *(f"{count:,}" for count in counts))
    stdout().print(table)
    if plan.more:
        say(
            f"{plural(plan.more, 'article')} keep more people than that, from before;\n"
            "  --rebalance takes them from those who have not begun"
        )
    for share in plan.others:
        if share.articles:
            say(f"{share.person} is not in the list and keeps what they have")
    if not plan.changed and not plan.tasks:
        say("Nobody's articles change.")
        return
    changes = plural(len(plan.changed), "article")
    say(f"{changes} to assign, {plural(len(plan.tasks), 'task')} to write")


def _print_queues(shares: Sequence[Share], queues: Sequence[Queue], door: Door) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("annotator")
    table.add_column("articles", justify="right")
    table.add_column("done", justify="right")
    table.add_column("queue", no_wrap=True)
    links = _links(queues, door)
    people = {share.person: share for share in shares}
    for person in dict.fromkeys([*people, *links]):
        share = people.get(person)
        counts = (f"{share.articles:,}", f"{share.done:,}") if share else ("0", "0")
        table.add_row(person, *counts, "\n".join(links[person]))
    console = stdout()
    console.width = _WIDE
    console.print(table)
    if door.note:
        say(door.note)
    say(
        "In their queue people open articles one by one, or choose\n"
        "“Label Tasks As Displayed” at the arrow beside “Label All Tasks”.\n"
        "The button itself offers everyone's articles."
    )


def _links(queues: Iterable[Queue], door: Door) -> dict[str, list[str]]:
    links: dict[str, list[str]] = defaultdict(list)
    for queue in queues:
        links[queue.person].append(door.url + queue.path)
    return links


def _as_json(
    shares: Sequence[Share], queues: Sequence[Queue], door: Door, articles: int, nobodys: int
) -> dict[str, Any]:
    import msgspec

    links = _links(queues, door)
    people = [msgspec.structs.asdict(share) | {"queues": links[share.person]} for share in shares]
    return {"articles": articles, "without_annotator": nobodys, "people": people}


def _plan_as_json(plan: Plan, *, dry_run: bool) -> dict[str, Any]:
    return {
        "overlap": plan.overlap,
        "with_more": plan.more,
        "changed": len(plan.changed),
        "tasks": len(plan.tasks),
        "dry_run": dry_run,
    }
