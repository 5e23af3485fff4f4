from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from annotate.dataset.publish.swap import taking_the_place_of
from annotate.errors import DatasetError
from tests.dataset.publish.making import contents, made, send


def test_a_folder_gets_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "published"
    published = send(dataset, target)
    assert contents(target) == contents(dataset)
    assert (published.done, published.place) == (True, str(target))
    assert [path.name for path in target.parent.iterdir()] == ["published"]


def test_a_file_url_is_a_folder(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "tin tức"
    send(dataset, target.as_uri())
    assert contents(target) == contents(dataset)


def test_a_new_version_takes_the_old_ones_place(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "published"
    send(made(tmp_path / "old", "Cũ.", **{"croissant.json": "{}"}), target)
    published = send(dataset, target)
    assert published.removed == ("croissant.json",)
    assert contents(target) == contents(dataset)
    assert datasets.load_dataset(str(target), "spans", cache_dir=str(tmp_path / "cache"))


def test_an_empty_folder_is_taken(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    send(dataset, tmp_path / "published")
    assert contents(tmp_path / "published") == contents(dataset)


@pytest.mark.parametrize("inside", [".", "within", ".."])
def test_the_dataset_is_not_published_into_itself(dataset: Path, inside: str) -> None:
    before = contents(dataset)
    with pytest.raises(DatasetError, match="lie in each other"):
        send(dataset, dataset / inside)
    assert contents(dataset) == before


def test_a_folder_of_something_else_is_left_alone(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "published"
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    with pytest.raises(DatasetError, match="is not a dataset published before"):
        send(dataset, target)
    with pytest.raises(DatasetError, match="is not a dataset published before"):
        send(dataset, target / "thesis.txt")
    assert contents(target) == {"thesis.txt": b"mine"}


def test_a_file_that_somebody_added_is_not_removed(dataset: Path, tmp_path: Path) -> None:
    target = tmp_path / "published"
    send(dataset, target)
    (target / "spans" / "notes.txt").write_text("mine")
    before = contents(target)
    with pytest.raises(DatasetError, match=r"holds spans/notes\.txt, which no build wrote"):
        send(dataset, target)
    assert contents(target) == before


def test_a_link_to_a_folder_stays_and_the_folder_is_replaced(dataset: Path, tmp_path: Path) -> None:
    send(made(tmp_path / "old", "Cũ."), tmp_path / "published")
    (tmp_path / "current").symlink_to("published")
    send(dataset, tmp_path / "current")
    assert (tmp_path / "current").is_symlink()
    assert contents(tmp_path / "published") == contents(dataset)


def test_what_was_killed_between_two_renames_is_put_right_by_the_next_time(
    dataset: Path, tmp_path: Path
) -> None:
    old, target = made(tmp_path / "old", "Cũ."), tmp_path / "published"
    send(old, target)
    (tmp_path / ".published.publishing").mkdir()
    target.rename(tmp_path / ".published.publishing" / "old")
    with pytest.raises(RuntimeError), taking_the_place_of(target):
        raise RuntimeError
    assert contents(target) == contents(old)
    send(dataset, target)
    assert contents(target) == contents(dataset)
    assert not (tmp_path / ".published.publishing").exists()


def test_a_version_that_could_not_be_put_back_is_not_removed_and_named(tmp_path: Path) -> None:
    hidden, target = tmp_path / ".published.publishing", tmp_path / "published"
    # What a process left that was killed between its renames; then somebody made the folder.
    for folder in (hidden / "old", hidden / "new", target):
        folder.mkdir(parents=True)
        (folder / "mine").write_text(folder.name)
    before = contents(tmp_path)
    with pytest.raises(DatasetError, match=r"before is in .*/old\. Move"):
        taking_the_place_of(target).__enter__()
    there = contents(tmp_path)
    del there[".published.publishing/lock"]
    assert there == before


def test_a_place_that_cannot_be_written_is_told(dataset: Path) -> None:
    # Not even root makes a folder there.
    with pytest.raises(DatasetError, match="cannot be written"):
        send(dataset, Path("/proc/published"))


def test_a_name_below_a_file_is_told(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DatasetError, match=r"cannot be written: .*untouched"):
        send(dataset, tmp_path / "file" / "published")
