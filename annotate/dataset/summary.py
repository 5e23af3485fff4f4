"""What the card tells of a dataset beyond counts, gathered while the dataset is built."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import le

from annotate.corpus import Article
from annotate.dataset.examples import Examples
from annotate.dataset.pairs import Agreement
from annotate.dataset.splits import SplitName
from annotate.schema import Schema
from annotate.spans import Annotation, Span, moment

# A corpus whose every article names a source of its own must not fill the memory.
_SOURCES = 10_000


class Summary:
    """What one pass over the articles tells the card; holds no article, but a few examples.

    Given the articles in the order of their ids, each once. Of articles with an annotation that
    counts: `lengths` in code points and `marked` in spans are how many articles have so many,
    `sources` and `years` how many are from each, `relations` and `answers` how often each label
    and each option of a choice is there by split, `nested` the spans that lie within another.
    `agreement` is of everyone's work, `annotators` are all who made it, `skipped` counts
    annotations that a person gave up, and `newest` is when the last one was changed, in ISO 8601.
    """

    def __init__(self, schema: Schema) -> None:
        self.examples = Examples(schema.labels)
        self.agreement = Agreement(schema.labels)
        self.annotators: set[str] = set()
        self.lengths: Counter[int] = Counter()
        self.marked: Counter[int] = Counter()
        self.sources: Counter[str] = Counter()
        self.years: Counter[str] = Counter()
        self.relations: Counter[tuple[str, str]] = Counter()
        self.answers: Counter[tuple[str, str, str]] = Counter()
        self.nested = 0
        self.skipped = 0
        self.newest = ""

    def add(
        self, article: Article, chosen: Annotation | None, found: Sequence[Annotation],
        split: SplitName,
    ) -> None:  # fmt: skip
        """Count an article in.

        `chosen` is what counts of it, None when nothing does; `found` is every annotation of
        its text but drafts.
        """
        self._add_found(found)
        if chosen is None:
            return
        self.newest = max(self.newest, chosen.updated_at, key=moment)
        self.lengths[len(article.text)] += 1
        self.marked[len(chosen.spans)] += 1
        self._add_origin(article)
        self.nested += _nested(chosen.spans)
        self.relations.update((arrow.label, split) for arrow in chosen.relations)
        self.answers.update(
            (name, answer, split) for name, given in chosen.choices.items() for answer in given
        )
        self.examples.add(article, chosen, train=split == "train")

    def _add_found(self, found: Sequence[Annotation]) -> None:
        submitted = [one for one in found if one.status == "submitted"]
        self.skipped += sum(one.status == "skipped" for one in found)
        self.annotators.update(one.annotator for one in found)
        self.newest = max(self.newest, *(one.updated_at for one in found), "", key=moment)
        if len(submitted) > 1:
            self.agreement.add(submitted)

    def _add_origin(self, article: Article) -> None:
        year = article.published_at[:4]
        self.years[year if year.isascii() and year.isdigit() else ""] += 1
        known = article.source in self.sources or len(self.sources) < _SOURCES
        self.sources[article.source if known else ""] += 1


def _nested(spans: Sequence[Span]) -> int:
    """Return how many spans lie within another one, or have its extent."""
    if all(map(le, [span.end for span in spans], [span.start for span in spans[1:]])):
        return 0
    count = furthest = 0
    for _, end in sorted((span.start, -span.end) for span in spans):
        if -end <= furthest:
            count += 1
        else:
            furthest = -end
    return count
