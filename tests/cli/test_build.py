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
    """A workspace of two articles, one of them annotated by one person."""
    return laid_out(tmp_path, people=1)


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A workspace of two articles, in one of which three people marked the same."""
    return laid_out(tmp_path, people=3)


def laid_out(tmp_path: Path, people: int) -> Path:
    """Lay out a workspace; its ledger comes from an export."""
    root = lay_out(tmp_path / "workspace", "Built", ARTICLES)
    value = {"start": 0, "end": 8, "labels": ["RANK"], "text": "Trung tá"}
    mark = {"id": "r", "from_name": "label", "to_name": "text", "type": "labels", "value": value}
    annotations = [
        {
            "id": number,
            "completed_by": {"email": f"person{number}@example.org"},
            "result": [mark],
            "created_at": "2024-06-15T08:00:00Z",
        }
        for number in range(1, people + 1)
    ]
    task = {"id": 1, "data": {"text": ARTICLES["mot.txt"]}, "annotations": annotations}
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


def test_listed_articles_that_the_corpus_lacks_are_told(workspace: Path) -> None:
    names = ["mot", "hia", *"edcba"]
    lines = ["id,split", *(f"{name},train" for name in names)]
    (workspace / "splits.csv").write_text("\n".join(lines), encoding="utf-8")
    told = "splits.csv lists 6 ids that the corpus lacks: a, b, c, d, e and 1 more"
    assert told in build(cwd=workspace).stdout.splitlines()
    (workspace / "splits.csv").write_text("\n".join(lines[:3]), encoding="utf-8")
    assert "splits.csv lists 1 id that the corpus lacks: hia\n" in build(cwd=workspace).stdout


def say_policy(workspace: Path, *lines: str) -> None:
    with (workspace / "annotate.toml").open("a", encoding="utf-8") as file:
        file.write("\n".join(["[dataset.policy]", *lines, ""]))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "What at least 2 people marked alike counts"),
        (["--at-least", "3"], "What at least 3 people marked alike counts"),
        (["--policy", "agreed"], "What at least 2 people marked alike counts"),
        (["--policy", "latest"], "the one changed last counts"),
    ],
)
def test_an_option_changes_only_its_own_part_of_the_policy(
    shared: Path, options: list[str], words: str
) -> None:
    say_policy(shared, 'use = "agreed"', "at-least = 2")
    done = build(*options, cwd=shared)
    assert (done.status, done.stderr) == (0, "")
    assert words in " ".join((shared / "dataset" / "README.md").read_text("utf-8").split())


def test_the_people_of_annotate_toml_stay_when_the_options_name_none(shared: Path) -> None:
    say_policy(shared, 'use = "annotator"', 'annotators = ["ghost@example.org"]')
    for options in ([], ["--policy", "annotator"], ["--annotator", "ghost@example.org"]):
        assert "'ghost@example.org', who submitted nothing" in build(*options, cwd=shared).stderr
    assert build("--annotator", "person1@example.org", cwd=shared).status == 0


@pytest.mark.parametrize(
    ("told", "options", "problem"),
    [
        ("", ["--at-least", "3"],
         "--at-least goes with --policy agreed, but the policy of annotate.toml is latest."),
        ('use = "agreed"', ["--policy", "ground-truth", "--at-least", "3"],
         "--at-least goes with --policy agreed, but --policy is ground-truth."),
        ('use = "agreed"', ["--annotator", "an@example.org"],
         "--annotator goes with --policy annotator, but the policy of annotate.toml is agreed."),
        ('use = "agreed"', ["--policy", "annotator"],
         "--policy annotator needs --annotator ADDRESS."),
    ],
)  # fmt: skip
def test_an_option_that_does_not_fit_the_policy_is_refused(
    workspace: Path, told: str, options: list[str], problem: str
) -> None:
    say_policy(workspace, told)
    done = build(*options, cwd=workspace)
    assert done.status == 2
    assert problem in done.stderr
    assert not (workspace / "dataset").exists()


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
    told = json.loads(build("--json", cwd=workspace).stdout)
    assert (told["articles"], told["gone"]) == (1, ["mot"])
    assert "though the corpus has no such article: mot;" in build(cwd=workspace).stdout
