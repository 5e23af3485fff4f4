"""Cards for tests: read from a dataset, or made of facts without one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from annotate.corpus import Article
from annotate.dataset.built import Built
from annotate.dataset.card.facts import Facts, Size
from annotate.dataset.card.write import card_text
from annotate.dataset.features import span_features
from annotate.dataset.summary import Summary
from annotate.schema import Schema
from annotate.settings import DatasetSettings
from annotate.spans import Annotation
from tests.factories import make_schema

EMPTY = Built(
    articles=0, unannotated=0, entities=0, relations=0, sentences=0, splits={}, labels={},
    losses={}, set_aside=0, outdated=0, superseded=0,
)  # fmt: skip


def make_facts(schema: Schema | None = None, **fields: Any) -> Facts:
    """Return the facts of a dataset of one article in `train`, without files."""
    schema = schema or make_schema()
    labels = {label: {"train": 0} for label in schema.labels}
    known: dict[str, Any] = {
        "schema": schema,
        "settings": DatasetSettings(),
        "built": Built(
            **{**_fields(EMPTY), "articles": 1, "splits": {"train": 1}, "labels": labels}
        ),
        "summary": Summary(schema),
        "features": {"spans": span_features(schema)},
        "splits": {"spans": ["train"]},
        "sizes": {"spans": {"train": Size(1, 10, 5)}},
        "example": None,
        "version": "0" * 64,
    }
    return Facts(**{**known, **fields})


def _fields(built: Built) -> dict[str, Any]:
    return {name: getattr(built, name) for name in built.__struct_fields__}


def text_of(facts: Facts, former: str = "") -> str:
    """Return the card without pictures."""
    return card_text(facts, {}, former)


def summarised(
    schema: Schema, work: Sequence[tuple[Article, Sequence[Annotation]]], split: Any = "train"
) -> Summary:
    """Return the summary of articles of which the last annotation counts."""
    summary = Summary(schema)
    for article, found in work:
        summary.add(article, found[-1] if found else None, found, split)
    return summary


def read(out: Path) -> tuple[dict[str, Any], str]:
    """Return the head of a dataset's card as data, and its body."""
    return parted((out / "README.md").read_text(encoding="utf-8"))


def parted(card: str) -> tuple[dict[str, Any], str]:
    """Return the head of a card as data, and its body."""
    _, head, body = re.split(r"^---\n", card, maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(head), body


def section(body: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", body, re.MULTILINE | re.DOTALL
    )
    assert found, f"no heading {heading}"
    return found[1]


def table(text: str) -> dict[str, list[str]]:
    """Return the cells of a text's tables by the first one of their row, without stars."""
    lines = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    rows = (line.split(" | ") for line in lines)
    return {name.strip("*").replace("\\", ""): cells for name, *cells in rows}
