"""Vietnamese in the encodings of legacy fonts, recognised so that it can be refused by name.

Such text is in one byte a character, and means Vietnamese only when a font of its own shows
it: TCVN3 (the ABC fonts) or VNI. Read as anything else it is letters of Western Europe.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import product

# Without one; grave, acute, hook above, tilde, dot below.
TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")

# Characters that are looked at for evidence.
_HEAD = 20_000
# This many letters that only Vietnamese has, in the first characters, are proof of Unicode.
_START, _PROOF = 300, 6
_MODERN = re.compile("[\u1ea0-\u1ef9]")
_WORD = re.compile(r"[^\s.,;:!?()\[\]\"“”/]+")

# What stands for a vowel, alone and with each of the tones above, and for đ, in the order of
# `_VOWELS`. TCVN3 is VSCII-3 of TCVN 5712:1993. Both are as windows-1252 shows their bytes.
_VOWELS = "aăâeêioôơuưy"
_TCVN3 = (
    "a µ \N{CEDILLA} ¶ · ¹  ¨ » ¾ ¼ ½ Æ  © Ç Ê È É Ë  e Ì Ð Î Ï Ñ  ª Ò Õ Ó Ô Ö  i × Ý Ø Ü Þ "
    "o ß ã á â ä  « å è æ ç é  ¬ ê í ë ì î  u ï ó ñ ò ô  \xad õ ø ö ÷ ù  y ú ý û ü þ  ®"
)
_VNI = (
    "a aø aù aû aõ aï  aê aè aé aú aü aë  aâ aà aá aå aã aä  e eø eù eû eõ eï "
    "eâ eà eá eå eã eä  i ì í æ ó ò  o oø où oû oõ oï  oâ oà oá oå oã oä "
    "ô ôø ôù ôû ôõ ôï  u uø uù uû uõ uï  ö öø öù öû öõ öï  y yø yù yû yõ î  ñ"
)
# Frequent words of which neither font makes a word of some language, as TCVN3 makes `mét` of
# `một`, and the Luxembourgish `héi` of `hội`.
_FREQUENT = (
    "và của được không người các đã ngày những là với có năm tỉnh xã huyện công dân toàn trưởng "
    "tại đồng tháng thành nhà đến nhân đại làm về quốc mỗi ông bà phải việc vào lại này trên cả "
    "nước để đó nhiều đầu đường phát hiện chủ việt vẫn tiếng biết mới thể sẽ rất điều động đang "
    "đây thấy đội báo trường học buổi cảnh ảnh"
)


def _frequent() -> Iterator[str]:
    for word in _FREQUENT.split():
        yield from (word, word.capitalize(), word.upper())


def _letters(forms: str, capital: Callable[[str], str]) -> dict[str, str]:
    """Return what a font's encoding has for each letter of Vietnamese that is not ASCII."""
    toned = [unicodedata.normalize("NFC", "".join(pair)) for pair in product(_VOWELS, TONES)]
    pairs = zip([*toned, "đ"], forms.split(), strict=True)
    small = {letter: form for letter, form in pairs if not letter.isascii()}
    return small | {letter.upper(): capital(form) for letter, form in small.items()}


def _spelled(letters: dict[str, str]) -> frozenset[str]:
    words = ["".join(letters.get(char, char) for char in word) for word in _frequent()]
    # TCVN3's ư is a soft hyphen: dropped from canonical text, a hyphen once copied from print.
    return frozenset(word.replace("\xad", hyphen) for word in words for hyphen in ("\xad", "", "-"))


_PROPER = frozenset(_frequent())
_FONTS = {
    # Its capitals with a tone are the small letters in a font of capitals.
    "TCVN3": _spelled(_letters(_TCVN3, str) | dict(zip("ĂÂÊÔƠƯĐ", "¡¢£¤¥¦§", strict=True))),
    "VNI": _spelled(_letters(_VNI, str.upper)),
}
_IN_FONTS = frozenset().union(*_FONTS.values())


def legacy_font(text: str) -> str:
    """Return "TCVN3" or "VNI" when only such a font shows the text as Vietnamese, else "".

    Its characters are then those of Western Europe: `kh«ng` or `khoâng` for `không`. Told
    by frequent words so spelled in the first 20,000 characters: at least two different
    ones, a 20th of all words, and more than there are of the same words properly spelled. A
    text that begins with letters that only Vietnamese in Unicode has is not looked at further.
    """
    if len(_MODERN.findall(text[:_START])) > _PROOF or text.isascii():
        return ""
    if _IN_FONTS.isdisjoint(text[:_HEAD].split()):
        return ""
    words = _WORD.findall(unicodedata.normalize("NFC", text[:_HEAD]))
    proper = sum(word in _PROPER for word in words)
    for font, spelled in _FONTS.items():
        found = [word for word in words if word in spelled]
        if len(set(found)) > 1 and len(found) > proper and len(found) * 20 >= len(words):
            return font
    return ""
