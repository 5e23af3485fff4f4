"""What a schema allows of marks beyond their labels: nesting, ends of relations, attributes.

Label Studio cannot enforce these, and annotations made under a former version may break them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from annotate.schema.model import Schema
from annotate.spans import Relation, Span, covers, reading_order


class Rules:
    """The rules of one schema, ready to be held against many annotations."""

    def __init__(self, schema: Schema) -> None:
        self._contains = {entity.name: entity.contains for entity in schema.entities}
        self._types = {relation.name: relation for relation in schema.relations}
        self._asked = {attribute.name: attribute.labels for attribute in schema.attributes}

    def breaches(self, spans: Sequence[Span], relations: Sequence[Relation]) -> Iterator[str]:
        """Yield, a clause each, what is marked against the rules."""
        yield from self._nested(sorted(spans, key=reading_order))
        yield from self._ends({span.id: span for span in spans}, relations)
        for span in spans:
            for name in span.attributes:
                if span.label not in self._asked.get(name, (span.label,)):
                    yield f"{span.label} at {span.start} answers {name}, which is not asked of it"

    def _nested(self, ordered: Sequence[Span]) -> Iterator[str]:
        around: list[Span] = []
        for span in ordered:
            around = [outer for outer in around if outer.end > span.start]
            for outer in around:
                allowed = self._contains.get(outer.label)
                same = (outer.start, outer.end) == (span.start, span.end)
                refused = allowed is not None and span.label not in allowed
                if refused and not same and covers(outer, span):
                    yield f"{span.label} at {span.start} lies within {outer.label}"
            around.append(span)

    def _ends(self, spans: dict[str, Span], relations: Sequence[Relation]) -> Iterator[str]:
        for relation in relations:
            kind = self._types.get(relation.label)
            if kind is None or not {relation.head, relation.tail} <= spans.keys():
                continue
            head, tail = spans[relation.head], spans[relation.tail]
            fits = head.label in kind.head and tail.label in kind.tail
            turned = tail.label in kind.head and head.label in kind.tail
            if not fits and (kind.directed or not turned):
                yield (
                    f"{relation.label} goes from {head.label} at {head.start}"
                    f" to {tail.label} at {tail.start}"
                )
