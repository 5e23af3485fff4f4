"""The card: its head is what loading reads, its numbers are those of the dataset."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from annotate.dataset.built import Built
from annotate.dataset.card import dataset_card
from annotate.dataset.features import span_features
from annotate.spans import SetAside
from annotate.workspace import DatasetSettings
from tests.dataset.building import build_into, build_one, load, losses
from tests.factories import (
    make_annotation,
    make_article,
    make_choice,
    make_entity,
    make_schema,
    make_span,
    sample_schema,
)

EMPTY = Built(
    articles=0, unannotated=0, entities=0, relations=0, sentences=0, splits={}, labels={},
    losses={}, set_aside=0, outdated=0, superseded=0,
)  # fmt: skip
# A text and spans that the tags lose for every reason there is.
LOSING = "Lê An và Bình. Ngày  mai, xã."
LOST = {
    "nested": (0, 2), "crossing": (3, 8), "sentences": (9, 19), "empty": (19, 21),
    "cut token": (21, 22), "shared token": (22, 24),
}  # fmt: skip


def read(out: Path) -> tuple[dict[str, Any], str]:
    """Return the head of a dataset's card as data, and its body."""
    _, head, body = (out / "README.md").read_text(encoding="utf-8").split("---\n", maxsplit=2)
    return yaml.safe_load(head), body


def table(body: str) -> dict[str, list[str]]:
    """Return the cells of the card's table by their row's name."""
    lines = re.findall(r"^\| (.+) \|$", body, re.MULTILINE)
    return {name: cells for name, *cells in (line.split(" | ") for line in lines)}


def test_the_head_names_language_licence_and_title(tmp_path: Path) -> None:
    article = make_article()
    settings = DatasetSettings(title='Tin: "an ninh" #1', license="cc-by-4.0")
    out = tmp_path / "out"
    build_into(out, [article], [make_annotation(article)], make_schema(language="vi"), settings)
    head, body = read(out)
    assert (head["language"], head["license"]) == ("vi", "cc-by-4.0")
    assert head["pretty_name"] == 'Tin: "an ninh" #1'
    assert body.startswith('\n# Tin: "an ninh" #1\n')


def test_without_a_title_the_card_has_that_of_the_schema(tmp_path: Path) -> None:
    build_one(tmp_path / "out", title="News & views")
    head, body = read(tmp_path / "out")
    assert head["pretty_name"] == "News & views"
    assert body.startswith("\n# News & views\n")


def test_the_head_lists_the_files_of_every_config_and_split(sample: tuple[Path, Built]) -> None:
    head, _ = read(sample[0])
    for config in head["configs"]:
        for listed in config["data_files"]:
            (path,) = sample[0].glob(listed["path"])
            assert path.name.startswith(listed["split"])
    names = {config["config_name"]: config.get("default", False) for config in head["configs"]}
    assert names == {"spans": True, "tokens": False, "annotations": False}


def test_the_head_has_the_features_that_loading_finds(sample: tuple[Path, Built]) -> None:
    head, _ = read(sample[0])
    for info in head["dataset_info"]:
        loaded = load(sample[0], info["config_name"])["train"].features
        assert [feature["name"] for feature in info["features"]] == list(loaded)


def test_the_numbers_of_the_card_are_those_of_the_dataset(sample: tuple[Path, Built]) -> None:
    _, body = read(sample[0])
    loaded = load(sample[0], "spans")
    rows = [row for split in loaded.values() for row in split]
    entities = sum(len(row["entities"]) for row in rows)
    relations = sum(len(row["relations"]) for row in rows)
    assert f"{len(rows)} articles with {entities} entities and {relations} relations" in body
    cells = table(body)
    assert cells["articles"] == [str(split.num_rows) for split in loaded.values()]
    names = sample_schema().labels
    for split_number, split in enumerate(loaded.values()):
        counts = Counter(names[e["label"]] for row in split for e in row["entities"])
        assert {name: int(cells[name][split_number]) for name in names} == {
            name: counts[name] for name in names
        }


def test_the_card_defines_every_label_and_relation(sample: tuple[Path, Built]) -> None:
    _, body = read(sample[0])
    schema = sample_schema()
    assert f"`{schema.name}` {schema.version}" in body
    for entity in schema.entities:
        assert f"- **{entity.name}** ({entity.title}): {entity.definition}" in body
    for relation in schema.relations:
        arrow = f"{', '.join(relation.head)} → {', '.join(relation.tail)}"
        assert f"- **{relation.name}** ({relation.title}): {arrow}" in body


def test_the_card_says_what_is_left_out(tmp_path: Path) -> None:
    article, other = make_article(), make_article(article_id="b")
    aside = SetAside(reason="it has no offsets", mark=msgspec.Raw(b"{}"))
    annotations = [
        make_annotation(article, id=1, updated_at="2024-01-01T00:00:00Z"),
        make_annotation(article, id=2, updated_at="2024-01-02T00:00:00Z"),
        make_annotation(article, id=3, set_aside=(aside,) * 4),
        make_annotation(make_article("Cũ."), id=4),
        make_annotation(make_article("Cũ hơn."), id=5),
        make_annotation(make_article("Cũ nhất."), id=6),
    ]
    build_into(tmp_path / "out", [article, other], annotations)
    _, body = read(tmp_path / "out")
    assert "articles without a submitted annotation (1)" in body
    assert "annotations older than another of their article (2)" in body
    assert "or of another text than the article's (3)" in body
    assert "marks that could not be proved (4)" in body
    assert body.endswith("`losses.parquet`:\n  - nothing\n")


def test_every_reason_for_a_loss_is_counted_in_words(tmp_path: Path) -> None:
    article = make_article(LOSING)
    spans = [make_span(0, 5), *(make_span(*extent) for extent in LOST.values())]
    build_into(tmp_path / "out", [article], [make_annotation(article, *spans)])
    listed = {loss["reason"] for loss in losses(tmp_path / "out")}
    assert listed == LOST.keys()
    _, body = read(tmp_path / "out")
    assert len(re.findall(r"^  - 1 × [a-z].+ tagged", body, re.MULTILINE)) == len(LOST)


def test_a_schema_without_relations_says_so(tmp_path: Path) -> None:
    build_one(tmp_path / "out", relations=())
    _, body = read(tmp_path / "out")
    assert "## Relations\n\nNone.\n" in body


def test_braces_and_choices_in_a_schema_are_text(tmp_path: Path) -> None:
    build_one(
        tmp_path / "out",
        title="{built} {0}",
        entities=(make_entity("PERSON", "{x}", definition="100 % {schema.name}"),),
        relations=(),
        choices=(make_choice("topic", "yes", "no"),),
    )
    head, body = read(tmp_path / "out")
    assert head["pretty_name"] == "{built} {0}"
    assert "- **PERSON** ({x}): 100 % {schema.name}" in body


@pytest.mark.parametrize(
    ("articles", "size"),
    [
        (1, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (99_999, "10K<n<100K"),
        (100_000, "100K<n<1M"),
        (1_000_000, "1M<n<10M"),
    ],
)
def test_the_size_is_the_hubs_name_for_the_number_of_articles(articles: int, size: str) -> None:
    built = msgspec.structs.replace(EMPTY, articles=articles)
    schema = make_schema(entities=())
    features = {"spans": span_features(schema)}
    card = dataset_card(schema, DatasetSettings(), built, features, {"spans": []}, "0" * 64)
    assert yaml.safe_load(card.split("---\n")[1])["size_categories"] == [size]
