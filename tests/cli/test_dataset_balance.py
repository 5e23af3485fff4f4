"""`annotate dataset balance` finds a seed, says what to write, and changes nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from annotate.settings import DatasetSettings, Split
from annotate.workspace import open_workspace
from tests.conftest import lay_out, run_locally
from tests.dataset.building import build_into, contents
from tests.factories import gold_annotation, sample_articles, sample_schema


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with the sample built in its folder `dataset`."""
    root = lay_out(tmp_path / "workspace", "Balanced", {})
    build_with(root, Split())
    return root


def build_with(root: Path, split: Split) -> None:
    articles = list(sample_articles().values())
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    build_into(
        root / "dataset", articles, annotations, sample_schema(), DatasetSettings(split=split)
    )


def set_split(root: Path, line: str) -> Split:
    """Write a line into annotate.toml under [dataset]; return the split that it gives."""
    path = root / "annotate.toml"
    text = path.read_text(encoding="utf-8").split("[dataset]")[0]
    path.write_text(f"{text}[dataset]\n{line}\n", encoding="utf-8")
    return open_workspace(root).settings.dataset.split


def test_the_line_that_is_told_gives_the_split_that_was_found(workspace: Path) -> None:
    before = contents(workspace)
    done = run_locally("dataset", "balance", workspace / "dataset", "--workspace", workspace)
    assert (done.status, done.stderr) == (0, "")
    assert contents(workspace) == before
    assert "ORGANIZATION" in done.stdout
    assert "before the dataset is first published" in done.stdout.replace("\n", " ")
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("  split = "))
    split = set_split(workspace, line)
    assert split == Split(seed=split.seed) != Split()
    arguments = ("dataset", "balance", workspace / "dataset", "--workspace", workspace)
    assert "annotate.toml has it already; `annotate build`" in run_locally(*arguments).stdout
    build_with(workspace, split)
    assert "split so already: nothing to do" in run_locally(*arguments).stdout


def test_scripts_get_the_counts_and_the_seed(workspace: Path) -> None:
    arguments = ("--workspace", workspace, "--seeds", "3", "--json")
    done = run_locally("dataset", "balance", workspace / "dataset", *arguments)
    found = json.loads(done.stdout)
    assert found["tried"] == 4
    assert found["now"]["articles"] == {"train": 34, "validation": 5, "test": 4}
    assert sum(found["best"]["articles"].values()) == 43
    assert found["split"] == {"train": 0.8, "validation": 0.1, "test": 0.1, "seed": found["seed"]}
    assert found["best"]["off"] <= found["now"]["off"]


def test_the_list_is_kept_and_what_no_seed_mends_is_told(workspace: Path) -> None:
    listed = "".join(f"{article},test\n" for article in sample_articles())
    (workspace / "splits.csv").write_text(f"id,split\n{listed}", encoding="utf-8")
    arguments = ("--workspace", workspace, "--seeds", "3")
    done = run_locally("dataset", "balance", workspace / "dataset", *arguments)
    assert "Not in train with seed 0: PERSON, RANK" in done.stdout
    assert "Annotate more of these, or list articles that have them in splits.csv." in done.stdout
    (workspace / "splits.csv").write_text("id,split\na,dev\n", encoding="utf-8")
    done = run_locally("dataset", "balance", workspace / "dataset", *arguments)
    assert done.status == 1
    assert "splits.csv, line 2: no split dev." in done.stderr
