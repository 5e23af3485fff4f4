"""A mark in quarantine beside its article: where it says it is, and where its text occurs."""

from __future__ import annotations

import re
from bisect import bisect_right

import msgspec

from annotate.align import align
from annotate.studio.ledger import Ledger
from annotate.studio.proof import Proof, prove
from annotate.studio.quarantine.listing import Quarantined
from annotate.studio.settle import find_standing, undecide

Extent = tuple[int, int]

# White space, for which the editor also writes a backslash and n.
_GAP = r"(?:\s|\\n)+"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A mark beside the text of its article, in code points.

    `made_on` is the text on which it was made, as far as the ledger has it: the article's
    `text`, or an earlier one. `claimed` is where it says that it lies in it, `said` what it
    marks. `sure` is where it lies in the article, when that is known; `candidates` are all
    places of its text, the sure one or else the nearest first.
    """

    text: str
    made_on: str
    claimed: Extent | None = None
    said: str = ""
    sure: Extent | None = None
    candidates: tuple[Extent, ...] = ()


def look_at(ledger: Ledger, one: Quarantined) -> Look:
    """Return a mark beside the text of its article."""
    now = _text(ledger, one.annotation.article, one.annotation.sha256)
    earlier = one.aside.sha256
    made_on = _text(ledger, one.annotation.article, earlier) if earlier else now
    start, end = one.value.get("start"), one.value.get("end")
    # A whole number only: other editors count seconds, or name a place in a page.
    if type(start) is not int or type(end) is not int:
        return Look(text=now, made_on=made_on)
    proof = prove(made_on, start, end, one.witness)
    proved = (proof.start, proof.end) if isinstance(proof, Proof) else None
    claimed = proved or (start, end)
    said = made_on[slice(*proved)] if proved else one.witness or ""
    near, sure = claimed[0], proved
    if made_on and made_on != now:
        near, sure = _carried(made_on, now, claimed, proved=proved is not None)
    standing = find_standing(undecide(one.annotation).spans, one.aside.span)
    sure = (standing.start, standing.end) if standing else sure
    places = sorted(_occurrences(now, said), key=lambda place: (abs(place[0] - near), place))
    others = [place for place in places if place != sure]
    return Look(
        text=now,
        made_on=made_on,
        claimed=claimed,
        said=said,
        sure=sure,
        candidates=(*([sure] if sure else []), *others),
    )


def _text(ledger: Ledger, article: str, sha256: str) -> str:
    """Return a version of an article, empty when the ledger does not have it."""
    found = ledger.version(article, sha256)
    return found.text if found else ""


def _carried(old: str, new: str, extent: Extent, *, proved: bool) -> tuple[int, Extent | None]:
    """Return about where an extent of the old text is in the new one, and where it surely is."""
    alignment = align(old, new)
    start, end = extent
    number = bisect_right([block.old for block in alignment.blocks], start) - 1
    before = alignment.blocks[number] if number >= 0 else None
    near = before.new + min(start - before.old, before.length) if before else 0
    carried = alignment.carry(start, end) if proved else None
    return near, (carried.start, carried.end) if carried and not carried.changed else None


def _occurrences(text: str, said: str) -> set[Extent]:
    """Return where a text occurs, white space and, if there is nothing else, case aside."""
    words = [re.escape(word) for word in said.replace("\\n", " ").split()]
    if not words:
        return set()
    # Looking ahead only, so that it finds places that overlap.
    pattern = f"(?=({_GAP.join(words)}))"
    for flags in (re.NOFLAG, re.IGNORECASE):
        if found := {match.span(1) for match in re.finditer(pattern, text, flags)}:
            return found
    return set()
