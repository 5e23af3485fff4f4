"""`annotate restore`."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from annotate.cli.common import (
    LOCAL,
    connect,
    corpus_ids,
    json_option,
    listed,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    say,
    shown,
    workspace_option,
)
from annotate.errors import CorpusError, WorkspaceError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.schema.suggest import Slow
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Ledger
    from annotate.studio.restoring import Plan, Restored

LOGINS = "restored-logins.json"


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--to", metavar="URL", help="Another server; its token in LABEL_STUDIO_API_KEY.")
@click.option(
    "--sign-up", "signing_up", is_flag=True,
    help="Make accounts for people who are not on the server, with passwords at random.",
)  # fmt: skip
@click.option(
    "--as-owner", is_flag=True, help="Have the work of people who are not there be yours."
)
@click.option("--force", is_flag=True, help="Restore although the chain of hashes is broken.")
@workspace_option
@click.option("--dry-run", is_flag=True, help="Print what would be done and end.")
@json_option
def restore(
    workspace: Workspace, file: Path | None, *, to: str | None, signing_up: bool, as_owner: bool,
    force: bool, dry_run: bool, as_json: bool,
) -> None:  # fmt: skip
    """Rebuild lost projects from the ledger, or from a backup FILE of it.

    Articles, labelling pages, suggestions, assignments, and everyone's annotations as they
    were. People are found by their addresses. A FILE becomes the ledger of a workspace that has
    none yet. The server gives new numbers and times; the ledger keeps the true ones. At the end
    everything is pulled and compared; killed halfway, run it again. Drafts stay in the ledger.

    \b
    Example:
      annotate restore --dry-run
      annotate restore --to https://new.example.org --sign-up
      annotate restore backups/2026-11-22.sqlite3
    """
    from annotate.studio.restoring import open_source

    target = _aim(workspace, to)
    with (
        workspace.alone("restore"),
        workspace.alone("push"),
        workspace.alone("pull"),
        open_source(
            workspace.ledger_path, file, dry_run=dry_run, force=force, progress=rich_progress
        ) as ledger,
        connect(target) as (studio, server),
    ):
        plan = _plan(studio, ledger, workspace, server)
        result = _as_json(plan)
        if not as_json:
            _print_plan(plan, studio.url)
        if plan.parts and not dry_run:
            signed_up: list[str] = []
            if signing_up:
                signed_up = _sign_up(studio, workspace, server, plan, as_owner=as_owner)
            done = _carry_out(studio, ledger, workspace, server, plan, as_owner=as_owner)
            result |= _done_as_json(done, signed_up)
            if not as_json:
                _print_done(done, studio.url, local=server == LOCAL)
                _print_next(workspace, server, plan)
    if as_json:
        print_json(result)


def _plan(studio: Studio, ledger: Ledger, workspace: Workspace, server: str) -> Plan:
    """Return what is to be restored; schema and corpus are read where the ledger lacks them."""
    from annotate.corpus.corpus import open_corpus
    from annotate.studio.restoring import plan_restore

    return plan_restore(
        studio, ledger, workspace.url or LOCAL, server, workspace.settings.title,
        lambda: load_workspace_schema(workspace),
        lambda: (made.article for made in open_corpus(workspace)),
    )  # fmt: skip


def _aim(workspace: Workspace, to: str | None) -> Workspace:
    """Return the workspace as if it were on the server to restore to."""
    if to is None:
        return workspace
    environ = {**os.environ, "LABEL_STUDIO_URL": to}
    try:
        return Workspace(workspace.root, workspace.settings, environ)
    except WorkspaceError as error:
        # Without what was given: there may be a password in it.
        raise WorkspaceError(
            "the URL of --to is not http(s)://HOST without a password", "Correct it."
        ) from error


def _sign_up(
    studio: Studio, workspace: Workspace, server: str, plan: Plan, *, as_owner: bool
) -> list[str]:
    from annotate.studio.restoring import sign_up

    # Who has no address can have no account; their work is the owner's if that was asked for.
    missing = [one for one in plan.missing if "@" in one or not as_owner]
    if not missing:
        return []
    path = workspace.private / LOGINS
    made = sign_up(studio, server, missing, path)
    say(
        f"Made {plural(len(made), 'account')}: {listed(tuple(made))}; hand people their passwords,"
        f" which are in {shown(path)}, then delete the file",
        err=True,
    )
    return made


def _carry_out(
    studio: Studio, ledger: Ledger, workspace: Workspace, server: str, plan: Plan, *,
    as_owner: bool,
) -> Restored:  # fmt: skip
    from annotate.studio.restoring import restore as carry_out

    slow: Counter[Slow] = Counter()
    done = carry_out(
        studio, ledger, server, workspace.settings.title, plan, as_owner=as_owner,
        batch_size=workspace.settings.label_studio.batch_size, progress=rich_progress, slow=slow,
    )  # fmt: skip
    for (label, number), count in sorted(slow.items()):
        say(
            f"Pattern {number + 1} of {label} took too long in {plural(count, 'article')}, which"
            " have no suggestions of it; make it simpler",
            err=True,
        )
    return done


def _print_plan(plan: Plan, url: str) -> None:
    for part in plan.parts:
        counts = f"{part.submitted:,} submitted and {plural(part.skipped, 'skipped annotation')}"
        there = plural(len(part.there), "article is", "articles are")
        goes_on = f"; {there} there already" if part.there else ""
        say(
            f"Project {part.source.project} at {part.source.server}:"
            f" {plural(len(part.tasks), 'article')}, {counts}{goes_on}"
        )
    if not plan.parts:
        say(f"{url} has every project of the ledger. Nothing to restore.")
    for person, count in plan.people.items():
        missing = "; not on the server" if person in plan.missing else ""
        say(f"  {person}: {plural(count, 'annotation')}{missing}")
    if drafts := sum(part.drafts for part in plan.parts):
        say(f"{plural(drafts, 'draft')} in the ledger only: a server takes nobody else's")
    if plan.exported:
        say(f"{plural(plan.exported, 'annotation')} from export files stay as they are")
    for server, count in plan.later.items():
        say(
            f"Not among them: {plural(count, 'annotation')} made at {server} since\n"
            f"  this was restored there; with LABEL_STUDIO_URL={server} that is restored instead"
        )


def _print_done(done: Restored, url: str, *, local: bool) -> None:
    say(
        f"Restored {plural(done.articles, 'article')} with {plural(done.annotations, 'annotation')}"
    )
    for person, count in done.by_owner.items():
        say(f"{plural(count, 'annotation')} of {person} count as yours now")
    if done.changed:
        say(
            f"{plural(len(done.changed), 'article')} with an annotation that reads otherwise than\n"
            f"  before: {listed(done.changed)}; see `annotate history`"
        )
    since = f"; {plural(done.since, 'change')} by people since" if done.since else ""
    say(f"Pulled and compared: everything arrived{since}")
    if done.overlap > 1:
        say(f"{done.overlap} people may annotate an article, as was assigned")
    if local:
        say("Look at it in the browser: `annotate serve --open`")
        return
    for place in done.places:
        say(f"It is at {url}/projects/{place.project}")


def _print_next(workspace: Workspace, server: str, plan: Plan) -> None:
    """Say what is left to the person: which server it is now, and what the corpus lacks."""
    if server != (workspace.url or LOCAL):
        say(f'Now put url = "{server}" under [label-studio] in annotate.toml.')
    restored = {task.article for part in plan.parts for task in part.tasks}
    try:
        here = set(corpus_ids(workspace))
    except CorpusError as error:
        say(f"The corpus of this workspace cannot be read: {error}")
        return
    corpus = f"The corpus of this workspace, {shown(workspace.corpus_path)},"
    if not (lacking := restored - here):
        say(f"{corpus} has every restored article.")
        return
    has = plural(len(lacking), "restored article")
    say(f"{corpus} lacks {has}: {listed(tuple(sorted(lacking)))}")
    say("  Until they are there again, do not push with --prune: it deletes their tasks.")
    if others := len(here - restored):
        say(f"  It has {plural(others, 'other')}, which `annotate push` would send.")


def _as_json(plan: Plan) -> dict[str, Any]:
    return {
        "from": plan.source,
        "parts": [
            {
                "project": part.source.project,
                "articles": len(part.tasks),
                "there": len(part.there),
                "submitted": part.submitted,
                "skipped": part.skipped,
                "set_aside": part.set_aside,
                "drafts": part.drafts,
            }
            for part in plan.parts
        ],
        "there": list(plan.done),
        "people": plan.people,
        "missing": list(plan.missing),
        "from_exports": plan.exported,
        "made_elsewhere_since": plan.later,
        "restored": None,
    }


def _done_as_json(done: Restored, signed_up: list[str]) -> dict[str, Any]:
    import msgspec

    known = msgspec.structs.asdict(done) | {"places": [place.project for place in done.places]}
    return {"restored": known | {"signed_up": signed_up}}
