"""Inline markup: gold annotations as text, out and in again."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given

from annotate.errors import MarkupError
from annotate.formats import Marked, read_gold, read_inline, write_inline
from annotate.spans import Relation, Span, reading_order
from tests.factories import make_span
from tests.strategies import marked_texts

Mark = tuple[int, int, str]
Content = tuple[str, list[Mark], list[tuple[Mark, str, Mark]]]


def content(marked: Marked) -> Content:
    """Return the text, the marks in reading order, and the relations between marks, no ids."""
    marks = {span.id: (span.start, span.end, span.label) for span in marked.spans}
    ordered = [marks[span.id] for span in sorted(marked.spans, key=reading_order)]
    arrows = [(marks[r.head], r.label, marks[r.tail]) for r in marked.relations]
    return marked.text, ordered, arrows


def fault(source: str) -> str:
    with pytest.raises(MarkupError) as caught:
        read_inline(source, "gold.md")
    return caught.value.problem


@given(marked_texts(nested_only=True))
def test_what_is_written_is_read_again(marked: Marked) -> None:
    assert content(read_inline(write_inline(marked))) == content(marked)


@given(marked_texts(nested_only=True))
def test_writing_what_was_read_gives_the_same_markup(marked: Marked) -> None:
    marks = content(marked)[1]
    assume(len(set(marks)) == len(marks))
    source = write_inline(marked)
    assert write_inline(read_inline(source)) == source


@given(marked_texts(nested_only=True))
def test_what_is_read_is_in_reading_order_with_ids_of_its_own(marked: Marked) -> None:
    spans = read_inline(write_inline(marked)).spans
    extents = [(span.start, -span.end) for span in spans]
    assert extents == sorted(extents)
    assert len({span.id for span in spans}) == len(spans)


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


@pytest.mark.parametrize("extents", [((0, 5), (3, 8)), ((0, 9), (1, 5), (3, 8))])
def test_crossing_spans_are_refused_with_their_texts(extents: tuple[tuple[int, int], ...]) -> None:
    spans = tuple(make_span(*extent) for extent in extents)
    with pytest.raises(MarkupError) as caught:
        write_inline(Marked("abcdefghij", spans))
    one, other = ("abcdefghij"[start:end] for start, end in extents[-2:])
    assert caught.value.problem == f"{one!r} and {other!r} cross"


def test_a_folder_of_gold_is_read_by_article(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("[An](PERSON)", encoding="utf-8")
    (tmp_path / "a.md").write_text("Không.", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("[", encoding="utf-8")
    gold = read_gold(tmp_path)
    assert list(gold) == ["a", "b"]
    assert gold["b"].spans[0].label == "PERSON"


@pytest.mark.parametrize("content", [b"\n[a", b"\xff"])
def test_gold_that_cannot_be_read_names_its_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(content)
    with pytest.raises(MarkupError) as caught:
        read_gold(tmp_path)
    assert str(path) in caught.value.problem


def test_a_backslash_before_nothing_is_refused() -> None:
    with pytest.raises(MarkupError, match="line 2: a backslash before nothing"):
        read_inline("Một\nhai\\")


@pytest.mark.parametrize("label", ["TWO WORDS", "A(B)", ""])
def test_a_label_that_could_not_be_read_back_is_not_written(label: str) -> None:
    span = Span(id="1", start=0, end=3, label=label)
    with pytest.raises(MarkupError, match="has a space or a bracket"):
        write_inline(Marked("Một hai", (span,)))
