"""Relations in quarantine: which types the schema allows between their two spans."""

from __future__ import annotations

from collections.abc import Sequence

from annotate.errors import LedgerError
from annotate.schema import RelationType, Schema
from annotate.schema.rules import fits, tell_ends
from annotate.studio.quarantine.listing import Quarantined


def allowed_types(schema: Schema, one: Quarantined) -> list[RelationType]:
    """Return the relation types that may go between the spans of a relation, as it is drawn.

    Empty when there is none, and when one of its spans does not count.
    """
    labels = {span.id: span.label for span in one.annotation.spans}
    return [kind for kind in schema.relations if _fits(kind, one, labels)]


def refuse_ends(schema: Schema, marks: Sequence[Quarantined], label: str) -> None:
    """Raise `LedgerError` when a relation would join labels that its type does not allow.

    `marks` are those that are accepted together, spans before the relations between them;
    `label` is the name that they are given, empty for their own.
    """
    for one in marks:
        kind = _kind(schema, one, label) if one.is_relation else None
        if kind is None:
            continue
        labels = _labels(schema, one, marks)
        ends = [labels.get(end) for end in _ends(one)]
        if None not in ends and not _fits(kind, one, labels):
            others = [k.name for k in schema.relations if _fits(k, one, labels)]
            raise LedgerError(
                f"{one.id} goes from {ends[0]} to {ends[1]}, and {kind.name} may {tell_ends(kind)}",
                f"Accept it with --label {' or '.join(others)}, or drop it."
                if others
                else "No relation type goes between these labels: mend a span's label in the"
                " browser, or drop it.",
            )


def _kind(schema: Schema, one: Quarantined, label: str) -> RelationType | None:
    wanted = [label] if label else one.labels
    kinds = (kind for kind in schema.relations if wanted in ([kind.name], [kind.title]))
    return next(kinds, None)


def _ends(one: Quarantined) -> tuple[str, str]:
    """Return the ids of both spans, the head first where the arrow tells which that is."""
    ends = (str(one.mark.get("from_id")), str(one.mark.get("to_id")))
    return ends[::-1] if one.mark.get("direction") == "left" else ends


def _fits(kind: RelationType, one: Quarantined, labels: dict[str, str]) -> bool:
    head, tail = (labels.get(end) for end in _ends(one))
    if head is None or tail is None:
        return False
    either = one.mark.get("direction", "right") not in {"right", "left"}
    return fits(kind, head, tail) or (either and fits(kind, tail, head))


def _labels(schema: Schema, one: Quarantined, marks: Sequence[Quarantined]) -> dict[str, str]:
    """Return the labels of an annotation's spans as they will be, by id."""
    labels = {span.id: span.label for span in one.annotation.spans}
    names = {entity.title: entity.name for entity in schema.entities}
    for other in marks:
        same = (other.place, other.annotation.id) == (one.place, one.annotation.id)
        if same and not other.is_relation and len(other.labels) == 1:
            decided = other.decision.span if other.decision else None
            span_id = decided.id if decided else str(other.mark.get("id"))
            # What stands for it already keeps its label.
            if decided or span_id not in labels:
                labels[span_id] = names.get(other.labels[0], other.labels[0])
    return labels
