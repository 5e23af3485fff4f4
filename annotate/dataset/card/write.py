"""Writing the card and what belongs to it into the folder of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
from datasets import Features

from annotate.dataset.built import Built
from annotate.dataset.card.body import body
from annotate.dataset.card.croissant import croissant
from annotate.dataset.card.example import Row, read_row
from annotate.dataset.card.facts import Facts, Size
from annotate.dataset.card.head import head
from annotate.dataset.card.kept import keep
from annotate.dataset.summary import Summary
from annotate.schema import Schema
from annotate.settings import DatasetSettings

CARD = "README.md"
CROISSANT = "croissant.json"
PLOTS = "plots"


def write_card(
    folder: Path, former: str, schema: Schema, settings: DatasetSettings, built: Built,
    summary: Summary, features: Mapping[str, Features], splits: Mapping[str, Sequence[str]],
    version: str,
) -> None:  # fmt: skip
    """Write README.md, its pictures in `plots/` and croissant.json beside the Parquet files.

    `former` is the card that this one replaces, empty when there is none: what a person wrote
    in its kept sections stays, and so does its history. `features` and `splits` are by config,
    `version` is a digest of everything that decides the dataset's content. The same input gives
    the same bytes. Raises `DatasetError` when the marks of kept sections in `former` are broken.
    """
    sizes = {
        name: {split: _size(_files(folder, name, split)) for split in named}
        for name, named in splits.items()
    }
    facts = Facts(
        schema, settings, built, summary, features, splits, sizes, _example(folder, splits),
        version,
    )  # fmt: skip
    pictures = draw(facts)
    (folder / CARD).write_text(card_text(facts, pictures, former), encoding="utf-8")
    for name, drawn in pictures.items():
        (folder / PLOTS).mkdir(exist_ok=True)
        (folder / PLOTS / f"{name}.svg").write_text(drawn, encoding="utf-8")
    (folder / CROISSANT).write_text(croissant(folder, facts), encoding="utf-8")


def _files(folder: Path, config: str, split: str) -> list[Path]:
    return sorted((folder / config).glob(f"{split}-*.parquet"))


def _size(paths: Sequence[Path]) -> Size:
    told = [pq.read_metadata(path) for path in paths]
    groups = (one.row_group(number) for one in told for number in range(one.num_row_groups))
    return Size(
        rows=sum(one.num_rows for one in told),
        unpacked=sum(group.total_byte_size for group in groups),
        packed=sum(path.stat().st_size for path in paths),
    )


def _example(folder: Path, splits: Mapping[str, Sequence[str]]) -> Row | None:
    files = (path for split in splits["spans"] for path in _files(folder, "spans", split))
    first = next(files, None)
    return read_row(first) if first else None


def draw(facts: Facts) -> dict[str, str]:
    """Return the card's pictures as SVG by their names; none that would have nothing to show."""
    # The library that draws takes its time to load, and only whoever builds needs it.
    from annotate.dataset.card.passages import draw_examples, draw_passage  # noqa: PLC0415
    from annotate.dataset.card.plots import draw_articles, draw_labels  # noqa: PLC0415

    summary, built = facts.summary, facts.built
    examples = summary.examples
    drawn = {
        "passage": draw_passage(examples.passage, facts.schema) if examples.passage else "",
        "labels": draw_examples(examples.labels, facts.schema),
        "splits": draw_labels(built.labels, list(built.splits)) if built.entities else "",
        "articles": draw_articles(summary.lengths, summary.marked) if summary.lengths else "",
    }
    return {name: picture for name, picture in drawn.items() if picture}


def card_text(facts: Facts, pictures: Mapping[str, str], former: str) -> str:
    """Return the card as Markdown with a YAML head, `pictures` as SVG by their names."""
    blocks = keep(body(facts, _said(pictures), former), former)
    return f"---\n{head(facts)}\n---\n\n" + "\n\n".join(blocks) + "\n"


def _said(pictures: Mapping[str, str]) -> dict[str, str]:
    """Return what each picture shows, in words."""
    titles = {name: ET.fromstring(drawn).find("{*}title") for name, drawn in pictures.items()}  # noqa: S314 - made here
    return {name: title.text or "" for name, title in titles.items() if title is not None}
