"""The rows of a dataset as the checks read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from annotate.dataset.checking.findings import AGAIN
from annotate.dataset.features import ANNOTATED, tells_annotated
from annotate.dataset.reading import BuiltDataset
from annotate.errors import DatasetError
from annotate.progress import Advance

Row = dict[str, Any]

# Rows between two reports of progress: a report takes longer than a row.
_STEP = 200


class Source:
    """Reads a dataset's rows and tells how far it is; a row without an id or text is an error."""

    def __init__(self, built: BuiltDataset, advance: Advance) -> None:
        self.built = built
        self._advance = advance

    def splits(self, config: str) -> list[str]:
        """Return the splits of a config; none when there is no such config."""
        return self.built.splits(config) if config in self.built.configs else []

    def rows(self, config: str, split: str, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Yield the rows of a split."""
        since = 0
        for row in self.again(config, split, columns):
            yield row
            since += 1
            if since == _STEP:
                self._advance(since)
                since = 0
        self._advance(since)

    def texts(self, split: str) -> Texts:
        """Return the articles of a split with their texts, not counted as progress."""
        columns = ["id", "text", "sha256", *[ANNOTATED] * self.tells("spans")]
        known = split in self.splits("spans")
        return Texts(self.again("spans", split, columns) if known else iter(()))

    def tells(self, config: str) -> bool:
        """Whether the rows of a config tell which articles somebody annotated."""
        return config in self.built.configs and tells_annotated(self.built.features(config))

    def again(self, config: str, split: str, columns: Sequence[str] | None = None) -> Iterator[Row]:
        """Yield the rows of a split, not counted as progress."""
        for row in self.built.rows(config, split, columns):
            for name in ("id", "text", "sha256"):
                if row.get(name, "") is None:
                    where = f"{self.built.folder} ({config}, {split})"
                    raise DatasetError(f"{where} has a row without {name}", AGAIN)
            yield row


class Texts:
    """The rows of articles, asked for in the order in which they are stored."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._row = next(rows, None)

    def of(self, article: str) -> Row | None:
        """Return an article's row; None when it is not behind the one asked for before."""
        while self._row is not None and self._row["id"] != article:
            self._row = next(self._rows, None)
        return self._row
