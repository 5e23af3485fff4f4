"""`annotate history`: who marked what when, readable with colour and without."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.cli.marking import Painter, in_context
from annotate.corpus import Article
from annotate.spans import Annotation, Decision, Relation, SetAside
from annotate.studio.history import Moved, Step, read_history
from annotate.studio.ledger import Entry, Ledger, Place, open_ledger
from annotate.studio.settle import decide, mark_digest
from annotate.workspace import Workspace, open_workspace
from tests.cli.test_quarantine import annotate
from tests.conftest import lay_out
from tests.factories import make_annotation, make_span, sample_schema
from tests.studio.marks import arrow_mark, span_mark

TEXT = "Trung tá Lê An đến Bộ Công an."
ARTICLE = Article(id="mot", text=TEXT, title="Tin một")
NEW = Article(id="mot", text="Sáng nay, " + TEXT, title="Tin một")
HERE = Place("local", 4)

RANK = make_span(0, 8, "RANK", "r")
PERSON = make_span(9, 14, "PERSON", "p")
ORG = make_span(19, 29, "ORGANIZATION", "o")
ARROW = Relation(head="p", tail="r", label="holds_rank")
ASIDE = SetAside(
    reason="1–2 is no span",
    mark=msgspec.Raw(msgspec.json.encode(span_mark("x", "PERSON", text="Bà"))),
)


def write(ledger: Ledger, annotation: Annotation, kind: Any = "annotation") -> None:
    ledger.append(HERE, [Entry(annotation, msgspec.json.encode(annotation.spans))], kind)


def work(*spans: Any, article: Article = ARTICLE, **fields: Any) -> Annotation:
    return make_annotation(article, *spans, **fields)


def fill(ledger: Ledger) -> None:
    """Write a history with one of everything."""
    ledger.record_tasks(HERE, [(7, ARTICLE)])
    write(ledger, work(RANK, status="draft", id=5), "draft")
    write(ledger, work(RANK, PERSON, lead_time=150.0, relations=(ARROW,)))
    longer = make_span(9, 18, "PERSON", "p")
    first = work(RANK, longer, choices={"topic": ("crime",)}, set_aside=(ASIDE,))
    write(ledger, first)
    write(ledger, decide(first, [Decision(mark=mark_digest(ASIDE))]))
    write(ledger, work(ORG, id=2, annotator="binh@example.org", status="skipped"))
    move = ledger.moves.begin(HERE, 7, NEW, ARTICLE.sha256, flagged=False)
    moved = work(make_span(10, 18, "RANK", "r"), make_span(19, 24, "PERSON", "p"), article=NEW)
    ledger.end_move(HERE, move, NEW, [Entry(moved, b"[1]")])
    ledger.bury_these(HERE, [2])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = lay_out(tmp_path / "workspace", "Tin", {"mot.txt": TEXT})
    opened = open_workspace(root, {})
    with open_ledger(opened.ledger_path) as ledger:
        fill(ledger)
    return opened


def history(workspace: Workspace, *options: str, **environ: str) -> str:
    outcome = annotate(workspace, "history", "mot", *options, **environ)
    assert outcome.status == 0, outcome.stderr
    return outcome.stdout


# What changed.


def test_every_row_has_what_changed_since_the_row_before_of_its_annotation(
    ledger: Ledger,
) -> None:
    fill(ledger)
    found = read_history(ledger, "mot")
    steps = [one for one in found.events if isinstance(one, Step)]
    told = [
        (one.number, one.status, [(c.sign, c.what, c.text) for c in one.changes]) for one in steps
    ]
    assert told == [
        (5, "draft", [("+", "span", "Trung tá")]),
        (
            1,
            "submitted",
            [("+", "span", "Trung tá"), ("+", "span", "Lê An"), ("+", "relation", "Trung tá")],
        ),
        (
            1,
            "submitted",
            [
                ("~", "span", "Lê An đến"),
                ("-", "relation", "Trung tá"),
                ("+", "choice", ""),
                ("+", "set_aside", ""),
            ],
        ),
        (1, "submitted", [("+", "decision", "")]),
        (2, "skipped", [("+", "span", "Bộ Công an")]),
        (1, "submitted", [("~", "span", "Lê An"), ("-", "choice", "")]),
        (2, "deleted", []),
    ]
    assert [one.carried for one in steps] == [0, 0, 0, 0, 0, 1, 0]
    assert [one.decided for one in steps] == [False, False, False, True, False, False, False]
    assert steps[-1].annotator == "binh@example.org"
    assert [one.sha256 for one in found.versions] == [ARTICLE.sha256, NEW.sha256]
    (move,) = (one for one in found.events if isinstance(one, Moved))
    assert (move.old, move.new, move.task) == (ARTICLE.sha256, NEW.sha256, 7)


def test_times_of_events_never_go_back(ledger: Ledger) -> None:
    fill(ledger)
    times = [one.pulled_at for one in read_history(ledger, "mot").events]
    assert times == sorted(times)


def test_what_came_back_after_it_was_deleted_counts_as_new(ledger: Ledger) -> None:
    write(ledger, work(RANK))
    ledger.bury_these(HERE, [1])
    write(ledger, work(RANK))
    steps = [one for one in read_history(ledger, "mot").events if isinstance(one, Step)]
    assert [len(one.changes) for one in steps] == [1, 0, 1]


# As people read it.


def test_the_history_reads_without_colour(workspace: Workspace) -> None:
    found = history(workspace)
    assert "\x1b" not in found
    lines = [re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d", "TIME", line) for line in found.splitlines()]
    assert lines[:3] == [
        "mot  Tin một",
        f"text 1 {ARTICLE.sha256[:8]}, 30 characters",
        f"text 2 {NEW.sha256[:8]}, 40 characters",
    ]
    assert "TIME  an@example.org  draft  #5, project 4" in lines
    assert "TIME  an@example.org  submitted  #1, project 4" in lines
    assert "TIME  binh@example.org  skipped  #2, project 4" in lines
    assert "TIME  binh@example.org  deleted  #2, project 4" in lines
    assert f"TIME  text {ARTICLE.sha256[:8]} → {NEW.sha256[:8]}  task 7, project 4" in lines
    for line in (
        "  made 2024-06-15 08:00, changed 2024-06-15 09:00, 2 min",
        "  + [Lê An](PERSON) 9:14",
        "  + Lê An ─holds_rank→ Trung tá",
        "  ~ [Lê An](PERSON) 9:14 → [Lê An đến](PERSON) 9:18",
        "  - Lê An ─holds_rank→ Trung tá",
        "  + topic: crime",
        "  - topic: crime",
        "  ? [Bà](PERSON) 0:5 does not count: 1–2 is no span",
        "TIME  decided by the project's lead  about an@example.org's #1, project 4",
        "  ✗ dropped: [Bà](PERSON) 0:5",
        f"  1 span as it was, on the text {NEW.sha256[:8]}",
    ):
        assert line in lines, line


def test_a_decision_is_the_leads_and_names_the_mark_and_as_what_it_counts(
    workspace: Workspace,
) -> None:
    mark = span_mark("m", "PERSON", 0, 5, text="Lê An")
    arrow = {**arrow_mark("m", "holds", "r"), "direction": "both"}
    aside = tuple(
        SetAside(reason="why", mark=msgspec.Raw(msgspec.json.encode(one))) for one in (mark, arrow)
    )
    accepted = [
        Decision(
            mark=mark_digest(aside[0]), sha256=ARTICLE.sha256,
            span=make_span(9, 14, "PERSON", "m"),
        ),
        Decision(
            mark=mark_digest(aside[1]), relation=Relation(head="m", tail="r", label="holds_rank")
        ),
    ]  # fmt: skip
    undecided = work(RANK, id=3, annotator="chi@example.org", set_aside=aside)
    with open_ledger(workspace.ledger_path) as ledger:
        write(ledger, undecided)
        write(ledger, decide(undecided, accepted))
    *_, told = history(workspace, "--annotator", "chi").split("\n\n")
    head, *lines = told.splitlines()
    assert head.endswith("  decided by the project's lead  about chi@example.org's #3, project 4")
    assert sorted(lines) == [
        "  ✓ accepted: Lê An ─holds→ Trung tá as holds_rank",
        "  ✓ accepted: [Lê An](PERSON) 0:5 → [Lê An](PERSON) 9:14",
    ]


def test_work_that_keeps_what_was_decided_is_its_annotators(ledger: Ledger) -> None:
    first = work(RANK, set_aside=(ASIDE,))
    decided = decide(first, [Decision(mark=mark_digest(ASIDE))])
    more = msgspec.structs.replace(decided, spans=(RANK, ORG))
    later = msgspec.structs.replace(decided, updated_at="2024-06-16T09:00:00.000000Z")
    for one in (first, decided, more, later):
        write(ledger, one)
    steps = [one for one in read_history(ledger, "mot").events if isinstance(one, Step)]
    assert [one.decided for one in steps] == [False, True, False, False]


def test_a_mark_that_counts_meanwhile_says_so(workspace: Workspace) -> None:
    standing = msgspec.structs.replace(ASIDE, span="p", sha256="0" * 64)
    with open_ledger(workspace.ledger_path) as ledger:
        write(ledger, work(PERSON, id=3, set_aside=(standing,)))
    assert "  ? [Bà](PERSON) 0:5 counts, waits for a look: 1–2 is no span" in history(workspace)


def test_the_text_stands_with_its_marks_in_brackets(workspace: Workspace) -> None:
    found = history(workspace, "--text", "--annotator", "an")
    assert "Sáng nay, [Trung tá](RANK) [Lê An](PERSON) đến Bộ Công an." in found
    assert "[Trung tá](RANK) Lê An đến Bộ Công an." in found  # the draft


def test_the_newest_entries_can_be_asked_for(workspace: Workspace) -> None:
    found = history(workspace, "--limit", "2")
    assert "… 6 earlier entries" in found
    assert "draft" not in found
    assert "deleted" in found


def test_one_person_can_be_asked_for(workspace: Workspace) -> None:
    found = history(workspace, "--annotator", "binh@example.org")
    assert "an@example.org" not in found.replace("binh@example.org", "")
    outcome = annotate(workspace, "history", "mot", "--annotator", "chi")
    assert outcome.status == 1
    assert "chi annotated nothing in mot" in outcome.stderr
    assert "an@example.org, binh@example.org" in outcome.stderr


def test_json_has_versions_and_events(workspace: Workspace) -> None:
    found = json.loads(history(workspace, "--json"))
    assert [one["text"] for one in found["versions"]] == [TEXT, NEW.text]
    assert [one["event"] for one in found["events"]].count("text") == 1
    assert len(found["events"]) == 8
    changes = [change for one in found["events"] for change in one.get("changes", ())]
    aside = next(one for one in changes if one["what"] == "set_aside")
    assert aside["now"]["mark"]["id"] == "x"


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False), ({}, False)],
)
def test_colours_are_those_of_the_schema_unless_nobody_wants_them(
    workspace: Workspace, environ: dict[str, str], coloured: bool
) -> None:
    found = history(workspace, "--text", TERM="xterm-256color", COLORTERM="truecolor", **environ)
    # RANK is #aa99ee.
    assert ("48;2;170;153;238m" in found) is coloured


def test_an_unknown_article_is_told_with_those_that_are_near(workspace: Workspace) -> None:
    outcome = annotate(workspace, "history", "mott")
    (line,) = outcome.stderr.splitlines()
    assert line == "annotate: the ledger has no article 'mott'. Near it: mot."
    far = annotate(workspace, "history", "zzz").stderr
    assert "It has those that were pushed" in far


def test_an_article_that_nobody_annotated_says_so(workspace: Workspace) -> None:
    with open_ledger(workspace.ledger_path) as ledger:
        ledger.record_tasks(HERE, [(8, Article(id="hai", text="Bài hai."))])
    found = annotate(workspace, "history", "hai").stdout
    assert found.endswith("Nobody annotated it yet.\n")


# How marks are painted.


def test_spans_that_nest_stand_in_one_another_and_crossing_ones_are_numbered() -> None:
    painter = Painter(sample_schema())
    nested = [make_span(0, 9, "ROLE"), make_span(4, 9, "PERSON"), make_span(4, 9, "RANK")]
    assert painter.whole("Ông Lê An", nested).plain == "[Ông [[Lê An](RANK)](PERSON)](ROLE)"
    crossing = [make_span(0, 6, "ROLE"), make_span(4, 9, "PERSON")]
    assert painter.whole("Ông Lê An", crossing).plain == "[¹Ông [²Lê]¹(ROLE) An]²(PERSON)"


def test_answers_about_a_span_stand_with_its_label() -> None:
    span = msgspec.structs.replace(make_span(0, 3), attributes={"alive": ("yes", "no")})
    shown = Painter(sample_schema()).marked("Ông", span)
    assert shown.plain == "[Ông](PERSON alive=yes, no) 0:3"


def test_text_is_black_or_white_on_any_colour() -> None:
    painter = Painter(sample_schema())
    for label in (*sample_schema().labels, "ALIEN"):
        colour = painter.style(label).color
        assert colour is not None
        assert colour.name in {"#000000", "#ffffff"}


def test_context_is_on_one_line_and_within_the_text() -> None:
    assert in_context("a\nbc", 2, 3, "").plain == "a⏎[b]c"
    assert in_context("abc", -5, 99, "").plain == "[abc]"
    assert in_context("x" * 50 + "y" + "z" * 50, 50, 51, "", 3).plain == "…xxx[y]zzz…"
