"""`annotate dataset encode`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from annotate.cli.common import json_option, plural, print_json, rich_progress
from annotate.cli.losses import lost_spans

if TYPE_CHECKING:
    from annotate.dataset.encoding import Encoded


@click.command()
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--tokenizer", required=True, metavar="NAME_OR_PATH",
    help="A tokenizer.json, a folder with one, or a name on the Hub.",
)  # fmt: skip
@click.option(
    "--dataset", "folder", metavar="DIR", default="dataset", show_default=True,
    type=click.Path(path_type=Path), help="The dataset that `annotate build` made.",
)  # fmt: skip
@click.option(
    "--max-length", type=click.IntRange(1), metavar="N",
    help="Most ids in a row; a longer text gets several. Else a row is an article.",
)  # fmt: skip
@click.option(
    "--stride", type=click.IntRange(0), metavar="N",
    help="Ids that a row has of the one before; else a quarter of the row.",
)  # fmt: skip
@click.option(
    "--label-all", is_flag=True, help="Label every sub-token of a word, not only the first."
)  # fmt: skip
@click.option(
    "--scheme", type=click.Choice(["BIO", "BILOU"]), help="Of the labels; else the dataset's own."
)
@json_option
def encode(
    out: Path, tokenizer: str, folder: Path, max_length: int | None, stride: int | None,
    scheme: Literal["BIO", "BILOU"] | None, *, label_all: bool, as_json: bool,
) -> None:  # fmt: skip
    """Encode a built dataset for a model: ids of sub-tokens, and their labels.

    Into the folder OUT, split as the dataset is, for load_dataset. The labels are those of the
    config `tokens`; special sub-tokens, and all but the first of a word, have -100. What the
    labels do not show as the tags of the words do is listed in losses.parquet. A dataset that
    was encoded into OUT before is replaced. Articles that nobody annotated are left out. The
    Hub is asked only for a name that is no path.

    \b
    Example:
      annotate dataset encode encoded --tokenizer tokenizer.json
      annotate dataset encode encoded --tokenizer xlm-roberta-base --max-length 512
    """
    from annotate.dataset.encoding import Options
    from annotate.dataset.encoding import encode as run

    options = Options(max_length=max_length, stride=stride, label_all=label_all, scheme=scheme)
    encoded = run(folder, out, tokenizer, options, progress=rich_progress)
    if as_json:
        print_json({"path": str(out.resolve()), **msgspec.structs.asdict(encoded)})
    else:
        _print(encoded, out)


def _print(encoded: Encoded, out: Path) -> None:
    click.echo(
        f"{out}: {plural(encoded.rows, 'row')} of {plural(encoded.articles, 'article')}, "
        f"{plural(encoded.ids, 'id')}, at most {encoded.longest:,} in a row"
    )
    click.echo(", ".join(f"{split} {count:,}" for split, count in encoded.splits.items()))
    if encoded.unannotated:
        click.echo(f"Left out: {plural(encoded.unannotated, 'article')} that nobody annotated")
    if encoded.losses:
        click.echo(
            f"Not in the labels as in `tokens`: {lost_spans(encoded.losses)} (losses.parquet)"
        )
    if encoded.longest_lost:
        click.echo(
            f"The longest span in no window has {encoded.longest_lost:,} sub-tokens; "
            f"none is lost with --stride {encoded.longest_lost} in rows longer than that."
        )
    if encoded.former:
        click.echo(f"Not in `tokens` as marked, and so not here: {lost_spans(encoded.former)}")
    click.echo(f'Load it: load_dataset("{out}")')
