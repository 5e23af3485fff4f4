"""The guide as Markdown: what a schema says is text, whatever it looks like."""

from __future__ import annotations

import pytest

from annotate.markup import Marked, write_inline
from annotate.schema import RelationType, guide_markdown
from annotate.schema.model import Decision
from tests.factories import make_entity, make_schema
from tests.schema.guides import from_markdown, squeezed

HARD = (
    "1. one", "- item", "+ item", "* item", "# heading", "> quote", "===", "---", "***", "```",
    "~~~", "<script>alert(1)</script>", "<!-- x -->", "&lt;", "&#65;", "[x](y)", "![x](y)",
    "[^1]", "| a | b |", "a\\", "\\*", "*a* _b_ **c** ~~d~~ `e`", "$x$", ":smile:", "  indented",
    "    code", "\tcode", "line\n- item\n\n# two", "a\r\nb\rc", "http://example.org/a_b_c",
    "`", "``", "2021) year", "[ ] todo", "(a)", "“a”", "R&D",
)  # fmt: skip


@pytest.mark.parametrize("text", HARD)
def test_any_text_stays_text(text: str) -> None:
    example = write_inline(Marked(text))
    entity = make_entity("A", "Title", definition=text, examples=(example,))
    schema = make_schema(title=text, guidelines=(text,), entities=(entity,), relations=())
    page = from_markdown(schema)
    same = from_markdown(make_schema(title="t", guidelines=("g",), entities=(
        make_entity("A", "Title", definition="d", examples=("e",)),), relations=()))  # fmt: skip
    tags = [tag for tag, _ in page.elements if tag != "br"]
    assert tags == [tag for tag, _ in same.elements]
    assert squeezed(page.text).count(squeezed(text)) >= 3


def test_lines_of_a_text_stay_lines() -> None:
    schema = make_schema(guidelines=("one\n  two\n\nthree\n",))
    assert "- one\\\n  two\\\n  three\n- " in guide_markdown(schema)


@pytest.mark.parametrize("name", ["a`b", "`", "a_b", "a|b", "<b>", "a b"])
def test_names_stand_as_they_are(name: str) -> None:
    entity = make_entity(name, "Title")
    page = from_markdown(make_schema(entities=(entity,), relations=()))
    assert f"Title · {name}\n" in page.text


def test_a_title_that_ends_in_a_sign_is_bold_all_the_same() -> None:
    relation = RelationType("r", "(is a)!", ("PERSON",), ("RANK",))
    text = guide_markdown(make_schema(relations=(relation,)))
    assert "- **(is a)!** `r`\\\n  Person → Rank\n" in text


def test_numbers_above_nine_keep_what_is_theirs_below_them() -> None:
    decisions = tuple(Decision(f"Case {n}", "Rule", ("x",)) for n in range(1, 12))
    text = guide_markdown(make_schema(decisions=decisions))
    assert "\n\n11. **Case 11**\n\n    Rule\n\n    - x (nothing to mark)\n" in text
    assert "<ol>" not in text


def test_the_guide_ends_in_one_line_feed_and_has_no_blanks_at_ends_of_lines() -> None:
    text = guide_markdown(make_schema())
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert all(line == line.rstrip() for line in text.split("\n"))
