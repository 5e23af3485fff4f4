"""What the commands share: options, the terminal, and opening a workspace's parts."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from annotate.errors import AccessDenied, WorkspaceError
from annotate.settings import DatasetSettings
from annotate.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import ProgressColumn

    from annotate.corpus import Article
    from annotate.dataset.built import Built
    from annotate.dataset.splits import SplitName
    from annotate.progress import Advance
    from annotate.schema import Schema
    from annotate.schema.config import Page
    from annotate.spans import Annotation
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Ledger, Place

F = TypeVar("F", bound=Callable[..., Any])

# How the local server is named in the ledger: its port changes, it does not.
LOCAL = "local"


_FOLDER: dict[str, Any] = {
    "type": click.Path(path_type=Path, exists=True, file_okay=False),
    "metavar": "DIR",
    "help": "The workspace; otherwise the one the current folder is in.",
}


def workspace_option(command: F) -> F:
    """Give the command `workspace`, opened, from --workspace or the current folder."""

    def opened(_ctx: click.Context, _param: click.Parameter, value: Path | None) -> Workspace:
        return open_workspace(value or Path.cwd())

    return click.option("--workspace", callback=opened, **_FOLDER)(command)


def folder_option(command: F) -> F:
    """Give the command `folder`, not opened: for what may do without a workspace."""
    return click.option("--workspace", "folder", **_FOLDER)(command)


def json_option(command: F) -> F:
    """Give the command `as_json`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object and nothing else."
    )(command)


def print_json(value: dict[str, Any]) -> None:
    """Print a result for scripts."""
    click.echo(json.dumps(value, ensure_ascii=False))


def say(text: str, *, err: bool = False) -> None:
    """Print lines of text; in a terminal one that is too long is broken between words."""
    if (sys.stderr if err else sys.stdout).isatty():
        width = shutil.get_terminal_size().columns
        text = "\n".join(_wrapped(line, width) for line in text.splitlines())
    click.echo(text, err=err)


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    parts = textwrap.wrap(
        line, width, subsequent_indent=f"{indent}  ", break_long_words=False,
        break_on_hyphens=False, drop_whitespace=True, replace_whitespace=False,
    )  # fmt: skip
    return "\n".join(parts)


def stdout() -> Console:
    """Return the console for results."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


@contextmanager
def rich_progress(label: str, total: int | None = None) -> Iterator[Advance]:
    """Show progress on stderr, after which nothing of it stays; silent without a terminal.

    Of work whose end nobody knows, only how much is done and how long it has taken.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(
        *_columns(known=total is not None), console=console, transient=True,
        disable=not console.is_terminal,
    ) as progress:  # fmt: skip
        task = progress.add_task(label, total=total, rate="", done="")

        def advance(count: int) -> None:
            progress.advance(task, count)
            progress.update(task, done=f"{progress.tasks[0].completed:,}")
            if speed := progress.tasks[0].speed:
                progress.update(task, rate=f"{speed:,.0f}/s" if speed >= 1 else "")

        yield advance


def _columns(*, known: bool) -> list[ProgressColumn]:
    """Return what stands in a line of progress, of work whose end is known or not."""
    from rich.progress import (
        BarColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    label, rate = TextColumn("{task.description}"), TextColumn("{task.fields[rate]}")
    if not known:
        return [
            SpinnerColumn(),
            label,
            TextColumn("{task.fields[done]}"),
            rate,
            TimeElapsedColumn(),
        ]
    percent = TextColumn("{task.percentage:>3.0f}%")
    return [
        label,
        BarColumn(),
        percent,
        rate,
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
    ]


def load_corpus(workspace: Workspace, paths: tuple[Path, ...] = ()) -> list[Article]:
    """Read the given paths, by default the workspace's corpus."""
    if paths:
        from annotate.corpus import read_articles

        return read_articles(paths)
    from annotate.corpus.corpus import open_corpus

    return [article for article, _ in open_corpus(workspace)]


def corpus_ids(workspace: Workspace) -> list[str]:
    """Return the ids of the workspace's corpus; of those in its store no text is read."""
    from annotate.corpus.corpus import open_corpus

    corpus = open_corpus(workspace)
    files = [made.article.id for made in corpus.files]
    return files + [row["id"] for row in corpus.store.columns("id")]


class Known(NamedTuple):
    """The articles of a workspace, where their annotations come from, and which changed.

    `places` are none before the first push; `changed` are ids of articles whose text in the
    corpus is no longer the pushed one, `gone` those of articles that it has not. `page` is what
    the labelling page was made from, None when that is not known.
    """

    articles: list[Article]
    places: tuple[Place, ...]
    changed: tuple[str, ...]
    page: Page | None = None
    gone: tuple[str, ...] = ()


def load_known(workspace: Workspace, ledger: Ledger) -> Known:
    """Read the corpus, and what was pushed from elsewhere or has another text now.

    What people annotated is the pushed text, so that text counts as long as its task is
    there; what else is known of an article comes from the corpus.
    """
    import msgspec

    known = {article.id: article for article in load_corpus(workspace)}
    there = set(known)
    server = workspace.url or LOCAL
    project = ledger.project(server)
    places = ledger.places(server)
    changed: list[str] = []
    for pushed in ledger.articles(*places):
        article = known.setdefault(pushed.id, pushed)
        if article.text != pushed.text:
            known[pushed.id] = msgspec.structs.replace(article, text=pushed.text)
            changed.append(pushed.id)
    page = project.page if project else None
    articles = [known[key] for key in sorted(known)]
    return Known(articles, places, tuple(changed), page, tuple(sorted(known.keys() - there)))


def load_workspace_schema(workspace: Workspace) -> Schema:
    """Read the workspace's schema."""
    from annotate.schema import load_schema

    return load_schema(workspace.schema_path)


@contextmanager
def connect(workspace: Workspace) -> Iterator[tuple[Studio, str]]:
    """Give a client of the workspace's server, and the name the ledger has for the server.

    A local server that is not running is started for the duration.
    """
    if workspace.url is not None:
        if not workspace.api_key:
            raise AccessDenied(
                f"there is no token for Label Studio at {workspace.url}",
                "Put one from Account & Settings in LABEL_STUDIO_API_KEY.",
            )
        with _studio(workspace.url, workspace.api_key) as studio:
            yield studio, workspace.url
        return
    from annotate.studio.server import LocalServer

    server = LocalServer(workspace.private)
    if server.running() is None:
        first = server.needs_migration()
        click.echo(
            "Starting the local Label Studio for this command; `annotate serve` keeps it up.",
            err=True,
        )
        if first:
            click.echo("The first start on this machine takes about a minute.", err=True)
    with (
        server.use(rich_progress) as running,
        _studio(running.url, server.login().token) as studio,
    ):
        yield studio, LOCAL


def _studio(url: str, api_key: str) -> Studio:
    from annotate.studio.client import Studio

    return Studio(url, api_key, on_wait=_tell_wait)


def _tell_wait(reason: str, seconds: float) -> None:
    click.echo(f"Waiting {seconds:.0f} s: {reason}", err=True)


def build_dataset(
    workspace: Workspace, out: Path, articles: Iterable[Article],
    annotations: Iterable[Annotation], schema: Schema, settings: DatasetSettings,
    waiting: Collection[str] = (),
) -> Built:  # fmt: skip
    """Build the dataset, with our own progress only.

    Spans of the labels in `waiting` are left out and counted. Near-duplicates are searched
    among the articles given: some may have been pushed from elsewhere than the corpus.
    """
    import datasets

    from annotate.corpus.corpus import open_corpus
    from annotate.dataset.build import build

    datasets.disable_progress_bars()
    clustered = open_corpus(workspace).with_clusters(articles, rich_progress)
    return build(
        out, clustered, annotations, schema, settings, fixed=fixed_splits(workspace),
        waiting=waiting, progress=rich_progress,
    )  # fmt: skip


def check_dataset(
    workspace: Workspace, out: Path, articles: Iterable[Article],
    annotations: Iterable[Annotation], schema: Schema, settings: DatasetSettings,
    waiting: Collection[str] = (),
) -> list[str]:  # fmt: skip
    """Return why a dataset is not what would be built now; nothing when it is."""
    from annotate.corpus.corpus import open_corpus
    from annotate.dataset.build import check

    clustered = open_corpus(workspace).with_clusters(articles, rich_progress)
    return check(
        out, clustered, annotations, schema, settings, fixed=fixed_splits(workspace),
        waiting=waiting,
    )  # fmt: skip


def fixed_splits(workspace: Workspace) -> dict[str, SplitName]:
    """Return the articles whose split a person listed in splits.csv; that need not exist."""
    from annotate.dataset.splits import read_fixed

    path = workspace.splits_path
    # A link that leads nowhere is a list that is lost: without it articles would change splits.
    return read_fixed(path) if path.exists() or path.is_symlink() else {}


def plural(count: int, noun: str, many: str = "") -> str:
    """Return `3 articles`, `1 article`; `many` where adding an s is wrong."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def waiting(counting: int, not_counting: int) -> str:
    """Return how many marks in quarantine count and wait for a look, and how many do not count."""
    told = (
        (counting, "counts and waits for a look", "count and wait for a look"),
        (not_counting, "does not count", "do not count"),
    )
    return ", ".join(
        f"{plural(count, 'mark')} {one if count == 1 else many}"
        for count, one, many in told
        if count
    )


def write_file(path: Path, content: str) -> None:
    """Write a result to a file, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    try:
        new.write_text(content, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written: {error.strerror}", "Name another file."
        ) from error


def shown(path: Path) -> str:
    """Return a path as people would type it from where they are."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def listed(names: tuple[str, ...], limit: int = 5) -> str:
    """Return the first names, and how many more there are."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more:,} more" if more > 0 else "")
