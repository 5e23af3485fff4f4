"""`datasets`' own way to the Hub and back, by the local one, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dataset.publish.hub import ORGANISATION, TOKEN, LocalHub, running_hub
from tests.dataset.publish.making import made, send

REPO = f"{ORGANISATION}/tin-tuc"


def run(hub: LocalHub, cache: Path, code: str, *arguments: str | Path) -> None:
    environ = {
        "HF_ENDPOINT": hub.url,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(cache),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_dataset_pushed_by_datasets_comes_back_the_same(tmp_path: Path) -> None:
    folder = made(tmp_path / "dataset", "Trung tá Lê An.", "Khác.")
    code = """
import sys
from datasets import load_dataset
folder, repo = sys.argv[1:]
for config in ("spans", "tokens"):
    here = load_dataset(folder, config)
    here.push_to_hub(repo, config, private=True)
    there = load_dataset(repo, config)
    assert there["train"].features == here["train"].features
    assert there["train"].to_list() == here["train"].to_list()
"""
    with running_hub() as hub:
        run(hub, tmp_path / "cache", code, folder, REPO)
        assert len(hub.repositories[REPO].commits) == 3


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_a_published_dataset_loads_and_streams_from_the_hub(
    hub: LocalHub, dataset: Path, tmp_path: Path
) -> None:
    published = send(dataset, f"hf://{REPO}")
    code = """
import sys
from datasets import load_dataset
folder, repo, commit = sys.argv[1:]
for config in ("spans", "tokens"):
    here = load_dataset(folder, config)["train"]
    there = load_dataset(repo, config, revision=commit)["train"]
    assert there.features == here.features
    assert there.to_list() == here.to_list()
    assert list(load_dataset(repo, config, streaming=True)["train"]) == here.to_list()
"""
    run(hub, tmp_path / "cache", code, dataset, REPO, published.commit)
