"""The articles of a built dataset, each with a flat layer of its spans.

`train_spacy.py` and `train_crf.py` both begin here. Nothing but `datasets` is needed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import datasets
from datasets.exceptions import DatasetGenerationError

_ON_HUB = re.compile(r"(?P<owner>\w[\w.-]*)/\w[\w.-]*")


class Span(NamedTuple):
    """A marked piece of a text: where it starts and ends in code points, the end exclusive."""

    start: int
    end: int
    label: str


class Article(NamedTuple):
    """A text with its outermost spans in reading order, and how many others it has."""

    id: str
    text: str
    spans: list[Span]
    left_out: int


def load(dataset: str, config: str, *splits: str) -> datasets.DatasetDict:
    """Return a config that has these splits; end the program with one line when it has not.

    Rows of articles that nobody annotated are left out.
    `dataset` is a folder, or OWNER/NAME on the Hub.
    """
    if not Path(dataset).is_dir() and not is_on_hub(dataset):
        sys.exit(f"{dataset} cannot be loaded: there is no such folder. Correct its name.")
    datasets.disable_progress_bars()
    try:
        loaded = datasets.load_dataset(dataset, config)
    except (OSError, ValueError) as error:
        sys.exit(f"{dataset} cannot be loaded: {' '.join(str(error).split())}")
    except DatasetGenerationError:
        # The line before, of `datasets`, names the file.
        sys.exit(
            f"{dataset} cannot be loaded: that file is broken, or has no rows. Build it again."
        )
    # In an article that nobody annotated no entities do not mean that there are no names.
    whether = datasets.Value("bool")
    if all(one.features.get("annotated") == whether for one in loaded.values()):
        loaded = loaded.filter(bool, input_columns="annotated")
    for split in splits:
        if split not in loaded or not loaded[split].num_rows:
            sys.exit(
                f"{dataset} has no article in its {split} split. Annotate more articles or give "
                "the split a larger share, and build it again."
            )
    return loaded


def is_on_hub(dataset: str) -> bool:
    """Whether it may be OWNER/NAME on the Hub rather than a mistyped folder.

    Without a connection the Hub is asked for half a minute, so nothing else is looked up there.
    """
    named = _ON_HUB.fullmatch(dataset)
    return named is not None and not Path(named["owner"]).is_dir()


def read_articles(dataset: str, *splits: str) -> tuple[list[str], dict[str, list[Article]]]:
    """Return the labels in the schema's order, and the articles of these splits."""
    loaded = load(dataset, "spans", *splits)
    labels: list[str] = loaded[splits[0]].features["entities"].feature["label"].names
    articles = {split: [_article(row, labels) for row in loaded[split]] for split in splits}
    for split, found in articles.items():
        if not any(article.spans for article in found):
            sys.exit(f"{dataset} has nothing marked in its {split} split. Annotate more articles.")
    return labels, articles


def _article(row: dict[str, Any], labels: list[str]) -> Article:
    """Return an article of a row of `spans`, where labels are numbers."""
    spans = [Span(one["start"], one["end"], labels[one["label"]]) for one in row["entities"]]
    flat = list(outermost(spans))
    return Article(row["id"], row["text"], flat, len(spans) - len(flat))


def outermost(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield spans that do not overlap: of nested spans the outer, of crossing spans the first.

    Both models give a word one label at most, so they could only miss what lies within another.
    """
    end = 0
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        if span.start >= end:
            yield span
            end = span.end
