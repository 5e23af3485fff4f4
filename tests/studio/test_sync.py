"""A second push or pull costs what changed, and notices what is not as it was."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.schema import Schema
from annotate.studio import fetching
from annotate.studio.client import Studio
from annotate.studio.encode import encode_spans
from annotate.studio.ledger import KnownProject, Ledger, Place, open_ledger
from annotate.studio.pull import Pulled, pull
from annotate.studio.pushing import Plan, Pushed, plan_push, push
from annotate.studio.pushing.plan import find_homes
from tests.conftest import Faulty, Server
from tests.factories import make_entity, make_schema, make_span

pytestmark = pytest.mark.on_both_databases

TEXT = "Trung tá Lê An đến Bộ Công an."
LIMIT = 4


def articles(count: int) -> list[Article]:
    return [Article(id=f"a{n:02}", text=f"{TEXT} {n}") for n in range(count)]


class Room:
    """A workspace of articles on the session's server."""

    def __init__(self, studio: Studio, ledger: Ledger, title: str, limit: int = 20_000) -> None:
        self.studio = studio
        self.ledger = ledger
        self.title = title
        self.limit = limit
        self.schema: Schema = make_schema()

    def plan(self, given: list[Article], **options: Any) -> Plan:
        return plan_push(
            self.studio, self.ledger, "s", self.title, self.schema, given, limit=self.limit,
            **options,
        )  # fmt: skip

    def push(self, given: list[Article], plan: Plan | None = None, **options: Any) -> Pushed:
        target = (self.studio, self.ledger, "s", self.title, self.schema)
        return push(*target, plan or self.plan(given), **options)

    @property
    def places(self) -> tuple[Place, ...]:
        return self.ledger.places("s")

    def pull(self, studio: Studio | None = None, **options: Any) -> Pulled:
        pulled = Pulled(full=True)
        for place in self.places:
            asked = studio or self.studio
            pulled += pull(asked, self.ledger, place, self.schema, **{"overlap": 0, **options})
        return pulled

    def tasks(self) -> dict[str, tuple[Place, int]]:
        return {
            article: (place, task)
            for place in self.places
            for task, (article, _) in self.ledger.tasks(place).items()
        }

    def annotate(self, *names: str) -> list[int]:
        tasks = self.tasks()
        result = encode_spans(self.schema, TEXT, [make_span(9, 14)])
        return [self.studio.annotate(tasks[name][1], result) for name in names]

    def on_server(self) -> Counter[str]:
        return Counter(
            task.meta.article
            for place in self.places
            for page in self.studio.pushed_tasks(place.project)
            for task in page
            if task.meta
        )

    def pulled(self) -> list[str]:
        return sorted(a.article for place in self.places for a in self.ledger.annotations(place))


@pytest.fixture
def room(studio: Studio, ledger: Ledger, title: str) -> Room:
    return Room(studio, ledger, title)


# Pull.


def wait_a_second(studio: Studio) -> None:
    """Wait until the server tells another second: its answers tell no less."""
    studio.version()
    then = studio.server_time
    while studio.server_time == then:
        studio.version()


def test_a_second_pull_reads_what_changed_and_the_first_everything(room: Room) -> None:
    room.push(articles(6))
    room.annotate("a00", "a01", "a02")
    wait_a_second(room.studio)
    first = room.pull()
    assert (first.full, first.read, first.added) == (True, 3, 3)
    room.annotate("a05")
    second = room.pull()
    assert (second.full, second.added, second.submitted) == (False, 1, 4)
    assert second.read < 4
    third = room.pull(full=True)
    assert (third.full, third.read, third.added) == (True, 4, 0)


def test_the_overlap_is_read_again_and_adds_nothing(room: Room) -> None:
    room.push(articles(3))
    room.annotate("a00", "a01")
    room.pull()
    again = room.pull(overlap=600)
    assert (again.full, again.added) == (False, 0)
    assert again.read >= 2


def test_a_deleted_task_is_noticed_by_the_count(room: Room, server: Server) -> None:
    room.push(articles(4))
    room.annotate("a00", "a01", "a01")
    room.pull()
    server.call("DELETE", f"api/tasks/{room.tasks()['a01'][1]}")
    pulled = room.pull()
    assert (pulled.deleted, pulled.submitted, pulled.full) == (2, 1, False)
    assert room.pulled() == ["a00"]


def test_a_clock_that_went_back_has_everything_compared(room: Room) -> None:
    room.push(articles(3))
    room.annotate("a00")
    room.pull()
    (place,) = room.places
    last = room.ledger.pulls.last(place)
    assert last is not None
    # The server told a later time then than it does now.
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    room.ledger.pulls.end(place, last._replace(mark=later, clock=later))
    room.annotate("a01")
    pulled = room.pull()
    assert (pulled.full, pulled.added) == (True, 1)
    assert room.pull().full is False


def test_another_schema_has_everything_read_again(room: Room) -> None:
    room.push(articles(2))
    value = {"start": 0, "end": 8, "labels": ["TITLE"], "text": "Trung tá"}
    mark = {"id": "x", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    room.studio.annotate(room.tasks()["a00"][1], [mark])
    assert room.pull().set_aside == 1
    wider = (*room.schema.entities, make_entity("TITLE", "Title"))
    room.schema = msgspec.structs.replace(room.schema, entities=wider)
    pulled = room.pull()
    assert (pulled.full, pulled.set_aside, pulled.spans, pulled.added) == (True, 0, 1, 1)


@pytest.mark.parametrize("jobs", [1, 3])
def test_pages_are_small_enough_and_all_arrive(
    room: Room, monkeypatch: pytest.MonkeyPatch, jobs: int
) -> None:
    monkeypatch.setattr(fetching, "_LEAST", 2)
    monkeypatch.setattr(fetching, "_PAGE_BYTES", 1)
    room.push(articles(9))
    names = [article.id for article in articles(9) if article.id != "a04"]
    room.annotate(*names)
    assert room.pull(jobs=jobs).added == 8
    assert room.pulled() == names
    assert room.pull(jobs=jobs, full=True).added == 0


def test_a_full_pull_that_was_cut_off_goes_on_where_it_was(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "_LEAST", 2)
    monkeypatch.setattr(fetching, "_PAGE_BYTES", 1)
    room.push(articles(8))
    room.annotate(*(article.id for article in articles(8)))
    wait_a_second(room.studio)
    append = room.ledger.append
    taken = 0

    class Killed(BaseException):
        pass

    def append_two(*arguments: Any) -> int:
        nonlocal taken
        taken += 1
        if taken > 2:
            raise Killed
        return append(*arguments)

    monkeypatch.setattr(room.ledger, "append", append_two)
    with pytest.raises(Killed):
        room.pull()
    monkeypatch.setattr(room.ledger, "append", append)
    assert len(room.pulled()) == 4
    # Somebody goes on meanwhile, in what was read already.
    room.annotate("a00")
    rest = room.pull()
    assert (rest.full, rest.added) == (True, 5)
    assert Counter(room.pulled())["a00"] == 2
    assert rest.read < 9


def test_drafts_arrive_when_asked_for_and_go_when_they_are_submitted(room: Room) -> None:
    room.push(articles(2))
    task = room.tasks()["a00"][1]
    result = encode_spans(room.schema, TEXT, [make_span(9, 14)])
    body = {"result": result}
    room.studio.call("POST", f"api/tasks/{task}/drafts", dict, body=body)
    assert room.pull().drafts == 0
    assert room.pull(drafts=True).drafts == 1
    (place,) = room.places
    (draft,) = room.ledger.annotations(place, kind="draft")
    assert (draft.status, draft.article, draft.spans) == ("draft", "a00", (make_span(9, 14),))
    assert list(room.ledger.annotations(place)) == []
    room.studio.request("DELETE", f"api/drafts/{draft.id}")
    assert room.pull(drafts=True).drafts == 0
    assert list(room.ledger.annotations(place, kind="draft")) == []


# Push.


def test_a_plan_lists_the_servers_tasks_only_when_they_are_not_the_known_ones(
    room: Room, faulty: Faulty, server: Server
) -> None:
    room.push(articles(5))
    studio = room.studio
    room.studio, transport = faulty("GET", "/api/tasks", [])
    assert room.plan(articles(5)).idle
    assert len(transport.requests) == 1
    server.call("DELETE", f"api/tasks/{room.tasks()['a01'][1]}")
    studio.import_tasks(room.places[0].project, [{"data": {"text": "Bài lạ."}}])
    assert [task.article for task in room.plan(articles(5)).vanished] == ["a01"]


def test_a_task_that_got_the_number_of_a_deleted_one_is_noticed(room: Room, server: Server) -> None:
    room.push(articles(3))
    (place,) = room.places
    last = room.tasks()["a02"][1]
    server.call("DELETE", f"api/tasks/{last}")
    room.studio.import_tasks(place.project, [{"data": {"text": "Bài lạ."}}])
    plan = room.plan(articles(3))
    assert [task.article for task in plan.vanished] == ["a02"]
    assert [article.id for article in plan.new] == ["a02"]


def test_no_more_new_articles_are_pushed_than_the_limit(room: Room) -> None:
    room.push(articles(5), room.plan(articles(5)).first(2))
    assert sorted(room.on_server()) == ["a00", "a01"]
    assert len(room.plan(articles(5)).new) == 3


def test_several_batches_at_once_arrive_whole(room: Room) -> None:
    done = room.push(articles(20), batch_size=3, jobs=2)
    assert done.pushed == 20
    assert room.on_server() == Counter(article.id for article in articles(20))
    assert room.plan(articles(20)).idle


def test_a_task_whose_article_is_gone_is_deleted_only_when_asked_for(room: Room) -> None:
    room.push(articles(4))
    room.annotate("a03")
    left = articles(2)
    assert [task.article for task in room.plan(left).gone] == ["a02", "a03"]
    room.push(left)
    assert len(room.on_server()) == 4
    done = room.push(left, prune=True)
    assert (done.pruned, done.kept) == (1, 1)
    assert sorted(room.on_server()) == ["a00", "a01", "a03"]
    done = room.push(left, prune=True, force=True)
    assert (done.pruned, done.kept) == (1, 0)
    assert sorted(room.on_server()) == ["a00", "a01"]
    # What was marked is in the ledger, as something deleted.
    assert [row.annotation is not None for row in room.ledger.history("a03")] == [True]
    assert room.pull().deleted == 1
    assert room.pulled() == []
    assert room.plan(left).idle


def test_a_draft_is_work_that_is_not_deleted(room: Room) -> None:
    room.push(articles(2))
    task = room.tasks()["a01"][1]
    body = {"result": encode_spans(room.schema, TEXT, [make_span(9, 14)])}
    room.studio.call("POST", f"api/tasks/{task}/drafts", dict, body=body)
    assert room.push(articles(1), prune=True).kept == 1
    assert len(room.on_server()) == 2


def test_suggestions_of_former_patterns_are_renewed_where_nobody_annotated(
    room: Room, server: Server
) -> None:
    room.push(articles(3))
    room.annotate("a02")
    assert room.plan(articles(3)).idle
    person, rank = room.schema.entities
    found = msgspec.structs.replace(rank, patterns=("Trung tá",))
    room.schema = msgspec.structs.replace(room.schema, entities=(person, found))
    plan = room.plan(articles(3))
    assert [shown.article.id for shown in plan.outdated] == ["a00", "a01"]
    assert room.push(articles(3)).renewed == 2
    shown = {}
    for name, (_, task) in room.tasks().items():
        predictions = server.call("GET", f"api/tasks/{task}")["predictions"]
        shown[name] = [mark["value"]["text"] for one in predictions for mark in one["result"]]
    assert shown == {"a00": ["Trung tá"], "a01": ["Trung tá"], "a02": []}
    assert room.plan(articles(3)).idle


def test_two_pushes_at_once_from_two_machines_leave_one_task_an_article(
    room: Room, server: Server, tmp_path: Path
) -> None:
    room.push(articles(1))
    gate = threading.Barrier(2)
    plans: list[Plan] = []

    def other() -> None:
        with (
            open_ledger(tmp_path / "other.sqlite3") as ledger,
            Studio(server.url, server.login.token) as studio,
        ):
            second = Room(studio, ledger, room.title)
            plan = second.plan(articles(30))
            plans.append(plan)
            gate.wait()
            second.push(articles(30), plan, batch_size=4)

    thread = threading.Thread(target=other)
    thread.start()
    plan = room.plan(articles(30))
    gate.wait()
    room.push(articles(30), plan, batch_size=4)
    thread.join()
    assert len(plans[0].new) == len(plan.new) == 29
    assert room.on_server() == Counter(article.id for article in articles(30))
    room.push(articles(30))
    assert room.plan(articles(30)).idle
    assert len(room.tasks()) == 30


def test_of_doubles_those_that_somebody_worked_on_stay(room: Room) -> None:
    room.push(articles(2))
    (place,) = room.places
    meta = {"article": "a01", "sha256": articles(2)[1].sha256}
    twin = {"data": {"article": "a01", "text": articles(2)[1].text}, "meta": meta}
    worked, idle = room.studio.import_tasks(place.project, [twin, twin])
    room.studio.annotate(worked, [])
    assert list(room.plan(articles(2)).doubles) == ["a01"]
    assert room.push(articles(2)).doubles == 2
    left = [task.id for page in room.studio.pushed_tasks(place.project) for task in page]
    assert worked in left
    assert idle not in left
    assert len(left) == 2
    assert room.plan(articles(2)).idle


# Several projects.


@pytest.fixture
def parts(studio: Studio, ledger: Ledger, title: str) -> Room:
    return Room(studio, ledger, title, LIMIT)


def test_a_large_corpus_spreads_over_several_projects_that_are_one(parts: Room) -> None:
    done = parts.push(articles(10))
    assert len(done.places) == len(parts.places) == 3
    sizes = [len(parts.ledger.tasks(place)) for place in parts.places]
    assert sum(sizes) == 10
    assert max(sizes) <= LIMIT
    assert parts.plan(articles(10)).idle
    parts.annotate(*(article.id for article in articles(10)))
    assert parts.pull().added == 10
    assert parts.pulled() == [article.id for article in articles(10)]
    titles = {
        project.title for place in parts.places if (project := parts.studio.project(place.project))
    }
    assert titles == {parts.title, f"{parts.title} (2)", f"{parts.title} (3)"}


def test_a_corpus_that_grows_moves_no_article_to_another_project(parts: Room) -> None:
    parts.push(articles(6))
    before = parts.tasks()
    parts.push(articles(13))
    after = parts.tasks()
    assert {name: after[name] for name in before} == before
    assert len(after) == 13


def test_a_lost_ledger_finds_all_the_projects_again(parts: Room, tmp_path: Path) -> None:
    parts.push(articles(10))
    before = parts.tasks()
    with open_ledger(tmp_path / "fresh.sqlite3") as fresh:
        parts.ledger = fresh
        assert len(parts.plan(articles(10)).unrecorded) == 10
        parts.push(articles(10))
        assert parts.tasks() == before


@given(
    st.sets(st.integers(0, 10_000), max_size=60),
    st.dictionaries(st.integers(0, 3), st.integers(0, 12), max_size=4),
    st.integers(1, 12),
)
def test_every_article_has_a_home_with_room(
    numbers: set[int], sizes: dict[int, int], limit: int
) -> None:
    new = [Article(id=f"x{n}", text=TEXT) for n in numbers]
    homes = find_homes(new, sizes, limit)
    assert homes.keys() == {article.id for article in new}
    for part, count in Counter(homes.values()).items():
        assert sizes.get(part, 0) + count <= limit
    assert find_homes(new[::-1], sizes, limit) == homes


def test_what_is_known_of_a_project_stays_when_its_page_is_set(ledger: Ledger) -> None:
    known = KnownProject(1, "then", "guide", None, "patterns", 5, 9)
    ledger.set_project("s", known, 2)
    assert ledger.projects("s") == {2: known}
