"""Reading articles from text and Markdown files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from annotate.corpus.article import Article
from annotate.errors import CorpusError
from annotate.text import canonicalise

SUFFIXES = (".md", ".txt")
_FIELDS = frozenset(Article.__struct_fields__) - {"text"}
_OPEN_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n\w+:")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n((?:.*?\r?\n)??)---[ \t]*(?:\r?\n|$)", re.DOTALL)


def read_articles(paths: Iterable[Path]) -> list[Article]:
    """Read every article below the given files and folders, sorted by id.

    A folder stands for its `.md` and `.txt` files at any depth. Raises `CorpusError` for a
    file that cannot be used, and for two articles with one id.
    """
    by_id: dict[str, tuple[Article, Path]] = {}
    for path in _files(paths):
        article = read_article(path)
        other = by_id.setdefault(article.id, (article, path))[1]
        if other != path:
            raise CorpusError(
                f"{other} and {path} have the same article id {article.id!r}",
                "Give one of them another `id` in its front matter.",
            )
    return [by_id[key][0] for key in sorted(by_id)]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if _is_article(p) and p.is_file())
        elif _is_article(path):
            found = [path]
        elif not path.exists():
            raise CorpusError(
                f"{path} does not exist", "Name another, or correct `corpus` in annotate.toml."
            )
        else:
            raise CorpusError(
                f"{path} is neither a folder nor a {' or '.join(SUFFIXES)} file",
                "Name articles by such paths.",
            )
        for file in found:
            if (real := file.resolve()) not in seen:
                seen.add(real)
                yield file


def _is_article(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def read_article(path: Path) -> Article:
    """Read one file; Markdown may begin with YAML front matter, whose `id` names the article.

    Without one the id is the file's stem. Raises `CorpusError` when the file cannot be
    read, is not UTF-8 text, holds no text, or has front matter that does not hold.
    """
    source = _read_text(path)
    meta: dict[str, str] = {}
    is_markdown = path.suffix.lower() == ".md"
    match = _FRONT_MATTER.match(source) if is_markdown else None
    if is_markdown and not match and _OPEN_FRONT_MATTER.match(source):
        raise CorpusError(f"{path}: the front matter has no closing ---", "Add that line.")
    if match:
        meta = _metadata(match.group(1), path)
        source = source[match.end() :]
    # Some systems keep file names decomposed.
    article_id = meta.setdefault("id", unicodedata.normalize("NFC", path.stem))
    if not article_id or not article_id.isprintable():
        raise CorpusError(f"{path}: the id is empty or not printable", "Correct it.")
    text = canonicalise(source)
    if not text:
        raise CorpusError(f"{path} has no text", "Remove it, or write its text.")
    return Article(**meta, text=text)


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}", "Check the path.") from error
    if b"\0" in content:
        raise CorpusError(f"{path} is a binary file, not text", "Remove it, or convert it.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path} is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}",
            "Convert it to UTF-8.",
        ) from error


def _metadata(source: str, path: Path) -> dict[str, str]:
    try:
        data: Any = yaml.safe_load(source) or {}
    # A date like 2024-02-30 is a ValueError.
    except (yaml.YAMLError, ValueError) as error:
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise CorpusError(f"{path}: front matter is not YAML: {what}", "Correct it.") from error
    if not isinstance(data, dict):
        raise CorpusError(f"{path}: front matter is not a list of keys and values", "Correct it.")
    meta: dict[str, str] = {}
    for key in _FIELDS & data.keys():
        value = data[key]
        if value is None:
            continue
        if not isinstance(value, str | int | date):
            raise CorpusError(f"{path}: `{key}` in the front matter is not text", "Correct it.")
        text = value.isoformat() if isinstance(value, date) else str(value).strip()
        try:
            # An id keeps what the check of ids refuses.
            meta[key] = unicodedata.normalize("NFC", text) if key == "id" else canonicalise(text)
        except ValueError as error:
            raise CorpusError(
                f"{path}: `{key}` in the front matter: {error}", "Correct it."
            ) from error
    return meta
