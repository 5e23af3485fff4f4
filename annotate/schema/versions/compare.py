"""What differs between two versions of a schema, and what that means for annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from annotate.schema.model import Schema
from annotate.schema.versions.compare_parts import compare_parts, misfit
from annotate.schema.versions.difference import (
    ARCHIVED,
    Both,
    Difference,
    fate,
    find_sources,
    places,
)
from annotate.schema.versions.futures import KINDS, find_steps, foresee

__all__ = ["Difference", "compare", "needs_migration", "next_step"]

# What people make of the things that a schema lists; of the others, answers.
_MARKS = {"entities": "spans", "relations": "relations"}


def compare(old: Schema, new: Schema) -> list[Difference]:
    """Return what differs, first what breaks annotations, each part in the schema's order.

    The migrations of the new schema, where they lead from the old one's version, tell what
    was renamed, merged or split from what is gone. The versions themselves are not compared.
    """
    both = Both(old, new, foresee(old, find_steps(old, new) or ()))
    found = [
        *_plain(both, ("name", "language", "title")),
        *(difference for kind in KINDS for difference in _items(both, kind)),
        *_lists(both),
        *_plain(both, ("granularity",)),
        *_controls(both),
    ]
    return sorted(found, key=lambda difference: not difference.breaking)


def needs_migration(old: Schema, new: Schema) -> bool:
    """Whether some annotations made under the old version do not hold as they are in the new."""
    return any(difference.breaking for difference in compare(old, new))


def next_step(old: Schema, new: Schema) -> str:
    """Return what to do when annotations made under the old version do not hold in the new.

    Two contents under one version cannot be told apart, so nothing is migrated between them.
    """
    if old.version != new.version:
        return f"Run `annotate schema migrate --to {new.version}`."
    return (
        f"Raise `version:` in the schema file from {new.version}, say under `migrations:` what was"
        " renamed, merged, split or removed (`annotate schema diff` shows it), then run `annotate"
        " schema migrate`; or put the changes back."
    )


def _items(both: Both, kind: str) -> Iterator[Difference]:
    """Yield what differs in the labels, relation types, attributes or choices."""
    word, marks = KINDS[kind], _MARKS.get(kind, "answers")
    items = {item.name: item for item in getattr(both.new, kind)}
    futures = both.futures.names[kind]
    sources = find_sources(futures)
    told = set(sources)
    for before in getattr(both.old, kind):
        name, future = before.name, futures[before.name]
        # What was removed with its answers may be asked anew in another way.
        anew = misfit(before, items[name]) if future == (None,) and name in items else None
        if anew:
            told.add(name)
            yield Difference(anew[0], f"{word} {name}", anew[1], ARCHIVED[marks], breaking=True)
            continue
        yield from fate(f"{word} {name}", name, future, items, sources, marks)
        if len(future) == 1 and future[0] in items:
            now = items[future[0]]
            what = f"{word} {now.name}"
            yield from compare_parts(both, what, before, now, sources[now.name])
    for name in items:
        if name not in told:
            meaning = "It was not looked for before." if kind in _MARKS else ""
            yield Difference("added", f"{word} {name}", "is new", meaning)
    numbered = f"{word}s" if kind in _MARKS else ""
    yield from places(f"{word}s", futures, list(items), numbered)


def _plain(both: Both, fields: Iterable[str]) -> Iterator[Difference]:
    for field in fields:
        before, now = getattr(both.old, field), getattr(both.new, field)
        if before != now:
            yield Difference("changed", field, f"is now “{now}”, was “{before}”")


def _lists(both: Both) -> Iterator[Difference]:
    for field in ("guidelines", "decisions"):
        before, now = getattr(both.old, field), getattr(both.new, field)
        if before != now:
            new = sum(item not in before for item in now)
            gone = sum(item not in now for item in before)
            counts = [f"{new} new"] * bool(new) + [f"{gone} gone"] * bool(gone)
            text = f"change: {', '.join(counts)}" if counts else "stand in another order"
            yield Difference("changed", field, text)


def _controls(both: Both) -> Iterator[Difference]:
    for field in ("labels", "text"):
        before, now = getattr(both.old.controls, field), getattr(both.new.controls, field)
        if before != now:
            text = f"is now “{now}”, was “{before}”"
            meaning = "Annotations on a server refer to it; put it back."
            yield Difference("changed", f"control {field}", text, meaning, breaking=True)
