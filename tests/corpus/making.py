"""Small stores, corpora and sources for tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotate.corpus import Article
from annotate.corpus.add import Added, add_sources
from annotate.corpus.blocks import BLOCK_CHARS
from annotate.corpus.corpus import Corpus
from annotate.corpus.reading.fields import Fields, Made
from annotate.corpus.reading.sources import find_sources
from annotate.corpus.store import SHARD_BYTES, Store, tables_of
from annotate.settings import DuplicateSettings
from annotate.text import UNCHANGED


def make_store(path: Path, texts: Mapping[str, str], shard_bytes: int = SHARD_BYTES) -> Store:
    """Return a store of the given texts by id."""
    store = Store(path)
    articles = [Article(id=name, text=texts[name]) for name in sorted(texts)]
    fill(store, articles, shard_bytes)
    return store


def fill(store: Store, articles: Sequence[Article], shard_bytes: int = SHARD_BYTES) -> None:
    store.replace(tables_of(Made(article, UNCHANGED) for article in articles), shard_bytes)


def make_corpus(
    root: Path,
    *,
    files: Mapping[str, str] | None = None,
    stored: Mapping[str, str] | None = None,
    **settings: Any,
) -> Corpus:
    """Return the corpus below a folder, after writing files and a store where given."""
    folder = root / "articles"
    if files is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
    if stored is not None:
        make_store(root / "articles.parquet", stored)
    return Corpus(folder, DuplicateSettings(**settings), root / "clusters.json")


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_text("".join(lines), encoding="utf-8")
    return path


def add(
    store: Store,
    *paths: Path,
    files: Mapping[str, str] | None = None,
    shard_bytes: int = SHARD_BYTES,
    block_chars: int = BLOCK_CHARS,
) -> Added:
    """Add sources to a store in which every article is a cluster of its own."""
    return add_sources(
        store,
        find_sources(map(str, paths)).sources,
        Fields(),
        rejected=rejected_path(store),
        files=files or {},
        clusterer=lambda _store: {},
        shard_bytes=shard_bytes,
        block_chars=block_chars,
    )


def rejected_path(store: Store) -> Path:
    return store.path.with_name("rejected.jsonl")


def texts_of(store: Store) -> dict[str, str]:
    return {article.id: article.text for article, _ in store}


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes; folders end in a slash."""
    return {
        f"{path.relative_to(folder)}{'/' * path.is_dir()}": b""
        if path.is_dir()
        else path.read_bytes()
        for path in folder.rglob("*")
    }
