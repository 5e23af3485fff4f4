"""`annotate schema import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    connect,
    folder_option,
    json_option,
    plural,
    print_json,
    shown,
    write_file,
)
from annotate.errors import SchemaError, StudioError, WorkspaceError
from annotate.workspace import open_workspace

if TYPE_CHECKING:
    from annotate.schema import Schema
    from annotate.schema.importing import Imported

# A project's number that stands for the workspace's own.
_OWN = 0


@click.command(name="import")
@click.argument(
    "config", required=False, metavar="[CONFIG.xml]",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)  # fmt: skip
@click.option(
    "--project", is_flag=False, flag_value=_OWN, type=int, metavar="[NUMBER]",
    help="Take the config of this workspace's project, or of another on its server.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write the schema to a file.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Overwrite the file.")
@folder_option
@json_option
def import_(
    config: Path | None, project: int | None, out: Path | None, folder: Path | None, *,
    force: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make a schema of a labelling config of Label Studio.

    A config made here carries its schema; where it was edited by hand since, the schema is
    brought in step. Of any other config all is taken that a schema can hold. Notes on the
    rest, and on what is to be filled in, go to stderr.

    \b
    Example:
      annotate schema import config.xml --out schemas/mine.yaml
      annotate schema import --project
      annotate schema import --project 7
    """
    from annotate.schema.dump import dump_schema

    if (config is None) == (project is None):
        raise click.UsageError("Name a CONFIG.xml, or --project.")
    if out is not None and out.exists() and not force:
        raise WorkspaceError(f"{out} exists", "Name another file, or overwrite it with --force.")
    schema, notes = _of_project(project, folder) if config is None else _of_file(config)
    text = dump_schema(schema)
    if out is not None:
        write_file(out, _head(out) + text)
    if as_json:
        import msgspec

        print_json({"schema": msgspec.to_builtins(schema), "notes": notes})
        return
    click.echo(text if out is None else f"{shown(out)}: {_counts(schema)}", nl=out is not None)
    for note in notes:
        click.echo(note, err=True)


def _of_file(path: Path) -> Imported:
    from annotate.schema.importing import import_config

    try:
        config = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise SchemaError(f"{path} cannot be read: {error.strerror}", "Name a file.") from error
    except UnicodeDecodeError as error:
        raise SchemaError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from error
    return import_config(config, path.stem)


def _of_project(number: int | None, folder: Path | None) -> Imported:
    from annotate.schema.importing import import_config
    from annotate.studio.ledger import open_ledger

    workspace = open_workspace(folder or Path.cwd())
    with open_ledger(workspace.ledger_path) as ledger, connect(workspace) as (studio, server):
        from annotate.studio.project import require_project

        if number == _OWN:
            project = require_project(studio, ledger, server, workspace.settings.title)
            known = ledger.project(server)
            page = known.page if known else None
            return import_config(project.label_config, workspace.schema_path.stem, page)
        found = studio.project(number) if number else None
        if found is None:
            raise StudioError(
                f"there is no project {number} at {studio.url}",
                "The number stands in its page's address.",
            )
        return import_config(found.label_config, found.title)


def _head(path: Path) -> str:
    """Return the line by which editors check the file, if the schema of schemas is beside it."""
    beside = path.with_name("schema.json").is_file()
    return "# yaml-language-server: $schema=schema.json\n" if beside else ""


def _counts(schema: Schema) -> str:
    counted = [
        plural(len(schema.entities), "label"),
        plural(len(schema.relations), "relation"),
        plural(len(schema.attributes), "attribute"),
        plural(len(schema.choices), "choice"),
    ]
    return ", ".join(counted)
