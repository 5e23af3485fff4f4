"""`annotate quarantine` as people use it: from the list to the decision, and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.corpus import read_articles
from annotate.schema import load_schema
from annotate.spans import Annotation
from annotate.studio.export import import_export
from annotate.studio.ledger import EXPORT, Entry, Place, open_ledger
from annotate.workspace import Workspace, open_workspace
from tests.conftest import Outcome, lay_out, run_annotate
from tests.factories import make_span
from tests.studio.marks import arrow_mark, span_mark

TEXT = "Trung tá Lê An đến Bộ Công an.\nÔng Lê An về xã Phú Lâm."
PLACE = Place(EXPORT, 1)
MARKS = [
    span_mark("rank", "RANK", 0, 8, text="Trung tá"),
    span_mark("an", "PERSON", 2, 7, text="Lê An"),
    span_mark("org", "ORGANIZATION", 3, 13, text="Bộ Công an"),
    span_mark("old", "OFFICE", 44, 54, text="xã Phú Lâm"),
    arrow_mark("an", "mang cấp bậc", "rank"),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with two people's work, of which marks were set aside."""
    root = lay_out(tmp_path / "workspace", "Tin", {"mot.txt": TEXT, "hai.txt": "Bài hai."})
    opened = open_workspace(root, {})
    bring(opened, "an@example.org", 1, MARKS)
    bring(opened, "binh@example.org", 2, MARKS[1:2])
    return opened


def bring(workspace: Workspace, person: str, number: int, marks: list[Any]) -> None:
    """Bring a person's annotation of the article `mot` into the ledger."""
    told = {"id": number, "result": marks, "completed_by": {"email": person}}
    told |= {"created_at": f"2024-01-0{number}T08:00:00Z"}
    task = {"id": 1, "data": {"text": TEXT}, "annotations": [told]}
    path = workspace.root / f"{number}.json"
    path.write_text(json.dumps([task]), encoding="utf-8")
    articles = read_articles([workspace.corpus_path])
    with open_ledger(workspace.ledger_path) as ledger:
        import_export(ledger, path, articles, load_schema(workspace.schema_path))


def annotate(workspace: Workspace, *arguments: str, **environ: str) -> Outcome:
    own = {"LABEL_STUDIO_URL": "", "LABEL_STUDIO_API_KEY": "", "COLUMNS": "120"}
    return run_annotate(*arguments, cwd=workspace.root, **{**own, **environ})


def listed(workspace: Workspace, *options: str) -> dict[str, str]:
    """Return the ids of the marks in quarantine, by what they are and whose."""
    found = annotate(workspace, "quarantine", "list", "--json", *options)
    marks = json.loads(found.stdout)["marks"]
    return {f"{m['annotator'][:2]} {m['mark'].get('id', 'arrow')}": m["id"] for m in marks}


def counts(workspace: Workspace, number: int = 1) -> Annotation:
    with open_ledger(workspace.ledger_path) as ledger:
        for place in ledger.places("local"):
            if entry := ledger.entry(place, number):
                return entry.annotation
    raise AssertionError


def test_the_list_has_each_mark_with_its_id_person_text_and_reason(workspace: Workspace) -> None:
    found = annotate(workspace, "quarantine", "list").stdout
    assert "mot · an@example.org" in found
    assert "mot · binh@example.org" in found
    assert "[Bộ Công an](ORGANIZATION)" in found
    assert "Lê An? ─mang cấp bậc→ Trung tá" in found
    assert "the schema has no label OFFICE" in found
    assert "does not count: the schema has no label OFFICE" in " ".join(found.split())
    assert "5 marks do not count.\n`annotate quarantine show ID` shows one." in found
    for mark_id in listed(workspace).values():
        assert mark_id in found


def test_the_list_can_be_of_one_person_or_article(workspace: Workspace) -> None:
    assert list(listed(workspace, "--annotator", "binh")) == ["bi an"]
    assert list(listed(workspace, "--annotator", "binh@example.org")) == ["bi an"]
    assert listed(workspace, "--article", "hai") == {}
    found = annotate(workspace, "quarantine", "list", "--article", "hai").stdout
    assert found == "No mark in hai waits for a decision.\n"


def test_a_mark_is_shown_with_what_it_says_and_where_its_text_is(workspace: Workspace) -> None:
    shown = annotate(workspace, "quarantine", "show", listed(workspace)["an an"]).stdout
    lines = [" ".join(line.split()) for line in shown.splitlines()]
    assert any(line.startswith("it says 2:7 Tr[ung t]á Lê An đến") for line in lines)
    assert "it marks 'Lê An'" in lines
    assert any(line.startswith("1 9:14 Trung tá [Lê An] đến Bộ Công an.⏎Ông") for line in lines)
    assert any("An đến Bộ Công an.⏎Ông [Lê An] về xã Phú Lâm." in line for line in lines)
    assert any(line.startswith("2 35:40 …") for line in lines)
    assert any(line.endswith("--candidate N") for line in lines)


def test_the_whole_way_of_a_mark(workspace: Workspace) -> None:
    ids = listed(workspace)
    several = annotate(workspace, "quarantine", "accept", ids["an an"])
    assert several.status == 1
    assert "occurs in 2 places in mot" in several.stderr

    done = annotate(
        workspace, "quarantine", "accept", ids["an an"][:6], "--candidate", "1", "--label", "Người"
    )
    assert f"{ids['an an']} accepted as [Lê An](PERSON) 9:14 in mot" in done.stdout
    assert "nothing on the server was changed" in done.stdout
    both = annotate(workspace, "quarantine", "accept", ids["an arrow"], ids["an org"]).stdout
    assert "accepted as relation holds_rank" in both
    assert "accepted as [Bộ Công an](ORGANIZATION) 19:29" in both
    found = counts(workspace)
    assert [(s.start, s.end, s.label) for s in found.spans] == [
        (0, 8, "RANK"), (9, 14, "PERSON"), (19, 29, "ORGANIZATION")
    ]  # fmt: skip
    assert [relation.label for relation in found.relations] == ["holds_rank"]

    dropped = annotate(workspace, "quarantine", "drop", ids["an old"]).stdout
    assert f"{ids['an old']} dropped [xã Phú Lâm](OFFICE) in mot" in dropped
    decided = annotate(workspace, "quarantine", "list", "--decided").stdout
    assert "accepted as [Lê An](PERSON) 9:14" in decided
    assert "4 decisions; accept or drop a mark again to change" in decided

    # It was not right.
    again = annotate(workspace, "quarantine", "accept", ids["an an"], "--at", "31:40")
    assert "accepted as [Ông Lê An](PERSON) 31:40" in again.stdout
    assert list(listed(workspace)) == ["bi an"]
    label = annotate(workspace, "quarantine", "accept", ids["an old"], "--label", "LOCATION")
    assert "accepted as [xã Phú Lâm](LOCATION) 44:54" in label.stdout


def test_all_of_a_person_are_dropped_at_once(workspace: Workspace) -> None:
    found = annotate(workspace, "quarantine", "drop", "--all", "--annotator", "an").stdout
    assert found.count(" dropped ") == 4
    assert list(listed(workspace)) == ["bi an"]
    again = annotate(workspace, "quarantine", "drop", "--all", "--annotator", "an").stdout
    assert again == "No mark of an waits for a decision.\n"


def test_json_of_a_decision_tells_what_counts(workspace: Workspace) -> None:
    mark_id = listed(workspace)["an org"]
    found = annotate(workspace, "quarantine", "accept", mark_id, "--json")
    (mark,) = json.loads(found.stdout)["marks"]
    assert mark["decided"]["span"]["label"] == "ORGANIZATION"
    shown = json.loads(annotate(workspace, "quarantine", "show", mark_id, "--json").stdout)
    assert shown["candidates"] == [[19, 29]]
    assert shown["mark"] == MARKS[2]
    (dropped,) = json.loads(annotate(workspace, "quarantine", "drop", mark_id, "--json").stdout)[
        "marks"
    ]
    assert dropped["decided"] == {"span": None, "relation": None}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["show", "zzzz"], "there is no mark 'zzzz' in quarantine"),
        (["drop", "00000000"], "`annotate quarantine list` shows those that are open"),
        (["accept", "ID", "--candidate", "9"], "has 1 candidates"),
        (["accept", "ID", "--label", "NONE"], "a label that is unknown: NONE"),
        (["accept", "ID", "--at", "50:99"], "50:99 is no span of a text of 55"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line(
    workspace: Workspace, arguments: list[str], reason: str
) -> None:
    mark_id = listed(workspace)["an org"]
    named = [mark_id if one == "ID" else one for one in arguments]
    outcome = annotate(workspace, "quarantine", *named)
    (line,) = outcome.stderr.splitlines()
    assert (outcome.status, outcome.stdout) == (1, "")
    assert reason in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["accept"],
        ["accept", "a", "b", "--at", "1:2"],
        ["accept", "a", "--at", "1:2", "--candidate", "1"],
        ["accept", "a", "--at", "one"],
        ["drop"],
        ["drop", "--all"],
        ["drop", "a", "--all"],
        ["drop", "a", "--article", "mot"],
    ],
)
def test_options_that_do_not_go_together_are_a_usage_error(
    workspace: Workspace, arguments: list[str]
) -> None:
    assert annotate(workspace, "quarantine", *arguments).status == 2


def test_nothing_is_decided_while_a_pull_is_running(workspace: Workspace) -> None:
    mark_id = listed(workspace)["an org"]
    with workspace.alone("pull"):
        outcome = annotate(workspace, "quarantine", "drop", mark_id)
    assert "another pull of this workspace is running" in outcome.stderr


def test_a_mark_on_a_text_that_the_ledger_lacks_says_so(workspace: Workspace) -> None:
    with open_ledger(workspace.ledger_path) as ledger:
        known = ledger.entry(PLACE, 1)
        assert known is not None
        other = msgspec.structs.replace(known.annotation, sha256="0" * 64)
        ledger.append(PLACE, [Entry(other, known.result)])
    mark_id = listed(workspace)["an org"]
    shown = annotate(workspace, "quarantine", "show", mark_id).stdout
    assert "The ledger does not have the text that was annotated." in shown
    assert "Run `annotate push`" in annotate(workspace, "quarantine", "accept", mark_id).stderr


def test_a_workspace_without_a_ledger_has_nothing_in_quarantine(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "new", "New", {"mot.txt": TEXT})
    found = run_annotate("quarantine", "list", cwd=root, LABEL_STUDIO_URL="")
    assert found.stdout == "No mark waits for a decision.\n"


# Names.


@pytest.mark.parametrize("command", [["list"], ["accept", "--all"], ["drop", "--all"]])
@pytest.mark.parametrize(
    ("named", "line"),
    [
        (
            ["--article", "mott"],
            "there is no article 'mott' in the corpus or the ledger. Near it: mot.",
        ),
        (
            ["--annotator", "bing"],
            "the ledger knows no annotator 'bing'. Near it: binh@example.org.",
        ),
        (
            ["--annotator", "zoe"],
            "the ledger knows no annotator 'zoe'. It knows an@example.org, binh@example.org.",
        ),
    ],
)
def test_a_name_that_nothing_has_is_refused_with_those_near_it(
    workspace: Workspace, command: list[str], named: list[str], line: str
) -> None:
    outcome = annotate(workspace, "quarantine", *command, *named)
    assert outcome == (1, "", f"annotate: {line}\n")


def test_an_article_of_the_corpus_that_was_never_pushed_is_known(workspace: Workspace) -> None:
    (workspace.corpus_path / "ba.txt").write_text("Bài ba.", encoding="utf-8")
    found = annotate(workspace, "quarantine", "list", "--article", "ba", "--annotator", "an")
    assert found == (0, "No mark of an in ba waits for a decision.\n", "")


# Marks that count meanwhile.


def leave_standing(workspace: Workspace) -> None:
    """Have a mark of `binh` count although its text changed a little."""
    with open_ledger(workspace.ledger_path) as ledger:
        (place,) = (one for one in ledger.places("local") if ledger.entry(one, 2))
        known = ledger.entry(place, 2)
        assert known is not None
        span = make_span(9, 14, "PERSON", "an")
        aside = msgspec.structs.replace(
            known.annotation.set_aside[0], sha256="0" * 64, span="an",
            reason="its text changed from 'Lê Ân' to 'Lê An'",
        )  # fmt: skip
        changed = msgspec.structs.replace(known.annotation, spans=(span,), set_aside=(aside,))
        ledger.append(place, [Entry(changed, known.result)])


def test_what_counts_and_waits_for_a_look_is_told_from_what_does_not_count(
    workspace: Workspace,
) -> None:
    leave_standing(workspace)
    found = annotate(workspace, "quarantine", "list", COLUMNS="200").stdout
    assert "counts, waits for a look: its text changed from 'Lê Ân' to 'Lê An'" in found
    assert found.count("does not count: ") == 4
    assert "1 mark counts and waits for a look, 4 marks do not count." in found
    mark_id = listed(workspace)["bi an"]
    shown = annotate(workspace, "quarantine", "show", mark_id).stdout
    assert "counts, waits for a look: its text changed" in shown
    other = annotate(workspace, "quarantine", "show", listed(workspace)["an old"]).stdout
    assert "does not count: the schema has no label OFFICE" in other
    assert f"annotate quarantine accept {listed(workspace)['an old']} --label LABEL" in other
    done = annotate(workspace, "quarantine", "accept", "--all").stdout
    assert f"{mark_id} accepted as [Lê An](PERSON) 9:14 in mot" in done
    assert annotate(workspace, "quarantine", "accept", "--all", "--annotator", "an").stdout == (
        "No mark of an counts and waits for a look.\n"
    )


# Ends of relations.


def test_of_a_relation_without_a_type_those_that_its_ends_allow_are_offered(
    workspace: Workspace,
) -> None:
    spans = [span_mark("p", "PERSON", 9, 14), span_mark("r", "RANK", 0, 8)]
    bare = {**arrow_mark("p", "", "r"), "labels": []}
    bring(workspace, "chi@example.org", 3, [*spans, bare])
    mark_id = listed(workspace)["ch arrow"]
    shown = annotate(workspace, "quarantine", "show", mark_id).stdout
    assert shown.endswith(
        f"annotate quarantine accept {mark_id} --label holds_rank\n"
        f"or: annotate quarantine drop {mark_id}\n"
    )
    done = annotate(workspace, "quarantine", "accept", mark_id, "--label", "holds_rank").stdout
    assert "accepted as relation holds_rank" in done


def test_a_relation_whose_ends_the_schema_forbids_is_not_accepted(workspace: Workspace) -> None:
    spans = [span_mark("o", "ORGANIZATION", 19, 29), span_mark("r", "RANK", 0, 8)]
    bare = {**arrow_mark("o", "", "r"), "labels": []}
    bring(workspace, "chi@example.org", 3, [*spans, bare])
    mark_id = listed(workspace)["ch arrow"]
    refused = annotate(workspace, "quarantine", "accept", mark_id, "--label", "holds_rank")
    line = (
        f"annotate: {mark_id} goes from ORGANIZATION to RANK, and holds_rank may go from PERSON to"
        " RANK. No relation type goes between these labels: mend a span's label in the browser,"
        " or drop it.\n"
    )
    assert refused == (1, "", line)
    assert listed(workspace)["ch arrow"] == mark_id
    shown = annotate(workspace, "quarantine", "show", mark_id).stdout
    assert "No relation type of the schema goes between these labels." in shown


def test_a_span_accepted_under_a_label_that_breaks_a_rule_says_so(workspace: Workspace) -> None:
    ids = listed(workspace)
    annotate(workspace, "quarantine", "accept", ids["an an"], "--candidate", "1")
    annotate(workspace, "quarantine", "accept", ids["an arrow"])
    again = annotate(
        workspace, "quarantine", "accept", ids["an an"], "--candidate", "1", "--label", "LOCATION"
    )
    assert again.status == 0
    assert again.stderr == (
        "Against the rules in mot: holds_rank goes from LOCATION at 9 to RANK at 0; it may go from"
        " PERSON to RANK\n"
    )
