"""Sweep: everything on a project that people or machines marked is rewritten in place.

Whatever is about to be changed is in the ledger first. A sweep that was cut off is simply
done again: what is rewritten already stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from annotate.progress import Progress, silent
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger, Place
from annotate.studio.ledger.migrations import Migrated
from annotate.studio.rewrite import Mark, Marks, Rewriter
from annotate.studio.times import Times
from annotate.studio.wire import Draft, PredictedTask

# Tasks whose predictions are replaced at once; between deleting and adding there are none.
_BATCH = 200


class Sweep:
    """Rewrites the annotations, drafts and predictions of one project."""

    def __init__(
        self, studio: Studio, ledger: Ledger, place: Place, rewriter: Rewriter,
        migrated: Migrated, progress: Progress = silent,
    ) -> None:  # fmt: skip
        self._studio = studio
        self._project = place.project
        self._rewriter = rewriter
        self._log = ledger.migrations
        self._times = Times(ledger, place)
        self._migrated = migrated
        self._progress = progress

    def run(self) -> int:
        """Rewrite what needs it and return how many annotations and drafts did.

        People go on meanwhile, so it is to be run until there is nothing left to do.
        """
        self._tie_drafts()
        return self._annotations() + self._drafts()

    def _annotations(self) -> int:
        done = 0
        total = self._studio.count_annotated(self._project)
        with self._progress("Rewriting annotations", total) as advance:
            for page in self._studio.annotated_tasks(self._project):
                for task in page:
                    for annotation in task.annotations:
                        if self._rewrite(annotation.result).changed:
                            done += self._annotation(task.id, annotation.id)
                    advance(1)
        return done

    def _annotation(self, task: int, annotation: int) -> bool:
        # Anew: somebody may have changed it since it was listed.
        found = self._studio.result(annotation)
        marks = self._rewrite(found.result) if found is not None else None
        if found is None or marks is None or not marks.changed:
            return False
        self._log.back_up(self._migrated, "annotation", annotation, bytes(found.result))
        # The server deletes the drafts of an annotation that is written to.
        drafts = [d for d in self._studio.drafts_of(task) if d.annotation == annotation]
        for draft in drafts:
            self._back_up(draft)
            new = self._rewrite(draft.result).result
            self._studio.update_draft(draft.id, annotation=None, result=new)
        changed = self._times.updated(annotation, found.updated_at, found.result)
        self._times.write(self._studio, annotation, marks.result, changed)
        for draft in drafts:
            self._studio.update_draft(draft.id, annotation=annotation)
        return True

    def _tie_drafts(self) -> None:
        """Tie drafts to their annotations again, from which a run that was cut off took them."""
        known = self._log.backups(self._migrated, "draft")
        if not known:
            return
        for draft in list(self._studio.drafts(self._project)):
            before = msgspec.json.decode(known.get(draft.id, b"{}"), type=_Tie)
            if draft.annotation is None and before.annotation is not None:
                self._studio.update_draft(draft.id, annotation=before.annotation)

    def _drafts(self) -> int:
        done = 0
        for draft in list(self._studio.drafts(self._project)):
            marks = self._rewrite(draft.result)
            if marks.changed:
                self._back_up(draft)
                self._studio.update_draft(draft.id, result=marks.result)
                done += 1
        return done

    def _back_up(self, draft: Draft) -> None:
        self._log.back_up(self._migrated, "draft", draft.id, msgspec.json.encode(draft))

    def predictions(self) -> int:
        """Rewrite the predictions that need it and return of how many tasks."""
        self._add_lost()
        done = 0
        for tasks in _batches(find_stale(self._studio, self._project, self._rewriter)):
            for task in tasks:
                body = msgspec.json.encode(task)
                self._log.back_up(self._migrated, "predictions", task.id, body)
            self._studio.delete_predictions(self._project, [task.id for task in tasks])
            self._add(tasks)
            done += len(tasks)
        return done

    def _add_lost(self) -> None:
        """Add the predictions that a run which was cut off deleted and did not add again."""
        if self._migrated.ended is not None:
            # Whoever deleted some since meant it.
            return
        known = self._log.backups(self._migrated, "predictions")
        if not known:
            return
        there = {task.id for page in self._studio.predicted_tasks(self._project) for task in page}
        lost = [msgspec.json.decode(known[n], type=PredictedTask) for n in known.keys() - there]
        for tasks in _batches(lost):
            self._add(tasks)

    def _add(self, tasks: Iterable[PredictedTask]) -> None:
        self._studio.import_predictions(self._project, list(self._new_predictions(tasks)))

    def _new_predictions(self, tasks: Iterable[PredictedTask]) -> Iterator[dict[str, Any]]:
        for task in tasks:
            for prediction in task.predictions:
                result = self._rewriter.predict(read_marks(prediction.result))
                known = {"model_version": prediction.model_version, "score": prediction.score}
                yield {"task": task.id, "result": result, **known}

    def _rewrite(self, result: msgspec.Raw) -> Marks:
        return self._rewriter.rewrite(read_marks(result))


def find_stale(studio: Studio, project: int, rewriter: Rewriter) -> list[PredictedTask]:
    """Return the tasks that have a prediction to rewrite."""
    return [
        task
        for page in studio.predicted_tasks(project)
        for task in page
        if any(
            rewriter.predict(marks) != marks
            for prediction in task.predictions
            for marks in (read_marks(prediction.result),)
        )
    ]


def _batches(tasks: list[PredictedTask]) -> Iterator[list[PredictedTask]]:
    for start in range(0, len(tasks), _BATCH):
        yield tasks[start : start + _BATCH]


class _Tie(msgspec.Struct, frozen=True):
    annotation: int | None = None


def read_marks(result: bytes) -> list[Mark]:
    """Read a result; the server lets one without marks be null."""
    return msgspec.json.decode(result, type=list[Any] | None) or []
