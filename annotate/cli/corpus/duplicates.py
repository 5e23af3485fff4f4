"""`annotate corpus duplicates`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    json_option,
    plural,
    print_json,
    rich_progress,
    stdout,
    workspace_option,
)
from annotate.cli.corpus.common import engine_option
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.text import Text

    from annotate.corpus.compare import Piece
    from annotate.corpus.corpus import Corpus

# As many members of a cluster are shown.
_MEMBERS = 20
# As many words of what is the same are shown before and after a difference.
_CONTEXT = 6
_MARKS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
_STYLES = {"same": "", "removed": "red", "added": "green"}


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option(
    "--limit", type=click.IntRange(min=0), default=10, show_default=True, metavar="N",
    help="Show N clusters.",
)  # fmt: skip
@click.option("--no-diff", is_flag=True, help="Only the members, not what differs.")
@engine_option
@workspace_option
@json_option
def duplicates(
    workspace: Workspace, ids: tuple[str, ...], limit: int, engine: dict[str, str], *,
    no_diff: bool, as_json: bool,
) -> None:  # fmt: skip
    """Show the clusters of near-duplicates, the largest first.

    With ID only the clusters of these articles. Each member is shown with its similarity to
    the one that the cluster is named after, and the words in which the least similar one
    differs. The settings are in annotate.toml under [duplicates].

    \b
    Example:
      annotate corpus duplicates --limit 3
    """
    from annotate.corpus.corpus import open_corpus

    corpus = open_corpus(workspace, **engine)
    names = corpus.clusters(rich_progress)
    for article_id in ids:
        corpus.find(article_id)
    groups = _groups(names, ids)
    if as_json:
        clusters = [{"cluster": name, "articles": members} for name, members in groups]
        print_json({"clusters": clusters, "articles": sum(len(members) for _, members in groups)})
        return
    settings = corpus.settings
    count = sum(len(members) for _, members in groups)
    click.echo(
        f"{plural(len(groups), 'cluster')}, {plural(count, 'article')}; similarity of at least "
        f"{settings.threshold:g}, shingles of {plural(settings.shingle_size, 'word')}"
    )
    for name, members in groups[:limit]:
        _show(corpus, name, members, no_diff=no_diff)
    if len(groups) > limit:
        click.echo(f"\n… and {len(groups) - limit:,} more; --limit N shows N, --json lists all.")


def _groups(names: dict[str, str], ids: tuple[str, ...]) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {}
    for article_id, name in sorted(names.items()):
        groups.setdefault(name, []).append(article_id)
    wanted = {names.get(article_id) for article_id in ids} if ids else groups.keys()
    chosen = [(name, members) for name, members in groups.items() if name in wanted]
    return sorted(chosen, key=lambda group: (-len(group[1]), group[0]))


def _show(corpus: Corpus, name: str, members: list[str], *, no_diff: bool) -> None:
    from annotate.corpus.compare import similarity, word_diff

    others = {key: made.article.text for key, made in corpus.find_all(members).items()}
    named = others.pop(name)
    size = corpus.settings.shingle_size
    ranked = sorted((-similarity(named, text, size), member) for member, text in others.items())
    click.echo(f"\n{click.style(name, bold=True)}  {plural(len(members), 'article')}")
    for negative, member in ranked[:_MEMBERS]:
        click.echo(f"  {-negative:.2f}  {member}")
    if len(ranked) > _MEMBERS:
        click.echo(f"  … and {len(ranked) - _MEMBERS:,} more")
    least = ranked[-1][1]
    if not no_diff and others[least] != named:
        from rich.padding import Padding

        console = stdout()
        console.soft_wrap = False
        click.echo(f"  What {least} has instead:")
        diff = _diff(word_diff(named, others[least]), coloured=console.is_terminal)
        console.print(Padding(diff, (0, 0, 0, 4)))


def _diff(pieces: Iterable[Piece], *, coloured: bool) -> Text:
    """Return the differences with some words around them, marked by colour or like wdiff."""
    from rich.text import Text

    text = Text()
    for piece in pieces:
        words = " ".join(piece.text.split())
        if piece.kind == "same":
            words = _shortened(words)
        left, right = ("", "") if coloured else _MARKS[piece.kind]
        text.append(f"{left}{words}{right} ", _STYLES[piece.kind])
    return text


def _shortened(words: str) -> str:
    parts = words.split()
    if len(parts) <= 2 * _CONTEXT + 2:
        return words
    return " ".join((*parts[:_CONTEXT], "…", *parts[-_CONTEXT:]))
