"""`annotate build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from annotate.cli.common import (
    build_dataset,
    check_dataset,
    json_option,
    listed,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    shown,
    workspace_option,
)
from annotate.cli.losses import lost_spans
from annotate.settings import DatasetSettings, Policy
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.cli.common import Known
    from annotate.dataset.built import Built


# What is said of annotations that do not count beside those that do, by the use of the policy.
_SUPERSEDED = {
    "latest": "with a later one of the same article",
    "annotator": "beside one that the policy prefers",
    "ground-truth": "beside one that is starred as ground truth",
    "agreed": "with a later one of the same person",
}


@click.command()
@click.argument("out", metavar="[OUT]", default="dataset", type=click.Path(path_type=Path))
@click.option(
    "--schema-version", "version", metavar="VERSION",
    help="The dataset as it was under this version, before a migration.",
)  # fmt: skip
@click.option(
    "--policy", "use", type=click.Choice(["latest", "annotator", "ground-truth", "agreed"]),
    help="Which annotation of an article counts; else what annotate.toml says.",
)  # fmt: skip
@click.option(
    "--annotator", "annotators", metavar="ADDRESS", multiple=True,
    help="Whose annotations count, by preference; with --policy annotator.",
)  # fmt: skip
@click.option(
    "--at-least", type=click.IntRange(2), metavar="K",
    help="How many people must have marked a span alike; with --policy agreed.",
)  # fmt: skip
@click.option(
    "--include-unannotated", is_flag=True, help="Articles without an annotation too."
)  # fmt: skip
@click.option(
    "--check", "only_check", is_flag=True, help="Build nothing; say whether OUT is current."
)
@workspace_option
@json_option
def build(
    workspace: Workspace, out: Path, version: str | None, use: str | None,
    annotators: tuple[str, ...], at_least: int | None, *, include_unannotated: bool,
    only_check: bool, as_json: bool,
) -> None:  # fmt: skip
    """Build the Hugging Face dataset.

    From the ledger into the folder OUT, by default `dataset`; needs no server. The same
    ledger, corpus and schema give the same bytes. An article listed in splits.csv goes to
    the split that stands there. After a migration of the schema the ledger still has what
    was annotated before. With --check the exit status is 1 when OUT is not what would be
    built now.

    \b
    Example:
      annotate build
      annotate build dataset --policy agreed --at-least 2
      annotate build --check
      annotate build before --schema-version 1.0.0
    """
    from annotate.studio.ledger import open_ledger
    from annotate.studio.versions import find_version

    settings = _settings(workspace, use, annotators, at_least, include_unannotated)
    schema = load_workspace_schema(workspace)
    with open_ledger(workspace.ledger_path) as ledger:
        known = load_known(workspace, ledger)
        articles, places = known.articles, known.places
        found = find_version(ledger, places, known.page, schema, version)
        # One at a time, while the ledger is open.
        annotations = (
            annotation
            for place in places
            for annotation in ledger.annotations(place, found.until.get(place))
        )
        given = (workspace, out, articles, annotations, found.schema, settings, found.waiting)
        if only_check:
            _tell(check_dataset(*given), out, as_json=as_json)
            return
        built = build_dataset(*given)
    if as_json:
        gone = list(known.gone)
        print_json({"path": str(out.resolve()), **msgspec.structs.asdict(built), "gone": gone})
    else:
        _print(built, out, known, settings.policy.use)


def _settings(
    workspace: Workspace, use: str | None, annotators: tuple[str, ...], at_least: int | None,
    include_unannotated: bool,
) -> DatasetSettings:  # fmt: skip
    """Return the workspace's settings with what the options say instead."""
    settings = workspace.settings.dataset
    policy = _policy(settings.policy, use, annotators, at_least)
    settings = msgspec.structs.replace(settings, policy=policy)
    if include_unannotated:
        settings = msgspec.structs.replace(settings, include_unannotated=True)
    return settings


def _policy(
    told: Policy, use: str | None, annotators: tuple[str, ...], at_least: int | None
) -> Policy:
    """Return the policy of annotate.toml, `told`, with what the options say instead."""
    now = use or told.use
    for given, option, fitting in (
        (annotators, "--annotator", "annotator"),
        (at_least, "--at-least", "agreed"),
    ):
        if given and now != fitting:
            source = "--policy" if use else "the policy of annotate.toml"
            raise click.UsageError(f"{option} goes with --policy {fitting}, but {source} is {now}.")
    if now == "annotator" and not (annotators or told.annotators):
        raise click.UsageError("--policy annotator needs --annotator ADDRESS.")
    # What annotate.toml says for another use does not fit, and nobody asked for it here.
    fields: dict[str, object] = {"use": now}
    if now == "annotator":
        fields["annotators"] = annotators or told.annotators
    elif now == "agreed":
        fields["at-least"] = at_least or told.at_least
    return msgspec.convert(fields, Policy)


def _tell(differences: list[str], out: Path, *, as_json: bool) -> None:
    """Say whether a dataset is current; exit with 1 when it is not."""
    if as_json:
        print_json({"path": str(out.resolve()), "current": not differences, "why": differences})
    elif differences:
        click.echo(f"{out} is not what would be built now: {'; '.join(differences)}.")
    else:
        click.echo(f"{out} is what would be built now.")
    if differences:
        raise SystemExit(1)


def _print_unannotated(built: Built) -> None:
    """Say what became of the articles in which nothing counts."""
    nobody = built.unannotated - built.ineligible
    refused = " of which the policy takes no annotation"
    for count, out, within in (
        (nobody, " without a submitted annotation", ""),
        (built.ineligible, refused, refused),
    ):
        articles = plural(count, "article")
        if count and built.included:
            click.echo(f"In it, not annotated: {articles}{within}; `annotated` is false there")
        elif count:
            click.echo(f"Left out: {articles}{out}")


def _print_apart(built: Built, use: str) -> None:
    """Tell what is left out, by the use of the policy, and what to look at of what is in it."""
    for count, noun, why in (
        (built.outdated, "annotation", "of a text that the corpus no longer has"),
        (built.superseded, "annotation", _SUPERSEDED[use]),
        (built.set_aside, "mark", f"in quarantine, which {_do(built.set_aside)} not count"),
        (built.waiting, "span", "whose label was split, until somebody has chosen another"),
        (built.waiting_relations, "relation", "at such a span"),
    ):
        if count:
            click.echo(f"Left out: {plural(count, noun)} {why}")
    counts = "counts" if built.doubtful == 1 else "count"
    for count, noun, why in (
        (built.doubtful, "mark", f"in quarantine that {counts}"),
        (built.unfit, "relation", "whose ends the schema does not allow"),
    ):
        if count:
            click.echo(f"In it, for a look: {plural(count, noun)} {why}")


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


def _print(built: Built, out: Path, known: Known, use: str) -> None:
    click.echo(
        f"{out}: {plural(built.articles, 'article')}, "
        f"{plural(built.entities, 'entity', 'entities')}, {plural(built.relations, 'relation')}"
    )
    click.echo(", ".join(f"{split} {count:,}" for split, count in built.splits.items()))
    if empty := {"train", "validation", "test"} - built.splits.keys():
        click.echo(f"No article falls into {' or '.join(sorted(empty))} yet.")
    _print_unannotated(built)
    _print_apart(built, use)
    if built.lacking:
        ids = plural(len(built.lacking), "id")
        click.echo(f"splits.csv lists {ids} that the corpus lacks: {listed(built.lacking)}")
    if built.card_saved:
        click.echo(
            f"README.md was not as a build wrote it: saved as {shown(Path(built.card_saved))}."
            " A build keeps what stands between `<!-- kept: NAME -->` and `<!-- /kept -->`"
        )
    if known.changed:
        articles = plural(len(known.changed), "article")
        click.echo(f"With the text that was pushed, changed in the corpus since: {articles}")
    if known.gone:
        click.echo(
            f"In it, though the corpus has no such article: {listed(known.gone)};"
            " `annotate push --prune` takes it out"
        )
    if built.losses:
        click.echo(f"Not in `tokens` as marked: {lost_spans(built.losses)} (losses.parquet)")
    click.echo(f'Load it: load_dataset("{out}", "spans")')
    usual = str(out) == "dataset"
    check, publish = ("", "") if usual else (f" {out}", f" --dataset {out}")
    click.echo(
        f"Next: `annotate dataset check{check}`, then `annotate publish TARGET{publish} --dry-run`"
    )
