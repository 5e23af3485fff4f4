"""The sample corpus: its gold annotations hold to the schema and to the articles."""

from __future__ import annotations

import pytest

from annotate.corpus import Article
from annotate.formats import Marked
from annotate.spans import Span
from annotate.text import canonicalise
from annotate.workspace import Split, open_workspace, shipped
from tests.factories import sample_articles, sample_gold, sample_schema
from tests.strategies import cross

# What may neither begin nor end a name; a stop or a bracket may belong to it.
STRAY = " \n\u00a0,;:!?…\"'“”‘’«»"

every_article = pytest.mark.parametrize("name", sample_gold())


def gold(name: str) -> Marked:
    return sample_gold()[name]


def test_the_sample_has_articles_and_each_has_gold() -> None:
    assert len(sample_articles()) >= 10
    assert sample_articles().keys() == sample_gold().keys()


def test_the_sample_has_enough_entities() -> None:
    assert sum(len(marked.spans) for marked in sample_gold().values()) >= 300


@every_article
def test_gold_text_is_the_canonical_text_of_the_article(name: str) -> None:
    text = sample_articles()[name].text
    assert gold(name).text == text == canonicalise(text)


@every_article
def test_no_gold_span_has_stray_space_or_punctuation_at_its_ends(name: str) -> None:
    text = gold(name).text
    phrases = [text[span.start : span.end] for span in gold(name).spans]
    assert [phrase for phrase in phrases if phrase != phrase.strip(STRAY)] == []
    unbalanced = [p for p in phrases if p.count("(") != p.count(")") or p.endswith((".", "-"))]
    assert unbalanced == []


@every_article
def test_every_gold_span_has_a_label_of_the_schema_and_is_marked_once(name: str) -> None:
    marks = [(span.start, span.end, span.label) for span in gold(name).spans]
    assert {label for _, _, label in marks} <= set(sample_schema().labels)
    assert len(set(marks)) == len(marks)


@every_article
def test_gold_spans_nest_but_do_not_cross(name: str) -> None:
    spans = gold(name).spans
    crossing = [(one, other) for one in spans for other in spans if cross(one, other)]
    assert crossing == []


@every_article
def test_every_gold_relation_joins_labels_that_the_schema_allows(name: str) -> None:
    kinds = {relation.name: relation for relation in sample_schema().relations}
    spans: dict[str, Span] = {span.id: span for span in gold(name).spans}
    for relation in gold(name).relations:
        assert spans[relation.head].label in kinds[relation.label].head
        assert spans[relation.tail].label in kinds[relation.label].tail


@every_article
def test_no_gold_relation_is_given_twice(name: str) -> None:
    assert len(set(gold(name).relations)) == len(gold(name).relations)


def test_every_label_and_every_relation_type_occurs() -> None:
    labels = {span.label for marked in sample_gold().values() for span in marked.spans}
    types = {r.label for marked in sample_gold().values() for r in marked.relations}
    assert labels == set(sample_schema().labels)
    assert types == set(sample_schema().relation_labels)


@pytest.mark.parametrize("article", sample_articles().values(), ids=lambda article: str(article.id))
def test_every_article_has_its_metadata(article: Article) -> None:
    for field in (article.title, article.source, article.url, article.author, article.language):
        assert field
    assert len(article.published_at) == len("2024-06-15")


def test_the_shipped_workspace_opens_on_the_sample() -> None:
    workspace = open_workspace(shipped("annotate.toml").parent, {})
    assert workspace.schema_path.is_file()
    assert workspace.corpus_path.is_dir()
    assert workspace.settings.dataset.split == Split(train=0.8, validation=0.1, test=0.1)
