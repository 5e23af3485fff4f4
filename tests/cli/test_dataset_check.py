"""`annotate dataset check` says what holds and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree

import pytest

from tests.conftest import run_annotate, run_locally
from tests.dataset.breaking import alter
from tests.dataset.building import build_mixed, build_one, build_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample") / "dataset"
    build_sample(out)
    return out


def test_a_dataset_that_holds_is_a_list_of_ticks(sample: Path) -> None:
    done = run_annotate("dataset", "check", cwd=sample.parent)
    assert (done.status, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "All of it holds."
    assert len(lines) == 19
    assert all(line.startswith("✓ ") for line in lines[:-1])


def test_what_does_not_hold_comes_with_what_to_do(sample: Path, tmp_path: Path) -> None:
    out = copytree(sample, tmp_path / "broken")
    alter(out, "spans", "test", lambda rows: rows[0].update(id="[red]x", cluster="x"))
    done = run_locally("dataset", "check", out)
    assert done.status == 1
    lines = done.stdout.splitlines()
    place = lines.index("✗ every sentence is in the split of its article")
    assert lines[place + 1].endswith("is in test, its article is not there")
    assert "  → Run `annotate build` again." in lines
    assert lines[-1] == "3 checks of 18 failed."


def test_a_picture_that_is_missing_fails(sample: Path, tmp_path: Path) -> None:
    out = copytree(sample, tmp_path / "broken")
    picture = next((out / "plots").iterdir())
    picture.unlink()
    done = run_locally("dataset", "check", out)
    assert done.status == 1
    assert done.stdout.splitlines()[-4:] == [
        "✗ every file is as the build wrote it",
        f"    plots/{picture.name} is missing",
        "  → Run `annotate build` again.",
        "1 check of 18 failed.",
    ]


def test_warnings_are_told_and_do_not_fail(tmp_path: Path) -> None:
    build_one(tmp_path / "out")
    done = run_locally("dataset", "check", tmp_path / "out", "--rare", "2")
    assert done.status == 0
    assert "! articles of every split (none in validation and test)\n" in done.stdout
    warning = "! marks of every label (fewer than 2: PERSON (1); never used: RANK, holds_rank)\n"
    assert warning in done.stdout


def test_articles_that_nobody_annotated_are_a_warning(tmp_path: Path) -> None:
    build_mixed(tmp_path / "out")
    done = run_locally("dataset", "check", tmp_path / "out")
    assert done.status == 0
    told = (
        "! articles that nobody annotated (2 of 4 articles; leave them out: filter by annotated)\n"
    )
    assert told in done.stdout


def test_scripts_get_every_check(sample: Path, tmp_path: Path) -> None:
    out = copytree(sample, tmp_path / "broken")
    alter(out, "spans", "test", lambda rows: rows[0].update(sha256="0" * 64))
    done = run_locally("dataset", "check", out, "--json")
    found = json.loads(done.stdout)
    assert done.status == 1
    assert (found["ok"], found["path"], len(found["checks"])) == (False, str(out), 18)
    failed = [one for one in found["checks"] if not one["holds"]]
    assert {one["name"] for one in failed} == {
        "every text has its digest",
        "every annotation is of its article's text",
        "every file is as the build wrote it",
    }
    assert all(one["problems"] and one["remedy"] for one in failed)


def test_no_dataset_is_one_line(tmp_path: Path) -> None:
    done = run_annotate("dataset", "check", cwd=tmp_path)
    assert (done.status, done.stdout) == (1, "")
    told = "annotate: there is no folder dataset. Run `annotate build`, or name another.\n"
    assert done.stderr == told
