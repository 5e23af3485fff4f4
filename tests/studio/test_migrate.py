"""Migrating a project on a real server: nothing is lost, wherever it is cut off."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from annotate.errors import SchemaError, StudioError
from annotate.schema.dump import dump_schema
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger
from annotate.studio.migrate import migrate, plan_migration
from annotate.studio.pushing import plan_push, push
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Server
from tests.factories import make_schema, sample_schema
from tests.studio import migrating
from tests.studio.migrating import Seen, labels_in, look, next_version, rewritten, unconcerned
from tests.studio.people import sign_up

# How many articles the great migration has; more of them by hand.
ARTICLES = int(os.environ.get("ANNOTATE_TEST_ARTICLES", "24"))


class Room:
    """A workspace whose project holds annotated articles, drafts among them."""

    def __init__(
        self, server: Server, studio: Studio, workspace: Workspace, annotate: Annotate, count: int
    ) -> None:
        self.server = server
        self.studio = studio
        self.workspace = workspace
        self.root = workspace.root
        self.annotate = annotate
        assert self.run("push").status == 0
        (project,) = studio.projects_titled(workspace.settings.title)
        self.project = project.id
        self.articles = migrating.fill(server, project.id, count)
        migrating.write_articles(self.root / "corpus", self.articles)
        assert self.run("push").status == 0
        assert self.run("pull").status == 0

    def run(self, *arguments: str | Path) -> Any:
        return self.annotate(*arguments, "--workspace", self.root)

    def draft(self, person: Studio, task: int, result: Any, annotation: int | None = None) -> int:
        """Save a draft as somebody's editor does, of a new or of a submitted annotation."""
        within = f"/annotations/{annotation}" if annotation else ""
        path = f"api/tasks/{task}{within}/drafts"
        body = {"result": result, "lead_time": 2.0}
        made = person.call("POST", path, dict, body=body)
        number: int = made["id"]
        return number

    def look(self) -> Seen:
        return look(self.server, self.studio, self.project)

    def write_next_version(self) -> None:
        text = dump_schema(next_version())
        self.workspace.schema_path.write_text(text, encoding="utf-8")

    def ledger(self) -> sqlite3.Connection:
        return sqlite3.connect(self.workspace.ledger_path)


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace({"zzz.md": "Trung tá Lê An ở xã Đá."})


MakeRoom = Callable[[int], Room]


@pytest.fixture
def make_room(server: Server, studio: Studio, workspace: Workspace, annotate: Annotate) -> MakeRoom:
    return lambda count: Room(server, studio, workspace, annotate, count)


def kill_in_the_middle(room: Room, after: int) -> int:
    """Begin the migration, kill it when so many annotations are rewritten; return how many."""
    command = [sys.executable, "-m", "annotate", "schema", "migrate", "--to", "2.0.0"]
    environ = {
        **os.environ,
        "LABEL_STUDIO_URL": room.server.url,
        "LABEL_STUDIO_API_KEY": room.server.login.token,
    }
    process = subprocess.Popen([*command, "--workspace", room.root], env=environ)
    deadline = time.monotonic() + 120 + ARTICLES
    done = 0
    with closing(room.ledger()) as ledger:
        while done < after:
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline
            query = "SELECT count(*) FROM backups WHERE kind = 'annotation'"
            tables = ledger.execute("SELECT count(*) FROM sqlite_master").fetchone()
            done = ledger.execute(query).fetchone()[0] if tables else 0
            time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return done


def test_a_migration_killed_in_the_middle_goes_on_and_loses_nothing(make_room: MakeRoom) -> None:
    room = make_room(ARTICLES)
    before = room.look()
    first, *_, last = before.annotations
    task = before.annotations[last]["task"]
    mark = {"from_name": "label", "to_name": "text", "type": "labels", "id": "mine"}
    mine = [{**mark, "value": {"start": 0, "end": 3, "labels": ["RANK"]}}]
    with sign_up(room.server, f"second-{room.project}@example.org") as person:
        loose = room.draft(person, task, mine)
        tied = room.draft(person, before.annotations[first]["task"], mine, annotation=first)
    before = room.look()
    # Nothing of the old version goes through unmigrated.
    room.write_next_version()
    refused = room.run("push")
    assert refused.status == 1
    assert "annotate schema migrate --to 2.0.0" in refused.stderr
    assert room.run("build", room.root / "early").status == 1

    kill_in_the_middle(room, after=ARTICLES // 2)
    between = room.look()
    on_page = migrating.labels_on_page(room.studio, room.project)
    for result in results(between):
        assert labels_in(result) <= on_page
    assert room.run("doctor").status == 1
    resumed = room.run("schema", "migrate", "--to", "2.0.0", "--json")
    assert resumed.status == 0, resumed.stderr
    told = json.loads(resumed.stdout)

    after = room.look()
    assert after.annotations.keys() == before.annotations.keys()
    for number, old in before.annotations.items():
        new = after.annotations[number]
        kept = unconcerned(old["result"])
        assert [mark for mark in new["result"] if mark in kept] == kept
        assert new["result"] == rewritten(old["result"])
        for field in ("completed_by", "lead_time", "created_at", "was_cancelled", "task"):
            assert new[field] == old[field]
    assert told["verified"] == ARTICLES
    assert told["edited"] == 0
    # Drafts too: still that person's, still of what they were of.
    assert after.drafts.keys() == before.drafts.keys() == {loose, tied}
    for number, old in before.drafts.items():
        new = after.drafts[number]
        assert new["result"] == rewritten(old["result"])
        assert (new["user"], new["annotation"]) == (old["user"], old["annotation"])
    on_page = migrating.labels_on_page(room.studio, room.project)
    assert on_page == {*next_version().labels, "LOCATION"}
    for result in results(after):
        assert labels_in(result) <= on_page
    assert room.run("doctor").status == 0
    check_datasets(room)
    check_review(room, after)


def results(seen: Seen) -> list[list[dict[str, Any]]]:
    """Return every result there is."""
    predicted = [result for listed in seen.predictions.values() for result in listed]
    people = (*seen.annotations.values(), *seen.drafts.values())
    return [*(one["result"] for one in people), *predicted]


def check_datasets(room: Room) -> None:
    """Both versions build, and have what was annotated under each."""
    import datasets

    built = {}
    for version, options in (("1.0.0", ("--schema-version", "1.0.0")), ("2.0.0", ())):
        out = room.root / f"dataset-{version}"
        done = room.run("build", out, *options, "--json")
        assert done.status == 0, done.stderr
        assert json.loads(done.stdout)["articles"] == ARTICLES
        spans = datasets.load_dataset(str(out), "spans")
        name_of = next(iter(spans.values())).features["entities"].feature["label"].int2str
        built[version] = {
            row["id"]: [(e["start"], e["end"], name_of(e["label"])) for e in row["entities"]]
            for split in spans.values()
            for row in split
        }
    for article, annotation in migrating.many_articles(ARTICLES):
        old = [(span.start, span.end, span.label) for span in annotation.spans]
        assert sorted(built["1.0.0"][article.id]) == sorted(old)
        moved = migrating.RENAMED
        left = {migrating.REMOVED, *migrating.SPLIT}
        new = [(s, e, moved.get(label, label)) for s, e, label in old if label not in left]
        assert sorted(built["2.0.0"][article.id]) == sorted(new)


def check_review(room: Room, seen: Seen) -> None:
    """The split spans wait in a view of their own, with a suggestion, until they are decided."""
    (view,) = room.studio.views(room.project)
    assert view.data.title == "Địa điểm → Tỉnh / Nơi khác (cần xem lại)"
    waiting = {
        one["task"] for one in seen.annotations.values() if "LOCATION" in labels_in(one["result"])
    }
    assert tasks_in(room, view.id) == waiting
    for task in waiting:
        suggested = seen.predictions[task][-1]
        places = {m["value"]["text"]: m["value"]["labels"][0] for m in suggested}
        for text, label in places.items():
            province = text.startswith(("tỉnh ", "thành phố "))
            # What no pattern knows is suggested under the label that has no patterns.
            assert label == ("PROVINCE" if province else "PLACE"), text

    first, *others = seen.annotations
    decide(room, others, seen)
    again = room.run("schema", "migrate", "--json")
    assert again.status == 0, again.stderr
    left = json.loads(again.stdout)["waiting"]
    open_spans = [m for m in seen.annotations[first]["result"] if labels_in([m]) == {"LOCATION"}]
    assert left == ({"LOCATION": len(open_spans)} if open_spans else {})
    decide(room, [first], seen)
    assert room.run("schema", "migrate").status == 0
    assert room.studio.views(room.project) == []
    assert migrating.labels_on_page(room.studio, room.project) == set(next_version().labels)
    assert room.run("doctor").status == 0


def tasks_in(room: Room, view: int) -> set[int]:
    path = f"api/tasks?project={room.project}&view={view}&page_size=1000&fields=task_only"
    return {task["id"] for task in room.server.call("GET", path)["tasks"]}


def decide(room: Room, annotations: list[int], seen: Seen) -> None:
    """Give every location another label, as a reviewer does."""
    for number in annotations:
        result = [
            {**mark, "value": {**mark["value"], "labels": ["PLACE"]}}
            if mark["type"] == "labels" and labels_in([mark]) == {"LOCATION"}
            else mark
            for mark in seen.annotations[number]["result"]
        ]
        room.studio.set_result(number, result)


class Cutting(httpx.BaseTransport):
    """Breaks the connection at one of the requests that change something, then for good."""

    def __init__(self, at: int, *, carried_out: bool) -> None:
        self._real = httpx.HTTPTransport()
        self._left = at
        self._carried_out = carried_out
        self.cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET" or self.cut:
            self._left -= 1
            if self._left < 0:
                if self._carried_out and not self.cut:
                    self._real.handle_request(request).read()
                self.cut = True
                raise httpx.ReadError("connection cut", request=request)
        return self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()


class Meddling(httpx.BaseTransport):
    """Somebody does something each of the first two times that an annotation is rewritten."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._real = httpx.HTTPTransport()
        self._act = act
        self._times = 2

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._real.handle_request(request)
        if request.method == "PATCH" and "annotations" in request.url.path and self._times:
            self._times -= 1
            self._act()
        return answer

    def close(self) -> None:
        self._real.close()


class SmallRoom:
    """A project of three annotated articles, two drafts and a ledger, without a workspace."""

    def __init__(self, server: Server, studio: Studio, ledger: Ledger, title: str) -> None:
        self.server, self.studio, self.ledger = server, studio, ledger
        self.target = (ledger, "s", title)
        plan = plan_push(studio, *self.target, sample_schema(), [])
        (self.place,) = push(studio, *self.target, sample_schema(), plan).places
        articles = migrating.fill(server, self.place.project, 3)
        plan = plan_push(studio, *self.target, sample_schema(), articles)
        push(studio, *self.target, sample_schema(), plan)
        seen = self.look()
        first, second, _ = seen.annotations.values()
        for one, tied in ((first, True), (second, False)):
            within = f"annotations/{one['id']}/" if tied else ""
            body = {"result": one["result"][:9], "lead_time": 1}
            server.call("POST", f"api/tasks/{one['task']}/{within}drafts", body)

    def look(self) -> Seen:
        return look(self.server, self.studio, self.place.project)


# A small migration makes fourteen requests that change something. Of the ways to lose the
# connection, before or after one was carried out, these are tried; all of them by hand.
CUTS = [(at, carried_out) for at in range(14) for carried_out in (False, True)]
if not os.environ.get("ANNOTATE_TEST_ALL_CUTS"):
    CUTS = random.Random(1).sample(CUTS, 6)  # noqa: S311


@pytest.mark.parametrize(("at", "carried_out"), CUTS)
def test_a_migration_cut_off_at_any_request_goes_on(
    server: Server, studio: Studio, ledger: Ledger, title: str, at: int, *, carried_out: bool
) -> None:
    room = SmallRoom(server, studio, ledger, title)
    before = room.look()
    transport = Cutting(at, carried_out=carried_out)
    with Studio(server.url, server.login.token, transport) as faulty, pytest.raises(StudioError):
        migrate(faulty, *room.target, next_version())
    assert transport.cut
    on_page = migrating.labels_on_page(studio, room.place.project)
    for result in results(room.look()):
        assert labels_in(result) <= on_page
    done = migrate(studio, *room.target, next_version())
    assert (done.verified, done.edited) == (3, 0)
    after = room.look()
    for number, old in before.annotations.items():
        assert after.annotations[number]["result"] == rewritten(old["result"])
    assert after.drafts.keys() == before.drafts.keys()
    for number, old in before.drafts.items():
        assert after.drafts[number]["result"] == rewritten(old["result"])
        assert after.drafts[number]["annotation"] == old["annotation"]
    assert after.predictions.keys() >= before.predictions.keys()


def test_what_people_change_meanwhile_is_neither_lost_nor_left_behind(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    room = SmallRoom(server, studio, ledger, title)
    _, _, third = room.look().annotations.values()
    late = [m for m in third["result"] if m["type"] == "labels"][:4]

    def submit() -> None:
        studio.annotate(third["task"], late)

    with Studio(server.url, server.login.token, Meddling(submit)) as meddled:
        migrate(meddled, *room.target, next_version())
    after = room.look()
    assert len(after.annotations) == 5
    assert sum(one["result"] == rewritten(late) for one in after.annotations.values()) == 2


def test_a_dry_run_tells_what_would_be_done_and_changes_nothing(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    room = SmallRoom(server, studio, ledger, title)
    before = room.look()
    plan = plan_migration(studio, *room.target, next_version())
    labels = [
        mark["value"]["labels"][0]
        for one in before.annotations.values()
        for mark in one["result"]
        if mark["type"] == "labels"
    ]
    assert plan.tally.waiting == {"LOCATION": labels.count("LOCATION")}
    assert plan.tally.archived == {"QUANTITY": labels.count("QUANTITY")}
    assert plan.tally.renamed["RANK → MILITARY_RANK"] == labels.count("RANK")
    titles = [m["labels"][0] for one in before.annotations.values() for m in relations_in(one)]
    assert plan.tally.relations == {"located_in, “ở tại” → “đặt tại”": titles.count("ở tại")}
    assert (plan.drafts, plan.predictions) == (2, 3)
    assert (plan.old, plan.new, plan.resumes) == ("1.0.0", "2.0.0", False)
    assert room.look() == before
    assert ledger.migrations.last(room.place) is None


def relations_in(annotation: dict[str, Any]) -> list[dict[str, Any]]:
    return [mark for mark in annotation["result"] if mark["type"] == "relation"]


def test_nothing_is_guessed(server: Server, studio: Studio, ledger: Ledger, title: str) -> None:
    room = SmallRoom(server, studio, ledger, title)
    before = room.look()
    silent = make_schema(name="security-news", version="2.0.0", language="vi")
    with pytest.raises(SchemaError) as refused:
        migrate(studio, *room.target, silent)
    assert any("label QUANTITY" in line for line in refused.value.problems)
    assert room.look() == before


def test_a_review_that_is_open_goes_before_the_next_version(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    import msgspec

    room = SmallRoom(server, studio, ledger, title)
    migrate(studio, *room.target, next_version())
    third = msgspec.structs.replace(next_version(), version="3.0.0")
    with pytest.raises(StudioError, match="LOCATION still wait for review"):
        migrate(studio, *room.target, third)


def test_a_draft_that_waits_is_told_and_can_be_discarded(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    room = SmallRoom(server, studio, ledger, title)
    task = next(iter(room.look().annotations.values()))["task"]
    mark = {"from_name": "label", "to_name": "text", "type": "labels", "id": "w"}
    marks = [{**mark, "value": {"start": 0, "end": 3, "labels": ["LOCATION"]}}]
    marks.append({"type": "relation", "from_id": "w", "to_id": "w", "labels": ["ở tại"]})
    room.server.call("POST", f"api/tasks/{task}/drafts", {"result": marks, "lead_time": 1})
    done = migrate(studio, *room.target, next_version())
    assert ("annotate@localhost", task) in done.drafts_waiting
    everything = room.look()
    for number, one in everything.annotations.items():
        decided = [
            {**mark, "value": {**mark["value"], "labels": ["PLACE"]}}
            if mark["type"] == "labels" and labels_in([mark]) == {"LOCATION"}
            else mark
            for mark in one["result"]
        ]
        studio.set_result(number, decided)
    again = migrate(studio, *room.target, next_version())
    assert (again.again, again.waiting) == (True, {})
    assert again.drafts_waiting
    assert "LOCATION" in migrating.labels_on_page(studio, room.place.project)
    last = migrate(studio, *room.target, next_version(), discard_drafts=True)
    assert (last.waiting, last.drafts_waiting) == ({}, ())
    assert "LOCATION" not in migrating.labels_on_page(studio, room.place.project)
    (migrated,) = ledger.migrations.all(room.place)
    kept = ledger.migrations.backups(migrated, "draft")
    assert any(json.loads(body)["result"] == marks for body in kept.values())


def test_a_label_that_neither_version_has_is_told_before_anything_is_done(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    room = SmallRoom(server, studio, ledger, title)
    task = next(iter(room.look().annotations.values()))["task"]
    mark = {"from_name": "label", "to_name": "text", "type": "labels", "id": "w"}
    studio.annotate(task, [{**mark, "value": {"start": 0, "end": 3, "labels": ["ALIEN"]}}])
    before = room.look()
    for act in (plan_migration, migrate):
        with pytest.raises(StudioError, match="ALIEN"):
            act(studio, *room.target, next_version())
    assert ledger.migrations.last(room.place) is None
    assert room.look() == before


def test_the_ledger_keeps_what_the_server_had(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    room = SmallRoom(server, studio, ledger, title)
    before = room.look()
    migrate(studio, *room.target, next_version())
    (migrated,) = ledger.migrations.all(room.place)
    assert migrated.ended is not None
    kept = ledger.migrations.backups(migrated, "annotation")
    assert {n: json.loads(body) for n, body in kept.items()} == {
        number: one["result"] for number, one in before.annotations.items()
    }
    drafts = ledger.migrations.backups(migrated, "draft")
    assert {n: json.loads(body)["result"] for n, body in drafts.items()} == {
        number: one["result"] for number, one in before.drafts.items()
    }
    old = ledger.annotations(room.place, until=migrated.row)
    assert sum(len(a.spans) for a in old) == sum(
        mark["type"] == "labels" for one in before.annotations.values() for mark in one["result"]
    )


def test_a_schema_that_changed_and_kept_its_version_is_refused(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    import msgspec

    room = SmallRoom(server, studio, ledger, title)
    migrate(studio, *room.target, next_version())
    before = room.look()
    fewer = msgspec.structs.replace(next_version(), relations=next_version().relations[1:])
    with pytest.raises(StudioError, match=r"no longer the version 2\.0\.0"):
        migrate(studio, *room.target, fewer)
    assert room.look() == before


def test_suggestions_that_somebody_deleted_after_a_migration_stay_deleted(
    server: Server, studio: Studio, ledger: Ledger, title: str
) -> None:
    room = SmallRoom(server, studio, ledger, title)
    migrate(studio, *room.target, next_version())
    tasks = list(room.look().predictions)
    for one in room.look().annotations.values():
        kept = [mark for mark in one["result"] if labels_in([mark]) != {"LOCATION"}]
        studio.set_result(one["id"], kept)
    studio.delete_predictions(room.place.project, tasks)
    migrate(studio, *room.target, next_version())
    assert not any(room.look().predictions.values())
