"""Rows of the dataset's configs: an article's, an annotation's, and those of its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from annotate.corpus import Article
from annotate.dataset.features import METADATA, tag_columns, tag_names
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.spans import Annotation, reading_order
from annotate.tokens import Loss, Tagged
from annotate.workspace import Tagging

Row = dict[str, Any]
Answer = Callable[[tuple[str, ...]], Any]


class Rows:
    """Makes rows under one schema, with labels as the numbers that the features give them."""

    def __init__(self, schema: Schema, tagging: Tagging) -> None:
        self._labels = _numbered(schema.labels)
        self._arrows = _numbered(schema.relation_labels)
        self._attributes = {asked.name: _answer(asked) for asked in schema.attributes}
        self._choices = {asked.name: _answer(asked) for asked in schema.choices}
        self._tags = _numbered(tag_names(schema, tagging))
        self._columns = tag_columns(tagging)

    def span(self, article: Article, annotation: Annotation | None) -> Row:
        """Return an article's row of `spans`; entities are numbered in reading order."""
        row: Row = {"id": article.id, "text": article.text, "sha256": article.sha256}
        row |= {field: getattr(article, field) for field in METADATA}
        row["cluster"] = article.cluster or article.id
        return row | self._marked(article.text, annotation)

    def annotation(self, article: Article, annotation: Annotation, annotator: str) -> Row:
        """Return an annotation's row of `annotations`; `annotator` is a pseudonym."""
        row: Row = {"id": article.id, "sha256": annotation.sha256, "annotator": annotator}
        row["status"] = ("submitted", "skipped").index(annotation.status)
        for name in ("created_at", "updated_at", "lead_time", "ground_truth"):
            row[name] = getattr(annotation, name)
        return row | self._marked(article.text, annotation)

    def _marked(self, text: str, annotation: Annotation | None) -> Row:
        spans = sorted(annotation.spans, key=reading_order) if annotation else []
        ids = {span.id: number for number, span in enumerate(spans, start=1)}
        row: Row = {
            "entities": [
                {
                    "id": f"e{number}",
                    "start": span.start,
                    "end": span.end,
                    "label": self._labels[span.label],
                    "text": text[span.start : span.end],
                    **{
                        name: answer(span.attributes.get(name, ()))
                        for name, answer in self._attributes.items()
                    },
                }
                for number, span in enumerate(spans, start=1)
            ]
        }
        if self._arrows:
            arrows = annotation.relations if annotation else ()
            row["relations"] = [
                {"head": f"e{head}", "tail": f"e{tail}", "label": label}
                for head, tail, label in sorted(
                    (ids[one.head], ids[one.tail], self._arrows[one.label]) for one in arrows
                )
            ]
        choices = annotation.choices if annotation else {}
        return row | {name: told(choices.get(name, ())) for name, told in self._choices.items()}

    def tokens(self, article: Article, sentences: Sequence[Tagged]) -> Iterator[Row]:
        """Yield an article's rows of `tokens`, one for each of its sentences."""
        for number, (tokens, levels) in enumerate(sentences):
            row: Row = {
                "id": article.id,
                "sentence": number,
                "tokens": [article.text[token.start : token.end] for token in tokens],
                "starts": [token.start for token in tokens],
                "ends": [token.end for token in tokens],
            }
            for column, tags in zip(self._columns, levels, strict=True):
                row[column] = [self._tags[tag] for tag in tags]
            yield row


def loss_row(article: Article, loss: Loss) -> Row:
    """Return the row of a span that `tokens` does not show as it was marked."""
    span, reason = loss
    return {
        "id": article.id,
        "start": span.start,
        "end": span.end,
        "label": span.label,
        "text": article.text[span.start : span.end],
        "reason": reason,
    }


def _numbered(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _answer(asked: Attribute | Choice) -> Answer:
    """Return what makes a column's value of answers; None when a single one was not given."""
    if not asked.options:
        return lambda given: next(iter(given), None)
    numbers = _numbered([option.name for option in asked.options])
    if asked.multiple:
        return lambda given: [numbers[one] for one in given]
    return lambda given: next((numbers[one] for one in given), None)
