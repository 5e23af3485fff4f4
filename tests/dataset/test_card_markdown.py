"""Nothing of the data becomes markup in the card."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from annotate.dataset.card.definitions import label_table
from annotate.dataset.card.markdown import (
    code,
    fenced,
    one_line,
    paragraphs,
    people,
    plain,
    plural,
    share,
    table,
)
from annotate.dataset.examples import Passage
from tests.factories import make_entity, make_schema
from tests.strategies import raw_texts

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SIGNS = st.text(alphabet="\\`*_[]()<>#~|$&:!-+=.1a \n'\"{}^@/", max_size=12)
TEXTS = st.one_of(SIGNS, raw_texts)


def shown(markdown: str) -> str:
    """Return what a reader sees of one paragraph or cell."""
    inline = [token for token in MARKDOWN.parse(markdown) if token.type == "inline"]
    return "".join(part.content for token in inline for part in token.children or ())


@given(text=TEXTS)
def test_a_text_reads_as_it_is(text: str) -> None:
    assert shown(f"x {plain(text)}") == f"x {one_line(text)}".strip()


@given(text=TEXTS)
def test_a_text_in_a_table_stays_in_its_cell(text: str) -> None:
    html = MARKDOWN.render(table(("a", "b"), [(plain(text), "end")], numbers=1))
    assert html.count("<td") == 2
    assert html.count("<tr") == 2
    assert '<td style="text-align:right">end</td>' in html


@given(text=TEXTS)
def test_paragraphs_are_paragraphs_and_nothing_else(text: str) -> None:
    tokens = MARKDOWN.parse(paragraphs(text))
    assert {token.type for token in tokens} <= {"paragraph_open", "inline", "paragraph_close"}


@given(text=TEXTS)
def test_a_name_as_code_reads_as_it_is(text: str) -> None:
    assert shown(f"x {code(text)}") == f"x {one_line(text)}".strip()
    html = MARKDOWN.render(table(("a", "b"), [(code(text), "end")]))
    assert html.count("<td>") == 2


@given(text=TEXTS)
def test_lines_of_code_do_not_end_their_block(text: str) -> None:
    tokens = MARKDOWN.parse(fenced(text, "bibtex"))
    assert [token.type for token in tokens] == ["fence"]


def test_code_cannot_hold_the_mark_of_a_kept_section() -> None:
    assert "<!--" not in fenced("<!-- kept: x -->", "bibtex")


@pytest.mark.parametrize("address", ["http://a.b/c_d", "www.example.org", "an@example.org"])
def test_addresses_in_texts_are_no_links(address: str) -> None:
    # What GitHub makes a link of, by the specification of its Markdown.
    made = r"https?://\w|www\.\w|[\w.+-]+@\w"
    assert re.search(made, address)
    assert not re.search(made, plain(address))


@given(before=TEXTS, marked=TEXTS, after=TEXTS)
def test_an_example_reads_as_it_is_with_its_mark_in_bold(
    before: str, marked: str, after: str
) -> None:
    text = before + marked + after
    passage = Passage(text, ((len(before), len(before) + len(marked), "PERSON"),))
    schema = make_schema(entities=(make_entity("PERSON", "PERSON"),))
    html = MARKDOWN.render(label_table(schema, {"PERSON": passage}))
    assert html.count("<td>") == 3
    assert html.count("<strong>") == html.count("</strong>") == 2


def test_an_example_within_a_word_is_in_bold() -> None:
    passage = Passage("LinhMỗi", ((0, 4, "PERSON"),))
    schema = make_schema(entities=(make_entity("PERSON", "PERSON"),))
    html = MARKDOWN.render(label_table(schema, {"PERSON": passage}))
    assert "<strong>Linh</strong>\u200bMỗi" in html


def test_a_label_without_an_example_says_so() -> None:
    assert "| not in this dataset |" in label_table(make_schema(), {})


def test_numbers_and_nouns_agree() -> None:
    assert [plural(n, "span") for n in (0, 1, 2000)] == ["0 spans", "1 span", "2,000 spans"]
    assert plural(2, "entity", "entities") == "2 entities"
    assert [people(n) for n in (1, 1200)] == ["one person", "1,200 people"]


@pytest.mark.parametrize(
    ("part", "told"),
    [(0, "0.00"), (0.004, "<0.01"), (0.5, "0.50"), (0.994, "0.99"), (0.996, ">0.99"), (1, "1.00")],
)
def test_a_share_is_whole_only_when_it_is(part: float, told: str) -> None:
    assert share(part) == told
