"""Articles, spans and relations in the form of Label Studio's JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from annotate.corpus import Article
from annotate.schema import Schema
from annotate.schema.config import BYLINE_FIELD, TEXT_FIELD
from annotate.spans import Relation, Span

# The server checks each region of a prediction against all the others, so its time grows
# with the square of their number; and no editor is fluent with more.
MOST_SUGGESTIONS = 2000

# The name under which the server shows the suggestions of a schema's patterns.
SUGGESTIONS = "patterns"


# Fields of a task by which views of the Data Manager choose: whose it is, and whether a person
# should look at what could not be carried over to a new text.
ASSIGNED_FIELD = "assigned"
REVIEW_FIELD = "review"


def encode_assigned(annotators: Iterable[str]) -> str:
    """Return addresses as one text that holds each of them between semicolons."""
    return "".join(f";{address}" for address in annotators) + ";"


def encode_task(
    schema: Schema, article: Article, suggestions: Iterable[Span], assigned: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the import record of an article, with suggestions as a prediction if any.

    No more than the first `MOST_SUGGESTIONS` go along. `assigned` are the addresses of
    those who shall annotate it.
    """
    known = {field: getattr(article, field) for field in ("title", "source", "url", "author")}
    byline = (article.source, article.author, article.published_at[:10])
    known |= {BYLINE_FIELD: " · ".join(filter(None, byline)), TEXT_FIELD: article.text}
    if assigned:
        known[ASSIGNED_FIELD] = encode_assigned(assigned)
    task: dict[str, Any] = {
        "data": {"article": article.id, **known},
        "meta": {"article": article.id, "sha256": article.sha256},
    }
    result = encode_spans(schema, article.text, islice(suggestions, MOST_SUGGESTIONS))
    if result:
        task["predictions"] = [{"model_version": SUGGESTIONS, "result": result}]
    return task


def encode_spans(schema: Schema, text: str, spans: Iterable[Span]) -> list[dict[str, Any]]:
    """Return spans with their attributes in the form of an annotation's or a prediction's result.

    Raises `ValueError` for a span that does not lie within the text: the server would
    take it without a word.
    """
    texts = {attribute.name for attribute in schema.attributes if not attribute.options}
    result: list[dict[str, Any]] = []
    for span in spans:
        if not 0 <= span.start < span.end <= len(text):
            raise ValueError(f"span {span.start}–{span.end} lies outside a text of {len(text)}")
        extent = {"start": span.start, "end": span.end}
        value = {**extent, "labels": [span.label], "text": text[span.start : span.end]}
        region = {"id": span.id, "to_name": schema.controls.text}
        kind = {"from_name": schema.controls.labels, "type": "labels"}
        result.append({**region, **kind, "value": value})
        for name, answers in span.attributes.items():
            field, type_ = ("text", "textarea") if name in texts else ("choices", "choices")
            value = {**extent, field: list(answers)}
            result.append({**region, "from_name": name, "type": type_, "value": value})
    return result


def encode_relations(schema: Schema, relations: Iterable[Relation]) -> list[dict[str, Any]]:
    """Return relations in the form of an annotation's result, under their titles.

    The editor knows a relation's `value` only, not its alias, and drops others when a
    person saves.
    """
    types = {relation.name: relation for relation in schema.relations}
    return [
        {
            "type": "relation",
            "from_id": relation.head,
            "to_id": relation.tail,
            "direction": "right" if types[relation.label].directed else "bi",
            "labels": [types[relation.label].title],
        }
        for relation in relations
    ]
