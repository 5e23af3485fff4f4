"""Nesting, overlap and the outermost layer of spans."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.formats import Marked
from annotate.spans import Annotation, SetAside, Span, covers, outermost, overlap, reading_order
from tests.factories import make_annotation, make_article, make_span
from tests.strategies import marked_texts


def places(span: Span) -> set[int]:
    return set(range(span.start, span.end))


@given(marked_texts())
def test_overlap_and_cover_are_those_of_the_code_points(marked: Marked) -> None:
    for one in marked.spans:
        for other in marked.spans:
            assert overlap(one, other) == bool(places(one) & places(other))
            assert covers(one, other) == (places(one) >= places(other))


@pytest.mark.parametrize(
    ("extents", "overlapping"),
    [(((0, 3), (3, 5)), False), (((0, 3), (2, 5)), True), (((0, 5), (1, 2)), True)],
)
def test_touching_spans_do_not_overlap(
    extents: tuple[tuple[int, int], tuple[int, int]], *, overlapping: bool
) -> None:
    one, other = (make_span(*extent) for extent in extents)
    assert overlap(one, other) is overlap(other, one) is overlapping


def test_spans_of_one_extent_cover_each_other() -> None:
    one, other = make_span(2, 4, "A"), make_span(2, 4, "B")
    assert covers(one, other)
    assert covers(other, one)


@given(marked_texts())
def test_in_reading_order_no_span_stands_before_one_it_lies_within(marked: Marked) -> None:
    ordered = sorted(marked.spans, key=reading_order)
    for at, span in enumerate(ordered):
        for later in ordered[at + 1 :]:
            assert span.start <= later.start
            assert not (covers(later, span) and places(later) > places(span))


def test_reading_order_falls_back_on_label_then_id() -> None:
    ordered = [
        make_span(0, 9, "Z"),
        make_span(0, 4, "A", "1"),
        make_span(0, 4, "A", "2"),
        make_span(0, 4, "B", "0"),
        make_span(1, 9, "A"),
    ]
    shuffled = [ordered[place] for place in (3, 0, 4, 2, 1)]
    assert sorted(shuffled, key=reading_order) == ordered


@given(marked_texts(), st.randoms(use_true_random=False))
def test_the_outermost_layer_is_flat_maximal_and_does_not_depend_on_order(
    marked: Marked, random: Random
) -> None:
    layer, rest = outermost(marked.spans)
    shuffled = list(marked.spans)
    random.shuffle(shuffled)
    assert outermost(shuffled) == (layer, rest)
    assert sorted([*layer, *rest], key=reading_order) == sorted(marked.spans, key=reading_order)
    for at, span in enumerate(layer):
        assert not any(overlap(span, other) for other in layer[at + 1 :])
    for span in rest:
        assert any(overlap(span, taken) for taken in layer)


@given(marked_texts(nested_only=True))
def test_of_nested_spans_the_layer_has_those_that_lie_within_no_larger_one(marked: Marked) -> None:
    layer, _ = outermost(marked.spans)
    within = [s for s in marked.spans if any(places(o) > places(s) for o in marked.spans)]
    outer = {(s.start, s.end) for s in marked.spans if s not in within}
    assert {(span.start, span.end) for span in layer} == outer


def test_of_crossing_spans_the_first_stays() -> None:
    first, crossing, after = make_span(0, 4), make_span(2, 8), make_span(4, 6)
    assert outermost([after, crossing, first]) == ([first, after], [crossing])


def test_an_annotation_survives_json_with_the_servers_own_marks_in_it() -> None:
    mark = b'{"type":  "labels", "value": {"start": 1.50}}'
    given_annotation = make_annotation(
        make_article(),
        make_span(0, 8),
        set_aside=(SetAside(reason="it has no offsets", mark=msgspec.Raw(mark)),),
        choices={"topic": ("crime", "fire")},
    )
    coded = msgspec.json.encode(given_annotation)
    decoded = msgspec.json.decode(coded, type=Annotation)
    assert bytes(decoded.set_aside[0].mark) == mark
    assert msgspec.structs.replace(decoded, set_aside=()) == msgspec.structs.replace(
        given_annotation, set_aside=()
    )
