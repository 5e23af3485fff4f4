"""S3 over HTTP, by moto's server on loopback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.publish.files import File
from annotate.dataset.publish.store import versioned_card
from annotate.errors import DatasetError
from tests.dataset.building import run
from tests.dataset.publish.making import contents, made
from tests.dataset.publish.process import send
from tests.dataset.publish.s3 import environ_of, fetched, running_s3, straight_to

URL = "s3://kho/tin-tuc"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 that keeps everything in memory."""
    with running_s3() as url:
        yield url


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of an S3 with one empty bucket, which the environment names."""
    for name, value in environ_of(server).items():
        monkeypatch.setenv(name, value)
    system = straight_to(server)
    system.mkdir("kho")
    yield system
    system.rm("kho", recursive=True)


def texts(folder: Path) -> list[str]:
    cache = str(folder.parent / f"{folder.name}-cache")
    return list(datasets.load_dataset(str(folder), "spans", cache_dir=cache)["train"]["text"])


def test_a_dataset_goes_to_s3_and_loads_from_a_copy(s3: Any, dataset: Path, tmp_path: Path) -> None:
    published = send(dataset, URL)
    copy = fetched(s3, URL, tmp_path / "copy")
    version = published.place.removeprefix(f"{URL}/")
    assert re.fullmatch("[0-9a-f]{16}", version)
    assert contents(copy / version) == contents(dataset)
    assert {path.name for path in copy.iterdir()} == {"README.md", version}
    assert f"![counts]({version}/counts.svg)" in (copy / "README.md").read_text(encoding="utf-8")
    assert texts(copy) == ["Trung tá Lê An."]
    assert texts(copy / version) == ["Trung tá Lê An."]


def test_a_new_version_replaces_the_old_one(s3: Any, dataset: Path, tmp_path: Path) -> None:
    old = send(made(tmp_path / "old", "Cũ."), URL)
    published = send(dataset, URL)
    assert all(name.startswith(old.place[-16:]) for name in published.removed)
    copy = fetched(s3, URL, tmp_path / "copy")
    assert {path.name for path in copy.iterdir()} == {"README.md", published.place[-16:]}
    assert texts(copy) == ["Trung tá Lê An."]


def test_the_same_again_changes_nothing(s3: Any, dataset: Path, tmp_path: Path) -> None:
    send(dataset, URL)
    before = contents(fetched(s3, URL, tmp_path / "before"))
    send(dataset, URL)
    assert contents(fetched(s3, URL, tmp_path / "after")) == before


def test_a_dry_run_writes_nothing(s3: Any, dataset: Path) -> None:
    plan = send(dataset, URL, dry_run=True)
    assert all(check.holds for check in plan.checks)
    assert s3.find("kho") == []


@pytest.mark.parametrize("name", ["thesis.txt", "README.md", "spans/a.parquet"])
def test_a_place_of_something_else_is_left_alone(s3: Any, dataset: Path, name: str) -> None:
    s3.pipe_file(f"kho/tin-tuc/{name}", b"mine")
    with pytest.raises(DatasetError, match="which was not published from here"):
        send(dataset, URL)
    assert s3.find("kho") == [f"kho/tin-tuc/{name}"]


@pytest.mark.parametrize("lock", [None, b"{}", b"\xff", b'"\xff"'])
def test_a_folder_that_only_looks_like_a_version_is_left_alone(
    s3: Any, dataset: Path, lock: bytes | None
) -> None:
    version = "kho/tin-tuc/0123456789abcdef"
    s3.pipe_file(f"{version}/mine.txt", b"mine")
    if lock is not None:
        s3.pipe_file(f"{version}/annotate.lock", lock)
    before = s3.find("kho")
    with pytest.raises(DatasetError, match=r"0123456789abcdef/.*, which was not published from"):
        send(dataset, URL)
    assert s3.find("kho") == before


def test_a_file_that_somebody_put_into_a_version_is_not_removed(
    s3: Any, dataset: Path, tmp_path: Path
) -> None:
    old = send(made(tmp_path / "old", "Cũ."), URL)
    s3.pipe_file(f"{old.place}/mine.txt", b"mine")
    before = s3.find("kho")
    with pytest.raises(DatasetError, match=r"/mine\.txt, which was not published from here"):
        send(dataset, URL)
    assert s3.find("kho") == before


def test_a_bucket_that_is_not_there_is_told_and_not_made(s3: Any, dataset: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot be listed: .*does not exist\. Check the name"):
        send(dataset, "s3://khong-co/tin-tuc")
    assert not s3.exists("khong-co")


def test_the_line_to_load_it_loads_it_from_where_it_is(s3: Any, dataset: Path) -> None:
    published = send(dataset, URL)
    code = f"from datasets import load_dataset\nprint({published.load}['train']['text'][0])"
    assert run(code, HF_HUB_OFFLINE="0").strip() == "Trung tá Lê An."
    assert s3.exists(published.place)


@given(st.sampled_from(["spans/train-*.parquet", ["a/*.parquet", "b/*.parquet"]]), st.booleans())
def test_every_path_of_a_card_gets_the_version(paths: str | list[str], plain: bool) -> None:
    files = paths if plain else [{"split": "train", "path": paths}]
    head = f"---\nlicense: mit\nconfigs:\n- config_name: spans\n  data_files: {files}\n---\n"
    body = 'see [it](./a.svg), <img src="a.svg"> and a.svg or "spans"'
    shown = (File(name="a.svg", size=1, sha256=""),)
    told = versioned_card(head + body, shown, "0123456789abcdef")
    each = [paths] if isinstance(paths, str) else paths
    assert all(f"0123456789abcdef/{path}" in told for path in each)
    assert told.endswith(
        'see [it](0123456789abcdef/a.svg), <img src="0123456789abcdef/a.svg"> and a.svg or "spans"'
    )
