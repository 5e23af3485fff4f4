"""Near-duplicates: which articles are the same text, give or take an editor's hand.

Two articles are near-duplicates when the Jaccard similarity of their sets of word shingles
(runs of `shingle_size` words) reaches `threshold`. It is estimated from MinHash signatures
(Broder 1997, "On the resemblance and containment of documents"), and counted out where the
estimate leaves doubt. Bands of the signatures decide which pairs are looked at
(locality-sensitive hashing; Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets",
ch. 3). Clusters are the connected components of those pairs. Equal texts are one member from
the start.

The plan is the same for a laptop and a cluster: Daft runs it natively or on Ray.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from annotate.corpus.compare import jaccard
from annotate.progress import Progress, silent
from annotate.settings import DuplicateSettings

if TYPE_CHECKING:
    import daft

# Scripts without spaces between words: each character is a word.
_UNSPACED = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
_BETWEEN_WORDS = r"[^\p{L}\p{M}\p{N}]+"


class Member(NamedTuple):
    """An article that is in a cluster with others, and the cluster it was in before."""

    id: str
    former: str


def rows_per_band(threshold: float, permutations: int) -> int:
    """Return how many hashes make a band of a signature.

    With b bands of r rows a pair of similarity s is looked at with probability
    1 - (1 - s**r)**b, which rises steeply at (1/b)**(1/r). The most rows are taken that
    keep that point at nine tenths of the threshold, so that few pairs at it are missed.
    """
    fitting = [
        rows
        for rows in range(1, permutations + 1)
        if (rows / permutations) ** (1 / rows) <= 0.9 * threshold
    ]
    return max(fitting, default=1)


def find_clusters(
    articles: daft.DataFrame, settings: DuplicateSettings, progress: Progress = silent
) -> dict[str, str]:
    """Return the cluster of every article that is in one with others.

    `articles` has the columns `id`, `sha256`, `text` and `cluster` (the former one, or "").
    """
    with progress("Finding near-duplicates", 3) as advance:
        signatures = _signatures(articles, settings).collect()
        advance(1)
        pairs = _likely_pairs(signatures, settings).collect()
        edges = _similar_pairs(pairs, articles, settings).collect()
        advance(1)
        members = _members(articles, edges)
        clusters = name_clusters(_components(edges, members))
        advance(1)
    return clusters


def _signatures(articles: daft.DataFrame, settings: DuplicateSettings) -> daft.DataFrame:
    """Return `member` (a hash of the text's digest) and its MinHash `signature`."""
    from daft import col
    from daft import functions as fn

    size, count = settings.shingle_size, settings.permutations
    return (
        articles.select(fn.hash(col("sha256")).alias("member"), _words().alias("words"))
        # Without a word there is nothing to compare: emoji, a line of stars.
        .where("words != ''")
        .select(
            "member", fn.minhash(col("words"), num_hashes=count, ngram_size=size).alias("signature")
        )
        .distinct("member")
    )


def _words() -> daft.Expression:
    """Return the expression for the words of `text` in small letters, separated by spaces."""
    from daft import col
    from daft import functions as fn

    spaced = fn.regexp_replace(fn.lower(col("text")), _UNSPACED, " $1 ")
    return fn.strip(fn.regexp_replace(spaced, _BETWEEN_WORDS, " "))


def _likely_pairs(signatures: daft.DataFrame, settings: DuplicateSettings) -> daft.DataFrame:
    """Return the pairs `first`, `member` that share a band and may reach the threshold.

    With the `agreement` of their signatures, which estimates their similarity. Of the members
    that share a band each is compared with the first one only: the cost stays linear, and two
    others that are alike share other bands that the first is not in.
    """
    from daft import col
    from daft import functions as fn

    rows = rows_per_band(settings.threshold, settings.permutations)
    bands = (
        signatures.select("member", fn.chunk(col("signature"), rows).alias("band"))
        .explode("band")
        .select("member", fn.hash(col("band")).alias("band"))
    )
    first = bands.groupby("band").agg(
        col("member").min().alias("first"), col("member").count().alias("size")
    )
    pairs = (
        bands.join(first.where("size > 1"), on="band")
        .where(col("member") != col("first"))
        .select("first", "member")
        .distinct()
    )
    of_first = signatures.select(col("member").alias("first"), col("signature").alias("other"))
    compared = pairs.join(of_first, on="first").join(signatures, on="member")
    agreement = _agreement()(col("signature"), col("other")).alias("agreement")
    least = settings.threshold - _margin(settings)
    return compared.select("first", "member", agreement).where(f"agreement >= {least!r}")


def _margin(settings: DuplicateSettings) -> float:
    """Return three standard errors of the estimate at the threshold."""
    share = settings.threshold
    return 3 * math.sqrt(share * (1 - share) / settings.permutations)


def _similar_pairs(
    pairs: daft.DataFrame, articles: daft.DataFrame, settings: DuplicateSettings
) -> daft.DataFrame:
    """Return the pairs that reach the threshold: where the estimate leaves doubt, counted out.

    Else articles of one template, all somewhat below it, would chain into one cluster by the
    errors of their estimates.
    """
    from daft import col
    from daft import functions as fn

    sure = settings.threshold + _margin(settings)
    doubtful = pairs.where(f"agreement < {sure!r}").select("first", "member")
    asked = doubtful.select("member").concat(doubtful.select(col("first").alias("member")))
    texts = (
        articles.select(fn.hash(col("sha256")).alias("member"), "text")
        .join(asked.distinct(), on="member")
        .distinct("member")
        .select("member", _words().alias("words"))
    )
    of_first = texts.select(col("member").alias("first"), col("words").alias("other"))
    similarity = _similarity(settings.shingle_size)(col("words"), col("other"))
    reaching = (
        doubtful.join(of_first, on="first")
        .join(texts, on="member")
        .where(similarity >= settings.threshold)
    )
    certain = pairs.where(f"agreement >= {sure!r}")
    return certain.select("first", "member").concat(reaching.select("first", "member"))


def _similarity(size: int) -> Any:
    """Return the expression's function: the Jaccard similarity of two texts' shingles."""
    import daft

    @daft.func.batch(return_dtype=daft.DataType.float64())
    def similarity(one: daft.Series, other: daft.Series) -> Any:
        texts = zip(one.to_pylist(), other.to_pylist(), strict=True)
        return [jaccard(left.split(), right.split(), size) for left, right in texts]

    return similarity


def _agreement() -> Any:
    """Return the expression's function: the share of equal places in two signatures."""
    import daft

    @daft.func.batch(return_dtype=daft.DataType.float64())
    def agreement(one: daft.Series, other: daft.Series) -> Any:
        """Return the share of equal places, of each pair of signatures."""
        import numpy as np

        left, right = (series.to_arrow() for series in (one, other))
        if not len(left):
            return np.zeros(0)
        shape = (len(left), -1)
        equal = left.flatten().to_numpy().reshape(shape) == right.flatten().to_numpy().reshape(
            shape
        )
        return equal.mean(axis=1)

    return agreement


def _members(articles: daft.DataFrame, edges: daft.DataFrame) -> Iterator[tuple[int, Member]]:
    """Yield the articles that are equal or similar to another, with the hash of their text."""
    from daft import col
    from daft import functions as fn

    ids = articles.select("id", "cluster", fn.hash(col("sha256")).alias("member"))
    equal = ids.groupby("member").agg(col("id").count().alias("count")).where("count > 1")
    similar = edges.select("member").concat(edges.select(col("first").alias("member")))
    involved = equal.select("member").concat(similar).distinct()
    for batch in ids.join(involved, on="member").to_arrow_iter():
        for row in batch.to_pylist():
            yield row["member"], Member(row["id"], row["cluster"])


def _components(
    edges: daft.DataFrame, members: Iterator[tuple[int, Member]]
) -> Iterator[list[Member]]:
    """Yield the connected components of the pairs: union-find with path halving."""
    parents: dict[int, int] = {}

    def root(member: int) -> int:
        while (parent := parents.setdefault(member, member)) != member:
            parents[member] = parents.setdefault(parent, parent)
            member = parents[member]
        return member

    for batch in edges.to_arrow_iter():
        for first, member in zip(
            batch["first"].to_pylist(), batch["member"].to_pylist(), strict=True
        ):
            one, other = sorted((root(first), root(member)))
            parents[other] = one
    components: dict[int, list[Member]] = {}
    for member, article in members:
        components.setdefault(root(member), []).append(article)
    yield from components.values()


def name_clusters(components: Iterator[list[Member]]) -> dict[str, str]:
    """Return the name of each article's cluster: the id of one of its members.

    A cluster keeps the name it had, so that a growing corpus renames none. Where clusters
    have grown together the name that most members had stays; a new one is named after its
    smallest id.
    """
    names: dict[str, str] = {}
    for component in components:
        ids = sorted(member.id for member in component)
        known = Counter(member.former for member in component)
        # A file has no former cluster written down, and may well have been the founder.
        founders = {member.id for member in component if member.former in {"", member.id}}
        former = [(-count, name) for name, count in known.items() if name in founders]
        name = min(former)[1] if former else ids[0]
        names |= dict.fromkeys(ids, name)
    return names
