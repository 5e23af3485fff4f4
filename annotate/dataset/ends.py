"""The ends of relations: which labels a schema allows there, which no browser enforces."""

from __future__ import annotations

from collections.abc import Iterable

from annotate.schema.model import RelationType
from annotate.schema.rules import fits, tell_ends
from annotate.spans import Annotation


class Ends:
    """What a schema's relations may go between."""

    def __init__(self, relations: Iterable[RelationType]) -> None:
        self._types = {kind.name: kind for kind in relations}

    def refused(self, label: str, head: str, tail: str) -> str:
        """Return what is wrong with a relation between spans of two labels; nothing when it fits.

        As `holds_rank goes from RANK to PERSON and may go from PERSON to RANK`.
        """
        kind = self._types.get(label)
        if kind is None or fits(kind, head, tail):
            return ""
        return f"{label} goes from {head} to {tail} and may {tell_ends(kind)}"

    def count(self, annotation: Annotation) -> int:
        """Return how many relations of an annotation the schema does not allow."""
        if not annotation.relations:
            return 0
        labels = {span.id: span.label for span in annotation.spans}
        return sum(
            bool(self.refused(one.label, labels[one.head], labels[one.tail]))
            for one in annotation.relations
        )
