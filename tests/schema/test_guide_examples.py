"""How examples are drawn: nested, crossing, and what is not one."""

from __future__ import annotations

import re

from hypothesis import given

from annotate.markup import Marked, write_inline
from annotate.schema import Entity, guide_html, guide_markdown
from annotate.schema.guide.words import WORDS
from annotate.schema.model import Decision
from annotate.spans import Span
from tests.factories import make_entity, make_schema
from tests.schema.guides import Page, from_html, squeezed
from tests.strategies import marked_texts

LETTERS = tuple(make_entity(name, f"Label {name}") for name in "ABC")


def drawn(*examples: str, wrong: tuple[str, ...] = ()) -> str:
    """Return the HTML of a label's examples, without the sheet."""
    first: Entity = make_entity("A", "Label A", examples=examples, counter_examples=wrong)
    html = guide_html(make_schema(entities=(first, *LETTERS[1:]), relations=()))
    return html.partition("</style>")[2].partition('<div class="label g1">')[0]


def markdown(*examples: str, wrong: tuple[str, ...] = ()) -> str:
    first: Entity = make_entity("A", "Label A", examples=examples, counter_examples=wrong)
    return guide_markdown(make_schema(entities=(first, *LETTERS[1:]), relations=()))


def test_a_phrase_without_markup_is_an_example_as_a_whole() -> None:
    assert '<bdi><mark class="g0">one two</mark></bdi>' in drawn("one two")
    assert "**Examples:** one two\n" in markdown("one two")


def test_marks_lie_within_marks_with_their_labels_beside_them() -> None:
    inner = '<mark class="g1">b\u00a0<small>Label B</small></mark>'
    outer = f'<mark class="g0 n1">a {inner} c\u00a0<small>Label A</small></mark>'
    assert f"x {outer} y" in drawn("x [a [b](B) c](A) y")
    told = r"x \[a \[b\]<sub>Label B</sub> c\]<sub>Label A</sub> y"
    assert f"**Examples:** {told}\n" in markdown("x [a [b](B) c](A) y")


def test_a_mark_is_as_high_as_what_lies_within_it() -> None:
    deep = "[[[[[[x](A)](B)](A)](B)](A)](B)"
    heights = re.findall(r'<mark class="g\d n(\d)', drawn(deep))
    assert heights == ["4", "4", "3", "2", "1"]


def test_what_crosses_a_mark_is_drawn_on_a_copy_of_the_text() -> None:
    crossing = 'New York City Hall\n---\n1 = A 0:13 "New York City"\n2 = B 9:18 "City Hall"'
    first = '<mark class="g0">New York City\u00a0<small>Label A</small></mark> Hall'
    second = 'New York <mark class="g1">City Hall\u00a0<small>Label B</small></mark>'
    html = drawn(crossing)
    assert f"{first}<br><small>{WORDS['en'].also}:</small> {second}</bdi>" in html
    assert (
        "\\[New York City\\]<sub>Label A</sub> Hall\\\n"
        f"{WORDS['en'].also}: New York \\[City Hall\\]<sub>Label B</sub>\n"
    ) in markdown(crossing)


def test_a_counter_example_is_struck_as_a_whole() -> None:
    assert "<s>she</s>" in drawn(wrong=("she",))
    assert "**Not this:** ~~she~~ · ~~he~~\n" in markdown(wrong=("she", "he"))


def test_in_a_counter_example_only_marks_of_its_own_label_are_wrong() -> None:
    html = drawn(wrong=("[the [b](B) x](A) [c](C)",))
    right = '<mark class="g1">b\u00a0<small>Label B</small></mark>'
    assert f'<s class="g0 wrong n1">the {right} x\u00a0<small>Label A</small></s>' in html
    assert '<mark class="g2">c\u00a0<small>Label C</small></mark>' in html
    told = r"\[the \[b\]<sub>Label B</sub> x\]<sub>~~Label A~~</sub> \[c\]<sub>Label C</sub>"
    assert told in markdown(wrong=("[the [b](B) x](A) [c](C)",))


def test_a_long_label_may_break_into_lines() -> None:
    entity = make_entity("A", "long " * 40 + "end", examples=("[x](A) y",))
    assert '<small class="long">' in guide_html(make_schema(entities=(entity,), relations=()))
    assert '<small class="long">' not in drawn("[x](A) y")


@given(marked=marked_texts())
def test_every_mark_of_any_text_is_drawn_once(marked: Marked) -> None:
    source = write_inline(Marked(marked.text, marked.spans))
    decision = Decision("Case", "Rule", (source,))
    page = from_html(make_schema(entities=LETTERS, relations=(), decisions=(decision,)))
    classes = [css.split()[0] for css in page.classes("mark")][len(LETTERS) :]
    assert sorted(classes) == sorted(f"g{'ABC'.index(span.label)}" for span in marked.spans)
    assert squeezed(marked.text) in squeezed(page.plain)


def test_marks_with_one_extent_lie_within_each_other_as_they_stand() -> None:
    spans = (Span(id="1", start=0, end=1, label="B"), Span(id="2", start=0, end=1, label="A"))
    page = Page(drawn(write_inline(Marked("x y", spans))))
    assert page.classes("mark")[1:] == ["g0 n1", "g1"]
