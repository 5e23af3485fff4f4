"""Marks of an article whose text has changed, carried to where what they mark is now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from annotate.align import Alignment
from annotate.studio.marks import Mark, is_labelled
from annotate.studio.proof import Proof, prove


class LeftMark(msgspec.Struct, frozen=True):
    """A mark, as it was, for which there is no place in the new text, and why."""

    mark: Mark
    reason: str


class ChangedMark(msgspec.Struct, frozen=True):
    """A mark, as it was, whose text reads otherwise in the new version."""

    id: str
    mark: Mark
    before: str
    after: str


class CarriedMarks(msgspec.Struct, frozen=True):
    """A result as the new text has it: each mark is in `result`, or else in `left`.

    What is in `changed` is in `result` too, and worth a look.
    """

    result: list[Mark]
    left: tuple[LeftMark, ...] = ()
    changed: tuple[ChangedMark, ...] = ()


def carry_marks(marks: list[Mark], old: str, alignment: Alignment, new: str) -> CarriedMarks:
    """Return the marks of the old text as marks of the new one.

    A mark with offsets is proved against `old`, then moved to where its text is in `new`.
    Answers about a span go where it goes, relations stay where both ends do; marks without
    offsets stay as they are. Between equal texts everything stays.
    """
    if old == new:
        return CarriedMarks(list(marks))
    return _Carrier(old, alignment, new).carry(marks)


def which_text(marks: Iterable[Mark], texts: Sequence[str]) -> int | None:
    """Return the number of the first text in which the marks lie as they say, None if none.

    Every span must be proved against it without a repair; marks without offsets fit all.
    """
    spans = [mark for mark in marks if is_labelled(mark) and _has_offsets(mark)]
    for number, text in enumerate(texts):
        proofs = (_prove(mark, text) for mark in spans)
        if all(isinstance(proof, Proof) and not proof.repaired for proof in proofs):
            return number
    return None


class _Place(msgspec.Struct, frozen=True):
    """Where a mark is in the new text, and what was and is marked there."""

    start: int
    end: int
    before: str
    after: str


class _Carrier:
    """Carries the marks of one result."""

    def __init__(self, old: str, alignment: Alignment, new: str) -> None:
        self._old = old
        self._alignment = alignment
        self._new = new
        # By id: where spans are now, or why they are left.
        self._places: dict[str, _Place] = {}
        self._gone: dict[str, str] = {}

    def carry(self, marks: list[Mark]) -> CarriedMarks:
        """Carry the marks that stand for themselves, then those that are tied to them."""
        spans = {_id(mark) for mark in marks if is_labelled(mark)} - {""}
        alone = [mark for mark in marks if is_labelled(mark) or _id(mark) not in spans]
        found = {id(mark): self._find(mark) for mark in alone if _has_offsets(mark)}
        for mark in alone:
            where = found.get(id(mark))
            if isinstance(where, _Place):
                self._places.setdefault(_id(mark), where)
            elif where is not None and _id(mark):
                self._gone.setdefault(_id(mark), where)
        told = [self._tell(mark, found.get(id(mark))) for mark in marks]
        return CarriedMarks(
            [one for one in told if not isinstance(one, LeftMark)],
            tuple(one for one in told if isinstance(one, LeftMark)),
            tuple(
                ChangedMark(_id(mark), mark, where.before, where.after)
                for mark in alone
                if isinstance(where := found.get(id(mark)), _Place) and where.before != where.after
            ),
        )

    def _find(self, mark: Mark) -> _Place | str:
        """Return where a mark is now, or why that cannot be said."""
        proof = _prove(mark, self._old)
        if isinstance(proof, str):
            return proof
        before = self._old[proof.start : proof.end]
        carried = self._alignment.carry(proof.start, proof.end)
        if carried is not None:
            after = self._new[carried.start : carried.end]
            return _Place(carried.start, carried.end, before, after)
        if before in self._new:
            return f"where its text {before[:80]!r} is in the new version is not sure"
        return f"its text {before[:80]!r} is not in the new version"

    def _tell(self, mark: Mark, where: _Place | str | None) -> Mark | LeftMark:
        """Return a mark as the new text has it, or why it is left."""
        if where is None:
            return self._tell_tied(mark)
        return LeftMark(mark, where) if isinstance(where, str) else _moved(mark, where)

    def _tell_tied(self, mark: Mark) -> Mark | LeftMark:
        """Return a mark that stays or goes with others."""
        if mark.get("type") == "relation":
            gone = filter(None, map(self._left, (mark.get("from_id"), mark.get("to_id"))))
            reason = next(gone, None)
            return LeftMark(mark, f"a span of the relation is left: {reason}") if reason else mark
        if reason := self._left(_id(mark)):
            return LeftMark(mark, f"its span is left: {reason}")
        place = self._places.get(_id(mark))
        return _moved(mark, place) if place and _has_offsets(mark) else mark

    def _left(self, mark_id: object) -> str | None:
        """Return why the spans of that id are left; None when one of them is not."""
        if not isinstance(mark_id, str) or mark_id in self._places:
            return None
        return self._gone.get(mark_id)


def _moved(mark: Mark, place: _Place) -> Mark:
    """Return a mark with offsets at its new place; an answer in free text is no witness."""
    value = {**mark["value"], "start": place.start, "end": place.end}
    if is_labelled(mark) or _witness(mark) is not None:
        value["text"] = place.after
    return {**mark, "value": value}


def _id(mark: Mark) -> str:
    found = mark.get("id")
    return found if isinstance(found, str) else ""


def _has_offsets(mark: Mark) -> bool:
    value = mark.get("value")
    sides = ("start", "end")
    return isinstance(value, dict) and any(value.get(side) is not None for side in sides)


def _witness(mark: Mark) -> str | None:
    """Return the text that the server says was marked."""
    text = mark["value"].get("text")
    return text if isinstance(text, str) and mark.get("type") != "textarea" else None


def _prove(mark: Mark, text: str) -> Proof | str:
    start, end = (mark["value"].get(side) for side in ("start", "end"))
    # A whole number only: other editors count seconds, or name a place in a page.
    if type(start) is not int or type(end) is not int:
        return "it has no offsets"
    return prove(text, start, end, _witness(mark))
