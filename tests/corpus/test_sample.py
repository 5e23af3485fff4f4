"""The sample corpus: its gold annotations hold to the schema and to the articles."""

from __future__ import annotations

import pytest

from annotate.corpus import Article
from annotate.formats import check_gold, count_gold
from annotate.settings import Split
from annotate.text import canonicalise
from annotate.workspace import open_workspace, shipped
from tests.factories import sample_articles, sample_gold, sample_schema

every_article = pytest.mark.parametrize("name", sample_gold())


def test_the_sample_has_articles_and_each_has_gold() -> None:
    assert len(sample_articles()) >= 40
    assert sample_articles().keys() == sample_gold().keys()


def test_the_sample_has_enough_entities() -> None:
    count = count_gold(sample_gold(), sample_schema())
    assert sum(count.entities.values()) >= 1500


@every_article
def test_the_text_of_every_article_is_canonical(name: str) -> None:
    text = sample_articles()[name].text
    assert text == canonicalise(text).text


@every_article
def test_the_gold_of_every_article_has_no_fault(name: str) -> None:
    text = sample_articles()[name].text
    assert check_gold(name, sample_gold()[name], text, sample_schema()) == []


def test_every_label_and_every_relation_type_occurs() -> None:
    count = count_gold(sample_gold(), sample_schema())
    assert 0 not in {*count.entities.values(), *count.relations.values()}


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
