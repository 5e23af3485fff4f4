"""`annotate status` without a server: what it says of marks and texts, and who mends what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.corpus import Article
from annotate.spans import Relation, SetAside
from annotate.studio.ledger import EXPORT, Entry, KnownProject, Place, open_ledger
from annotate.workspace import Workspace, open_workspace
from tests.cli.test_quarantine import annotate
from tests.conftest import lay_out
from tests.factories import make_annotation, make_span
from tests.studio.marks import span_mark

TEXT = "Trung tá Lê An đến Bộ Công an."
ARTICLE = Article(id="mot", text=TEXT)
HERE = Place("local", 4)
RANK = make_span(0, 8, "RANK", "r")
PERSON = make_span(9, 14, "PERSON", "p")
MARK = msgspec.Raw(msgspec.json.encode(span_mark("p", "PERSON", text="Bà")))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(lay_out(tmp_path / "workspace", "Tin", {"mot.txt": TEXT}), {})


def fill(workspace: Workspace, place: Place = HERE, **fields: Any) -> None:
    with open_ledger(workspace.ledger_path) as ledger:
        ledger.record_tasks(place, [(7, ARTICLE)])
        ledger.set_project("local", KnownProject(HERE.project, "", ""), 0)
        ledger.append(place, [Entry(make_annotation(ARTICLE, RANK, PERSON, **fields), b"[]")])


def status(workspace: Workspace) -> list[str]:
    """Return what it prints, without the blanks of tables."""
    outcome = annotate(workspace, "status")
    assert (outcome.status, outcome.stderr) == (0, "")
    return [" ".join(line.split()) for line in outcome.stdout.splitlines()]


def test_what_was_never_pushed_is_one_line_and_the_number_of_articles(
    workspace: Workspace,
) -> None:
    """It was a table of noughts."""
    never = "Tin · security-news 1.0.0 · never pushed; run `annotate push`"
    assert status(workspace) == [never, "articles 1"]


def test_an_empty_corpus_is_told_before_any_push(workspace: Workspace) -> None:
    (workspace.corpus_path / "mot.txt").unlink()
    first, *_ = status(workspace)
    assert first.endswith("no articles yet; put texts into corpus or run `annotate corpus add`")


def test_what_came_from_an_export_only_is_to_be_pushed_not_pulled(workspace: Workspace) -> None:
    """It said pull, which says push."""
    with open_ledger(workspace.ledger_path) as ledger:
        place = Place(EXPORT, 1)
        ledger.record_tasks(place, [(7, ARTICLE)])
        ledger.append(place, [Entry(make_annotation(ARTICLE, PERSON), b"[]")])
    told = status(workspace)
    assert told[0].endswith("never pushed; run `annotate push`")
    assert "annotated 1 with 0 relations" in told


def test_a_text_that_changed_since_the_push_is_told_with_what_to_do(workspace: Workspace) -> None:
    fill(workspace)
    carries = "1 article's text changed since it was pushed: `annotate push` carries its marks"
    assert carries not in status(workspace)
    (workspace.corpus_path / "mot.txt").write_text(f"Sáng nay, {TEXT}", encoding="utf-8")
    told = status(workspace)
    assert told[told.index(carries) + 1] == "mot"
    assert json.loads(annotate(workspace, "status", "--json").stdout)["changed"] == ["mot"]


def test_a_text_that_came_from_an_export_only_is_not_carried_by_a_push(
    workspace: Workspace,
) -> None:
    fill(workspace, Place(EXPORT, 1))
    (workspace.corpus_path / "mot.txt").write_text(f"Sáng nay, {TEXT}", encoding="utf-8")
    assert not any("annotate push` carries" in line for line in status(workspace))


def test_marks_that_count_meanwhile_are_told_from_those_that_do_not(workspace: Workspace) -> None:
    standing = SetAside(reason="its text changed", mark=MARK, sha256="0" * 64, span="p")
    fill(workspace, set_aside=(standing, SetAside(reason="1–2 is no span", mark=MARK)))
    told = status(workspace)
    assert (
        "in quarantine 2 1 mark counts and waits for a look, 1 mark does not count; see `annotate"
        " quarantine list`"
    ) in told
    assert "Counts, waits for a look, in mot (an@example.org): its text changed" in told
    assert "Does not count, in mot (an@example.org): 1–2 is no span" in told


def test_a_breach_tells_what_is_allowed_and_who_can_mend_it(workspace: Workspace) -> None:
    fill(workspace, relations=(Relation(head="r", tail="p", label="holds_rank"),))
    told = status(workspace)
    at = told.index(
        "Against the rules in mot (an@example.org): holds_rank goes from RANK at 0 to PERSON at 9;"
        " it may go from PERSON to RANK"
    )
    assert told[at + 1 :] == [
        "Who made them can mend them in the browser, then run `annotate pull`;",
        f"or whoever keeps {workspace.schema_path.name} allows it there.",
    ]
