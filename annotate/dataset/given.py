"""What a dataset is built from: articles and annotations, in order however they came."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from annotate.corpus import Article
from annotate.dataset.spool import HELD, Spool
from annotate.spans import Annotation, moment

# What an annotation, and each span in it, takes as JSON in about bytes.
_ANNOTATION = 300
_SPAN = 100


class Given:
    """Articles by id, and annotations by article, number and person; few are in memory.

    What is beyond about `held` bytes of each waits in files in `folder`.
    """

    def __init__(self, folder: Path, *, held: int = HELD) -> None:
        self.articles = Spool(
            folder, Article, lambda one: (one.id,), lambda one: len(one.text), held=held
        )
        self.annotations = Spool(
            folder,
            Annotation,
            lambda one: (one.article, one.id, one.annotator),
            lambda one: _ANNOTATION + _SPAN * len(one.spans),
            held=held,
        )
        # When each annotator began; of imported work nobody knows, and that comes last.
        self._begun: dict[str, tuple[bool, str]] = {}

    def add(self, articles: Iterable[Article], annotations: Iterable[Annotation]) -> Self:
        """Take articles and annotations in, in any order."""
        for article in articles:
            self.articles.add(article)
        for one in annotations:
            self.annotations.add(one)
            if one.status != "draft":
                began = (not one.created_at, moment(one.created_at))
                self._begun[one.annotator] = min(self._begun.get(one.annotator, began), began)
        return self

    def pseudonyms(self) -> dict[str, str]:
        """Return what the dataset calls each annotator: by who began first, A1, A2, and so on.

        Whose work has no time comes after all the others. A name depends on nothing else, so that
        it tells nothing, and stays when more is annotated.
        """
        order = sorted(self._begun, key=lambda name: (self._begun[name], name))
        return {name: f"A{number}" for number, name in enumerate(order, start=1)}


@contextmanager
def gathered(
    articles: Iterable[Article], annotations: Iterable[Annotation], folder: Path | None = None
) -> Iterator[Given]:
    """Give articles and annotations in order; what waits in files waits below `folder`."""
    with tempfile.TemporaryDirectory(prefix=".annotate-", dir=folder) as name:
        yield Given(Path(name)).add(articles, annotations)
