"""In which encoding a file is, and which text it therefore holds.

What can be known for certain is tried first: a byte order mark, UTF-8, UTF-16. Code pages
come last and are taken only on evidence, since most of them decode nearly anything.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from annotate.corpus.reading.fonts import TONES, legacy_font

# Bytes, or characters, of a file that are looked at for evidence.
_HEAD = 20_000

# UTF-32 before UTF-16, whose mark begins that of UTF-32.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# How a file that is not text begins, what else it holds, and what it is then.
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FORMATS = (
    (b"%PDF-", b"", "a PDF"),
    (b"{\\rtf", b"", "an RTF document"),
    (_ZIP, b"word/document", "a Word document"),
    (_ZIP, b"xl/workbook", "an Excel workbook"),
    (_ZIP, b"ppt/presentation", "a PowerPoint presentation"),
    (_ZIP, b"opendocument.text", "an OpenDocument text"),
    (_ZIP, b"epub+zip", "an EPUB book"),
    (_ZIP, b"", "a ZIP archive"),
    (_OLE, "WordDocument".encode("utf-16-le"), "a Word document"),
    (_OLE, "Workbook".encode("utf-16-le"), "an Excel workbook"),
    (_OLE, b"", "an Office document"),
    (b"\x1f\x8b", b"", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", b"", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", b"", "a RAR archive"),
    (b"\x89PNG\r\n", b"", "a PNG image"),
    (b"\xff\xd8\xff", b"", "a JPEG image"),
    (b"PAR1\x15", b"", "a Parquet file"),
    (b"SQLite format 3\0", b"", "an SQLite database"),
)
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b"))

# What a declaration means on the web, by Python's names (WHATWG, Encoding Standard, 4.2).
_MEANT = {
    **dict.fromkeys(("ascii", "iso8859-1"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("iso8859-11", "tis-620"), "cp874"),
    "iso8859-9": "cp1254",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
# Python knows others, such as UTF-7 or rot13, that no file is in that has come so far.
_CODE_PAGES = ("cp", "iso", "koi8", "mac", "euc", "gb", "big5", "hz", "johab", "kz", "ptcp")

# The letters beside a-z of the languages in Latin script that are written in a code page, after
# the exemplar characters of Unicode CLDR; the likelier page first. charset-normalizer takes
# French in windows-1252 for windows-1250. French is without its æ, which is so rare that the
# same byte is rather the ć of Croatian.
_CENTRAL = ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ")
_ALPHABETS = {
    "cp1252": (
        *("àâçèéêëîïôùûüÿœ", "äöüß", "áéíñóúü", "àáâãçéêíóôõú", "àèéìíîòóùú", "àçèéíïòóúü"),
        *("áèéêëïóöü", "åäöéü", "æøåéèêóòâô", "áéíóúýþæöð", "õäöüšž"),
    ),
    "cp1250": _CENTRAL,
    "iso8859-2": _CENTRAL,
    "cp1254": ("âçğıîöşûü",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "õäöüšž"),
}
# The code pages of other scripts, which charset-normalizer tells apart.
_OTHER_SCRIPTS = (
    *("cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256", "cp874"),
    *("cp932", "euc_jp", "gb18030", "big5", "cp949"),
)
# It makes Korean of these now and then, although Japanese shows by its kana.
_JAPANESE = ("cp932", "euc_jp")
_KANA = re.compile("[\u3041-\u309f]")

_TONE = re.compile("|".join(TONES[1:]))
# A syllable of Vietnamese without its tone.
_SYLLABLE = re.compile(
    "(?:ngh?|nh|[cgkpt]h|gi|qu|tr|[bcdđghklmnprstvx])?[aăâeêioôơuưy]{1,3}(?:ng|nh|ch|[cmnpt])?"
)
_LETTERS = re.compile(r"[^\W\d_]+")
# What no language has: within a word a sign that joins nothing, or a capital; a C1 control.
_IN_WORD = re.compile("(?<=[a-z])[^\x00-\x7f\xa0\xad·’‘“”«»–—…](?=[^\\W\\d_])")
_C1 = re.compile(r"[\x80-\x9f]")


class Undecodable(ValueError):
    """Bytes that are no text; the message is the reason, as a clause without a full stop."""


class Decoded(NamedTuple):
    """A text, and the encoding it was in, by a name that Python's `open` takes.

    `utf-8-sig`, `utf-16` and `utf-32` are with a byte order mark, which is no part of the
    text; `utf-16-le` and `utf-16-be` are without.
    """

    text: str
    encoding: str


def decode(data: bytes, declared: str = "") -> Decoded:
    """Return the text of a file, not normalised, and the encoding it is in.

    `declared` is what the file says of itself, as an HTML page does. It is believed where
    the bytes do not show that they are in UTF-8, UTF-16 or windows-1258.

    Raises `Undecodable` for a binary file, for Vietnamese in the encoding of a legacy font,
    and where the encoding cannot be told.
    """
    return _find(data, declared, final=True)


def detect(head: bytes, declared: str = "") -> str:
    """Return the encoding of a stream from its first bytes; some thousand suffice.

    The head may end within a character. One in ASCII is taken for UTF-8. Raises
    `Undecodable` as `decode` does.
    """
    return _find(head, declared, final=False).encoding


def _find(data: bytes, declared: str, *, final: bool) -> Decoded:
    if marks := [encoding for mark, encoding in _MARKS if data.startswith(mark)]:
        if found := _first(marks, data, final=final):
            return found
        raise Undecodable(f"begins with the mark of {marks[0]}, but is not valid {marks[0]}")
    for magic, inside, name in _FORMATS:
        if data.startswith(magic) and inside in data:
            raise Undecodable(f"is {name}")
    utf8 = _read(data, "utf-8", final=final)
    # ASCII in UTF-16 is valid UTF-8 too, with a NUL beside each letter.
    if utf8 is not None and data.count(0) * 20 <= len(data):
        return Decoded(utf8, "utf-8")
    if found := _first(_utf16(data[:_HEAD]), data, final=final):
        return found
    if utf8 is not None or _is_binary(data[:_HEAD]):
        raise Undecodable("is a binary file")
    _refuse_broken_utf8(data)
    if found := _first(_code_pages(data, declared), data, final=final):
        return found
    raise Undecodable("is in no encoding that is recognised")


def _read(data: bytes, encoding: str, *, final: bool = False) -> str | None:
    """Decode strictly, or return None; unless final, the data may end within a character."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final)
    except UnicodeDecodeError:
        return None


def _first(encodings: Iterable[str], data: bytes, *, final: bool) -> Decoded | None:
    for encoding in encodings:
        text = _read(data, encoding, final=final)
        if text is not None:
            name = codecs.lookup(encoding).name
            return Decoded(text, name.replace("cp125", "windows-125"))
    return None


def _utf16(head: bytes) -> Iterator[str]:
    """Yield UTF-16 without a mark if NULs are where the high bytes of ASCII would be."""
    nuls = {"utf-16-le": head[1::2].count(0), "utf-16-be": head[::2].count(0)}
    few, many = sorted(nuls.values())
    encoding = max(nuls, key=lambda name: nuls[name])
    # A hundredth, for Chinese has little ASCII, while its U+4E00 and U+3000 have a low NUL.
    if many * 100 >= len(head) and many * 2 > few * 3 and (text := _read(head, encoding)):
        unsound = re.findall(r"[^\t\n\v\f\r\x20-\ud7ff\uf900-\U0002ffff]", text)
        if len(unsound) * 50 <= len(text):
            yield encoding


def _is_binary(head: bytes) -> bool:
    return len(head.translate(None, _CONTROLS)) * 20 < len(head) * 19


def _refuse_broken_utf8(data: bytes) -> None:
    """Raise for what a few bytes alone keep from being UTF-8, such as a file cut short."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        text = data.decode(errors="replace")
        broken = text.count("\ufffd")
        sound = [char for char in text if not char.isascii() and char != "\ufffd"]
        # Three bytes that are a character in UTF-8 are hardly ever anything in a code page.
        if len(sound) > 4 * broken or (len(sound) >= broken and max(sound) > "\u07ff"):
            raise Undecodable(f"is in UTF-8, but broken at byte {error.start + 1}") from None


def _code_pages(data: bytes, declared: str) -> Iterator[str]:
    """Yield the code pages that the data may be in, on the evidence from the first letters."""
    first = re.search(rb"[\x80-\xff]", data)
    start = max(0, first.start() - 100) if first else 0
    # Without the tags of HTML, which are no words.
    sample = re.sub(rb"<[^<>]*>", b" ", data[start : start + _HEAD])
    if font := legacy_font(sample.decode("latin-1")):
        fonts = "ABC" if font == "TCVN3" else "VNI-Windows"
        raise Undecodable(f"is in the legacy Vietnamese font encoding {font} ({fonts} fonts)")
    if _is_vietnamese(_read(sample, "cp1258") or ""):
        yield "cp1258"
    yield from _believed(declared)
    fits = {page: _fit(_read(sample, page) or "", page) for page in _ALPHABETS}
    likely = max(fits, key=lambda page: fits[page])
    if fits[likely] >= 0.8:
        yield likely
    yield from _other_script(sample)


def _is_vietnamese(text: str) -> bool:
    """Whether most words are syllables of Vietnamese, some with a tone, some with a letter."""
    if not (_TONE.search(text) and re.search("(?i)[ăâđêôơư]", text)):
        return False
    composed = unicodedata.normalize("NFC", text.lower())
    words = _LETTERS.findall(composed)
    syllables = sum(bool(_SYLLABLE.fullmatch(_without_tone(word))) for word in words)
    return syllables * 5 >= len(words) * 3 and sum(map(len, words)) * 5 > len(composed) * 2


def _without_tone(word: str) -> str:
    return unicodedata.normalize("NFC", _TONE.sub("", unicodedata.normalize("NFD", word)))


def _believed(declared: str) -> Iterator[str]:
    try:
        name = codecs.lookup(declared).name
    except (LookupError, ValueError):
        return
    page = _MEANT.get(name, name)
    if page.startswith(_CODE_PAGES):
        yield page


def _fit(text: str, page: str) -> float:
    """Return the share of the letters beside a-z that are of the one language they fit best.

    Nought when most letters, or all, are beside a-z.
    """
    letters = [char for char in text.lower() if char.upper() != char]
    marked = [char for char in letters if not char.isascii()]
    if len(marked) * 2 > len(letters) or not letters:
        return 0
    odd = sum(not char.islower() for char in _IN_WORD.findall(text)) + len(_C1.findall(text))
    best = max(sum(char in alphabet for char in marked) for alphabet in _ALPHABETS[page])
    return best / (len(marked) + 2 * odd) if marked or odd else 1


def _other_script(sample: bytes) -> Iterator[str]:
    """Yield what charset-normalizer is sure of, for text that is not mostly in Latin script."""
    # Slow to import, and rarely needed.
    from charset_normalizer import from_bytes

    ranks: dict[str, float] = {}
    # The sample may end within a character, which has up to four bytes.
    for part in (sample[: len(sample) - cut] for cut in range(min(4, len(sample)))):
        for match in from_bytes(part, cp_isolation=list(_OTHER_SCRIPTS), enable_fallback=False):
            kana = len(_KANA.findall(str(match))) if match.encoding in _JAPANESE else 0
            likeness = match.coherence + kana / len(part)
            ranks.setdefault(match.encoding, match.chaos - likeness)
    best = min(ranks.values(), default=0)
    sure = [page for page, rank in ranks.items() if rank < best + 0.05]
    text = "".join(_LETTERS.findall(_read(sample, sure[0]) or "")) if len(sure) == 1 else ""
    if sum(not char.isascii() for char in text) * 3 > len(text):
        yield sure[0]
