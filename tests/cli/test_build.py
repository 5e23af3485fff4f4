"""`annotate build`: what was pulled becomes a dataset, and what to do next is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annotate.dataset.splits import split_of
from annotate.schema.dump import dump_schema
from annotate.settings import Split
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


def mark(number: str, start: int, end: int, label: str, text: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "labels": [label], "text": text}
    return {"id": number, "from_name": "label", "to_name": "text", "type": "labels", "value": value}


def laid_out(tmp_path: Path, people: int, *more: dict[str, Any]) -> Path:
    """Lay out a workspace; its ledger comes from an export, with `more` marks by everybody."""
    root = lay_out(tmp_path / "workspace", "Built", ARTICLES)
    marks = [mark("r", 0, 8, "RANK", "Trung tá"), *more]
    annotations = [
        {
            "id": number,
            "completed_by": {"email": f"person{number}@example.org"},
            "result": marks,
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


def test_articles_that_nobody_annotated_are_told_as_in_it_when_they_are(workspace: Path) -> None:
    done = build("--include-unannotated", cwd=workspace)
    assert (done.status, done.stderr) == (0, "")
    assert "In it, not annotated: 1 article; `annotated` is false there\n" in done.stdout
    assert "Left out" not in done.stdout
    found = {row["id"]: row["annotated"] for row in rows(workspace / "dataset", "spans")}
    assert found == {"mot": True, "hai": False}
    told = json.loads(build("--include-unannotated", "--json", cwd=workspace).stdout)
    assert (told["articles"], told["unannotated"], told["included"]) == (1, 1, 1)
    assert json.loads(build("--json", cwd=workspace).stdout)["included"] == 0


def test_articles_of_which_the_policy_takes_nothing_are_told_apart(shared: Path) -> None:
    task = {"id": 2, "data": {"text": ARTICLES["hai.txt"]}, "annotations": [
        {"id": 9, "completed_by": {"email": "person1@example.org"}, "result": []}
    ]}  # fmt: skip
    export = shared.parent / "more.json"
    export.write_text(json.dumps([task]), encoding="utf-8")
    assert run_locally("pull", "--from-export", export, "--workspace", shared).status == 0
    why = "1 article of which the policy takes no annotation"
    assert f"Left out: {why}\n" in build("--policy", "agreed", cwd=shared).stdout
    told = build("--policy", "agreed", "--include-unannotated", cwd=shared).stdout
    assert f"In it, not annotated: {why}; `annotated` is false there\n" in told
    assert "Left out" not in told


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
    assert "the splits changed (splits.csv)" in done.stdout


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
        " Put it back, then have `annotate schema migrate` carry out the change; or run"
        " `annotate pull` to set what is on the server aside.\n"
    )
    assert contents(workspace / "dataset") == before


def test_an_article_that_left_the_corpus_is_built_as_it_was_pushed(workspace: Path) -> None:
    (workspace / "corpus" / "mot.txt").unlink()
    told = json.loads(build("--json", cwd=workspace).stdout)
    assert (told["articles"], told["gone"]) == (1, ["mot"])
    assert "though the corpus has no such article: mot;" in build(cwd=workspace).stdout


def test_relations_that_the_schema_does_not_allow_are_told(tmp_path: Path) -> None:
    turned = {"type": "relation", "from_id": "r", "to_id": "p", "direction": "right"}
    person = mark("p", 9, 14, "PERSON", "Lê An")
    workspace = laid_out(tmp_path, 1, person, {**turned, "labels": ["mang cấp bậc"]})
    told = "In it, for a look: 1 relation whose ends the schema does not allow"
    assert told in build(cwd=workspace).stdout.splitlines()


def test_words_that_a_person_put_into_the_card_are_saved_and_told(workspace: Path) -> None:
    build(cwd=workspace)
    card = workspace / "dataset" / "README.md"
    card.write_text(f"{card.read_text(encoding='utf-8')}\nMy words.\n", encoding="utf-8")
    told = (
        "README.md was not as a build wrote it: saved as dataset.README.before.md."
        " A build keeps what stands between `<!-- kept: NAME -->` and `<!-- /kept -->`"
    )
    assert told in build(cwd=workspace).stdout.splitlines()
    saved = workspace / "dataset.README.before.md"
    assert saved.read_text(encoding="utf-8").endswith("My words.\n")
    assert json.loads(build("--json", cwd=workspace).stdout)["card_saved"] == ""


def test_a_folder_that_lost_its_lock_has_a_way_out(workspace: Path) -> None:
    build(cwd=workspace)
    (workspace / "dataset" / "annotate.lock").unlink()
    for options in ([], ["--check"]):
        done = build(*options, cwd=workspace)
        assert (done.status, done.stdout) == (1, "")
        assert done.stderr == (
            "annotate: dataset looks like a dataset built here, but its annotate.lock is missing."
            " Move the folder away, or name another one, then run `annotate build`.\n"
        )
    (workspace / "dataset").rename(workspace / "old")
    assert build(cwd=workspace).status == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "2 annotations with a later one of the same article"),
        (["--policy", "annotator", "--annotator", "person1@example.org"],
         "2 annotations beside one that the policy prefers"),
    ],
)  # fmt: skip
def test_what_does_not_count_is_told_in_the_words_of_the_policy(
    shared: Path, options: list[str], told: str
) -> None:
    assert f"Left out: {told}" in build(*options, cwd=shared).stdout.splitlines()
