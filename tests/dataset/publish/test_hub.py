from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.errors import DatasetError
from tests.dataset.building import run
from tests.dataset.publish.answers import Answer, altered, cut_after, refuse
from tests.dataset.publish.hub import ORGANISATION, READ_ONLY, LocalHub
from tests.dataset.publish.making import contents, made
from tests.dataset.publish.process import send
from tests.dataset.publish.repositories import ATTRIBUTES

REPO = f"{ORGANISATION}/tin-tuc"
TARGET = f"hf://{REPO}"
COMMIT = f"POST /api/datasets/{REPO}/commit/main"


def test_a_dataset_goes_to_a_new_private_repository_in_one_commit(
    hub: LocalHub, dataset: Path
) -> None:
    published = send(dataset, TARGET)
    repository = hub.repositories[REPO]
    assert repository.head.files == {**contents(dataset), **ATTRIBUTES}
    assert [commit.title for commit in repository.commits] == [
        "initial commit",
        "Publish the dataset",
    ]
    assert repository.private
    assert (published.done, published.commit) == (True, repository.head.oid)
    assert published.place == f"{hub.url}/datasets/{REPO}/tree/{repository.head.oid}"


def test_it_is_public_only_when_asked_for(hub: LocalHub, dataset: Path) -> None:
    send(dataset, TARGET, private=False)
    assert not hub.repositories[REPO].private


@pytest.mark.parametrize(
    ("before", "now", "remedy"), [(False, True, "Add"), (True, False, "Leave out")]
)
def test_a_repository_that_others_can_or_cannot_see_stays_so(
    hub: LocalHub, dataset: Path, before: bool, now: bool, remedy: str
) -> None:
    send(dataset, TARGET, private=before)
    sent = hub.wrote()
    with pytest.raises(DatasetError, match=r"is (public|private) already") as error:
        send(dataset, TARGET, private=now)
    assert error.value.remedy.startswith(f"{remedy} --public")
    assert hub.wrote() == sent


def test_files_that_the_new_version_lacks_go_in_the_same_commit(
    hub: LocalHub, dataset: Path, tmp_path: Path
) -> None:
    send(made(tmp_path / "old", **{"old.svg": "<svg/>", "croissant.json": "{}"}), TARGET)
    published = send(dataset, TARGET)
    repository = hub.repositories[REPO]
    assert published.removed == ("croissant.json", "old.svg")
    assert repository.head.files == {**contents(dataset), **ATTRIBUTES}
    assert len(repository.commits) == 3


def test_the_same_again_makes_no_commit(hub: LocalHub, dataset: Path) -> None:
    first = send(dataset, TARGET)
    again = send(dataset, TARGET, tag="v1")
    assert again.commit == first.commit
    assert hub.repositories[REPO].tags == {"v1": first.commit}


def test_a_version_gets_its_tag(hub: LocalHub, dataset: Path) -> None:
    published = send(dataset, TARGET, tag="v1.0")
    assert hub.repositories[REPO].tags == {"v1.0": published.commit}
    assert hub.repositories[REPO].head.title == "Publish v1.0"


@pytest.mark.parametrize("tag", ["v1.0", "main"])
def test_a_tag_that_exists_is_refused_before_anything_is_sent(
    hub: LocalHub, dataset: Path, tmp_path: Path, tag: str
) -> None:
    send(dataset, TARGET, tag="v1.0")
    sent = hub.wrote()
    with pytest.raises(DatasetError, match=f"has a version {tag}"):
        send(made(tmp_path / "new", "Khác."), TARGET, tag=tag)
    assert hub.wrote() == sent


@pytest.mark.parametrize("tag", ["v 1", "-v1", "v1..2", "v1/", "v1."])
def test_what_git_takes_for_no_tag_is_refused(hub: LocalHub, dataset: Path, tag: str) -> None:
    with pytest.raises(DatasetError, match="is not a tag"):
        send(dataset, TARGET, tag=tag)
    assert hub.requests == []


def test_a_dry_run_asks_and_sends_nothing(hub: LocalHub, dataset: Path) -> None:
    plan = send(dataset, TARGET, dry_run=True)
    assert hub.wrote() == []
    assert not plan.done
    assert all(check.holds for check in plan.checks)
    assert {file.name: file.size for file in plan.files} == {
        name: len(data) for name, data in contents(dataset).items()
    }


def test_a_dry_run_tells_what_the_target_says(
    hub: LocalHub, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    plan = send(dataset, TARGET, dry_run=True)
    assert plan.checks[-1].problems == ("HF_TOKEN is not set",)
    assert hub.requests == []


def test_without_a_token_nothing_is_asked(
    hub: LocalHub, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(DatasetError, match=r"HF_TOKEN is not set.*settings/tokens"):
        send(dataset, TARGET)
    assert hub.requests == []


@pytest.mark.parametrize(
    ("token", "told"),
    [("hf_of_nobody", "does not accept HF_TOKEN"), (READ_ONLY, "HF_TOKEN may only read")],
)
def test_a_token_that_cannot_write_is_told(
    hub: LocalHub, dataset: Path, monkeypatch: pytest.MonkeyPatch, token: str, told: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(DatasetError, match=told) as error:
        send(dataset, TARGET)
    assert hub.wrote() == []
    assert token not in str(error.value)


def test_an_organisation_of_others_is_told(hub: LocalHub, dataset: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot be made: HF_TOKEN gives no right.*HTTP 403"):
        send(dataset, "hf://toa-bao/tin-tuc")
    assert hub.repositories == {}


@pytest.mark.parametrize("name", ["phong tin/x", "phong-tin/x--y", "phong-tin/tin.git"])
def test_a_name_that_cannot_be_is_told(hub: LocalHub, dataset: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="the Hub takes no such name"):
        send(dataset, f"hf://{name}")
    assert hub.wrote() == []


@pytest.mark.parametrize("name", ["hf://tin-tuc", "hf://a/b/c", "hf://"])
def test_a_target_without_two_parts_is_refused(dataset: Path, name: str) -> None:
    with pytest.raises(DatasetError, match="hf://ORG/NAME"):
        send(dataset, name)


def test_a_repository_that_was_not_published_from_here_is_left_alone(
    hub: LocalHub, dataset: Path
) -> None:
    send(dataset, TARGET)
    hub.repositories[REPO].commits[-1].files.pop("annotate.lock")
    sent = hub.wrote()
    with pytest.raises(DatasetError, match="not empty and was not published from here"):
        send(dataset, TARGET)
    assert hub.wrote() == sent


def test_a_file_that_somebody_added_is_not_removed(hub: LocalHub, dataset: Path) -> None:
    send(dataset, TARGET)
    hub.meddle(REPO, "NOTES.md", b"ours")
    with pytest.raises(DatasetError, match=r"holds NOTES\.md, which no build wrote"):
        send(dataset, TARGET)
    assert hub.repositories[REPO].head.files["NOTES.md"] == b"ours"


@pytest.mark.parametrize(
    ("arrives", "told"),
    [(True, r"somebody else changed it meanwhile \(HTTP 412"), (False, "took nothing: the conn")],
)
def test_a_commit_of_somebody_else_is_neither_replaced_nor_taken_for_ours(
    hub: LocalHub, dataset: Path, tmp_path: Path, arrives: bool, told: str
) -> None:
    send(dataset, TARGET)

    def fault(work: Callable[[], Answer]) -> Answer | None:
        hub.meddle(REPO, "README.md", b"theirs")
        return work() if arrives else None

    hub.fail(COMMIT, fault)
    with pytest.raises(DatasetError, match=told):
        send(made(tmp_path / "new", "Khác."), TARGET)
    assert hub.repositories[REPO].head.files["README.md"] == b"theirs"


def test_what_reads_back_otherwise_gets_no_tag(hub: LocalHub, dataset: Path) -> None:
    hub.fail("GET /lfs/.*", *[altered] * 4)
    told = r"parquet .*read back .* is not what was sent\. Publish again; there was none before"
    with pytest.raises(DatasetError, match=told):
        send(dataset, TARGET, tag="v1")
    commit = hub.repositories[REPO].head.oid
    with pytest.raises(DatasetError, match=f"Publish again; the former one is {commit}"):
        send(dataset, TARGET, tag="v1")
    assert hub.repositories[REPO].tags == {}


def test_a_commit_found_after_its_answer_was_lost_is_the_one_that_gets_the_tag(
    hub: LocalHub, dataset: Path
) -> None:
    hub.fail(COMMIT, cut_after)
    published = send(dataset, TARGET, tag="v1")
    repository = hub.repositories[REPO]
    assert len(repository.commits) == 2
    assert published.commit == repository.head.oid == repository.tags["v1"]


def test_files_too_large_for_memory_are_uploaded_before_the_commit_and_only_once(
    hub: LocalHub, tmp_path: Path
) -> None:
    dice = random.Random(0)  # noqa: S311 - what cannot be packed
    dataset = made(tmp_path / "dataset", *(dice.randbytes(900_000).hex() for _ in range(14)))
    hub.fail(COMMIT, refuse(500))
    with pytest.raises(DatasetError, match="the Hub failed"):
        send(dataset, TARGET)
    assert send(dataset, TARGET).done
    uploads = [request for request in hub.requests if request.startswith("PUT /lfs/")]
    assert len(uploads) == len({*uploads}) == 2
    assert hub.repositories[REPO].head.files == {**contents(dataset), **ATTRIBUTES}


@pytest.mark.usefixtures("hub")
def test_a_hub_that_nobody_answers_at_is_told(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match=r"connection to the Hub broke \(http://127.0.0.1:9\)"):
        send(dataset, TARGET)


def test_offline_is_told(hub: LocalHub, dataset: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from annotate.dataset.publish import publish\n"
        "publish(Path(sys.argv[1]), sys.argv[2], secrets=())\n"
    )
    with pytest.raises(subprocess.CalledProcessError) as error:
        run(code, dataset, TARGET, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set. Unset it to publish." in error.value.stderr
    assert hub.requests == []


@pytest.mark.usefixtures("hub")
def test_nothing_of_the_dataset_stays_in_a_cache(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    send(dataset, TARGET)
    shutil.rmtree(dataset)
    assert contents(tmp_path / "temporary") == contents(tmp_path / "home") == {}


def test_the_line_to_load_it_names_the_tag_or_else_the_commit(hub: LocalHub, dataset: Path) -> None:
    published = send(dataset, TARGET)
    assert published.load == f'load_dataset("{REPO}", "spans", revision="{published.commit}")'
    assert send(dataset, TARGET, tag="v1").load == f'load_dataset("{REPO}", "spans", revision="v1")'
    assert hub.repositories[REPO].tags == {"v1": published.commit}
