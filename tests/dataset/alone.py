"""What a reader sees who has nothing but `datasets`: python alone.py DATASET.

Prints, as one JSON object, the features of every config, and a digest of the rows of every
split: once loaded and once streamed. Imports nothing of this project.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterable
from typing import Any

from datasets import get_dataset_config_names, load_dataset


def main(path: str) -> None:
    """Print what there is."""
    with tempfile.TemporaryDirectory() as cache:
        found = {name: look(path, name, cache) for name in get_dataset_config_names(path)}
        first = next(iter(load_dataset(path, cache_dir=cache, streaming=True).values()))
        found["default"] = {"columns": list(first.features)}
    sys.stdout.write(json.dumps(found))


def look(path: str, name: str, cache: str) -> dict[str, Any]:
    """Return what a config is like, loaded and streamed."""
    loaded = load_dataset(path, name, cache_dir=cache)
    streamed = load_dataset(path, name, cache_dir=cache, streaming=True)
    return {
        "features": {split: repr(rows.features) for split, rows in loaded.items()},
        "streamed features": {split: repr(rows.features) for split, rows in streamed.items()},
        "rows": {split: digest(rows) for split, rows in loaded.items()},
        "streamed rows": {split: digest(rows) for split, rows in streamed.items()},
    }


def digest(rows: Iterable[Any]) -> list[Any]:
    """Return how many rows there are, and a digest of them."""
    told = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows]
    return [len(told), hashlib.sha256("\n".join(told).encode()).hexdigest()]


if __name__ == "__main__":
    main(sys.argv[1])
