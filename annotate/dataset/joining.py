"""Articles and what people marked in them, brought together one article at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

import msgspec

from annotate.corpus import Article
from annotate.errors import DatasetError
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.spans import Annotation


def join(
    articles: Iterable[Article], annotations: Iterable[Annotation]
) -> Iterator[tuple[Article | None, list[Annotation]]]:
    """Yield every article with its annotations; both come in the order of the articles' ids.

    Annotations of an article that is not given come with None. Raises `DatasetError` for an
    article that is given twice.
    """
    groups = ((key, list(found)) for key, found in groupby(annotations, attrgetter("article")))
    waiting = next(groups, None)
    before: str | None = None
    for article in articles:
        if article.id == before:
            raise DatasetError(
                f"the article {before!r} is there twice", "Give one of them another id."
            )
        before = article.id
        while waiting is not None and waiting[0] < article.id:
            yield None, waiting[1]
            waiting = next(groups, None)
        if waiting is not None and waiting[0] == article.id:
            yield article, waiting[1]
            waiting = next(groups, None)
        else:
            yield article, []
    while waiting is not None:
        yield None, waiting[1]
        waiting = next(groups, None)


def several_answers(schema: Schema) -> frozenset[str]:
    """Return the names of the choices and attributes that take several answers at once."""
    asked: Iterable[Attribute | Choice] = (*schema.choices, *schema.attributes)
    return frozenset(one.name for one in asked if one.multiple)


def without(annotation: Annotation, labels: Collection[str]) -> Annotation:
    """Leave out the spans of some labels, and the relations at their ends."""
    if not labels:
        return annotation
    spans = tuple(span for span in annotation.spans if span.label not in labels)
    ids = {span.id for span in spans}
    arrows = tuple(r for r in annotation.relations if {r.head, r.tail} <= ids)
    return msgspec.structs.replace(annotation, spans=spans, relations=arrows)


class Vocabulary:
    """What the schema has a place for."""

    def __init__(self, schema: Schema) -> None:
        self._labels = {*schema.labels}
        self._arrows = {*schema.relation_labels}
        self._attributes = {asked.name: asked for asked in schema.attributes}
        self._choices = {asked.name: asked for asked in schema.choices}

    def check(self, annotation: Annotation) -> None:
        """Refuse what was pulled under a former schema and has no place in this one."""
        lacking = {span.label for span in annotation.spans} - self._labels
        lacking |= {arrow.label for arrow in annotation.relations} - self._arrows
        lacking |= {*_unknown(self._choices, annotation.choices)}
        for span in annotation.spans:
            if span.attributes:
                lacking |= {*_unknown(self._attributes, span.attributes)}
        if lacking:
            raise DatasetError(
                f"the schema lacks {', '.join(sorted(lacking))},"
                f" used in article {annotation.article}",
                "Put it back, then have `annotate schema migrate` carry out the change; or run"
                " `annotate pull` to set what is on the server aside.",
            )


def _unknown(
    questions: Mapping[str, Attribute | Choice], answers: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield the answers for which a row has no place, as `name: answer`."""
    for name, given in answers.items():
        question = questions.get(name)
        options = {option.name for option in question.options} if question else set()
        if question is None or (options and not options.issuperset(given)):
            yield from (f"{name}: {answer}" for answer in given if answer not in options)
        elif len(given) > 1 and not question.multiple:
            yield f"{name}: {' and '.join(given)}"
