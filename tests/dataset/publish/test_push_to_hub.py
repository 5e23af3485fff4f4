"""`datasets`' own way to the Hub and back, by the local one, in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from annotate.dataset.build import build
from annotate.settings import DatasetSettings
from tests.dataset.building import run
from tests.dataset.publish.hub import ORGANISATION, LocalHub
from tests.dataset.publish.making import contents
from tests.dataset.publish.process import send
from tests.factories import gold_annotation, sample_articles, sample_schema

REPO = f"{ORGANISATION}/tin-tuc"
CONFIGS = ["spans", "tokens", "annotations"]

# In the process: what lies on the disk, and that what comes from elsewhere is the same.
_HERE = """
import sys
from datasets import get_dataset_config_names, load_dataset
folder, repo, commit = sys.argv[1:]
configs = get_dataset_config_names(folder)
here = {config: load_dataset(folder, config) for config in configs}

def same(config, there):
    assert list(there) == list(here[config]), (config, there)
    for split, rows in here[config].items():
        assert there[split].features == rows.features, (config, split, there[split].features)
        assert list(there[split]) == rows.to_list(), (config, split)
"""

Run = Callable[[str, Path, str], str]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample corpus with its gold, built."""
    folder = tmp_path_factory.mktemp("built") / "dataset"
    articles = list(sample_articles().values())
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    settings = DatasetSettings(title="Sample", license="cc-by-4.0")
    build(folder, articles, annotations, sample_schema(), settings)
    return folder


@pytest.fixture
def run_here(hub: LocalHub, tmp_path: Path) -> Run:
    """Run code that has the dataset on the disk as `here`, and the Hub before it."""
    environ = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
    without_xet = {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

    def run_code(code: str, folder: Path, commit: str = "") -> str:
        try:
            return run(_HERE + code, folder, REPO, commit, **environ, **without_xet)
        except subprocess.CalledProcessError as error:
            pytest.fail(error.stderr)

    return run_code


def test_what_datasets_pushes_of_a_built_dataset_comes_back_the_same(
    run_here: Run, sample: Path, hub: LocalHub
) -> None:
    code = """
for config in configs:
    here[config].push_to_hub(repo, config, private=True)
assert sorted(get_dataset_config_names(repo)) == sorted(configs)
for config in configs:
    same(config, load_dataset(repo, config))
print(" ".join(configs))
"""
    assert sorted(run_here(code, sample, "").split()) == sorted(CONFIGS)
    pushed = hub.repositories[REPO].head.files
    assert {name.split("/")[0] for name in pushed if name.endswith(".parquet")} == {*CONFIGS}


def test_a_published_dataset_loads_and_streams_from_the_hub_by_its_commit(
    run_here: Run, sample: Path, hub: LocalHub
) -> None:
    published = send(sample, f"hf://{REPO}")
    # Somebody's later commit is not what is asked for.
    hub.meddle(REPO, "README.md", b"theirs")
    code = """
for config in configs:
    same(config, load_dataset(repo, config, revision=commit))
    same(config, load_dataset(repo, config, revision=commit, streaming=True))
print(" ".join(configs))
"""
    assert sorted(run_here(code, sample, published.commit).split()) == sorted(CONFIGS)
    assert contents(sample).keys() <= hub.repositories[REPO].at(published.commit).files.keys()
