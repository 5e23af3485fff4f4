"""Marks of an export go from the text that it has to the article's, each proved on the way."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Literal, NamedTuple

import msgspec

from annotate.align import Alignment, align
from annotate.spans import SetAside
from annotate.studio.export.marking import UNPROVED
from annotate.studio.export.raw import RawText
from annotate.studio.export.spacing import Respaced
from annotate.studio.marks import Mark, is_labelled
from annotate.studio.proof import Proof, prove
from annotate.text import digest, from_utf16

# In what offsets may have been counted; what is the same in both tells nothing.
Unit = Literal["code points", "UTF-16", "either"]
Extent = tuple[int, int]

_AROUND = 30


class Placed(NamedTuple):
    """A result on the article's text, what could not be proved, and how many were repaired."""

    marks: list[Any]
    left: list[SetAside]
    repaired: int


class Ground:
    """A task's text beside its article's; `text` is the article's.

    `raw` is canonical only where the task shows what was pushed; servers give their text back
    as they got it. With `sure` its offsets are code points and nothing has to be guessed, and
    the two texts may differ in white space.
    """

    def __init__(self, raw: RawText, text: str, *, sure: bool = False) -> None:
        self._raw = raw
        self._text = text
        self._sure = sure
        # The ledger does not have the raw text, but offsets that are set aside lie in it.
        self._sha256 = "" if raw.raw == text else digest(raw.raw)

    @property
    def is_plain(self) -> bool:
        """Whether both texts are one, in which code points and UTF-16 units count the same."""
        same = self._raw.raw == self._text
        return same and len(self._text.encode("utf-16-le")) == 2 * len(self._text)

    @cached_property
    def alignment(self) -> Alignment:
        """What the canonical form of the task's text has in common with the article's."""
        return align(self._raw.text, self._text)

    @cached_property
    def _respaced(self) -> Respaced | None:
        try:
            return Respaced(self._raw.text, self._text) if self._sure else None
        except ValueError:
            return None

    def place(self, result: Iterable[Any]) -> Placed:
        """Return the marks of one annotation on the article's text."""
        marks = list(result)
        readings = {n: self._readings(m) for n, m in enumerate(marks) if _is_placed(m)}
        sure = {next(iter(found)) for found in readings.values() if len(found) == 1}
        placed = Placed([], [], 0)
        for number, mark in enumerate(marks):
            reason = self._unproved(mark)
            if number not in readings and not reason:
                placed.marks.append(mark)
                continue
            found = reason or self._find(mark, readings[number], sure - {"either"})
            if isinstance(found, str):
                raw = msgspec.Raw(msgspec.json.encode(mark))
                placed.left.append(SetAside(reason=found, mark=raw, sha256=self._sha256))
                continue
            unit, (start, end) = found
            text = self._text[start:end]
            value = {**mark["value"], "start": start, "end": end, "text": text}
            placed.marks.append({**mark, "value": value})
            placed = placed._replace(repaired=placed.repaired + (unit == "UTF-16"))
        return placed

    def _unproved(self, mark: Any) -> str:
        """Return why a mark is not in its file's text, as its reader found; else nothing."""
        return str(mark.get(UNPROVED, "")) if self._sure else ""

    def _readings(self, mark: Mark) -> dict[Unit, Extent]:
        if self._sure:
            return {"either": (mark["value"]["start"], mark["value"]["end"])}
        return _readings(self._raw.raw, mark)

    def _find(
        self, mark: Mark, readings: dict[Unit, Extent], sure: set[Unit]
    ) -> tuple[Unit, Extent] | str:
        """Return where a mark is in the article, or why that cannot be said.

        `sure` are the units of the other marks of the annotation, which one editor wrote.
        """
        if len(readings) > 1 and len(sure) == 1:
            readings = {unit: extent for unit, extent in readings.items() if unit in sure}
        if len(readings) != 1:
            return _reason(self._raw.raw, mark, readings)
        ((unit, extent),) = readings.items()
        place = self._raw.find(*extent)
        told = self._raw.raw[slice(*extent)][:80]
        if place is None:
            return f"where {told!r} of the export is in the canonical text is not sure"
        if self._raw.text == self._text:
            return unit, place
        if self._respaced is not None:
            respaced = self._respaced.find(*place)
            return (unit, respaced) if respaced else "it holds nothing but white space"
        carried = self.alignment.carry(*place)
        if carried is None or carried.changed:
            return f"{told!r} of the export is not surely anywhere in the article's text"
        return unit, (carried.start, carried.end)


def _is_placed(mark: Any) -> bool:
    """Whether a mark is a stretch of text with offsets."""
    if not isinstance(mark, dict) or not is_labelled(mark):
        return False
    return all(type(mark["value"].get(side)) is int for side in ("start", "end"))


def _readings(raw: str, mark: Mark) -> dict[Unit, Extent]:
    """Return how offsets can be read so that the text there is what the export says.

    Text that is the same as it stands counts before one that is so with white space folded.
    """
    start, end, witness = (mark["value"].get(name) for name in ("start", "end", "text"))
    units = (from_utf16(raw, start), from_utf16(raw, end))
    possible: dict[Unit, Extent] = {}
    if 0 <= start < end <= len(raw):
        possible["either" if units == (start, end) else "code points"] = (start, end)
    if units[0] is not None and units[1] is not None and units[0] < units[1]:
        possible["either" if units == (start, end) else "UTF-16"] = (units[0], units[1])
    if not isinstance(witness, str):
        return possible
    exact = {unit: extent for unit, extent in possible.items() if raw[slice(*extent)] == witness}
    return exact or {
        unit: extent
        for unit, extent in possible.items()
        if prove(raw, *extent, witness) == Proof(*extent)
    }


def _reason(raw: str, mark: Mark, readings: dict[Unit, Extent]) -> str:
    start, end, witness = (mark["value"].get(name) for name in ("start", "end", "text"))
    if readings:
        one, other = (raw[slice(*extent)][:80] for extent in readings.values())
        return (
            f"{start}–{end} of the export's text is {one!r} in code points and {other!r} in"
            " UTF-16 units, and nothing tells which"
        )
    if not 0 <= start < end <= len(raw):
        return f"{start}–{end} is no span of the export's text, which it says is {witness!r:.80}"
    before, after = raw[max(start - _AROUND, 0) : start], raw[end : end + _AROUND]
    around = f"{before}[{raw[start:end][:80]}]{after}"
    return f"{start}–{end} of the export's text is {around!r}, the export says {witness!r:.80}"
