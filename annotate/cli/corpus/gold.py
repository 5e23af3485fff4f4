"""`annotate corpus gold`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    json_option,
    load_workspace_schema,
    plural,
    print_json,
    shown,
    stdout,
    workspace_option,
)
from annotate.errors import MarkupError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from rich.table import Table

    from annotate.formats import Fault, GoldCount


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@workspace_option
@json_option
def gold(workspace: Workspace, ids: tuple[str, ...], *, as_json: bool) -> None:
    """Check the gold annotations and count them, or print some as markup.

    Gold lies beside the articles, in `gold/ID.md`: the article's text with its spans as
    `[text](LABEL)`, and its relations below. A span whose text, boundaries or label are
    wrong, and a relation that the schema does not allow, are faults.

    \b
    Example:
      annotate corpus gold
      annotate corpus gold dien-tap-cuu-ho-cuu-nan
    """
    import msgspec

    from annotate.cli.common import load_corpus
    from annotate.formats import check_gold, count_gold, read_gold, write_inline

    marked = read_gold(workspace.gold_path)
    if unknown := [article_id for article_id in ids if article_id not in marked]:
        raise MarkupError(f"there is no gold of {unknown[0]!r}", f"See {workspace.gold_path}.")
    if ids and not as_json:
        click.echo("\n".join(write_inline(marked[article_id]) for article_id in ids), nl=False)
        return
    if not marked:
        raise MarkupError(f"there is no gold in {workspace.gold_path}", "Put ID.md files there.")
    schema = load_workspace_schema(workspace)
    texts = {article.id: article.text for article in load_corpus(workspace)}
    chosen = {name: one for name, one in marked.items() if not ids or name in ids}
    faults = [
        fault
        for name, one in chosen.items()
        for fault in check_gold(name, one, texts.get(name, ""), schema)
    ]
    count = count_gold(chosen, schema)
    if as_json:
        print_json({**msgspec.to_builtins(count), "faults": msgspec.to_builtins(faults)})
    else:
        _print(count, faults, shown(workspace.gold_path))
    if faults:
        click.get_current_context().exit(1)


def _print(count: GoldCount, faults: list[Fault], where: str) -> None:
    entities, relations = sum(count.entities.values()), sum(count.relations.values())
    click.echo(
        f"{where}: {plural(count.articles, 'article')}, {plural(entities, 'entity', 'entities')}, "
        f"{plural(relations, 'relation')}"
    )
    stdout().print(_table(count))
    for fault in faults:
        click.echo(f"{fault.article}: {fault.problem}")
    click.echo(f"{plural(len(faults), 'fault')}." if faults else "No fault.")


def _table(count: GoldCount) -> Table:
    from itertools import zip_longest

    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("entity", "relation"):
        table.add_column(name)
        table.add_column("", justify="right")
    ranked = [
        sorted(counts.items(), key=lambda item: -item[1])
        for counts in (count.entities, count.relations)
    ]
    for entity, relation in zip_longest(*ranked, fillvalue=("", "")):
        table.add_row(*map(str, (*entity, *relation)))
    return table
