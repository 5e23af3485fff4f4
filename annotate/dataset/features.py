"""The columns of the dataset's configs, made from the schema and never inferred."""

from __future__ import annotations

from typing import Any

from datasets import ClassLabel, Features, List, Value

from annotate.corpus import Article
from annotate.dataset.tokens import Sentence
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.spans import Annotation, reading_order

METADATA = ("title", "source", "url", "published_at", "language")


def span_features(schema: Schema) -> Features:
    """Return the features of `spans`: a row an article."""
    string, offset = Value("string"), Value("int32")
    columns: dict[str, Any] = {"id": string, "text": string}
    columns |= dict.fromkeys((*METADATA, "sha256", "cluster"), string)
    label = ClassLabel(names=list(schema.labels))
    entity = {"id": string, "start": offset, "end": offset, "label": label, "text": string}
    entity |= {attribute.name: _answer(attribute) for attribute in schema.attributes}
    columns["entities"] = List(entity)
    if schema.relations:
        relation = ClassLabel(names=list(schema.relation_labels))
        columns["relations"] = List({"head": string, "tail": string, "label": relation})
    for choice in schema.choices:
        columns[choice.name] = _answer(choice)
    return Features(columns)


def _answer(asked: Attribute | Choice) -> Any:
    """Return the feature of what answers a question: of an option, of several, or of a text."""
    if not asked.options:
        return Value("string")
    answer = ClassLabel(names=[option.name for option in asked.options])
    return List(answer) if asked.multiple else answer


def _answered(asked: Attribute | Choice, answers: tuple[str, ...]) -> Any:
    """Return the value of a question's feature; None for a single answer that was not given."""
    return list(answers) if asked.multiple else next(iter(answers), None)


def token_features(schema: Schema) -> Features:
    """Return the features of `tokens`: a row a sentence."""
    names = ["O", *(f"{prefix}-{label}" for label in schema.labels for prefix in "BI")]
    offsets = List(Value("int32"))
    return Features(
        {
            "id": Value("string"),
            "sentence": Value("int32"),
            "tokens": List(Value("string")),
            "ner_tags": List(ClassLabel(names=names)),
            "starts": offsets,
            "ends": offsets,
        }
    )


def span_row(article: Article, annotation: Annotation, schema: Schema) -> dict[str, Any]:
    """Return an article's row of `spans`; entities are numbered in reading order."""
    ordered = sorted(annotation.spans, key=reading_order)
    ids = {span.id: f"e{number}" for number, span in enumerate(ordered, start=1)}
    row: dict[str, Any] = {"id": article.id, "text": article.text, "sha256": article.sha256}
    row |= {field: getattr(article, field) for field in METADATA}
    row["cluster"] = article.cluster or article.id
    row["entities"] = [
        {
            "id": f"e{number}",
            "start": span.start,
            "end": span.end,
            "label": span.label,
            "text": article.text[span.start : span.end],
            **{a.name: _answered(a, span.attributes.get(a.name, ())) for a in schema.attributes},
        }
        for number, span in enumerate(ordered, start=1)
    ]
    if schema.relations:
        arrows = [(ids[r.head], ids[r.tail], r.label) for r in annotation.relations]
        row["relations"] = [
            {"head": head, "tail": tail, "label": label}
            for head, tail, label in sorted(arrows, key=lambda a: (int(a[0][1:]), int(a[1][1:])))
        ]
    for choice in schema.choices:
        row[choice.name] = _answered(choice, annotation.choices.get(choice.name, ()))
    return row


def token_rows(article: Article, sentences: list[Sentence]) -> list[dict[str, Any]]:
    """Return an article's rows of `tokens`, one for each of its sentences."""
    return [
        {
            "id": article.id,
            "sentence": number,
            "tokens": [article.text[token.start : token.end] for token in sentence.tokens],
            "ner_tags": sentence.tags,
            "starts": [token.start for token in sentence.tokens],
            "ends": [token.end for token in sentence.tokens],
        }
        for number, sentence in enumerate(sentences)
    ]
