"""Files that hold one article: plain text, Markdown with front matter, HTML."""

from __future__ import annotations

import re
from typing import Any

import yaml

from annotate.corpus.article import METADATA
from annotate.corpus.encoding import Undecodable, decode
from annotate.corpus.fields import Unusable

_OPEN_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n\w+:")
_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n((?:.*?\r?\n)??)---[ \t]*(?:\r?\n|$)", re.DOTALL)
_DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

_NO_MAIN_TEXT = "has no main text that could be told from the rest of the page"


def read_document(data: bytes, suffix: str) -> tuple[dict[str, Any], str]:
    """Return the record of a document, with its text under `text`, and its encoding.

    `suffix` is that of the file in small letters. Raises `Unusable`.
    """
    is_html = suffix in {".html", ".htm"}
    declared = _DECLARED.search(data[:2048]) if is_html else None
    try:
        text, encoding = decode(data, declared.group(1).decode("ascii") if declared else "")
    except Undecodable as error:
        raise Unusable(str(error)) from error
    if is_html:
        return _html(text), encoding
    return (_markdown(text) if suffix == ".md" else {"text": text}), encoding


def _markdown(source: str) -> dict[str, Any]:
    match = _FRONT_MATTER.match(source)
    if not match:
        if _OPEN_FRONT_MATTER.match(source):
            raise Unusable("the front matter has no closing ---")
        return {"text": source}
    try:
        data: Any = yaml.safe_load(match.group(1)) or {}
    # A date like 2024-02-30 is a ValueError.
    except (yaml.YAMLError, ValueError) as error:
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise Unusable(f"front matter is not YAML: {what}") from error
    if not isinstance(data, dict):
        raise Unusable("front matter is not a list of keys and values")
    return {**{str(key): value for key, value in data.items()}, "text": source[match.end() :]}


def _html(source: str) -> dict[str, Any]:
    """Return what trafilatura takes for the article on a page."""
    from trafilatura import bare_extraction

    page = bare_extraction(source, with_metadata=True, include_comments=False)
    found = page if isinstance(page, dict) else page.as_dict() if page else {}
    if not found.get("text"):
        raise Unusable(_NO_MAIN_TEXT)
    named = {"published_at": "date", "source": "sitename"}
    names = ("text", *METADATA)
    return {name: found.get(named.get(name, name)) for name in names}
