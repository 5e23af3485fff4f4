"""When people made and changed annotations, where the server has the times of our own writing."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger, Place
from annotate.studio.ledger.stamps import Stamp


class Times:
    """The true times of one project's annotations, ISO 8601 in UTC.

    The server stamps whatever is written with the time of the writing. The ledger keeps the
    true times: of restored annotations, and of those that went to another text or schema.
    """

    def __init__(self, ledger: Ledger, place: Place) -> None:
        self._stamps = ledger.stamps
        self._ties = ledger.ties.all(place)
        self._place = place

    def created(self, annotation: int, told: str) -> str:
        """Return when an annotation was made, of which the server tells `told`."""
        tie = self._ties.get(annotation)
        return tie.created_at if tie else told

    def updated(self, annotation: int, told: str, result: bytes) -> str:
        """Return when a person last changed an annotation that has this result."""
        stamp = self._stamps.find(self._place, annotation)
        if stamp is not None and _is_ours(stamp, told, result):
            return stamp.updated_at
        tie = self._ties.get(annotation)
        return tie.updated_at if tie and tie.stamped_at == told else told

    def write(
        self, studio: Studio, annotation: int, marks: list[dict[str, Any]], updated_at: str
    ) -> None:
        """Give an annotation other marks; it stays changed at `updated_at`, its true time."""
        # Noted before: when no answer comes, the result itself tells that it is ours.
        expected = Stamp(_digest(marks), updated_at, "")
        self._stamps.set(self._place, annotation, expected)
        stamped_at = studio.set_result(annotation, marks)
        self._stamps.set(self._place, annotation, expected._replace(stamped_at=stamped_at))


def _is_ours(stamp: Stamp, told: str, result: bytes) -> bool:
    """Whether nobody changed an annotation since it was written to."""
    if stamp.stamped_at:
        return stamp.stamped_at == told
    return stamp.result == _digest(msgspec.json.decode(result))


def _digest(marks: Any) -> str:
    # With sorted keys: a database may give them another order.
    return hashlib.sha256(msgspec.json.encode(marks, order="deterministic")).hexdigest()
