"""Canonical text, its digest, and offsets in code points and UTF-16 units.

Everything in this package counts **code points**, which is how Python indexes a `str` and
how Label Studio's editor reports a selection in a `<Text>`. UTF-16 units appear only where
an older server, or a browser's own ranges, speak them.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

# A line end in any of the forms of UAX 14: CRLF, CR, VT, FF, NEL, LS, PS.
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")

# Format characters (category Cf) that are seen: number signs that span the digits behind.
_SEEN = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)

_JOINERS = "\u200c\u200d"
_BLACK_FLAG = "\U0001f3f4"
_TAGS = range(0xE0020, 0xE0080)


def canonicalise(text: str) -> str:
    """Return the text as it is frozen before anyone annotates it.

    NFC; every line end a line feed; a tab a space; no control or invisible (Unicode
    categories Cc and Cf) characters; no white space at either end. Kept although
    invisible: a joiner (ZWJ, ZWNJ) between two visible characters, which shapes emoji and
    several scripts, and the tag characters of a regional flag. Idempotent.

    Raises `ValueError` when the text holds a lone surrogate, which is not text.
    """
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise ValueError("the text holds a lone surrogate")
    text = _LINE_END.sub("\n", text).replace("\t", " ")
    if any(_is_invisible(char) for char in set(text)):
        text = _drop_invisible(text)
    return unicodedata.normalize("NFC", text).strip()


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
