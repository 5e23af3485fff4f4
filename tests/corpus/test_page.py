"""The page about a corpus: whole, safe, the same every time, and readable in either theme."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import matplotlib as mpl
import msgspec
import pytest

from annotate.corpus.page import _CHANGES, stats_page
from annotate.corpus.stats import Duplicates, LookAlike, Spread, Stats
from annotate.text import Changes

_VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """What a page says and consists of; every element must be closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.words.setdefault(self._open[-1], []).append(" ".join(data.split()))

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]

    @property
    def text(self) -> str:
        shown = (words for tag, words in self.words.items() if tag != "style")
        return "\n".join(word for words in shown for word in words)


def spread(*values: int) -> Spread:
    names = ("p0", "p5", "p25", "p50", "p75", "p95", "p100")
    return Spread(sum(values), 411.6, dict(zip(names, values, strict=True)))


EMPTY = Stats(
    articles=0, files=0, stored=0, tokens=Spread(0, 0.0, {}), characters=Spread(0, 0.0, {}),
    languages={}, other_language=[], sources={}, months={}, undated=0,
    duplicates=Duplicates(0, 0, 0, {}), changes=Changes(), changed_articles=0, lookalikes=[],
    rejected=0, reasons={}, lengths=[],
)  # fmt: skip

FULL = Stats(
    articles=43, files=41, stored=5, tokens=spread(192, 251, 343, 401, 426, 652, 778),
    characters=spread(752, 952, 1284, 1542, 1627, 2534, 2850), languages={"vi": 40, "en": 3},
    other_language=[f"tin-{number:02}" for number in range(25)],
    sources={"Báo Đồi Chè": 30, "": 9, "Tin Sớm": 4}, months={"2023-11": 12, "2024-02": 28},
    undated=3, duplicates=Duplicates(6, 19, 2, {2: 4, 4: 1, 7: 1}),
    changes=Changes(line_ends=40, tabs=31, controls=32, invisible=33, composed=564, ends=34),
    changed_articles=4,
    lookalikes=[
        LookAlike("ð", "LATIN SMALL LETTER ETH", "đ", 71, 16),
        LookAlike("\u0430", "CYRILLIC SMALL LETTER A", "a", 1234, 17),
    ],
    rejected=8, reasons={"has no text": 5, "cannot be read": 3},
    lengths=[192, 251, *[343] * 9, *[401] * 20, *[426] * 9, 652, 652, 778],
)  # fmt: skip


def page_of(stats: Stats = FULL, title: str = "Tin cơ sở", **changed: Any) -> Page:
    return Page(stats_page(msgspec.structs.replace(stats, **changed), title))


def test_every_figure_is_on_the_page() -> None:
    text = page_of().text
    words = (
        "Tin cơ sở", "43", "41 files, 5 in the store", "3,043", "about 412 an article", "vi 93 %",
        "19 articles, 44 %", "Published from 2023-11 to 2024-02; 3 articles (7.0 %) without a date",
        "192", "251", "343", "401", "426", "652", "778", "752", "1,542", "2,850", "11,541",
        "en", "7.0 %", "2023-12", "Báo Đồi Chè", "30 70 %", "(not given)", "2 articles",
        "6–9 articles", "40", "31", "32", "33", "564", "34", "In 4 articles (9.3 %).",
        "LATIN SMALL LETTER ETH", "ð", "đ", "71", "16", "1,234", "17", "has no text", "62 %",
        "5 % below 251", "median 401", "5 % above 652", "2 with exactly the text of another",
        *_CHANGES.values(),
    )  # fmt: skip
    text = text.replace("\u00a0", " ")
    assert [word for word in words if word not in text] == []


def test_every_kind_of_change_has_a_name() -> None:
    assert tuple(_CHANGES) == Changes.__struct_fields__


def test_the_letters_that_occur_most_come_first() -> None:
    page = page_of()
    assert page.text.index("CYRILLIC SMALL LETTER A") < page.text.index("LATIN SMALL LETTER ETH")


def test_the_first_articles_of_another_language_are_named() -> None:
    text = page_of().text
    assert "tin-19" in text
    assert "tin-20" not in text
    assert "and 5 more" in text


def test_each_plot_is_described_and_no_two_ids_are_equal() -> None:
    page = page_of()
    assert page.tags["svg"] == 4
    labels = [value for tag, name, value in page.attributes if (tag, name) == ("svg", "aria-label")]
    assert labels == [
        "Articles by length: 192 to 778 tokens, median 401",
        "Articles by month, 2023-11 to 2024-02",
        "Articles by source, of 3 sources",
        "Clusters of near-duplicates by their size",
    ]
    assert set(labels) <= set(page.words["title"])
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert set(page.values("aria-labelledby")) <= set(ids)
    assert "url(#" not in page.source


def test_a_bar_says_what_it_stands_for() -> None:
    titles = page_of().words["title"]
    assert "2024-02: 28 articles" in titles
    assert "400–499 tokens: 29 articles" in titles
    assert "(not given): 9 21 %" in titles


def test_a_page_asks_for_nothing_outside_itself() -> None:
    page = page_of(sources={"https://example.org/a.png": 30, "//example.org": 13})
    assert {"script", "link", "img", "iframe", "image", "use"}.isdisjoint(page.tags)
    for name in ("src", "href", "xlink:href", "xmlns", "action"):
        assert page.values(name) == []
    style = " ".join(page.words["style"])
    assert "url(" not in style
    assert "@import" not in style
    assert any(value.startswith("default-src 'none'") for value in page.values("content"))


def test_both_themes_and_print_have_their_colours() -> None:
    page = page_of()
    style = " ".join(page.words["style"])
    assert "color-scheme: light dark" in style
    assert "@media screen and (prefers-color-scheme: dark)" in style
    assert "@media print" in style
    drawn = " ".join(value for tag, name, value in page.attributes if name == "style")
    assert "currentColor" in drawn
    used = set(re.findall(r"var\((--\w+)\)", drawn))
    assert "--accent" in used
    assert all(style.count(f"{variable}: #") >= 2 for variable in used)


def test_no_colour_and_no_font_of_the_plotting_library_is_left() -> None:
    drawn = " ".join(page_of().values("style"))
    assert "#" not in drawn
    assert "font" not in drawn


HOSTILE = [
    "<script>alert(1)</script>",
    "</svg></section><b>x",
    "\"x\" & 'y' &amp; &lt;",
    "$x_1$ costs $2",
    "{{ 7 * 7 }}{% raw %}",
    "人民网",
    "Tin nhanh 👨\u200d👩\u200d👧",
    "صحيفة",
    "a\u202eb\x00\nc\t\u200b",
    "x" * 10_000,
    "\ud800",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = page_of(
        sources={name: 40, "Tin Sớm": 3},
        languages={name: 43},
        reasons={name: 8},
        other_language=[name],
    )
    page.source.encode()
    assert page.tags == page_of(other_language=["a"], languages={"vi": 1}, reasons={"b": 1},
                                sources={"x": 40, "y": 3}).tags  # fmt: skip
    assert not any(char in page.source for char in "\u202e\x00\u200b\t")
    assert len(page.source) < 60_000
    assert caplog.records == []


def test_names_appear_as_they_are_written() -> None:
    names = ["<script>alert(1)", "\"x\" & 'y' &amp;", "$x_1$ costs $2", "Tin 👨\u200d👩\u200d👧"]
    page = page_of(sources=dict.fromkeys(names, 4))
    assert set(names) <= set(page.words["text"])
    assert "<script>" in page_of(title="<script>").words["h1"]


def test_a_long_name_is_cut_between_letters_and_told_in_full() -> None:
    family = "👨\u200d👩\u200d👧"
    page = page_of(sources={family * 20: 40, "Tin": 3})
    (cut,) = (word for word in page.words["text"] if "…" in word)
    assert set(cut.removesuffix("…").split(family)) == {""}
    assert any(family * 20 in title for title in page.words["title"])


def test_a_single_source_or_month_needs_no_plot() -> None:
    page = page_of(sources={"Báo <Chè>": 43}, months={"2024-02": 43}, undated=0)
    assert page.tags["svg"] == 2
    assert "Published in 2024-02." in page.text
    assert "All are from Báo <Chè>." in page.text
    page = page_of(sources={"": 43}, months={}, undated=43)
    assert "No article says when it was published." in page.text
    assert "None says where it is from." in page.text


def test_what_was_not_found_takes_a_line_each() -> None:
    page = page_of(
        duplicates=Duplicates(0, 0, 0, {}), other_language=[], changes=Changes(),
        changed_articles=0, lookalikes=[], rejected=0, reasons={},
    )  # fmt: skip
    assert "Looked for and not found" in page.words["h2"]
    assert len(page.words["li"]) == 4
    assert "Rejected when sources were added" not in page.words["h2"]
    assert "Looked for and not found" not in page_of().words["h2"]


def test_an_empty_corpus_has_a_page() -> None:
    page = page_of(EMPTY)
    assert "The corpus has no articles yet." in page.text
    assert page.tags["svg"] == page.tags["table"] == 0
    rejected = page_of(EMPTY, rejected=8, reasons={"has no text": 8})
    assert "has no text" in rejected.text


@pytest.mark.parametrize("lengths", [[1], [7, 7, 7], [0], [0, 0, 0, 900], [5, 10**9]])
def test_few_articles_are_drawn_whatever_their_lengths(lengths: list[int]) -> None:
    names = ("p0", "p5", "p25", "p50", "p75", "p95", "p100")
    ordered = sorted(lengths)
    found = [ordered[round(at * (len(ordered) - 1))] for at in (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)]
    tokens = Spread(sum(lengths), 1.0, dict(zip(names, found, strict=True)))
    page = page_of(articles=len(lengths), tokens=tokens, lengths=lengths)
    assert "Articles by length in tokens" in page.words["h2"]
    assert "Not drawn" not in page.text


def test_very_long_articles_do_not_squeeze_the_others() -> None:
    page = page_of(articles=45, lengths=[*FULL.lengths, 98_000, 10**6])
    assert "Not drawn: 2 articles of more than 778 tokens." in page.text
    assert "400–499 tokens: 29 articles" in page.words["title"]


def test_hundreds_of_sources_and_months_stay_readable() -> None:
    sources = {f"Trang tin số {number}": 500 - number for number in range(400)}
    months = {f"{2000 + n // 12}-{n % 12 + 1:02}": n + 1 for n in range(300)}
    page = page_of(articles=120_200, sources=sources, months=months)
    assert "other (385 sources)" in page.words["text"]
    assert "Trang tin số 14" in page.words["text"]
    assert "Trang tin số 15" not in page.text
    years = [word for word in page.words["text"] if re.fullmatch(r"20\d\d", word)]
    assert years == ["2000", "2005", "2010", "2015", "2020"]
    assert sum(": " in title and title[:4].isdigit() for title in page.words["title"]) >= 300
    assert len(page.source) < 150_000


def test_one_source_more_than_the_rows_keeps_its_name() -> None:
    page = page_of(sources={f"Tin {number:02}": 3 for number in range(16)})
    assert "Tin 15" in page.words["text"]
    assert not any(word.startswith("other") for word in page.words["text"])


@pytest.mark.parametrize(
    ("first", "last", "unit", "told"),
    [
        ("2024-01", "2024-02", "month", "2024-02: 1 article"),
        ("1995-01", "2024-12", "month", "1995-01: 1 article"),
        ("1970-01", "2024-12", "year", "1970: 1 article"),
        ("1000-01", "2024-12", "decade", "1000: 1 article"),
        ("0000-01", "9999-12", "century", "9900: 1 article"),
    ],
)
def test_wrong_dates_make_longer_bars_in_place_of_more(
    first: str, last: str, unit: str, told: str
) -> None:
    page = page_of(months={first: 1, last: 1})
    assert f"Articles by {unit}, {first} to {last}" in page.values("aria-label")
    assert told in page.words["title"]


@pytest.mark.parametrize(
    ("part", "shown"), [(0, "0 %"), (1, "<0.1 %"), (50, "0.5 %"), (9_999, ">99 %")]
)
def test_a_share_is_never_rounded_to_none_or_all(part: int, shown: str) -> None:
    page = page_of(articles=10_000, languages={"vi": part})
    assert f"vi {shown}" in page.text.replace("\u00a0", " ")


def test_a_large_number_is_short_in_its_card_and_whole_in_the_table() -> None:
    tokens = msgspec.structs.replace(FULL.tokens, total=1_234_567_890)
    page = page_of(tokens=tokens)
    assert "1.23G" in page.words["dd"]
    assert "1,234,567,890" in page.words["td"]


def test_the_reader_s_own_plotting_style_neither_matters_nor_is_changed() -> None:
    usual = stats_page(FULL, "Tin")
    own: dict[Any, Any] = {
        "font.size": 40.0,
        "axes.grid": True,
        "svg.fonttype": "path",
        "axes.facecolor": "red",
    }
    with mpl.rc_context(own):
        assert stats_page(FULL, "Tin") == usual
        assert {name: mpl.rcParams[name] for name in own} == own


def test_two_processes_write_the_same_bytes() -> None:
    program = (
        "import sys, msgspec; from annotate.corpus.stats import Stats;"
        "from annotate.corpus.page import stats_page;"
        "stats = msgspec.json.decode(sys.stdin.buffer.read(), type=Stats);"
        "sys.stdout.buffer.write(stats_page(stats, 'Tin').encode())"
    )
    pages = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=msgspec.json.encode(FULL),
            capture_output=True,
            check=True,
            timeout=120,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert pages == {stats_page(FULL, "Tin").encode()}
