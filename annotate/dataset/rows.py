"""Rows of the dataset's configs: an article's, an annotation's, and a loss's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter, lt
from typing import Any

from annotate.corpus import Article
from annotate.dataset.columns import Row
from annotate.dataset.features import ANNOTATED, METADATA
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.spans import Annotation, Span, reading_order
from annotate.tokens import Loss

Answer = Callable[[tuple[str, ...]], Any]

_metadata = attrgetter(*METADATA)


class Rows:
    """Makes rows under one schema, with labels as the numbers that the features give them."""

    def __init__(self, schema: Schema) -> None:
        self._labels = numbered(schema.labels)
        self._arrows = numbered(schema.relation_labels)
        self._attributes = {asked.name: _answer(asked) for asked in schema.attributes}
        self._choices = {asked.name: _answer(asked) for asked in schema.choices}
        # The numbers of entities in an article, as long as there are more.
        self._ids: list[str] = []

    def span(self, article: Article, sha256: str, marked: Row, *, annotated: bool) -> Row:
        """Return an article's row of `spans`; `marked` is what counts in it.

        `annotated` tells whether an annotation of it counts at all.
        """
        return {
            "id": article.id,
            "text": article.text,
            **dict(zip(METADATA, _metadata(article), strict=True)),
            "sha256": sha256,
            "cluster": article.cluster or article.id,
            ANNOTATED: annotated,
            **marked,
        }

    def annotation(self, annotation: Annotation, annotator: str, marked: Row) -> Row:
        """Return an annotation's row of `annotations`; `annotator` is a pseudonym."""
        return {
            "id": annotation.article,
            "sha256": annotation.sha256,
            "annotator": annotator,
            "status": ("submitted", "skipped").index(annotation.status),
            "created_at": annotation.created_at,
            "updated_at": annotation.updated_at,
            "lead_time": annotation.lead_time,
            "ground_truth": annotation.ground_truth,
            **marked,
        }

    def marked(self, text: str, annotation: Annotation | None) -> Row:
        """Return the columns of what somebody marked; entities are numbered in reading order."""
        spans = _in_order(annotation.spans) if annotation else ()
        row: dict[str, Any] = {"entities": self._entities(text, spans)}
        if self._arrows:
            row["relations"] = self._relations(spans, annotation)
        choices = annotation.choices if annotation else {}
        for name, told in self._choices.items():
            row[name] = told(choices.get(name, ()))
        return row

    def _entities(self, text: str, spans: Sequence[Span]) -> Row:
        numbers, labels = self._numbers(len(spans)), self._labels
        row: dict[str, Any] = {
            "id": numbers,
            "start": [span.start for span in spans],
            "end": [span.end for span in spans],
            "label": [labels[span.label] for span in spans],
            "text": [text[span.start : span.end] for span in spans],
        }
        for name, answer in self._attributes.items():
            row[name] = [answer(span.attributes.get(name, ())) for span in spans]
        return row

    def _relations(self, spans: Sequence[Span], annotation: Annotation | None) -> Row:
        arrows: list[tuple[int, int, int]] = []
        if annotation and annotation.relations:
            ids = {span.id: number for number, span in enumerate(spans)}
            arrows = sorted(
                (ids[one.head], ids[one.tail], self._arrows[one.label])
                for one in annotation.relations
            )
        names = self._numbers(len(spans))
        return {
            "head": [names[head] for head, _, _ in arrows],
            "tail": [names[tail] for _, tail, _ in arrows],
            "label": [label for _, _, label in arrows],
        }

    def _numbers(self, count: int) -> list[str]:
        while len(self._ids) < count:
            self._ids.append(f"e{len(self._ids) + 1}")
        return self._ids[:count]


def _in_order(spans: Sequence[Span]) -> Sequence[Span]:
    """Return the spans in reading order, in which they nearly always are."""
    starts = [span.start for span in spans]
    return spans if all(map(lt, starts, starts[1:])) else sorted(spans, key=reading_order)


def loss_row(article: str, text: str, loss: Loss) -> Row:
    """Return the row of a span that `tokens` does not show as it was marked."""
    span, reason = loss
    return {
        "id": article,
        "start": span.start,
        "end": span.end,
        "label": span.label,
        "text": text[span.start : span.end],
        "reason": reason,
    }


def numbered(names: Sequence[str]) -> dict[str, int]:
    """Return the number of each name, as the features have it."""
    return {name: number for number, name in enumerate(names)}


def _answer(asked: Attribute | Choice) -> Answer:
    """Return what makes a column's value of answers; None when a single one was not given."""
    if not asked.options:
        return lambda given: next(iter(given), None)
    numbers = numbered([option.name for option in asked.options])
    if asked.multiple:
        return lambda given: [numbers[one] for one in given]
    return lambda given: next((numbers[one] for one in given), None)
