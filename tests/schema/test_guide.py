"""The annotators' guide: everything the schema says is in each of its forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given

from annotate.errors import MarkupError
from annotate.markup import read_inline
from annotate.schema import Schema
from annotate.schema.guide.words import WORDS
from tests.factories import make_entity, make_schema, sample_schema
from tests.schema.guides import FORMS, Page, Read, every_feature, from_html, from_page, squeezed
from tests.schema.strategies import schemas

every_form = pytest.mark.parametrize("read", FORMS)


def said(schema: Schema) -> Iterator[str]:
    """Yield every text of a schema that the guide tells, but the examples."""
    yield from (schema.title, schema.name, schema.version, *schema.guidelines)
    for entity in schema.entities:
        yield from (entity.title, entity.name, entity.definition, entity.hotkey, entity.group)
    for relation in schema.relations:
        yield from (relation.title, relation.name, relation.definition)
    for attribute in schema.attributes:
        yield from (attribute.title, attribute.definition)
        yield from (option.title for option in attribute.options)
    for choice in schema.choices:
        yield from (choice.title, *(option.title for option in choice.options))
    for decision in schema.decisions:
        yield from (decision.case, decision.rule)


def shown(schema: Schema) -> Iterator[str]:
    """Yield the text of every example."""
    sources = [example for entity in schema.entities for example in entity.examples]
    sources += [example for entity in schema.entities for example in entity.counter_examples]
    sources += [example for decision in schema.decisions for example in decision.examples]
    yield from (read_inline(source).text for source in sources)


def assert_says_all(schema: Schema, page: Page) -> None:
    text = squeezed(page.text)
    for piece in said(schema):
        assert squeezed(piece) in text
    # Markdown puts marks in brackets; an example may have its own.
    plain = squeezed(page.plain).replace("[", "").replace("]", "")
    for example in shown(schema):
        assert squeezed(example).replace("[", "").replace("]", "") in plain


@every_form
@pytest.mark.parametrize("make", [every_feature, sample_schema])
def test_the_guide_says_all_that_the_schema_says(read: Read, make: Callable[[], Schema]) -> None:
    schema = make()
    assert_says_all(schema, read(schema))


@every_form
@given(schema=schemas(without={"migrations"}))
def test_any_schema_gives_a_whole_guide(read: Read, schema: Schema) -> None:
    page = read(schema)
    assert_says_all(schema, page)
    # No level is left out on the way down.
    top, *levels = page.levels
    assert all(below <= above + 1 for above, below in zip([top, *levels], levels, strict=False))
    assert top not in levels


@every_form
def test_what_is_told_has_one_order(read: Read) -> None:
    text = read(every_feature()).text
    # In the page the table of contents, if there is one, names them once before.
    words = WORDS["en"]
    found = [
        text.rindex(piece)
        for piece in (
            "version 1", words.rules, words.reload, words.marking, words.labels, "Who",
            words.other_labels, words.questions, words.decisions,
        )
    ]  # fmt: skip
    assert found == sorted(found)


@every_form
def test_only_what_the_schema_has_is_explained(read: Read) -> None:
    small = read(make_schema(relations=(), granularity="character")).text
    full = read(every_feature()).text
    words = WORDS["en"]
    for told in (words.relate.split("`")[0], words.answer, words.whole_words, words.part_of_word,
                 words.relations, words.questions, words.decisions, words.answer_below,
                 words.only_within, words.nothing_within, words.asked, words.not_this):  # fmt: skip
        assert told in full
        assert told not in small
    for told in (words.reload, words.drag.split("`")[0], "Esc"):
        assert told in small


@every_form
def test_a_label_tells_what_may_lie_within_and_what_is_asked(read: Read) -> None:
    lines = read(every_feature()).lines
    words = WORDS["en"]
    assert lines.count(words.nothing_within) == 1
    assert f"{words.only_within}: Given name, Date" in lines
    assert f"What kind? ({words.choose_some}): Day · Month & <more>" in lines
    assert f"Usable? ({words.choose_one}): Yes · No" in lines
    assert f"Normal form ({words.fill_in})" in lines


@every_form
def test_relations_tell_their_ends_and_whether_they_hold_both_ways(read: Read) -> None:
    lines = read(every_feature()).lines
    assert f"Person ↔\ufe0e Person ({WORDS['en'].either_way})" in lines
    assert "Person, Given name → Date" in lines


@every_form
def test_below_a_case_stand_its_relations_and_answers(read: Read) -> None:
    lines = read(every_feature()).lines
    begin = lines.index("Lovelace → in 1815: was born")
    assert lines[begin : begin + 4] == [
        "Lovelace → in 1815: was born",
        "Lovelace ↔\ufe0e Babbage: knows",
        "in 1815 · Normal form: 1815",
        "in 1815 · What kind?: Day, Month & <more>",
    ]
    assert f"Nothing here. ({WORDS['en'].no_mark})" in lines


@pytest.mark.parametrize("language", ["vi", "vi-VN"])
@every_form
def test_the_guide_speaks_the_schemas_language(read: Read, language: str) -> None:
    text = read(msgspec.structs.replace(every_feature(), language=language)).text
    for told in ("Quy tắc chung", "Các nhãn", "Trường hợp khó", "Hãy tải lại trang"):
        assert told in text
    assert WORDS["en"].rules not in text


@every_form
def test_a_language_without_words_gets_english(read: Read) -> None:
    assert WORDS["en"].rules in read(make_schema(language="fr")).text


def test_every_language_has_the_same_keys_to_press() -> None:
    english = msgspec.structs.asdict(WORDS["en"])
    for words in WORDS.values():
        for name, told in msgspec.structs.asdict(words).items():
            assert told.split("`")[1::2] == english[name].split("`")[1::2], name


@pytest.mark.parametrize("read", [from_html, from_page])
@pytest.mark.parametrize(("language", "direction"), [("ar", "rtl"), ("fa-IR", "rtl"), ("vi", "")])
def test_what_is_written_from_right_to_left_is_laid_out_so(
    read: Read, language: str, direction: str
) -> None:
    elements = read(make_schema(language=language)).elements
    (known,) = (known for _, known in elements if known.get("lang") == language)
    assert known.get("dir", "").replace("ltr", "") == direction


def test_an_example_that_cannot_be_read_is_named() -> None:
    entity = make_entity("A", "a", examples=("[never closed",))
    with pytest.raises(MarkupError, match="an example of A"):
        from_html(make_schema(entities=(entity,), relations=()))
