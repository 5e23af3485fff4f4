"""The annotators' guide: everything the schema says is in it, as text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from annotate.schema import RelationType, Schema, guide_html, guide_markdown
from tests.factories import make_entity, make_schema, sample_schema


class Words(HTMLParser):
    """Collects the text of a page and the elements that are open around it."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read_html(schema: Schema) -> Words:
    words = Words()
    words.feed(guide_html(schema))
    words.close()
    return words


@pytest.mark.parametrize(
    "guide", [guide_markdown, lambda schema: "\n".join(read_html(schema).text)]
)
def test_the_guide_says_all_that_the_schema_says(guide: type[str]) -> None:
    schema = sample_schema()
    text = guide(schema)
    for entity in schema.entities:
        told = (entity.title, entity.hotkey, entity.definition)
        for piece in (*told, *entity.examples, *entity.counter_examples):
            assert piece in text
    for relation in schema.relations:
        assert relation.title in text
        assert relation.definition in text
    for rule in schema.guidelines:
        assert rule in text


def test_the_guide_speaks_the_schemas_language_or_else_english() -> None:
    assert "## Thực thể" in guide_markdown(make_schema(language="vi"))
    assert "## Entities" in guide_markdown(make_schema(language="en"))
    assert "## Entities" in guide_markdown(make_schema(language="xx"))
    assert "Thực thể" in read_html(make_schema(language="vi")).text


def test_markup_in_a_schema_is_text_in_the_html() -> None:
    entity = make_entity("A", "<script>alert(1)</script>", definition="R&D <b>")
    words = read_html(make_schema(entities=(entity,), relations=()))
    assert "<script>alert(1)</script>" in words.text
    assert "R&D <b>" in words.text
    assert "script" not in words.tags


def test_empty_elements_are_closed_as_html_asks_and_not_as_xml() -> None:
    assert "/>" not in guide_html(make_schema())


def test_a_bar_in_a_relation_does_not_end_the_cell_of_the_table() -> None:
    relation = RelationType(name="r", title="a|b", head=("PERSON",), tail=("RANK",))
    assert r"| a\|b (`r`) | Person | Rank |" in guide_markdown(make_schema(relations=(relation,)))


def test_a_schema_without_relations_has_no_chapter_on_them() -> None:
    schema = make_schema(relations=())
    assert "Relations" not in guide_markdown(schema)
    assert "Relations" not in read_html(schema).text


def test_what_an_entity_leaves_out_is_left_out() -> None:
    text = guide_markdown(make_schema())
    assert "Not:" not in text
    assert "Key" not in text
