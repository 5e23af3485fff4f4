"""What the migrations of a new version make of the names of an old one, and what they leave out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from itertools import chain

import msgspec

from annotate.schema.model import Attribute, Changes, Choice, EntityChanges, Migration, Schema

# What a name becomes: one name, or several to choose from; None is that it is taken off.
Future = tuple[str | None, ...]

# What a schema and a migration list, and what one of each is called.
KINDS = {
    "entities": "label",
    "relations": "relation",
    "attributes": "attribute",
    "choices": "choice",
}


class Futures(msgspec.Struct, frozen=True):
    """What becomes of every name of an old version: `names` by kind, then by old name.

    `options` is by the old name of a choice or attribute; one that is removed is not there.
    """

    names: dict[str, dict[str, Future]]
    options: dict[str, dict[str, Future]]

    @property
    def owners(self) -> dict[str, Future]:
        """What becomes of the choices and attributes."""
        return self.names["attributes"] | self.names["choices"]


def find_steps(old: Schema, new: Schema) -> tuple[Migration, ...] | None:
    """Return the steps from the old version on to the new one; None when none lead there."""
    if old.version == new.version:
        return ()
    for at, step in enumerate(new.migrations):
        if step.old == old.version:
            return new.migrations[at:]
    return None


def foresee(old: Schema, steps: Iterable[Migration]) -> Futures:
    """Return what the steps, one after the other, make of the names of the old version."""
    futures = _at_first(old)
    for step in steps:
        names = {kind: _after(known, getattr(step, kind)) for kind, known in futures.names.items()}
        owners = names["attributes"] | names["choices"]
        options = {
            owner: _after(known, step.options.get(now, Changes()))
            for owner, known in futures.options.items()
            if (now := owners[owner][0]) is not None
        }
        futures = Futures(names, options)
    return futures


def _at_first(old: Schema) -> Futures:
    """Return the futures before any step: everything stays itself."""
    owners: list[Attribute | Choice] = [*old.attributes, *old.choices]
    return Futures(
        {kind: {item.name: (item.name,) for item in getattr(old, kind)} for kind in KINDS},
        {owner.name: {option.name: (option.name,) for option in owner.options} for owner in owners},
    )


def _named(changes: Changes) -> dict[str, Future]:
    """Return what becomes of each name that a step names."""
    futures: dict[str, Future] = {before: (now,) for before, now in changes.rename.items()}
    futures |= {before: (now,) for now, united in changes.merge.items() for before in united}
    futures |= dict.fromkeys(changes.remove, (None,))
    return futures | (changes.split if isinstance(changes, EntityChanges) else {})


def _after(futures: dict[str, Future], changes: Changes) -> dict[str, Future]:
    """Return the futures when one more step follows; what is taken off stays off."""
    named = _named(changes)

    def later(now: str | None) -> Future:
        return (None,) if now is None else named.get(now, (now,))

    return {
        name: tuple(dict.fromkeys(chain.from_iterable(map(later, future))))
        for name, future in futures.items()
    }


def find_gaps(
    old: Schema, new: Schema, steps: tuple[Migration, ...], futures: Futures
) -> list[str]:
    """Return, a line each, what keeps the steps from leading from the old version to the new."""
    # Where both have one version, its number would tell nobody which is meant.
    called = "the new schema" if old.version == new.version else new.version
    return [
        *_unknown(old, steps),
        *_undeclared(new, futures, called),
        *_misfits(old, new, futures),
        *_circles(steps, futures),
    ]


def _unknown(old: Schema, steps: tuple[Migration, ...]) -> Iterator[str]:
    """Yield what the first step names and the old version lacks.

    What later steps name may have come in between.
    """
    for step in steps[:1]:
        futures = foresee(old, (step,))
        why = f"the migration from {step.old} names it, but {step.old} has none of this name"
        for kind, word in KINDS.items():
            for name in _named(getattr(step, kind)):
                if name not in futures.names[kind]:
                    yield f"{word} {name}: {why}"
        for owner, changes in step.options.items():
            sources = [name for name in futures.options if futures.owners[name] == (owner,)]
            known = {option for name in sources for option in futures.options[name]}
            for option in _named(changes):
                if option not in known:
                    yield f"option {owner}: {option}: {why}"


def _undeclared(new: Schema, futures: Futures, called: str) -> Iterator[str]:
    """Yield what the new version lacks, though no step says what becomes of it."""
    for kind, word in KINDS.items():
        items = {item.name: item for item in getattr(new, kind)}
        for name, future in futures.names[kind].items():
            yield from _lacking(f"{word} {name}", name, future, items, called)
            # An attribute that lost all of its options is a free text: a misfit.
            item = items.get(future[0])
            asked = kind in {"attributes", "choices"} and name in futures.options
            if asked and item is not None and item.options:
                known = {option.name for option in item.options}
                for option, after in futures.options[name].items():
                    what = f"option {name}: {option}"
                    yield from _lacking(what, option, after, known, called)


def _lacking(
    what: str, name: str, future: Future, known: Container[str], version: str
) -> Iterator[str]:
    for now in future:
        if now is not None and now not in known:
            if now == name:
                yield f"{what}: {version} lacks it; say under `migrations` what becomes of it"
            else:
                yield f"{what}: it becomes {now}, which {version} lacks; correct `migrations`"


def _misfits(old: Schema, new: Schema, futures: Futures) -> Iterator[str]:
    """Yield the questions whose old answers do not fit the new one."""
    for kind in ("attributes", "choices"):
        items = {item.name: item for item in getattr(new, kind)}
        for item in getattr(old, kind):
            now = items.get(futures.names[kind][item.name][0])
            if now is not None and (how := retyped(item, now) or limited(item, now)):
                yield (
                    f"{KINDS[kind]} {item.name}: it {how}, so old answers do not fit; give it a "
                    f"new name, and put the old one under `{kind}.remove`, which archives them"
                )


def retyped(before: Attribute | Choice, now: Attribute | Choice) -> str:
    """Return how free text became a choice or a choice free text; empty if neither did."""
    if before.options and not now.options:
        return "was a choice and is free text now"
    return "was free text and is a choice now" if now.options and not before.options else ""


def limited(before: Attribute | Choice, now: Attribute | Choice) -> str:
    """Return that a question with several answers takes one now; empty if it does not."""
    several = before.multiple and bool(before.options)
    single = bool(now.options) and not now.multiple
    return "took several answers and takes one now" if several and single else ""


def _circles(steps: tuple[Migration, ...], futures: Futures) -> Iterator[str]:
    """Yield what would change once more if annotations were rewritten twice."""
    several = f"migrate version by version, first to {steps[0].to}" if len(steps) > 1 else ""
    do = several or "make two versions of this one, and migrate to one after the other"
    owners = futures.owners
    for kind, word in KINDS.items():
        known = futures.names[kind]
        # Attributes and choices share their names.
        for name, now in _onward(known, owners if kind in {"attributes", "choices"} else known):
            if name != now:
                yield f"{word} {name}: it becomes {now} while {now} itself changes; {do}"
            else:
                yield (
                    f"{word} {name}: it is split into itself and others, so nobody could tell "
                    f"what was looked at; {several or 'give all of them new names'}"
                )
    for owner, known in futures.options.items():
        place = owners[owner][0]
        # Where the owner changes as well, that is told above.
        if place is not None and owners.get(place) == (place,):
            for name, now in _onward(known, futures.options.get(place, {})):
                what = f"option {owner}: {name}"
                yield f"{what}: it becomes {place}: {now} while that itself changes; {do}"


def _onward(futures: dict[str, Future], further: dict[str, Future]) -> Iterator[tuple[str, str]]:
    """Yield each name that becomes one which itself changes, with that one."""
    for name, future in futures.items():
        for now in future:
            if now is not None and further.get(now, (now,)) != (now,):
                yield name, now
