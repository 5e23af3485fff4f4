"""`annotate schema guide`."""

from __future__ import annotations

from pathlib import Path

import click

from annotate.cli.common import folder_option, shown, write_file
from annotate.workspace import open_workspace

_FORMATS = {".md": "markdown", ".html": "html"}


@click.command()
@click.argument("file", required=False, metavar="[FILE]", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Write the guide to a file, in the format that .md or .html says.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(tuple(_FORMATS.values())),
    help="The format; otherwise what the suffix of --out says, or Markdown.",
)  # fmt: skip
@folder_option
def guide(
    file: Path | None, out: Path | None, form: str | None, folder: Path | None
) -> None:  # fmt: skip
    """Make the annotators' guide from the schema, as Markdown or as a page to print.

    Without FILE that of the workspace's schema. Each label with its key, definition and
    examples, the relations, the questions and the hard cases, in the language of the
    schema. Project instructions in Label Studio say the same.

    \b
    Example:
      annotate schema guide
      annotate schema guide --out guide.html
      annotate schema guide schemas/draft.yaml --format html > draft.html
    """
    from annotate.schema import guide_markdown, guide_page, load_schema

    if file and folder:
        raise click.UsageError("Give FILE or --workspace, not both.")
    form = form or _format_of(out)
    schema = load_schema(file or open_workspace(folder or Path.cwd()).schema_path)
    text = guide_page(schema) if form == "html" else guide_markdown(schema)
    if out is None:
        click.echo(text, nl=False)
        return
    write_file(out, text)
    click.echo(f"Guide of {schema.name} {schema.version}: {shown(out)}")


def _format_of(out: Path | None) -> str:
    """Return the format that a file's suffix says; Markdown without a file."""
    if out is None:
        return "markdown"
    form = _FORMATS.get(out.suffix.lower())
    if form is None:
        raise click.UsageError(f"{out} ends in neither .md nor .html: add --format.")
    return form
