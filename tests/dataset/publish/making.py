"""Small built datasets to publish, and what goes wrong with them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import datasets

from annotate.dataset.lock import LOCK, Lock, write_lock
from annotate.dataset.publish import Published, publish

ADDRESS = "lan.vu@example.org"

_CARD = """\
---
license: {license}
configs:
- config_name: spans
  default: true
  data_files:
  - split: train
    path: spans/train-*.parquet
- config_name: tokens
  data_files:
  - split: train
    path: tokens/train-*.parquet
---

# Small

![counts](counts.svg)
"""


def made(folder: Path, *texts: str, license: str = "cc-by-4.0", **more: str) -> Path:  # noqa: A002
    """Write a dataset as a build does, with `more` files; a text becomes a row of `spans`."""
    given = texts or ("Trung tá Lê An.",)
    rows = [
        {"id": f"a{n}", "text": text, "entities": [{"start": 0, "text": text[:4]}]}
        for n, text in enumerate(given)
    ]
    write_table(folder / "spans" / "train-00000-of-00001.parquet", rows)
    words = [{"id": row["id"], "tokens": str(row["text"]).split()} for row in rows]
    write_table(folder / "tokens" / "train-00000-of-00001.parquet", words)
    files = {"README.md": _CARD.format(license=license), "counts.svg": "<svg/>", **more}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return locked(folder)


def locked(folder: Path) -> Path:
    """Write the lock of what lies in the folder now."""
    nothing = hashlib.sha256(b"").hexdigest()
    (folder / LOCK).unlink(missing_ok=True)
    write_lock(
        folder,
        Lock(corpus=nothing, annotations=nothing, schema=nothing, settings=nothing, versions={}),
    )
    return folder


def write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    datasets.Dataset.from_list(rows).to_parquet(path)


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def send(folder: Path, target: str | Path, **options: Any) -> Published:
    """Publish a dataset whose annotator has an address."""
    return publish(folder, str(target), **{"secrets": [ADDRESS], **options})
