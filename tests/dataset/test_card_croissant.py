"""croissant.json: valid, and the rows come out of it as they are."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.dataset.built import Built
from annotate.schema.model import Attribute, Option
from tests.dataset.building import ONLY_TRAIN, build_into, build_one, rows
from tests.factories import make_annotation, make_article, make_choice, make_schema, make_span

with warnings.catch_warnings():
    # Of the libraries that it is made of.
    warnings.simplefilter("ignore")
    import mlcroissant

Sample = tuple[Path, Built]
# Its own, and those of the libraries that it is made of.
pytestmark = pytest.mark.filterwarnings("ignore")


def opened(folder: Path) -> Any:
    return mlcroissant.Dataset(str(folder / "croissant.json"))


def read(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    return found


def plain(value: Any) -> Any:
    """Return a record as the dataset has it: texts as such, names without where they are from."""
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    return value.item() if hasattr(value, "item") else value


def records(folder: Path, config: str) -> dict[str, list[dict[str, Any]]]:
    """Return the records of a config by split."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in opened(folder).records(config):
        row = plain(record)
        found.setdefault(row.pop("split"), []).append(row)
    return found


@pytest.mark.parametrize("config", ["spans", "tokens", "annotations"])
def test_the_records_are_the_rows_of_the_dataset(sample: Sample, config: str) -> None:
    found = records(sample[0], config)
    assert [row for split in ("train", "validation", "test") for row in found[split]] == rows(
        sample[0], config
    )


def test_the_description_is_valid(sample: Sample, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        issues = opened(sample[0]).metadata.issues
    assert not issues.errors
    # A build does not know the day of publication, nor these settings a licence.
    told = [line for line in issues.report().splitlines() if "Property" in line]
    assert all("datePublished" in line or "license" in line for line in told)
    assert "not standard" not in caplog.text


def test_every_file_is_there_with_its_digest(sample: Sample) -> None:
    files = [one for one in read(sample[0])["distribution"] if one["@type"] == "cr:FileObject"]
    there = {str(path.relative_to(sample[0])) for path in sample[0].glob("*/*.parquet")}
    assert {one["contentUrl"] for one in files} == there
    for one in files:
        content = (sample[0] / one["contentUrl"]).read_bytes()
        assert one["sha256"] == hashlib.sha256(content).hexdigest()
        assert one["contentSize"] == f"{len(content)} B"


def test_answers_and_hard_names_come_out_as_they_are(tmp_path: Path) -> None:
    kinds = (Option("state", "State"), Option("people", "People"))
    schema = make_schema(
        version="1.2",
        attributes=(
            Attribute("giá trị", "Value", ("PERSON",)),
            Attribute("kind", "Kind", ("PERSON",), options=kinds, multiple=True),
            Attribute("gia_tri", "Other", ("PERSON",), options=kinds),
        ),
        choices=(make_choice("dùng's", "yes", "no"), make_choice("d_ng_s", "x", multiple=True)),
    )
    articles = [make_article(), make_article(article_id="b"), make_article(article_id="c")]
    attributes = {"giá trị": ("1",), "kind": ("people", "state"), "gia_tri": ("people",)}
    span = msgspec.structs.replace(make_span(9, 14), attributes=attributes)
    annotations = [
        make_annotation(articles[0], span, choices={"dùng's": ("no",), "d_ng_s": ("x",)}),
        make_annotation(articles[1], make_span(9, 14), id=2),
        make_annotation(articles[2], id=3, lead_time=1.5),
    ]
    out = tmp_path / "out"
    build_into(out, articles, annotations, schema)
    found = records(out, "spans")["train"]
    values = [list(row.values()) for row in found]
    expected = rows(out, "spans")
    assert values[0][:-4] == list(expected[0].values())[:-4]
    assert [list(e.values()) for e in found[0]["entities"]] == [
        list(e.values()) for e in expected[0]["entities"]
    ]
    assert [row[-2:] for row in values] == [list(row.values())[-2:] for row in expected]
    assert found[2]["entities"] == []
    assert records(out, "annotations")["train"][2]["lead_time"] == 1.5
    assert read(out)["version"].startswith("1.2.0+")


def test_the_settings_are_in_the_description(tmp_path: Path) -> None:
    article = make_article()
    settings = msgspec.structs.replace(
        ONLY_TRAIN, title="T", license="cc-by-4.0", description="What it is.", authors=("Lê An",),
        homepage="https://example.org", citation="@misc{x}",
    )  # fmt: skip
    build_into(tmp_path / "out", [article], [make_annotation(article)], settings=settings)
    about = read(tmp_path / "out")
    assert about["name"] == "T"
    assert about["description"].startswith("What it is.\n\n1 annotated article")
    assert (about["license"], about["url"]) == ("cc-by-4.0", "https://example.org")
    assert about["creator"] == [{"@type": "sc:Person", "name": "Lê An"}]
    assert about["citeAs"] == "@misc{x}"
    assert about["dateModified"] == "2024-06-15"
    assert opened(tmp_path / "out").metadata.name == "T"


def test_what_nobody_said_is_left_out(tmp_path: Path) -> None:
    build_one(tmp_path / "out", version="draft")
    about = read(tmp_path / "out")
    assert not about.keys() & {"license", "url", "creator", "version", "datePublished"}
    assert not opened(tmp_path / "out").metadata.issues.errors
