"""The guide in Label Studio: what its server leaves of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import bleach  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_studio.constants import (
    SAFE_HTML_ATTRIBUTES,
    SAFE_HTML_TAGS,
)

from annotate.schema import Schema, guide_html
from annotate.schema.guide.style import ink_on, sheet
from tests.factories import make_entity, make_schema, sample_schema
from tests.schema.guides import Page, every_feature
from tests.schema.strategies import schemas


def on_server(html: str) -> str:
    """Return what the server keeps of instructions."""
    kept: str = bleach.clean(html, tags=SAFE_HTML_TAGS, attributes=SAFE_HTML_ATTRIBUTES)
    return kept


@pytest.mark.parametrize("make", [every_feature, sample_schema])
def test_the_server_leaves_every_letter(make: Callable[[], Schema]) -> None:
    html = guide_html(make())
    assert on_server(html) == html


@given(schema=schemas(without={"migrations"}))
def test_the_server_leaves_the_guide_of_any_schema_as_it_is(schema: Schema) -> None:
    html = guide_html(schema)
    assert on_server(html) == html


def test_without_its_sheet_labels_still_stand_beside_their_marks() -> None:
    bare = bleach.clean(guide_html(every_feature()), tags=SAFE_HTML_TAGS, attributes=["lang"])
    assert "<small>Given name</small></mark>" in bare
    assert "class" not in bare.partition("</style>")[2]


def test_markup_in_a_schema_is_text() -> None:
    entity = make_entity("A", "<script>alert(1)</script>", definition="</style><b>R&D")
    page = Page(guide_html(make_schema(entities=(entity,), relations=())))
    assert "<script>alert(1)</script>" in page.text
    assert "</style><b>R&D" in page.text
    assert "script" not in {tag for tag, _ in page.elements}


def test_all_rules_of_the_sheet_are_below_one_class() -> None:
    outside = re.compile(r"/\*.*?\*/|@media print \{|(?<=\})\s*\}", re.DOTALL)
    rules = outside.sub("", sheet(every_feature()))
    selectors = [one for rule in rules.split("}")[:-1] for one in rule.split("{")[0].split(",")]
    assert len(selectors) > 30
    assert all(re.match(r"\.annotate-guide\b", one.strip()) for one in selectors)


def test_every_label_has_the_class_of_its_colour() -> None:
    style = sheet(every_feature())
    assert ".annotate-guide .g0 { --label: #ffee00; --on: #000; }" in style
    assert ".annotate-guide .g1 { --label: #102030; --on: #fff; }" in style


def test_what_is_no_colour_does_not_get_into_the_sheet() -> None:
    schema = make_schema(entities=(make_entity("A", "a", color="red;}</style>"),), relations=())
    assert "red" not in sheet(schema)


@given(channels=st.tuples(*[st.integers(0, 255)] * 3))
def test_a_label_can_be_read_on_any_colour(channels: tuple[int, int, int]) -> None:
    color = "#{:02x}{:02x}{:02x}".format(*channels)
    light, dark = sorted((luminance(color), {"#000": 0.0, "#fff": 1.0}[ink_on(color)]))[::-1]
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    total = 0.0
    for at, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722)):
        part = int(color[at : at + 2], 16) / 255
        total += weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    return total
