"""Which seed gives the splits that come nearest to their shares, for articles and labels.

Stratification as far as stability allows: a split is still decided by the cluster's name and
the seed alone, so that a corpus that grows moves no article. Only the seed is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from annotate.dataset.checking.labels import labels_of, titles
from annotate.dataset.checking.marks import label_names
from annotate.dataset.reading import BuiltDataset
from annotate.dataset.splits import SPLITS, SplitName, Splits, split_of
from annotate.errors import DatasetError
from annotate.progress import Progress, silent
from annotate.settings import Split

Row = dict[str, Any]
# A row a split; the columns are the articles, then the marks of each label.
Table = NDArray[np.int64]

_NUMBERS = {split: number for number, split in enumerate(SPLITS)}
_TRAIN = _NUMBERS["train"]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the articles, and the marks of every label that is used, are split.

    `off` tells how far that is from the shares that were asked for; 0 is on them.
    """

    articles: dict[str, int]
    labels: dict[str, dict[str, int]]
    off: float

    @property
    def missing(self) -> list[str]:
        """The labels that do not occur in train."""
        return [name for name, counts in self.labels.items() if not counts["train"]]


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The splits on disk beside the best of those `tried`, which `seed` gives.

    So many articles would be `moved` to another split by it.
    """

    now: Standing
    best: Standing
    seed: int
    tried: int
    moved: int


def balance(
    built: BuiltDataset, shares: Split, seeds: Iterable[int],
    fixed: Mapping[str, SplitName] | None = None, progress: Progress = silent,
) -> Balance:  # fmt: skip
    """Try seeds, and that of `shares`, on the articles of a dataset; return the best.

    That is the one with the fewest labels missing in train, of those the one nearest to the
    shares (see `distance`), of those the present or the smallest. Articles in `fixed`, and what
    is in their clusters, stay where the list has them.
    Raises `DatasetError` when the dataset has no articles.
    """
    found = _Clusters(built, fixed or {})
    tried = list(dict.fromkeys((shares.seed, *sorted(seeds))))
    ranked: list[tuple[int, float, int]] = []
    with progress("Trying seeds", len(tried)) as advance:
        for place, seed in enumerate(tried):
            table = found.split_by(msgspec.structs.replace(shares, seed=seed))
            # Rounded, so that the last bit of a machine's sums does not decide.
            ranked.append((_missing(table), round(distance(table, shares), 9), place))
            advance(1)
    best = msgspec.structs.replace(shares, seed=tried[min(ranked)[-1]])
    return Balance(
        now=_standing(found.now, shares, found.titles),
        best=_standing(found.split_by(best), shares, found.titles),
        seed=best.seed,
        tried=len(tried),
        moved=found.moved_by(best),
    )


def distance(table: Table, shares: Split) -> float:
    """Return how far a table of splits is from the shares, 0 to 1.

    The distance of the articles is the mean over the splits of how far a split's share of the
    articles is from the share asked for; that of a label is the same of its marks. The result
    is the mean of the articles' and of the mean of the labels'.

    Those two are the examples distribution and the labels distribution of Sechidis, Tsoumakas
    and Vlahavas 2011, "On the stratification of multi-label data"
    (doi:10.1007/978-3-642-23808-6_10), with two differences. Shares are compared in place of
    numbers and odds: odds have no end where every article has a label. And marks are counted
    in place of the articles that have them, as precision and recall count them.
    """
    asked = np.array([[getattr(shares, split)] for split in SPLITS])
    used = table[:, table.sum(axis=0) > 0]
    off = np.abs(used / used.sum(axis=0) - asked).mean(axis=0)
    labels = off[1:].mean() if len(off) > 1 else off[0]
    return float((off[0] + labels) / 2)


class _Clusters:
    """What the articles of every cluster have, and in which splits they are on disk."""

    def __init__(self, built: BuiltDataset, fixed: Mapping[str, SplitName]) -> None:
        names = label_names(built, "spans")
        self.titles = list(titles(names).values())
        columns = {label: number for number, label in enumerate(titles(names), start=1)}
        # For each cluster a table of its own.
        tables: dict[str, list[list[int]]] = {}
        members: dict[str, str] = {}
        for split, row in _rows(built, ("id", "cluster", *names)):
            members.setdefault(row["cluster"], row["id"])
            empty = [[0] * (1 + len(columns)) for _ in SPLITS]
            counts = tables.setdefault(row["cluster"], empty)[_NUMBERS[split]]
            counts[0] += 1
            for label in labels_of(row, names):
                counts[columns[label]] += 1
        if not tables:
            raise DatasetError(f"{built.folder} has no articles", "Annotate some, and build again.")
        self._tables = np.array(list(tables.values()), dtype=np.int64)
        self._names = list(tables)
        pairs = ((row["id"], row["cluster"]) for _, row in _rows(built, ("id", "cluster")))
        listed = Splits(Split(), fixed, pairs)
        self._listed = [listed.listed(members[name], name) for name in self._names]

    @property
    def now(self) -> Table:
        """The table of the splits on disk."""
        return np.asarray(self._tables.sum(axis=0))

    def split_by(self, shares: Split) -> Table:
        """Return the table of the splits that these shares and their seed give."""
        places, totals = self._places(shares), self._tables.sum(axis=1)
        return np.array([totals[places == number].sum(axis=0) for number in _NUMBERS.values()])

    def moved_by(self, shares: Split) -> int:
        """Return how many articles would leave the split where they are."""
        articles = self._tables[:, :, 0]
        stay = np.take_along_axis(articles, self._places(shares)[:, np.newaxis], axis=1)
        return int(articles.sum() - stay.sum())

    def _places(self, shares: Split) -> Table:
        """Return the number of every cluster's split."""
        named = zip(self._names, self._listed, strict=True)
        return np.array([_NUMBERS[listed or split_of(name, shares)] for name, listed in named])


def _rows(built: BuiltDataset, columns: tuple[str, ...]) -> Iterator[tuple[SplitName, Row]]:
    there = built.splits("spans")
    for split in SPLITS:
        if split in there:
            for row in built.rows("spans", split, columns):
                yield split, row


def _missing(table: Table) -> int:
    """Return how many labels that are used do not occur in train."""
    return int(np.count_nonzero((table.sum(axis=0) > 0) & (table[_TRAIN] == 0)))


def _standing(table: Table, shares: Split, names: list[str]) -> Standing:
    columns = [dict(zip(SPLITS, column, strict=True)) for column in table.T.tolist()]
    used = {
        name: counts
        for name, counts in zip(names, columns[1:], strict=True)
        if any(counts.values())
    }
    return Standing(articles=columns[0], labels=used, off=distance(table, shares))
