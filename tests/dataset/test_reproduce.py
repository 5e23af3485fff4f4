"""The same input gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from annotate.dataset.built import Built
from annotate.workspace import DatasetSettings
from tests.dataset.building import (
    ONLY_TRAIN,
    build_into,
    build_sample,
    contents,
    run,
)
from tests.factories import (
    make_annotation,
    make_article,
    make_schema,
    make_span,
)


def test_the_order_of_the_input_does_not_matter(sample: tuple[Path, Built], tmp_path: Path) -> None:
    assert build_sample(tmp_path / "other-name", backwards=True) == sample[1]
    assert contents(tmp_path / "other-name") == contents(sample[0])


def test_building_again_in_place_changes_no_byte(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_sample(out)
    before = contents(out)
    build_sample(out)
    assert contents(out) == before


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_the_hash_seed_of_the_process_does_not_matter(
    sample: tuple[Path, Built], tmp_path: Path, seed: str
) -> None:
    code = """
import sys
from pathlib import Path
from tests.dataset.building import build_sample
build_sample(Path(sys.argv[1]))
"""
    run(code, tmp_path / "out", PYTHONHASHSEED=seed, TZ="Asia/Ho_Chi_Minh", LC_ALL="C")
    assert contents(tmp_path / "out") == contents(sample[0])


def test_the_lock_changes_with_anything_that_decides_the_bytes(tmp_path: Path) -> None:
    article = make_article()
    annotation = make_annotation(article, make_span(9, 14))
    titled = make_article(title="Tin")
    closer = make_annotation(article, make_span(0, 8, "RANK"))
    settings_ = DatasetSettings(split=ONLY_TRAIN.split, license="cc-by-4.0")
    build_into(tmp_path / "0", [article], [annotation])
    build_into(tmp_path / "1", [titled], [annotation])
    build_into(tmp_path / "2", [article], [closer])
    build_into(tmp_path / "3", [article], [annotation], make_schema(version="2"))
    build_into(tmp_path / "4", [article], [annotation], settings=settings_)
    locks = {contents(tmp_path / str(n))["annotate.lock"] for n in range(5)}
    assert len(locks) == 5


def test_a_rebuilt_dataset_is_not_read_from_the_cache_of_the_former_one(tmp_path: Path) -> None:
    article = make_article()
    out = tmp_path / "dataset"
    for label in ("PERSON", "RANK"):
        build_into(out, [article], [make_annotation(article, make_span(0, 8, label))])
        spans = datasets.load_dataset(str(out), "spans", cache_dir=str(tmp_path / "cache"))["train"]
        names = spans.features["entities"].feature["label"]
        assert [names.int2str(e["label"]) for e in spans[0]["entities"]] == [label]
