"""Restore: a lost server's projects come back from the ledger, with everything in them."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import stat
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from annotate.corpus import Article
from annotate.errors import LedgerError, RequestRefused, StudioError
from annotate.formats import read_inline
from annotate.schema import Schema
from annotate.schema.model import Attribute, Option
from annotate.spans import Annotation
from annotate.studio.client import Studio
from annotate.studio.encode import (
    ASSIGNED_FIELD,
    REVIEW_FIELD,
    encode_relations,
    encode_spans,
)
from annotate.studio.ledger import Ledger, Place, open_ledger
from annotate.studio.ledger.verify import verify
from annotate.studio.migrate import migrate
from annotate.studio.pull import Pulled, pull
from annotate.studio.pushing import plan_push, push
from annotate.studio.quarantine import drop, list_marks
from annotate.studio.restoring import Plan, Restored, find_missing, plan_restore, restore
from annotate.studio.restoring import sign_up as sign_up_all
from annotate.studio.restoring.matching import reads_the_same
from annotate.studio.versions import find_version
from tests.conftest import Faulty, Server
from tests.deeds import answer, cut, cut_body
from tests.factories import make_choice, sample_schema
from tests.faults import FaultyTransport, timeout_after
from tests.proxy import Asked, Chance, FaultProxy
from tests.studio import migrating
from tests.studio.migrating import next_version
from tests.studio.people import sign_up

MARKED = (
    "Gia đình 👨\u200d👩\u200d👧 ông [Lê Văn Tám](PERSON) ở [xã Phú Lâm](LOCATION).\n\n"
    "[Thượng tá](RANK 1) [Trần Thị Hoa](PERSON 2), [Phó Trưởng [Công an [huyện Mường"
    " Tác](LOCATION)](ORGANIZATION)](ROLE), đến thăm <b>nhà</b> &amp; “vườn”.\\n\n\n---\n"
    "2 holds_rank 1\n"
)
GOLD = read_inline(MARKED)


@cache
def schema() -> Schema:
    """The sample schema, which asks about names and about articles as well."""
    sure = (Option(name="yes", title="Chắc"), Option(name="no", title="Không chắc"))
    return msgspec.structs.replace(
        sample_schema(),
        attributes=(
            Attribute(name="sure", title="Chắc chắn?", labels=("PERSON",), options=sure),
            Attribute(name="norm", title="Dạng chuẩn", labels=("PERSON", "LOCATION")),
        ),
        choices=(make_choice("topic", "crime", "help", multiple=True),),
    )


def articles(count: int) -> list[Article]:
    return [
        Article(id=f"bài-{n:02}", text=f"{GOLD.text} {n}", title=f"Tin {n}") for n in range(count)
    ]


def gold_result() -> list[dict[str, Any]]:
    """Nested spans, a relation, answers about a span and about the article."""
    first, *others = GOLD.spans
    told = msgspec.structs.replace(first, attributes={"sure": ("no",), "norm": ("Lê  Văn\nTám",)})
    result = encode_spans(schema(), GOLD.text, [told, *others])
    choice = {"type": "choices", "from_name": "topic", "to_name": "text", "id": "q"}
    answers = [{**choice, "value": {"choices": ["help", "crime"]}, "origin": "manual", "x": 1.5}]
    return [*result, *encode_relations(schema(), GOLD.relations), *answers]


class Room:
    """A project of two people that can be lost."""

    def __init__(self, server: Server, studio: Studio, ledger: Ledger, title: str) -> None:
        self.server = server
        self.studio = studio
        self.ledger = ledger
        self.title = title
        self.name = "s"
        self.other = f"{title.split()[1].lower()}@example.org"
        self.path = Path()

    @property
    def place(self) -> Place:
        (place,) = self.ledger.places(self.name)
        return place

    @property
    def tasks(self) -> dict[str, int]:
        return {article: n for n, (article, _) in self.ledger.tasks(self.place).items()}

    def push(self, given: list[Article]) -> None:
        target = (self.studio, self.ledger, self.name, self.title, schema())
        push(*target, plan_push(*target, given))

    def pull(self, **options: Any) -> Pulled:
        return pull(self.studio, self.ledger, self.place, schema(), **options)

    def submit(self, article: str, result: Any, by: Server | None = None, **fields: Any) -> int:
        body = {"result": result, **fields}
        path = f"api/tasks/{self.tasks[article]}/annotations"
        return int((by or self.server).call("POST", path, body)["id"])

    def fill(self) -> None:
        """Six articles; two people submit and skip, in several ways."""
        self.push(articles(6))
        self.submit("bài-00", gold_result(), lead_time=12.25)
        self.submit("bài-01", [], was_cancelled=True)
        self.submit("bài-03", [])
        # What is set aside: a label that nobody knows, a place that is not in the text.
        strange = [msgspec.json.decode(msgspec.json.encode(gold_result()[0])) for _ in range(2)]
        strange[0]["value"]["labels"] = ["NOBODY"]
        strange[1]["value"]["end"] = 9000
        self.submit("bài-04", [*gold_result()[2:4], *strange])
        with sign_up(self.server, self.other) as second:
            second.annotate(self.tasks["bài-00"], gold_result()[:3])
            second.annotate(self.tasks["bài-03"], gold_result())
        self.pull()

    def lose(self) -> Place:
        """Delete the project, as somebody does by mistake; return where it was."""
        place = self.place
        self.server.call("DELETE", f"api/projects/{place.project}/")
        return place

    def plan(self, studio: Studio | None = None, to: str = "") -> Plan:
        target = to or self.name
        asked = studio or self.studio
        return plan_restore(asked, self.ledger, self.name, target, self.title, schema)

    def restore(self, studio: Studio | None = None, to: str = "", **options: Any) -> Restored:
        target = (studio or self.studio, self.ledger, to or self.name, self.title)
        return restore(*target, self.plan(studio, to), **options)


@pytest.fixture
def room(server: Server, studio: Studio, ledger: Ledger, title: str, tmp_path: Path) -> Room:
    made = Room(server, studio, ledger, title)
    made.path = tmp_path / "ledger.sqlite3"
    return made


def without_numbers(annotations: Iterator[Annotation]) -> list[Annotation]:
    return [msgspec.structs.replace(annotation, id=0) for annotation in annotations]


def on_server(studio: Studio, project: int) -> list[tuple[Any, ...]]:
    """Everything about annotations that the server itself tells, but for numbers and times."""
    people = studio.people()
    return [
        (
            task.meta.article, task.meta.sha256, task.data.text, people[wire.completed_by or 0],
            wire.was_cancelled, wire.lead_time, wire.ground_truth, bytes(wire.result),
        )
        for page in studio.annotated_tasks(project)
        for task in page
        if task.meta
        for wire in sorted(task.annotations, key=lambda wire: wire.id)
    ]  # fmt: skip


# What comes back.


@pytest.mark.on_both_databases
def test_everything_comes_back_as_it_was_but_for_numbers(room: Room) -> None:
    room.fill()
    told = on_server(room.studio, room.place.project)
    known = without_numbers(room.ledger.annotations(room.place))
    former = room.lose()

    done = room.restore()

    assert (done.articles, done.annotations, done.since, done.changed) == (6, 6, 0, ())
    assert room.place != former
    assert on_server(room.studio, room.place.project) == told
    assert without_numbers(room.ledger.annotations(room.place)) == known
    assert Counter(one.annotator for one in known)[room.other] == 2


@pytest.mark.on_both_databases
def test_a_pull_afterwards_finds_nothing_new(room: Room) -> None:
    room.fill()
    room.lose()
    room.restore()
    rows = room.ledger.rows()
    for options in ({"full": True}, {"full": False}, {"overlap": 0}):
        pulled = room.pull(**options)
        assert (pulled.added, pulled.deleted, pulled.submitted, pulled.skipped) == (0, 0, 5, 1)
    assert room.ledger.rows() == rows


def test_what_was_marked_as_ground_truth_stays_so_and_nothing_else_is(room: Room) -> None:
    room.push(articles(2))
    room.submit("bài-00", [], ground_truth=True)
    room.submit("bài-01", [])
    room.pull()
    room.lose()
    room.restore()
    found = {row[0]: row[6] for row in on_server(room.studio, room.place.project)}
    assert found == {"bài-00": True, "bài-01": False}


def test_a_push_afterwards_has_nothing_to_do_and_asks_little(room: Room, faulty: Faulty) -> None:
    room.fill()
    room.lose()
    room.restore()
    watched, transport = faulty("GET", "/api/tasks", [])
    plan = plan_push(watched, room.ledger, room.name, room.title, schema(), articles(6))
    assert plan.idle
    assert len(plan.unchanged) == 6
    assert len(transport.requests) == 1


def test_the_project_is_as_a_push_makes_it(room: Room) -> None:
    room.fill()
    before = settings(room)
    room.lose()
    room.restore()
    assert settings(room) == before


def settings(room: Room) -> dict[str, Any]:
    """What people can set about a project, and what it says of its tasks."""
    found: dict[str, Any] = room.server.call("GET", f"api/projects/{room.place.project}")
    own = {
        "id",
        "created_at",
        "updated_at",
        "control_weights",
        "evaluate_predictions_automatically",
    }
    assert found["show_collab_predictions"]
    return {name: value for name, value in found.items() if name not in own | _DERIVED}


# What the server works out by itself when somebody looks.
_DERIVED = {"parsed_label_config", "config_suitable_for_bulk_annotation", "queue_left"}


def test_tasks_stand_in_the_order_that_they_had_and_have_their_suggestions(room: Room) -> None:
    room.fill()
    before = list(room.tasks)
    suggested = suggestions(room)
    room.lose()
    room.restore()
    assert list(room.tasks) == before
    assert suggestions(room) == suggested
    assert all(suggested.values())


def suggestions(room: Room) -> dict[str, Any]:
    return {
        task.meta.article: [json.loads(bytes(one.result)) for one in task.predictions]
        for page in room.studio.predicted_tasks(room.place.project)
        for task in page
        if task.meta
    }


def test_work_goes_on_and_new_and_changed_annotations_have_their_own_times(room: Room) -> None:
    room.fill()
    before = {(a.article, a.annotator): a for a in room.ledger.annotations(room.place)}
    room.lose()
    room.restore()
    old = next(a for a in room.ledger.annotations(room.place) if a.article == "bài-04")
    room.server.call("PATCH", f"api/annotations/{old.id}", {"result": []})
    room.submit("bài-05", gold_result())
    pulled = room.pull()
    assert (pulled.added, pulled.deleted) == (2, 0)
    now = {(a.article, a.annotator): a for a in room.ledger.annotations(room.place)}
    owner = room.server.login.email
    changed, former = now["bài-04", owner], before["bài-04", owner]
    assert changed.created_at == former.created_at
    assert changed.updated_at > former.updated_at
    assert changed.spans == ()
    assert now["bài-05", owner].created_at > max(a.updated_at for a in before.values())
    same = before.keys() - {("bài-04", owner)}
    assert all(now[key].updated_at == before[key].updated_at for key in same)


def test_a_restored_annotation_that_is_deleted_is_buried(room: Room) -> None:
    room.fill()
    room.lose()
    room.restore()
    gone = next(room.ledger.annotations(room.place)).id
    room.server.call("DELETE", f"api/annotations/{gone}")
    assert room.pull().deleted == 1
    assert gone not in room.ledger.numbers(room.place)


def test_what_was_restored_can_be_lost_and_restored_again(room: Room) -> None:
    room.fill()
    known = without_numbers(room.ledger.annotations(room.place))
    for _ in range(2):
        room.lose()
        room.restore()
    assert without_numbers(room.ledger.annotations(room.place)) == known
    assert room.pull(full=True).added == 0


def test_the_rows_of_the_lost_project_stay_and_do_not_count(room: Room) -> None:
    room.fill()
    before = room.ledger.query("SELECT * FROM annotations").fetchall()
    former = room.lose()
    room.restore()
    rows = room.ledger.query("SELECT * FROM annotations ORDER BY row").fetchall()
    assert rows[: len(before)] == before
    assert room.ledger.places(room.name) == (room.place,)
    assert room.ledger.count(former) == room.ledger.count(room.place) == 6


def test_a_project_that_is_there_is_left_alone(room: Room) -> None:
    room.fill()
    plan = room.plan()
    assert (plan.parts, plan.done) == ((), (0,))
    place, rows = room.place, room.ledger.rows()
    assert room.restore().places == ()
    assert (room.place, room.ledger.rows()) == (place, rows)


def test_deleted_annotations_and_articles_without_any_come_back_as_they_were(room: Room) -> None:
    room.fill()
    gone = next(room.ledger.annotations(room.place)).id
    room.server.call("DELETE", f"api/annotations/{gone}")
    room.pull()
    room.lose()
    assert room.restore().annotations == 5
    assert room.studio.count_annotated(room.place.project) == 4
    assert len(room.tasks) == 6


def test_a_project_without_annotations_is_rebuilt_too(room: Room) -> None:
    room.push(articles(3))
    room.lose()
    assert room.restore().articles == 3
    assert room.plan().done == (0,)


# People.


def test_without_its_people_nothing_is_restored_and_they_are_named(room: Room) -> None:
    room.fill()
    leave(room, "gone@example.org")
    room.lose()
    assert room.plan().missing == ("gone@example.org",)
    with pytest.raises(StudioError, match="not on the server: gone") as refused:
        room.restore()
    assert "--sign-up" in refused.value.remedy
    assert room.studio.projects_titled(room.title) == []


def leave(room: Room, address: str) -> None:
    """Have the ledger say that an annotation was made by somebody the server does not know."""
    entry = room.ledger.entry(room.place, min(room.ledger.numbers(room.place)))
    assert entry is not None
    annotation = msgspec.structs.replace(entry.annotation, annotator=address)
    room.ledger.append(room.place, [entry._replace(annotation=annotation)])


def test_the_work_of_those_who_left_can_count_as_ones_own_and_only_theirs(room: Room) -> None:
    room.fill()
    leave(room, "gone@example.org")
    before = Counter(a.annotator for a in room.ledger.annotations(room.place))
    room.lose()
    done = room.restore(as_owner=True)
    assert done.by_owner == {"gone@example.org": 1}
    now = Counter(a.annotator for a in room.ledger.annotations(room.place))
    assert now[room.other] == before[room.other]
    assert now[room.server.login.email] == before[room.server.login.email] + 1
    assert room.pull(full=True).added == 0


def test_people_get_accounts_with_the_passwords_that_are_kept(room: Room, tmp_path: Path) -> None:
    logins = tmp_path / "logins.json"
    one, other = f"one-{room.other}", f"other-{room.other}"
    assert sign_up_all(room.studio, "s", [one], logins) == [one]
    kept = json.loads(logins.read_bytes())
    assert sign_up_all(room.studio, "t", [other], logins) == [other]
    both = json.loads(logins.read_bytes())
    assert both["s"] == kept["s"]
    assert both["s"][one] != both["t"][other]
    assert stat.S_IMODE(logins.stat().st_mode) == 0o600
    assert find_missing(room.studio, [one.upper(), other, "nobody@example.org"]) == (
        "nobody@example.org",
    )


def test_an_account_that_the_server_does_not_make_is_told_with_its_reason(
    room: Room, tmp_path: Path
) -> None:
    address = f"alone-{room.other}"
    # Such a person belongs to no organisation.
    room.server.call("POST", "api/users/", {"email": address, "username": "alone"})
    with pytest.raises(RequestRefused, match="User with this email already exists"):
        sign_up_all(room.studio, "s", [address], tmp_path / "logins.json")
    with pytest.raises(StudioError, match="no account can be made for user 7"):
        sign_up_all(room.studio, "s", ["user 7"], tmp_path / "logins.json")


def test_assignments_are_in_the_tasks_and_everyone_has_a_queue(room: Room) -> None:
    room.fill()
    owner = room.server.login.email
    room.ledger.assignments.add(room.name, {"bài-02": [room.other, owner], "bài-05": [owner]})
    room.lose()
    done = room.restore()
    assert done.overlap == 2
    found = room.studio.project(room.place.project)
    assert found is not None
    assert found.maximum_annotations == 2
    data = {name: room.studio.task_data(task) for name, task in room.tasks.items()}
    assert data["bài-02"][ASSIGNED_FIELD] == f";{room.other};{owner};"
    assert ASSIGNED_FIELD not in data["bài-00"]
    titles = [view.data.title for view in room.studio.views(room.place.project)]
    assert len(titles) == 3


# What is refused.


def test_a_project_that_a_push_made_meanwhile_is_refused_and_left_alone(room: Room) -> None:
    room.fill()
    room.lose()
    with open_ledger(room.path.with_name("fresh.sqlite3")) as fresh:
        target = (room.studio, fresh, "s", room.title, schema())
        (place,) = push(*target, plan_push(*target, articles(6))).places
    with pytest.raises(StudioError, match="it holds tasks without their annotations"):
        room.plan()
    assert room.studio.count_annotated(place.project) == 0


def test_somebody_elses_project_of_that_title_is_refused(room: Room) -> None:
    room.fill()
    room.lose()
    project = room.studio.create_project(room.title, {})
    room.studio.import_tasks(project.id, [{"data": {"text": "Bài lạ."}}])
    with pytest.raises(StudioError, match="it holds tasks that are not in it") as refused:
        room.plan()
    assert "Delete it in Label Studio if nobody worked in it" in refused.value.remedy


def test_an_empty_project_of_that_title_is_taken_and_set_right(room: Room) -> None:
    room.fill()
    before = settings(room)
    room.lose()
    made = room.studio.create_project(room.title, {})
    room.restore()
    assert room.place.project == made.id
    assert settings(room) == before


def test_several_projects_of_that_title_are_refused(room: Room) -> None:
    room.fill()
    room.lose()
    for _ in range(2):
        room.studio.create_project(room.title, {})
    with pytest.raises(StudioError, match="2 projects at"):
        room.plan()


def test_a_text_that_only_the_corpus_has_is_taken_from_it(room: Room, title: str) -> None:
    room.fill()
    with open_ledger(room.path.with_name("elsewhere.sqlite3")) as elsewhere:
        # Who pulls what another machine pushed has no texts.
        target = (room.studio, elsewhere, "s", title)
        elsewhere.set_project("s", room.ledger.projects("s")[0])
        pull(room.studio, elsewhere, room.place, schema())
        room.lose()
        with pytest.raises(LedgerError, match="has the text that was pushed of bài-00, bài-01"):
            plan_restore(room.studio, elsewhere, "s", "s", title, schema)
        plan = plan_restore(
            room.studio, elsewhere, "s", "s", title, schema, lambda: articles(5)
        )  # fmt: skip
        assert restore(*target, plan).annotations == 6
        (place,) = elsewhere.places("s")
        assert pull(room.studio, elsewhere, place, schema(), full=True).added == 0


# Cut off.


class Death(BaseException):
    """The end of a process, which nothing can catch."""


class Deadly(httpx.BaseTransport):
    """Has the process die at a request, before or after the server does its work."""

    def __init__(self, at: int, *, after: bool) -> None:
        self._real = httpx.HTTPTransport()
        self._at = at
        self._after = after
        self._asked = count(1)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # A batch is sent while the one before is recorded.
        is_last = next(self._asked) == self._at
        if is_last and not self._after:
            raise Death
        answer = self._real.handle_request(request)
        if is_last:
            answer.read()
            raise Death
        return answer

    def close(self) -> None:
        self._real.close()


@pytest.fixture(scope="module")
def lost(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Room:
    """A room whose project is gone, to be restored again and again from copies of its ledger."""
    path = tmp_path_factory.mktemp("lost") / "ledger.sqlite3"
    studio = Studio(server.url, server.login.token)
    with open_ledger(path) as ledger:
        room = Room(server, studio, ledger, f"Test {uuid.uuid4().hex[:12]}")
        room.path = path
        room.fill()
        room.ledger.assignments.add("s", {"bài-02": [room.other]})
        room.lose()
    return room


@contextmanager
def copy_of(lost: Room, folder: Path) -> Iterator[Room]:
    """Give the room with a ledger of its own, and delete what was restored afterwards."""
    path = folder / "copy.sqlite3"
    shutil.copyfile(lost.path, path)
    with open_ledger(path) as ledger:
        room = Room(lost.server, lost.studio, ledger, lost.title)
        room.other, room.path = lost.other, path
        yield room
    for project in lost.studio.projects_titled(lost.title):
        lost.server.call("DELETE", f"api/projects/{project.id}/")


# A restore of six articles, two at a time, makes 24 requests. Of the moments at which it may
# die these are tried; all of them by hand.
DEATHS = [(at, after) for at in range(1, 25) for after in (False, True)]
if not os.environ.get("ANNOTATE_TEST_ALL_CUTS"):
    DEATHS = random.Random(3).sample(DEATHS, 4)  # noqa: S311


@pytest.mark.parametrize(("at", "after"), DEATHS)
def test_a_restore_that_dies_at_any_request_goes_on_without_doubles(
    lost: Room, tmp_path: Path, at: int, *, after: bool
) -> None:
    with copy_of(lost, tmp_path) as room:
        transport = Deadly(at, after=after)
        dying = Studio(room.server.url, room.server.login.token, transport)
        with dying, pytest.raises(Death):
            room.restore(dying, batch_size=2)
        room.restore(batch_size=2)
        assert differences(room, lost) == []


def differences(room: Room, lost: Room) -> list[str]:
    """Return in what server and ledger do not have everything once, as it was."""
    (project,) = room.studio.projects_titled(room.title)
    pages = room.studio.pushed_tasks(project.id)
    tasks = [task.meta.article for page in pages for task in page if task.meta]
    with open_ledger(lost.path) as before:
        (former,) = before.places("s")
        known = without_numbers(before.annotations(former))
    now = without_numbers(room.ledger.annotations(room.place))
    place, pulled = room.place, room.pull(full=True)
    same = {
        "tasks": tasks == [article.id for article in articles(6)],
        "project": place.project == project.id,
        "annotations": now == known,
        "pull": (pulled.added, pulled.deleted) == (0, 0),
        "chain": verify(room.ledger, print).faults == 0,
    }
    return [what for what, holds in same.items() if not holds]


@pytest.mark.parametrize("seed", [1])
def test_a_server_that_fails_again_and_again_gets_everything_once(
    lost: Room, tmp_path: Path, seed: int
) -> None:
    deeds = (answer(502), cut, cut_body(), answer(504))
    fault = Chance(seed, 0.12, deeds)
    with (
        copy_of(lost, tmp_path) as room,
        FaultProxy(room.server.url, [fault]) as proxy,
        Studio(proxy.url, room.server.login.token) as faulty,
    ):
        for _ in range(30):
            try:
                room.restore(faulty, batch_size=2)
                break
            except StudioError:
                continue
        fault.times = 0
        room.restore(batch_size=2)
        assert differences(room, lost) == []


class DyingLedger(Ledger):
    """A ledger at whose nth writing the process dies."""

    at = 0

    def _write(self) -> None:
        self.at -= 1
        if self.at == 0:
            raise Death

    def append(self, *given: Any, **options: Any) -> int:
        self._write()
        return super().append(*given, **options)

    def record_tasks(self, *given: Any) -> None:
        self._write()
        super().record_tasks(*given)

    def set_project(self, *given: Any) -> None:
        self._write()
        super().set_project(*given)


@pytest.mark.parametrize("at", [2, 8])
def test_a_restore_that_dies_between_two_writings_of_the_ledger_goes_on(
    lost: Room, tmp_path: Path, at: int
) -> None:
    with copy_of(lost, tmp_path) as room, closing(sqlite3.connect(room.path)) as connection:
        whole = room.ledger
        room.ledger = DyingLedger(connection)
        room.ledger.at = at
        with suppress(Death):
            room.restore(batch_size=2)
        room.ledger = whole
        room.restore(batch_size=2)
        assert differences(room, lost) == []


def test_an_import_that_arrives_late_is_not_there_twice(lost: Room, tmp_path: Path) -> None:
    with copy_of(lost, tmp_path) as room:
        late: list[bytes] = []

        def keep(request: httpx.Request, _forward: Any) -> httpx.Response:
            late.append(request.read())
            raise httpx.ReadTimeout("timed out", request=request)

        transport = FaultyTransport("POST", "/import", [keep])
        with (
            Studio(room.server.url, room.server.login.token, transport) as slow,
            pytest.raises(StudioError),
        ):
            room.restore(slow, batch_size=3)
        plan = room.plan()
        # The server comes to it after the next run has looked what is there.
        (project,) = room.studio.projects_titled(room.title)
        room.server.call("POST", f"api/projects/{project.id}/import", json.loads(late[0]))
        restore(room.studio, room.ledger, "s", room.title, plan)
        assert differences(room, lost) == []


def test_what_people_do_in_a_half_restored_project_is_kept(lost: Room, tmp_path: Path) -> None:
    with copy_of(lost, tmp_path) as room:
        target = Studio(room.server.url, room.server.login.token, Deadly(18, after=True))
        with target, pytest.raises(Death):
            room.restore(target, batch_size=6)
        (project,) = room.studio.projects_titled(room.title)
        page = next(room.studio.annotated_tasks(project.id))
        changed = next(task for task in page if task.meta and task.meta.article == "bài-04")
        room.studio.set_result(changed.annotations[0].id, [])
        room.studio.annotate(changed.id, gold_result())
        room.restore()
        made = [a for a in room.ledger.annotations(room.place) if a.article == "bài-04"]
        assert [len(a.spans) for a in made] == [0, len(GOLD.spans)]
        assert room.ledger.count(room.place) == 7
        assert room.pull(full=True).added == 0


# What the ledger alone knows.


MENDED = "Tin mới 🎉 từ Báo X.\n\n" + (
    GOLD.text.replace("Trần Thị Hoa", "Trần Thị Hoà").replace("Thượng tá", "Đồng chí Thượng tá")
).replace("Công an ", "")


def mended(room: Room) -> Article:
    """Have the text of an annotated article change, after which people should look at it."""
    room.push([Article(id="bài", text=GOLD.text)])
    room.submit("bài", gold_result())
    room.pull()
    article = Article(id="bài", text=MENDED)
    room.push([article])
    return article


def test_what_waits_from_an_earlier_text_waits_on_and_is_settled_as_ever(room: Room) -> None:
    article = mended(room)
    (before,) = room.ledger.annotations(room.place)
    assert before.set_aside
    room.lose()
    done = room.restore()
    (after,) = room.ledger.annotations(room.place)
    assert msgspec.structs.replace(after, id=before.id) == before
    assert (done.changed, room.pull(full=True).added) == ((), 0)
    assert room.studio.task_data(room.tasks["bài"])[REVIEW_FIELD]
    (view,) = room.studio.views(room.place.project)
    assert view.data.title == "Văn bản đã đổi, cần xem lại"
    drop(room.ledger, list_marks(room.ledger, [room.place]))
    room.push([article, Article(id="bài-mới", text="Một bài nữa.")])
    assert not room.studio.task_data(room.tasks["bài"])[REVIEW_FIELD]


def test_what_was_decided_about_marks_stays_decided(room: Room) -> None:
    room.fill()
    drop(room.ledger, list_marks(room.ledger, [room.place]))
    known = without_numbers(room.ledger.annotations(room.place))
    assert any(one.decided for one in known)
    assert not any(one.set_aside for one in known)
    room.lose()
    assert room.restore().changed == ()
    assert without_numbers(room.ledger.annotations(room.place)) == known
    assert room.pull(full=True).added == 0


def test_what_was_submitted_on_a_former_text_is_written_to_the_new_server(room: Room) -> None:
    article = mended(room)
    (known,) = room.ledger.annotations(room.place)
    room.studio.set_result(known.id, gold_result()[:3])
    assert room.pull().late == 1
    (before,) = room.ledger.annotations(room.place)
    room.lose()
    room.restore()
    (after,) = room.ledger.annotations(room.place)
    assert msgspec.structs.replace(after, id=before.id) == before
    room.push([article])
    assert room.pull(full=True).late == 0
    (row,) = on_server(room.studio, room.place.project)
    marks = [m for m in json.loads(row[-1]) if m["type"] == "labels"]
    assert all(MENDED[m["value"]["start"] : m["value"]["end"]] == m["value"]["text"] for m in marks)


def test_a_task_that_was_on_its_way_to_a_new_text_is_restored_and_moved_again(
    room: Room, faulty: Faulty
) -> None:
    room.push([Article(id="bài", text=GOLD.text)])
    room.submit("bài", gold_result())
    article = Article(id="bài", text=MENDED)
    cut_off, _ = faulty("PATCH", f"/api/tasks/{room.tasks['bài']}", [timeout_after])
    target = (room.ledger, room.name, room.title, schema())
    with pytest.raises(StudioError):
        push(cut_off, *target, plan_push(cut_off, *target, [article]))
    room.lose()
    room.restore()
    (old,) = room.ledger.annotations(room.place)
    assert old.sha256 == Article(id="bài", text=GOLD.text).sha256
    room.push([article])
    (new,) = room.ledger.annotations(room.place)
    assert new.sha256 == article.sha256
    assert room.pull(full=True).added == 0


def test_a_review_after_a_migration_goes_on_and_the_former_version_can_be_built(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    target, old, new = (studio, ledger, "s", title), sample_schema(), next_version()
    (place,) = push(*target, old, plan_push(*target, old, [])).places
    given = migrating.fill(server, place.project, 3)
    push(*target, old, plan_push(*target, old, given))
    done = migrate(*target, new)
    assert done.waiting
    former = without_numbers(ledger.annotations(place, ledger.migrations.all(place)[0].row))
    now = without_numbers(ledger.annotations(place))
    server.call("DELETE", f"api/projects/{place.project}/")

    plan = plan_restore(studio, ledger, "s", "s", title, next_version)
    (place,) = restore(*target, plan).places

    assert without_numbers(ledger.annotations(place)) == now
    (migrated,) = ledger.migrations.all(place)
    assert without_numbers(ledger.annotations(place, migrated.row)) == former
    known = ledger.project("s")
    assert known is not None
    assert find_version(ledger, [place], known.page, new, old.version).until == {
        place: migrated.row
    }
    assert tuple(view.data.title for view in studio.views(place.project)) == done.views
    assert pull(studio, ledger, place, known.page.drawn if known.page else new).added == 0
    again = migrate(*target, new)
    assert (again.again, again.waiting, again.rewritten) == (True, done.waiting, 0)
    for page in studio.annotated_tasks(place.project):
        for task in page:
            for wire in task.annotations:
                marks = json.loads(bytes(wire.result))
                kept = [m for m in marks if m.get("value", {}).get("labels") != ["LOCATION"]]
                studio.set_result(wire.id, kept)
    assert migrate(*target, new).waiting == {}
    assert studio.views(place.project) == []


# Several projects, several servers.


def test_a_corpus_of_several_projects_comes_back_in_as_many(room: Room) -> None:
    target = (room.studio, room.ledger, "s", room.title, schema())
    push(*target, plan_push(*target, articles(5), limit=2))
    for place in room.ledger.places("s"):
        for task in room.ledger.tasks(place):
            room.studio.annotate(task, gold_result())
        pull(room.studio, room.ledger, place, schema())
    before = [without_numbers(room.ledger.annotations(p)) for p in room.ledger.places("s")]
    titles = [f"{room.title}{end}" for end in ("", " (2)", " (3)")]
    for place in room.ledger.places("s")[:2]:
        room.server.call("DELETE", f"api/projects/{place.project}/")

    dying = Studio(room.server.url, room.server.login.token, Deadly(29, after=True))
    with dying, pytest.raises(Death):
        room.restore(dying)
    plan = room.plan()
    assert [part.number for part in plan.parts] == [0, 1]
    room.restore()

    after = [without_numbers(room.ledger.annotations(p)) for p in room.ledger.places("s")]
    assert after == before
    assert [len(room.studio.projects_titled(title)) for title in titles] == [1, 1, 1]
    assert plan_push(*target, articles(5), limit=2).idle


def test_a_new_project_never_has_the_number_of_one_that_the_ledger_tells_of(room: Room) -> None:
    room.fill()
    former = room.place
    # What a server does that was reset: it gives a number again.
    room.lose()
    coming = room.studio.create_project("Số tiếp theo", {}).id + 1
    entry = room.ledger.entry(former, min(room.ledger.numbers(former)))
    assert entry is not None
    room.ledger.append(Place("s", coming), [entry])
    room.restore()
    assert room.place.project > coming
    assert room.ledger.count(Place("s", coming)) == 1
    assert len(room.studio.projects_titled(room.title)) == 1
    room.server.call("DELETE", f"api/projects/{coming - 1}/")


def test_a_server_that_makes_the_project_twice_for_one_request_leaves_one(room: Room) -> None:
    """Label Studio repeats a request during which its SQLite was locked, with what it left."""
    room.fill()
    room.lose()
    made: list[int] = []

    def make_before(asked: Asked) -> None:
        if asked.method == "POST" and asked.path == "/api/projects" and not made:
            body = msgspec.json.decode(asked.body)
            made.append(room.server.call("POST", "api/projects", body)["id"])

    with (
        FaultProxy(room.server.url, before=make_before) as proxy,
        Studio(proxy.url, room.server.login.token) as studio,
    ):
        assert room.restore(studio).annotations == 6
    assert made
    assert [one.id for one in room.studio.projects_titled(room.title)] == [room.place.project]


def test_an_empty_project_with_such_a_number_is_exchanged(room: Room) -> None:
    room.fill()
    former = room.place
    room.lose()
    made = room.studio.create_project(room.title, {}).id
    entry = room.ledger.entry(former, min(room.ledger.numbers(former)))
    assert entry is not None
    room.ledger.append(Place("s", made), [entry])
    room.restore()
    assert room.place.project > made
    assert room.studio.project(made) is None


def test_numbers_of_former_people_are_forgotten(room: Room) -> None:
    room.fill()
    room.ledger.set_people("s", {999_999: "former@example.org"})
    room.lose()
    room.restore()
    assert room.ledger.people("s") == room.studio.people()


def test_another_server_gets_a_copy_and_the_first_one_still_counts(room: Room) -> None:
    # The same server under another name is as another one, but for the title.
    room.fill()
    owner = room.server.login.email
    room.ledger.assignments.add("s", {"bài-02": [owner]})
    known = without_numbers(room.ledger.annotations(room.place))
    first = room.place
    room.title = f"{room.title} copy"
    room.restore(to="t")
    assert room.place == first
    (second,) = room.ledger.places("t")
    assert without_numbers(room.ledger.annotations(second)) == known
    assert room.ledger.assignments.all("t") == {"bài-02": (owner,)}
    assert room.plan(to="t").done == (0,)


def test_what_was_made_at_a_third_server_since_is_told(room: Room) -> None:
    room.fill()
    copy = Room(room.server, room.studio, room.ledger, f"{room.title} copy")
    copy.restore(to="t")
    copy.name = "t"
    copy.submit("bài-05", [])
    copy.pull()
    assert copy.plan(to="u").later == {}
    copy.name = "s"
    assert copy.plan(to="s").later == {"t": 1}
    copy.title = f"{room.title} third"
    assert copy.plan(to="u").later == {"t": 1}


def test_a_new_workspace_restores_the_only_server_that_a_backup_tells_of(room: Room) -> None:
    room.fill()
    room.title = f"{room.title} copy"
    plan = plan_restore(room.studio, room.ledger, "local", "local", room.title, schema)
    assert plan.source == "s"
    restore(room.studio, room.ledger, "local", room.title, plan)
    again = plan_restore(room.studio, room.ledger, "local", "local", room.title, schema)
    assert (again.source, again.done) == ("local", (0,))


def test_of_several_servers_none_is_guessed(room: Room) -> None:
    room.fill()
    room.ledger.set_project("t", room.ledger.projects("s")[0])
    with pytest.raises(LedgerError, match="the ledger knows projects at s, t") as refused:
        plan_restore(room.studio, room.ledger, "local", "local", room.title, schema)
    assert "LABEL_STUDIO_URL" in refused.value.remedy


def test_a_server_on_another_database_tells_the_same_in_other_bytes(
    local_server: Server, team_server: Server, ledger: Ledger, title: str
) -> None:
    with (
        Studio(local_server.url, local_server.login.token) as studio,
        Studio(team_server.url, team_server.login.token) as team,
    ):
        room = Room(local_server, studio, ledger, title)
        room.fill()
        drop(ledger, list_marks(ledger, [room.place])[:1])
        before = list(ledger.annotations(room.place))
        sign_up(team_server, room.other).__exit__()
        done = room.restore(team, to="t")
        assert (done.annotations, done.changed) == (6, ())
        (place,) = ledger.places("t")
        after = list(ledger.annotations(place))
        assert all(reads_the_same(*both) for both in zip(after, before, strict=True))
        assert [one.annotator for one in after] == [one.annotator for one in before]
        assert pull(team, ledger, place, schema(), full=True).added == 0


# Large ones.

ARTICLES = int(os.environ.get("ANNOTATE_TEST_ARTICLES", "60"))


def test_many_articles_and_large_ones_come_back(room: Room) -> None:
    long = GOLD.text + "\n" + "Một câu dài về mùa gặt ở bến sông. " * 30_000
    given = [*articles(ARTICLES), *(Article(id=f"dài-{n}", text=f"{long}{n}") for n in range(3))]
    assert len(given[-1].text) > 1_000_000
    room.push(given)
    for article in ("dài-0", "dài-2", "bài-01"):
        room.submit(article, gold_result())
    room.pull()
    known = without_numbers(room.ledger.annotations(room.place))
    order = list(room.tasks)
    room.lose()
    room.restore()
    assert without_numbers(room.ledger.annotations(room.place)) == known
    assert list(room.tasks) == order
