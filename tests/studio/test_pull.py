"""Pull from a real server: what people did there is in the ledger, proved."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from annotate.corpus import Article
from annotate.errors import ServerUnreachable, StudioError
from annotate.schema import Schema, load_schema
from annotate.studio.client import Studio
from annotate.studio.ledger import Ledger
from annotate.studio.pull import Pulled, pull
from annotate.studio.pushing import plan_push, push
from annotate.text import digest, to_utf16
from annotate.workspace import shipped
from tests.conftest import Faulty, Server
from tests.studio.people import sign_up

pytestmark = pytest.mark.on_both_databases

TEXT = "Ông 👨\u200d👩\u200d👧 Lê An, Trung tá."
PERSON = {"start": 10, "end": 15, "labels": ["PERSON"], "text": "Lê An"}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema(shipped("schemas") / "security-news.yaml")


class Room:
    """A project with articles, and what is done in it."""

    def __init__(self, studio: Studio, ledger: Ledger, title: str, schema: Schema) -> None:
        articles = [Article(id=f"a{n}", text=TEXT) for n in range(3)]
        plan = plan_push(studio, ledger, "s", title, schema, articles)
        (self.place,) = push(studio, ledger, "s", title, schema, plan).places
        self.studio = studio
        self.ledger = ledger
        self.schema = schema
        tasks = ledger.tasks(self.place)
        self.tasks = {article: task for task, (article, _) in tasks.items()}

    def pull(self, studio: Studio | None = None) -> Pulled:
        return pull(studio or self.studio, self.ledger, self.place, self.schema)

    def mark(self, article: str, *values: dict[str, Any], by: Studio | None = None) -> int:
        region = {"from_name": "label", "to_name": "text", "type": "labels"}
        result = [{**region, "id": f"r{n}", "value": value} for n, value in enumerate(values)]
        return (by or self.studio).annotate(self.tasks[article], result)


@pytest.fixture
def room(studio: Studio, ledger: Ledger, title: str, schema: Schema) -> Room:
    return Room(studio, ledger, title, schema)


def test_a_submitted_annotation_arrives_with_its_person_status_and_times(
    room: Room, server: Server
) -> None:
    number = room.mark("a0", PERSON)
    pulled = room.pull()
    (annotation,) = room.ledger.annotations(room.place)
    (span,) = annotation.spans
    assert (annotation.id, annotation.article, annotation.status) == (number, "a0", "submitted")
    assert annotation.annotator == server.login.email
    assert annotation.created_at <= annotation.updated_at
    assert (span.start, span.end, span.label) == (10, 15, "PERSON")
    assert (pulled.submitted, pulled.spans, pulled.added) == (1, 1, 1)


def test_a_skipped_article_arrives_as_skipped(room: Room, server: Server) -> None:
    body = {"result": [], "was_cancelled": True}
    server.call("POST", f"api/tasks/{room.tasks['a1']}/annotations", body)
    assert room.pull().skipped == 1
    (annotation,) = room.ledger.annotations(room.place)
    assert annotation.status == "skipped"


def test_two_people_on_one_article_are_two_annotations(room: Room, server: Server) -> None:
    email = f"second{room.place.project}@example.org"
    with sign_up(server, email) as second:
        room.mark("a0", PERSON)
        room.mark("a0", by=second)
    room.pull()
    people = {annotation.annotator for annotation in room.ledger.annotations(room.place)}
    assert people == {server.login.email, email}


def test_pulling_again_adds_nothing(room: Room) -> None:
    room.mark("a0", PERSON)
    room.pull()
    again = room.pull()
    assert (again.submitted, again.added, again.deleted) == (1, 0, 0)
    assert room.ledger.rows() == 1


def test_a_changed_annotation_is_a_new_row_and_the_old_one_stays(
    room: Room, server: Server
) -> None:
    number = room.mark("a0", PERSON)
    room.pull()
    server.call("PATCH", f"api/annotations/{number}", {"result": []})
    assert room.pull().added == 1
    (annotation,) = room.ledger.annotations(room.place)
    assert annotation.spans == ()
    assert room.ledger.rows() == 2


def test_a_deleted_annotation_gets_a_tombstone(room: Room, server: Server) -> None:
    number = room.mark("a0", PERSON)
    room.mark("a1", PERSON)
    room.pull()
    server.call("DELETE", f"api/annotations/{number}")
    assert room.pull().deleted == 1
    assert [annotation.article for annotation in room.ledger.annotations(room.place)] == ["a1"]
    assert room.ledger.rows() == 3
    assert room.pull().deleted == 0


def test_spans_in_utf16_units_are_repaired_and_counted(room: Room) -> None:
    start, end = to_utf16(TEXT, 10), to_utf16(TEXT, 15)
    room.mark("a0", {**PERSON, "start": start, "end": end})
    assert room.pull().repaired == 1
    (annotation,) = room.ledger.annotations(room.place)
    assert (annotation.spans[0].start, annotation.spans[0].end) == (10, 15)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({**PERSON, "text": "Lê Anh"}, "the server says 'Lê Anh'"),
        ({**PERSON, "end": 4000}, "the server says"),
        ({**PERSON, "labels": ["NOBODY"]}, "no label NOBODY"),
        ({"labels": ["PERSON"], "text": "Lê An"}, "no offsets"),
    ],
)
def test_what_cannot_be_proved_is_set_aside_with_its_reason(
    room: Room, value: dict[str, Any], reason: str
) -> None:
    room.mark("a0", value, {**PERSON})
    pulled = room.pull()
    (annotation,) = room.ledger.annotations(room.place)
    (aside,) = annotation.set_aside
    assert reason in aside.reason
    assert json.loads(bytes(aside.mark))["value"] == value
    assert (pulled.set_aside, pulled.spans) == (1, 1)


def test_marks_on_a_text_that_was_edited_on_the_server_are_set_aside(
    room: Room, server: Server
) -> None:
    room.mark("a0", PERSON)
    edited = {"data": {"article": "a0", "text": f"Mới. {TEXT}"}}
    server.call("PATCH", f"api/tasks/{room.tasks['a0']}", edited)
    assert room.pull().set_aside == 1
    (annotation,) = room.ledger.annotations(room.place)
    assert "not the text that was pushed" in annotation.set_aside[0].reason
    # So that no dataset takes it for an article in which nothing was found.
    assert annotation.sha256 == digest(edited["data"]["text"])


def test_tasks_that_somebody_else_imported_are_counted_and_left_alone(room: Room) -> None:
    (task,) = room.studio.import_tasks(room.place.project, [{"data": {"text": "Bài lạ."}}])
    room.studio.annotate(task, [])
    assert room.pull() == Pulled(foreign=1, read=1, full=True)


def test_more_annotations_than_a_page_all_arrive(room: Room) -> None:
    region = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels"}
    article = Article(id="x", text=TEXT)
    tasks = [
        {
            "data": {"text": TEXT, "title": ""},
            "meta": {"article": f"many{n:03}", "sha256": article.sha256},
            "annotations": [{"result": [{**region, "value": PERSON}]}],
        }
        for n in range(450)
    ]
    room.studio.import_tasks(room.place.project, tasks)
    pulled = room.pull()
    assert (pulled.submitted, pulled.spans) == (450, 450)
    assert len({a.article for a in room.ledger.annotations(room.place)}) == 450


def short_listing(
    request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """A listing from which a task has fallen out, although the server counts it and its work."""
    answer = json.loads(forward(request).read())
    if "data" in request.url.params["include"]:
        answer["tasks"] = [task for task in answer["tasks"] if task["meta"]["article"] != "a2"]
        answer["total"] = len(answer["tasks"])
    return httpx.Response(200, json=answer, request=request)


def cut_in_the_middle(
    request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """Half an answer, then the connection breaks."""
    content = forward(request).read()

    def half() -> Iterator[bytes]:
        yield content[: len(content) // 2]
        raise httpx.ReadError("connection cut")

    return httpx.Response(200, content=half(), request=request)


def unexpanded(
    request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """What a server tells that expands nothing."""
    url = request.url.copy_remove_param("expand")
    return forward(httpx.Request(request.method, url, headers=request.headers))


def passed_on(
    request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    return forward(request)


def test_a_server_that_expands_nothing_tells_the_same(
    room: Room, faulty: Faulty, server: Server
) -> None:
    room.mark("a0", PERSON)
    body = {"result": [], "was_cancelled": True}
    server.call("POST", f"api/tasks/{room.tasks['a1']}/annotations", body)
    plain, _ = faulty("GET", "/api/tasks", [unexpanded] * 2)
    project = room.place.project
    told = [list(studio.annotated_tasks(project)) for studio in (room.studio, plain)]
    assert told[0] == told[1]
    assert [[a.was_cancelled for a in task.annotations] for page in told[0] for task in page] == [
        [False], [True],
    ]  # fmt: skip
    numbers = [list(studio.annotation_numbers(project)) for studio in (room.studio, plain)]
    assert numbers[0] == numbers[1] != []


def test_a_short_listing_is_an_error_and_buries_nothing(room: Room, faulty: Faulty) -> None:
    room.mark("a0", PERSON)
    room.mark("a1", PERSON)
    room.pull()
    room.mark("a2", PERSON)
    # The first request counts, the others list.
    short, _ = faulty("GET", "/api/tasks", [passed_on, *[short_listing] * 20])
    with pytest.raises(StudioError, match=r"reports 3 annotations .* delivered 2; .* those of a2"):
        pull(short, room.ledger, room.place, room.schema, full=True)
    assert len(list(room.ledger.annotations(room.place))) == 2


def test_a_connection_cut_in_the_middle_is_an_error_and_loses_nothing(
    room: Room, faulty: Faulty
) -> None:
    room.mark("a0", PERSON)
    cut, _ = faulty("GET", "/api/tasks", [passed_on, *[cut_in_the_middle] * 20])
    with pytest.raises(ServerUnreachable, match="run the command again"):
        room.pull(cut)
    assert room.ledger.last_pull(room.place) is None
    assert room.pull().added == 1
