"""Files that hold one article: plain text, Markdown with front matter, HTML."""

from __future__ import annotations

import logging
import re
from typing import Any

import yaml

from annotate.corpus.article import METADATA
from annotate.corpus.reading.encoding import Undecodable, decode
from annotate.corpus.reading.fields import Unusable
from annotate.corpus.reading.streams import first_line

HTML = (".html", ".htm")

_END = r"[ \t]*(?:\r\n?|\n)"
_OPEN_FRONT_MATTER = re.compile(rf"---{_END}\w+:")
_FRONT_MATTER = re.compile(rf"---{_END}((?:.*?[\r\n])??)---(?:{_END}|[ \t]*$)", re.DOTALL)
_DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)

# As far as a page says of itself what it is.
_HEAD = 2048
_HTML_TAG = re.compile("<html", re.IGNORECASE)
_BLOCK_END = re.compile(
    r"</(?:p|div|li|d[dt]|h[1-6]|t[dhr]|blockquote|figcaption|section)\s*>|<br\s*/?>", re.IGNORECASE
)

# What PyYAML raises for what is no YAML, or for a tag that does not fit: `!!int ""`.
_NO_YAML = (
    *(yaml.YAMLError, ValueError, LookupError, ArithmeticError, AttributeError),
    RecursionError,
)

# Else Python prints what trafilatura and its helpers have to say of a page that is refused.
for _library in ("trafilatura", "htmldate", "courlan"):
    logging.getLogger(_library).addHandler(logging.NullHandler())

_NO_MAIN_TEXT = "has no main text that could be told from the rest of the page"


def read_document(data: bytes, suffix: str) -> tuple[dict[str, Any], str]:
    """Return the record of a document, with its text under `text`, and its encoding.

    `suffix` is that of the file in small letters. Raises `Unusable`.
    """
    is_html = suffix in HTML
    declared = _DECLARED.search(data[:_HEAD]) if is_html else None
    try:
        text, encoding = decode(data, declared.group(1).decode("ascii") if declared else "")
    except Undecodable as error:
        raise Unusable(str(error)) from error
    if is_html:
        return _html(text), encoding
    return (_markdown(text) if suffix == ".md" else {"text": text}), encoding


class _Loader(yaml.SafeLoader):
    """YAML in which nothing but dates and null is taken for more than text.

    Else the id 007 would be 7, the id 2024_01 a number too, and the language `no` be false.
    """

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [(tag, form) for tag, form in resolvers if tag.endswith(("null", "timestamp"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _markdown(source: str) -> dict[str, Any]:
    match = _FRONT_MATTER.match(source)
    if not match:
        if _OPEN_FRONT_MATTER.match(source):
            raise Unusable("the front matter has no closing ---")
        return {"text": source}
    try:
        # A kind of SafeLoader.
        data: Any = yaml.load(match.group(1), _Loader) or {}  # noqa: S506
    except _NO_YAML as error:
        what = getattr(error, "problem", None) or first_line(error)
        raise Unusable(f"front matter is not YAML: {what}") from error
    if not isinstance(data, dict):
        raise Unusable("front matter is not a list of keys and values")
    return {**{str(key): value for key, value in data.items()}, "text": source[match.end() :]}


def _html(source: str) -> dict[str, Any]:
    """Return what trafilatura takes for the article on a page."""
    from trafilatura import bare_extraction

    if source.lstrip().startswith("<") and not _HTML_TAG.search(source, 0, _HEAD):
        # The tag may be left out, yet trafilatura asks for it.
        source = f"<html>{source}</html>"
    # It may take the text of a short page as a whole, and glue what has no space between.
    source = _BLOCK_END.sub(r"\g<0> ", source)
    # Not the first date in the text, which may be that of anything.
    dates = {"extensive_search": False, "original_date": True}
    page = bare_extraction(
        source, with_metadata=True, include_comments=False, date_extraction_params=dates
    )
    found = page if isinstance(page, dict) else page.as_dict() if page else {}
    if not found.get("text"):
        raise Unusable(_NO_MAIN_TEXT)
    named = {"published_at": "date", "source": "sitename"}
    names = ("text", *METADATA)
    return {name: found.get(named.get(name, name)) for name in names}
