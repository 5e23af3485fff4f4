"""Carrying out the plan of a push, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

import msgspec

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.schema.suggest import Slow
from annotate.studio.client import Studio
from annotate.studio.encode import encode_task
from annotate.studio.ledger import Ledger, Place
from annotate.studio.project import ensure_project
from annotate.studio.pushing.doubles import delete_unworked, give_way, remove_doubles
from annotate.studio.pushing.move import Mover
from annotate.studio.pushing.plan import Plan, Shown, Task, refuse_prune
from annotate.studio.pushing.sending import batches, send
from annotate.studio.pushing.suggestions import Suggester, patterns_digest, renew
from annotate.studio.reading import Reader
from annotate.studio.wire import Project

# Tasks after whose deletion the ledger is told.
_BATCH = 10


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What a push did; `places` are the projects that hold the workspace's tasks now.

    Counts of articles that were `pushed`, that got another text (`moved`, and marks in them
    that a person should look at, `left`), and new suggestions (`renewed`); of tasks that were
    deleted because their article is gone (`pruned`) or had another (`doubles`), and of tasks
    that were `kept` because somebody worked on them.
    """

    places: tuple[Place, ...]
    pushed: int = 0
    moved: int = 0
    left: int = 0
    renewed: int = 0
    pruned: int = 0
    doubles: int = 0
    kept: int = 0


def push(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, plan: Plan,
    *, batch_size: int = 500, jobs: int = 1, force: bool = False, prune: bool = False,
    progress: Progress = silent, slow: Counter[Slow] | None = None,
) -> Pushed:  # fmt: skip
    """Carry out a plan and return what was done; run again after a failure, it completes.

    `force` overwrites what somebody edited by hand on the labelling page. `prune` deletes
    the tasks whose articles are gone; with `force` also those that somebody worked on, after
    their annotations were pulled. `jobs` batches are sent at once. `slow` counts, by
    pattern, the articles without its suggestions because it took too long.

    After a request whose outcome is unknown the server is asked what it has before anything
    is sent again, and nothing is while the server may still be at work on it.

    Raises `StudioError` when `prune` would delete most of a project, unless `force`.
    """
    if prune and not force:
        refuse_prune(plan)
    return _Push(studio, ledger, server, title, schema, plan, progress).run(
        batch_size=batch_size, jobs=jobs, force=force, prune=prune, slow=slow
    )


class _Push:
    def __init__(
        self, studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, plan: Plan,
        progress: Progress,
    ) -> None:  # fmt: skip
        self._studio = studio
        self._ledger = ledger
        self._server = server
        self._title = title
        self._schema = schema
        self._plan = plan
        self._progress = progress
        self._places: dict[int, Place] = {}
        self._sizes = dict(plan.sizes)
        self._sent: dict[int, list[int]] = {}
        self._moved = self._left = 0

    def run(
        self, *, batch_size: int, jobs: int, force: bool, prune: bool, slow: Counter[Slow] | None
    ) -> Pushed:
        """Do everything in an order in which it can be cut off anywhere."""
        for part in sorted({0, *self._plan.sizes, *self._plan.homes.values()}):
            project = self._ensure(part, force=force)
            if part not in self._plan.sizes and give_way(self._studio, project):
                project = self._ensure(part, force=force)
            self._places[part] = Place(self._server, project.id)
        self._record()
        self._move(self._plan.changed, self._plan.unfinished)
        self._renew()
        pushed = self._send(batch_size, jobs, Counter() if slow is None else slow)
        pruned, kept = self._prune(force=force) if prune else (0, 0)
        doubles = self._check()
        return Pushed(
            places=tuple(self._places.values()), pushed=pushed, moved=self._moved, left=self._left,
            renewed=len(self._plan.outdated), pruned=pruned, doubles=doubles, kept=kept,
        )  # fmt: skip

    def _ensure(self, part: int, *, force: bool) -> Project:
        target = (self._studio, self._ledger, self._server, self._title, self._schema)
        return ensure_project(*target, part, force=force)

    def _record(self) -> None:
        """Have the ledger know the tasks that are there: pushed from elsewhere, or before."""
        for part, place in self._places.items():
            known = [(one.task, one.article) for one in self._plan.unrecorded if one.part == part]
            if known:
                self._ledger.record_tasks(place, known)
            gone = [task.number for task in self._plan.vanished if task.part == part]
            if gone:
                self._ledger.forget_tasks(place, gone)

    def _move(self, changed: Sequence[Shown], unfinished: int = 0) -> None:
        """Bring tasks to the new texts of their articles, with what people marked."""
        with self._progress("Carrying over to new texts", len(changed) + unfinished or None) as go:
            for part, place in self._places.items():
                mover = Mover(self._studio, self._ledger, place, self._schema)
                for count in mover.run({one.task: one.article for one in _of(part, changed)}):
                    self._moved, self._left = self._moved + 1, self._left + count
                    go(1)

    def _renew(self) -> None:
        """Have suggestions come from the patterns of now."""
        digest = patterns_digest(self._schema)
        for part, place in self._places.items():
            outdated = {one.task: one.article for one in _of(part, self._plan.outdated)}
            if outdated:
                renew(self._studio, place.project, self._schema, outdated, self._progress)
            known = self._ledger.project(self._server, part)
            if known is not None and known.patterns != digest:
                self._ledger.set_project(self._server, known._replace(patterns=digest), part)

    def _send(self, batch_size: int, jobs: int, slow: Counter[Slow]) -> int:
        suggester = Suggester(self._schema, slow)
        assigned = self._ledger.assignments.all(self._server)
        pushed = 0
        with self._progress("Pushing articles", len(self._plan.new) or None) as advance:
            for part, place in self._places.items():
                articles = [a for a in self._plan.new if self._plan.homes[a.id] == part]
                records = self._records(articles, suggester, assigned)
                count, newest = self._sizes.get(part, (0, 0))
                work = batches(records, batch_size)
                # Closed at once when something fails: a batch may still be on its way.
                with closing(send(self._studio, place.project, work, newest, jobs)) as all_sent:
                    for sent in all_sent:
                        self._ledger.record_tasks(place, sent.tasks)
                        if sent.failure is not None:
                            raise sent.failure
                        self._sent.setdefault(part, []).extend(task for task, _ in sent.tasks)
                        count += len(sent.tasks)
                        pushed += len(sent.tasks)
                        newest = max(newest, *(task for task, _ in sent.tasks))
                        advance(len(sent.tasks))
                self._sizes[part] = (count, newest)
        return pushed

    def _records(
        self, articles: Iterable[Article], suggester: Suggester,
        assigned: dict[str, tuple[str, ...]],
    ) -> Iterator[tuple[Article, dict[str, Any]]]:  # fmt: skip
        for article in articles:
            spans = suggester.spans(article.text)
            yield article, encode_task(self._schema, article, spans, assigned.get(article.id, ()))

    def _prune(self, *, force: bool) -> tuple[int, int]:
        """Delete the tasks of articles that are gone; return how many, and how many stayed."""
        pruned = kept = 0
        for part, place in self._places.items():
            gone = [task.number for task in self._plan.gone if task.part == part]
            deleted = 0
            with self._progress("Deleting tasks", len(gone) or None) as advance:
                for start in range(0, len(gone), _BATCH):
                    deleted += self._delete(place, gone[start : start + _BATCH], force=force)
                    advance(_BATCH)
            pruned, kept = pruned + deleted, kept + len(gone) - deleted
            count, newest = self._sizes.get(part, (0, 0))
            self._sizes[part] = (count - deleted, newest)
        return pruned, kept

    def _delete(self, place: Place, tasks: list[int], *, force: bool) -> int:
        """Delete tasks that nobody worked on, or all; return how many."""
        deleted = delete_unworked(self._studio, place.project, tasks)
        if force and (worked := set(tasks) - deleted):
            self._keep_work(place, worked)
            self._studio.delete_tasks(place.project, sorted(worked))
            deleted |= worked
        self._ledger.forget_tasks(place, deleted)
        return len(deleted)

    def _keep_work(self, place: Place, tasks: Iterable[int]) -> None:
        """Bring what people did into the ledger, before it is deleted."""
        reader = Reader(self._studio, self._ledger, place, self._schema)
        for task in self._studio.some_tasks(place.project, sorted(tasks)):
            self._ledger.append(place, [*reader.entries(task)])
            drafts = [reader.draft(task, draft) for draft in self._studio.drafts_of(task.id)]
            self._ledger.append(place, drafts, "draft")

    def _check(self) -> int:
        """Compare what the server has now with what it should; return how many doubles went."""
        strange = [part for part in self._places if not self._is_as_expected(part)]
        if not strange and not self._plan.doubles:
            self._note_sizes()
            return 0
        projects = {part: place.project for part, place in self._places.items()}
        listed = {part: self._list(part) for part in projects}
        by_article: dict[str, list[Task]] = {}
        for tasks in listed.values():
            for task in tasks:
                by_article.setdefault(task.article, []).append(task)
        doubles = {article: tasks for article, tasks in by_article.items() if tasks[1:]}
        left, deleted = remove_doubles(self._studio, projects, doubles)
        for part, place in self._places.items():
            self._ledger.forget_tasks(place, [t.number for t in deleted if t.part == part])
            self._record_left(place, [task for task in left if task.part == part])
        if behind := self._behind(left):
            self._move(behind)
        self._note_sizes(without=strange)
        return len(deleted)

    def _behind(self, tasks: Iterable[Task]) -> list[Shown]:
        """Return those of the tasks that show another text than their article has."""
        shown = (*self._plan.unchanged, *self._plan.changed)
        articles = {a.id: a for a in (*self._plan.new, *(one.article for one in shown))}
        found = ((task, articles.get(task.article)) for task in tasks)
        return [
            Shown(task.part, task.number, article)
            for task, article in found
            if article is not None and article.sha256 != task.sha256
        ]

    def _is_as_expected(self, part: int) -> bool:
        number = self._places[part].project
        project = self._studio.project(number)
        same = project is not None and project.task_number == self._sizes[part][0]
        return same and self._are_there(number, self._sent.get(part, []))

    def _are_there(self, project: int, sent: list[int]) -> bool:
        """Whether tasks that were just made are there: another push may take them for doubles.

        How many there are does not tell, because that push leaves as many.
        """
        if not sent:
            return True
        first, last = min(sent), max(sent)
        if last - first >= len(sent):
            # Somebody else made tasks in between; a listing will tell.
            return False
        return self._studio.count_between(project, first, last) == len(sent)

    def _list(self, part: int) -> list[Task]:
        return [
            Task(part, task.id, task.meta.article, task.meta.sha256)
            for page in self._studio.pushed_tasks(self._places[part].project)
            for task in page
            if task.meta is not None and task.meta.article
        ]

    def _record_left(self, place: Place, tasks: Iterable[Task]) -> None:
        for task in tasks:
            article = self._ledger.version(task.article, task.sha256)
            if article is not None:
                self._ledger.record_tasks(place, [(task.number, article)])

    def _note_sizes(self, without: Iterable[int] = ()) -> None:
        """Note how many tasks there are: as long as that stays, nobody need ask which."""
        for part, (count, newest) in self._sizes.items():
            known = self._ledger.project(self._server, part)
            if known is None:
                raise StudioError(f"the ledger lost part {part} of the project", "Push again.")
            size = (-1, 0) if part in set(without) else (count, newest)
            noted = known._replace(tasks=size[0], newest=size[1])
            if noted != known:
                self._ledger.set_project(self._server, noted, part)


def _of(part: int, shown: Iterable[Shown]) -> list[Shown]:
    return [one for one in shown if one.part == part]
