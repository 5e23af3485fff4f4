"""A plain baseline: look up what was marked in training, and know nothing else.

It costs nothing, so a model has to beat it; how far it gets tells how much of the test split
is names that were seen before.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from reading import Article, Span

_WORD = re.compile(r"\w+|[^\w\s]")


class Dictionary:
    """The marked texts of some articles, each with the label that it had most often."""

    def __init__(self, articles: Iterable[Article]) -> None:
        marked: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for article in articles:
            for span in article.spans:
                marked[article.text[span.start : span.end]][span.label] += 1
        self._labels = {text: seen.most_common(1)[0][0] for text, seen in marked.items()}
        self._longest = max((len(_WORD.findall(text)) for text in marked), default=0)

    def find(self, text: str) -> Iterator[Span]:
        """Yield the known texts in an article from left to right, the longest at each word."""
        words = [word.span() for word in _WORD.finditer(text)]
        end = 0
        for at, (start, _) in enumerate(words):
            if start < end:
                continue
            for _, last in reversed(words[at : at + self._longest]):
                if label := self._labels.get(text[start:last]):
                    yield Span(start, last, label)
                    end = last
                    break
