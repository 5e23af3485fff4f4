"""`annotate corpus show`."""

from __future__ import annotations

import click

from annotate.cli.common import json_option, print_json, rich_progress, workspace_option
from annotate.cli.corpus.common import describe_changes
from annotate.workspace import Workspace


@click.command()
@click.argument("article_id", metavar="ID")
@workspace_option
@json_option
def show(workspace: Workspace, article_id: str, *, as_json: bool) -> None:
    """Print an article: what is known about it, and its canonical text.

    \b
    Example:
      annotate corpus show dien-tap-cuu-ho-cuu-nan
    """
    import msgspec

    from annotate.corpus.article import METADATA
    from annotate.corpus.corpus import open_corpus
    from annotate.corpus.lookalikes import find_lookalikes

    corpus = open_corpus(workspace)
    article, changes = corpus.find(article_id)
    cluster = corpus.clusters(rich_progress).get(article.id, article.id)
    article = msgspec.structs.replace(article, cluster=cluster)
    letters = find_lookalikes(article.text)
    if as_json:
        known = msgspec.structs.asdict(article)
        found = [
            {"letter": one, "instead_of": other, "count": n} for (one, other), n in letters.items()
        ]
        changed = msgspec.structs.asdict(changes)
        print_json({**known, "sha256": article.sha256, "changes": changed, "lookalikes": found})
        return
    rows = {"id": article.id, **{name: getattr(article, name) for name in METADATA}}
    rows["sha256"] = article.sha256
    rows["cluster"] = cluster if cluster != article.id else ""
    rows["made canonical"] = describe_changes(changes)
    rows["look-alikes"] = ", ".join(f"{one} for {other} {n}" for (one, other), n in letters.items())
    width = max(map(len, rows))
    for name, value in rows.items():
        if value:
            click.echo(f"{click.style(f'{name:{width}}', dim=True)}  {value}")
    click.echo()
    click.echo(article.text)
