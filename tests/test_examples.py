"""The examples are run as a user runs them, on datasets built from the sample corpus."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from annotate.corpus.corpus import open_corpus
from annotate.dataset.build import build
from annotate.settings import DatasetSettings, Split
from annotate.spans import outermost
from annotate.workspace import init_workspace, open_workspace
from tests.conftest import Outcome
from tests.dataset.building import build_into, id_in
from tests.factories import (
    gold_annotation,
    make_annotation,
    make_article,
    make_span,
    sample_gold,
    sample_schema,
)

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS = ("train_crf.py", "train_spacy.py")
# What is imported, and what it is called where one installs it.
PACKAGES = {"pycrfsuite": "python-crfsuite", "thinc": "spacy"}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample corpus with its gold, built as a workspace builds it."""
    root = tmp_path_factory.mktemp("examples")
    init_workspace(root)
    workspace = open_workspace(root, {})
    articles = open_corpus(workspace).articles()
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    build(root / "dataset", articles, annotations, sample_schema(), workspace.settings.dataset)
    return root / "dataset"


def run(program: str, *arguments: str | Path, **environ: str) -> Outcome:
    """Run an example from another folder than its own."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / program, *arguments],
        cwd=EXAMPLES.parent,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=500,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def scored(program: str, *arguments: str | Path, **environ: str) -> tuple[dict[str, Any], str]:
    """Run an example that has to succeed; return what it says as JSON, and its progress."""
    outcome = run(program, *arguments, "--json", **environ)
    assert outcome.status == 0, outcome.stderr
    told = json.loads(outcome.stdout)
    assert isinstance(told, dict)
    return told, outcome.stderr


def figures(told: dict[str, Any]) -> Iterator[float]:
    """Yield every precision, recall and F1 of a model and of the dictionary beside it."""
    for scores in (told["scores"], told["dictionary"]):
        for one in (scores["overall"], *scores["labels"].values()):
            for measure in ("strict", "exact", "partial"):
                assert set(one[measure]) == {"precision", "recall", "f1"}
                yield from one[measure].values()


def assert_holds(told: dict[str, Any], dataset: Path) -> None:
    """Check what holds of every model's scores, and that it learned anything."""
    gold = {one: outermost(sample_gold()[one].spans) for one in ids(dataset, "test")}
    support = Counter(span.label for kept, _ in gold.values() for span in kept)
    labels = told["scores"]["labels"]
    assert list(labels) == list(sample_schema().labels)
    assert {label: one["support"] for label, one in labels.items()} == {
        label: support[label] for label in labels
    }
    assert told["scores"]["overall"]["support"] == told["spans"]["test"] == support.total()
    assert told["left_out"]["test"] == sum(len(rest) for _, rest in gold.values()) > 0
    assert all(0 <= figure <= 1 for figure in figures(told))
    overall, plain = told["scores"]["overall"], told["dictionary"]["overall"]
    for measure in ("strict", "exact", "partial"):
        assert overall[measure]["f1"] > plain[measure]["f1"] > 0
    assert overall["strict"]["f1"] <= overall["exact"]["f1"] <= overall["partial"]["f1"]


def ids(dataset: Path, split: str) -> list[str]:
    """Return the ids of a split's articles."""
    (shard,) = (dataset / "spans").glob(f"{split}-*.parquet")
    return [str(one) for one in pq.read_table(shard, columns=["id"])["id"].to_pylist()]


def test_a_crf_beats_looking_names_up_and_shows_the_same_scores_each_time(dataset: Path) -> None:
    told, _ = scored("train_crf.py", dataset, PYTHONHASHSEED="1")
    assert_holds(told, dataset)
    outcome = run("train_crf.py", dataset, PYTHONHASHSEED="2")
    assert outcome.status == 0
    assert list(table(outcome.stdout)) == [*sample_schema().labels, "all"]
    assert table(outcome.stdout) == expected_table(told)
    assert f"test {told['left_out']['test']}" in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 80


def table(printed: str) -> dict[str, list[str]]:
    """Return the cells of a printed table by the name of their line."""
    lines = [line.split() for line in printed.splitlines() if re.match(r"\S+ +\d+ ", line)]
    return {name: cells for name, *cells in lines}


def expected_table(told: dict[str, Any]) -> dict[str, list[str]]:
    """Return the cells that a table of these scores has to have."""
    own, plain = (
        {**told[key]["labels"], "all": told[key]["overall"]} for key in ("scores", "dictionary")
    )
    cells = {}
    for name, one in own.items():
        shown = [
            one[measure][figure]
            for measure in ("strict", "partial")
            for figure in ("precision", "recall", "f1")
        ]
        shown += [plain[name][measure]["f1"] for measure in ("strict", "partial")]
        cells[name] = [str(one["support"]), *(f"{figure:.2f}" for figure in shown)]
    return cells


def test_spacy_beats_looking_names_up_and_goes_the_same_way_from_the_same_seed(
    dataset: Path,
) -> None:
    told, progress = scored("train_spacy.py", dataset, PYTHONHASHSEED="1")
    assert_holds(told, dataset)
    reached = re.findall(r"F1 (\S+) on validation", progress)
    _, again = scored("train_spacy.py", dataset, "--epochs", "7", PYTHONHASHSEED="2")
    assert re.findall(r"F1 (\S+) on validation", again) == reached[:7]
    # Otherwise nothing was compared.
    assert len(set(reached[:7])) > 2


def test_the_readme_shows_the_scores_of_this_sample(dataset: Path) -> None:
    """When this fails, the sample or its splits are others: run both and mend the tables."""
    gold = [outermost(sample_gold()[one].spans)[0] for one in ids(dataset, "test")]
    support = Counter(span.label for spans in gold for span in spans)
    readme = (EXAMPLES / "README.md").read_text("utf-8")
    shown = re.findall(r"^([A-Z_]+) +(\d+) ", readme, re.MULTILINE)
    once = [(label, str(support[label])) for label in sample_schema().labels]
    assert shown == once * len(PROGRAMS)


def small(out: Path, *splits: str, marked: bool = True) -> Path:
    """Build an article for each of these splits; without marks in those but train."""
    shares = Split(train=0.4, validation=0.3, test=0.3)
    articles = [make_article("Trung tá Lê An phát biểu.", id_in(split, shares)) for split in splits]
    annotations = [
        make_annotation(one, *([make_span(9, 14)] if marked or split == "train" else []), id=n)
        for n, (split, one) in enumerate(zip(splits, articles, strict=True))
    ]
    build_into(out, articles, annotations, settings=DatasetSettings(split=shares))
    return out


def test_a_dataset_that_cannot_be_used_gets_one_line(tmp_path: Path) -> None:
    for given, problem in (
        (small(tmp_path / "a", "train", "validation"), "has no article in its test split."),
        (small(tmp_path / "b", "validation", "test"), "has no article in its train split."),
        (
            small(tmp_path / "c", "train", "validation", "test", marked=False),
            "has nothing marked in its",
        ),
        (tmp_path / "nowhere", "cannot be loaded: "),
    ):
        outcome = run("train_crf.py", given)
        assert (outcome.status, outcome.stdout) == (1, "")
        assert outcome.stderr.startswith(f"{given} {problem}")
        assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("given", ["datset", "tests/datset", "./datset", "a/b/c", "README.md"])
def test_a_mistyped_folder_is_told_at_once_and_not_looked_up_on_the_hub(given: str) -> None:
    """It was asked for six times, for 25 seconds, where there was no connection."""
    outcome = run("train_crf.py", given, HF_ENDPOINT="http://127.0.0.1:9")
    assert (outcome.status, outcome.stdout, outcome.stderr) == (
        1, "", f"{given} cannot be loaded: there is no such folder. Correct its name.\n",
    )  # fmt: skip


@pytest.mark.usefixtures("importable")
def test_an_owner_and_a_name_may_be_on_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reading import is_on_hub

    monkeypatch.chdir(tmp_path)
    assert is_on_hub("owner/news-1.0")
    (tmp_path / "owner").mkdir()
    assert not is_on_hub("owner/news-1.0")


def with_unannotated(out: Path) -> Path:
    """Build `small` with an article in train and one in test that nobody annotated."""
    shares = Split(train=0.4, validation=0.3, test=0.3)
    names = [(id_in(split, shares, kind), kind) for kind in "xy" for split in ("train", "test")]
    articles = [make_article("Trung tá Lê An phát biểu.", name) for name, _ in names]
    annotations = [
        make_annotation(one, make_span(9, 14), id=n)
        for n, (one, (_, kind)) in enumerate(zip(articles, names, strict=True))
        if kind == "x"
    ]
    settings = DatasetSettings(split=shares, include_unannotated=True)
    build_into(out, articles, annotations, settings=settings)
    return out


def test_what_nobody_annotated_is_neither_learned_from_nor_scored_on(tmp_path: Path) -> None:
    told, _ = scored("train_crf.py", with_unannotated(tmp_path / "dataset"))
    assert told["articles"] == {"train": 1, "test": 1}
    assert told["scores"]["overall"]["strict"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}


@pytest.mark.usefixtures("importable")
def test_sentences_that_nobody_annotated_are_not_learned_from(tmp_path: Path) -> None:
    from reading import load

    found = load(str(with_unannotated(tmp_path / "dataset")), "tokens", "train", "test")
    for split in ("train", "test"):
        assert [row["id"][0] for row in found[split]] == ["x"]


def test_a_split_without_rows_is_told_with_its_file(tmp_path: Path) -> None:
    given = small(tmp_path / "dataset", "train", "validation", "test")
    for shard in given.glob("*/test-*.parquet"):
        pq.write_table(pq.read_table(shard).slice(0, 0), shard)
    outcome = run("train_crf.py", given)
    assert (outcome.status, outcome.stdout) == (1, "")
    first, last = outcome.stderr.splitlines()
    assert str(given / "spans" / "test-") in first
    assert last.startswith(f"{given} cannot be loaded: that file is broken, or has no rows.")


def test_spacy_needs_a_validation_split_and_the_crf_does_not(tmp_path: Path) -> None:
    given = small(tmp_path / "dataset", "train", "test")
    outcome = run("train_spacy.py", given)
    assert outcome.stderr.startswith(f"{given} has no article in its validation split.")
    told, _ = scored("train_crf.py", given)
    # Train and test say the same here, and of one of the labels the text has nothing.
    assert told["scores"]["overall"]["strict"]["f1"] == 1
    assert told["scores"]["labels"]["RANK"]["support"] == 0


@pytest.fixture
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a test import the examples, as they import each other."""
    monkeypatch.syspath_prepend(EXAMPLES)


@pytest.mark.usefixtures("importable")
def test_of_spans_that_overlap_the_outer_or_the_first_stays() -> None:
    from reading import Span, outermost

    nested, outer, crossing = Span(5, 9, "A"), Span(0, 9, "B"), Span(8, 12, "C")
    after = Span(9, 10, "D")
    assert list(outermost([nested, crossing, outer, after])) == [outer, after]


@pytest.mark.usefixtures("importable")
def test_spans_that_touch_do_not_overlap_in_the_scores() -> None:
    from reading import Span
    from scoring import score

    gold, found = [[Span(0, 4, "A"), Span(4, 8, "A")]], [[Span(4, 8, "A")]]
    scores = score(["A", "B"], gold, found)
    assert scores["overall"]["strict"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667}
    # Nothing overlaps what was missed, so no half a point either.
    assert scores["overall"]["partial"] == scores["overall"]["strict"]
    assert scores["labels"]["A"] == scores["overall"]
    assert scores["labels"]["B"]["strict"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


@pytest.mark.usefixtures("importable")
def test_the_dictionary_finds_the_longest_known_text_of_whole_words() -> None:
    from dictionary import Dictionary
    from reading import Article, Span

    text = "Lê An, xã An, An"
    spans = [Span(0, 5, "PERSON"), Span(7, 12, "PLACE"), Span(14, 16, "PERSON")]
    known = Dictionary([Article("a", text, spans, 0), Article("b", "An", [Span(0, 2, "PLACE")], 0)])
    seen = "xã An: Lê An, Anh"
    assert list(known.find(seen)) == [Span(0, 5, "PLACE"), Span(7, 12, "PERSON")]
    assert list(known.find("An!")) == [Span(0, 2, "PERSON")]
    assert list(Dictionary([]).find(seen)) == []


@pytest.mark.usefixtures("importable")
def test_tags_of_both_schemes_tell_the_same_spans() -> None:
    from reading import Span
    from train_crf import spans_of

    starts, ends = (0, 3, 6, 9, 12), (2, 5, 8, 11, 14)
    spans = [Span(0, 5, "A"), Span(6, 8, "A"), Span(9, 11, "B")]
    assert spans_of(["B-A", "I-A", "B-A", "B-B", "O"], starts, ends) == spans
    assert spans_of(["B-A", "L-A", "U-A", "U-B", "O"], starts, ends) == spans
    # A model may begin a span in the middle; it is one all the same.
    assert spans_of(["I-A", "I-A", "B-A", "I-B", "O"], starts, ends) == spans


@pytest.mark.usefixtures("importable")
def test_a_words_form_has_no_letters_of_its_own() -> None:
    from train_crf import shape

    shapes = {"Hoa": "Xx", "UBND": "X", "2024": "9", "đồng": "x", "½": "½", "A1b": "X9x"}
    assert {word: shape(word) for word in shapes} == shapes


def test_the_examples_need_what_their_requirements_name_and_nothing_of_this_project() -> None:
    own = {path.stem for path in EXAMPLES.glob("*.py")}
    imported = {name for path in EXAMPLES.glob("*.py") for name in imports(path)}
    needed = {PACKAGES.get(name, name) for name in imported - own - sys.stdlib_module_names}
    listed = (EXAMPLES / "requirements.txt").read_text("utf-8").splitlines()
    assert {line.partition(">=")[0] for line in listed} == needed
    assert "annotate" not in imported


def imports(path: Path) -> Iterator[str]:
    """Yield the names of the top-level modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
