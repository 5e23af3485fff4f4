"""Canonical text, its digest, and offsets in code points and UTF-16 units.

Everything in this package counts **code points**, which is how Python indexes a `str` and
how Label Studio's editor reports a selection in a `<Text>`. UTF-16 units appear only where
an older server, or a browser's own ranges, speak them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

import msgspec

# A line end in any of the forms of UAX 14: CRLF, CR, VT, FF, NEL, LS, PS.
_LINE_ENDS = frozenset("\r\v\f\x85\u2028\u2029")
_REWRITTEN = _LINE_ENDS | {"\t"}
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")

# Format characters (category Cf) that are seen: number signs that span the digits behind.
_SEEN = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)

_JOINERS = "\u200c\u200d"
_BLACK_FLAG = "\U0001f3f4"
_TAGS = range(0xE0020, 0xE0080)


class Changes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What canonicalising changed in a text, in counts.

    `line_ends` other than a line feed; `tabs`; `controls`, characters of category Cc;
    `invisible` ones of category Cf; `composed`, characters that NFC made of others; `ends`,
    white space at either end. Line feeds at the ends are not counted: every file has one.
    """

    line_ends: int = 0
    tabs: int = 0
    controls: int = 0
    invisible: int = 0
    composed: int = 0
    ends: int = 0

    def __add__(self, other: Changes) -> Changes:
        names = self.__struct_fields__
        return Changes(**{name: getattr(self, name) + getattr(other, name) for name in names})


UNCHANGED = Changes()


class Canonical(NamedTuple):
    """A canonical text, and what had to be changed to get there."""

    text: str
    changes: Changes


def canonicalise(text: str) -> Canonical:
    """Return the text as it is frozen before anyone annotates it, and what that changed.

    NFC; every line end a line feed; a tab a space; no control or invisible (Unicode
    categories Cc and Cf) characters; no white space at either end. Kept although
    invisible: a joiner (ZWJ, ZWNJ) between two visible characters, which shapes emoji and
    several scripts, and the tag characters of a regional flag. Idempotent.

    Raises `ValueError` when the text holds a lone surrogate, which is not text.
    """
    # Most texts need nothing done, and this tells it for a tenth of what follows costs.
    if text.replace("\n", "").isprintable() and unicodedata.is_normalized("NFC", text):
        return _strip(text, UNCHANGED)
    chars = set(text)
    if any("\ud800" <= char <= "\udfff" for char in chars):
        raise ValueError("the text holds a lone surrogate")
    line_ends = tabs = controls = invisible = 0
    if not chars.isdisjoint(_LINE_ENDS):
        text, line_ends = _LINE_END.subn("\n", text)
    if "\t" in chars:
        tabs = text.count("\t")
        text = text.replace("\t", " ")
    if hidden := [char for char in chars - _REWRITTEN if _is_invisible(char)]:
        before = len(text)
        controls = sum(text.count(char) for char in hidden if unicodedata.category(char) == "Cc")
        text = _drop_invisible(text)
        invisible = before - len(text) - controls
    text, composed = _compose(text)
    changes = Changes(
        line_ends=line_ends, tabs=tabs, controls=controls, invisible=invisible, composed=composed
    )
    return _strip(text, changes)


def _strip(text: str, changes: Changes) -> Canonical:
    stripped = text.strip()
    ends = 0
    if len(stripped) < len(text):
        start = len(text) - len(text.lstrip())
        cut = text[:start] + text[start + len(stripped) :]
        ends = len(cut) - cut.count("\n")
    return Canonical(stripped, changes + Changes(ends=ends) if ends else changes)


def _compose(text: str) -> tuple[str, int]:
    """Return the text in NFC, and how many of its characters were not there before."""
    if unicodedata.is_normalized("NFC", text):
        return text, 0
    composed = unicodedata.normalize("NFC", text)
    # Marks that only changed places made no character, yet something changed.
    return composed, (Counter(composed) - Counter(text)).total() or 1


@lru_cache(maxsize=1 << 16)
def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf"} and char != "\n" and char not in _SEEN


def _drop_invisible(text: str) -> str:
    kept: list[str] = []
    # Joiners wait until the next visible character shows that they join something.
    waiting = ""
    in_flag = False
    for char in text:
        in_flag = char == _BLACK_FLAG or (in_flag and ord(char) in _TAGS)
        if char in _JOINERS:
            waiting = waiting or char
        elif in_flag or not _is_invisible(char):
            if waiting and kept and not kept[-1].isspace() and not char.isspace():
                kept.append(waiting)
            waiting = ""
            kept.append(char)
    return "".join(kept)


def digest(text: str) -> str:
    """Return the sha256 of the text in UTF-8, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def to_utf16(text: str, offset: int) -> int:
    """Return the offset in UTF-16 units of an offset in code points."""
    return len(text[:offset].encode("utf-16-le")) // 2


def from_utf16(text: str, offset: int) -> int | None:
    """Return the offset in code points of an offset in UTF-16 units.

    None when the offset lies outside the text or between the halves of a surrogate pair.
    """
    units = text.encode("utf-16-le")
    if not 0 <= 2 * offset <= len(units):
        return None
    try:
        return len(units[: 2 * offset].decode("utf-16-le"))
    except UnicodeDecodeError:
        return None
