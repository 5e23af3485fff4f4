"""Push on a real server: what arrives, what a second push does, what faults do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from annotate.corpus import Article
from annotate.errors import (
    AccessDenied,
    RequestRefused,
    ServerTimeout,
    ServerUnreachable,
    StudioError,
)
from annotate.schema import Schema, labelling_config, load_schema, parse_schema
from annotate.studio import project
from annotate.studio.client import Studio
from annotate.studio.ledger import KnownProject, Ledger, Place, open_ledger
from annotate.studio.pull import pull
from annotate.studio.pushing import Plan, Pushed, plan_push, push, sending
from annotate.studio.pushing.doubles import give_way
from annotate.text import canonicalise
from annotate.workspace import shipped
from tests.conftest import Faulty, Server
from tests.factories import make_entity, make_schema
from tests.faults import (
    Fault,
    bad_gateway_after,
    bad_gateway_before,
    cut_after,
    timeout_after,
    timeout_before,
)
from tests.proxy import Asked, FaultProxy

pytestmark = pytest.mark.on_both_databases

AWKWARD = (
    "Gia đình 👨\u200d👩\u200d👧  Trung tá Lê An, 🇻🇳 <b>Giấy khen</b> &amp; [10] \\n\n\n"
    "\u00a0Bộ Công an – “4 tại chỗ” 👍🏽."
)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return load_schema(shipped("schemas") / "security-news.yaml")


def articles(count: int, text: str = "Ngày 12-3, Trung tá Lê An đến Bộ Công an.") -> list[Article]:
    return [Article(id=f"a{n:03}", text=f"{text} {n}", title=f"Tin {n}") for n in range(count)]


class Pusher:
    """A push to one project; `studio` may be exchanged for one with faults."""

    def __init__(self, studio: Studio, ledger: Ledger, title: str, schema: Schema) -> None:
        self.studio = studio
        self.ledger = ledger
        self.title = title
        self.schema = schema

    def plan(self, given: list[Article], *, whole_corpus: bool = True) -> Plan:
        return plan_push(
            self.studio, self.ledger, "s", self.title, self.schema, given,
            whole_corpus=whole_corpus,
        )  # fmt: skip

    def push(self, given: list[Article], **options: Any) -> Place:
        (place,) = self.carry_out(self.plan(given), **options).places
        return place

    def carry_out(self, plan: Plan, **options: Any) -> Pushed:
        return push(self.studio, self.ledger, "s", self.title, self.schema, plan, **options)

    def on_server(self, place: Place) -> list[str]:
        pages = self.studio.pushed_tasks(place.project)
        return sorted(task.meta.article for page in pages for task in page if task.meta)


@pytest.fixture
def pusher(studio: Studio, ledger: Ledger, title: str, schema: Schema) -> Pusher:
    return Pusher(studio, ledger, title, schema)


def test_an_article_arrives_whole_with_title_id_digest_and_suggestions(
    pusher: Pusher, server: Server
) -> None:
    article = Article(
        id="kho", text=canonicalise(AWKWARD).text, title="Tiêu đề", source="Báo X", author="Mai"
    )

    place = pusher.push([article])

    (task,) = pusher.ledger.tasks(place)
    there = server.call("GET", f"api/tasks/{task}")
    assert there["data"]["text"] == article.text
    assert there["data"]["title"] == "Tiêu đề"
    assert there["data"]["article"] == "kho"
    assert there["meta"] == {"article": "kho", "sha256": article.sha256}
    (prediction,) = there["predictions"]
    marks = prediction["result"]
    found = [(mark["value"]["labels"][0], mark["value"]["text"]) for mark in marks]
    assert found == [
        ("RANK", "Trung tá"),
        ("AWARD", "Giấy khen"),
        ("ORGANIZATION", "Bộ Công an"),
        ("PROGRAM", "4 tại chỗ"),
    ]
    assert all(
        article.text[mark["value"]["start"] : mark["value"]["end"]] == mark["value"]["text"]
        for mark in marks
    )


def test_the_project_gets_the_schemas_config_and_the_guide_as_instructions(
    pusher: Pusher, schema: Schema
) -> None:
    place = pusher.push(articles(1))

    project = pusher.studio.project(place.project)
    assert project is not None
    assert project.label_config == labelling_config(schema)
    instruction = project.expert_instruction or ""
    for entity in schema.entities:
        assert entity.definition in instruction
    assert "<style>" in instruction


def test_a_second_push_has_nothing_to_do(pusher: Pusher) -> None:
    place = pusher.push(articles(7), batch_size=3)

    plan = pusher.plan(articles(7))
    assert plan.idle
    assert len(plan.unchanged) == 7
    pusher.push(articles(7))
    assert pusher.on_server(place) == [f"a{n:03}" for n in range(7)]


def test_only_what_is_new_is_pushed(pusher: Pusher) -> None:
    pusher.push(articles(3))
    plan = pusher.plan(articles(5))
    assert [article.id for article in plan.new] == ["a003", "a004"]
    place = pusher.push(articles(5))
    assert len(pusher.on_server(place)) == 5


def test_a_plan_changes_nothing(pusher: Pusher) -> None:
    plan = pusher.plan(articles(2))
    assert plan.config == "missing"
    assert pusher.studio.projects_titled(pusher.title) == []


def test_an_article_that_left_the_corpus_is_told_and_left_alone(pusher: Pusher) -> None:
    place = pusher.push(articles(3))
    plan = pusher.plan(articles(2))
    assert ([task.article for task in plan.gone], plan.new, plan.idle) == (["a002"], (), True)
    assert pusher.plan(articles(2), whole_corpus=False).gone == ()
    pusher.push(articles(2))
    assert len(pusher.on_server(place)) == 3


def test_a_lost_ledger_is_filled_again_without_pushing_twice(
    pusher: Pusher, tmp_path: Path
) -> None:
    place = pusher.push(articles(4))
    with open_ledger(tmp_path / "fresh.sqlite3") as fresh:
        pusher.ledger = fresh
        assert len(pusher.plan(articles(4)).unrecorded) == 4
        assert not pusher.plan(articles(4)).idle
        again = pusher.push(articles(4))
        assert again == place
        assert len(fresh.tasks(place)) == 4
        assert len(pusher.on_server(place)) == 4


def test_a_task_deleted_on_the_server_is_forgotten_and_its_article_pushed_again(
    pusher: Pusher, server: Server
) -> None:
    place = pusher.push(articles(3))
    lost = min(pusher.ledger.tasks(place))
    server.call("DELETE", f"api/tasks/{lost}")

    plan = pusher.plan(articles(3))
    assert [task.number for task in plan.vanished] == [lost]
    assert [article.id for article in plan.new] == ["a000"]
    pusher.push(articles(3))
    assert pusher.on_server(place) == ["a000", "a001", "a002"]
    assert lost not in pusher.ledger.tasks(place)
    assert pusher.plan(articles(3)).idle


def test_another_project_under_the_known_number_is_refused(pusher: Pusher) -> None:
    place = pusher.push(articles(1))
    former = KnownProject(place.project, "2001-01-01T00:00:00Z", "")
    pusher.ledger.set_project(place.server, former)
    with pytest.raises(StudioError, match="not the one that the ledger knows"):
        pusher.plan(articles(1))


def test_a_deleted_project_whose_annotations_the_ledger_has_is_refused(
    pusher: Pusher, server: Server
) -> None:
    place = pusher.push(articles(1))
    (task,) = pusher.ledger.tasks(place)
    pusher.studio.annotate(task, [])
    pull(pusher.studio, pusher.ledger, place, pusher.schema)
    server.call("DELETE", f"api/projects/{place.project}/")
    with pytest.raises(StudioError, match="was deleted; the ledger holds 1 annotations"):
        pusher.plan(articles(1))


def test_somebody_elses_project_with_the_title_is_left_alone(
    pusher: Pusher, studio: Studio
) -> None:
    config = '<View><Text name="t" value="$t"/></View>'
    theirs = studio.create_project(pusher.title, {"label_config": config})
    studio.import_tasks(theirs.id, [{"data": {"t": "Bài của người khác."}}])
    with pytest.raises(StudioError, match="holds tasks that no workspace pushed"):
        pusher.push(articles(1))
    left = studio.project(theirs.id)
    assert left is not None
    assert (left.label_config, left.task_number) == (config, 1)


def test_changed_guidelines_reach_the_instructions(pusher: Pusher, schema: Schema) -> None:
    place = pusher.push(articles(1))
    rules = (*schema.guidelines, "Một quy tắc mới.")
    pusher.schema = msgspec.structs.replace(schema, guidelines=rules)
    assert pusher.plan(articles(1)).config == "behind"
    pusher.push(articles(1))
    project = pusher.studio.project(place.project)
    assert project is not None
    assert "Một quy tắc mới." in (project.expert_instruction or "")
    assert pusher.plan(articles(1)).idle


def test_a_project_deleted_on_the_server_is_made_anew(pusher: Pusher, server: Server) -> None:
    place = pusher.push(articles(2))
    server.call("DELETE", f"api/projects/{place.project}/")
    again = pusher.push(articles(2))
    assert again.project != place.project
    assert pusher.on_server(again) == ["a000", "a001"]


def test_a_renamed_project_is_still_found(pusher: Pusher) -> None:
    place = pusher.push(articles(1))
    pusher.studio.update_project(place.project, {"title": f"{pusher.title} renamed"})
    assert pusher.push(articles(1)) == place


def test_two_projects_with_the_title_are_an_error(
    pusher: Pusher, studio: Studio, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "_LOOKS", (0.0,))
    config = {"label_config": labelling_config(schema)}
    first, second = (studio.create_project(pusher.title, config).id for _ in range(2))
    wanted = rf"2 projects .* have the title {pusher.title!r}: {first}, {second}\."
    with pytest.raises(StudioError, match=wanted):
        pusher.plan(articles(1))


def test_a_project_that_is_about_to_be_deleted_is_waited_for(
    pusher: Pusher, studio: Studio, schema: Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A push that made it at the same time as another one does so."""
    config = {"label_config": labelling_config(schema)}
    first, second = (studio.create_project(pusher.title, config).id for _ in range(2))
    paused: list[float] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        studio.request("DELETE", f"api/projects/{second}/")

    monkeypatch.setattr(project, "sleep", pause)
    assert pusher.push(articles(1)).project == first
    assert len(paused) == 1


@pytest.mark.parametrize("before", [1, 2])
def test_a_server_that_makes_a_project_twice_for_one_request_leaves_one(
    pusher: Pusher, server: Server, before: int
) -> None:
    """Label Studio repeats a request during which its SQLite was locked, with what it left."""
    made: list[int] = []

    def make_more(asked: Asked) -> None:
        if asked.method == "POST" and asked.path == "/api/projects" and not made:
            body = msgspec.json.decode(asked.body)
            made.extend(server.call("POST", "api/projects", body)["id"] for _ in range(before))

    with (
        FaultProxy(server.url, before=make_more) as proxy,
        Studio(proxy.url, server.login.token) as studio,
    ):
        pusher.studio = studio
        place = pusher.push(articles(2))
        assert pusher.on_server(place) == ["a000", "a001"]
        assert pusher.push(articles(3)) == place
    assert place.project == made[0]
    with Studio(server.url, server.login.token) as studio:
        assert [one.id for one in studio.projects_titled(pusher.title)] == made[:1]


def test_a_project_with_tasks_is_nobodys_double(
    pusher: Pusher, studio: Studio, schema: Schema
) -> None:
    config = {"label_config": labelling_config(schema)}
    first, second, mine = (studio.create_project(pusher.title, config) for _ in range(3))
    studio.import_tasks(second.id, [{"data": {"text": "Lê An"}}])
    assert give_way(studio, mine)
    assert {one.id for one in studio.projects_titled(pusher.title)} == {first.id, second.id}
    assert not give_way(studio, first)
    # What another push has deleted already.
    assert give_way(studio, mine)
    assert not give_way(studio, second)


def test_a_changed_schema_changes_the_labelling_page(pusher: Pusher, schema: Schema) -> None:
    place = pusher.push(articles(1))
    first, *others = schema.entities
    renamed = msgspec.structs.replace(first, title="Tên người")
    pusher.schema = msgspec.structs.replace(schema, entities=(renamed, *others))
    assert pusher.plan(articles(1)).config == "behind"
    pusher.push(articles(1))
    project = pusher.studio.project(place.project)
    assert project is not None
    assert "Tên người" in project.label_config


def test_a_config_without_a_label_in_use_is_refused_and_names_the_label(
    pusher: Pusher, studio: Studio
) -> None:
    place = pusher.push(articles(1))
    (task,) = pusher.ledger.tasks(place)
    value = {"start": 0, "end": 4, "labels": ["PERSON"], "text": "Ngày"}
    mark = {"id": "x", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    studio.annotate(task, [mark])
    config = labelling_config(make_schema(entities=(make_entity("RANK", "Rank"),), relations=()))
    with pytest.raises(RequestRefused, match="PERSON"):
        studio.update_project(place.project, {"label_config": config})
    project = studio.project(place.project)
    assert project is not None
    assert "PERSON" in project.label_config


@pytest.mark.parametrize("fault", [bad_gateway_after, bad_gateway_before, cut_after, timeout_after])
def test_a_request_of_unknown_outcome_neither_doubles_nor_loses(
    pusher: Pusher, faulty: Faulty, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_LOOKS", (0.0, 0.1))
    pusher.studio, _ = faulty("POST", "/import", [fault, fault])

    place = pusher.push(articles(9), batch_size=4)

    assert pusher.on_server(place) == [f"a{n:03}" for n in range(9)]
    assert sorted(article for article, _ in pusher.ledger.tasks(place).values()) == [
        f"a{n:03}" for n in range(9)
    ]


def test_what_the_server_may_still_be_at_work_on_is_not_sent_again(
    pusher: Pusher, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_LOOKS", (0.0,))
    pusher.studio, transport = faulty("POST", "/import", [timeout_before])
    with pytest.raises(ServerTimeout, match="wait a while"):
        pusher.push(articles(3))
    assert len(transport.requests) == 1


def test_a_server_that_keeps_failing_is_told_and_a_second_push_completes(
    pusher: Pusher, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_LOOKS", (0.0,))
    pusher.studio, _ = faulty("POST", "/import", [bad_gateway_before] * 3)
    with pytest.raises(RequestRefused, match="502"):
        pusher.push(articles(6), batch_size=2)
    place = pusher.push(articles(6), batch_size=2)
    assert pusher.on_server(place) == [f"a{n:03}" for n in range(6)]


def test_batches_are_bounded_by_count_and_by_bytes(
    pusher: Pusher, server: Server, faulty: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_BATCH_BYTES", 2_000_000)
    pusher.studio, transport = faulty("POST", "/import", [])
    large = [
        Article(id=f"large{n}", text=f"{n} " + "Hôm nay trời đẹp. " * 50_000) for n in range(3)
    ]

    place = pusher.push([*articles(5), *large], batch_size=3)

    sizes = [len(request.content) for request in transport.requests]
    # Three small; two small and a large; a large; a large.
    assert len(sizes) == 4
    assert max(sizes) <= 2_000_000
    assert len(pusher.on_server(place)) == 8
    (task,) = [n for n, (article, _) in pusher.ledger.tasks(place).items() if article == "large0"]
    assert server.call("GET", f"api/tasks/{task}")["data"]["text"] == large[0].text


def test_a_wrong_token_is_denied(server: Server) -> None:
    stranger = Studio(server.url, "0" * 40)
    with stranger, pytest.raises(AccessDenied, match=r"token .* not accepted"):
        stranger.whoami()


def test_a_url_where_nothing_answers_is_unreachable() -> None:
    nobody = Studio("http://127.0.0.1:9", "0" * 40)
    with nobody, pytest.raises(ServerUnreachable, match=r"http://127\.0\.0\.1:9"):
        nobody.version()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (httpx.Response(200, text="<html>hello</html>"), "not Label Studio"),
        (httpx.Response(200, json={"hello": 1}), "not Label Studio"),
        (httpx.Response(301, headers={"Location": "https://x.example"}), "https://x.example"),
        (httpx.Response(404, text="nothing here"), "404"),
    ],
)
def test_what_is_not_label_studio_is_named(answer: httpx.Response, message: str) -> None:
    other = Studio("http://127.0.0.1", "0" * 40, httpx.MockTransport(lambda _: answer))
    with other, pytest.raises(StudioError, match=message):
        other.version()


def test_suggestions_outside_the_schemas_labels_never_leave(pusher: Pusher, server: Server) -> None:
    pusher.schema = parse_schema(
        "name: x\nversion: '1'\nlanguage: vi\ntitle: T\nentities:\n"
        "- {name: A, title: a, definition: d, examples: [x], patterns: [{regex: 'Lê|Lê An'}]}\n"
    )
    place = pusher.push(articles(1))
    (task,) = pusher.ledger.tasks(place)
    (prediction,) = server.call("GET", f"api/tasks/{task}")["predictions"]
    assert [mark["value"]["labels"] for mark in prediction["result"]] == [["A"]]
