"""Samples: which articles to annotate first, so that the choice can be defended."""

from __future__ import annotations

import hashlib
import heapq
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from annotate.corpus.article import METADATA, Article
from annotate.errors import CorpusError

# What a sample can be stratified by: a field of metadata, or a part of the date.
STRATA = (*METADATA, "year", "month")
_DATES = {
    "year": re.compile(r"\d{4}(?=-|$)"),
    "month": re.compile(r"\d{4}-(0[1-9]|1[0-2])(?!\d)"),
}


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
        date_part(article, name) if name in _DATES else getattr(article, name) for name in by
    )


def date_part(article: Article, name: str) -> str:
    """Return the year, or year and month, of an article; empty for a date not in ISO 8601."""
    match = _DATES[name].match(article.published_at)
    return match.group() if match else ""


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
    """Return the ids of a list: one a line; empty lines are nothing, nor is a BOM.

    Like the ids of articles they are in NFC.
    """
    ids = (unicodedata.normalize("NFC", line.lstrip("\ufeff").strip()) for line in lines)
    return [article_id for article_id in ids if article_id]
