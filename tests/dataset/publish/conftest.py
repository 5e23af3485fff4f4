"""A dataset to publish, and a Hub and an S3 on loopback to publish it to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import _http

from tests.dataset.publish.hub import TOKEN, LocalHub, running_hub
from tests.dataset.publish.making import made


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """The folder of a small built dataset."""
    return made(tmp_path / "dataset")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A Hub that this process speaks to, with a token that may write."""
    with running_hub() as local:
        monkeypatch.setenv("HF_ENDPOINT", local.url)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        # What the environment said when huggingface_hub was imported.
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        yield local
        _http.close_session()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let huggingface_hub try again at once: it would wait for half a minute in all."""

    class Clock:
        sleep = staticmethod(lambda _seconds: None)

    monkeypatch.setattr(_http, "time", Clock)
