"""Make an export of Label Studio of any size: generated articles with marks on their words.

python -m benchmarks.exports COUNT FILE

Each article has `REGIONS` marks of one to four words within a line; of every tenth article one
mark lies within another. The fields and the way of writing are those of Label Studio 1.23. The
same count gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from annotate.schema import Schema
from annotate.text import digest
from benchmarks.generate import generate
from tests.factories import sample_schema

REGIONS = 15
_NESTED = 10
_PEOPLE = 5
_WORDS = re.compile(r"\w+(?: \w+){0,3}")
_TIME = "2024-06-15T08:{:02}:{:02}.{:06}Z"
# What the server tells beside, the same of all.
_OF_TASKS: dict[str, Any] = {
    "allow_skip": True,
    "total_annotations": 1,
    "cancelled_annotations": 0,
    "total_predictions": 0,
    "comment_count": 0,
    "unresolved_comment_count": 0,
    "last_comment_updated_at": None,
    "project": 1,
    "updated_by": 1,
    "comment_authors": [],
}
_OF_ANNOTATIONS: dict[str, Any] = {
    "was_cancelled": False,
    "ground_truth": False,
    "draft_created_at": None,
    "prediction": {},
    "import_id": None,
    "last_action": None,
    "bulk_created": False,
    "project": 1,
    "updated_by": 1,
    "parent_prediction": None,
    "parent_annotation": None,
    "last_created_by": None,
}


def write_export(path: Path, count: int) -> None:
    """Write an export of so many tasks, one at a time."""
    schema = sample_schema()
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, article in enumerate(islice(generate(count), count), start=1):
            written = json.dumps(
                _task(number, article, schema), ensure_ascii=False, separators=(",", ":")
            )
            # The server writes slashes like this.
            file.write("," * (number > 1) + written.replace("/", "\\/"))
        file.write("]")


def _task(number: int, article: dict[str, str], schema: Schema) -> dict[str, Any]:
    draw = random.Random(number)  # noqa: S311, of no secret
    created = _TIME.format(number // 60 % 60, number % 60, draw.randrange(10**6))
    data = {name: article[name] for name in ("title", "source", "url", "author", "text")}
    return {
        "id": number,
        "annotations": [_annotation(number, article["text"], schema, created, draw)],
        "drafts": [],
        "predictions": [],
        "data": {"article": article["id"], "byline": article["author"], **data},
        "meta": {"article": article["id"], "sha256": digest(article["text"])},
        "created_at": created,
        "updated_at": created,
        "inner_id": number,
        **_OF_TASKS,
    }


def _annotation(
    number: int, text: str, schema: Schema, created: str, draw: random.Random
) -> dict[str, Any]:
    nested = number % _NESTED == 0
    extents = list(_extents(text, REGIONS - nested, draw))
    if nested:
        start, end = extents[0]
        extents.insert(1, (start, start + len(text[start:end].split(maxsplit=1)[0])))
    return {
        "id": number,
        "completed_by": 1 + number % _PEOPLE,
        "result": [_region(text, *extent, schema, draw) for extent in extents],
        "created_at": created,
        "updated_at": created,
        "lead_time": round(draw.uniform(20, 300), 3),
        "result_count": REGIONS,
        "unique_id": f"{draw.getrandbits(128):032x}",
        "task": number,
        **_OF_ANNOTATIONS,
    }


def _extents(text: str, count: int, draw: random.Random) -> Iterator[tuple[int, int]]:
    """Yield extents of words, spread over a text."""
    runs = [found.span() for found in _WORDS.finditer(text)]
    for start, end in runs[:: len(runs) // count][:count]:
        words = text[start:end].split(" ")
        yield start, start + len(" ".join(words[: draw.randint(1, len(words))]))


def _region(text: str, start: int, end: int, schema: Schema, draw: random.Random) -> dict[str, Any]:
    label = draw.choice(schema.labels)
    return {
        "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
        "id": f"{draw.getrandbits(40):010x}",
        "from_name": schema.controls.labels,
        "to_name": schema.controls.text,
        "type": "labels",
        "origin": "manual",
    }


def main() -> None:
    """Write one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__)
    parser.add_argument("count", type=int, metavar="COUNT")
    parser.add_argument("file", type=Path, metavar="FILE")
    given = parser.parse_args()
    write_export(given.file, given.count)


if __name__ == "__main__":
    main()
