"""`annotate dataset export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from annotate.cli.common import (
    folder_option,
    json_option,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
)
from annotate.cli.formats import EVERY, OUT, require_fitting
from annotate.settings import Tagging
from annotate.workspace import FILE_NAME, open_workspace

if TYPE_CHECKING:
    from annotate.dataset.exporting import Exported
    from annotate.dataset.reading import BuiltDataset
    from annotate.formats.registry import Format

# Options that change how spans become tags.
_TAGGING = ("scheme", "nesting", "cut", "tokenizer")


@click.command()
@click.argument("name", metavar="FORMAT", type=click.Choice(OUT))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--dataset", "source", default="dataset", show_default=True, metavar="DIR",
    type=click.Path(path_type=Path), help="The dataset that was built.",
)  # fmt: skip
@click.option("--split", "splits", multiple=True, metavar="NAME", help="Only this split.")
@click.option(
    "--scheme", type=click.Choice(["BIO", "BILOU"]), help="The tags, for conll and conllu."
)
@click.option(
    "--nesting", type=click.Choice(["outermost", "innermost"]),
    help="Which of nested spans is shown, for conll and conllu.",
)  # fmt: skip
@click.option(
    "--cut", type=click.Choice(["expand", "contract", "drop", "error"]),
    help="What becomes of a span that cuts a token, for conll and conllu.",
)  # fmt: skip
@click.option("--tokenizer", metavar="NAME", help="What cuts texts, for conll and conllu.")
@click.option(
    "--units", type=click.Choice(["utf-16", "code-points", "graphemes"]),
    help="What offsets count, for doccano; by default utf-16.",
)  # fmt: skip
@click.option(
    "--language", metavar="CODE", help="The pipeline's language, for docbin; else the articles'."
)
@click.option(
    "--max-tokens", type=click.IntRange(1), metavar="N",
    help="The most tokens in a record, for gliner; by default 384.",
)  # fmt: skip
@folder_option
@json_option
def export(
    name: str, out: Path, source: Path, splits: tuple[str, ...], folder: Path | None, *,
    as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Write a built dataset in a format of another tool.

    Into the folder OUT, a file or a folder for each split; whole, or not at all. FORMAT is
    brat, conll, conllu, docbin, doccano, gliner or label-studio. What it cannot carry is
    counted and told. Tags are made as [dataset.tokens] in annotate.toml says, unless the
    options say otherwise. Tasks for Label Studio are those of the workspace's schema.

    \b
    Example:
      annotate dataset export conllu exported
      annotate dataset export docbin exported --split train --language vi
    """
    from annotate.dataset.exporting import export_dataset
    from annotate.dataset.reading import open_built

    form = EVERY[name]
    taken = (*form.writing, *(_TAGGING if "tagging" in form.writing else ()))
    require_fitting(form, given, taken)
    dataset = open_built(source)
    options = _options(form, dataset, folder, given)
    exported = export_dataset(dataset, out, form, splits, options, rich_progress)
    if as_json:
        print_json({"path": str(out.resolve()), **msgspec.to_builtins(exported)})
    else:
        _print(exported, out)


def _options(
    form: Format, dataset: BuiltDataset, folder: Path | None, given: dict[str, Any]
) -> dict[str, Any]:
    """Return what the format's writer takes."""
    from annotate.dataset.exporting import language_of

    options = {name: value for name, value in given.items() if value and name in form.writing}
    if "labels" in form.writing:
        options["labels"] = dataset.names("spans", "entities.label")
    if "language" in form.writing:
        options.setdefault("language", language_of(dataset))
    if "schema" in form.writing:
        options["schema"] = load_workspace_schema(open_workspace(folder or Path.cwd()))
    if "tagging" in form.writing:
        from annotate.tokens.tokenizers import load_tokenizer

        tagging = _tagging(folder, given)
        options |= {"tagging": tagging, "tokenizer": load_tokenizer(tagging.tokenizer)}
    return options


def _tagging(folder: Path | None, given: dict[str, Any]) -> Tagging:
    """Return how a workspace's datasets are tagged, if this is in one, and what is given."""
    start = (folder or Path.cwd()).resolve()
    is_workspace = any((one / FILE_NAME).is_file() for one in (start, *start.parents))
    tagging = open_workspace(start).settings.dataset.tokens if is_workspace else Tagging()
    chosen = {name: given[name] for name in _TAGGING if given[name]}
    return msgspec.structs.replace(tagging, **chosen)


def _print(exported: Exported, out: Path) -> None:
    from annotate.formats.losses import told

    documents = sum(split.documents for split in exported.splits.values())
    click.echo(f"{out}: {plural(documents, 'article')} as {exported.format}")
    click.echo(", ".join(f"{name} {split.documents:,}" for name, split in exported.splits.items()))
    if exported.losses:
        click.echo(f"Not carried: {told(exported.losses)}")
