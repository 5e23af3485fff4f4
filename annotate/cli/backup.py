"""`annotate backup`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from annotate.cli.common import (
    LOCAL,
    json_option,
    plural,
    print_json,
    rich_progress,
    workspace_option,
)
from annotate.errors import AnnotateError, LedgerError, WorkspaceError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.studio.ledger import Ledger
    from annotate.studio.restoring import BackedUp


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@workspace_option
@click.option("--force", is_flag=True, help="Replace FILE when it is there.")
@json_option
def backup(workspace: Workspace, file: Path, *, force: bool, as_json: bool) -> None:
    """Copy the ledger into one file, from which `annotate restore` rebuilds a lost server.

    The copy holds the articles as they were pushed, every annotation ever pulled, labelling
    pages and assignments. It is whole and checked, also while other commands are at work, and
    for your eyes only: people's names are in it. What people did since the last pull is not in
    it, so pull first.

    \b
    Example:
      annotate pull && annotate backup /mnt/backups/2026-11-22.sqlite3
    """
    from annotate.studio.ledger import EXPORT, open_ledger
    from annotate.studio.restoring import back_up

    _refuse(workspace, file, force=force)
    with workspace.alone("backup"), open_ledger(workspace.ledger_path) as ledger:
        done = back_up(ledger, file, rich_progress)
        places = ledger.places(workspace.url or LOCAL)
        pulled_at = ledger.last_pull(*(place for place in places if place.server != EXPORT))
        unpushed = _count_unpushed(workspace, ledger)
    if as_json:
        known = {"pulled_at": pulled_at, "not_in_it": unpushed}
        print_json({"path": str(file.resolve()), **msgspec.to_builtins(done), **known})
    else:
        _print(file, done, pulled_at, unpushed)


def _refuse(workspace: Workspace, file: Path, *, force: bool) -> None:
    if not workspace.ledger_path.exists():
        raise LedgerError(
            "there is nothing to back up: nothing was pushed or pulled here yet",
            "Run `annotate push` first.",
        )
    if not file.parent.is_dir() or file.is_dir():
        raise WorkspaceError(f"{file} cannot be a file", "Name a file in a folder that exists.")
    if file.exists() and file.samefile(workspace.ledger_path):
        raise WorkspaceError(f"{file} is the ledger itself", "Name another file.")
    if file.exists() and not force:
        raise WorkspaceError(
            f"{file} is there already", "Name another, or replace it with --force."
        )


def _count_unpushed(workspace: Workspace, ledger: Ledger) -> int | None:
    """Count the articles of the corpus whose text was never pushed; None if it cannot be read."""
    from annotate.corpus.corpus import open_corpus

    known: Any = set(ledger.query("SELECT article, sha256 FROM articles"))
    try:
        return sum((made.id, made.sha256) not in known for made, _ in open_corpus(workspace))
    except AnnotateError:
        return None


def _print(file: Path, done: BackedUp, pulled_at: str | None, unpushed: int | None) -> None:
    counts = (
        plural(done.annotations, "annotation"), plural(done.articles, "article"),
        plural(done.projects, "project"), f"{done.size:,} bytes",
    )  # fmt: skip
    click.echo(f"{file}: {', '.join(counts)}; {plural(done.rows, 'row')} checked")
    click.echo(f"sha256 {done.sha256}")
    if pulled_at:
        when = f"{pulled_at[:16].replace('T', ' ')} UTC"
        click.echo(f"As of the last pull, {when}; what people did since is not in it.")
    else:
        click.echo("Nothing was pulled yet, so nobody's work is in it; run `annotate pull`.")
    if unpushed:
        articles = plural(unpushed, "article")
        click.echo(f"Not in it: {articles} of the corpus whose text was never pushed.")
    if done.lost_texts:
        click.echo(
            f"{plural(done.lost_texts, 'annotation or task', 'annotations and tasks')} without"
            " their texts, pushed from elsewhere: run `annotate push`, then back up again."
        )
    click.echo("annotate.toml, schemas and corpus are not in it; keep them as any other files.")
