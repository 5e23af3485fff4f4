"""A dataset to publish, and a Hub and an S3 on loopback to publish it to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dataset.publish.hub import TOKEN, LocalHub
from tests.dataset.publish.making import made
from tests.dataset.publish.serving import running_hub


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """The folder of a small built dataset."""
    return made(tmp_path / "dataset")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A Hub that the environment names, with a token that may write."""
    with running_hub() as local:
        monkeypatch.setenv("HF_ENDPOINT", local.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield local
