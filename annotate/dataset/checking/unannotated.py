"""The check of articles that nobody annotated, where the dataset has them."""

from __future__ import annotations

from collections import Counter

from annotate.dataset.checking.findings import Findings
from annotate.dataset.checking.source import Row
from annotate.dataset.features import ANNOTATED, tells_annotated
from annotate.dataset.publish.files import Check
from annotate.dataset.reading import BuiltDataset


class Unannotated:
    """Tells how many articles nobody annotated, and finds marks in them.

    That there are some is worth knowing and no failure. A dataset without the column has none.
    """

    def __init__(self, built: BuiltDataset) -> None:
        self.columns = [ANNOTATED] if tells_annotated(built.features("spans")) else []
        self._marked = Findings("no article that nobody annotated has marks")
        # Articles that somebody annotated, by split, and the others.
        self._annotated: Counter[str] = Counter()
        self._others = 0

    def look(self, row: Row, split: str) -> None:
        """Look at an article."""
        if row.get(ANNOTATED, True):
            self._annotated[split] += 1
            return
        self._others += 1
        if row["entities"] or row.get("relations"):
            self._marked.add(f"{row['id']} ({split})")

    def count(self, split: str) -> int:
        """Return how many articles of a split somebody annotated."""
        return self._annotated[split]

    def checks(self) -> list[Check]:
        """Return what was found; nothing where the dataset does not tell."""
        if not self.columns:
            return []
        total = self._annotated.total() + self._others
        note = f"{self._others:,} of {total:,} articles; leave them out: filter by {ANNOTATED}"
        return [
            Check(name="articles that nobody annotated", note=note if self._others else ""),
            self._marked.check(),
        ]
