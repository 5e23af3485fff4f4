"""Whether server, ledger and dataset hold what people did: no more, no less, nowhere else.

What is not there is lost, what is there once more doubled, what is at another place displaced.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import datasets
import msgspec
import pyarrow.parquet as pq

from annotate.corpus import Article
from annotate.dataset.build import build
from annotate.settings import DatasetSettings
from annotate.spans import Annotation
from tests.factories import sample_schema


class Count(msgspec.Struct, frozen=True):
    """How many articles, annotations and marks are lost, doubled and displaced."""

    lost: int = 0
    doubled: int = 0
    displaced: int = 0

    def __add__(self, other: Count) -> Count:
        names = self.__struct_fields__
        return Count(*(getattr(self, name) + getattr(other, name) for name in names))


class Key(NamedTuple):
    """Which annotation: its number on the server, the article, who made it."""

    number: int
    article: str
    person: str


# Label, start and end of each; code points of the article as it is now.
Marks = frozenset[tuple[str, int, int]]
SKIPPED: Marks = frozenset({("skipped", 0, 0)})


class Told(NamedTuple):
    """An annotation as the server tells it."""

    key: Key
    marks: Marks
    updated_at: str


def compare(wanted: Mapping[Key, Marks], found: Iterable[tuple[Key, Marks]]) -> Count:
    """Count what is found otherwise than it is wanted."""
    listed = list(found)
    times = Counter(key for key, _ in listed)
    lost = sum(key not in times for key in wanted)
    doubled = sum(count - (key in wanted) for key, count in times.items())
    counted = Count(lost, doubled)
    for key, marks in dict(listed).items():
        counted += _compare_marks(wanted.get(key, marks), marks)
    return counted


def _compare_marks(wanted: Marks, found: Marks) -> Count:
    missing, more = len(wanted - found), len(found - wanted)
    moved = min(missing, more)
    return Count(missing - moved, more - moved, moved)


def compare_texts(wanted: Mapping[str, str], shown: Iterable[tuple[str, str]]) -> Count:
    """Count the tasks, as pairs of an article's id and the text shown, that are not as wanted."""
    listed = list(shown)
    times = Counter(article for article, _ in listed)
    lost = sum(article not in times for article in wanted)
    doubled = sum(count - (article in wanted) for article, count in times.items())
    other = sum(text != wanted.get(article, text) for article, text in listed)
    return Count(lost, doubled, other)


def compare_ledger(wanted: Mapping[Key, Marks], annotations: Iterable[Annotation]) -> Count:
    """Count what the ledger has otherwise; what it set aside is lost to the dataset."""
    listed = list(annotations)
    aside = sum(len(one.set_aside) for one in listed)
    keys = [Key(one.id, one.article, one.annotator) for one in listed]
    return Count(lost=aside) + compare(wanted, zip(keys, map(_marks, listed), strict=True))


def _marks(annotation: Annotation) -> Marks:
    if annotation.status == "skipped":
        return SKIPPED
    return frozenset((span.label, span.start, span.end) for span in annotation.spans)


def compare_dataset(
    told: Iterable[Told], articles: Sequence[Article], annotations: Iterable[Annotation]
) -> Count:
    """Build a dataset and count what is not as the annotations that count for it.

    Of an article's submitted annotations that is the one the server changed last.
    """
    submitted = sorted(
        (one for one in told if one.marks != SKIPPED),
        key=lambda one: (one.updated_at.removesuffix("Z"), one.key.number),
    )
    wanted = {Key(0, one.key.article, ""): one.marks for one in submitted}
    if not wanted:
        return Count()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "dataset", articles, annotations, sample_schema(), DatasetSettings())
        return compare(wanted, _rows(Path(folder) / "dataset"))


def _rows(out: Path) -> list[tuple[Key, Marks]]:
    labels = sample_schema().labels
    return [
        (
            Key(0, row["id"], ""),
            frozenset((labels[e["label"]], e["start"], e["end"]) for e in row["entities"]),
        )
        for path in sorted((out / "spans").glob("*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
