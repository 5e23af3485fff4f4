"""Inline markup: gold annotations as text, out and in again."""

from __future__ import annotations

import re
from operator import attrgetter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import MarkupError
from annotate.formats import Marked, read_inline, write_inline
from annotate.spans import Relation, Span, reading_order
from annotate.workspace import shipped
from tests.factories import make_span
from tests.strategies import cross, marked_texts, raw_texts

Mark = tuple[int, int, str]
Content = tuple[str, list[Mark], list[tuple[int, str, int]]]


def content(marked: Marked) -> Content:
    """Return the text, the marks in reading order, and relations between their places.

    Equal marks count in the order in which they stand.
    """
    ordered = sorted(marked.spans, key=lambda span: reading_order(span)[:3])
    places = {span.id: place for place, span in enumerate(ordered)}
    marks = [(span.start, span.end, span.label) for span in ordered]
    arrows = [(places[r.head], r.label, places[r.tail]) for r in marked.relations]
    return marked.text, marks, arrows


def fault(source: str) -> str:
    with pytest.raises(MarkupError) as caught:
        read_inline(source, "gold.md")
    return caught.value.problem


@given(marked_texts())
def test_what_is_written_is_read_again(marked: Marked) -> None:
    assert content(read_inline(write_inline(marked))) == content(marked)


@given(marked_texts())
def test_writing_what_was_read_gives_the_same_markup(marked: Marked) -> None:
    source = write_inline(marked)
    assert write_inline(read_inline(source)) == source


@given(marked_texts())
def test_what_is_read_is_in_reading_order_with_ids_of_its_own(marked: Marked) -> None:
    spans = read_inline(write_inline(marked)).spans
    extents = [(span.start, -span.end) for span in spans]
    assert extents == sorted(extents)
    assert len({span.id for span in spans}) == len(spans)


@given(marked_texts())
def test_only_a_span_that_crosses_one_in_brackets_stands_below(marked: Marked) -> None:
    source = write_inline(marked)
    below = source.partition("\n---\n")[2]
    crossing = re.findall(r"(?m)^\d+ = \S+ (\d+):(\d+) ", below)
    stand_off = [(int(start), int(end)) for start, end in crossing]
    taken: list[Span] = []
    rest: list[tuple[int, int]] = []
    for span in sorted(marked.spans, key=reading_order):
        if any(cross(span, other) for other in taken):
            rest.append((span.start, span.end))
        else:
            taken.append(span)
    assert stand_off == rest


def test_nested_touching_and_equal_spans_by_example() -> None:
    marked = Marked(
        "Trưởng Công an xã nói",
        (
            make_span(0, 14, "ROLE"),
            make_span(7, 14, "NAME"),
            make_span(7, 14, "ORG"),
            make_span(14, 17, "LOC"),
        ),
    )
    source = "[Trưởng [[Công an](ORG)](NAME)](ROLE)[ xã](LOC) nói\n"
    assert write_inline(marked) == source
    assert content(read_inline(source)) == content(marked)


def test_only_spans_of_relations_get_numbers() -> None:
    spans = (make_span(0, 2, "A", "x"), make_span(3, 5, "B", "y"), make_span(6, 8, "C", "z"))
    marked = Marked("aa bb cc", spans, (Relation(head="z", tail="x", label="r"),))
    assert write_inline(marked) == "[aa](A 1) [bb](B) [cc](C 3)\n\n---\n3 r 1\n"


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("[10] \\n", "\\[10\\] \\\\n\n"),
        ("Một\n---\nHai", "Một\n\\---\nHai\n"),
        ("---", "\\---\n"),
        ("a --- b", "a --- b\n"),
        ("(PERSON) <b> &amp;", "(PERSON) <b> &amp;\n"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧\n"),
    ],
)
def test_what_looks_like_markup_is_escaped(text: str, source: str) -> None:
    assert write_inline(Marked(text)) == source
    assert read_inline(source) == Marked(text)


def test_offsets_count_code_points_of_the_text_without_markup() -> None:
    read = read_inline("👍🏽 \\[x\\] [Lê An](PERSON 1)")
    (span,) = read.spans
    assert span == Span(id="1", start=7, end=12, label="PERSON")
    assert read.text[span.start : span.end] == "Lê An"


def test_line_feeds_around_the_text_do_not_count() -> None:
    assert read_inline("\n\n[a](A)\n\n\n---\n") == read_inline("[a](A)")


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("[a](A)\n\n[b", 3, "a [ that is never closed"),
        ("\n\n[a\n[b](B)", 3, "a [ that is never closed"),
        ("a\nb](B)", 2, "a ] that closes no span"),
        ("a\n\n[b] (B)", 3, "a ] that closes no span or has no (LABEL)"),
        ("[b]", 1, "has no (LABEL)"),
        ("[b]()", 1, "has no (LABEL)"),
        ("[b](A B C)", 1, "has no (LABEL)"),
        ("[b\n](A", 2, "has no (LABEL)"),
        ("[a](A 1)\n[b](B 1)", 2, "two spans have the id 1"),
        ("a\n[](A)", 2, "a span without text"),
        ("[a](A 1)\n\n---\n1 r 2", 4, "'1 r 2' is not HEAD relation TAIL"),
        ("\n[a](A 1)\n---\n\n1 r", 5, "'1 r' is not HEAD relation TAIL"),
        ("[a](A 1)\n---\n1 r 1 1", 3, "is not HEAD relation TAIL"),
        ("[a](A)\n---\n1 r 1", 3, "is not HEAD relation TAIL"),
        ("[a](A 1)\n---\n1 r 1\n---\n1 r 1", 4, "'---' is not HEAD relation TAIL"),
    ],
)
def test_markup_that_does_not_parse_is_named_with_its_line(
    source: str, line: int, reason: str
) -> None:
    problem = fault(source)
    assert problem.startswith(f"gold.md, line {line}: ")
    assert reason in problem


def test_crossing_spans_by_example() -> None:
    marked = Marked(
        'Trưởng "Công an" xã',
        (
            make_span(0, 16, "ROLE", "x"),
            make_span(7, 19, "ORG", "y"),
            make_span(7, 16, "NAME", "z"),
            make_span(8, 19, "NAME", "w"),
        ),
        (Relation(head="x", tail="y", label="r"),),
    )
    source = (
        '[Trưởng ["Công an"](NAME)](ROLE 1) xã\n\n---\n'
        '2 = ORG 7:19 "\\"Công an\\" xã"\n4 = NAME 8:19 "Công an\\" xã"\n1 r 2\n'
    )
    assert write_inline(marked) == source
    assert content(read_inline(source)) == content(marked)


def test_a_stand_off_span_may_stand_anywhere_below_and_need_not_cross() -> None:
    read = read_inline('[Một](A 1) hai\n---\n1 r x\n\n  x = B 4:7 "hai"\n')
    assert write_inline(read) == "[Một](A 1) [hai](B 2)\n\n---\n1 r 2\n"


def test_line_feeds_and_marks_of_a_stand_off_text_stay_on_its_line() -> None:
    marked = Marked("a\n[\\b\u00a0c", (make_span(0, 4, "A"), make_span(1, 7, "B")))
    source = write_inline(marked)
    assert source.endswith('---\n2 = B 1:7 "\\n[\\\\b\u00a0c"\n')
    assert content(read_inline(source)) == content(marked)


def test_a_relation_may_be_called_equals() -> None:
    marked = Marked("ab", (make_span(0, 1, "=", "x"),), (Relation(head="x", tail="x", label="="),))
    assert write_inline(marked) == "[a](= 1)b\n\n---\n1 = 1\n"
    assert content(read_inline(write_inline(marked))) == content(marked)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('2 = B 0:2 "ba"', "0:2 is 'ab', not 'ba'"),
        ('2 = B 0:3 "ab"', "0:3 is 'ab\\n', not 'ab'"),
        ('2 = B 2:9 "abc"', "2:9 is no stretch of the text, which ends at 5"),
        ('2 = B 2:2 ""', "2:2 is no stretch of the text"),
        ('2 = B 2:1 "b"', "2:1 is no stretch of the text"),
        ('2 = B -2:5 "cd"', "is not ID = LABEL START:END"),
        ('1 = B 0:2 "ab"', "two spans have the id 1"),
        ('3 = B 0:2 "ab"', "two spans have the id 3"),
        ("2 = B 0:2", "'2 = B 0:2' is not ID = LABEL START:END"),
        ("2 = B 0:2 ab", "is not ID = LABEL START:END"),
        ("2 = B 0:2 'ab'", "is not ID = LABEL START:END"),
        ('2 = B 0:2 "ab" x', "is not ID = LABEL START:END"),
        ('2 = B C 0:2 "ab"', "is not ID = LABEL START:END"),
        ('2 = B(C) 0:2 "ab"', "is not ID = LABEL START:END"),
        ('2 = B \u0967:\u0968 "ab"', "is not ID = LABEL START:END"),
        ('2 = B 0:2 "a"b"', '"a"b" is not a JSON string'),
        ('2 = B 0:2 "a\\q"', '"a\\q" is not a JSON string'),
        ("2 = B", "'2 = B' is not HEAD relation TAIL"),
        ("2 := B 0:2", "is not HEAD relation TAIL"),
    ],
)
def test_a_stand_off_span_that_does_not_hold_is_named_with_its_line(line: str, reason: str) -> None:
    problem = fault(f'[ab](A 1)\ncd\n\n---\n3 = B 3:5 "cd"\n{line}\n1 r 3\n')
    assert problem.startswith("gold.md, line 6: ")
    assert reason in problem


def test_ids_that_are_given_do_not_clash_with_those_that_are_not() -> None:
    read = read_inline("[a](A)[b](B _1)[c](C)\n---\n_1 r _1")
    assert [span.id for span in read.spans] == ["_2", "_1", "_3"]


def test_a_backslash_before_nothing_is_refused() -> None:
    with pytest.raises(MarkupError, match="line 2: a backslash before nothing"):
        read_inline("Một\nhai\\")


@pytest.mark.parametrize("label", ["TWO WORDS", "A(B)", ""])
def test_a_label_that_could_not_be_read_back_is_not_written(label: str) -> None:
    span = Span(id="1", start=0, end=3, label=label)
    with pytest.raises(MarkupError, match="has a space or a bracket"):
        write_inline(Marked("Một hai", (span,)))


@pytest.mark.parametrize(
    ("marked", "problem"),
    [
        (Marked("Một", (make_span(1, 4),)), "1:4 is no stretch of the text"),
        (Marked("Một", (make_span(-1, 2),)), "-1:2 is no stretch of the text"),
        (Marked("Một", (make_span(2, 2),)), "2:2 is no stretch of the text"),
        (
            Marked("Một", (make_span(0, 2, "A", "x"), make_span(0, 3, "B", "x"))),
            "two spans have the id x",
        ),
        (
            Marked("Một", (make_span(0, 3),), (Relation(head="y", tail="y", label="r"),)),
            "a relation refers to y, which is no span's id",
        ),
        (Marked("Một\n"), "the text begins or ends with a line feed"),
        (Marked("\nMột"), "the text begins or ends with a line feed"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(marked: Marked, problem: str) -> None:
    with pytest.raises(MarkupError) as caught:
        write_inline(marked)
    assert caught.value.problem == problem


def test_a_long_text_with_many_spans_is_written_and_read() -> None:
    text = "Một hai ba [bốn] " * 60_000
    spans = [make_span(at, at + 7) for at in range(0, len(text) - 17, 17)]
    spans += [make_span(at + 4, at + 10) for at in range(0, len(text) - 17, 170)]
    marked = Marked(text, tuple(spans))
    assert content(read_inline(write_inline(marked))) == content(marked)


@pytest.mark.parametrize(
    "path", sorted((shipped("corpus") / "gold").iterdir()), ids=attrgetter("stem")
)
def test_the_sample_gold_is_in_the_form_that_is_written(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert write_inline(read_inline(source)) == source


# Attributes

HARD = (
    "",
    " ",
    "\n",
    '"',
    "\\",
    '"" "',
    '\\"',
    "\u2028",
    "\x85",
    "]",
    "1 r 1",
    "---",
    "\n---\n",
    "\t\x00",
)


@st.composite
def answered_texts(draw: st.DrawFn) -> Marked:
    """Draw a marked text in which some spans have attributes, with any text for an answer."""
    marked = draw(marked_texts())
    answer = st.one_of(st.sampled_from(HARD), raw_texts, st.text(max_size=3))
    answers = st.lists(answer, min_size=1, max_size=3).map(tuple)
    names = st.sampled_from(("normal_form", "n", "=", ".", '"', "\\", "số", "[x]", "---"))
    given_answers = st.dictionaries(names, answers, max_size=2)
    spans = [msgspec.structs.replace(span, attributes=draw(given_answers)) for span in marked.spans]
    return Marked(marked.text, tuple(spans), marked.relations)


def attributes(marked: Marked) -> list[dict[str, tuple[str, ...]]]:
    """Return what each span answers, in reading order; equal spans as they stand."""
    ordered = sorted(marked.spans, key=lambda span: reading_order(span)[:3])
    return [span.attributes for span in ordered]


@given(answered_texts())
def test_attributes_that_are_written_are_read_again(marked: Marked) -> None:
    source = write_inline(marked)
    read = read_inline(source)
    assert attributes(read) == attributes(marked)
    assert content(read) == content(marked)
    assert write_inline(read) == source


def test_attributes_by_example() -> None:
    spans = (
        msgspec.structs.replace(make_span(0, 8, "RANK"), attributes={"kinds": ("x", 'a "b"\n')}),
        msgspec.structs.replace(
            make_span(9, 14, "PERSON"), attributes={"form": ("Lê  An",), "age": ("",)}
        ),
    )
    source = (
        "[Trung tá](RANK 1) [Lê An](PERSON 2).\n\n---\n"
        '1 . kinds "x" "a \\"b\\"\\n"\n2 . age ""\n2 . form "Lê  An"\n'
    )
    assert write_inline(Marked("Trung tá Lê An.", spans)) == source
    assert attributes(read_inline(source)) == [span.attributes for span in spans]


def test_attributes_may_stand_above_and_below_relations_and_the_span_that_they_are_of() -> None:
    read = read_inline('[a](A 1)b\n---\n\n  x . n "1"\n1 r x\n1 . n "2" "3"\nx = B 0:2 "ab"\n')
    assert [(span.label, span.attributes) for span in read.spans] == [
        ("B", {"n": ("1",)}),
        ("A", {"n": ("2", "3")}),
    ]
    assert read.relations == (Relation(head="1", tail="x", label="r"),)


def test_a_relation_may_be_called_a_point() -> None:
    read = read_inline('[a](A 1)[b](B .)\n---\n1 . .\n. . n "."\n')
    assert read.relations == (Relation(head="1", tail=".", label="."),)
    assert attributes(read) == [{}, {"n": (".",)}]


def test_spans_without_answers_are_equal_to_those_that_were_never_asked() -> None:
    assert read_inline("[a](A 1)\n---\n1 r 1\n").spans[0].attributes == {}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('2 . n "x"', """'2 . n "x"' is not ID . NAME "TEXT" with the id of a span"""),
        ("1 . n x", "'1 . n x' is not ID . NAME"),
        ("1 . n 'x'", "is not ID . NAME"),
        ('1 . n m "x"', "is not ID . NAME"),
        ('1 . n(m) "x"', "is not ID . NAME"),
        ('1 . n "x" y', "is not ID . NAME"),
        ("1 . n", "'1 . n' is not HEAD relation TAIL"),
        ('1 . n "x""y"', '"x""y" is not JSON strings with a blank between'),
        ('1 . n "x"  "y"', "is not JSON strings with a blank between"),
        ('1 . n "x", "y"', "is not JSON strings with a blank between"),
        ('1 . n "x"y"', '"x"y" is not JSON strings with a blank between'),
        ('1 . n "\\q"', "is not JSON strings with a blank between"),
        ('1 . n "\t"', "is not JSON strings with a blank between"),
        ('1 . n "\\"', '"\\" is not JSON strings with a blank between'),
        ('1 . m "x"', "1 has m twice"),
        ('1 .. n "x"', "is not HEAD relation TAIL"),
    ],
)
def test_an_attribute_that_does_not_hold_is_named_with_its_line(line: str, reason: str) -> None:
    problem = fault(f'[ab](A 1)\ncd\n\n---\n1 . m "x"\n{line}\n1 r 1\n')
    assert problem.startswith("gold.md, line 6: ")
    assert reason in problem


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ({"n": ()}, "an attribute of a span has no answer"),
        ({"n m": ("x",)}, "the label 'n m' has a space or a bracket"),
        ({"n(m)": ("x",)}, "the label 'n(m)' has a space or a bracket"),
        ({"": ("x",)}, "the label '' has a space or a bracket"),
    ],
)
def test_an_attribute_that_could_not_be_read_back_is_not_written(
    answers: dict[str, tuple[str, ...]], problem: str
) -> None:
    span = msgspec.structs.replace(make_span(0, 3), attributes=answers)
    with pytest.raises(MarkupError) as caught:
        write_inline(Marked("Một", (span,)))
    assert caught.value.problem == problem
