"""How often every label is used in each split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from annotate.dataset.checking.findings import Findings
from annotate.dataset.checking.marks import Names, label_names
from annotate.dataset.publish.files import Check
from annotate.dataset.reading import BuiltDataset

Row = Mapping[str, Any]
# A column of marks, `entities` or `relations`, and the name of a label there.
Label = tuple[str, str]

TRAIN = "train"


def labels_of(row: Row, names: Names) -> Iterator[Label]:
    """Yield the label of every mark of an article; numbers without a name are passed over."""
    for column, known in names.items():
        for mark in row[column] or ():
            number = mark["label"]
            if number is not None and 0 <= number < len(known):
                yield column, known[number]


def titles(names: Names) -> dict[Label, str]:
    """Return what to call every label, in the schema's order.

    A relation may have the name of an entity.
    """
    entities = set(names["entities"])
    return {
        (column, name): f"{name} (relation)" if column != "entities" and name in entities else name
        for column, known in names.items()
        for name in known
    }


class Labels:
    """Counts the marks of every label in each split."""

    def __init__(self, built: BuiltDataset) -> None:
        self.names = label_names(built, "spans")
        self._counts: Counter[tuple[Label, str]] = Counter()
        self._titles = titles(self.names)

    def add(self, row: Row, split: str) -> None:
        """Count the marks of an article."""
        self._counts.update((label, split) for label in labels_of(row, self.names))

    def checks(self, rare: int) -> list[Check]:
        """Return what was found; a label with fewer marks than `rare` is told in a note."""
        return [self._in_train(), self._often(rare)]

    def _in_train(self) -> Check:
        findings = Findings(
            "every label that is used occurs in train",
            "Run `annotate dataset balance`, or list articles that have it in splits.csv.",
        )
        for label, title in self._titles.items():
            found = self._splits(label)
            if found and TRAIN not in found:
                told = ", ".join(f"{count:,} in {split}" for split, count in found.items())
                findings.add(f"{title} is not in train ({told})")
        return findings.check()

    def _often(self, least: int) -> Check:
        totals = {title: sum(self._splits(label).values()) for label, title in self._titles.items()}
        few = [f"{title} ({n})" for title, n in totals.items() if 0 < n < least]
        never = [title for title, n in totals.items() if not n]
        told = [f"fewer than {least}: {', '.join(few)}"] if few else []
        told += [f"never used: {', '.join(never)}"] if never else []
        return Check(name="marks of every label", note="; ".join(told))

    def _splits(self, label: Label) -> dict[str, int]:
        return {split: n for (one, split), n in self._counts.items() if one == label}
