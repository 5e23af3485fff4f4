"""One document of a corpus."""

from __future__ import annotations

import msgspec

from annotate.text import digest

# What is known about an article beside its id and text.
METADATA = ("title", "source", "url", "author", "published_at", "language")


class Article(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An article: its id, its canonical text, and what is known about it.

    Metadata are empty strings where unknown; `published_at` is as the source gives it,
    by preference ISO 8601. `cluster` names its near-duplicates: the same for all of them,
    the article's own id when it has none, empty as long as nobody has looked.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    url: str = ""
    author: str = ""
    published_at: str = ""
    language: str = ""
    cluster: str = ""

    @property
    def sha256(self) -> str:
        """The digest of the canonical text: the version of the article."""
        return digest(self.text)
