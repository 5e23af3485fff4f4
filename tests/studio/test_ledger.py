"""The ledger: nothing in it is ever changed or lost."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.formats import Marked
from annotate.spans import SetAside
from annotate.studio.ledger import Entry, KnownProject, Place, open_ledger
from annotate.studio.ledger.migrations import utc_now
from annotate.studio.ledger.pulls import PastPull
from tests.factories import make_annotation, make_article
from tests.strategies import marked_texts
from tests.studio.ledgers import ELSEWHERE, HERE, append, current, entry, history


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own.sqlite3"


# What is added.


def test_what_is_appended_is_there_when_the_ledger_is_opened_again(path: Path) -> None:
    assert append(path, entry(1), entry(2)) == 2
    assert current(path) == [entry(1).annotation, entry(2).annotation]


def test_an_unchanged_annotation_adds_no_row(path: Path) -> None:
    append(path, entry(1), entry(2))
    assert append(path, entry(1), entry(2)) == 0
    assert len(history(path)) == 2


@pytest.mark.parametrize(
    "changed",
    [
        entry(result=b"[ ]"),
        entry(updated_at="2030-01-01T00:00:00Z"),
        entry(status="skipped"),
        entry(spans=()),
    ],
    ids=["result", "time", "status", "spans"],
)
def test_a_changed_annotation_is_a_new_row_and_the_old_one_stays(
    path: Path, changed: Entry
) -> None:
    append(path, entry())
    assert append(path, changed) == 1
    assert current(path) == [changed.annotation]
    assert history(path) == [(1, b"[]"), (1, changed.result)]


def test_an_annotation_that_changes_back_is_a_third_row(path: Path) -> None:
    for given_entry in (entry(), entry(result=b"[ ]"), entry()):
        assert append(path, given_entry) == 1
    assert len(history(path)) == 3


def test_one_annotation_twice_in_a_page_adds_one_row(path: Path) -> None:
    assert append(path, entry(), entry()) == 1


def test_annotations_are_in_order_of_article_then_number(path: Path) -> None:
    append(path, entry(10, "b"), entry(9, "b"), entry(3, "ă"), entry(20, "a"), entry(1, "c"))
    found = [(annotation.article, annotation.id) for annotation in current(path)]
    assert found == [("a", 20), ("b", 9), ("b", 10), ("c", 1), ("ă", 3)]


def test_places_do_not_mix(path: Path) -> None:
    append(path, entry())
    for place in ELSEWHERE:
        assert current(path, place) == []
        assert append(path, entry(), place=place) == 1
    with open_ledger(path) as ledger:
        ledger.bury(ELSEWHERE[0], set())
        assert ledger.rows() == 4
    assert [len(current(path, place)) for place in (HERE, *ELSEWHERE)] == [1, 0, 1]


def test_the_servers_own_json_is_kept_byte_for_byte(path: Path) -> None:
    result = '[ {"type":  "labels", "x": 1.50, "é": "\\ud83d\\ude00"} ]'.encode()
    append(path, entry(result=result))
    assert history(path, "result") == [(result,)]


@given(marked_texts(), st.binary(max_size=8))
@settings(max_examples=20)
def test_any_annotation_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, marked: Marked, result: bytes
) -> None:
    annotation = make_annotation(
        make_article(marked.text, marked.text[:20]),
        *marked.spans,
        relations=marked.relations,
        choices={"topic": ("a", "b")},
        set_aside=(SetAside(reason=marked.text, mark=msgspec.Raw(b'{"a":  1.0}')),),
        lead_time=1.5,
    )
    path = tmp_path_factory.mktemp("ledger") / "own.sqlite3"
    append(path, Entry(annotation, result))
    assert current(path) == [annotation]


# What is deleted on the server.


def test_an_annotation_that_is_gone_is_buried_once_and_its_rows_stay(path: Path) -> None:
    append(path, entry(1), entry(2), entry(3))
    with open_ledger(path) as ledger:
        assert ledger.bury(HERE, {2, 99}) == 2
        assert ledger.bury(HERE, {2}) == 0
    assert [annotation.id for annotation in current(path)] == [2]
    assert history(path) == [(1, b"[]"), (2, b"[]"), (3, b"[]"), (1, None), (3, None)]


def test_an_annotation_that_reappears_comes_back(path: Path) -> None:
    append(path, entry())
    with open_ledger(path) as ledger:
        ledger.bury(HERE, set())
    assert append(path, entry()) == 1
    assert current(path) == [entry().annotation]


# Only adding.


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE annotations SET body = NULL",
        "UPDATE annotations SET row = row + 10",
        "DELETE FROM annotations",
        "REPLACE INTO annotations SELECT * FROM annotations",
    ],
)
def test_no_client_can_change_or_remove_a_row(path: Path, statement: str) -> None:
    append(path, entry(1), entry(2))
    before = history(path, "*")
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="the ledger is append-only"):
            connection.execute(statement)
        connection.commit()
    assert history(path, "*") == before


def test_a_page_that_breaks_off_leaves_no_row(path: Path) -> None:
    def breaking() -> Iterator[Entry]:
        yield entry(2)
        yield entry(3)
        raise ConnectionError

    append(path, entry(1))
    with open_ledger(path) as ledger:
        with pytest.raises(ConnectionError):
            ledger.append(HERE, breaking())
        assert ledger.rows() == 1
        assert ledger.append(HERE, [entry(2)]) == 1


# Tasks, projects, pulls.


def test_which_task_shows_which_version_of_an_article(path: Path) -> None:
    first, second = make_article("Một."), make_article("Hai.", "b")
    with open_ledger(path) as ledger:
        ledger.record_tasks(HERE, [(5, first), (6, second)])
        ledger.record_tasks(ELSEWHERE[0], [(5, second)])
        assert ledger.tasks(HERE) == {5: ("a", first.sha256), 6: ("b", second.sha256)}
        ledger.forget_tasks(HERE, [6, 99])
        assert ledger.tasks(HERE) == {5: ("a", first.sha256)}
        assert ledger.tasks(ELSEWHERE[0]) == {5: ("b", second.sha256)}


def test_a_task_of_a_new_version_replaces_the_old_and_both_texts_stay(path: Path) -> None:
    old, new = make_article("Cũ."), make_article("Mới.")
    with open_ledger(path) as ledger:
        for article in (old, old, new):
            ledger.record_tasks(HERE, [(5, article)])
        assert ledger.tasks(HERE) == {5: ("a", new.sha256)}
        ledger.forget_tasks(HERE, [5])
    with closing(sqlite3.connect(path)) as connection:
        texts = connection.execute(
            "SELECT article, body ->> 'text' FROM articles ORDER BY 2"
        ).fetchall()
    assert texts == [("a", "Cũ."), ("a", "Mới.")]


def test_a_workspace_has_one_project_on_each_server(path: Path) -> None:
    with open_ledger(path) as ledger:
        assert ledger.project("local") is None
        for place in (Place("local", 1), Place("other", 7), Place("local", 2)):
            ledger.set_project(place.server, KnownProject(place.project, "then", "guide"))
        assert ledger.project("local") == KnownProject(2, "then", "guide")
        assert ledger.project("other") == KnownProject(7, "then", "guide")


def test_when_the_last_pull_ended_is_told_in_utc(path: Path) -> None:
    with open_ledger(path) as ledger:
        assert ledger.last_pull(HERE) is None
        ledger.pulls.end(HERE, PastPull(utc_now(), "", "", 0, ""))
        first = ledger.last_pull(HERE)
        ledger.pulls.end(HERE, PastPull(utc_now(), "", "", 0, ""))
        last = ledger.last_pull(HERE)
        assert ledger.last_pull(ELSEWHERE[0]) is None
    assert first is not None
    assert last is not None
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first)
    assert first <= last
