"""`annotate publish`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from annotate.cli.checks import as_json_object, print_check, print_end
from annotate.cli.common import (
    check_dataset,
    json_option,
    listed,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    workspace_option,
)
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.dataset.publish import Check, Published
    from annotate.spans import Annotation


@click.command()
@click.argument("target")
@click.option(
    "--dataset", "folder", type=click.Path(path_type=Path), default="dataset", metavar="DIR",
    show_default=True, help="The dataset that was built.",
)  # fmt: skip
@click.option("--public", is_flag=True, help="For everybody to see; otherwise private.")
@click.option(
    "--tag", default="", metavar="VERSION", help="Give the version a name, such as v1.0, for good."
)
@click.option("--dry-run", is_flag=True, help="Check everything and list the files; send nothing.")
@workspace_option
@json_option
def publish(
    workspace: Workspace, target: str, folder: Path, tag: str, *, public: bool, dry_run: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Publish a dataset that was built: to the Hub, to a folder, to S3.

    TARGET is hf://ORG/NAME, a folder, or a URL of a file system that fsspec knows. Nothing is
    sent before every check holds: the dataset is what would be built now, nothing crosses
    splits, it has a licence, no annotator's name or address is in any of its files, and no span
    waits for review. What was sent is loaded back and compared. When anything fails, the former
    version stays as it is. The Hub's token, with write access, comes from HF_TOKEN.

    \b
    Example:
      annotate publish hf://my-org/my-corpus --dry-run
      annotate publish hf://my-org/my-corpus --public --tag v1.0
      annotate publish s3://my-bucket/my-corpus
    """
    from annotate.dataset.checking import check_built
    from annotate.dataset.publish import publish as send
    from annotate.studio.ledger import open_ledger
    from annotate.studio.people import everybody

    with open_ledger(workspace.ledger_path) as ledger:
        secrets = everybody(ledger)
    published = send(
        folder, target, private=not public, tag=tag, dry_run=dry_run, secrets=secrets,
        checks=(partial(check_built, progress=rich_progress), partial(_with_ledger, workspace)),
        tell=(lambda _: None) if as_json else print_check, progress=rich_progress,
    )  # fmt: skip
    if as_json:
        print_json(_as_json_object(published))
    elif dry_run:
        _print_plan(published, public=public)
    else:
        _print_done(published)
    if not published.ready:
        raise click.exceptions.Exit(1)


def _with_ledger(workspace: Workspace, folder: Path) -> list[Check]:
    """Compare a dataset with what the ledger and the corpus have now."""
    from annotate.dataset.publish import current, unreviewed
    from annotate.studio.ledger import open_ledger
    from annotate.studio.versions import find_version

    schema, settings = load_workspace_schema(workspace), workspace.settings.dataset
    with open_ledger(workspace.ledger_path) as ledger:
        known = load_known(workspace, ledger)
        articles, places = known.articles, known.places
        found = find_version(ledger, places, known.page, schema, None)
        texts = {article.id: article.sha256 for article in articles}

        def annotations() -> Iterator[Annotation]:
            return chain.from_iterable(map(ledger.annotations, places))

        given = (articles, annotations(), found.schema, settings, found.waiting)
        why = check_dataset(workspace, folder, *given)
        return [current(why), _in_corpus(known.gone), unreviewed(annotations(), texts)]


def _in_corpus(gone: tuple[str, ...]) -> Check:
    """Tell the articles that somebody may have taken out of the corpus for good."""
    from annotate.dataset.publish import Check

    note = f"not so, published all the same: {listed(gone)}" if gone else ""
    return Check(name="every article is in the corpus", note=note)


def _as_json_object(published: Published) -> dict[str, Any]:
    checks = [as_json_object(check) for check in published.checks]
    return {"ok": published.ready, **msgspec.to_builtins(published), "checks": checks}


def _print_plan(plan: Published, *, public: bool) -> None:
    for file in plan.files:
        click.echo(f"{file.size:>14,}  {file.name}")
    seen = ", public" if public else ", private" if plan.target.startswith("hf://") else ""
    name = f", as {plan.tag}" if plan.tag else ""
    click.echo(f"{_files(plan)} to {plan.target}{seen}{name}")
    if plan.removed:
        click.echo(f"What the former version has and this one lacks: {', '.join(plan.removed)}")
    print_end(plan.checks, "All of it holds; nothing was sent yet.")


def _print_done(published: Published) -> None:
    click.echo(f"Done: {_files(published)}, loaded back and compared")
    click.echo(published.place)
    click.echo(f"Load it: {published.load}")


def _files(published: Published) -> str:
    return f"{plural(len(published.files), 'file')}, {published.size:,} bytes"
