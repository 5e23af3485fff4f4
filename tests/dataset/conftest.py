"""The sample corpus, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotate.dataset.built import Built
from tests.dataset.building import build_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    """The folder of the built sample corpus, and what was built; to be read only."""
    out = tmp_path_factory.mktemp("sample") / "dataset"
    return out, build_sample(out)
