"""The card of an encoded dataset, and the record of how it was encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from datasets import DatasetInfo, Features
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCard, DatasetCardData

from annotate.dataset.card.markdown import plural
from annotate.dataset.encoding.options import Options
from annotate.dataset.lock import CARD, LOCK

RECORD = "encoding.json"
DATA = "data"

# What is as true of the encoded dataset as of the one that it was made from.
_SAME = ("language", "license")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """How a dataset was encoded: enough to do it again, and to tell whether anything changed.

    `sha256` is that of the tokenizer's file, `dataset` that of the lock (or else the card) of
    the dataset that was encoded, `versions` those of the packages that decide the ids.
    """

    tokenizer: str
    sha256: str
    dataset: str
    options: Options
    versions: dict[str, str]


class Encoded(msgspec.Struct, frozen=True, kw_only=True):
    """What encoding made, and what the labels do not show.

    `losses` maps each reason to the spans that `tokens` shows and the labels do not, or not
    with the same extent; `former` those that `tokens` did not show as marked. A span `in no
    window` is longer than the stride; the longest of them has `longest_lost` sub-tokens.
    `unannotated` articles are left out: nobody annotated them.
    """

    rows: int
    articles: int
    ids: int
    longest: int
    splits: dict[str, int]
    losses: dict[str, int]
    former: dict[str, int]
    longest_lost: int = 0
    unannotated: int = 0


def digest_of(dataset: Path) -> str:
    """Return the SHA-256 of what tells a dataset's content best."""
    path = next(path for path in (dataset / LOCK, dataset / CARD) if path.is_file())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def describe(
    folder: Path, dataset: Path, record: Record, encoded: Encoded, features: Features
) -> None:
    """Write the card and the record into the folder of an encoded dataset."""
    encoding = msgspec.json.format(msgspec.json.encode(record)) + b"\n"
    (folder / RECORD).write_bytes(encoding)
    former = DatasetCard.load(dataset / CARD).data
    head = _metadata(former, encoded.splits, features, hashlib.sha256(encoding).hexdigest())
    name = str(former.get("pretty_name") or "Dataset")
    (folder / CARD).write_text(
        f"---\n{head}\n---\n\n{_body(name, record, encoded)}", encoding="utf-8"
    )


def _metadata(
    former: DatasetCardData, splits: Mapping[str, int], features: Features, version: str
) -> str:
    same: dict[str, Any] = {name: former.get(name) for name in _SAME if former.get(name)}
    data = DatasetCardData(
        **same,
        task_categories=["token-classification"],
        configs=[
            {
                "config_name": "default",
                # Without it, `datasets` would read another encoding from its cache.
                "description": f"encoding {version[:16]}",
                "data_files": [
                    {"split": split, "path": f"{DATA}/{split}-*.parquet"} for split in splits
                ],
            }
        ],
    )
    infos = DatasetInfosDict({"default": DatasetInfo(features=features, config_name="default")})
    infos.to_dataset_card_data(data)
    return str(data.to_yaml())


def _body(name: str, record: Record, encoded: Encoded) -> str:
    options = record.options
    listed = [f"- {count} × {_TOLD[reason]}" for reason, count in encoded.losses.items()]
    former = ", ".join(f"{count} {reason}" for reason, count in encoded.former.items())
    return _TEMPLATE.format(
        name=name,
        record=record,
        encoded=encoded,
        scheme=options.scheme,
        rest=_ALL if options.label_all else _FIRST,
        windows=_WINDOWS.format(options=options) if options.max_length else "A row is an article.",
        losses="\n".join(listed) or "- nothing",
        former=former or "none",
        unannotated=_unannotated(encoded.unannotated),
    )


def _unannotated(count: int) -> str:
    """Return what is said of articles that nobody annotated, nothing when there are none."""
    if not count:
        return ""
    return f" Left out: {plural(count, 'article')} that nobody annotated."


_TOLD = {
    "cut sub-token": "begins or ends within a sub-token; labelled with the whole of it",
    "shared sub-token": "shares a sub-token with another span; not labelled",
    "no sub-token": "has a word at its edge of which the tokenizer keeps nothing",
    "no window": "is longer than the stride and in no window as a whole; not labelled",
}

_FIRST = "The first sub-token of a word has its label; the others have -100, as special ones do."
_ALL = "Every sub-token of a word has a label; special ones have -100."
_WINDOWS = """\
A row is a window of at most {options.max_length} ids, of which {options.stride} were in the one \
before; `window` counts them from 0. A span or word that an edge cuts has -100 there; the window \
that has it as a whole shows it."""

_TEMPLATE = """\
# {name}, encoded

{encoded.articles} articles as {encoded.ids} ids of the tokenizer `{record.tokenizer}` (SHA-256 \
`{record.sha256}`), with labels of the scheme {scheme}. {windows} {rest}{unannotated}

```python
from datasets import load_dataset

encoded = load_dataset("PATH")
```

`starts` and `ends` are the places of the sub-tokens in the article `id`, in code points, without \
white space at their ends; `words` are the numbers of the words in the article's rows of `tokens`, \
-1 for none. Rows are not filled up to one length.

Spans that the labels do not show as the tags of words do:

{losses}

Spans that those tags did not show as marked, and that are not here either: {former}. Both are \
listed in `losses.parquet`. How it was made is in `encoding.json`.
"""
