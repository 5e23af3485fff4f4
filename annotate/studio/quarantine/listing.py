"""The marks in quarantine, each with an id of its own."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from annotate.errors import LedgerError
from annotate.spans import Annotation, Decision, SetAside
from annotate.studio.ledger import Ledger, Place
from annotate.studio.ledger.names import Kind
from annotate.studio.settle import find_standing, mark_digest

# Of an id in hexadecimal digits: how many are shown, and how few are enough.
_SHOWN, _LEAST = 8, 4


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A mark that was set aside, and what was decided about it, if anything.

    `id` is as short as it can be, `key` the whole of it. `annotation` is what counts of the
    annotation now, draft or not.
    """

    id: str
    key: str
    place: Place
    kind: Kind
    annotation: Annotation
    aside: SetAside
    decision: Decision | None = None

    @property
    def counts(self) -> bool:
        """Whether it counts although nobody has looked at it yet."""
        return counts_meanwhile(self.annotation, self.aside)

    @property
    def mark(self) -> dict[str, Any]:
        """The mark as the server tells it; empty when it is no object."""
        found = msgspec.json.decode(self.aside.mark)
        return found if isinstance(found, dict) else {}

    @property
    def value(self) -> dict[str, Any]:
        """What the server tells of its place and labels."""
        found = self.mark.get("value")
        return found if isinstance(found, dict) else {}

    @property
    def is_relation(self) -> bool:
        """Whether it is a relation."""
        return self.mark.get("type") == "relation"

    @property
    def labels(self) -> list[str]:
        """The labels or relation types that the server tells."""
        found = self.mark.get("labels") if self.is_relation else self.value.get("labels")
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

    @property
    def witness(self) -> str | None:
        """The text that the server says was marked."""
        found = self.value.get("text")
        return found if isinstance(found, str) else None


class Waiting(NamedTuple):
    """How many marks nobody has decided about: those that count meanwhile, and the others."""

    counting: int
    not_counting: int


def counts_meanwhile(annotation: Annotation, aside: SetAside) -> bool:
    """Whether a mark counts while it waits for a look: a span stands for it."""
    standing = find_standing(annotation.spans, aside.span)
    return annotation.status == "submitted" and standing is not None


def count_waiting(ledger: Ledger, places: Iterable[Place]) -> Waiting:
    """Count the open marks of all annotations, without drafts; reads only those that have any."""
    counts: Counter[bool] = Counter()
    for place in places:
        rows = ledger.query(
            "SELECT body FROM annotations WHERE row IN (SELECT max(row) FROM annotations"
            " WHERE server = ? AND project = ? AND kind = 'annotation' GROUP BY annotation)"
            " AND instr(body, ?)",
            *place,
            '"set_aside":[{',
        )
        for (body,) in rows:
            annotation = msgspec.json.decode(body, type=Annotation)
            for aside, decision in _asides(annotation):
                counts[counts_meanwhile(annotation, aside)] += decision is None
    return Waiting(counts[True], counts[False])


def list_marks(ledger: Ledger, places: Iterable[Place]) -> list[Quarantined]:
    """Return every mark that is or was set aside in what counts now, by article and person."""
    found = [
        Quarantined(
            id="", key=_key(place, kind, annotation.id, aside), place=place, kind=kind,
            annotation=annotation, aside=aside, decision=decision,
        )
        for place in places
        for kind in _KINDS
        for annotation in ledger.annotations(place, kind=kind)
        for aside, decision in _asides(annotation)
    ]  # fmt: skip
    keys = sorted({one.key for one in found})
    digits = max([_SHOWN, *(_common(a, b) + 1 for a, b in pairwise(keys))])
    named = [msgspec.structs.replace(one, id=one.key[:digits]) for one in found]
    return sorted(named, key=_order)


_KINDS: tuple[Kind, ...] = ("annotation", "draft")


def _asides(annotation: Annotation) -> Iterator[tuple[SetAside, Decision | None]]:
    """Yield each mark once, with what was decided about it and is done."""
    seen = set()
    for aside in annotation.set_aside:
        if (digest := mark_digest(aside)) not in seen:
            seen.add(digest)
            yield aside, None
    for decision in annotation.decided:
        if decision.aside is not None and decision.mark not in seen:
            yield decision.aside, decision


def _key(place: Place, kind: Kind, number: int, aside: SetAside) -> str:
    parts = (place.server, str(place.project), kind, str(number), mark_digest(aside))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _common(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))


def _order(one: Quarantined) -> tuple[str, str, int, bool, int, str]:
    """Return the sort key: by article, person and annotation, spans first as they stand."""
    start = one.value.get("start")
    place = start if isinstance(start, int) else -1
    annotation = one.annotation
    own = (annotation.article, annotation.annotator, annotation.id)
    return (*own, "labels" not in one.value, place, one.key)


def find_marks(marks: Sequence[Quarantined], ids: Iterable[str]) -> list[Quarantined]:
    """Return the marks with these ids or beginnings of ids, each once.

    Raises `LedgerError` when there is none of an id, or more than one.
    """
    found: dict[str, Quarantined] = {}
    for wanted in ids:
        known = [mark for mark in marks if mark.key.startswith(wanted.lower())]
        if len(wanted) < _LEAST or not known:
            raise LedgerError(
                f"there is no mark {wanted!r} in quarantine",
                "`annotate quarantine list` shows those that are open, with --decided the others.",
            )
        if len(known) > 1:
            named = ", ".join(mark.id for mark in known)
            raise LedgerError(f"{wanted!r} begins several ids: {named}", "Give more digits.")
        found[known[0].key] = known[0]
    return list(found.values())
