"""The checks of `spans`: ids, texts, clusters and what counts in every article."""

from __future__ import annotations

from annotate.dataset.checking.crossing import Homes, crossings
from annotate.dataset.checking.ends import Arrows
from annotate.dataset.checking.findings import Findings
from annotate.dataset.checking.labels import Labels
from annotate.dataset.checking.marks import Marks
from annotate.dataset.checking.source import Row, Source
from annotate.dataset.checking.unannotated import Unannotated
from annotate.dataset.publish.files import Check
from annotate.dataset.splits import SPLITS
from annotate.text import digest

CONFIG = "spans"


class Articles:
    """Looks at every article; `ids` and `texts` know afterwards in which splits they are."""

    def __init__(
        self, labels: Labels, marks: Marks, arrows: Arrows, unannotated: Unannotated
    ) -> None:
        self.ids = Homes()
        self._labels = labels
        self._marks = marks
        self._arrows = arrows
        self._unannotated = unannotated
        self._crossings = crossings()
        self.texts = self._crossings[1].homes
        self._once = Findings("every article is there once")
        self._digests = Findings("every text has its digest")

    def look(self, source: Source) -> None:
        """Read the articles; once more when something is in two splits, to tell where."""
        there = source.splits(CONFIG)
        columns = ["id", "text", "sha256", "cluster", *self._labels.names]
        columns += self._unannotated.columns
        for split in there:
            for row in source.rows(CONFIG, split, columns):
                self._look_at(row, split)
        if any(crossing.found for crossing in self._crossings):
            for split in there:
                for row in source.again(CONFIG, split, ("id", "text", "cluster")):
                    for crossing in self._crossings:
                        crossing.tell(row, split)

    def _look_at(self, row: Row, split: str) -> None:
        article = row["id"]
        if home := self.ids.get(article):
            where = f"in {home} and in {split}" if home != split else f"twice in {split}"
            self._once.add(f"{article} is {where}")
        self.ids.settle(article, split)
        if digest(row["text"]) != row["sha256"]:
            self._digests.add(article)
        for crossing in self._crossings:
            crossing.add(row, split)
        self._marks.look(row, row["text"], self._labels.names, article)
        self._arrows.look(row)
        self._labels.add(row, split)
        self._unannotated.look(row, split)

    def checks(self) -> list[Check]:
        """Return what was found."""
        return [
            self._of_every_split(),
            *self._unannotated.checks(),
            self._once.check(),
            *(crossing.check() for crossing in self._crossings),
            self._digests.check(),
        ]

    def _of_every_split(self) -> Check:
        """Return the splits that have none, or none that somebody annotated."""
        empty = [split for split in SPLITS if not self._unannotated.count(split)]
        none = "none annotated in" if self._unannotated.columns else "none in"
        note = f"{none} {' and '.join(empty)}" if empty else ""
        return Check(name="articles of every split", note=note)
