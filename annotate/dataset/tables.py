"""The tables of a dataset: each split of each config, and the list of losses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from types import TracebackType
from typing import Self

from annotate.corpus import Article
from annotate.dataset.columns import Row
from annotate.dataset.features import (
    annotation_features,
    loss_features,
    span_features,
    token_features,
)
from annotate.dataset.lock import CONFIGS
from annotate.dataset.rows import loss_row
from annotate.dataset.splits import SPLITS, SplitName
from annotate.dataset.token_rows import Marked, TokenRows
from annotate.dataset.writing import Table, Worker
from annotate.schema import Schema
from annotate.settings import DatasetSettings
from annotate.spans import Annotation

LOSSES = "losses.parquet"

# Articles, and their characters, that are cut into tokens at once.
_AT_ONCE = 200
_CHARS = 300_000


class Tables:
    """The files of the configs that are built, as a context that lets go of them.

    Tokens are made by a thread of its own, and everything is written by another one.
    """

    def __init__(
        self, folder: Path, schema: Schema, settings: DatasetSettings, configs: Collection[str]
    ) -> None:
        tagging, annotated = settings.tokens, settings.include_unannotated
        everything = {
            "spans": span_features(schema, annotated=annotated),
            "tokens": token_features(schema, tagging, annotated=annotated),
            "annotations": annotation_features(schema),
        }
        self.features = {name: everything[name] for name in CONFIGS if name in configs}
        self.losses: Counter[str] = Counter()
        self._folder = folder
        self._tagger, self._writer = Worker(), Worker()
        self._tables: dict[tuple[str, SplitName], Table] = {}
        name = Path(LOSSES).stem
        self._lost = Table(folder, name, loss_features(), whole=True, worker=self._writer)
        self._tokens = TokenRows(schema, tagging, everything["tokens"].arrow_schema)
        self._waiting: list[tuple[SplitName, Marked]] = []
        self._chars = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        for worker in (self._tagger, self._writer):
            worker.__exit__(kind, error, trace)
        for table in (self._lost, *self._tables.values()):
            table.abandon()

    def add_article(
        self, row: Row, article: Article, kept: Annotation | None, split: SplitName
    ) -> None:
        """Add an article's row of `spans`, and what becomes its rows of `tokens`."""
        self._table("spans", split).add(row, len(article.text))
        if "tokens" in self.features:
            # Here, not in the other thread.
            self._table("tokens", split)
            spans = kept.spans if kept else ()
            marked = Marked(article.id, article.text, spans, annotated=kept is not None)
            self._waiting.append((split, marked))
            self._chars += len(article.text)
            if len(self._waiting) == _AT_ONCE or self._chars >= _CHARS:
                self._send()

    def add_annotation(self, row: Row, split: SplitName) -> None:
        """Add an annotation's row of `annotations`."""
        if "annotations" in self.features:
            self._table("annotations", split).add(row, len(row["entities"]["id"]))

    def _send(self) -> None:
        self._tagger.do(self._tag, self._waiting)
        self._waiting = []
        self._chars = 0

    def _tag(self, articles: Sequence[tuple[SplitName, Marked]]) -> None:
        """Write the tokens of some articles; those of a split lie together for that."""
        order = sorted(range(len(articles)), key=lambda number: SPLITS.index(articles[number][0]))
        rows, counts, losses = self._tokens.make([articles[number][1] for number in order])
        by_split = Counter[SplitName]()
        for number, count in zip(order, counts.tolist(), strict=True):
            by_split[articles[number][0]] += count
        ends = accumulate((by_split[split] for split in SPLITS), initial=0)
        for split, (first, last) in zip(SPLITS, pairwise(ends), strict=True):
            if first < last:
                self._tables["tokens", split].add_all(rows.slice(first, last - first))
        for number, found in sorted(zip(order, losses, strict=True)):
            marked = articles[number][1]
            for loss in found:
                self._lost.add(loss_row(marked.id, marked.text, loss))
                self.losses[loss.reason] += 1

    def _table(self, config: str, split: SplitName) -> Table:
        key = (config, split)
        if key not in self._tables:
            folder, features = self._folder / config, self.features[config]
            self._tables[key] = Table(folder, split, features, worker=self._writer)
        return self._tables[key]

    def close(self) -> None:
        """Write what waits, and give every file its name."""
        if self._waiting:
            self._send()
        self._tagger.finish()
        for table in (self._lost, *self._tables.values()):
            table.flush()
        self._writer.finish()
        for table in (self._lost, *self._tables.values()):
            table.close()

    def splits(self) -> dict[str, list[SplitName]]:
        """Return the splits that have rows, by config."""
        return {
            config: [split for split in SPLITS if (config, split) in self._tables]
            for config in self.features
        }

    def count(self, config: str, split: SplitName | None = None) -> int:
        """Return how many rows a config has, or one split of it."""
        return sum(
            table.rows
            for (name, one), table in self._tables.items()
            if name == config and split in {None, one}
        )
