"""`annotate dataset encode` in words, as JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import run_annotate
from tests.dataset.building import build_into, build_mixed, build_one
from tests.dataset.training import trained
from tests.factories import make_annotation, make_article, make_span

ENCODE = ("dataset", "encode", "encoded", "--tokenizer", "tokenizer.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a tokeniser, and a dataset of one article built in it."""
    trained("byte-level").save(str(tmp_path / "tokenizer.json"))
    build_one(tmp_path / "dataset")
    return tmp_path


def test_it_tells_what_was_made_and_how_to_load_it(folder: Path) -> None:
    done = run_annotate(*ENCODE, cwd=folder)
    assert done.stderr == ""
    assert done.status == 0
    count = len(trained("byte-level").encode(make_article().text).ids)
    assert done.stdout == (
        f"encoded: 1 row of 1 article, {count} ids, at most {count} in a row\n"
        "train 1\n"
        'Load it: load_dataset("encoded")\n'
    )
    assert (folder / "encoded" / "data" / "train-00000-of-00001.parquet").is_file()


def test_it_tells_of_what_is_lost_and_of_the_stride_that_keeps_it(folder: Path) -> None:
    article = make_article("Trung tá Lê An nói.")
    marks = (make_span(0, 14), make_span(0, 8, "RANK"))
    build_into(folder / "nested", [article], [make_annotation(article, *marks)])
    short = ("--dataset", "nested", "--max-length", "5", "--stride", "0")
    told = run_annotate(*ENCODE, *short, cwd=folder).stdout
    assert "Not in the labels as in `tokens`: 1 span in no window (losses.parquet)\n" in told
    assert "Not in `tokens` as marked, and so not here: 1 span within another\n" in told
    hint = next(line for line in told.splitlines() if "--stride" in line)
    stride = hint.partition("--stride ")[2].partition(" ")[0]
    long = ("--dataset", "nested", "--max-length", f"{int(stride) + 3}", "--stride", stride)
    assert "no window" not in run_annotate(*ENCODE, *long, cwd=folder).stdout


def test_it_prints_json_and_nothing_else(folder: Path) -> None:
    done = run_annotate(*ENCODE, "--label-all", "--scheme", "BILOU", "--json", cwd=folder)
    told = json.loads(done.stdout)
    assert told["path"] == str(folder / "encoded")
    assert (told["rows"], told["articles"], told["splits"]) == (1, 1, {"train": 1})
    assert (told["losses"], told["former"], told["longest_lost"]) == ({}, {}, 0)
    assert told["ids"] == told["longest"]
    options = json.loads((folder / "encoded" / "encoding.json").read_text())["options"]
    assert (options["label_all"], options["scheme"]) == (True, "BILOU")


def test_articles_that_nobody_annotated_are_left_out_and_counted(folder: Path) -> None:
    build_mixed(folder / "mixed")
    told = run_annotate(*ENCODE, "--dataset", "mixed", cwd=folder).stdout
    assert told.startswith("encoded: 2 rows of 2 articles, ")
    assert "\nLeft out: 2 articles that nobody annotated\n" in told
    told = run_annotate(*ENCODE, "--dataset", "mixed", "--json", cwd=folder).stdout
    assert json.loads(told)["unannotated"] == 2


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--dataset", "other"), "annotate: there is no folder other."),
        (("--stride", "4"), "annotate: a stride says nothing without a length."),
        (("--tokenizer", "no.json"), "annotate: there is no file or folder no.json."),
        (("--tokenizer", "broken"), "annotate: broken is no tokenizer: "),
        (("--tokenizer", "dataset"), "annotate: dataset holds no tokenizer.json."),
        (("--tokenizer", "some/name"), "annotate: 'some/name' is no path here, and the Hub"),
    ],
)
def test_what_cannot_be_is_one_line_on_stderr(
    arguments: tuple[str, ...], line: str, folder: Path
) -> None:
    (folder / "broken").write_text("{")
    done = run_annotate(*ENCODE, *arguments, cwd=folder, HF_HUB_OFFLINE="1")
    assert done.status == 1
    assert done.stdout == ""
    assert done.stderr.startswith(line)
    assert done.stderr.count("\n") == 1
    assert not (folder / "encoded").exists()


def test_a_missing_extra_tells_the_line_that_installs_it(folder: Path) -> None:
    # First on the path, and not to be imported.
    (folder / "tokenizers.py").write_text("raise ImportError('not here')")
    done = run_annotate(*ENCODE, cwd=folder, PYTHONPATH=str(folder))
    assert done.stderr == (
        "annotate: tokenizers is not installed. Run `pip install 'annotate-corpus[encode]'`.\n"
    )


def test_a_target_that_holds_something_else_is_refused(folder: Path) -> None:
    done = run_annotate("dataset", "encode", "dataset", *ENCODE[3:], cwd=folder)
    assert done.status == 1
    assert "holds something other than an encoded dataset" in done.stderr
    assert (folder / "dataset" / "annotate.lock").is_file()
