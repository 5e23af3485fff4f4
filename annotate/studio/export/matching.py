"""Which article a text from elsewhere is: by its id, by its text, or none of the workspace."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.schema.config import TEXT_FIELD
from annotate.studio.export.placing import Ground
from annotate.studio.export.raw import RawText
from annotate.studio.export.reading import ExportedTask
from annotate.text import digest

# An article told by its id must have so much of its text in common with the task.
_SHARED = 0.5
_WORDS = 60


class Unmatched(msgspec.Struct, frozen=True):
    """A text that is no article of the workspace: its number or id, how it begins, why."""

    task: str
    begins: str
    reason: str


class Match(msgspec.Struct, frozen=True):
    """The article that a text is, and the text beside the article's."""

    article: Article
    ground: Ground


class Matched(NamedTuple):
    """A task and the article that it shows, or why that is none."""

    task: ExportedTask
    match: Match | Unmatched


class Articles:
    """The articles of a workspace, by id and by text; an import may add others."""

    def __init__(self, articles: Iterable[Article]) -> None:
        self._by_id: dict[str, Article] = {}
        self._by_text: dict[str, Article] = {}
        for article in articles:
            self.add(article)

    def add(self, article: Article) -> None:
        """Know one more; of two with one text the first one counts."""
        self._by_id[article.id] = article
        self._by_text.setdefault(article.sha256, article)
        if "_by_letters" in self.__dict__:
            self._by_letters.setdefault(_letters(article.text), []).append(article)

    def get(self, article_id: str) -> Article | None:
        """Return the article of an id."""
        return self._by_id.get(article_id)

    def of_text(self, text: str, named: Iterable[Article] = ()) -> Article | None:
        """Return the article of a canonical text; of several, one of those that are named."""
        same = (article for article in named if article.text == text)
        return next(same, None) or self._by_text.get(digest(text))

    def of_letters(self, text: str, article_id: str) -> Article | None:
        """Return the article that differs in white space at most; of several, that of the id."""
        found = self._by_letters.get(_letters(text), [])
        return next((one for one in found if one.id == article_id), next(iter(found), None))

    @cached_property
    def _by_letters(self) -> dict[bytes, list[Article]]:
        # Only asked for texts that are rebuilt from tokens.
        found: dict[bytes, list[Article]] = {}
        for article in self._by_id.values():
            found.setdefault(_letters(article.text), []).append(article)
        return found


def _letters(text: str) -> bytes:
    return hashlib.sha256("".join(text.split()).encode()).digest()


def match_task(articles: Articles, task: ExportedTask) -> Match | Unmatched:
    """Find a task's article: by id and text, by the text alone, by the id alone."""
    named = [found for one in ids_of(task) if (found := articles.get(one))]
    texts = texts_of(task)
    for raw in texts:
        found = articles.of_text(raw.text, named)
        if found is not None:
            return Match(found, Ground(raw, found.text))
    if len(texts) != 1:
        which = "has no text" if not texts else "has several texts, none of them an article's"
        return unmatched(str(task.id), texts, which)
    for article in named:
        ground = Ground(texts[0], article.text)
        shared = sum(block.length for block in ground.alignment.blocks)
        if shared >= _SHARED * len(article.text):
            return Match(article, ground)
    why = f"its text is not that of {named[0].id}" if named else "no article has its id or text"
    return unmatched(str(task.id), texts, why)


def ids_of(task: ExportedTask) -> Iterator[str]:
    """Yield what may be the id of a task's article, the surest first."""
    told = ((task.meta or {}).get("article"), task.data.get("article"), task.data.get("id"))
    return (str(one) for one in told if isinstance(one, str | int) and one != "")


def texts_of(task: ExportedTask) -> list[RawText]:
    """Return what may be the task's text: the field that we push, else every text."""
    own = task.data.get(TEXT_FIELD)
    given = [own] if isinstance(own, str) else [v for v in task.data.values() if isinstance(v, str)]
    found = []
    for raw in given:
        try:
            found.append(RawText(raw))
        except ValueError:  # a lone surrogate, which no article has
            continue
    return found


def unmatched(name: str, texts: Sequence[RawText], reason: str) -> Unmatched:
    """Return why a text is no article here."""
    begins = " ".join(max((raw.text for raw in texts), key=len, default="").split())
    return Unmatched(name, begins[:_WORDS], reason)
