"""What differs in a label, a relation type, an attribute or a choice that two versions have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from annotate.schema.model import Attribute, Choice, Entity, RelationType
from annotate.schema.versions.difference import (
    Both,
    Difference,
    Kind,
    fate,
    find_sources,
    listed,
    places,
)
from annotate.schema.versions.futures import limited, retyped

# Fields that change nothing in annotations, and what people call them.
_HARMLESS = {
    "definition": "definition", "examples": "examples", "counter_examples": "counter-examples",
    "color": "colour", "hotkey": "hotkey", "group": "group", "patterns": "patterns",
}  # fmt: skip


def compare_parts(
    both: Both, what: str, before: Any, now: Any, sources: Sequence[str]
) -> Iterator[Difference]:
    """Yield what differs between an item and what it became.

    `sources` are the old names of all that became it. Where there are several, only what
    the other allowed is compared: its words are gone with it.
    """
    if before.name == now.name or len(sources) == 1:
        yield from _words(what, before, now)
    if isinstance(before, Entity):
        yield from _contains(both, what, before, now)
    elif isinstance(before, RelationType):
        yield from _relation(both, what, before, now)
    else:
        if isinstance(before, Attribute):
            meaning = "Its answers at spans of {} no longer hold."
            asked = ("is no longer asked of", "is also asked of")
            yield from _range(both, what, before.labels, now.labels, asked, meaning)
        yield from _question(both, what, before, now, sources)


def misfit(before: Any, now: Any) -> tuple[Kind, str] | None:
    """Return how a question became one that old answers do not fit, if it did."""
    if not isinstance(before, Attribute | Choice):
        return None
    if how := retyped(before, now):
        return "retyped", how
    how = limited(before, now)
    return ("narrowed", how) if how else None


def _words(what: str, before: Any, now: Any) -> Iterator[Difference]:
    """Yield another title, and the other fields that only people read."""
    yield from _title(what, before, now)
    changed = [
        word
        for field, word in _HARMLESS.items()
        if getattr(before, field, None) != getattr(now, field, None)
    ]
    if changed:
        yield Difference("changed", what, f"changes in {listed(changed)}")


def _title(what: str, before: Any, now: Any) -> Iterator[Difference]:
    if before.title == now.title:
        return
    text = f"is called “{now.title}”, not “{before.title}”"
    if isinstance(before, RelationType):
        # For other things its config has names besides the titles.
        meaning = (
            "Label Studio keeps relations under their titles;"
            " `annotate schema migrate` rewrites them there."
        )
        yield Difference("retitled", what, text, meaning, breaking=True)
    else:
        yield Difference("retitled", what, text)


def _contains(both: Both, what: str, before: Entity, now: Entity) -> Iterator[Difference]:
    if before.contains is not None and now.contains is not None:
        meaning = "Spans of {} that lie within its spans no longer hold."
        hold = ("may no longer hold spans of", "may also hold spans of")
        yield from _range(both, what, before.contains, now.contains, hold, meaning)
    elif now.contains is not None:
        text = (
            f"may hold only spans of {listed(now.contains)}" if now.contains else "may hold no span"
        )
        meaning = "Spans of other labels that lie within its spans no longer hold."
        yield Difference("narrowed", what, text, meaning, breaking=True)
    elif before.contains is not None:
        yield Difference("widened", what, "may hold any span")


def _relation(
    both: Both, what: str, before: RelationType, now: RelationType
) -> Iterator[Difference]:
    meaning = "Its relations from spans of {} no longer hold."
    begin = ("may no longer begin at", "may also begin at")
    yield from _range(both, what, before.head, now.head, begin, meaning)
    meaning = "Its relations to spans of {} no longer hold."
    end = ("may no longer end at", "may also end at")
    yield from _range(both, what, before.tail, now.tail, end, meaning)
    if before.directed and not now.directed:
        meaning = "Which of its ends was drawn first means nothing now."
        yield Difference("retyped", what, "is directed no more", meaning)
    elif now.directed and not before.directed:
        meaning = "Which of its ends was drawn first meant nothing: look at each of them again."
        yield Difference("retyped", what, "is directed now", meaning, breaking=True)


def _range(
    both: Both, what: str, before: Sequence[str], now: Sequence[str], texts: tuple[str, str],
    meaning: str,
) -> Iterator[Difference]:  # fmt: skip
    """Yield the labels that a list lost and those that it gained, told with the two texts.

    A label that is gone altogether is told elsewhere.
    """
    old = both.labels(before)
    lost = [label for label in old if label not in now]
    gained = [label for label in now if label not in old]
    if lost:
        text, means = f"{texts[0]} {listed(lost)}", meaning.format(listed(lost))
        yield Difference("narrowed", what, text, means, breaking=True)
    if gained:
        yield Difference("widened", what, f"{texts[1]} {listed(gained)}")


def _question(
    both: Both, what: str, before: Attribute | Choice, now: Attribute | Choice,
    sources: Sequence[str],
) -> Iterator[Difference]:  # fmt: skip
    if found := misfit(before, now):
        kind = "attributes" if isinstance(before, Attribute) else "choices"
        old = f"and put the old one under `{kind}.remove`"
        meaning = f"Old answers do not fit: give it a new name, {old}."
        yield Difference(found[0], what, found[1], meaning, breaking=True)
    elif now.options and now.multiple and not before.multiple:
        yield Difference("widened", what, "takes several answers now")
    if before.options and now.options:
        yield from _options(both, before, now, sources)


def _options(
    both: Both, before: Attribute | Choice, now: Attribute | Choice, sources: Sequence[str]
) -> Iterator[Difference]:
    """Yield what became of the options of a question, and after its last source the new ones."""
    futures = both.futures.options
    known = futures[before.name]
    items = {option.name: option for option in now.options}
    united = find_sources(known)
    for option in before.options:
        after = known[option.name]
        told = f"option {now.name}: {option.name}"
        for found in fate(told, option.name, after, items, united, "answers"):
            kind = "narrowed" if found.kind == "removed" else found.kind
            yield msgspec.structs.replace(found, kind=kind)
        if after[0] in items and len(united[after[0]]) == 1:
            yield from _title(f"option {now.name}: {after[0]}", option, items[after[0]])
    if before.name == sources[-1]:
        old = {name for source in sources for after in futures[source].values() for name in after}
        for name in items:
            if name not in old:
                yield Difference("widened", f"option {now.name}: {name}", "is new")
    if before.name == now.name or len(sources) == 1:
        yield from places(f"options of {now.name}", known, list(items), "options")
