"""What a restore would do: the ledger's projects are compared with what the server has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.errors import LedgerError, StudioError
from annotate.schema import Schema
from annotate.schema.config import Page
from annotate.studio.client import Studio
from annotate.studio.ledger import EXPORT, KnownProject, Ledger, Place
from annotate.studio.project import title_of
from annotate.studio.restoring.people import find_missing
from annotate.studio.restoring.source import count_later, find_source
from annotate.studio.wire import Project

# The tables in which a project may be told of; one that is stays what it was.
_TABLES = (
    "projects", "tasks", "chains", "pulls", "cursors", "migrations", "moves", "ties",
)  # fmt: skip


class Wanted(NamedTuple):
    """A version of an article that a task shall show."""

    article: str
    sha256: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A project to rebuild: `source` is where it was, `page` what its labelling page is made from.

    `tasks` are in the order that they had. `project` is the one that a restore which was cut
    off began, and `there` are its tasks, by article. An empty one with the number of one that
    the ledger tells of is to be `exchanged`: what was annotated in both would be mixed.
    """

    number: int
    source: Place
    page: Page
    tasks: tuple[Wanted, ...]
    submitted: int
    skipped: int
    set_aside: int
    drafts: int
    project: Project | None
    there: dict[str, tuple[int, ...]]
    exchanged: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore would do.

    `parts` are to be rebuilt, `done` are the numbers of those whose projects are there.
    `people` counts annotations by address; those in `missing` are no members of the server.
    `exported` annotations came from files and stay as they are; `later` counts, by server,
    what was annotated at other servers since this was restored there. `spare` are texts that
    only the corpus has.
    """

    source: str
    parts: tuple[Part, ...]
    done: tuple[int, ...]
    people: dict[str, int]
    missing: tuple[str, ...]
    exported: int
    later: dict[str, int]
    spare: dict[Wanted, Article]


def plan_restore(
    studio: Studio, ledger: Ledger, own: str, server: str, title: str,
    schema: Callable[[], Schema], corpus: Callable[[], Iterable[Article]] = tuple,
) -> Plan:  # fmt: skip
    """Compare what the ledger has of the workspace's projects with a server.

    `own` is the ledger's name for the workspace's server, `server` that of the one to restore
    to. The `schema` is read for projects of which the ledger does not know the page, the
    `corpus` where the ledger lacks a text.

    Raises `StudioError` when the server has a project of the title with other tasks, and
    `LedgerError` when a text is nowhere.
    """
    planner = _Planner(studio, ledger, own, server, title)
    done, parts = [], []
    for number, known in ledger.projects(planner.source).items():
        part = planner.part(number, known, known.page or Page(schema()))
        if part is None:
            done.append(number)
        else:
            parts.append(part)
    people = _count_people(ledger, [part.source for part in parts])
    return Plan(
        source=planner.source, parts=tuple(parts), done=tuple(done), people=people,
        missing=find_missing(studio, people), later=count_later(ledger, planner.source, server),
        exported=sum(ledger.count(p) for p in ledger.places(server) if p.server == EXPORT),
        spare=_find_spare(ledger, parts, corpus),
    )  # fmt: skip


class _Planner:
    def __init__(self, studio: Studio, ledger: Ledger, own: str, server: str, title: str) -> None:
        self._studio = studio
        self._ledger = ledger
        self._server = server
        self._title = title
        self.source = find_source(ledger, own, server)

    def part(self, number: int, known: KnownProject, page: Page) -> Part | None:
        """Return what is to be rebuilt of a part; None when its project is there."""
        source = Place(self.source, known.number)
        there = self._known_there(number)
        if there is not None and (there.id == known.number or self._is_done(source, there)):
            return None
        tasks = _find_tasks(self._ledger, source)
        project = there or self._find_titled(number)
        listed = self._list(project, tasks) if project else {}
        place = Place(self._server, project.id) if project else source
        known_from = bool(self._tied(source, place))
        if project and not known_from:
            self._refuse_bare(project, source, listed)
        mixed = project is not None and there is None and not known_from
        mixed = mixed and _is_told_of(self._ledger, place)
        if project and mixed and project.task_number:
            raise _strange(project, self._studio.url, "has the number of one that the ledger knows")
        tally = self._ledger.tally(source)
        return Part(
            number=number, source=source, page=page, tasks=tasks, project=project, there=listed,
            submitted=tally["submitted"], skipped=tally["skipped"], set_aside=tally["set_aside"],
            drafts=self._ledger.count(source, "draft"), exchanged=mixed,
        )  # fmt: skip

    def _known_there(self, number: int) -> Project | None:
        """Return the project that the ledger knows on the server, if it is still that one."""
        known = self._ledger.project(self._server, number)
        found = self._studio.project(known.number) if known else None
        return found if known and found and found.created_at == known.created_at else None

    def _is_done(self, source: Place, there: Project) -> bool:
        """Whether every annotation was restored there."""
        tied = self._tied(source, Place(self._server, there.id))
        return tied >= self._ledger.numbers(source).keys() and bool(tied)

    def _tied(self, source: Place, place: Place) -> set[int]:
        ties = self._ledger.ties.all(place).values()
        return {tie.old_annotation for tie in ties if (tie.old_server, tie.old_project) == source}

    def _find_titled(self, number: int) -> Project | None:
        """Return the project with the title of a part: one that a restore began, perhaps."""
        title = title_of(self._title, number)
        found = self._studio.projects_titled(title)
        if len(found) > 1:
            raise StudioError(
                f"{len(found)} projects at {self._studio.url} have the title {title!r}",
                "Rename the others in Label Studio, or change `title` in annotate.toml.",
            )
        return self._studio.project(found[0].id) if found else None

    def _list(self, project: Project, tasks: Iterable[Wanted]) -> dict[str, tuple[int, ...]]:
        """Return the project's tasks by article; all of them must be of this restore."""
        wanted = set(tasks)
        listed: dict[str, tuple[int, ...]] = {}
        for page in self._studio.pushed_tasks(project.id):
            for task in page:
                shown = Wanted(task.meta.article, task.meta.sha256) if task.meta else None
                if shown not in wanted or shown is None:
                    raise _strange(project, self._studio.url, "holds tasks that are not in it")
                listed[shown.article] = (*listed.get(shown.article, ()), task.id)
        return listed

    def _refuse_bare(
        self, project: Project, source: Place, listed: dict[str, tuple[int, ...]]
    ) -> None:
        """Refuse tasks that lack what was annotated: a push made them."""
        counts = Counter(self._ledger.numbers(source).values())
        there = {
            task.id: len(task.annotations)
            for page in self._studio.annotation_numbers(project.id)
            for task in page
        }
        for article, tasks in listed.items():
            if any(there.get(task, 0) < counts[article] for task in tasks):
                raise _strange(project, self._studio.url, "holds tasks without their annotations")


def _strange(project: Project, url: str, why: str) -> StudioError:
    return StudioError(
        f"project {project.id} at {url} has the title {project.title!r} and is not from this"
        f" restore: it {why}",
        "Delete it in Label Studio if nobody worked in it, or change `title` in annotate.toml.",
    )


def _is_told_of(ledger: Ledger, place: Place) -> bool:
    """Whether the ledger has annotations of a place, or knows its number as a project."""
    return any(
        ledger.query(f"SELECT 1 FROM {table} WHERE server = ? AND project = ?", *place).fetchone()  # noqa: S608
        for table in ("projects", "chains")
    )


def find_taken(ledger: Ledger, server: str) -> set[int]:
    """Return the numbers of a server's projects that the ledger tells of."""
    selects = (f"SELECT project FROM {table} WHERE server = ?1" for table in _TABLES)  # noqa: S608
    return {number for (number,) in ledger.query(" UNION ".join(selects), server)}


def _find_tasks(ledger: Ledger, source: Place) -> tuple[Wanted, ...]:
    """Return a task for every article, in the order that they had.

    Of an article that had several, the text on which most was annotated. Articles that were
    annotated and whose tasks the ledger does not know come last.
    """
    rows = ledger.query(
        "SELECT body ->> 'article', body ->> 'sha256', count(*) FROM annotations WHERE row IN"
        " (SELECT max(row) FROM annotations WHERE server = ? AND project = ?"
        " AND kind = 'annotation' GROUP BY annotation) AND body IS NOT NULL"
        " GROUP BY 1, 2 ORDER BY 1, 2",
        *source,
    )
    made = {Wanted(article, sha256): count for article, sha256, count in rows}
    texts: dict[str, list[Wanted]] = {}
    for article, sha256 in ledger.tasks(source).values():
        texts.setdefault(article, []).append(Wanted(article, sha256))
    shown = set(texts)
    for one in made:
        if one.article not in shown:
            texts.setdefault(one.article, []).append(one)
    # Of those with as much work the newest.
    return tuple(
        max(reversed(listed), key=lambda one: made.get(one, 0)) for listed in texts.values()
    )


def _count_people(ledger: Ledger, sources: Iterable[Place]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for source in sources:
        rows = ledger.query(
            "SELECT body ->> 'annotator', count(*) FROM annotations WHERE row IN"
            " (SELECT max(row) FROM annotations WHERE server = ? AND project = ?"
            " AND kind = 'annotation' GROUP BY annotation) AND body IS NOT NULL GROUP BY 1",
            *source,
        )
        counts.update(dict(rows))
    return dict(sorted(counts.items()))


def _find_spare(
    ledger: Ledger, parts: Iterable[Part], corpus: Callable[[], Iterable[Article]]
) -> dict[Wanted, Article]:
    """Return the texts that the ledger lacks, out of the corpus; `LedgerError` if it lacks some.

    Who pulls what somebody else pushed has annotations without texts.
    """
    lost = {
        one
        for part in parts
        for one in part.tasks
        if not ledger.query(
            "SELECT 1 FROM articles WHERE article = ? AND sha256 = ?", *one
        ).fetchone()
    }
    if not lost:
        return {}
    spare = {
        wanted: article
        for article in corpus()
        if (wanted := Wanted(article.id, article.sha256)) in lost
    }
    if missing := sorted(one.article for one in lost - spare.keys()):
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        raise LedgerError(
            f"neither the ledger nor the corpus has the text that was pushed of {named}",
            "Put the articles into the corpus as they were pushed, and run the command again.",
        )
    return spare
