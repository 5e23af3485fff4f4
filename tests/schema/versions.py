"""Small versions of a schema, steps between them, and what may become of names."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from annotate.schema import Option, RelationType, Schema
from annotate.schema.model import Attribute, EntityChanges, Migration
from annotate.spans import Relation, Span
from tests.factories import make_entity, make_schema


def version(number: str, *labels: str, **fields: Any) -> Schema:
    """Return a version with these labels and nothing else but the fields given."""
    entities = tuple(make_entity(label, label.lower()) for label in labels or ("A",))
    return make_schema(**{"version": number, "entities": entities, "relations": (), **fields})


def relation(name: str) -> RelationType:
    return RelationType(name=name, title=name, head=("A",), tail=("A",))


def attribute(name: str, *options: str, multiple: bool = False) -> Attribute:
    listed = tuple(Option(option, option) for option in options)
    return Attribute(name, name, ("A",), options=listed, multiple=multiple)


def step(old: str = "1", to: str = "2", /, **changes: Any) -> Migration:
    return Migration(old=old, to=to, **changes)


def entities(**changes: Any) -> EntityChanges:
    return EntityChanges(**changes)


def span(span_id: str, label: str, start: int = 0, end: int = 5, /, **answers: str) -> Span:
    """Return a span; answers are separated by commas."""
    attributes = {name: tuple(given.split(",")) for name, given in answers.items()}
    return Span(id=span_id, start=start, end=end, label=label, attributes=attributes)


def arrow(head: str, label: str, tail: str) -> Relation:
    return Relation(head=head, tail=tail, label=label)


@st.composite
def moves(draw: st.DrawFn, names: tuple[str, ...], news: tuple[str, ...]) -> dict[str, str | None]:
    """Draw what becomes of some of the names: one that stays, a new one, or nothing."""
    stay = draw(st.sets(st.sampled_from(names)))
    become = st.sampled_from((*sorted(stay), *news, None))
    return {name: draw(become) for name in names if name not in stay}


def moved(becomes: dict[str, str | None]) -> dict[str, str]:
    return {name: now for name, now in becomes.items() if now is not None}


def removed(becomes: dict[str, str | None]) -> frozenset[str]:
    return frozenset(name for name, now in becomes.items() if now is None)
