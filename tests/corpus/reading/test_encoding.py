"""Encodings are told by what the bytes show, and what cannot be told is refused by name."""

from __future__ import annotations

import gzip
import io
import struct
import unicodedata
import zipfile

import pytest
from hypothesis import assume, given

from annotate.corpus.reading.encoding import Undecodable, decode, detect
from annotate.corpus.reading.fonts import legacy_font
from tests.factories import sample_articles
from tests.strategies import raw_texts

VIETNAMESE = (
    "Sáng nay, ông Đỗ Vĩnh Khang đã trao tặng nhà tình nghĩa cho hai gia đình ở xã Bản Lầm.",
    "Bà Lò Thị Mẩy bán mận chín đỏ ở chợ Phiên từ lúc trời còn mờ hơi sương.",
    "Theo chị Hứa Ngọc Diệp, những người thợ của tổ 5 không được nghỉ trong ba ngày mưa lũ.",
    "“Chúng tôi sẽ làm xong cầu trước Tết”, trưởng thôn Giàng A Sếnh nói với các phóng viên.",
)
PARAGRAPH = "\r\n".join(VIETNAMESE)
WORDS = ("trên", "cửa", "nhà", "những", "người", "thợ", "đã", "sửa", "mái", "ngói", "bị", "thổi")

# The letters by their TCVN3 bytes, and by how VNI-Windows writes them in windows-1252.
TCVN3_BYTES = (
    "à=B5 á=B8 ả=B6 ã=B7 ạ=B9 ă=A8 ằ=BB ắ=BE ẳ=BC ẵ=BD ặ=C6 â=A9 ầ=C7 ấ=CA ẩ=C8 ẫ=C9 ậ=CB đ=AE "
    "è=CC é=D0 ẻ=CE ẽ=CF ẹ=D1 ê=AA ề=D2 ế=D5 ể=D3 ễ=D4 ệ=D6 ì=D7 í=DD ỉ=D8 ĩ=DC ị=DE "
    "ò=DF ó=E3 ỏ=E1 õ=E2 ọ=E4 ô=AB ồ=E5 ố=E8 ổ=E6 ỗ=E7 ộ=E9 ơ=AC ờ=EA ớ=ED ở=EB ỡ=EC ợ=EE "
    "ù=EF ú=F3 ủ=F1 ũ=F2 ụ=F4 ư=AD ừ=F5 ứ=F8 ử=F6 ữ=F7 ự=F9 ỳ=FA ý=FD ỷ=FB ỹ=FC ỵ=FE "
    "Ă=A1 Â=A2 Ê=A3 Ô=A4 Ơ=A5 Ư=A6 Đ=A7"
)
VNI_LETTERS = (
    "à=aø á=aù ả=aû ã=aõ ạ=aï ă=aê ằ=aè ắ=aé ẳ=aú ẵ=aü ặ=aë â=aâ ầ=aà ấ=aá ẩ=aå ẫ=aã ậ=aä đ=ñ "
    "è=eø é=eù ẻ=eû ẽ=eõ ẹ=eï ê=eâ ề=eà ế=eá ể=eå ễ=eã ệ=eä ì=ì í=í ỉ=æ ĩ=ó ị=ò "
    "ò=oø ó=où ỏ=oû õ=oõ ọ=oï ô=oâ ồ=oà ố=oá ổ=oå ỗ=oã ộ=oä ơ=ô ờ=ôø ớ=ôù ở=ôû ỡ=ôõ ợ=ôï "
    "ù=uø ú=uù ủ=uû ũ=uõ ụ=uï ư=ö ừ=öø ứ=öù ử=öû ữ=öõ ự=öï ỳ=yø ý=yù ỷ=yû ỹ=yõ ỵ=î"
)


def tcvn3_table() -> dict[str, str]:
    pairs = [pair.split("=") for pair in TCVN3_BYTES.split()]
    table = {letter: chr(int(byte, 16)) for letter, byte in pairs}
    # A font of capitals shows the small letters as capitals.
    return {letter.upper(): char for letter, char in table.items()} | table


def vni_table() -> dict[str, str]:
    table = dict(pair.split("=") for pair in VNI_LETTERS.split())
    return table | {letter.upper(): form.upper() for letter, form in table.items()}


TABLES = {"TCVN3": tcvn3_table(), "VNI": vni_table()}
FONTS = tuple(TABLES)


def in_font(text: str, font: str) -> str:
    """Return the text as windows-1252 shows its bytes in the encoding of a legacy font."""
    table = TABLES[font]
    return "".join(table.get(char, char) for char in unicodedata.normalize("NFC", text))


def in_bytes(text: str, font: str) -> bytes:
    return in_font(text, font).encode("cp1252", "replace")


def in_windows_1258(text: str) -> bytes:
    """Encode with the tones apart where the code page needs it; leave out what it lacks."""
    return b"".join(_in_windows_1258(char) for char in unicodedata.normalize("NFC", text))


def _in_windows_1258(char: str) -> bytes:
    try:
        return char.encode("cp1258")
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", char)
    tones = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
    letter = "".join(part for part in parts if part not in tones)
    return (unicodedata.normalize("NFC", letter) + tones).encode("cp1258", "ignore")


def reason(data: bytes, declared: str = "") -> str:
    with pytest.raises(Undecodable) as caught:
        decode(data, declared)
    with pytest.raises(Undecodable) as of_head:
        detect(data, declared)
    assert str(of_head.value) == str(caught.value)
    return str(caught.value)


# Unicode.


@pytest.mark.parametrize(
    "codec",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"],
)
@pytest.mark.parametrize("text", [*VIETNAMESE, PARAGRAPH, "Nothing but ASCII,\nin two lines."])
def test_vietnamese_in_unicode_is_read_and_its_encoding_named(text: str, codec: str) -> None:
    data = text.encode(codec)
    assert decode(data) == (text, codec)
    assert detect(data) == codec


@pytest.mark.parametrize("order", ["be", "le"])
@pytest.mark.parametrize("width", ["16", "32"])
def test_a_mark_tells_the_byte_order_and_is_no_part_of_the_text(order: str, width: str) -> None:
    data = f"\ufeff{PARAGRAPH}".encode(f"utf-{width}-{order}")
    assert decode(data) == (PARAGRAPH, f"utf-{width}")


def test_chinese_in_utf16_without_a_mark_is_told_by_its_line_ends_and_digits() -> None:
    text = "一月3日,小城里一座新的博物馆成立了。\n居民们对记者说,\u3000天气非常热。\n" * 3
    assert decode(text.encode("utf-16-le")) == (text, "utf-16-le")
    assert decode(text.encode("utf-16-be")) == (text, "utf-16-be")


def test_an_empty_file_is_an_empty_text_in_utf8() -> None:
    assert decode(b"") == ("", "utf-8")
    assert detect(b"") == "utf-8"


@given(raw_texts)
def test_any_text_survives_utf8(text: str) -> None:
    assume("\0" not in text)
    data = text.encode()
    if text.startswith("\ufeff"):
        # The same bytes as of the rest with a mark before it.
        assert decode(data) == (text[1:], "utf-8-sig")
    else:
        assert decode(data) == (text, "utf-8")
    assert detect(data) == decode(data).encoding
    assert decode(text.encode("utf-8-sig")) == (text, "utf-8-sig")


@given(raw_texts)
def test_any_text_survives_utf16_with_a_mark(text: str) -> None:
    # In front, a NUL makes the mark that of UTF-32.
    assume(not text.startswith("\0"))
    for order in ("le", "be"):
        data = f"\ufeff{text}".encode(f"utf-16-{order}")
        assert decode(data) == (text, "utf-16")
        assert detect(data) == "utf-16"


def test_a_stray_nul_does_not_make_a_text_binary() -> None:
    text = PARAGRAPH + "\0"
    assert decode(text.encode()) == (text, "utf-8")


def test_a_text_followed_by_nothing_but_nuls_is_binary() -> None:
    assert reason(PARAGRAPH.encode() + bytes(2000)) == "is a binary file"
    assert reason(PARAGRAPH.encode() * 100 + bytes(20_000)) == "is a binary file"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_what_does_not_keep_the_promise_of_its_mark_is_refused(codec: str) -> None:
    data = PARAGRAPH.encode(codec) + b"\xff"
    with pytest.raises(Undecodable, match=f"begins with the mark of {codec}, but is not valid"):
        decode(data)


def test_utf8_that_is_broken_is_not_taken_for_a_code_page() -> None:
    data = PARAGRAPH.encode()
    place = data.index("ữ".encode()) + 1
    assert reason(data[:place] + b"?" + data[place + 1 :]) == (
        f"is in UTF-8, but broken at byte {place}"
    )
    cut = data[: data.rindex("ó".encode()) + 1]
    with pytest.raises(Undecodable, match=f"broken at byte {len(cut)}$"):
        decode(cut)


# windows-1258.


@pytest.mark.parametrize("sentence", VIETNAMESE)
def test_a_sentence_of_vietnamese_in_windows_1258_is_read(sentence: str) -> None:
    text, encoding = decode(in_windows_1258(sentence))
    assert encoding == "windows-1258"
    assert unicodedata.normalize("NFC", text) == sentence


def test_every_sample_article_survives_windows_1258() -> None:
    for article in sample_articles().values():
        data = in_windows_1258(article.text)
        text, encoding = decode(data)
        assert (article.id, encoding) == (article.id, "windows-1258")
        kept = "".join(char for char in article.text if _in_windows_1258(char))
        assert unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", kept)
        assert detect(data[:1000]) == encoding


def test_the_letters_of_windows_1258_are_found_behind_much_ascii() -> None:
    text = "row;1;2;3\n" * 10_000 + PARAGRAPH
    decoded = decode(in_windows_1258(text))
    assert decoded.encoding == "windows-1258"
    assert unicodedata.normalize("NFC", decoded.text) == text


def test_a_page_in_windows_1258_that_declares_windows_1252_is_vietnamese() -> None:
    data = in_windows_1258(PARAGRAPH)
    assert decode(data, "windows-1252").encoding == "windows-1258"


def test_the_tags_of_a_page_do_not_hide_that_it_is_vietnamese() -> None:
    words = [f'<span class="word" style="font: small" lang="vi">{word}</span>' for word in WORDS]
    page = f"<p align=left title=none>{' '.join(words)}</p>"
    assert decode(in_windows_1258(page)).encoding == "windows-1258"
    for font in FONTS:
        assert f"font encoding {font}" in reason(in_bytes(page, font))


# Other code pages.

LANGUAGES = {
    "English": ("windows-1252", "“It’s a quiet town – nothing happens here,” she said."),
    "French": ("windows-1252", "À Besançon, une élève a trouvé un cœur gravé près de la forêt."),
    "German": ("windows-1252", "Die Bürgermeisterin sagte, daß größere Häuser nötig wären."),
    "Spanish": ("windows-1252", "El señor Muñoz llegó mañana; ¿quién compró el camión pequeño?"),
    "Portuguese": ("windows-1252", "Não há informações, disse João: as estações estão vazias."),
    "Italian": ("windows-1252", "Ciò può essere più difficile, perché così è la città."),
    "Catalan": ("windows-1252", "Això és una col·lecció petita, però també hi ha història."),
    "Dutch": ("windows-1252", "De coördinatie in België werd geëist door één deskundige."),
    "Swedish": ("windows-1252", "Polisen sökte på måndagen en fågel nära ån i Örebro."),
    "Danish": ("windows-1252", "Politiet søgte en ånd, der fløj over åen nær Ærø."),
    "Icelandic": ("windows-1252", "Það er gott veður og börnin fóru út að leika sér á ströndinni."),
    "Polish": ("windows-1250", "Wczoraj w małym mieście otwarto muzeum. Żółta gęś śpi."),
    "Polish on Unix": ("iso8859-2", "Wczoraj w małym mieście otwarto muzeum. Żółta gęś śpi."),
    "Czech": ("windows-1250", "Včera se v malém městě otevřelo muzeum, řekli obyvatelé."),
    "Hungarian": ("windows-1250", "Tegnap új múzeum nyílt, mondták a lakók. Őrült időjárás."),
    "Croatian": ("windows-1250", "Jučer je otvoren muzej, rekli su građani. Kuća je puna šume."),
    "Romanian": ("windows-1250", "Ieri, într-un oraş mic, s-a deschis un muzeu. Ţara e caldă."),
    "Turkish": ("windows-1254", "Dün küçük bir şehirde müze kuruldu, dedi öğretmen; çok güzelmiş."),
    "Lithuanian": (
        "windows-1257",
        "Vakar mažame mieste atidarytas muziejus. Ąžuolas šįryt žydėjo.",
    ),
    "Russian": ("windows-1251", "Вчера в небольшом городе открылся новый музей, сообщили жители."),
    "Russian on Unix": ("koi8-r", "Вчера в небольшом городе открылся новый музей, сказали нам."),
    "Russian on DOS": ("cp866", "Вчера в небольшом городе открылся новый музей, сообщили жители."),
    "Ukrainian": ("windows-1251", "Вчора в маленькому місті відкрили музей, розповіли мешканці."),
    "Greek": (
        "windows-1253",
        "Χθες άνοιξε ένα νέο μουσείο στη μικρή πόλη, είπαν κάτοικοι στους δημοσιογράφους.",
    ),
    "Hebrew": ("windows-1255", "אתמול נפתח מוזיאון חדש בעיר הקטנה, אמרו התושבים לעיתונאים."),
    "Arabic": ("windows-1256", "افتتح أمس متحف جديد في المدينة الصغيرة، قال السكان للصحفيين."),
    "Thai": ("cp874", "เมื่อวานนี้พิพิธภัณฑ์แห่งใหม่เปิดในเมืองเล็กๆ"),
    "Japanese": (
        "cp932",
        "昨日、小さな町に新しい博物館が開館した。とても暑い日だったと、皆が言う。",
    ),
    "Japanese on Unix": (
        "euc_jp",
        "昨日、小さな町に博物館が開館した。とても暑い日だったと、皆が言う。",
    ),
    "Chinese": ("gb18030", "昨天,一座新的博物馆在小城开放,居民们对记者说。天气非常热。"),
    "Chinese of Taiwan": ("big5", "昨天,一座新的博物館在小城開放,居民們對記者說。天氣非常熱。"),
    "Korean": ("cp949", "어제 작은 도시에 새 박물관이 문을 열었다고 주민들이 말했다."),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_other_languages_are_read_from_their_code_pages(language: str) -> None:
    page, text = LANGUAGES[language]
    data = text.encode(page)
    assert decode(data) == (text, page)
    assert detect(data) == page
    long = f"{text}\n" * 500
    assert decode(long.encode(page)) == (long, page)
    assert detect(long.encode(page)[:3001]) == page


@pytest.mark.parametrize("language", ["Japanese", "Chinese", "Korean", "Chinese of Taiwan"])
def test_a_head_may_end_within_a_character_of_several_bytes(language: str) -> None:
    page, text = LANGUAGES[language]
    data = text.encode(page)
    assert {detect(data[:end]) for end in range(len(data) - 8, len(data))} == {page}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_head_of_unicode_may_end_anywhere(codec: str) -> None:
    data = PARAGRAPH.encode(codec)
    assert {detect(data[:end]) for end in range(3, len(data))} == {codec}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "windows-1258"])
def test_the_name_opens_the_stream(codec: str) -> None:
    data = in_windows_1258(PARAGRAPH) if codec == "windows-1258" else PARAGRAPH.encode(codec)
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=detect(data[:100]), newline="")
    assert unicodedata.normalize("NFC", stream.read()) == PARAGRAPH


def test_a_foreign_name_does_not_hide_the_language() -> None:
    text = "Präsident François Müller sagte in Köln, größere Brücken wären nötig für die Bürger."
    assert decode(text.encode("cp1252")) == (text, "windows-1252")


@pytest.mark.parametrize("text", ["Ciò può essere più difficile.", "Ngo va à la gare à midi."])
def test_short_words_with_marks_are_not_yet_vietnamese(text: str) -> None:
    assert decode(text.encode("cp1252")) == (text, "windows-1252")


@pytest.mark.parametrize("page", ["cp850", "mac_roman", "cp037"])
def test_bytes_that_make_no_language_are_refused(page: str) -> None:
    text = "L'élève a trouvé un garçon près de la forêt, où il dort."
    with pytest.raises(
        Undecodable, match=r"^is (in no encoding that is recognised|a binary file)$"
    ):
        decode(text.encode(page))


def test_latin_letters_of_dos_are_not_arabic() -> None:
    data = "une élève a trouvé un ballon près de la forêt".encode("cp850")
    assert reason(data) == "is in no encoding that is recognised"


def test_a_word_that_could_be_of_two_scripts_is_refused() -> None:
    # windows-1255 makes it Hebrew, GB 18030 Chinese.
    assert reason("Новый".encode("cp1251")) == "is in no encoding that is recognised"


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize(
    "sentence",
    [
        "Phiên tòa giả định mở ở hội trường B, sinh viên đóng vai thẩm phán.",
        "Thượng úy Hứa Ngọc Hạ phát tờ rơi ở chợ Hòn.",
        "Khí hậu ấm lên, sương mù tan.",
    ],
)
def test_what_is_too_short_to_show_its_legacy_font_is_refused(sentence: str, font: str) -> None:
    # One at most of its words is frequent, and it must not be read as windows-1252.
    assert reason(in_bytes(sentence, font)) == "is in no encoding that is recognised"


def test_records_padded_with_nuls_are_binary() -> None:
    assert reason((b"M\xfcller\0\0\0\0" + b"Wei\xdfbach\0\0\0") * 50) == "is a binary file"
    assert reason(struct.pack("<200h", *range(200))) == "is a binary file"


# What a file says of itself.


def test_a_declaration_is_believed_where_the_bytes_do_not_speak() -> None:
    text = "Az idő jó volt, és a fiú nőtt."
    assert decode(text.encode("cp1250")).encoding == "windows-1252"
    assert decode(text.encode("cp1250"), "windows-1250") == (text, "windows-1250")
    assert decode(text.encode("iso8859-2"), " ISO-8859-2 ") == (text, "iso8859-2")
    assert detect(text.encode("cp1250"), "windows-1250") == "windows-1250"


@pytest.mark.parametrize(
    ("declared", "page", "text"),
    [
        ("iso-8859-1", "windows-1252", "“Ça va” – 5 €"),
        ("us-ascii", "windows-1252", "“Ça va” – 5 €"),
        ("gb2312", "gb18030", "朱镕基"),
        ("Shift_JIS", "cp932", "①髙橋"),
        ("euc-kr", "cp949", "똠방각하"),
        ("tis-620", "cp874", "“ไทย”"),
    ],
)
def test_a_declaration_means_what_it_means_on_the_web(declared: str, page: str, text: str) -> None:
    assert decode(text.encode(page), declared) == (text, page)


def test_a_declaration_does_not_override_unicode() -> None:
    for codec in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        assert decode(PARAGRAPH.encode(codec), "windows-1252") == (PARAGRAPH, codec)


@pytest.mark.parametrize(
    "declared",
    ["utf-8", "utf-16", "utf-7", "rot13", "hex", "idna", "unicode_escape", "x-user-defined", "\0"],
)
def test_a_declaration_that_cannot_be_is_passed_over(declared: str) -> None:
    page, text = LANGUAGES["French"]
    assert decode(text.encode(page), declared) == (text, page)


def test_a_declaration_that_does_not_hold_is_passed_over() -> None:
    page, text = LANGUAGES["Russian"]
    assert decode(text.encode(page), "cp932") == (text, page)


# Files that are no text.


def archive(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, PARAGRAPH)
    return held.getvalue()


def old_office(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + stream.encode("utf-16-le") + bytes(90)


BINARIES = {
    "a Word document": archive("[Content_Types].xml", "_rels/.rels", "word/document.xml"),
    "an Excel workbook": archive("[Content_Types].xml", "xl/workbook.xml"),
    "a PowerPoint presentation": archive("ppt/presentation.xml"),
    "a ZIP archive": archive("words.txt"),
    "an Office document": old_office("Contents"),
    "a gzip archive": gzip.compress(PARAGRAPH.encode()),
    # All ASCII, and valid UTF-8 therefore.
    "a PDF": b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n",
    "an RTF document": b"{\\rtf1\\ansi Xin ch\\'e0o}",
    "a PNG image": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "a JPEG image": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20),
    "an SQLite database": b"SQLite format 3\0" + bytes(84),
    "a binary file": bytes(range(256)) * 4,
}


@pytest.mark.parametrize("name", BINARIES)
def test_a_file_that_is_no_text_is_named(name: str) -> None:
    assert reason(BINARIES[name]) == f"is {name}"
    assert reason(BINARIES[name], "windows-1252") == f"is {name}"


def test_an_old_word_document_is_named() -> None:
    assert reason(old_office("WordDocument")) == "is a Word document"
    assert reason(old_office("Workbook")) == "is an Excel workbook"


def test_a_text_about_a_format_is_no_file_of_it() -> None:
    for text in ("The file begins with %PDF-1.4.", "PK is not a ZIP archive."):
        assert decode(text.encode()) == (text, "utf-8")


# Legacy fonts.


@pytest.mark.parametrize("font", FONTS)
def test_every_sample_article_in_a_legacy_font_is_recognised(font: str) -> None:
    name = {"TCVN3": "TCVN3 (ABC fonts)", "VNI": "VNI (VNI-Windows fonts)"}[font]
    for article in sample_articles().values():
        text = in_font(article.text, font)
        assert (article.id, legacy_font(text)) == (article.id, font)
        assert legacy_font(unicodedata.normalize("NFD", text)) == font
        assert legacy_font(text.upper() if font == "VNI" else text) == font
        why = reason(in_bytes(article.text, font), "windows-1252")
        assert why == f"is in the legacy Vietnamese font encoding {name}"


def test_no_sample_article_is_in_a_legacy_font() -> None:
    for article in sample_articles().values():
        for form in ("NFC", "NFD"):
            text = unicodedata.normalize(form, article.text)
            assert (article.id, legacy_font(text)) == (article.id, "")


def test_tcvn3_is_recognised_without_its_soft_hyphens() -> None:
    text = in_font("Người đi trước, người đi sau, nước chảy dưới đường.", "TCVN3")
    assert "\xad" in text
    for hyphen in ("\xad", "", "-"):
        assert legacy_font(text.replace("\xad", hyphen)) == "TCVN3"


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize(
    "sentence",
    [
        *VIETNAMESE[2:],
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Ông Đào Quý Vân đang ở Đồng Tháp. Đó là quê của ông.",
    ],
)
def test_a_sentence_in_a_legacy_font_is_recognised(sentence: str, font: str) -> None:
    assert legacy_font(in_font(sentence, font)) == font
    assert f"font encoding {font}" in reason(in_bytes(sentence, font))


def test_the_spellings_are_those_seen_in_the_wild() -> None:
    assert legacy_font("Céng hßa x· héi chñ nghÜa ViÖt Nam") == "TCVN3"
    assert legacy_font("Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam") == "VNI"


@pytest.mark.parametrize("font", FONTS)
def test_a_quotation_in_a_legacy_font_does_not_make_a_text_one(font: str) -> None:
    quoted = in_font("không được của các người", font)
    assert legacy_font(f"{PARAGRAPH} Phông chữ cũ hiện ra là “{quoted}”. {PARAGRAPH}") == ""
    english = "Text in such a font, when shown in another, is a riddle to every reader. " * 9
    assert legacy_font(f"{english}{quoted}") == ""
    assert legacy_font(quoted) == font


@pytest.mark.parametrize("font", FONTS)
def test_a_long_quotation_in_a_legacy_font_does_not_either(font: str) -> None:
    quoted = in_font("không được của các người", font)
    assert legacy_font(f"“{quoted}” là không được của các người đã đến với những ngày này.") == ""


@pytest.mark.parametrize("font", FONTS)
@pytest.mark.parametrize(
    "text",
    [
        "của được; (không) “người”",
        "Đó. Đang. Đây",
        *(f"và {word}" for word in ("đầu", "thấy", "năm", "để", "đến", "về", "những", "tỉnh")),
        *(f"của {word}" for word in ("với", "mới", "trưởng", "nước", "được", "người", "sẽ")),
        *(f"là {word}" for word in ("đồng", "mỗi", "quốc", "động", "đại", "phải", "cả", "rất")),
    ],
)
def test_two_frequent_words_show_a_legacy_font(text: str, font: str) -> None:
    assert legacy_font(in_font(text, font)) == font
    assert legacy_font(in_font(text.title(), font)) == font
    assert legacy_font(in_font(text.upper(), font)) == font


@pytest.mark.parametrize("font", FONTS)
def test_a_text_mostly_in_a_legacy_font_is_one(font: str) -> None:
    text = f"{VIETNAMESE[0]}\n{in_font(PARAGRAPH * 3, font)}"
    assert legacy_font(text) == font


@pytest.mark.parametrize("font", FONTS)
def test_one_odd_word_is_no_evidence_of_a_legacy_font(font: str) -> None:
    assert legacy_font(in_font("của", font) + " is the name of a band") == ""
    assert legacy_font(f"{in_font('của', font)} " * 5) == ""


def test_only_the_head_of_a_text_is_looked_at() -> None:
    legacy = in_font(PARAGRAPH * 3, "VNI")
    assert legacy_font(f"{'é ' * 10_000}{legacy}") == ""
    assert legacy_font(f"{legacy} {'é ' * 10_000}{'x ' * 1_000_000}") == ""
    assert legacy_font(f"{legacy}{' ' * 20_000}{'x ' * 10_000}") == "VNI"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "©®µ¶·×÷«»",
        "Héi si se mat hirem Kand, méi wäit, an dat ass d’Haaptsaach fir ons all.",
        "Một mét vải, còng tay, bò sữa, hôn lễ, hình ảnh.",
        "The µ-opioid · receptor® costs 5 £ per ½ kg ©",
        *[text for _, text in LANGUAGES.values()],
        *VIETNAMESE,
        *[unicodedata.normalize("NFD", text) for text in VIETNAMESE],
    ],
)
def test_a_text_in_order_is_in_no_legacy_font(text: str) -> None:
    assert legacy_font(text) == ""
    assert legacy_font(f"{text}\n" * 20) == ""
    assert legacy_font(text.upper()) == ""


@given(raw_texts)
def test_a_text_in_order_is_never_taken_for_a_legacy_font(text: str) -> None:
    assert legacy_font(text) == ""
