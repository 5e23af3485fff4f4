"""What a schema allows of marks beyond their labels: nesting, ends of relations, attributes.

Label Studio cannot enforce these, and annotations made under a former version may break them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from annotate.schema.model import RelationType, Schema
from annotate.spans import Relation, Span, covers, reading_order


def fits(kind: RelationType, head: str, tail: str) -> bool:
    """Whether a relation may go from a span of one label to a span of another."""
    turned = tail in kind.head and head in kind.tail
    return (head in kind.head and tail in kind.tail) or (turned and not kind.directed)


def tell_ends(kind: RelationType) -> str:
    """Return between which labels a relation may be, as `go from PERSON to RANK`."""
    head, tail = _any_of(kind.head), _any_of(kind.tail)
    return f"go from {head} to {tail}" if kind.directed else f"join {head} and {tail}"


def _any_of(labels: Sequence[str]) -> str:
    *most, last = labels
    return f"{', '.join(most)} or {last}" if most else last


class Rules:
    """The rules of one schema, ready to be held against many annotations."""

    def __init__(self, schema: Schema) -> None:
        self._contains = {entity.name: entity.contains for entity in schema.entities}
        self._types = {relation.name: relation for relation in schema.relations}
        self._asked = {attribute.name: attribute.labels for attribute in schema.attributes}

    def breaches(self, spans: Sequence[Span], relations: Sequence[Relation]) -> Iterator[str]:
        """Yield, a clause each, what is marked against the rules, and what they allow."""
        yield from self._nested(sorted(spans, key=reading_order))
        yield from self._ends({span.id: span for span in spans}, relations)
        for span in spans:
            for name in span.attributes:
                asked = self._asked.get(name, (span.label,))
                if span.label not in asked:
                    only = f"which is asked of {' and '.join(asked)} only"
                    yield f"{span.label} at {span.start} answers {name}, {only}"

    def _nested(self, ordered: Sequence[Span]) -> Iterator[str]:
        around: list[Span] = []
        for span in ordered:
            around = [outer for outer in around if outer.end > span.start]
            for outer in around:
                allowed = self._contains.get(outer.label)
                same = (outer.start, outer.end) == (span.start, span.end)
                refused = allowed is not None and span.label not in allowed
                if refused and not same and covers(outer, span):
                    only = f"only {_any_of(allowed)}" if allowed else "nothing"
                    yield f"{span.label} at {span.start} lies within {outer.label}; {only} may"
            around.append(span)

    def _ends(self, spans: dict[str, Span], relations: Sequence[Relation]) -> Iterator[str]:
        for relation in relations:
            kind = self._types.get(relation.label)
            if kind is None or not {relation.head, relation.tail} <= spans.keys():
                continue
            head, tail = spans[relation.head], spans[relation.tail]
            if not fits(kind, head.label, tail.label):
                yield (
                    f"{relation.label} goes from {head.label} at {head.start}"
                    f" to {tail.label} at {tail.start}; it may {tell_ends(kind)}"
                )
