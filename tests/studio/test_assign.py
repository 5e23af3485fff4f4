"""Assignment: even, the same every time, stable under growth; and what the server gets of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.schema import Schema
from annotate.studio.assigning import (
    Plan,
    Queue,
    Standing,
    ask_server,
    assign,
    check_annotators,
    plan_assignment,
    spread,
)
from annotate.studio.client import Studio
from annotate.studio.encode import encode_spans
from annotate.studio.ledger import Ledger, open_ledger
from annotate.studio.project import require_parts
from annotate.studio.pushing import plan_push, push
from tests.conftest import Faulty, Server
from tests.factories import make_article, make_schema, make_span
from tests.faults import Fault, bad_gateway_after, bad_gateway_before
from tests.studio.people import sign_up

_PEOPLE = tuple(f"{name}@example.org" for name in ("an", "bình", "chi", "dung", "em"))

_clusters = st.lists(st.integers(1, 6), max_size=25).map(
    lambda sizes: {f"a{c}-{n}": f"c{c}" for c, size in enumerate(sizes) for n in range(size)}
)
_articles = st.sets(st.text("abc0🇻", min_size=1, max_size=4), max_size=60).map(
    lambda ids: {one: one for one in ids}
)
_people = st.lists(st.sampled_from(_PEOPLE), min_size=1, unique=True)


@st.composite
def _teams(draw: st.DrawFn) -> tuple[list[str], int]:
    people = draw(_people)
    return people, draw(st.integers(1, len(people)))


def loads(assigned: Mapping[str, Sequence[str]], people: Sequence[str]) -> list[int]:
    counts = Counter(person for those in assigned.values() for person in those)
    return [counts[person] for person in people]


def gap(assigned: Mapping[str, Sequence[str]], people: Sequence[str]) -> int:
    """Return how many articles the busiest person has more than the least busy one."""
    counts = loads(assigned, people)
    return max(counts) - min(counts)


@given(_articles, _teams())
def test_every_article_gets_as_many_different_people_as_wanted_and_all_the_same_share(
    articles: dict[str, str], team: tuple[list[str], int]
) -> None:
    people, overlap = team
    assigned = spread(articles, people, overlap)
    assert assigned.keys() == articles.keys()
    for those in assigned.values():
        assert len(set(those)) == len(those) == overlap
        assert set(those) <= set(people)
    assert gap(assigned, people) <= 1


@given(_clusters, _teams())
def test_near_duplicates_go_to_the_same_people_as_evenly_as_their_sizes_allow(
    articles: dict[str, str], team: tuple[list[str], int]
) -> None:
    people, overlap = team
    assigned = spread(articles, people, overlap)
    assert len({(cluster, assigned[one]) for one, cluster in articles.items()}) == len(
        set(articles.values())
    )
    sizes = Counter(articles.values())
    assert gap(assigned, people) <= max(sizes.values(), default=0)


@given(_clusters, _teams(), st.randoms(use_true_random=False))
def test_the_order_of_articles_and_people_changes_nothing(
    articles: dict[str, str], team: tuple[list[str], int], random: Random
) -> None:
    people, overlap = team
    shuffled = list(articles.items())
    random.shuffle(shuffled)
    again = spread(dict(shuffled), people[::-1], overlap)
    assert again == spread(articles, people, overlap)


def test_the_same_articles_go_to_the_same_people_on_every_machine() -> None:
    assigned = spread({name: name for name in "abcde"}, _PEOPLE[:3], 1)
    assert {one: who.partition("@")[0] for one, (who,) in assigned.items()} == {
        "a": "chi",
        "b": "chi",
        "c": "an",
        "d": "bình",
        "e": "an",
    }


@given(_clusters, _teams(), st.integers(0, 99), _people)
def test_what_was_assigned_stays_when_the_corpus_grows_and_people_come_and_go(
    articles: dict[str, str], team: tuple[list[str], int], count: int, later: list[str]
) -> None:
    people, overlap = team
    first = dict(list(articles.items())[:count])
    former = spread(first, people, overlap)
    grown = spread(articles, later, min(overlap, len(later)), former=former)
    assert {one: grown[one] for one in former} == former


@given(_articles, _teams(), st.integers(0, 99))
def test_new_articles_even_out_what_was_uneven(
    articles: dict[str, str], team: tuple[list[str], int], count: int
) -> None:
    people, overlap = team
    first = dict(list(articles.items())[:count])
    former = spread(first, people, overlap)
    assert gap(spread(articles, people, overlap, former=former), people) <= 1


@given(_clusters, _teams(), _people, st.data())
def test_an_article_that_somebody_annotated_stays_theirs_and_counts(
    articles: dict[str, str], team: tuple[list[str], int], others: list[str], data: st.DataObject
) -> None:
    people, overlap = team
    drawn = st.sets(st.sampled_from([*people, *others]), max_size=3)
    begun = {article: data.draw(drawn) for article in articles}
    rebalance = data.draw(st.booleans())
    assigned = spread(articles, people, overlap, begun=begun, rebalance=rebalance)
    for article, those in assigned.items():
        assert begun[article] <= set(those)
        assert len(those) == max(overlap, len(begun[article]))


@given(_articles, _teams(), _teams())
def test_rebalancing_makes_everybodys_share_the_same_and_then_changes_nothing(
    articles: dict[str, str], team: tuple[list[str], int], other: tuple[list[str], int]
) -> None:
    former = spread(articles, *team)
    people, overlap = other
    assigned = spread(articles, people, overlap, former=former, rebalance=True)
    assert all(len(those) == overlap and set(those) <= set(people) for those in assigned.values())
    assert gap(assigned, people) <= 1
    again = spread(articles, people, overlap, former=assigned, rebalance=True)
    assert again == assigned


@given(_articles, st.integers(1, 4))
def test_rebalancing_takes_no_more_from_people_than_a_newcomer_needs(
    articles: dict[str, str], count: int
) -> None:
    people = _PEOPLE[:count]
    former = spread(articles, people, 1)
    assigned = spread(articles, _PEOPLE[: count + 1], 1, former=former, rebalance=True)
    moved = [one for one in articles if assigned[one] != former[one]]
    assert len(moved) <= -(-len(articles) // (count + 1))


@given(_clusters, _teams())
def test_rebalancing_keeps_near_duplicates_together(
    articles: dict[str, str], team: tuple[list[str], int]
) -> None:
    former = spread(articles, _PEOPLE[:1], 1)
    people, overlap = team
    assigned = spread(articles, people, overlap, former=former, rebalance=True)
    groups = {(cluster, assigned[one]) for one, cluster in articles.items()}
    assert len(groups) == len(set(articles.values()))


@pytest.mark.parametrize(
    ("given_people", "overlap", "problem"),
    [
        ([""], 1, "no annotators are named"),
        (["an@example.org", " An@example.org"], 1, "an@example.org is named twice"),
        (["an@example.org", "x@y"], 1, "knows nobody with the address x@y. .*annotate invite"),
        (["an@example.org"], 2, "cannot go to 2 of 1 annotators"),
    ],
)
def test_people_who_cannot_be_assigned_to_are_refused(
    given_people: list[str], overlap: int, problem: str
) -> None:
    with pytest.raises(StudioError, match=problem):
        check_annotators(given_people, overlap, {1: "an@example.org"})


def test_an_address_is_taken_in_the_way_the_server_writes_it() -> None:
    assert check_annotators([" AN@example.org "], 1, {1: "an@example.org"}) == ["an@example.org"]


class Team(NamedTuple):
    """Two people on the session's server, by address and connection."""

    emails: list[str]
    studios: list[Studio]


@pytest.fixture(scope="module")
def team(server: Server) -> Team:
    tag = uuid.uuid4().hex[:6]
    emails = [f"{name}-{tag}@example.org" for name in ("lan", "minh")]
    return Team(emails, [sign_up(server, email) for email in emails])


class Desk:
    """A pushed project of six articles, and whoever assigns them."""

    def __init__(
        self, server: Server, studio: Studio, ledger: Ledger, title: str, *, limit: int = 20_000
    ) -> None:
        self.server = server
        self.studio = studio
        self.ledger = ledger
        self._title = title
        self._limit = limit
        self.schema: Schema = make_schema()
        self.articles: list[Article] = []
        self.add(6)

    def add(self, count: int) -> None:
        """Push more articles."""
        known = len(self.articles)
        self.articles += [make_article(article_id=f"a{known + n}") for n in range(count)]
        target = (self.studio, self.ledger, "s", self._title, self.schema)
        push(*target, plan_push(*target, self.articles, limit=self._limit))

    def ask(self, *, drafts: bool = False) -> Standing:
        """Ask the server who has what."""
        projects = require_parts(self.studio, self.ledger, "s", self._title, self._limit)
        return ask_server(self.studio, self.ledger, "s", projects, drafts=drafts)

    def plan(self, people: Sequence[str], overlap: int, *, rebalance: bool = False) -> Plan:
        """Plan, and change nothing."""
        standing = self.ask(drafts=rebalance)
        return plan_assignment(standing, self.ledger, "s", people, overlap, rebalance=rebalance)

    def assign(
        self, people: Sequence[str], overlap: int, *, rebalance: bool = False,
        studio: Studio | None = None,
    ) -> list[Queue]:  # fmt: skip
        """Plan and carry out."""
        plan = self.plan(people, overlap, rebalance=rebalance)
        standing = self.ask()
        return assign(studio or self.studio, self.ledger, "s", standing, plan, "en")

    def shown(self, queue: Queue) -> set[str]:
        """Return the articles that a queue shows."""
        path = f"api/tasks?project={queue.project}&view={queue.view}&fields=all&page_size=100"
        found = self.server.call("GET", path)
        return {task["data"]["article"] for task in found["tasks"]}


@pytest.fixture
def desk(server: Server, studio: Studio, ledger: Ledger, title: str) -> Desk:
    return Desk(server, studio, ledger, title)


@pytest.mark.on_both_databases
def test_everyone_sees_their_articles_and_the_server_lets_that_many_annotate_one(
    desk: Desk, team: Team
) -> None:
    queues = desk.assign(team.emails, 1)
    shown = [desk.shown(queue) for queue in queues]
    assert [len(articles) for articles in shown] == [3, 3]
    assert shown[0] | shown[1] == {article.id for article in desk.articles}
    (project,) = desk.ask().projects
    assert project.maximum_annotations == 1
    queues = desk.assign(team.emails, 2)
    assert [len(desk.shown(queue)) for queue in queues] == [6, 6]
    (project,) = desk.ask().projects
    assert project.maximum_annotations == 2


@pytest.mark.on_both_databases
def test_what_a_person_submitted_leaves_their_queue_and_nobody_elses(
    desk: Desk, team: Team
) -> None:
    first, second = desk.assign(team.emails, 2)
    task = desk.ask().tasks[0]
    result = encode_spans(desk.schema, desk.articles[0].text, [make_span(0, 8)])
    team.studios[0].annotate(task.number, result)
    assert task.article not in desk.shown(first)
    assert task.article in desk.shown(second)
    assert [(share.articles, share.done) for share in desk.plan(team.emails, 2).shares] == [
        (6, 1),
        (6, 0),
    ]


def test_run_again_it_does_nothing_and_finds_the_queues_again(desk: Desk, team: Team) -> None:
    queues = desk.assign(team.emails, 1)
    plan = desk.plan(team.emails, 1)
    assert (plan.changed, plan.tasks) == ((), ())
    assert desk.assign(team.emails, 1) == queues
    titles = [view.data.title for view in desk.studio.views(queues[0].project)]
    # The first is what opens when somebody opens the project: nobody's queue.
    assert titles == ["Default", *(queue.title for queue in queues)]


def test_a_queue_whose_filters_somebody_cleared_gets_them_back(desk: Desk, team: Team) -> None:
    queue, _ = desk.assign(team.emails, 1)
    mine = desk.shown(queue)
    cleared = {"title": queue.title, "filters": {"conjunction": "and", "items": []}}
    body = {"project": queue.project, "data": cleared}
    desk.server.call("PATCH", f"api/dm/views/{queue.view}/", body)
    assert len(desk.shown(queue)) == 6
    assert desk.assign(team.emails, 1)[0] == queue
    assert desk.shown(queue) == mine


def test_articles_pushed_later_get_people_when_it_is_run_again_and_no_one_elses_change(
    desk: Desk, team: Team
) -> None:
    desk.assign(team.emails, 1)
    before = desk.ask().former
    desk.add(4)
    assert len(desk.ask().nobodys) == 4
    plan = desk.plan(team.emails, 1)
    assert len(plan.tasks) == 4
    assert [(share.gets, share.loses) for share in plan.shares] == [(2, 0), (2, 0)]
    desk.assign(team.emails, 1)
    assert before.items() <= desk.ask().former.items()
    assert desk.ask().nobodys == []


def test_an_article_that_was_assigned_before_it_is_pushed_has_its_people_at_once(
    desk: Desk, team: Team
) -> None:
    desk.ledger.assignments.add("s", {"a6": [team.emails[1]]})
    desk.add(1)
    assert next(task for task in desk.ask().tasks if task.article == "a6").assigned == (
        f";{team.emails[1]};"
    )


@pytest.mark.parametrize("fault", [bad_gateway_before, bad_gateway_after])
def test_a_run_that_was_cut_off_goes_on_with_the_tasks_that_are_left(
    desk: Desk, team: Team, faulty: Faulty, fault: Fault
) -> None:
    tasks = desk.ask().tasks
    broken, _ = faulty("PATCH", f"api/tasks/{tasks[3].number}", [fault])
    wanted = desk.plan(team.emails, 1).assigned
    with pytest.raises(StudioError):
        desk.assign(team.emails, 1, studio=broken)
    left = desk.plan(team.emails, 1)
    assert left.assigned == wanted
    assert left.changed == ()
    assert [task.article for task in left.tasks] == ["a3", "a4", "a5"][fault is bad_gateway_after :]
    queues = desk.assign(team.emails, 1)
    for queue in queues:
        assert desk.shown(queue) == {one for one, who in wanted.items() if queue.person in who}


def test_an_assignment_that_the_ledger_lost_is_read_from_the_server(
    desk: Desk, team: Team, tmp_path: Path
) -> None:
    queues = desk.assign(team.emails, 1)
    wanted = desk.plan(team.emails, 1).assigned
    with open_ledger(tmp_path / "fresh.sqlite3") as fresh:
        desk.ledger = fresh
        plan = desk.plan(team.emails, 1)
        assert (plan.assigned, plan.tasks) == (wanted, ())
        assert desk.assign(team.emails, 1) == queues
        assert fresh.assignments.all("s") == wanted


def test_a_smaller_overlap_takes_nothing_away_and_the_server_still_lets_both_annotate(
    desk: Desk, team: Team
) -> None:
    desk.assign(team.emails, 2)
    desk.add(2)
    plan = desk.plan(team.emails, 1)
    assert (plan.more, plan.most, len(plan.tasks)) == (6, 2, 2)
    desk.assign(team.emails, 1)
    (project,) = desk.ask().projects
    assert project.maximum_annotations == 2
    rebalanced = desk.plan(team.emails, 1, rebalance=True)
    assert (rebalanced.more, rebalanced.most) == (0, 1)


def test_who_left_the_list_keeps_articles_and_queue_until_rebalanced(
    desk: Desk, team: Team
) -> None:
    lan, minh = team.emails
    queues = desk.assign(team.emails, 1)
    plan = desk.plan([lan], 1)
    assert [(share.person, share.articles) for share in plan.others] == [(minh, 3)]
    assert plan.tasks == ()
    task = next(one for one in desk.ask().tasks if one.article in desk.shown(queues[1]))
    team.studios[1].annotate(task.number, [])
    desk.assign([lan], 1, rebalance=True)
    assert desk.ask().former_here[task.article] == (minh,)
    assert desk.shown(queues[1]) == set()
    assert len(desk.shown(queues[0])) == 5
    assert queues[1].view in [view.id for view in desk.studio.views(queues[1].project)]


def test_rebalancing_leaves_an_article_to_whoever_has_a_draft_of_it(desk: Desk, team: Team) -> None:
    lan, minh = team.emails
    desk.assign([lan], 1)
    task = desk.ask().tasks[2]
    team.studios[0].call(
        "POST", f"api/tasks/{task.number}/drafts", dict, body={"result": [], "lead_time": 1}
    )
    plan = desk.plan([minh], 1, rebalance=True)
    assert [one for one, people in plan.assigned.items() if people == (lan,)] == [task.article]


def test_a_corpus_in_several_projects_gives_everyone_a_queue_in_each(
    server: Server, studio: Studio, ledger: Ledger, title: str, team: Team
) -> None:
    desk = Desk(server, studio, ledger, title, limit=3)
    queues = desk.assign(team.emails, 2)
    assert len({queue.project for queue in queues}) == 2
    for person in team.emails:
        shown = [desk.shown(queue) for queue in queues if queue.person == person]
        assert sorted(len(articles) for articles in shown) == [3, 3]
        assert set.union(*shown) == {article.id for article in desk.articles}
