"""Files of one article: text, Markdown with front matter, and pages of the web."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus.reading.documents import read_document
from annotate.corpus.reading.fields import Unusable
from tests.strategies import raw_texts

PARAGRAPHS = (
    "Sáng nay, ông Đỗ Vĩnh Khang đã trao tặng nhà tình nghĩa cho hai gia đình ở xã Bản Lầm.",
    "Bà Lò Thị Mẩy bán mận chín đỏ ở chợ Phiên từ lúc trời còn mờ hơi sương.",
    "Theo chị Hứa Ngọc Diệp, những người thợ của tổ 5 không được nghỉ trong ba ngày mưa lũ.",
    "“Chúng tôi sẽ làm xong cầu trước Tết”, trưởng thôn Giàng A Sếnh nói với các phóng viên.",
)
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
HEAD = (
    "<title>Nhà mới ở Bản Lầm - Báo Sơn La</title>"
    '<meta property="og:site_name" content="Báo Sơn La">'
    '<meta property="article:published_time" content="2024-06-15T08:30:00+07:00">'
    '<meta name="author" content="Lê An"><link rel="canonical" href="https://example.org/tin/1">'
)


def page(head: str = HEAD, body: str = BODY) -> str:
    return (
        f'<!DOCTYPE html><html lang="vi"><head>{head}</head><body><nav><a href="/">Trang chủ</a>'
        f"</nav><article><h1>Nhà mới ở Bản Lầm</h1>{body}</article>"
        "<footer>© 2024 Báo Sơn La. Giấy phép số 1</footer></body></html>"
    )


def read(data: bytes | str, suffix: str) -> dict[str, Any]:
    return read_document(data if isinstance(data, bytes) else data.encode(), suffix)[0]


def refusal(data: bytes | str, suffix: str) -> str:
    with pytest.raises(Unusable) as caught:
        read(data, suffix)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Text.


@given(raw_texts.filter(lambda text: "\0" not in text and not text.startswith("\ufeff")))
def test_a_text_file_is_its_text(text: str) -> None:
    assert read_document(text.encode(), ".txt") == ({"text": text}, "utf-8")


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_encoding_is_told(codec: str, suffix: str) -> None:
    source = page() if suffix == ".html" else "\n".join(PARAGRAPHS)
    record, encoding = read_document(source.encode(codec), suffix)
    assert encoding == codec
    assert PARAGRAPHS[0] in record["text"]


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(range(256)) * 9, "is a binary file"),
        (b"PK\x03\x04\x14\x00", "is a ZIP archive"),
        (PARAGRAPHS[0].encode()[:-2] + b"\xe1", "is in UTF-8, but broken at byte"),
        (b"\x81\x8d\x8f\x90\x9d" * 9, "is in no encoding that is recognised"),
    ],
    ids=lambda value: repr(value[:9]),
)
def test_what_is_no_text_is_refused(data: bytes, reason: str, suffix: str) -> None:
    assert refusal(data, suffix).startswith(reason)


# Markdown.


def in_front(head: str, end: str = "\n") -> dict[str, Any]:
    return read(f"---\n{head}\n---\nChữ.".replace("\n", end), ".md")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_front_matter_is_read_whatever_ends_its_lines(end: str) -> None:
    assert in_front("id: a\ntitle: Tin", end) == {"id": "a", "title": "Tin", "text": "Chữ."}


@pytest.mark.parametrize(
    "value",
    ["007", "2024_01", "1:30", "0x1F", "1e3", "1.10", "+84", "no", "yes", "true", "=", "<<"],
)
def test_what_yaml_takes_for_a_number_or_a_truth_stays_as_it_is_written(value: str) -> None:
    assert in_front(f"id: {value}\nlanguage: {value}") == {
        "id": value,
        "language": value,
        "text": "Chữ.",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("2024-06-15", date(2024, 6, 15)),
        ("2024-06-15T08:30:00Z", datetime(2024, 6, 15, 8, 30, tzinfo=UTC)),
        ("[An, 7]", ["An", "7"]),
        ("{a: 1}", {"a": "1"}),
        ('"😀 \\u0111"', "😀 đ"),
    ],
)
def test_dates_lists_and_nothing_are_what_yaml_takes_them_for(value: str, expected: object) -> None:
    assert in_front(f"x: {value}")["x"] == expected


def test_a_text_in_the_front_matter_is_not_the_text() -> None:
    assert in_front("text: khác")["text"] == "Chữ."


@pytest.mark.parametrize(
    "head",
    [
        "a: [b",
        "a: b: c",
        "a:\tb",
        "a: *none",
        "? [a]\n: b",
        "a: 'b",
        'a: "\\UFFFFFFFF"',
        'a: !!int ""',
        'a: !!float ""',
        "a: !!bool maybe",
        "a: !!timestamp soon",
        "a: !!python/object/apply:os.getcwd []",
        "a: 2024-13-01",
        "a: 0000-01-01",
        "a: 2024-06-15T08:30:00+99:00",
        "a: " + "[" * 3000,
        "a: " + "{a: " * 3000,
        "a: !!int " + "9" * 5000,
    ],
    ids=lambda head: repr(head[:24]),
)
def test_front_matter_that_is_no_yaml_is_refused(head: str) -> None:
    assert refusal(f"---\n{head}\n---\nChữ.", ".md").startswith("front matter is not YAML: ")


def test_an_alias_that_holds_itself_is_nothing_to_follow() -> None:
    assert in_front("a: &a [*a]\nid: x")["id"] == "x"


def test_aliases_of_aliases_take_no_memory() -> None:
    pairs = pairwise("abcdefghi")
    lines = [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in pairs]
    assert in_front("\n".join(["a: &a [x]", *lines, "id: x"]))["id"] == "x"


@given(st.text(max_size=60))
def test_any_front_matter_is_read_or_refused(head: str) -> None:
    try:
        record = read(f"---\n{head}\n---\nChữ.", ".md")
    except Unusable:
        return
    assert record["text"].endswith("Chữ.")


# HTML.


@pytest.mark.parametrize("suffix", [".html", ".htm"])
def test_of_a_page_the_article_is_taken_and_what_the_page_says_of_it(suffix: str) -> None:
    record = read(page(), suffix)
    lines = record.pop("text").split("\n")
    assert [line for line in lines if line in PARAGRAPHS] == list(PARAGRAPHS)
    assert not any("Trang chủ" in line or "Giấy phép" in line for line in lines)
    assert record == {
        "title": "Nhà mới ở Bản Lầm",
        "source": "Báo Sơn La",
        "url": "https://example.org/tin/1",
        "author": "Lê An",
        "published_at": "2024-06-15",
        "language": None,
    }


@pytest.mark.parametrize("form", ["<p>{}</p>", "{}<br>", "<div>{}</div>", "<li>{}</li>", "{}<BR/>"])
def test_what_stands_apart_on_a_short_page_is_not_glued_together(form: str) -> None:
    body = "".join(map(form.format, ("Một hai.", "Ba bốn.", "Năm sáu.")))
    source = f"<html><body><article>{body}</article></body></html>"
    assert " ".join(read(source, ".html")["text"].split()) == "Một hai. Ba bốn. Năm sáu."


@pytest.mark.parametrize(
    "source",
    [
        f"<title>Tin mới</title><article>{BODY}</article>",
        f"\n<!DOCTYPE html><title>Tin mới</title>{BODY}",
        f"<head><title>Tin mới</title></head><body>{BODY}</body>",
    ],
)
def test_a_page_may_do_without_the_tag_of_html(source: str) -> None:
    record = read(source, ".html")
    assert record["title"] == "Tin mới"
    assert all(paragraph in record["text"] for paragraph in PARAGRAPHS)


def test_nothing_is_printed_about_a_page_that_is_refused() -> None:
    code = (
        "from annotate.corpus.reading.documents import *\n"
        "for page in (b'', b'<p>', b'<html></html>'):\n"
        "    try: read_document(page, '.html')\n"
        "    except Unusable: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("refused\n" * 3, "")


def test_a_page_is_read_alike_each_time() -> None:
    first = read(page(), ".html")
    for _ in range(5):
        read(page(body="".join(f"<p>{n}: {PARAGRAPHS[n % 4]}</p>" for n in range(20))), ".html")
    assert read(page(), ".html") == first


@pytest.mark.parametrize(
    "declared",
    [
        '<meta charset="windows-1251">',
        "<meta charset=windows-1251>",
        '<META http-equiv="Content-Type" content="text/html; charset=windows-1251">',
    ],
)
def test_a_page_is_in_the_encoding_that_it_declares(declared: str) -> None:
    text = "Сегодня утром в посёлке открыли новую школу, и первые дети уже пришли на уроки."
    body = "".join(f"<p>{text} {number}.</p>" for number in "абвг")
    record, encoding = read_document(page(declared, body).encode("cp1251", "replace"), ".html")
    assert encoding == "windows-1251"
    assert text in record["text"]


@pytest.mark.parametrize("declared", ["utf-16", "nonsense", "rot13", "idna", "undefined"])
def test_a_declaration_that_is_wrong_is_not_believed(declared: str) -> None:
    record, encoding = read_document(page(f'<meta charset="{declared}">').encode(), ".html")
    assert encoding == "utf-8"
    assert PARAGRAPHS[0] in record["text"]


@pytest.mark.parametrize(
    "source",
    [
        "",
        " \n",
        "just a line",
        '{"text": "x"}',
        "<!DOCTYPE html>",
        "<!-- x -->",
        "<script>let a = 1</script>",
        "<html><body></body></html>",
        "<![CDATA[ x ]]>",
        "<div>" * 50_000 + BODY,
        "<a " + "x=" * 50_000,
    ],
    ids=lambda source: repr(source[:20]),
)
def test_a_page_without_an_article_is_refused(source: str) -> None:
    reason = "has no main text that could be told from the rest of the page"
    assert refusal(source, ".html") == reason


BADLY_MADE = {
    "NUL": page().replace("Sáng nay", "Sáng\0 nay"),
    "controls": page().replace("Sáng nay", "Sáng\x01\x0b\x1f nay"),
    "bad references": page().replace("Sáng nay", "&#xD800;&#0;&#x110000;Sáng nay"),
    "wrong declaration of XML": '<?xml version="1.0" encoding="utf-16"?>' + page(),
    "PHP": "<?php echo 1 ?>" + page(),
    "cut short": page()[: -len("</article></body></html>")],
    "bad links": page('<base href="http://["><link rel="canonical" href="http://[x">'),
    "lists for names": page(
        '<script type="application/ld+json">{"@type": [{}], "author": 3}</script>'
    ),
    "numbers for names": page(
        '<script type="application/ld+json">{"@type": "NewsArticle", "author": [3]}</script>'
    ),
    "cut JSON": page('<script type="application/ld+json">{"@type":</script>'),
    "bad date": page('<meta property="article:published_time" content="2024-99-99T99:99">'),
    "many authors": page(f'<meta name="author" content="{"x, " * 5000}">'),
}


@pytest.mark.parametrize("source", BADLY_MADE.values(), ids=BADLY_MADE)
def test_a_page_that_is_badly_made_is_read_all_the_same(source: str) -> None:
    text = read(source, ".html")["text"]
    assert all(paragraph in text for paragraph in PARAGRAPHS[1:])


TAGS = ("<p>", "</p>", "<div", "<table>", "<td>", "<title>", "<head>", "<meta ", 'charset="x"')
SIGNS = (">", "<", "&", "&#", "]]>", "<!--", "x", "\0", PARAGRAPHS[0])


@given(st.lists(st.sampled_from(TAGS + SIGNS)))
def test_any_page_is_read_or_refused(parts: list[str]) -> None:
    try:
        record = read("".join(parts), ".html")
    except Unusable:
        return
    assert record["text"]


def test_a_date_in_the_text_is_not_that_of_the_page() -> None:
    told = "<p>Ngày 5/3/2019, ở đây từng có một vụ cháy lớn mà người dân còn nhắc mãi.</p>" * 6
    assert not read(page(head="", body=f"<article>{told}</article>"), ".html")["published_at"]
    dated = page(head="", body=f'<article><time datetime="2024-06-01"></time>{told}</article>')
    assert read(dated, ".html")["published_at"] == "2024-06-01"
