"""`annotate schema diff`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    LOCAL,
    folder_option,
    json_option,
    load_workspace_schema,
    print_json,
    stdout,
)
from annotate.errors import SchemaError, WorkspaceError
from annotate.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from annotate.schema import Schema
    from annotate.schema.versions.compare import Difference

# The widest that names of what differs may be, in columns.
_NAMES = 30


@click.command()
@click.argument("old", required=False, type=click.Path(path_type=Path))
@click.argument("new", required=False, type=click.Path(path_type=Path))
@folder_option
@json_option
def diff(old: Path | None, new: Path | None, folder: Path | None, *, as_json: bool) -> None:
    """Show what differs between two versions of the schema, and what that means.

    OLD and NEW are schema files. Without NEW it is the schema of the workspace, and without
    OLD the version that its project works under now. What concerns annotations already made
    comes first.

    \b
    Example:
      annotate schema diff
      annotate schema diff schemas/1.0.0.yaml
      annotate schema diff schemas/1.0.0.yaml schemas/2.0.0.yaml
    """
    import msgspec

    from annotate.schema.versions.compare import compare

    before, after = _versions(old, new, folder)
    found = compare(before, after)
    problems = _problems(before, after, found)
    if as_json:
        named = {
            side: {"name": schema.name, "version": schema.version}
            for side, schema in (("old", before), ("new", after))
        }
        print_json({**named, "differences": msgspec.to_builtins(found), "problems": problems})
        return
    name = "" if before.name == after.name else f"{after.name} "
    click.echo(f"{before.name} {before.version} → {name}{after.version}")
    console = stdout()
    # Long sentences wrap within their column.
    console.soft_wrap = False
    _show(console, "What concerns annotations already made", [one for one in found if one.breaking])
    _show(console, "What harms none", [one for one in found if not one.breaking])
    click.echo()
    if problems:
        click.echo("Annotations cannot be brought to the new version yet:")
        console.print(_grid(("-", problem) for problem in problems))
        click.echo("Correct that in the schema file, then run `annotate schema migrate`.")
    else:
        click.echo(_advice(before, after, found))


def _versions(old: Path | None, new: Path | None, folder: Path | None) -> tuple[Schema, Schema]:
    """Read the two versions; the workspace is opened only where one of them comes from it."""
    from annotate.schema import load_schema

    if old is not None and new is not None:
        return load_schema(old), load_schema(new)
    workspace = open_workspace(folder or Path.cwd())
    after = load_workspace_schema(workspace)
    return (_in_force(workspace) if old is None else load_schema(old)), after


def _in_force(workspace: Workspace) -> Schema:
    """Return the schema that the workspace's project works under now, as the ledger knows it."""
    from annotate.studio.ledger import open_ledger

    with open_ledger(workspace.ledger_path) as ledger:
        known = ledger.project(workspace.url or LOCAL)
    if known is None or known.page is None:
        raise WorkspaceError(
            f"nothing was pushed from {workspace.root} yet, so there is no version to compare with",
            "Name the old version's file.",
        )
    return known.page.schema


def _problems(before: Schema, after: Schema, found: list[Difference]) -> list[str]:
    """Return what keeps annotations from being brought to the new version, where they must be."""
    from annotate.schema.versions.futures import find_steps
    from annotate.schema.versions.migration import rewriting

    if not find_steps(before, after) and not any(difference.breaking for difference in found):
        return []
    try:
        rewriting(before, after)
    except SchemaError as error:
        return list(error.problems)
    return []


def _show(console: Console, heading: str, found: list[Difference]) -> None:
    """Print differences below a heading, what they mean on a line of its own if they break."""
    if found:
        click.echo(f"\n{click.style(heading, bold=True)}")
        console.print(_grid((one.what, _told(one)) for one in found))


def _told(difference: Difference) -> Text:
    from rich.text import Text

    told = Text(difference.text)
    if difference.meaning:
        gap = "\n" if difference.breaking else ". "
        told.append(f"{gap}{difference.meaning}", "dim")
    return told


def _grid(rows: Iterable[tuple[str, str | Text]]) -> Padding:
    """Return rows of a name and a text, which wraps below itself."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=_NAMES, overflow="fold")
    table.add_column(overflow="fold")
    for name, told in rows:
        # `Text` has no markup: names and titles may have brackets.
        table.add_row(Text(name), Text(told) if isinstance(told, str) else told)
    return Padding(table, (0, 0, 0, 2))


def _advice(before: Schema, after: Schema, found: list[Difference]) -> str:
    """Return what to do next."""
    from annotate.schema.versions.compare import next_step

    same = before.version == after.version
    if not found:
        return "No difference." if same else "No difference but the version."
    if not any(difference.breaking for difference in found):
        raise_it = f"\nBoth are {after.version}: raise it, so that people can tell the two apart."
        return f"`annotate push` brings the labelling page in step.{raise_it if same else ''}"
    return next_step(before, after)
