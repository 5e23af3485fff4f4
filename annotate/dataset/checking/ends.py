"""The check of relations' ends, by what the lock tells of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from annotate.dataset.ends import Ends
from annotate.dataset.lock import LOCK, read_lock
from annotate.dataset.publish.files import Check
from annotate.errors import DatasetError

Row = Mapping[str, Any]

_NAME = "ends of every relation"
# Relations that are told; the others are counted.
_TOLD = 3


class Arrows:
    """Looks for relations between labels that the schema does not allow.

    They are what somebody marked, so they are told and stay. `names` are the names of labels
    by column.
    """

    def __init__(self, folder: Path, names: Mapping[str, Sequence[str]]) -> None:
        self._names = names
        self._ends = _read_ends(folder) if "relations" in names else Ends(())
        self._told: list[str] = []
        self._found = 0

    def look(self, row: Row) -> None:
        """Look at the relations of an article."""
        relations = row.get("relations")
        if not relations or self._ends is None:
            return
        names = self._names["entities"]
        labels = {one["id"]: _name(names, one["label"]) for one in row["entities"] or ()}
        for one in relations:
            label = _name(self._names["relations"], one["label"])
            head, tail = labels.get(one["head"]), labels.get(one["tail"])
            # What has no end or no name is told by the checks of marks.
            if label and head and tail and (told := self._ends.refused(label, head, tail)):
                self._found += 1
                if len(self._told) < _TOLD:
                    self._told.append(f"{row['id']}: {told}")

    def check(self) -> Check:
        """Return what was found; it is worth a look, and no failure."""
        if self._ends is None:
            return Check(name=_NAME, note=f"no {LOCK} here tells which ones the schema allows")
        more = self._found - len(self._told)
        told = "; ".join(self._told) + (f"; and {more:,} more" if more else "")
        note = f"{self._found:,} that the schema does not allow: {told}" if told else ""
        return Check(name=_NAME, note=note)


def _read_ends(folder: Path) -> Ends | None:
    """Return what the schema allows, None where no lock tells it."""
    try:
        relations = read_lock(folder).relations
    except DatasetError:
        return None
    return None if relations is msgspec.UNSET else Ends(relations)


def _name(names: Sequence[str], number: int | None) -> str:
    return names[number] if number is not None and 0 <= number < len(names) else ""
