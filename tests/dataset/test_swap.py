"""One folder takes another one's place, and the only copy of either is never removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotate.dataset import swap
from annotate.dataset.swap import exchange, put_by_turns
from annotate.dataset.writing import replacing
from annotate.errors import DatasetError
from tests.dataset.building import contents


def test_two_folders_are_exchanged_in_one_step_only_on_one_disk(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    assert exchange(tmp_path / "one", tmp_path / "other")
    assert (tmp_path / "one" / "other").exists()
    assert not exchange(tmp_path / "one", Path("/proc"))


def test_where_they_cannot_be_exchanged_one_comes_after_the_other(tmp_path: Path) -> None:
    fresh, path, old = (tmp_path / name for name in ("fresh", "path", "old"))
    for folder in (fresh, path):
        folder.mkdir()
        (folder / folder.name).touch()
    put_by_turns(fresh, path, old)
    assert [found.name for found in path.iterdir()] == ["fresh"]
    assert [found.name for found in old.iterdir()] == ["path"]
    with pytest.raises(FileNotFoundError):
        put_by_turns(fresh, path, tmp_path / "older")
    assert [found.name for found in path.iterdir()] == ["fresh"]


def test_what_cannot_be_put_back_stays_where_the_error_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, rename = tmp_path / "out", Path.rename

    def raced(path: Path, to: Path) -> Path:
        """Rename, but after another process made the folder when its name was free."""
        if path.name == "new":
            (target / "theirs").mkdir(parents=True)
        return rename(path, to)

    target.mkdir()
    (target / "mine").write_text("the former version", encoding="utf-8")
    # As on a disk that cannot do it in one step.
    monkeypatch.setattr(swap, "exchange", lambda *_: False)
    monkeypatch.setattr(Path, "rename", raced)
    with pytest.raises(DatasetError, match=r"out was made by .* is in .*/old\.") as caught:
        replace_with_nothing(target)
    kept = Path(caught.value.problem.rpartition(" is in ")[2])
    assert contents(kept) == {"mine": b"the former version"}
    assert [path.name for path in target.iterdir()] == ["theirs"]


def replace_with_nothing(target: Path) -> None:
    with replacing(target):
        pass


def test_what_a_link_names_is_replaced_and_not_the_link(tmp_path: Path) -> None:
    real, link = tmp_path / "there" / "real", tmp_path / "link"
    real.mkdir(parents=True)
    link.symlink_to(real)
    with replacing(link) as fresh:
        (fresh / "file").touch()
    assert link.is_symlink()
    assert [path.name for path in real.iterdir()] == ["file"]
    assert [path.name for path in real.parent.iterdir()] == ["real"]
