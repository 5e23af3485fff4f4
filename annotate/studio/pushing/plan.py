"""What a push would do: the articles are compared with the tasks of all the projects."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.studio.client import Studio
from annotate.studio.ledger import KnownProject, Ledger, Place
from annotate.studio.project import State, config_state, find_edits, find_parts, page_of
from annotate.studio.pushing.move import looked_at
from annotate.studio.pushing.suggestions import find_outdated, patterns_digest
from annotate.studio.wire import Project


class Shown(NamedTuple):
    """A task that shows an article: which part of the workspace it is in, and its number."""

    part: int
    task: int
    article: Article


class Task(NamedTuple):
    """A task on the server: which part it is in, its number, the article, its text's digest."""

    part: int
    number: int
    article: str
    sha256: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a push would do.

    `config` is how the labelling page stands to the schema, of several parts the one that is
    furthest from it; `edits` tell how it was edited by hand. `homes` is the part into which
    each of the `new` articles goes. `changed` are tasks with another text than the article
    has, `gone` those whose article the corpus no longer has. `doubles` are the tasks of
    articles that have several, `vanished` tasks that the ledger has and the server no more.
    `unrecorded` are unchanged tasks that the ledger does not know, as after it was lost, or
    with a former text, as when another workspace pushed the new one;
    `outdated` those whose suggestions come from other patterns and that nobody annotated.
    `unfinished` counts tasks that a push left between two texts, `looked_at` those in which
    nothing is left that people should look at. `sizes` tells how many
    tasks each part has, and the greatest number among them. `later` counts new articles that
    another push is to send. `places` are the projects, by part.
    """

    config: State
    edits: tuple[str, ...] = ()
    new: tuple[Article, ...] = ()
    homes: dict[str, int] = {}
    unchanged: tuple[Shown, ...] = ()
    changed: tuple[Shown, ...] = ()
    gone: tuple[Task, ...] = ()
    doubles: dict[str, tuple[Task, ...]] = {}
    vanished: tuple[Task, ...] = ()
    unrecorded: tuple[Shown, ...] = ()
    outdated: tuple[Shown, ...] = ()
    unfinished: int = 0
    looked_at: int = 0
    sizes: dict[int, tuple[int, int]] = {}
    later: int = 0
    places: dict[int, Place] = {}

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do; what is gone stays unless it is to be pruned."""
        work = (self.new, self.changed, self.doubles, self.vanished, self.unrecorded, self.outdated)
        waiting = self.unfinished or self.looked_at
        return not any(work) and not waiting and self.config == "in step"

    def first(self, limit: int) -> Plan:
        """Return the plan with no more than so many of the new articles."""
        later = self.later + len(self.new[limit:])
        return msgspec.structs.replace(self, new=self.new[:limit], later=later)


def plan_push(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema,
    articles: Sequence[Article], *, whole_corpus: bool = True, limit: int = 20_000,
    progress: Progress = silent,
) -> Plan:  # fmt: skip
    """Compare the articles with the server's tasks, by id and digest.

    `whole_corpus` False means that other articles exist, so that none is called gone.
    `limit` is how many tasks one project takes. A project that has as many tasks as when
    the ledger knew them all, and none that is newer, has the same ones.
    """
    parts = find_parts(studio, ledger, server, title, limit)
    places = {part: Place(server, project.id) for part, project in parts.items()}
    listed = {
        part: _list_tasks(studio, ledger, server, part, project, progress)
        for part, project in parts.items()
    }
    there = [task for tasks, _ in listed.values() for task in tasks]
    sizes = {part: size for part, (_, size) in listed.items()}
    compared = _compare(articles, there)
    wanted = {article.id for article in articles} if whole_corpus else {t.article for t in there}
    here = {
        (part, task): Task(part, task, *known)
        for part, place in places.items()
        for task, known in ledger.tasks(place).items()
    }
    still = {(task.part, task.number): task for task in there}
    config, edits = _compare_pages(ledger, server, schema, parts.values())
    return Plan(
        config=config,
        edits=edits,
        new=compared.new,
        homes=find_homes(compared.new, {part: size for part, (size, _) in sizes.items()}, limit),
        unchanged=compared.unchanged,
        changed=compared.changed,
        gone=tuple(task for task in there if task.article not in wanted),
        doubles=compared.doubles,
        vanished=tuple(task for key, task in here.items() if key not in still),
        unrecorded=tuple(one for one in compared.unchanged if here.get(one[:2]) != still[one[:2]]),
        outdated=tuple(_outdated(studio, ledger, server, schema, parts, compared.unchanged)),
        unfinished=sum(len(ledger.moves.unfinished(place)) for place in places.values()),
        looked_at=sum(len(looked_at(ledger, place)) for place in places.values()),
        sizes=sizes,
        places=places,
    )


class _Compared(NamedTuple):
    """How the articles stand to the tasks; of several tasks of an article the first counts."""

    new: tuple[Article, ...]
    unchanged: tuple[Shown, ...]
    changed: tuple[Shown, ...]
    doubles: dict[str, tuple[Task, ...]]


def _compare(articles: Sequence[Article], there: Iterable[Task]) -> _Compared:
    by_article: dict[str, list[Task]] = {}
    for task in there:
        by_article.setdefault(task.article, []).append(task)
    shown = [
        (Shown(tasks[0].part, tasks[0].number, article), tasks[0].sha256 == article.sha256)
        for article in articles
        if (tasks := by_article.get(article.id))
    ]
    return _Compared(
        new=tuple(article for article in articles if article.id not in by_article),
        unchanged=tuple(one for one, same in shown if same),
        changed=tuple(one for one, same in shown if not same),
        doubles={article: tuple(tasks) for article, tasks in by_article.items() if tasks[1:]},
    )


def _compare_pages(
    ledger: Ledger, server: str, schema: Schema, projects: Collection[Project]
) -> tuple[State, tuple[str, ...]]:
    """Return how the labelling pages stand to the schema, and how they were edited by hand."""
    states: list[State] = [config_state(one, ledger, server, schema) for one in projects]
    config = min(states, key=_ORDER.index) if states else "missing"
    edits = _edits(ledger, server, schema, projects) if config == "edited" else ()
    return config, tuple(edits)


def refuse_prune(plan: Plan) -> None:
    """Raise `StudioError` when most tasks of a project would be deleted: a wrong corpus, likely."""
    for part, place in sorted(plan.places.items()):
        gone = sum(task.part == part for task in plan.gone)
        count, _ = plan.sizes.get(part, (0, 0))
        if 2 * gone > count:
            raise StudioError(
                f"--prune would delete {gone:,} of the {count:,} tasks of project"
                f" {place.project}, since the corpus does not have their articles",
                "Check `corpus` in annotate.toml; --force deletes them all the same, also those"
                " that people worked on, once their work is in the ledger.",
            )


# What is furthest from the schema comes first.
_ORDER: tuple[State, ...] = ("missing", "edited", "behind", "in step")


def find_homes(new: Iterable[Article], sizes: Mapping[int, int], limit: int) -> dict[str, int]:
    """Return the part of each new article: by a hash of its id, among those with room.

    There are as many parts as all the articles need, and those that exist.
    """
    listed = sorted(article.id for article in new)
    room = {part: limit - size for part, size in sizes.items()}
    short = len(listed) - sum(max(0, free) for free in room.values())
    first = max(room, default=-1) + 1
    room |= dict.fromkeys(range(first, first - (-max(short, 0) // limit)), limit)
    homes: dict[str, int] = {}
    for article in listed:
        open_ones = [part for part, free in room.items() if free > 0]
        homes[article] = max(open_ones, key=lambda part: _weight(article, part))
        room[homes[article]] -= 1
    return homes


def _weight(article: str, part: int) -> bytes:
    # The greatest of the weights wins, so a further part takes only what goes there.
    return hashlib.sha256(f"{part} {article}".encode()).digest()


def _list_tasks(
    studio: Studio, ledger: Ledger, server: str, part: int, project: Project, progress: Progress
) -> tuple[list[Task], tuple[int, int]]:
    """Return the tasks that a workspace pushed; how many there are of any kind, and the newest."""
    known = ledger.project(server, part)
    if known and known.number != project.id:
        known = None
    here = ledger.tasks(Place(server, project.id))
    if known and _is_same(studio, known, project, here):
        return [Task(part, task, *shown) for task, shown in here.items()], known[-2:]
    tasks: list[Task] = []
    count = newest = 0
    with progress("Asking the server what it has", project.task_number) as advance:
        for page in studio.pushed_tasks(project.id):
            tasks += [
                Task(part, task.id, task.meta.article, task.meta.sha256)
                for task in page
                if task.meta is not None and task.meta.article
            ]
            count, newest = count + len(page), page[-1].id
            advance(len(page))
    if known and {task.number for task in tasks} == here.keys():
        ledger.set_project(server, known._replace(tasks=count, newest=newest), part)
    return tasks, (count, newest)


def _is_same(studio: Studio, known: KnownProject, project: Project, here: Shows) -> bool:
    """Whether a project has as many tasks as it had, and the newest is the same."""
    if known.tasks != project.task_number:
        return False
    # A task that came instead of another one is newer, or has the number of the newest one:
    # on SQLite an import goes on from the greatest number that is there.
    newest = [task for page in studio.pushed_tasks(project.id, known.newest - 1) for task in page]
    shown = {task.id: (task.meta.article, task.meta.sha256) for task in newest if task.meta}
    ours = {known.newest: here[known.newest]} if known.newest in here else {}
    return [task.id for task in newest] == [known.newest] and shown == ours


# The article and digest that each task shows, by number.
Shows = Mapping[int, tuple[str, str]]


def _edits(ledger: Ledger, server: str, schema: Schema, parts: Iterable[Project]) -> Iterator[str]:
    for project in parts:
        if config_state(project, ledger, server, schema) == "edited":
            yield from find_edits(project, page_of(project, ledger, server, schema))


def _outdated(
    studio: Studio, ledger: Ledger, server: str, schema: Schema, parts: Mapping[int, Project],
    unchanged: Sequence[Shown],
) -> Iterator[Shown]:  # fmt: skip
    digest = patterns_digest(schema)
    for part, project in parts.items():
        known = ledger.project(server, part)
        if known is None or known.patterns != digest:
            here = {one.task: one for one in unchanged if one.part == part}
            articles = {task: one.article for task, one in here.items()}
            for task in find_outdated(studio, project.id, schema, articles):
                yield here[task]
