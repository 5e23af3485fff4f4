"""A project that is pulled, and the export of the same project: one person's work is there once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.corpus import Article
from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.studio.client import Studio
from annotate.studio.export import Imported, import_export
from annotate.studio.ledger import EXPORT, Ledger, Place
from annotate.studio.pull import pull
from annotate.studio.pushing import plan_push, push
from tests.conftest import Server
from tests.factories import sample_schema
from tests.studio.people import sign_up

TEXT = "Ông 😀 Lê An là Trung tá. Ông Lê An đến."
ARTICLES = [Article(id=f"a{number}", text=TEXT) for number in range(4)]


class Room:
    """A project of four articles, which is annotated, pulled, exported and imported."""

    def __init__(self, studio: Studio, server: Server, ledger: Ledger, title: str) -> None:
        self.schema: Schema = sample_schema()
        plan = plan_push(studio, ledger, "s", title, self.schema, ARTICLES)
        (self.place,) = push(studio, ledger, "s", title, self.schema, plan).places
        self._studio, self._server, self.ledger = studio, server, ledger
        self.tasks = {article: task for task, (article, _) in ledger.tasks(self.place).items()}

    def mark(self, article: str, start: int, end: int, by: Studio | None = None) -> int:
        value = {"start": start, "end": end, "labels": ["PERSON"], "text": TEXT[start:end]}
        region = {"from_name": "label", "to_name": "text", "type": "labels", "id": "r"}
        return (by or self._studio).annotate(self.tasks[article], [{**region, "value": value}])

    def pull(self) -> None:
        pull(self._studio, self.ledger, self.place, self.schema)

    def bring(self, path: Path, *, named: bool) -> Imported:
        """Import what the server exports now, with addresses or with numbers for people."""
        told = f"api/projects/{self.place.project}/export?exportType=JSON&download_all_tasks=true"
        tasks: list[dict[str, Any]] = self._server.call("GET", told)
        for task in tasks:
            for one in task["annotations"]:
                one["completed_by"] = {"id": 1, "email": "an@example.org"} if named else 1
        path.write_text(json.dumps(tasks), encoding="utf-8")
        return import_export(self.ledger, path, ARTICLES, self.schema)

    def imported(self) -> list[Annotation]:
        return [
            one for place in self.ledger.places(EXPORT) for one in self.ledger.annotations(place)
        ]


@pytest.fixture
def room(studio: Studio, server: Server, ledger: Ledger, title: str) -> Room:
    return Room(studio, server, ledger, title)


@pytest.mark.parametrize("named", [True, False])
def test_an_export_of_what_was_pulled_brings_nothing_new(
    room: Room, server: Server, tmp_path: Path, *, named: bool
) -> None:
    with sign_up(server, f"second{room.place.project}@example.org") as second:
        room.mark("a0", 6, 11)
        room.mark("a0", 6, 11, by=second)
        skip = {"result": [], "was_cancelled": True}
        server.call("POST", f"api/tasks/{room.tasks['a1']}/annotations", skip)
    room.pull()
    rows = room.ledger.rows()
    found = room.bring(tmp_path / "a.json", named=named)
    assert (found.pulled, found.added, found.place) == (3, 0, 0)
    assert (found.copies, found.annotated) == (0, [])
    assert (room.ledger.rows(), room.ledger.places("s")) == (rows, (room.place,))


def test_what_came_after_the_pull_comes_with_the_export_under_the_name_that_is_known(
    room: Room, server: Server, tmp_path: Path
) -> None:
    number = room.mark("a0", 6, 11)
    room.pull()
    server.call("PATCH", f"api/annotations/{number}", {"result": []})
    room.mark("a1", 6, 11)
    found = room.bring(tmp_path / "a.json", named=False)
    assert (found.pulled, found.added) == (0, 2)
    later, other = sorted(room.imported(), key=lambda one: one.article)
    assert (later.article, later.annotator, later.spans) == ("a0", server.login.email, ())
    assert (other.article, other.annotator) == ("a1", "user 1 of export 1")
    assert room.bring(tmp_path / "a.json", named=False).added == 0
    assert set(room.ledger.places("s")) == {room.place, Place(EXPORT, 1)}
