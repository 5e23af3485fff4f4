"""Building small datasets and reading back what was built."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import datasets

from annotate.corpus import Article
from annotate.dataset.build import build
from annotate.dataset.built import Built
from annotate.dataset.splits import split_of
from annotate.schema import Schema
from annotate.settings import DatasetSettings, Split
from annotate.spans import Annotation
from tests.factories import (
    gold_annotation,
    make_annotation,
    make_article,
    make_schema,
    make_span,
    sample_articles,
    sample_schema,
)

REPOSITORY = Path(__file__).parents[2]
HALVES = Split(train=0.5, validation=0, test=0.5)
ONLY_TRAIN = DatasetSettings(split=Split(train=1, validation=0, test=0))


def build_sample(out: Path, *, backwards: bool = False) -> Built:
    """Build the sample corpus with its gold, the input in either order."""
    order = -1 if backwards else 1
    articles = list(sample_articles().values())
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    settings = DatasetSettings(title="Sample")
    return build(out, articles[::order], annotations[::order], sample_schema(), settings)


def build_into(
    out: Path,
    articles: Sequence[Article],
    annotations: Iterable[Annotation],
    schema: Schema | None = None,
    settings: DatasetSettings = ONLY_TRAIN,
) -> Built:
    return build(out, articles, annotations, schema or make_schema(), settings)


def build_mixed(out: Path, *, include: bool = True) -> Built:
    """Build articles of which the ids tell whether somebody annotated them.

    In train are `marked…`, `empty…`, in which nothing is marked, and `nobody…`; in test is
    `nobody…` alone. Each has two sentences.
    """
    homes = ("marked", "train"), ("empty", "train"), ("nobody", "train"), ("nobody", "test")
    articles = [
        make_article(f"Trung tá Lê An {n}.\nĐến xã {n}.", id_in(split, HALVES, kind))
        for n, (kind, split) in enumerate(homes)
    ]
    annotations = [make_annotation(articles[0], make_span(9, 14), id=1)]
    annotations.append(make_annotation(articles[1], id=2))
    settings = DatasetSettings(split=HALVES, include_unannotated=include)
    return build_into(out, articles, annotations, settings=settings)


def build_one(out: Path, **fields: Any) -> Built:
    """Build a dataset of one article with one person in it, under a schema with `fields`."""
    article = make_article()
    annotation = make_annotation(article, make_span(9, 14))
    return build_into(out, [article], [annotation], make_schema(**fields))


def load(out: Path, config: str) -> datasets.DatasetDict:
    """Load a config of a built dataset from the disk, as its users do."""
    return datasets.load_dataset(str(out), config, cache_dir=str(out.parent / f"{out.name}-cache"))


def rows(out: Path, config: str) -> list[dict[str, Any]]:
    """Return the rows of all splits of a config."""
    return [row for split in load(out, config).values() for row in split]


def losses(out: Path) -> list[dict[str, Any]]:
    return list(datasets.Dataset.from_parquet(str(out / "losses.parquet")))


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def id_in(split: str, shares: Split, prefix: str = "a") -> str:
    """Return the id of an article that belongs to a split."""
    names = (f"{prefix}{n}" for n in count())
    return next(name for name in names if split_of(name, shares) == split)


def run(code: str, *arguments: str | Path, **environ: str) -> str:
    """Run Python code in a process of its own; return what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
