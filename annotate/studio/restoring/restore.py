"""Restore: a lost server's projects are rebuilt from the ledger.

For each project, in this order, so that it can be cut off anywhere and goes on when it is run
again:

1. The project is made, or found if it was made before.
2. Tasks are imported with their annotations, batch by batch. After each, the ledger gets the
   annotations under their new numbers, tied to what they were, then the tasks.
3. The ledger gets what it alone knows of the project: moves to new texts, migrations.
4. Everything is pulled and compared.
5. The ledger takes the new project for the workspace's. Until then the old one counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.schema.suggest import Slow
from annotate.studio.client import Studio
from annotate.studio.encode import REVIEW_FIELD, encode_task
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.project import AT_BIRTH, remember_page, settings_for, title_of
from annotate.studio.pull import pull
from annotate.studio.pushing.doubles import delete_before
from annotate.studio.pushing.sending import batches, send
from annotate.studio.pushing.suggestions import Suggester, patterns_digest
from annotate.studio.restoring.asking import delete_project, recount
from annotate.studio.restoring.bringing import Bringer
from annotate.studio.restoring.matching import are_copies, pair
from annotate.studio.restoring.people import refuse_missing
from annotate.studio.restoring.plan import Part, Plan, Wanted, find_taken
from annotate.studio.restoring.records import copy_migrations, copy_moves, find_flagged
from annotate.studio.restoring.views import open_views
from annotate.studio.wire import Project


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore did; `places` are the projects that hold the workspace's tasks now.

    Counts of `articles` and `annotations` that this run brought. `by_owner` counts, by the
    address of who made them, annotations that count as the token's person's. In `changed`
    are articles of which an annotation reads otherwise than before. `since` counts what
    people did on the server meanwhile, `drafts` what stays in the ledger alone; `overlap` is
    how many people the projects let annotate an article.
    """

    places: tuple[Place, ...]
    articles: int
    annotations: int
    by_owner: dict[str, int]
    changed: tuple[str, ...]
    since: int
    drafts: int
    overlap: int


def restore(
    studio: Studio, ledger: Ledger, server: str, title: str, plan: Plan,
    *, as_owner: bool = False, batch_size: int = 500, progress: Progress = silent,
    slow: Counter[Slow] | None = None,
) -> Restored:  # fmt: skip
    """Carry out a plan and return what was done; run again after a failure, it goes on.

    `as_owner` has the work of people who are not on the server count as that of the person
    whose token is used. `slow` counts, by pattern, the articles without its suggestions
    because it took too long.

    Raises `StudioError` when people are missing, and when annotations did not arrive.
    """
    return _Restore(studio, ledger, server, title, plan, progress, slow).run(
        as_owner=as_owner, batch_size=batch_size
    )


class _Restore:
    def __init__(
        self, studio: Studio, ledger: Ledger, server: str, title: str, plan: Plan,
        progress: Progress, slow: Counter[Slow] | None,
    ) -> None:  # fmt: skip
        self._studio = studio
        self._ledger = ledger
        self._server = server
        self._title = title
        self._plan = plan
        self._progress = progress
        self._slow = Counter() if slow is None else slow
        self._members: dict[str, int] = {}
        self._owner = 0
        self._assigned: dict[str, tuple[str, ...]] = {}
        self._overlap = 1
        self._articles = self._since = 0
        self._bringers: list[Bringer] = []

    def run(self, *, as_owner: bool, batch_size: int) -> Restored:
        """Rebuild every project, then have the ledger take them for the workspace's."""
        people = self._studio.people()
        self._members = {address.lower(): number for number, address in people.items()}
        missing = [one for one in self._plan.people if one.lower() not in self._members]
        if missing and not as_owner:
            raise refuse_missing(missing, self._server)
        self._owner = self._members[self._studio.whoami().lower()]
        self._ledger.set_people(self._server, people)
        self._take_assignments()
        built = [(part, self._rebuild(part, batch_size)) for part in self._plan.parts]
        # The first one last: without it a restore is not finished.
        for part, (project, tasks) in reversed(built):
            self._take_over(part, project, tasks)
        return Restored(
            places=tuple(Place(self._server, project.id) for _, (project, _) in built),
            articles=self._articles, annotations=sum(one.brought for one in self._bringers),
            by_owner={address: self._plan.people[address] for address in missing},
            changed=tuple(sorted({a for one in self._bringers for a in one.changed})),
            since=self._since,
            drafts=sum(part.drafts for part in self._plan.parts), overlap=self._overlap,
        )  # fmt: skip

    # People.

    def _number_of(self, address: str) -> int:
        return self._members.get(address.lower(), self._owner)

    def _take_assignments(self) -> None:
        """Have the ledger know for this server who shall annotate what."""
        former = self._ledger.assignments.all(self._plan.source)
        here = self._ledger.assignments.all(self._server)
        new = {article: people for article, people in former.items() if article not in here}
        if new:
            self._ledger.assignments.add(self._server, new)
        self._assigned = {**former, **here}
        self._overlap = max((len(people) for people in self._assigned.values()), default=1) or 1

    # The project.

    def _rebuild(self, part: Part, batch_size: int) -> tuple[Project, dict[str, int]]:
        """Have the server hold a part; return the project and each article's task."""
        project = self._open(part)
        place = Place(self._server, project.id)
        bringer = Bringer(self._studio, self._ledger, part, place, self._number_of)
        self._bringers.append(bringer)
        tasks = self._drop_doubles(bringer, place, part.there)
        wanted = {one.article: one for one in part.tasks}
        waiting = sorted(bringer.pending(tasks), key=lambda article: tasks[article])
        bringer.bring((tasks[one], self._article(wanted[one])) for one in waiting)
        self._import(part, bringer, place, tasks, batch_size)
        tasks = self._count(bringer, place, tasks)
        bringer.require_all()
        copy_moves(self._ledger, part.source, place)
        copy_migrations(self._ledger, part.source, place)
        recount(self._studio, project.id, self._overlap)
        pulled = pull(self._studio, self._ledger, place, part.page.drawn, self._progress, full=True)
        self._since += pulled.added + pulled.deleted
        open_views(self._studio, self._ledger, place, part.page, self._assigned)
        return project, tasks

    def _open(self, part: Part) -> Project:
        settings = {**settings_for(part.page), **AT_BIRTH, "maximum_annotations": self._overlap}
        project = part.project
        if project is None or part.exchanged:
            if project is not None:
                delete_project(self._studio, project.id)
            return self._create(part, settings)
        if not part.there:
            # Refused as long as there are none of that version; the first ones set it.
            del settings["model_version"]
            self._studio.update_project(project.id, settings)
        return project

    def _create(self, part: Part, settings: dict[str, Any]) -> Project:
        """Make a project under a number that the ledger does not know.

        A server that was reset begins to count again, and rows of the ledger are by number.
        """
        taken = find_taken(self._ledger, self._server)
        title = title_of(self._title, part.number)
        while (project := self._studio.create_project(title, settings)).id in taken:
            delete_project(self._studio, project.id)
        delete_before(self._studio, project)
        return project

    def _take_over(self, part: Part, project: Project, tasks: dict[str, int]) -> None:
        """Have the ledger take the new project for the workspace's."""
        number = part.number
        found = self._studio.project(project.id)
        all_known = found is not None and found.task_number == len(tasks)
        remember_page(self._ledger, self._server, project, part.page, number)
        known = self._ledger.project(self._server, number)
        assert known is not None  # noqa: S101, it was just noted
        known = known._replace(
            patterns=patterns_digest(part.page.schema),
            tasks=len(tasks) if all_known else -1,
            newest=max(tasks.values(), default=0) if all_known else 0,
        )
        self._ledger.set_project(self._server, known, number)

    # Tasks.

    def _import(
        self, part: Part, bringer: Bringer, place: Place, tasks: dict[str, int], batch_size: int
    ) -> None:
        left = [one for one in part.tasks if one.article not in tasks]
        newest = max(tasks.values(), default=0)
        work = batches(self._records(part, bringer, left), batch_size)
        with self._progress("Restoring articles", len(left)) as advance:
            for sent in send(self._studio, place.project, work, newest):
                bringer.bring(sent.tasks)
                tasks |= {article.id: task for task, article in sent.tasks}
                self._articles += len(sent.tasks)
                if sent.failure is not None:
                    raise sent.failure
                advance(len(sent.tasks))

    def _records(
        self, part: Part, bringer: Bringer, wanted: Iterable[Wanted]
    ) -> Iterator[tuple[Article, dict[str, Any]]]:
        suggester = Suggester(part.page.schema, self._slow)
        flagged = find_flagged(self._ledger, part.source)
        for one in wanted:
            article = self._article(one)
            spans = suggester.spans(article.text)
            assigned = self._assigned.get(article.id, ())
            task = encode_task(part.page.schema, article, spans, assigned)
            if article.id in flagged:
                task["data"][REVIEW_FIELD] = "!"
            if entries := bringer.entries(article.id):
                task["annotations"] = [self._encode(entry) for _, entry in sorted(entries.items())]
            yield article, task

    def _article(self, wanted: Wanted) -> Article:
        article = self._ledger.version(*wanted) or self._plan.spare.get(wanted)
        assert article is not None  # noqa: S101, the plan looked
        return article

    def _encode(self, entry: Entry) -> dict[str, Any]:
        annotation = entry.annotation
        return {
            # The server tells null for an annotation without marks, and does not take it.
            "result": msgspec.Raw(b"[]" if entry.result == b"null" else entry.result),
            "completed_by": self._number_of(annotation.annotator),
            "was_cancelled": annotation.status == "skipped",
            "ground_truth": annotation.ground_truth,
            "lead_time": annotation.lead_time,
        }

    def _drop_doubles(
        self, bringer: Bringer, place: Place, listed: dict[str, tuple[int, ...]]
    ) -> dict[str, int]:
        """Return each article's task; other copies of it are deleted.

        A server that is still at work on a request of which nobody knew makes them.
        """
        recorded = self._ledger.tasks(place)
        kept = {
            article: min(tasks, key=lambda task: (task not in recorded, task))
            for article, tasks in listed.items()
        }
        extra = sorted({task for tasks in listed.values() for task in tasks} - set(kept.values()))
        for task in self._studio.some_tasks(place.project, extra):
            article = task.meta.article if task.meta else ""
            entries = bringer.entries(article).values()
            pairs = pair(task.annotations, entries, self._number_of)
            if not are_copies(task.annotations, pairs) or self._studio.drafts_of(task.id):
                raise StudioError(
                    f"project {place.project} has two tasks of {article}, and people worked in"
                    " both",
                    f"Delete one of tasks {kept[article]} and {task.id} in Label Studio, then run"
                    " the command again.",
                )
        if extra:
            self._studio.delete_tasks(place.project, extra)
        return kept

    def _count(self, bringer: Bringer, place: Place, tasks: dict[str, int]) -> dict[str, int]:
        """Return each article's task; of those that came twice one is left."""
        project = self._studio.project(place.project)
        if project is not None and project.task_number == len(tasks):
            return tasks
        listed: dict[str, tuple[int, ...]] = {}
        for page in self._studio.pushed_tasks(place.project):
            for task in page:
                if task.meta and task.meta.article in tasks:
                    article = task.meta.article
                    listed[article] = (*listed.get(article, ()), task.id)
        return self._drop_doubles(bringer, place, listed)
