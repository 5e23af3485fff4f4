"""Checks of the migrations in a schema file: they lead to it, step by step, without a gap."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise

from annotate.schema.checking.names import check_twice, unknown
from annotate.schema.checking.parts import Fault, Part, shown

# What one of each list is called.
_KINDS = {
    "entities": "entity", "relations": "relation", "attributes": "attribute", "choices": "choice",
}  # fmt: skip

# Names in a step, each with where it stands.
Named = list[tuple[str, Part]]


def check_migrations(root: Part) -> Iterator[Fault]:
    """Yield the faults of the chain of steps, and of the names in each step."""
    steps = root.part("migrations").mappings()
    yield from _check_chain(steps, root.part("version"))
    for step in steps:
        for part in _all_changes(step):
            yield from _check_changes(part)
    for kind, noun in _KINDS.items():
        names = root.part(kind).names()
        for number, step in enumerate(steps):
            later = chain.from_iterable(_taken(after.part(kind)) for after in steps[number + 1 :])
            known = [*names, *(name for name, _ in later)]
            yield from _check_made(step.part(kind), known, noun)
        for step in steps[-1:]:
            yield from _check_taken(step.part(kind), names)
    for step in steps[-1:]:
        yield from _check_options(step.part("options"), root)


def _check_chain(steps: list[Part], version: Part) -> Iterator[Fault]:
    seen: dict[str, Part] = {}
    for step in steps:
        old, to = step.text("from"), step.text("to")
        if old and old in seen:
            yield step.part("from").fault(f"{old!r} is already that of {shown(seen[old].path)}")
        seen.setdefault(old, step)
        if to and to == old:
            yield step.part("to").fault(f"it comes from {to!r} already")
        elif to and to in seen:
            yield step.part("to").fault(f"it goes back to {to!r}")
    for step, after in pairwise(steps):
        to, old = step.text("to"), after.text("from")
        if to and old and to != old:
            yield after.part("from").fault(f"{shown(step.path)} ends at {to!r}, not at {old!r}")
    for last in steps[-1:]:
        to = last.text("to")
        if to and isinstance(version.value, str) and to != version.value:
            yield last.part("to").fault(
                f"the last step must lead to the schema's version, {version.value!r}"
            )


def _all_changes(step: Part) -> Iterator[Part]:
    for kind in _KINDS:
        yield step.part(kind)
    for _, changes in step.part("options").pairs():
        yield changes


def _made(changes: Part) -> Named:
    """Return the names that the changes lead to."""
    split = [pair for _, part in changes.part("split").pairs() for pair in part.distinct()]
    return [*_renamed(changes), *changes.part("merge").pairs(), *split]


def _renamed(changes: Part) -> Named:
    """Return the new names of what is renamed."""
    pairs = changes.part("rename").pairs()
    return [(part.value, part) for _, part in pairs if isinstance(part.value, str)]


def _taken(changes: Part) -> Named:
    """Return the names that are gone after the changes."""
    merged = [
        (old, part)
        for new, parts in changes.part("merge").pairs()
        for old, part in parts.distinct()
        if old != new  # it stays
    ]
    taken = (changes.part("rename").pairs(), merged, changes.part("split").pairs())
    return [*chain.from_iterable(taken), *changes.part("remove").distinct()]


def _check_changes(changes: Part) -> Iterator[Fault]:
    """Yield what is wrong with the changes in themselves."""
    yield from check_twice(changes.part("remove"))
    for key in ("merge", "split"):
        for name, part in changes.part(key).pairs():
            yield from check_twice(part)
            if isinstance(part.value, list) and len(part.value) < 2:
                yield part.fault(f"to {key} takes at least two names; for one there is `rename`")
            if key == "split" and name in dict(part.distinct()):
                yield part.fault(
                    f"give the part of {name!r} that stays a new name,"
                    " or add a new label without a split"
                )
    yield from _check_once(_taken(changes), "is taken away twice, first at")
    yield from _check_once(_renamed(changes), "unites names, for which there is `merge`; see")


def _check_once(named: Named, reason: str) -> Iterator[Fault]:
    first: dict[str, Part] = {}
    for name, part in named:
        if first.setdefault(name, part) is not part:
            yield part.fault(f"{name!r} {reason} {shown(first[name].path)}")


def _check_made(changes: Part, names: list[str], noun: str) -> Iterator[Fault]:
    for name, part in _made(changes):
        if name not in names:
            yield part.fault(unknown(name, names, noun))


def _check_taken(changes: Part, names: list[str]) -> Iterator[Fault]:
    split = dict(changes.part("split").pairs())
    for name, part in _taken(changes):
        stays = name in split and name in dict(split[name].distinct())
        if name in names and not stays:
            yield part.fault(f"{name!r} is gone after this step, but the schema still has it")


def _check_options(options: Part, root: Part) -> Iterator[Fault]:
    """Yield what the last step does to options that the schema does not have so."""
    asked = [*root.part("attributes").mappings(), *root.part("choices").mappings()]
    owners = {owner.text("name"): owner for owner in asked if "options" in owner.value}
    for name, changes in options.pairs():
        if name not in owners:
            yield changes.fault(unknown(name, owners, "choice or attribute with options"))
            continue
        names = owners[name].part("options").names()
        yield from _check_made(changes, names, "option")
        yield from _check_taken(changes, names)
