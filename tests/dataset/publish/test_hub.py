from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from annotate.errors import DatasetError
from tests.dataset.publish.hub import (
    ORGANISATION,
    READ_ONLY,
    LocalHub,
    altered,
    cut,
    cut_after,
    fail_after,
    refuse,
)
from tests.dataset.publish.making import contents, made, send
from tests.dataset.publish.repositories import ATTRIBUTES

REPO = f"{ORGANISATION}/tin-tuc"
TARGET = f"hf://{REPO}"
COMMIT = f"POST /api/datasets/{REPO}/commit/main"

# huggingface_hub uploads a file in a way that its own HTTP client finds old.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


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
    ("request_", "fault", "told"),
    [
        (COMMIT, refuse(409, "Another commit is in progress"), "another change is under way"),
        (COMMIT, refuse(412, "A commit has happened since"), "somebody else changed it"),
        (COMMIT, refuse(400, "no thanks"), r"the Hub refused it \(HTTP 400, no thanks\)"),
        (COMMIT, refuse(403, "storage quota"), r"gives no right.*storage quota"),
        (COMMIT, refuse(500), r"the Hub failed \(HTTP 500\)"),
        (COMMIT, cut, "the connection to the Hub broke"),
        ("PUT /lfs/.*", refuse(403, "expired"), "HF_TOKEN gives no right"),
        ("POST .*/batch", refuse(413, "too large"), r"HTTP 413, too large"),
        ("POST .*/preupload/main", refuse(404, "gone"), "there is nothing of that name"),
    ],
)
def test_whatever_is_refused_the_old_version_is_whole(
    hub: LocalHub, dataset: Path, tmp_path: Path, request_: str, fault: object, told: str
) -> None:
    send(dataset, TARGET)
    new = made(tmp_path / "new", "Khác.")
    hub.fail(request_, fault)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match=told) as error:
        send(new, TARGET, tag="v2")
    assert error.value.remedy
    assert len(str(error.value).splitlines()) == 1
    repository = hub.repositories[REPO]
    assert repository.head.files == {**contents(dataset), **ATTRIBUTES}
    assert repository.tags == {}
    assert send(new, TARGET, tag="v2").done


@pytest.mark.usefixtures("hurried")
def test_an_upload_that_is_cut_once_goes_on(hub: LocalHub, dataset: Path) -> None:
    hub.fail("PUT /lfs/.*", cut, cut_after, refuse(503))
    assert send(dataset, TARGET).done


@pytest.mark.usefixtures("hurried")
def test_an_upload_that_is_cut_for_good_leaves_the_old_version(
    hub: LocalHub, dataset: Path, tmp_path: Path
) -> None:
    send(dataset, TARGET)
    new = made(tmp_path / "new", "Khác.")
    hub.fail("PUT /lfs/.*", *[cut] * 20)
    with pytest.raises(DatasetError, match="took nothing: the connection to the Hub broke"):
        send(new, TARGET)
    assert hub.repositories[REPO].head.files == {**contents(dataset), **ATTRIBUTES}


@pytest.mark.parametrize("fault", [fail_after(500), fail_after(502), cut_after])
def test_a_commit_that_was_made_without_an_answer_is_found(
    hub: LocalHub, dataset: Path, fault: object
) -> None:
    hub.fail(COMMIT, fault)  # type: ignore[arg-type]
    published = send(dataset, TARGET, tag="v1")
    repository = hub.repositories[REPO]
    assert len(repository.commits) == 2
    assert published.commit == repository.head.oid == repository.tags["v1"]


def test_a_commit_of_somebody_else_is_not_taken_for_ours(
    hub: LocalHub, dataset: Path, tmp_path: Path
) -> None:
    send(dataset, TARGET)

    def overtaken(_work: object) -> None:
        hub.meddle(REPO, "README.md", b"theirs")

    hub.fail(COMMIT, overtaken)
    with pytest.raises(DatasetError, match="took nothing"):
        send(made(tmp_path / "new", "Khác."), TARGET)
    assert hub.repositories[REPO].head.files["README.md"] == b"theirs"


def test_a_change_between_looking_and_sending_is_refused(
    hub: LocalHub, dataset: Path, tmp_path: Path
) -> None:
    send(dataset, TARGET)

    def overtaken(work: object) -> object:
        hub.meddle(REPO, "README.md", b"theirs")
        return work()  # type: ignore[operator]

    hub.fail(COMMIT, overtaken)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match=r"somebody else changed it meanwhile \(HTTP 412"):
        send(made(tmp_path / "new", "Khác."), TARGET)
    assert hub.repositories[REPO].head.files["README.md"] == b"theirs"


def test_what_reads_back_otherwise_is_not_done_and_gets_no_tag(
    hub: LocalHub, dataset: Path
) -> None:
    hub.fail("GET /lfs/.*", altered)
    with pytest.raises(DatasetError, match=r"parquet read back from .* is not what was sent"):
        send(dataset, TARGET, tag="v1")
    assert hub.repositories[REPO].tags == {}


@pytest.mark.usefixtures("hurried")
def test_a_version_that_cannot_be_read_back_is_told_with_its_commit(
    hub: LocalHub, dataset: Path
) -> None:
    hub.fail("GET /datasets/.*README.md", *[refuse(500)] * 20)
    with pytest.raises(DatasetError, match=r"has the commit [0-9a-f]{40}, which cannot be read"):
        send(dataset, TARGET, tag="v1")
    assert hub.repositories[REPO].tags == {}


def test_a_tag_that_is_refused_after_the_commit_is_told(hub: LocalHub, dataset: Path) -> None:
    hub.fail("POST .*/tag/.*", refuse(500))
    with pytest.raises(DatasetError, match=r"has the new version [0-9a-f]{40}, but not the tag v1"):
        send(dataset, TARGET, tag="v1")
    assert send(dataset, TARGET, tag="v1").done


@pytest.mark.usefixtures("hub")
def test_a_hub_that_nobody_answers_at_is_told(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match=r"connection to the Hub broke \(http://127.0.0.1:9\)"):
        send(dataset, TARGET)


def test_offline_is_told(hub: LocalHub, dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DatasetError, match=r"HF_HUB_OFFLINE is set\. Unset it"):
        send(dataset, TARGET)
    assert hub.requests == []


@pytest.mark.usefixtures("hub")
def test_nothing_of_the_dataset_stays_in_a_cache(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    send(dataset, TARGET)
    shutil.rmtree(dataset)
    assert contents(tmp_path / "temporary") == {}
