"""The exports that benchmarks read are as Label Studio writes them."""

from __future__ import annotations

import json
from pathlib import Path

from annotate.corpus import Article
from annotate.studio.export import import_export
from annotate.studio.ledger import open_ledger
from benchmarks.exports import REGIONS, write_export
from tests.factories import sample_schema


def test_every_mark_of_an_export_is_proved(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    write_export(path, 25)
    tasks = json.loads(path.read_bytes())
    articles = [Article(id=task["meta"]["article"], text=task["data"]["text"]) for task in tasks]
    with open_ledger(tmp_path / "ledger.sqlite3") as ledger:
        found = import_export(ledger, path, articles, sample_schema())
    assert (found.matched, found.spans, found.set_aside) == (25, 25 * REGIONS, 0)


def test_the_same_count_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write_export(tmp_path / name, 12)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
