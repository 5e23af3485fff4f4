"""Suggestions on the server follow the schema's patterns, where nobody annotated yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from annotate.corpus import Article
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.schema.suggest import Slow, suggest_all
from annotate.spans import Span
from annotate.studio.client import Studio
from annotate.studio.encode import MOST_SUGGESTIONS, SUGGESTIONS, encode_spans
from annotate.studio.sweep import read_marks
from annotate.studio.wire import PredictedTask
from annotate.text import digest

# After so many articles on which it ran out of time a pattern is given up for all others.
_SLOW = 3
# Tasks whose suggestions are replaced at once; between deleting and adding there are none.
_BATCH = 200


class Suggester:
    """Finds suggestions for one article after another; `slow` counts what ran out of time."""

    def __init__(self, schema: Schema, slow: Counter[Slow] | None = None) -> None:
        self._schema = schema
        self.slow = Counter() if slow is None else slow

    def spans(self, text: str) -> list[Span]:
        """Return the spans that are suggested in a text."""
        given_up = {pattern for pattern, times in self.slow.items() if times >= _SLOW}
        suggested = suggest_all(self._schema, text, without=given_up)
        self.slow.update({*suggested.slow, *given_up})
        return suggested.spans


def patterns_digest(schema: Schema) -> str:
    """Return the digest of all patterns: as long as it stays, so do the suggestions."""
    patterns = [(entity.name, entity.patterns) for entity in schema.entities]
    return digest(msgspec.json.encode(patterns).decode())


def find_outdated(
    studio: Studio, project: int, schema: Schema, articles: Mapping[int, Article]
) -> Iterator[int]:
    """Yield the tasks without annotations whose suggestions are not those of the patterns."""
    annotated = {
        task.id for page in studio.annotation_numbers(project) for task in page if task.annotations
    }
    there = {task.id: _suggested(task) for page in studio.predicted_tasks(project) for task in page}
    suggester = Suggester(schema)
    for task, article in articles.items():
        if task not in annotated:
            spans = islice(suggester.spans(article.text), MOST_SUGGESTIONS)
            wanted = sorted((span.start, span.end, span.label) for span in spans)
            if wanted != there.get(task, []):
                yield task


def _suggested(task: PredictedTask) -> list[tuple[int, int, str]]:
    values = [
        mark["value"]
        for prediction in task.predictions
        if prediction.model_version == SUGGESTIONS
        for mark in read_marks(prediction.result)
    ]
    return sorted((value["start"], value["end"], value["labels"][0]) for value in values)


def renew(
    studio: Studio, project: int, schema: Schema, articles: Mapping[int, Article],
    progress: Progress = silent,
) -> None:  # fmt: skip
    """Replace the suggestions of some tasks."""
    suggester = Suggester(schema)
    with progress("Renewing suggestions", len(articles)) as advance:
        for batch in _batches(articles.items()):
            studio.delete_predictions(project, [task for task, _ in batch])
            predictions = [
                {"task": task, "model_version": SUGGESTIONS, "result": result}
                for task, article in batch
                if (result := _result(schema, suggester, article))
            ]
            if predictions:
                studio.import_predictions(project, predictions)
            advance(len(batch))


def _result(schema: Schema, suggester: Suggester, article: Article) -> list[dict[str, object]]:
    spans = islice(suggester.spans(article.text), MOST_SUGGESTIONS)
    return encode_spans(schema, article.text, spans)


def _batches(tasks: Iterable[tuple[int, Article]]) -> Iterator[list[tuple[int, Article]]]:
    left = iter(tasks)
    while batch := list(islice(left, _BATCH)):
        yield batch
