"""What is gathered for the card: agreement, examples, and numbers beyond counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from annotate.corpus import Article
from annotate.dataset.examples import Examples, drawable
from annotate.dataset.pairs import Agreement
from annotate.dataset.summary import Summary
from annotate.spans import Annotation, Relation, Span, overlap
from tests.dataset.cards import summarised
from tests.factories import (
    gold_annotation,
    make_annotation,
    make_article,
    make_schema,
    make_span,
    sample_articles,
    sample_schema,
)
from tests.strategies import spans

TEXT = "Trung tá Lê An và Đại úy Vũ Hà."
LABELS = ("A", "B", "C")


def by(annotator: str, *given: Span, **fields: Any) -> Annotation:
    return make_annotation(make_article(TEXT), *given, annotator=annotator, **fields)


def agreed(*submitted: Annotation) -> Agreement:
    agreement = Agreement(["PERSON", "RANK"])
    agreement.add(submitted)
    return agreement


def test_spans_agree_exactly_or_by_a_character() -> None:
    one = by("a", make_span(9, 14), make_span(25, 30), make_span(0, 8, "RANK"))
    other = by("b", make_span(9, 14), make_span(26, 30), make_span(0, 8))
    found = agreed(one, other)
    assert (found.articles, found.pairs) == (1, 1)
    assert found.labels["PERSON"].marked == 5
    assert found.labels["PERSON"].scores() == (2 / 5, 4 / 5)
    assert found.labels["RANK"].scores() == (0, 0)
    assert found.overall().scores() == (2 / 6, 4 / 6)


def test_touching_spans_do_not_overlap() -> None:
    assert agreed(by("a", make_span(0, 5)), by("b", make_span(5, 8))).overall().scores() == (0, 0)


def test_one_person_is_no_pair_whatever_they_made() -> None:
    assert agreed(by("a", make_span(0, 5)), by("a", make_span(0, 5), id=2)).pairs == 0


def test_of_a_persons_annotations_the_latest_is_compared() -> None:
    old = by("a", make_span(0, 5), updated_at="2024-01-01T00:00:00Z")
    new = by("a", make_span(9, 14), id=2, updated_at="2024-01-01T00:00:00.5Z")
    assert agreed(new, old, by("b", make_span(9, 14), id=3)).overall().scores() == (1, 1)


def test_three_people_are_three_pairs() -> None:
    found = agreed(*(by(name, make_span(9, 14)) for name in "abc"))
    assert (found.articles, found.pairs, found.overall().marked) == (1, 3, 6)


def test_a_span_marked_twice_counts_once() -> None:
    twice = by("a", make_span(9, 14), make_span(9, 14, span_id="again"))
    assert agreed(twice, by("b", make_span(9, 14))).overall().scores() == (1, 1)


@given(one=spans(TEXT, LABELS), other=spans(TEXT, LABELS))
def test_agreement_is_what_comparing_every_two_spans_gives(
    one: list[Span], other: list[Span]
) -> None:
    agreement = Agreement(LABELS)
    agreement.add([by("a", *one), by("b", *other)])
    sides = [{(s.start, s.end, s.label): s for s in given} for given in (one, other)]
    pairs = [(s, there) for here, there in (sides, sides[::-1]) for s in here.values()]
    assert agreement.overall().marked == len(pairs)
    alike = agreement.overall()
    assert alike.exact == sum((s.start, s.end, s.label) in there for s, there in pairs)
    assert alike.overlapping == sum(
        any(overlap(s, o) and s.label == o.label for o in there.values()) for s, there in pairs
    )


@given(one=spans(TEXT, LABELS), other=spans(TEXT, LABELS))
def test_it_does_not_matter_who_is_compared_with_whom(one: list[Span], other: list[Span]) -> None:
    found = []
    for first, second in ((one, other), (other, one)):
        agreement = Agreement(LABELS)
        agreement.add([by("a", *first), by("b", *second)])
        found.append([(a.marked, a.exact, a.overlapping) for a in agreement.labels.values()])
    assert found[0] == found[1]


def looked(*texts: tuple[str, str], train: bool = True) -> Examples:
    """Return the examples of texts with the first place of a name in each as a PERSON."""
    examples = Examples(["PERSON"])
    for number, (text, name) in enumerate(texts):
        article = make_article(text, f"a{number}")
        start = text.index(name)
        examples.add(
            article, make_annotation(article, make_span(start, start + len(name))), train=train
        )
    return examples


def marked(examples: Examples) -> str:
    passage = examples.labels["PERSON"]
    ((start, end, _),) = passage.marks
    return f"{passage.text[:start]}[{passage.text[start:end]}]{passage.text[end:]}"


def test_an_example_has_some_words_around_its_mark() -> None:
    text = "Sáng nay trời mưa to lắm, đồng chí Lê An đã có mặt ở trụ sở từ rất sớm để trực."
    assert marked(looked((text, "Lê An"))) == (
        "… mưa to lắm, đồng chí [Lê An] đã có mặt ở trụ sở từ …"
    )


def test_an_example_is_of_one_line() -> None:
    assert marked(looked(("Tin.\nĐồng chí Lê An nói.\nHết.", "Lê An"))) == "Đồng chí [Lê An] nói."


@pytest.mark.parametrize(
    "worse",
    [
        ("Lê An.", "Lê An"),
        ("Nghe nói LinhLê An hôm nay vắng mặt.", "Lê An"),
        ("Theo ông Lê An\nBình, hôm nay vắng.", "Lê An\nBình"),
        ("Theo ông 李安, hôm nay vắng mặt.", "李安"),
        ("Theo ông עמוס, hôm nay vắng mặt.", "עמוס"),
        (f"Theo ông {'Lê ' * 20}An, hôm nay vắng mặt.", f"{'Lê ' * 20}An"),
    ],
)
def test_a_better_example_takes_the_place_of_another(worse: tuple[str, str]) -> None:
    better = ("Theo lời ông Vũ Hà, hôm nay vắng mặt.", "Vũ Hà")
    assert marked(looked(worse)) != ""
    for texts in ((worse, better), (better, worse)):
        assert "[Vũ Hà]" in marked(looked(*texts))


def test_of_equal_examples_the_first_stays() -> None:
    texts = [(f"Theo lời ông {name}, hôm nay vắng mặt.", name) for name in ("Vũ Hà", "Lê An")]
    assert "[Vũ Hà]" in marked(looked(*texts))


def test_examples_are_of_the_training_split_where_it_has_any() -> None:
    examples = looked(("Theo lời ông Vũ Hà, hôm nay vắng mặt.", "Vũ Hà"), train=False)
    assert "[Vũ Hà]" in marked(examples)
    article = make_article("Lê An.")
    examples.add(article, make_annotation(article, make_span(0, 5)), train=True)
    assert marked(examples) == "[Lê An]."


def test_examples_of_several_labels_come_from_several_articles() -> None:
    examples = Examples(["PERSON", "RANK"])
    for name in "ab":
        article = make_article("Theo lời ông Đại úy Vũ Hà, hôm nay.", name)
        found = make_annotation(article, make_span(20, 25), make_span(13, 19, "RANK"))
        examples.add(article, found, train=True)
    assert examples._sources == {"RANK": "a", "PERSON": "b"}  # noqa: SLF001 - not told otherwise


def test_the_passage_shows_most_labels_nested_if_it_can() -> None:
    filling = "và còn nhiều việc khác nữa của những ngày cuối năm"
    lines = [f"Ông Vũ Hà, Đại úy, {filling}.", f"Ông Lê An, Đại úy, {filling}.", "Ngắn."]
    article = make_article("\n".join(lines))
    second = article.text.index("Lê An")
    found = make_annotation(
        article,
        make_span(4, 9), make_span(11, 17, "RANK"),
        make_span(second, second + 5), make_span(second, second + 13, "RANK"),
    )  # fmt: skip
    examples = Examples(["PERSON", "RANK"])
    examples.add(article, found, train=True)
    assert examples.passage is not None
    assert examples.passage.text == lines[1]
    assert examples.passage.marks == ((4, 17, "RANK"), (4, 9, "PERSON"))


def test_without_a_line_of_fitting_length_there_is_no_passage() -> None:
    assert looked(("Ngắn, Lê An.", "Lê An")).passage is None
    assert looked((f"Dài, Lê An {'x ' * 400}", "Lê An")).passage is None


@pytest.mark.parametrize("text", ["Nguyễn “Ế” – 100 %…", "Ђорђе", "", "a b\tc"])
def test_latin_and_cyrillic_can_be_drawn(text: str) -> None:
    assert drawable(text)


@pytest.mark.parametrize("text", ["漢", "नमस्ते", "سلام", "שלום", "a\u200bb", "👨\u200d👩"])
def test_what_the_font_lacks_or_turns_cannot_be_drawn(text: str) -> None:
    assert not drawable(text)


def test_the_summary_counts_articles_that_have_an_annotation_that_counts() -> None:
    articles = [make_article(TEXT, name, source="S", published_at="2024-05-01") for name in "ab"]
    work = [
        (articles[0], [make_annotation(articles[0], make_span(9, 14), make_span(9, 11))]),
        (articles[1], []),
    ]
    summary = summarised(make_schema(), work)
    assert summary.lengths == {len(TEXT): 1}
    assert summary.marked == {2: 1}
    assert summary.nested == 1
    assert (summary.sources, summary.years) == ({"S": 1}, {"2024": 1})
    assert summary.newest == "2024-06-15T09:00:00.000000Z"


def test_relations_and_answers_are_counted_by_split() -> None:
    article = make_article(TEXT)
    arrow = Relation(head="p", tail="r", label="holds_rank")
    found = make_annotation(
        article, make_span(9, 14, span_id="p"), make_span(0, 8, "RANK", span_id="r"),
        relations=(arrow,), choices={"use": ("yes",)},
    )  # fmt: skip
    summary = summarised(make_schema(), [(article, [found])], split="test")
    assert summary.relations == {("holds_rank", "test"): 1}
    assert summary.answers == {("use", "yes", "test"): 1}


def test_skipped_annotations_are_counted_and_compared_with_none() -> None:
    summary = Summary(make_schema())
    skipped = by("a", status="skipped", updated_at="2025-01-01T00:00:00Z")
    summary.add(make_article(TEXT), None, [skipped, by("b", id=2)], "train")
    assert (summary.skipped, summary.agreement.pairs) == (1, 0)
    assert summary.newest[:4] == "2025"


def test_sources_without_number_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotate.dataset.summary._SOURCES", 2)
    articles = [make_article(TEXT, name, source=name) for name in "abca"]
    summary = summarised(make_schema(), [(a, [make_annotation(a)]) for a in articles])
    assert summary.sources == {"a": 2, "b": 1, "": 1}


def test_labels_that_the_schema_lacks_are_passed_over() -> None:
    summary = summarised(
        make_schema(), [(make_article(TEXT), [by("a", make_span(9, 14, "GONE")), by("b")])]
    )
    assert summary.examples.labels == {}
    assert summary.agreement.overall().marked == 0


def test_the_sample_has_an_example_of_every_label() -> None:
    schema = sample_schema()
    work: list[tuple[Article, list[Annotation]]] = [
        (article, [gold_annotation(article)]) for _, article in sorted(sample_articles().items())
    ]
    examples = summarised(schema, work).examples
    assert examples.labels.keys() == {*schema.labels}
    for passage in examples.labels.values():
        assert drawable(passage.text)
    assert examples.passage is not None
    assert len({label for _, _, label in examples.passage.marks}) >= 6
