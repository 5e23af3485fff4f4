"""The same input gives the same bytes."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import datasets
import msgspec
import pytest

from annotate.dataset.build import build, build_given, check
from annotate.dataset.built import Built
from annotate.dataset.given import Given
from annotate.dataset.lock import LOCK, Chosen, identity, read_lock
from annotate.errors import DatasetError
from annotate.settings import DatasetSettings, Policy, Split, Tagging
from tests.dataset.building import (
    ONLY_TRAIN,
    build_into,
    build_one,
    build_sample,
    contents,
    run,
)
from tests.factories import (
    gold_annotation,
    make_annotation,
    make_article,
    make_schema,
    make_span,
    sample_articles,
    sample_schema,
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


@pytest.mark.parametrize(
    ("seed", "zone", "locale"),
    [
        ("0", "Asia/Ho_Chi_Minh", "C"),
        ("1", "America/St_Johns", "C.UTF-8"),
        ("4242", "UTC", "POSIX"),
    ],
)
def test_another_machine_builds_the_same_bytes(
    sample: tuple[Path, Built], tmp_path: Path, seed: str, zone: str, locale: str
) -> None:
    code = """
import random, sys, time
from pathlib import Path
from annotate.dataset.build import build
from annotate.settings import DatasetSettings, Policy, Split, Tagging
from tests.factories import gold_annotation, sample_articles, sample_schema
articles = list(sample_articles().values())
annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
for given in (articles, annotations):
    random.Random(sys.argv[2]).shuffle(given)
settings = DatasetSettings(title="Sample")
build(Path(sys.argv[1]), iter(articles), iter(annotations), sample_schema(), settings)
"""
    run(code, tmp_path / "out", seed, PYTHONHASHSEED=seed, TZ=zone, LC_ALL=locale, LANG=locale)
    assert contents(tmp_path / "out") == contents(sample[0])


def test_what_waits_in_files_changes_no_byte(sample: tuple[Path, Built], tmp_path: Path) -> None:
    articles = list(sample_articles().values())
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    given = Given(tmp_path, held=2_000).add(articles[::-1], annotations[::-1])
    assert len(list(tmp_path.iterdir())) > 10
    settings = DatasetSettings(title="Sample")
    build_given(tmp_path / "out", given, sample_schema(), Chosen(settings=settings))
    assert contents(tmp_path / "out") == contents(sample[0])


def test_two_servers_annotations_of_one_number_come_in_one_order(tmp_path: Path) -> None:
    article = make_article()
    one, other = (
        make_annotation(article, make_span(9, 14), updated_at=f"2024-06-15T0{hour}:00:00Z")
        for hour in (8, 9)
    )
    build_into(tmp_path / "1", [article], [one, other])
    build_into(tmp_path / "2", [article], [other, one])
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


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
    given = ([article], [annotation], make_schema(), ONLY_TRAIN)
    build(tmp_path / "5", *given, fixed={"elsewhere": "test"})
    build(tmp_path / "6", *given, waiting=["RANK"])
    build(tmp_path / "7", *given, configs=["spans", "tokens"])
    locks = {contents(tmp_path / str(n))["annotate.lock"] for n in range(8)}
    assert len(locks) == 8


CHANGES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "the policy changed": ({"policy": Policy(use="agreed")}, {}),
    "the splits changed (their shares or the seed)": ({"split": Split(1, 0, 0, seed=7)}, {}),
    "the splits changed (splits.csv)": ({}, {"fixed": {"elsewhere": "test"}}),
    "the tagging changed": ({"tokens": Tagging(scheme="BILOU")}, {}),
    "include-unannotated changed": ({"include_unannotated": True}, {}),
    "the configs to build changed": ({}, {"configs": ["spans"]}),
    "the labels changed whose spans wait for a review": ({}, {"waiting": ["RANK"]}),
    "what the settings say for the card changed": ({"license": "cc0-1.0", "title": "T"}, {}),
}


@pytest.mark.parametrize(("words", "changes"), CHANGES.items())
def test_the_check_names_the_setting_that_changed(
    tmp_path: Path, words: str, changes: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    build_one(tmp_path / "out")
    article = make_article()
    given = ([article], [make_annotation(article, make_span(9, 14))], make_schema())
    now = msgspec.structs.replace(ONLY_TRAIN, **changes[0])
    assert check(tmp_path / "out", *given, now, **changes[1]) == [words]


def test_a_lock_of_a_former_version_tells_only_that_settings_changed(tmp_path: Path) -> None:
    build_one(tmp_path)
    lock = read_lock(tmp_path)
    old = msgspec.structs.replace(lock, parts=msgspec.UNSET, relations=msgspec.UNSET)
    (tmp_path / LOCK).write_bytes(msgspec.json.encode(old))
    assert identity(read_lock(tmp_path)) == identity(lock)
    article = make_article()
    given = ([article], [make_annotation(article, make_span(9, 14))], make_schema())
    assert check(tmp_path, *given, ONLY_TRAIN) == []
    told = check(tmp_path, *given, ONLY_TRAIN, waiting=["RANK"])
    assert told == ["the dataset's settings changed"]


def test_the_lock_has_the_versions_of_what_writes_the_files_and_draws(tmp_path: Path) -> None:
    build_one(tmp_path)
    versions = read_lock(tmp_path).versions
    for package in ("datasets", "pyarrow", "matplotlib"):
        assert versions[package] == version(package)


@pytest.mark.parametrize("content", [b'{"corpus":"\xff"}', b"\xff", b"{}"])
def test_a_lock_that_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LOCK).write_bytes(content)
    with pytest.raises(DatasetError, match=r"annotate\.lock cannot be read: .*annotate build"):
        read_lock(tmp_path)


def test_a_rebuilt_dataset_is_not_read_from_the_cache_of_the_former_one(tmp_path: Path) -> None:
    article = make_article()
    out = tmp_path / "dataset"
    for label in ("PERSON", "RANK"):
        build_into(out, [article], [make_annotation(article, make_span(0, 8, label))])
        spans = datasets.load_dataset(str(out), "spans", cache_dir=str(tmp_path / "cache"))["train"]
        names = spans.features["entities"].feature["label"]
        assert [names.int2str(e["label"]) for e in spans[0]["entities"]] == [label]
