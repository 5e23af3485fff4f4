"""Offsets are proved against the article, not trusted."""

from __future__ import annotations

import re
from typing import NamedTuple

from annotate.text import from_utf16

# The editor writes a line feed in a span's text as backslash and n.
_GAP = re.compile(r"(?:\s|\\n)+")


class Proof(NamedTuple):
    """Proved offsets in code points; `repaired` when they came in UTF-16 units."""

    start: int
    end: int
    repaired: bool = False


def prove(text: str, start: int | None, end: int | None, witness: object) -> Proof | str:
    """Prove a span's offsets, or return the reason why they cannot be proved.

    `witness` is the text that the server says was marked. It is compared as it stands, then
    with white space folded, because the editor folds it too. Offsets that do not match as
    code points are read as UTF-16 units, which older servers wrote. Without a witness,
    offsets within the text are taken as code points, which is what current servers write.
    """
    if start is None or end is None:
        return "it has no offsets"
    inside = 0 <= start < end <= len(text)
    if not isinstance(witness, str):
        return Proof(start, end) if inside else f"{start}–{end} is not a span of the article"
    if inside and text[start:end] == witness:
        # Nearly always; a reading in UTF-16 units encodes the whole article.
        return Proof(start, end)
    readings = [Proof(start, end)] if inside else []
    left, right = from_utf16(text, start), from_utf16(text, end)
    if left is not None and right is not None and left < right:
        readings.append(Proof(left, right, repaired=True))
    # As it stands before folded: folded, "ở 😀" in units also reads as "ở 😀 " in code points.
    for form in (str, _folded):
        for proof in readings:
            if form(text[proof.start : proof.end]) == form(witness):
                return proof
    shown = text[start:end] if inside else ""
    return f"{start}–{end} of the article is {shown[:80]!r}, the server says {witness[:80]!r}"


def _folded(text: str) -> str:
    return _GAP.sub(" ", text).strip()
