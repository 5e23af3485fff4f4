"""What `annotate quarantine show` says can be done about a mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annotate.schema import Schema
    from annotate.studio.quarantine import Look, Quarantined

_IN_BROWSER = "or mend it in the browser, then run `annotate pull`"


def advise(schema: Schema, one: Quarantined, look: Look) -> str:
    """Return the commands with which somebody can decide about a mark, a line each."""
    accept = f"annotate quarantine accept {one.id}"
    drop = f"annotate quarantine drop {one.id}"
    if one.is_relation:
        ways = _ways_of_relation(schema, one)
    elif "labels" in one.value:
        ways = [f"{_place(look)}{_label(schema, one)}"]
    else:
        return drop
    if not ways:
        return f"No relation type of the schema goes between these labels.\n{drop}\n{_IN_BROWSER}"
    return "\n".join([*(f"{accept}{way}" for way in ways), f"or: {drop}"])


def _ways_of_relation(schema: Schema, one: Quarantined) -> list[str]:
    """Return how a relation can be accepted: with which types, where its own is not right."""
    from annotate.studio.quarantine import allowed_types

    spans = {span.id for span in one.annotation.spans}
    if not {str(one.mark.get(end)) for end in ("from_id", "to_id")} <= spans:
        return ["   when both spans are there"]
    types = allowed_types(schema, one)
    if any(one.labels in ([kind.name], [kind.title]) for kind in types):
        return [""]
    return [f" --label {kind.name}" for kind in types]


def _place(look: Look) -> str:
    if look.sure or len(look.candidates) == 1:
        return ""
    return " --candidate N" if look.candidates else " --at START:END"


def _label(schema: Schema, one: Quarantined) -> str:
    """Return that a label must be named, where the mark has none that the schema knows."""
    if one.counts or any(one.labels in ([e.name], [e.title]) for e in schema.entities):
        return ""
    return " --label LABEL"
