"""Samples: which articles to annotate first, so that the choice can be defended."""

from __future__ import annotations

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from annotate.corpus.article import METADATA, Article
from annotate.errors import CorpusError

# What a sample can be stratified by: a field of metadata, or a part of the date.
STRATA = (*METADATA, "year", "month")
_DATE_CHARS = {"year": 4, "month": 7}


def draw_sample(
    articles: Iterable[Article], size: int, *, seed: int = 0, by: Sequence[str] = (),
    one_per_cluster: bool = True,
) -> list[str]:  # fmt: skip
    """Return the ids of a sample, sorted.

    Each article has a place by the sha256 of the seed and its id, and the first ones are
    taken: the same seed takes the same articles on every machine, and a larger sample holds
    the smaller one where there are no strata. With `by` every stratum gets its share of the
    articles, rounded by largest remainder. Of a cluster of near-duplicates only the first is
    there to be taken. Raises `CorpusError` when there are fewer articles than `size`.
    """
    ranked = sorted(
        (_place(article.id, seed), _stratum(article, by), article.cluster or article.id, article.id)
        for article in articles
    )
    strata: dict[tuple[str, ...], list[str]] = defaultdict(list)
    seen: set[str] = set()
    for _, stratum, cluster, article_id in ranked:
        if not (one_per_cluster and cluster in seen):
            seen.add(cluster)
            strata[stratum].append(article_id)
    available = sum(map(len, strata.values()))
    if size > available:
        left_out = len(ranked) - available
        note = f", not counting {left_out:,} near-duplicates of them" if left_out else ""
        raise CorpusError(
            f"a sample of {size:,} is more than the {available:,} articles there are{note}",
            "Ask for fewer.",
        )
    shares = _apportion({stratum: len(ids) for stratum, ids in strata.items()}, size)
    return sorted(i for stratum, ids in strata.items() for i in ids[: shares[stratum]])


def _place(article_id: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\n{article_id}".encode()).digest()


def _stratum(article: Article, by: Sequence[str]) -> tuple[str, ...]:
    return tuple(
        article.published_at[: _DATE_CHARS[name]] if name in _DATE_CHARS else getattr(article, name)
        for name in by
    )


def _apportion(sizes: dict[tuple[str, ...], int], total: int) -> dict[tuple[str, ...], int]:
    """Share `total` out in proportion to the sizes, by largest remainder (Hamilton's method)."""
    whole = sum(sizes.values())
    exact = {stratum: Fraction(size * total, whole) for stratum, size in sizes.items()}
    shares = {stratum: int(share) for stratum, share in exact.items()}
    remainders = ((shares[stratum] - share, stratum) for stratum, share in exact.items())
    for _, stratum in heapq.nsmallest(total - sum(shares.values()), remainders):
        shares[stratum] += 1
    return shares


def read_ids(lines: Iterable[str]) -> list[str]:
    """Return the ids of a list: one a line; empty lines are nothing."""
    return [stripped for line in lines if (stripped := line.strip())]
