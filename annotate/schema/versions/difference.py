"""A difference between two versions of a schema, and what became of a name between them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from annotate.schema.model import Schema
from annotate.schema.versions.futures import Future, Futures

Kind = Literal[
    "added", "renamed", "merged", "split", "removed", "retyped", "narrowed", "widened",
    "retitled", "changed",
]  # fmt: skip
Sources = Mapping[str | None, Sequence[str]]

# What happens to the marks under a name that is taken off, or united with another.
ARCHIVED = {
    "spans": "Its spans are taken off and archived, and the relations at them too.",
    "relations": "Its relations are taken off and archived.",
    "answers": "Its answers are taken off and archived.",
}
_UNITED = {
    "spans": "Its spans become {}; of two with the same extent one stays.",
    "relations": "Its relations become {}; of two between the same spans one stays.",
    "answers": "Its answers go to {}.",
}


class Difference(msgspec.Struct, frozen=True):
    """Something that differs between two versions.

    `what` names it ("label RANK"), `text` goes on from there ("becomes GRADE"). `meaning` is a
    sentence on annotations already made, empty where there is nothing to say. A `breaking` one
    means that some of them do not hold, or must be rewritten.
    """

    kind: Kind
    what: str
    text: str
    meaning: str = ""
    breaking: bool = False


class Both(msgspec.Struct, frozen=True):
    """The two versions, and what becomes of the names of the old one."""

    old: Schema
    new: Schema
    futures: Futures

    def labels(self, before: Iterable[str]) -> list[str]:
        """Return what labels of the old version are in the new one, without those it lacks."""
        names = self.futures.names["entities"]
        found = [now for name in before for now in names[name] if now in self.new.labels]
        return list(dict.fromkeys(found))


def find_sources(futures: Mapping[str, Future]) -> Sources:
    """Return the old names that become each new one, in their order."""
    sources: dict[str | None, list[str]] = defaultdict(list)
    for name, future in futures.items():
        for now in future:
            sources[now].append(name)
    return dict(sources)


def fate(
    what: str, name: str, future: Future, known: Container[str], sources: Sources, marks: str
) -> Iterator[Difference]:
    """Yield what becomes of a name and of the `marks` under it, unless it stays.

    `known` are the names of the new version.
    """
    lacking = [now for now in future if now is not None and now not in known]
    parts = [now for now in future if now is not None]
    if lacking:
        gone = "is gone" if lacking == [name] else f"becomes {listed(lacking)}, which is not there"
        meaning = f"Say under `migrations` what becomes of its {marks}."
        yield Difference("removed", what, gone, meaning, breaking=True)
    elif not parts:
        yield Difference("removed", what, "is removed", ARCHIVED[marks], breaking=True)
    elif len(future) > 1:
        meaning = f"Its {marks} keep the label until a person chooses."
        yield Difference("split", what, f"is split into {listed(parts)}", meaning, breaking=True)
    elif len(sources[parts[0]]) > 1 and parts != [name]:
        meaning = _UNITED[marks].format(parts[0])
        yield Difference("merged", what, f"becomes part of {parts[0]}", meaning, breaking=True)
    elif parts != [name]:
        meaning = f"Its {marks} are rewritten."
        yield Difference("renamed", what, f"becomes {parts[0]}", meaning, breaking=True)


def places(
    what: str, futures: Mapping[str, Future], names: Sequence[str], numbered: str = ""
) -> Iterator[Difference]:
    """Yield that names stand at other places than before.

    `numbered` are the things whose places are their numbers in the dataset; of others only
    another order counts.
    """
    now = {name: at for at, name in enumerate(names)}
    before: dict[str, int] = {}
    for at, (name, future) in enumerate(futures.items()):
        if len(future) == 1 and future[0] in now:
            # What others join keeps its place.
            before[future[0]] = at if future[0] == name else before.get(future[0], at)
    order = sorted(before, key=before.__getitem__)
    moved = [now[name] for name in order]
    meaning = f"The dataset numbers {numbered} by their places." if numbered else ""
    if moved != sorted(moved):
        yield Difference("changed", what, "stand in another order", meaning)
    elif numbered and moved != [before[name] for name in order]:
        yield Difference("changed", what, "stand at other places", meaning)


def listed(names: Iterable[str]) -> str:
    """Return names as people write them in a sentence, `A, B and C`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
