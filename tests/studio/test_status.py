"""Status: how far a workspace is, counted from the ledger."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from annotate.spans import Annotation, Relation, SetAside
from annotate.studio.ledger import Entry, Place, open_ledger
from annotate.studio.ledger.pulls import PastPull
from annotate.studio.status import Aside, Share, Status, summarise
from tests.factories import make_annotation, make_article, make_schema, make_span

HERE, ELSEWHERE = Place("local", 1), Place("local", 2)
ARTICLES = [make_article(article_id=name) for name in "abcd"]
A, B, C, D = ARTICLES
RANK, PERSON = make_span(0, 8, "RANK"), make_span(9, 14)
HOLDS = Relation(head=PERSON.id, tail=RANK.id, label="holds_rank")


def status_of(path: Path, *annotations: Annotation, place: Place | None = HERE) -> Status:
    """Return the status of a workspace with three of its four articles pushed."""
    numbered = [msgspec.structs.replace(a, id=n) for n, a in enumerate(annotations)]
    with open_ledger(path / "own.sqlite3") as ledger:
        ledger.record_tasks(HERE, enumerate((A, B, C)))
        ledger.append(HERE, [Entry(annotation, b"[]") for annotation in numbered])
        return summarise(ledger, (place,) if place else (), ARTICLES, make_schema())


@pytest.mark.parametrize("place", [None, ELSEWHERE])
def test_a_workspace_that_was_never_pushed_has_articles_only(
    tmp_path: Path, place: Place | None
) -> None:
    assert status_of(tmp_path, make_annotation(A), place=place) == Status(
        articles=4, pushed=0, annotated=0, skipped=0, relations=0, set_aside=(), breaches=(),
        annotators={}, pulled_at=None,
    )  # fmt: skip


def test_articles_count_once_however_many_annotated_them(tmp_path: Path) -> None:
    status = status_of(
        tmp_path,
        make_annotation(A, annotator="an"),
        make_annotation(A, annotator="bình"),
        make_annotation(A, annotator="chi", status="skipped"),
        make_annotation(B, annotator="an", status="skipped"),
        make_annotation(B, annotator="bình", status="skipped"),
    )
    assert (status.articles, status.pushed) == (4, 3)
    assert (status.annotated, status.skipped) == (1, 1)


def test_an_article_pushed_in_two_versions_counts_once(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "own.sqlite3") as ledger:
        ledger.record_tasks(HERE, [(1, make_article("Cũ.")), (2, make_article("Mới."))])
        assert summarise(ledger, (HERE,), ARTICLES, make_schema()).pushed == 1


def test_what_each_annotator_did_is_counted_by_label_in_the_schemas_order(
    tmp_path: Path,
) -> None:
    status = status_of(
        tmp_path,
        make_annotation(A, RANK, PERSON, annotator="bình"),
        make_annotation(B, RANK, annotator="bình"),
        make_annotation(C, PERSON, annotator="bình", status="skipped"),
        make_annotation(A, annotator="an", status="skipped"),
    )
    assert status.annotators == {
        "an": Share(submitted=0, skipped=1, entities={"PERSON": 0, "RANK": 0}),
        "bình": Share(submitted=2, skipped=1, entities={"PERSON": 1, "RANK": 2}),
    }
    assert list(status.annotators) == ["an", "bình"]
    assert list(status.annotators["an"].entities) == ["PERSON", "RANK"]


def test_relations_of_submitted_annotations_are_counted(tmp_path: Path) -> None:
    status = status_of(
        tmp_path,
        make_annotation(A, RANK, PERSON, relations=(HOLDS, HOLDS)),
        make_annotation(B, RANK, PERSON, relations=(HOLDS,), status="skipped"),
    )
    assert status.relations == 2


def test_every_mark_that_was_set_aside_is_listed_with_who_where_and_why(tmp_path: Path) -> None:
    asides = tuple(SetAside(reason=reason, mark=msgspec.Raw(b"{}")) for reason in ("one", "two"))
    status = status_of(
        tmp_path,
        make_annotation(B, annotator="an", set_aside=asides[:1]),
        make_annotation(A, annotator="bình", set_aside=asides, status="skipped"),
    )
    assert status.set_aside == (
        Aside(article="a", annotator="bình", reason="one"),
        Aside(article="a", annotator="bình", reason="two"),
        Aside(article="b", annotator="an", reason="one"),
    )


def test_when_the_last_pull_ended_is_that_of_the_ledger(tmp_path: Path) -> None:
    with open_ledger(tmp_path / "own.sqlite3") as ledger:
        ledger.pulls.end(HERE, PastPull("2026-01-01T00:00:00.000Z", "", "", 0, ""))
        status = summarise(ledger, (HERE,), ARTICLES, make_schema())
        assert status.pulled_at == ledger.last_pull(HERE)
        assert status.pulled_at is not None


def test_what_was_deleted_on_the_server_no_longer_counts(tmp_path: Path) -> None:
    status_of(tmp_path, make_annotation(A), make_annotation(B))
    with open_ledger(tmp_path / "own.sqlite3") as ledger:
        ledger.bury(HERE, {0})
        status = summarise(ledger, (HERE,), ARTICLES, make_schema())
    assert status.annotated == 1
