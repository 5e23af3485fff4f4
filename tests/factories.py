"""Small articles, schemas and annotations, with defaults for what a test is not about."""

from __future__ import annotations

from functools import cache
from typing import Any

from annotate.corpus import Article, read_articles
from annotate.formats import Marked, read_gold
from annotate.schema import Choice, Entity, Option, RelationType, Schema, load_schema
from annotate.spans import Annotation, Span
from annotate.workspace import shipped


def make_span(start: int, end: int, label: str = "PERSON", span_id: str = "") -> Span:
    return Span(id=span_id or f"{start}-{end}-{label}", start=start, end=end, label=label)


def make_article(text: str = "Trung tá Lê An.", article_id: str = "a", **known: str) -> Article:
    return Article(id=article_id, text=text, **known)


def make_annotation(article: Article, *spans: Span, **fields: Any) -> Annotation:
    """Return a submitted annotation of the article's own text."""
    defaults: dict[str, Any] = {
        "id": 1,
        "article": article.id,
        "sha256": article.sha256,
        "annotator": "an@example.org",
        "status": "submitted",
        "created_at": "2024-06-15T08:00:00.000000Z",
        "updated_at": "2024-06-15T09:00:00.000000Z",
        "spans": spans,
    }
    return Annotation(**{**defaults, **fields})


def make_schema(**fields: Any) -> Schema:
    """Return a schema of two labels and a relation."""
    defaults: dict[str, Any] = {
        "name": "small",
        "version": "1",
        "language": "en",
        "title": "Small",
        "entities": (make_entity("PERSON", "Person"), make_entity("RANK", "Rank")),
        "relations": (
            RelationType(name="holds_rank", title="holds", head=("PERSON",), tail=("RANK",)),
        ),
    }
    return Schema(**{**defaults, **fields})


def make_entity(name: str, title: str, **fields: Any) -> Entity:
    return Entity(**{"definition": "A name.", "examples": (), **fields}, name=name, title=title)


def make_choice(name: str, *options: str, multiple: bool = False) -> Choice:
    """Return a choice whose options have their names in capitals as titles."""
    listed = tuple(Option(name=option, title=option.upper()) for option in options)
    return Choice(name=name, title=f"Which {name}?", options=listed, multiple=multiple)


@cache
def sample_schema() -> Schema:
    return load_schema(shipped("schemas") / "security-news.yaml")


@cache
def sample_articles() -> dict[str, Article]:
    return {article.id: article for article in read_articles([shipped("corpus") / "articles"])}


@cache
def sample_gold() -> dict[str, Marked]:
    return read_gold(shipped("corpus") / "gold")


def gold_annotation(article: Article, **fields: Any) -> Annotation:
    """Return the gold of an article of the sample corpus as a submitted annotation."""
    gold = sample_gold()[article.id]
    return make_annotation(article, *gold.spans, **{"relations": gold.relations, **fields})
