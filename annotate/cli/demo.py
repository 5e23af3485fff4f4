"""`annotate demo`."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from annotate.cli.common import (
    build_dataset,
    connect,
    json_option,
    load_corpus,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
)
from annotate.errors import WorkspaceError
from annotate.workspace import FILE_NAME, Workspace, init_workspace, open_workspace


@click.command()
@click.option(
    "--workspace", "folder", type=click.Path(path_type=Path), metavar="DIR",
    help="Keep everything in this workspace, made if absent.",
)  # fmt: skip
@click.option("--serve", "stay", is_flag=True, help="Keep the server up until Ctrl-C.")
@json_option
def demo(folder: Path | None, *, stay: bool, as_json: bool) -> None:
    """Run the whole road once on the sample corpus.

    Pushes the articles to a local Label Studio, loads the gold annotations as the work of
    one annotator, pulls, and builds the dataset.

    \b
    Example:
      annotate demo --workspace demo --serve
    """
    with _workspace(folder) as workspace:
        result = _run(workspace, kept=folder, stay=stay, as_json=as_json)
    if as_json:
        print_json(result)


@contextmanager
def _workspace(folder: Path | None) -> Iterator[Workspace]:
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="annotate-demo-") as made:
            yield _made_by_demo(Path(made))
    else:
        yield _made_by_demo(folder)


def _made_by_demo(folder: Path) -> Workspace:
    """Open a workspace of the demo, made if absent; never one that somebody works in."""
    if not (folder / FILE_NAME).is_file():
        init_workspace(folder)
        # Always the local server, whatever the environment says.
        workspace = open_workspace(folder, {})
        (workspace.private / _MARK).touch()
        return workspace
    workspace = open_workspace(folder, {})
    if not (workspace.private / _MARK).exists():
        raise WorkspaceError(
            f"{folder} is a workspace that the demo did not make",
            "Name a new folder: the demo submits annotations of its own.",
        )
    return workspace


_MARK = "made-by-demo"


def _run(
    workspace: Workspace, *, kept: Path | None, stay: bool, as_json: bool
) -> dict[str, object]:
    from annotate.formats import read_gold
    from annotate.studio.ledger import open_ledger

    def say(line: str) -> None:
        click.echo(line, err=as_json)

    title, out = workspace.settings.title, workspace.root / "dataset"
    schema = load_workspace_schema(workspace)
    articles = load_corpus(workspace)
    gold = read_gold(workspace.gold_path)
    with open_ledger(workspace.ledger_path) as ledger, connect(workspace) as (studio, server):
        from annotate.studio.load import load_annotations
        from annotate.studio.pull import pull
        from annotate.studio.pushing import plan_push, push

        target = (studio, ledger, server, title, schema)
        plan = plan_push(*target, articles)
        (place,) = push(*target, plan, progress=rich_progress).places
        say(f"push   {plural(len(plan.new), 'article')} to Label Studio, project {title!r}")
        loaded = load_annotations(studio, ledger, place, schema, gold, rich_progress)
        say(f"gold   {plural(loaded, 'annotation')} that we ship, loaded as one annotator's work")
        pulled = pull(studio, ledger, place, schema, rich_progress)
        proved = f"{plural(pulled.spans, 'span')} proved, {pulled.set_aside:,} in quarantine"
        say(f"pull   {plural(pulled.submitted, 'annotation')}, {proved}")
        annotations = list(ledger.annotations(place))
        settings = workspace.settings.dataset
        built = build_dataset(workspace, out, articles, annotations, schema, settings)
        counts = f"{built.entities:,} entities, {plural(built.relations, 'relation')}"
        say(f"build  {plural(built.articles, 'article')}, {counts} in {out}")
        splits = ", ".join(f"{split} {count:,}" for split, count in built.splits.items())
        say(f"       {splits}")
        if stay:
            _stay(f"{studio.url}/projects/{place.project}", workspace)
    if kept is None:
        say("That workspace is gone again; --workspace DIR keeps one.")
    else:
        say(f'Load it: load_dataset("{kept / "dataset"}", "spans")')
        say(f"Look at it in the browser: annotate serve --open --workspace {kept}")
    return {"path": str(out), **msgspec.structs.asdict(built)}


def _stay(url: str, workspace: Workspace) -> None:
    click.echo(f"Open {url}", err=True)
    show = f"annotate serve --show-login --workspace {workspace.root}"
    click.echo(f"Log in as `{show}` says.", err=True)
    click.echo("Ctrl-C stops the server.", err=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("Label Studio is stopped.", err=True)
