"""Publishing as its user does it: what is printed, what is refused, what then is there."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from annotate.spans import SetAside
from tests.conftest import Outcome
from tests.dataset.publish.answers import cut
from tests.dataset.publish.hub import READ_ONLY
from tests.dataset.publish.making import contents
from tests.dataset.publish.projects import (
    ANNOTATOR,
    REPO,
    TARGET,
    TEXTS,
    Project,
    make_project,
)
from tests.dataset.publish.serving import running_hub

COMMIT = f"POST /api/datasets/{REPO}/commit/main"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A workspace whose dataset was built and published once, privately, as v1.0."""
    with running_hub() as hub:
        made = make_project(tmp_path_factory.mktemp("first") / "workspace", hub)
        made.build()
        done = made.annotate("publish", TARGET, "--tag", "v1.0")
        assert done.status == 0, done.stderr
        yield made


@pytest.fixture
def project(first: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of that workspace, before the same Hub, whose state no failure changes."""
    before = first.published()
    yield Project(shutil.copytree(first.root, tmp_path / "workspace"), first.hub)
    first.hub.heal()
    assert first.published() == before


def refused(outcome: Outcome) -> str:
    """Return the one line of a command that failed."""
    assert outcome.status == 1
    (line,) = outcome.stderr.splitlines()
    return line


def test_a_version_is_checked_sent_loaded_back_and_can_be_loaded_by_the_line_printed(
    tmp_path: Path, first: Project
) -> None:
    with running_hub() as hub:
        project = Project(shutil.copytree(first.root, tmp_path / "workspace"), hub)
        done = project.annotate("publish", TARGET, "--public", "--tag", "v1.0")
        assert (done.status, done.stderr) == (0, "")
        *checks, told, place, load = done.stdout.splitlines()
        repository = hub.repositories[REPO]
        assert {line[0] for line in checks} <= {"✓", "!"}
        assert "✓ no annotator is named" in checks
        assert re.fullmatch(r"Done: \d+ files, [\d,]+ bytes, loaded back and compared", told)
        assert place == f"{hub.url}/datasets/{REPO}/tree/{repository.head.oid}"
        assert load == f'Load it: load_dataset("{REPO}", "spans", revision="v1.0")'
        assert project.published() == contents(project.root / "dataset")
        assert (repository.private, [*repository.tags]) == (False, ["v1.0"])


def test_a_dry_run_lists_the_files_and_what_goes_and_sends_nothing(project: Project) -> None:
    wrote = project.hub.wrote()
    project.set("train = 0.5, validation = 0.5", "train = 1, validation = 0")
    project.build()
    told = project.annotate("publish", TARGET, "--dry-run", "--tag", "v2.0")
    assert told.status == 0, told.stdout
    files = contents(project.root / "dataset")
    for name, data in files.items():
        assert f"{len(data):>14,}  {name}" in told.stdout
    assert f"to {TARGET}, private, as v2.0" in told.stdout
    gone = "What the former version has and this one lacks: "
    (line,) = [line for line in told.stdout.splitlines() if line.startswith(gone)]
    files_gone = line.removeprefix(gone).split(", ")
    assert files_gone == sorted(project.published().keys() - files.keys()) != []
    assert told.stdout.splitlines()[-1] == "All of it holds; nothing was sent yet."
    assert project.hub.wrote() == wrote


def test_for_scripts_everything_is_one_json_object(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "published"
    told = json.loads(project.annotate("publish", str(target), "--json").stdout)
    assert (told["ok"], told["done"], told["place"]) == (True, True, str(target))
    assert all(check["holds"] for check in told["checks"])
    assert {file["name"] for file in told["files"]} == contents(target).keys()
    plan = project.annotate("publish", TARGET, "--tag", "v1.0", "--dry-run", "--json")
    told = json.loads(plan.stdout)
    assert (plan.status, told["ok"], told["done"]) == (1, False, False)
    (failed,) = [check for check in told["checks"] if not check["holds"]]
    assert failed["problems"] == [f"{TARGET} has a version v1.0"]


def test_what_does_not_hold_is_listed_and_told_in_one_line(project: Project) -> None:
    project.write("mot", f"Trung tá Lê An, {ANNOTATOR}.")
    outcome = project.annotate("publish", TARGET)
    line = refused(outcome)
    assert line.startswith("annotate: nothing was published: the corpus changed and 1 more problem")
    assert "    the annotations changed\n" in outcome.stdout
    assert "→ Run `annotate build` again" in outcome.stdout


def test_without_a_dataset_nothing_is_asked(project: Project) -> None:
    asked = list(project.hub.requests)
    line = refused(project.annotate("publish", TARGET, "--dataset", "other"))
    assert "other is not a dataset that was built here" in line
    assert "Run `annotate build`" in line
    assert project.hub.requests == asked


def test_a_dataset_without_a_licence_is_refused(project: Project) -> None:
    project.set('license = "cc-by-4.0"', "")
    project.build()
    line = refused(project.annotate("publish", TARGET))
    assert "the dataset has no licence. Set `license` in annotate.toml" in line


def test_an_annotators_address_in_an_article_is_refused_and_not_repeated(
    project: Project,
) -> None:
    project.write("mot", f"Trung tá Lê An, {ANNOTATOR}.")
    project.build()
    outcome = project.annotate("publish", TARGET)
    assert "an annotator's name or address may be in " in refused(outcome)
    assert "may be in spans/train-00000-of-00001.parquet, column text, row 1\n" in outcome.stdout
    assert ANNOTATOR not in outcome.stdout + outcome.stderr


def test_a_span_that_waits_for_review_is_refused(project: Project) -> None:
    aside = SetAside(reason="offsets", mark=b"{}", span="0-8-RANK")  # type: ignore[arg-type]
    project.mark("mot", TEXTS["mot"], set_aside=(aside,))
    project.build()
    line = refused(project.annotate("publish", TARGET))
    assert "1 span waits for review in mot. Look at them with `annotate quarantine`" in line


def test_a_target_that_holds_something_else_is_refused(project: Project, tmp_path: Path) -> None:
    target = tmp_path / "site"
    target.mkdir()
    (target / "thesis.txt").write_text("mine", encoding="utf-8")
    line = refused(project.annotate("publish", str(target)))
    assert "exists and is not a dataset published before" in line
    assert contents(target) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("", "HF_TOKEN is not set"),
        ("hf_of_nobody", "the Hub does not accept HF_TOKEN"),
        (READ_ONLY, "HF_TOKEN may only read. Use a token with write access"),
    ],
)
def test_a_token_that_will_not_do_is_told_and_not_repeated(
    project: Project, token: str, told: str
) -> None:
    outcome = project.annotate("publish", TARGET, HF_TOKEN=token)
    assert told in refused(outcome)
    assert not token or token not in outcome.stdout + outcome.stderr


def test_a_version_that_exists_is_refused(project: Project) -> None:
    line = refused(project.annotate("publish", TARGET, "--tag", "v1.0"))
    assert "has a version v1.0. Name the next one" in line


def test_a_network_that_is_cut_in_the_middle_is_told(project: Project) -> None:
    project.write("mot", "Trung tá Lê An.")
    project.build()
    project.hub.fail(COMMIT, cut)
    line = refused(project.annotate("publish", TARGET))
    assert "took nothing: the connection to the Hub broke" in line
    assert "Check the network and publish again; the old version is untouched." in line
