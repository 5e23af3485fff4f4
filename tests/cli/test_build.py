"""`annotate build`: what was pulled becomes a dataset, and what to do next is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotate.dataset.splits import split_of
from annotate.schema.dump import dump_schema
from annotate.workspace import Split
from tests.conftest import Outcome, lay_out, run_annotate, run_locally
from tests.dataset.building import contents, rows
from tests.factories import make_entity, make_schema

ARTICLES = {"mot.txt": "Trung tá Lê An.", "hai.txt": "Ông Mai đến xã Phú Lâm."}


def build(*arguments: str | Path, cwd: Path) -> Outcome:
    none = {"LABEL_STUDIO_URL": "", "LABEL_STUDIO_API_KEY": ""}
    return run_annotate("build", *arguments, cwd=cwd, **none)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace of two articles, one of them annotated; its ledger comes from an export."""
    root = lay_out(tmp_path / "workspace", "Built", ARTICLES)
    value = {"start": 0, "end": 8, "labels": ["RANK"], "text": "Trung tá"}
    mark = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    annotation = {
        "id": 1,
        "completed_by": 1,
        "result": [mark],
        "created_at": "2024-06-15T08:00:00Z",
    }
    task = {"id": 1, "data": {"text": ARTICLES["mot.txt"]}, "annotations": [annotation]}
    export = tmp_path / "export.json"
    export.write_text(json.dumps([task]), encoding="utf-8")
    assert run_locally("pull", "--from-export", export, "--workspace", root).status == 0
    return root


def test_the_dataset_is_built_here_and_what_comes_next_is_told(workspace: Path) -> None:
    done = build(cwd=workspace)
    assert (done.status, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "dataset: 1 article, 1 entity, 0 relations",
        f"{split_of('mot', Split())} 1",
        f"No article falls into {others('mot')} yet.",
        "Left out: 1 article without a submitted annotation",
        'Load it: load_dataset("dataset", "spans")',
        "Next: `annotate dataset check`, then `annotate publish TARGET --dry-run`",
    ]
    assert [row["id"] for row in rows(workspace / "dataset", "spans")] == ["mot"]


def others(article: str) -> str:
    splits = {"train", "validation", "test"} - {split_of(article, Split())}
    return " or ".join(sorted(splits))


def test_another_folder_is_named_in_what_comes_next(workspace: Path) -> None:
    last = build("out", cwd=workspace).stdout.splitlines()[-1]
    assert last == (
        "Next: `annotate dataset check out`, then `annotate publish TARGET --dataset out --dry-run`"
    )


def test_a_list_beside_annotate_toml_decides_the_split(workspace: Path) -> None:
    (workspace / "splits.csv").write_text("id,split\nmot,validation\n", encoding="utf-8")
    assert json.loads(build("--json", cwd=workspace).stdout)["splits"] == {"validation": 1}
    assert build("--check", cwd=workspace).stdout == "dataset is what would be built now.\n"
    (workspace / "splits.csv").write_text("id,split\nmot,test\n", encoding="utf-8")
    done = build("--check", cwd=workspace)
    assert done.status == 1
    assert "the dataset's settings changed" in done.stdout


def test_a_bad_list_names_its_line_and_the_dataset_stays(workspace: Path) -> None:
    build(cwd=workspace)
    before = contents(workspace / "dataset")
    (workspace / "splits.csv").write_text("id,split\nmot,dev\n", encoding="utf-8")
    done = build(cwd=workspace)
    assert done.status != 0
    assert "splits.csv, line 2: no split dev" in done.stderr
    assert contents(workspace / "dataset") == before


def test_a_label_that_left_the_schema_is_one_line_and_the_dataset_stays(workspace: Path) -> None:
    build(cwd=workspace)
    before = contents(workspace / "dataset")
    schema = make_schema(entities=(make_entity("PERSON", "Person"),), relations=())
    (workspace / "schema.yaml").write_text(dump_schema(schema), encoding="utf-8")
    done = build(cwd=workspace)
    assert done.status == 1
    assert done.stderr == (
        "annotate: the schema lacks RANK, used in article mot."
        " Put it back, or run `annotate pull` to set such marks aside.\n"
    )
    assert contents(workspace / "dataset") == before


def test_an_article_that_left_the_corpus_is_built_as_it_was_pushed(workspace: Path) -> None:
    (workspace / "corpus" / "mot.txt").unlink()
    assert json.loads(build("--json", cwd=workspace).stdout)["articles"] == 1
