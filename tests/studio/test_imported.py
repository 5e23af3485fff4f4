"""Imported annotations under another version of the schema: nothing is lost, nothing guessed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from annotate.corpus.corpus import open_corpus
from annotate.formats.document import Document
from annotate.schema import Schema
from annotate.schema.dump import dump_schema
from annotate.spans import Annotation, Relation
from annotate.studio.export import import_documents
from annotate.studio.export.documents import Sourced
from annotate.studio.export.importer import Imported
from annotate.studio.export.matching import Articles
from annotate.studio.export.newcomers import Newcomers
from annotate.studio.imported import migrate_imported
from annotate.studio.ledger import EXPORT, Ledger, Place, open_ledger
from annotate.studio.rewrite import Rewriter
from annotate.workspace import Workspace, open_workspace
from tests.conftest import Annotate, MakeWorkspace, lay_out
from tests.factories import make_span, sample_schema
from tests.strategies import canonical_texts
from tests.studio.migrating import next_version

TEXT = "Trung tá Lê An về xã Phú Lâm."
RANK, PERSON, PLACE = (
    make_span(0, 8, "RANK", "r"),
    make_span(9, 14, "PERSON", "p"),
    make_span(18, 28, "LOCATION", "l"),
)
ARROWS = (
    Relation(head="p", tail="r", label="holds_rank"),
    Relation(head="p", tail="l", label="located_in"),
)
OLD, NEW = sample_schema(), next_version()
DOCUMENTS = Place(EXPORT, 0)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return open_workspace(lay_out(tmp_path / "workspace", "Tin", {"cu.txt": "Một bài cũ."}), {})


def bring(
    workspace: Workspace, ledger: Ledger, document: Document, schema: Schema = OLD
) -> Imported:
    corpus = open_corpus(workspace)
    known = Newcomers(corpus, Articles(list(corpus.articles())))
    return import_documents(ledger, [Sourced(document, "all.jsonl")], schema, known)


def migrated(ledger: Ledger) -> int:
    return migrate_imported(ledger, Rewriter(OLD, NEW), OLD, NEW)


def only(ledger: Ledger) -> Annotation:
    (annotation,) = ledger.annotations(DOCUMENTS)
    return annotation


DOCUMENT = Document(id="tin-1", text=TEXT, spans=(RANK, PERSON, PLACE), relations=ARROWS)


def test_what_is_renamed_is_rewritten_and_what_is_split_waits_in_quarantine(
    workspace: Workspace, ledger: Ledger
) -> None:
    bring(workspace, ledger, DOCUMENT)
    before = only(ledger)
    assert migrated(ledger) == 1
    now = only(ledger)
    assert [(span.start, span.end, span.label) for span in now.spans] == [
        (0, 8, "MILITARY_RANK"), (9, 14, "PERSON"),
    ]  # fmt: skip
    assert [one.label for one in now.relations] == ["holds_rank"]
    assert [aside.reason for aside in now.set_aside] == [
        "the label LOCATION was split: choose PROVINCE or PLACE",
        "one of the two spans of the relation waits",
    ]
    (migration,) = ledger.migrations.all(DOCUMENTS)
    assert migration.ended is not None
    assert list(ledger.annotations(DOCUMENTS, until=migration.row)) == [before]


def test_a_second_time_nothing_is_left_to_do(workspace: Workspace, ledger: Ledger) -> None:
    bring(workspace, ledger, DOCUMENT)
    migrated(ledger)
    rows = ledger.rows()
    assert migrated(ledger) == 0
    assert ledger.rows() == rows
    assert len(ledger.migrations.all(DOCUMENTS)) == 1


def test_one_that_was_cut_off_is_ended(workspace: Workspace, ledger: Ledger) -> None:
    bring(workspace, ledger, DOCUMENT)
    ledger.migrations.begin(DOCUMENTS, OLD, NEW)
    assert migrated(ledger) == 1
    (migration,) = ledger.migrations.all(DOCUMENTS)
    assert migration.ended is not None


def test_the_same_file_that_comes_again_takes_nothing_back(
    workspace: Workspace, ledger: Ledger
) -> None:
    bring(workspace, ledger, DOCUMENT)
    migrated(ledger)
    now = only(ledger)
    again = bring(workspace, ledger, DOCUMENT, schema=NEW)
    assert (again.added, again.older) == (0, 1)
    assert only(ledger) == now


def test_nor_does_it_after_a_second_migration(workspace: Workspace, ledger: Ledger) -> None:
    bring(workspace, ledger, DOCUMENT)
    migrated(ledger)
    ledger.migrations.end(ledger.migrations.begin(DOCUMENTS, NEW, NEW))
    now = only(ledger)
    again = bring(workspace, ledger, DOCUMENT, schema=NEW)
    assert (again.added, again.older) == (0, 1)
    assert only(ledger) == now


@settings(max_examples=20)
@given(canonical_texts)
def test_nothing_moves_by_a_character(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    root = tmp_path_factory.mktemp("moved")
    workspace = open_workspace(lay_out(root / "w", "Tin", {"cu.txt": "Một bài cũ."}), {})
    with open_ledger(root / "ledger.sqlite3") as ledger:
        spans = (make_span(0, 1, "RANK", "r"), make_span(0, len(text), "PERSON", "p"))
        bring(workspace, ledger, Document(id="tin-1", text=text, spans=spans))
        before = list(ledger.annotations(DOCUMENTS))
        migrated(ledger)
        after = list(ledger.annotations(DOCUMENTS))
    for old, new in zip(before, after, strict=True):
        assert [(s.start, s.end) for s in old.spans] == [(s.start, s.end) for s in new.spans]
        renamed = {"RANK": "MILITARY_RANK"}
        assert [renamed.get(s.label, s.label) for s in old.spans] == [s.label for s in new.spans]


def test_the_command_takes_them_along_and_the_dataset_is_built(
    make_workspace: MakeWorkspace, annotate: Annotate
) -> None:
    workspace = make_workspace({"one.txt": "Một bài khác."})
    assert annotate("push", cwd=workspace.root).status == 0
    listed = {"id": 1, "text": TEXT, "label": [[0, 8, "RANK"], [9, 14, "PERSON"]]}
    (workspace.root / "all.jsonl").write_text(json.dumps(listed), encoding="utf-8")
    brought = annotate("import", "doccano", "all.jsonl", cwd=workspace.root)
    assert brought.status == 0, brought.stderr
    (workspace.root / "schema.yaml").write_text(dump_schema(NEW), encoding="utf-8")
    done = annotate("schema", "migrate", cwd=workspace.root)
    assert "1 imported annotation rewritten in the ledger" in done.stdout, done.stderr
    built = annotate("build", "--json", cwd=workspace.root)
    assert built.status == 0, built.stderr
    labels = json.loads(built.stdout)["labels"]
    assert {label for label, counts in labels.items() if any(counts.values())} == {
        "MILITARY_RANK", "PERSON",
    }  # fmt: skip
    former = annotate("build", "old", "--schema-version", "1.0.0", "--json", cwd=workspace.root)
    assert former.status == 0, former.stderr
    assert sum(json.loads(former.stdout)["labels"]["RANK"].values()) == 1


def test_a_span_of_a_split_label_counts_once_somebody_chose(
    make_workspace: MakeWorkspace, annotate: Annotate
) -> None:
    workspace = make_workspace({"one.txt": "Một bài khác."})
    assert annotate("push", cwd=workspace.root).status == 0
    listed = {"id": 1, "text": TEXT, "label": [[18, 28, "LOCATION"]]}
    (workspace.root / "all.jsonl").write_text(json.dumps(listed), encoding="utf-8")
    assert annotate("import", "doccano", "all.jsonl", cwd=workspace.root).status == 0
    (workspace.root / "schema.yaml").write_text(dump_schema(NEW), encoding="utf-8")
    assert annotate("schema", "migrate", cwd=workspace.root).status == 0
    waiting = annotate("quarantine", "list", "--json", cwd=workspace.root)
    (mark,) = json.loads(waiting.stdout)["marks"]
    accepted = annotate("quarantine", "accept", mark["id"], "--label", "PLACE", cwd=workspace.root)
    assert accepted.status == 0, accepted.stderr
    built = annotate("build", "--json", cwd=workspace.root)
    assert built.status == 0, built.stderr
    assert sum(json.loads(built.stdout)["labels"]["PLACE"].values()) == 1
