"""S3 over HTTP, by moto's server on loopback."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import datasets
import fsspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.publish.files import File
from annotate.dataset.publish.store import Store, versioned_card
from annotate.errors import DatasetError
from tests.dataset.publish.making import contents, made, send

URL = "s3://kho/tin-tuc"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 that keeps everything in memory."""
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer("127.0.0.1", 0)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def s3(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The file system of an S3 with one empty bucket."""
    from s3fs.core import S3FileSystem

    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    place = {"AWS_ENDPOINT_URL": server, "AWS_DEFAULT_REGION": "us-east-1"}
    for name, value in {**keys, **place, "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()
    system = fsspec.filesystem("s3")
    system.mkdir("kho")
    yield system
    system.rm("kho", recursive=True)
    S3FileSystem.clear_instance_cache()


def fetched(system: Any, folder: Path) -> Path:
    """Copy what is published to a folder, as its users do."""
    system.invalidate_cache()
    for path in system.find("kho/tin-tuc"):
        to = folder / path.removeprefix("kho/tin-tuc/")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(system.cat_file(path))
    return folder


def texts(folder: Path) -> list[str]:
    cache = str(folder.parent / f"{folder.name}-cache")
    return list(datasets.load_dataset(str(folder), "spans", cache_dir=cache)["train"]["text"])


def test_a_dataset_goes_to_s3_and_loads_from_a_copy(s3: Any, dataset: Path, tmp_path: Path) -> None:
    published = send(dataset, URL)
    copy = fetched(s3, tmp_path / "copy")
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
    copy = fetched(s3, tmp_path / "copy")
    assert {path.name for path in copy.iterdir()} == {"README.md", published.place[-16:]}
    assert texts(copy) == ["Trung tá Lê An."]


def test_the_same_again_changes_nothing(s3: Any, dataset: Path, tmp_path: Path) -> None:
    send(dataset, URL)
    before = contents(fetched(s3, tmp_path / "before"))
    send(dataset, URL)
    assert contents(fetched(s3, tmp_path / "after")) == before


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


def test_a_bucket_that_is_not_there_is_told_and_not_made(s3: Any, dataset: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot be listed: .*does not exist\. Check the name"):
        send(dataset, "s3://khong-co/tin-tuc")
    assert not s3.exists("khong-co")


def fail_at(monkeypatch: pytest.MonkeyPatch, step: str, count: int, error: Exception) -> None:
    """Let the store fail at the `count`-th call of one of its requests."""
    from s3fs.core import S3FileSystem

    real: Callable[..., Any] = getattr(S3FileSystem, step)
    calls = [0]

    async def failing(self: Any, *args: Any, **options: Any) -> Any:
        calls[0] += 1
        if calls[0] == count:
            raise error
        return await real(self, *args, **options)

    monkeypatch.setattr(S3FileSystem, step, failing)
    # The synchronous methods were made of the real ones when the file system was.
    S3FileSystem.clear_instance_cache()


@pytest.mark.parametrize(
    ("step", "count", "error", "told"),
    [
        ("_put_file", 1, PermissionError("Access Denied"), "no right to .Access Denied"),
        ("_put_file", 3, ConnectionError("the connection broke"), "connection broke"),
        ("_put_file", 5, TimeoutError(), "cannot be written: FSTimeoutError"),
        ("_pipe_file", 1, ConnectionError("cut"), r"got no new README\.md: cut"),
    ],
)
def test_whatever_fails_before_the_switch_the_old_version_loads(
    s3: Any, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    step: str, count: int, error: Exception, told: str,
) -> None:  # fmt: skip
    send(made(tmp_path / "old", "Cũ."), URL)
    with monkeypatch.context() as patch:
        fail_at(patch, step, count, error)
        with pytest.raises(DatasetError, match=told) as raised:
            send(dataset, URL)
        assert raised.value.remedy
    assert texts(fetched(s3, tmp_path / "copy")) == ["Cũ."]
    published = send(dataset, URL)
    after = fetched(s3, tmp_path / "after")
    assert {path.name for path in after.iterdir()} == {"README.md", published.place[-16:]}
    assert texts(after) == ["Trung tá Lê An."]


def test_what_cannot_be_cleared_away_is_told_and_cleared_the_next_time(
    s3: Any, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(made(tmp_path / "old", "Cũ."), URL)
    with monkeypatch.context() as patch:
        fail_at(patch, "_rm_file", 2, ConnectionError("cut"))
        with pytest.raises(DatasetError, match="has the new version, but keeps files of the old"):
            send(dataset, URL)
    assert texts(fetched(s3, tmp_path / "copy")) == ["Trung tá Lê An."]
    published = send(dataset, URL)
    after = fetched(s3, tmp_path / "after")
    assert {path.name for path in after.iterdir()} == {"README.md", published.place[-16:]}


def test_what_reads_back_otherwise_is_not_switched_to(
    s3: Any, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(made(tmp_path / "old", "Cũ."), URL)
    upload = Store._upload  # noqa: SLF001 - the store itself is what is at fault here

    def damaged(store: Store, *args: Any) -> None:
        upload(store, *args)
        s3.invalidate_cache()
        stored = next(path for path in s3.find("kho") if path.endswith(".svg") and path not in old)
        s3.pipe_file(stored, b"<svg></svg>")

    old = set(s3.find("kho"))
    monkeypatch.setattr(Store, "_upload", damaged)
    with pytest.raises(DatasetError, match=r"counts\.svg read back from .* not what was sent"):
        send(dataset, URL)
    assert texts(fetched(s3, tmp_path / "copy")) == ["Cũ."]


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
