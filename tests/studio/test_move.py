"""An article's text changes after it was annotated: marks go along, none is lost or moved."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from annotate.corpus import Article
from annotate.errors import AnnotateError
from annotate.formats import read_inline
from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.studio.client import Studio
from annotate.studio.encode import REVIEW_FIELD, encode_relations, encode_spans
from annotate.studio.ledger import Ledger
from annotate.studio.pull import Pulled, pull
from annotate.studio.pushing import Plan, Pushed, plan_push, push
from annotate.studio.quarantine import drop, list_marks
from tests.conftest import Faulty, Server
from tests.factories import sample_schema
from tests.faults import cut_after
from tests.studio.people import sign_up

pytestmark = pytest.mark.on_both_databases

MARKED = (
    "Gia đình 👨\u200d👩\u200d👧 ông [Lê Văn Tám](PERSON) ở [xã Phú Lâm](LOCATION).\n\n"
    "[Thượng tá](RANK 1) [Trần Thị Hoa](PERSON 2), [Phó Trưởng [Công an [huyện Mường"
    " Tác](LOCATION)](ORGANIZATION)](ROLE), đến thăm.\n\n"
    "Ông [Tám](PERSON) nhận [Giấy khen](AWARD) &amp; [10 phần quà 🇻🇳](QUANTITY).\n\n---\n"
    "2 holds_rank 1\n"
)
GOLD = read_inline(MARKED)
# A typo within a name, a paragraph before, a word before, a sentence that is gone.
MENDED = "Tin mới 🎉 từ Báo X.\n\n" + (
    GOLD.text.replace("Trần Thị Hoa", "Trần Thị Hoà")
    .replace("Thượng tá", "Đồng chí Thượng tá")
    .replace(" &amp; 10 phần quà 🇻🇳", "")
)


class Room:
    """A project with one annotated article."""

    def __init__(self, studio: Studio, ledger: Ledger, title: str) -> None:
        self.schema: Schema = sample_schema()
        self.studio = studio
        self.ledger = ledger
        self.title = title
        (self.place,) = self.push(GOLD.text).places
        (self.task,) = ledger.tasks(self.place)

    @property
    def gold(self) -> list[dict[str, Any]]:
        spans = encode_spans(self.schema, GOLD.text, GOLD.spans)
        return spans + encode_relations(self.schema, GOLD.relations)

    def plan(self, text: str) -> Plan:
        articles = [Article(id="bai", text=text, title="Tin")]
        return plan_push(self.studio, self.ledger, "s", self.title, self.schema, articles)

    def push(self, text: str, studio: Studio | None = None) -> Pushed:
        target = (studio or self.studio, self.ledger, "s", self.title, self.schema)
        return push(*target, self.plan(text))

    def pull(self, **options: Any) -> Pulled:
        return pull(self.studio, self.ledger, self.place, self.schema, **options)

    def annotation(self) -> Annotation:
        (annotation,) = self.ledger.annotations(self.place)
        return annotation

    def marked(self) -> list[tuple[str, str]]:
        """What the server's annotation says was marked: the text at its offsets, the label."""
        task = self.studio.task_data(self.task)
        (found,) = self.studio.some_tasks(self.place.project, [self.task])
        values = [
            mark["value"]
            for mark in json.loads(bytes(found.annotations[0].result))
            if mark["type"] == "labels"
        ]
        assert all(task["text"][v["start"] : v["end"]] == v["text"] for v in values)
        return [(value["text"], value["labels"][0]) for value in values]


@pytest.fixture
def room(studio: Studio, ledger: Ledger, title: str) -> Room:
    return Room(studio, ledger, title)


def test_marks_stand_at_the_same_words_of_the_new_text(room: Room, server: Server) -> None:
    number = room.studio.annotate(room.task, room.gold)
    room.pull()

    plan = room.plan(MENDED)
    assert [shown.article.id for shown in plan.changed] == ["bai"]
    done = room.push(MENDED)

    assert (done.moved, done.left) == (1, 2)
    assert room.marked() == [
        ("Lê Văn Tám", "PERSON"), ("xã Phú Lâm", "LOCATION"), ("Thượng tá", "RANK"),
        ("Trần Thị Hoà", "PERSON"), ("Phó Trưởng Công an huyện Mường Tác", "ROLE"),
        ("Công an huyện Mường Tác", "ORGANIZATION"), ("huyện Mường Tác", "LOCATION"),
        ("Tám", "PERSON"), ("Giấy khen", "AWARD"),
    ]  # fmt: skip
    annotation = room.annotation()
    assert annotation.id == number
    assert annotation.sha256 == Article(id="bai", text=MENDED).sha256
    assert len(annotation.relations) == 1
    reasons = [aside.reason for aside in annotation.set_aside]
    assert "its text '10 phần quà 🇻🇳' is not in the new version" in reasons
    assert "its text changed from 'Trần Thị Hoa' to 'Trần Thị Hoà'" in reasons
    assert room.studio.task_data(room.task)[REVIEW_FIELD]
    (view,) = room.studio.views(room.place.project)
    assert view.data.title == "Văn bản đã đổi, cần xem lại"
    shown = {"project": room.place.project, "view": view.id, "fields": "task_only"}
    assert [
        task["id"] for task in server.call("GET", f"api/tasks?{urlencode(shown)}")["tasks"]
    ] == [room.task]


def test_when_everything_was_decided_the_view_is_empty(room: Room) -> None:
    room.studio.annotate(room.task, room.gold)
    room.push(MENDED)
    drop(room.ledger, list_marks(room.ledger, room.ledger.places("s")))
    assert room.plan(MENDED).looked_at == 1
    room.push(MENDED)
    assert room.studio.task_data(room.task)[REVIEW_FIELD] == ""
    assert room.plan(MENDED).idle


def test_after_that_server_and_ledger_agree_and_nothing_is_left_to_do(room: Room) -> None:
    room.studio.annotate(room.task, room.gold)
    room.push(MENDED)
    before = room.annotation()
    assert room.plan(MENDED).idle
    for full in (False, True):
        pulled = room.pull(full=full)
        assert (pulled.added, pulled.deleted, pulled.late) == (0, 0, 0)
        assert room.annotation() == before


def test_the_former_text_and_annotation_stay_in_the_ledger(room: Room) -> None:
    room.studio.annotate(room.task, room.gold)
    room.push(MENDED)
    versions = room.ledger.versions("bai")
    assert [article.text for article in versions] == [GOLD.text, MENDED]
    first, second = room.ledger.history("bai")
    assert first.annotation is not None
    assert second.annotation is not None
    assert first.annotation.sha256 == versions[0].sha256
    assert len(first.annotation.spans) == len(GOLD.spans)


def test_suggestions_follow_where_nobody_annotated(room: Room, server: Server) -> None:
    room.push(f"Ngày mới. {GOLD.text}")
    task = server.call("GET", f"api/tasks/{room.task}")
    (prediction,) = task["predictions"]
    text = task["data"]["text"]
    assert text.startswith("Ngày mới.")
    values = [mark["value"] for mark in prediction["result"]]
    assert values
    assert all(text[value["start"] : value["end"]] == value["text"] for value in values)


def test_everyones_annotations_and_drafts_go_along_and_stay_theirs(
    room: Room, server: Server
) -> None:
    email = f"second{room.place.project}@example.org"
    mine = room.studio.annotate(room.task, room.gold)
    with sign_up(server, email) as second:
        theirs = second.annotate(room.task, room.gold[:1])
        body = {"result": room.gold[:2]}
        second.call("POST", f"api/tasks/{room.task}/drafts", dict, body=body)
        second.call("POST", f"api/tasks/{room.task}/annotations/{theirs}/drafts", dict, body=body)
        room.push(MENDED)
        drafts = room.studio.drafts_of(room.task)
    task = server.call("GET", f"api/tasks/{room.task}")
    by = {one["id"]: one["completed_by"]["email"] for one in task["annotations"]}
    assert by == {mine: server.login.email, theirs: email}
    assert sorted((draft.user, draft.annotation) for draft in drafts if draft.annotation) == [
        (email, theirs)
    ]
    assert len(drafts) == 2
    text = task["data"]["text"]
    for draft in drafts:
        values = [mark["value"] for mark in json.loads(bytes(draft.result))]
        assert [text[v["start"] : v["end"]] for v in values] == ["Lê Văn Tám", "xã Phú Lâm"]


def test_what_is_submitted_on_the_former_text_while_it_changes_is_carried_over(
    room: Room, faulty: Faulty
) -> None:
    number = room.studio.annotate(room.task, room.gold)

    def meanwhile(
        request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
    ) -> httpx.Response:
        answer = forward(request)
        answer.read()
        # An open page, in which the former text still stands.
        room.studio.set_result(number, room.gold[:3])
        return answer

    studio, _ = faulty("PATCH", f"/api/tasks/{room.task}", [meanwhile])
    room.push(MENDED, studio)
    assert [text for text, _ in room.marked()] == ["Lê Văn Tám", "xã Phú Lâm", "Thượng tá"]
    assert len(room.annotation().spans) == 3
    assert room.pull(full=True).added == 0


def test_what_is_submitted_on_the_former_text_afterwards_is_carried_over(room: Room) -> None:
    number = room.studio.annotate(room.task, room.gold)
    room.push(MENDED)
    room.studio.set_result(number, room.gold[:3])
    assert room.pull().late == 1
    late = room.annotation()
    assert [MENDED[s.start : s.end] for s in late.spans] == [
        "Lê Văn Tám",
        "xã Phú Lâm",
        "Thượng tá",
    ]
    assert room.plan(MENDED).unfinished == 1
    room.push(MENDED)
    assert [text for text, _ in room.marked()] == ["Lê Văn Tám", "xã Phú Lâm", "Thượng tá"]
    assert room.pull(full=True).late == 0
    assert room.plan(MENDED).idle
    assert room.annotation().spans == late.spans


def test_a_new_text_can_change_again_and_change_back(room: Room) -> None:
    room.studio.annotate(room.task, room.gold)
    longer = f"Một đoạn trước. {GOLD.text}"
    for text in (longer, f"{longer} Một đoạn sau.", GOLD.text):
        room.push(text)
        assert [words for words, _ in room.marked()] == [
            GOLD.text[span.start : span.end] for span in GOLD.spans
        ]
    assert room.annotation().spans == GOLD.spans or len(room.annotation().spans) == len(GOLD.spans)


@pytest.mark.parametrize("after", [True, False], ids=["after", "before"])
@pytest.mark.parametrize("cut", range(5))
def test_a_move_that_was_cut_off_goes_on(room: Room, faulty: Faulty, cut: int, after: bool) -> None:
    room.studio.annotate(room.task, room.gold)

    def stop(
        request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
    ) -> httpx.Response:
        if after:
            return cut_after(request, forward)
        raise httpx.ConnectError("cut", request=request)

    done = 0

    def count(
        request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
    ) -> httpx.Response:
        nonlocal done
        if request.method == "GET":
            return forward(request)
        done += 1
        return stop(request, forward) if done == cut + 1 else forward(request)

    studio, _ = faulty("", "", [count] * 1000)
    try:
        room.push(MENDED, studio)
    except AnnotateError:
        assert done == cut + 1
    room.push(MENDED)
    assert room.plan(MENDED).idle
    assert len(room.marked()) == 9
    assert len(room.annotation().set_aside) == 2
    assert room.pull(full=True).added == 0
