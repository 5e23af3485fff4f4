"""Review: spans whose label was split wait in a view of their own until a person has chosen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from annotate.schema import Schema
from annotate.schema.config import REVIEW
from annotate.studio.client import Studio
from annotate.studio.rewrite import Mark, Rewriter, is_span, relabelled
from annotate.studio.sweep import read_marks
from annotate.studio.wire import AnnotatedTask, Draft


class Review:
    """The review queue of a project after a migration from `old` to `new`."""

    def __init__(
        self, studio: Studio, project: int, rewriter: Rewriter, old: Schema, new: Schema
    ) -> None:
        self._studio = studio
        self._project = project
        self._rewriter = rewriter
        self._old = old
        self._new = new
        self._split = rewriter.rules.split
        self._suggested = f"review {new.version}"

    def waiting(self) -> Counter[str]:
        """Return how many spans wait under each split label in annotations."""
        return Counter(
            label
            for task in self._tasks()
            for annotation in task.annotations
            for label in self._labels(annotation.result)
        )

    def drafts(self) -> list[tuple[Draft, list[str]]]:
        """Return the drafts in which spans wait, with their labels: no view shows these."""
        drafts = list(self._studio.drafts(self._project))
        return [(draft, found) for draft in drafts if (found := self._labels(draft.result))]

    def take_out(self, draft: Draft) -> None:
        """Take the spans that wait out of a draft, with what is tied to them."""
        marks = read_marks(draft.result)
        gone = {mark["id"] for mark in self._concerned(draft.result)}
        ends = ("id", "from_id", "to_id")
        kept = [mark for mark in marks if not {mark.get(end) for end in ends} & gone]
        self._studio.update_draft(draft.id, result=kept)

    def _labels(self, result: msgspec.Raw) -> list[str]:
        concerned = self._concerned(result)
        return [self._rewriter.label(mark["value"]["labels"][0]) for mark in concerned]

    def open(self, waiting: Iterable[str]) -> None:
        """Make the views and add suggestions, where there are none yet."""
        titles = {view.data.title for view in self._studio.views(self._project)}
        for label in waiting:
            if self.view_title(label) not in titles:
                self._studio.create_view(self._project, self.view_title(label), _filter(label))
        there = {
            task.id
            for page in self._studio.predicted_tasks(self._project)
            for task in page
            if any(one.model_version == self._suggested for one in task.predictions)
        }
        suggestions = [
            {"task": task.id, "model_version": self._suggested, "result": list(marks.values())}
            for task in self._tasks()
            if task.id not in there and (marks := self._suggestions(task))
        ]
        for start in range(0, len(suggestions), 200):
            self._studio.import_predictions(self._project, suggestions[start : start + 200])

    def close(self, waiting: Iterable[str]) -> None:
        """Delete the views of the labels under which nothing waits any more."""
        done = {self.view_title(label) for label in self._split.keys() - set(waiting)}
        for view in self._studio.views(self._project):
            if view.data.title in done:
                self._studio.delete_view(view.id)

    def view_title(self, label: str) -> str:
        """Return the name of the view in which the spans of a label wait."""
        word = REVIEW.get(self._new.language, REVIEW["en"])
        titles = {entity.name: entity.title for entity in self._new.entities}
        old = {entity.name: entity.title for entity in self._old.entities}
        choices = " / ".join(titles[choice] for choice in self._split[label])
        return f"{old[label]} → {choices} ({word})"

    def _tasks(self) -> Iterator[AnnotatedTask]:
        for page in self._studio.annotated_tasks(self._project):
            yield from page

    def _suggestions(self, task: AnnotatedTask) -> dict[tuple[int, int, str], Mark]:
        """Return the spans of a task that wait, each once, under the label that is suggested."""
        return {
            (mark["value"].get("start", -1), mark["value"].get("end", -1), label): relabelled(
                mark, [label]
            )
            for annotation in task.annotations
            for mark in self._concerned(annotation.result)
            for label in (self._rewriter.proposal(mark),)
        }

    def _concerned(self, result: msgspec.Raw) -> list[Mark]:
        return [
            mark
            for mark in read_marks(result)
            if is_span(mark) and self._rewriter.label(mark["value"]["labels"][0]) in self._split
        ]


def _filter(label: str) -> dict[str, Any]:
    """Return the filter of a view: it empties itself as people choose.

    The server compares with its own JSON, in which SQLite has letters beyond ASCII escaped
    and PostgreSQL has them as they are.
    """
    name = "filter:tasks:annotations_results"
    forms = dict.fromkeys((json.dumps([label]), json.dumps([label], ensure_ascii=False)))
    items = [
        {"filter": name, "operator": "contains", "type": "String", "value": form} for form in forms
    ]
    return {"conjunction": "or", "items": items}
