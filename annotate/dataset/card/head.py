"""The head of the card: the YAML that loading and the Hub read."""

from __future__ import annotations

from typing import Any

from datasets import DatasetInfo
from datasets.info import DatasetInfosDict
from datasets.splits import SplitDict, SplitInfo
from huggingface_hub import DatasetCardData

from annotate.dataset.card.facts import Facts
from annotate.dataset.card.markdown import one_line

_SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"),
    (10**7, "1M<n<10M"), (10**8, "10M<n<100M"),
)  # fmt: skip


def head(facts: Facts) -> str:
    """Return the head as YAML, without the lines around it."""
    settings = facts.settings
    data = DatasetCardData(
        language=facts.schema.language,
        license=settings.license,
        pretty_name=one_line(facts.title),
        annotations_creators=[settings.annotations_creators] * bool(settings.annotations_creators)
        or None,
        task_categories=_categories(facts),
        task_ids=["named-entity-recognition"],
        size_categories=[size_category(sum(facts.built.splits.values()))],
        tags=_tags(facts),
        configs=[_config(facts, name) for name in facts.configs],
    )
    DatasetInfosDict({name: _info(facts, name) for name in facts.configs}).to_dataset_card_data(
        data
    )
    return str(data.to_yaml())


def _config(facts: Facts, name: str) -> dict[str, Any]:
    return {
        "config_name": name,
        # `datasets` names its cache by the folder and this head alone: without it a rebuilt
        # dataset would be read from the cache of the former one.
        "description": f"build {facts.version[:16]}",
        **({"default": True} if name == "spans" else {}),
        "data_files": [
            {"split": split, "path": f"{name}/{split}-*.parquet"} for split in facts.splits[name]
        ],
    }


def _info(facts: Facts, name: str) -> DatasetInfo:
    sizes = facts.sizes[name]
    splits = SplitDict()
    for split in facts.splits[name]:
        splits.add(SplitInfo(split, sizes[split].unpacked, sizes[split].rows))
    return DatasetInfo(
        features=facts.features[name], config_name=name, splits=splits,
        download_size=sum(size.packed for size in sizes.values()),
        dataset_size=sum(size.unpacked for size in sizes.values()),
    )  # fmt: skip


def _categories(facts: Facts) -> list[str]:
    return ["token-classification", *["text-classification"] * bool(facts.schema.choices)]


def _tags(facts: Facts) -> list[str]:
    """Return words by which the Hub finds the dataset."""
    return [
        *["relation-extraction"] * bool(facts.built.relations),
        *["nested-named-entities"] * bool(facts.summary.nested),
        "span-annotations",
        "label-studio",
    ]


def size_category(rows: int) -> str:
    """Return the Hub's name for a number of rows."""
    return next((name for limit, name in _SIZES if rows < limit), "100M<n<1B")
