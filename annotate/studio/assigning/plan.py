"""What `annotate assign` would do: the server is asked what it has, and the work is spread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.studio.assigning.asking import AssignableTask, assignable_tasks
from annotate.studio.assigning.spread import spread
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger
from annotate.studio.wire import Project


class Task(msgspec.Struct, frozen=True):
    """A task: where it is, which article it shows, what it says of its people, and who is done."""

    project: int
    number: int
    article: str
    assigned: str
    done: frozenset[str]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the server has: the workspace's projects with their tasks, and everyone's address.

    By article, `former` are those whom it was assigned to, `done` those who annotated or skipped
    it, `begun` those and, where that was asked, those who have drafts. `people` are addresses
    by the server's number.
    """

    projects: tuple[Project, ...]
    tasks: tuple[Task, ...]
    people: dict[int, str]
    former: dict[str, tuple[str, ...]]
    done: dict[str, set[str]]
    begun: dict[str, set[str]]

    @property
    def articles(self) -> list[str]:
        """The ids of the articles that tasks show."""
        return sorted(self.done)

    @property
    def former_here(self) -> dict[str, tuple[str, ...]]:
        """Whom these articles are assigned to so far."""
        return {article: self.former.get(article, ()) for article in self.articles}

    @property
    def nobodys(self) -> list[str]:
        """The articles that nobody shall annotate."""
        return [article for article, people in self.former_here.items() if not people]


class Share(msgspec.Struct, frozen=True):
    """One person's part: counts of articles, of those annotated or skipped, and of changes."""

    person: str
    articles: int
    done: int
    gets: int = 0
    loses: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an assignment would do.

    `assigned` are each article's people, `changed` the articles whose people are new to the
    ledger, `tasks` those on the server that do not say so yet. `overlap` is what was asked
    for, `most` how many people the projects must let annotate an article: some keep more.
    """

    annotators: tuple[str, ...]
    overlap: int
    most: int
    assigned: dict[str, tuple[str, ...]]
    changed: tuple[str, ...]
    tasks: tuple[Task, ...]
    shares: tuple[Share, ...]

    @property
    def more(self) -> int:
        """How many articles have more people than were asked for."""
        return sum(len(people) > self.overlap for people in self.assigned.values())

    @property
    def others(self) -> tuple[Share, ...]:
        """The parts of those who have articles and are not among the annotators."""
        return tuple(share for share in self.shares if share.person not in self.annotators)


def ask_server(
    studio: Studio, ledger: Ledger, server: str, projects: Sequence[Project],
    *, drafts: bool = False, progress: Progress = silent,
) -> Standing:  # fmt: skip
    """Ask the server who has what and who did what.

    With `drafts` those who began an article and did not submit it count as having begun; each
    task with a draft costs a request more. What the ledger says of an assignment counts before
    what the server says: it is written first.
    """
    people = studio.people()
    tasks: list[Task] = []
    with progress("Asking who has what", sum(one.task_number or 0 for one in projects)) as advance:
        for project in projects:
            for page in assignable_tasks(studio, project.id):
                tasks += [_read(project.id, task, people) for task in page if _is_ours(task)]
                advance(len(page))
    done: dict[str, set[str]] = {task.article: set() for task in tasks}
    for task in tasks:
        done[task.article] |= task.done
    begun = {article: set(theirs) for article, theirs in done.items()}
    shown = {task.number: task.article for task in tasks}
    for project in projects if drafts else ():
        for draft in studio.drafts(project.id):
            if draft.task in shown and draft.user in people.values():
                begun[shown[draft.task]].add(draft.user)
    former = {task.article: _decode_assigned(task.assigned) for task in tasks if task.assigned}
    former |= ledger.assignments.all(server)
    return Standing(
        projects=tuple(projects), tasks=tuple(tasks), people=people, former=former, done=done,
        begun=begun,
    )  # fmt: skip


def _is_ours(task: AssignableTask) -> bool:
    return task.meta is not None and bool(task.meta.article)


def _read(project: int, task: AssignableTask, people: Mapping[int, str]) -> Task:
    assert task.meta is not None  # noqa: S101, `_is_ours` looked
    done = frozenset(people[number] for number in task.annotators if number in people)
    return Task(project, task.id, task.meta.article, task.data.assigned or "", done)


def _decode_assigned(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(";")))


def check_annotators(given: Sequence[str], overlap: int, people: Mapping[int, str]) -> list[str]:
    """Return the addresses as the server writes them; `StudioError` when they cannot be."""
    known = {address.casefold(): address for address in people.values()}
    named = [address.strip() for address in given if address.strip()]
    if not named:
        raise StudioError("no annotators are named", "Name their addresses, with commas between.")
    times = Counter(address.casefold() for address in named)
    if doubles := sorted(address for address, count in times.items() if count > 1):
        raise StudioError(f"{', '.join(doubles)} is named twice", "Name each person once.")
    if unknown := [address for address in named if address.casefold() not in known]:
        raise StudioError(
            f"Label Studio knows nobody with the address {', '.join(unknown)}",
            "Send them the link of `annotate invite`, and assign when they have signed up.",
        )
    if overlap > len(named):
        raise StudioError(
            f"an article cannot go to {overlap} of {len(named)} annotators",
            "Name more people, or a smaller --overlap.",
        )
    return [known[address.casefold()] for address in named]


def plan_assignment(
    standing: Standing, ledger: Ledger, server: str, annotators: Sequence[str], overlap: int,
    *, clusters: Mapping[str, str] | None = None, rebalance: bool = False,
) -> Plan:  # fmt: skip
    """Spread the articles over the annotators and compare that with what is there.

    `clusters` tells which articles are near-duplicates and go to the same people. Without
    `rebalance` nothing is taken from anybody.
    """
    listed = check_annotators(annotators, overlap, standing.people)
    articles = {one: (clusters or {}).get(one) or one for one in standing.articles}
    assigned = spread(
        articles, listed, overlap, former=standing.former, begun=standing.begun,
        rebalance=rebalance,
    )  # fmt: skip
    known = ledger.assignments.all(server)
    return Plan(
        annotators=tuple(listed),
        overlap=overlap,
        most=max([overlap, *_still_to_do(assigned, standing.done)]),
        assigned=assigned,
        changed=tuple(one for one in assigned if set(known.get(one, ())) != set(assigned[one])),
        tasks=tuple(
            task
            for task in standing.tasks
            if set(_decode_assigned(task.assigned)) != set(assigned[task.article])
        ),
        shares=tuple(find_shares(standing, assigned, listed)),
    )


def _still_to_do(assigned: Mapping[str, Sequence[str]], done: Mapping[str, set[str]]) -> list[int]:
    """Return how many people each article has of which some have not annotated it."""
    return [len(people) for one, people in assigned.items() if not set(people) <= done[one]]


def find_shares(
    standing: Standing, assigned: Mapping[str, Sequence[str]], annotators: Sequence[str] = ()
) -> list[Share]:
    """Return everyone's part: the annotators, then others who have or had articles."""
    former = standing.former_here
    have = Counter(person for people in assigned.values() for person in people)
    had = Counter(person for people in former.values() for person in people)
    stays = Counter(
        person
        for article, people in assigned.items()
        for person in set(people) & set(former[article])
    )
    done = Counter(
        person
        for article, people in assigned.items()
        for person in set(people) & standing.done[article]
    )
    others = sorted((have | had).keys() - set(annotators))
    return [
        Share(one, have[one], done[one], have[one] - stays[one], had[one] - stays[one])
        for one in (*annotators, *others)
    ]
