"""Samples: reproducible, in proportion, and never two of a kind."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.corpus.sample import STRATA, date_part, draw_sample, read_ids
from annotate.errors import CorpusError

sources = st.sampled_from(["Báo", "Đài", "Blog", ""])
dates = st.sampled_from(
    ["2024-06-15", "2024-06-01T08:00:00+07:00", "2023-06", "2023", "15/06/2024", ""]
)
facts = st.tuples(sources, dates, st.integers(0, 12))
seeds = st.integers(-5, 5)


@st.composite
def corpora(draw: st.DrawFn) -> list[Article]:
    """Draw articles of some sources and months, in clusters of any size."""
    given_facts = draw(st.lists(facts, min_size=1, max_size=30))
    names: dict[int, str] = {}
    return [
        Article(
            id=f"a{number:02}", text="", source=source, published_at=date,
            cluster=names.setdefault(cluster, f"a{number:02}"),
        )
        for number, (source, date, cluster) in enumerate(given_facts)
    ]  # fmt: skip


def clusters(articles: list[Article]) -> dict[str, str]:
    return {article.id: article.cluster for article in articles}


@given(corpora(), st.data(), seeds)
def test_a_sample_has_its_size_and_never_two_of_a_cluster(
    articles: list[Article], data: st.DataObject, seed: int
) -> None:
    named = clusters(articles)
    size = data.draw(st.integers(1, len(set(named.values()))))
    by = data.draw(st.lists(st.sampled_from(STRATA), unique=True, max_size=3))
    drawn = draw_sample(articles, size, seed=seed, by=by)
    assert len(drawn) == len({named[name] for name in drawn}) == size
    assert drawn == sorted(drawn)
    shuffled = data.draw(st.permutations(articles))
    assert draw_sample(shuffled, size, seed=seed, by=by) == drawn


@given(corpora(), seeds, st.booleans())
def test_a_larger_sample_holds_the_smaller_one(
    articles: list[Article], seed: int, one_per_cluster: bool
) -> None:
    most = len(set(clusters(articles).values()) if one_per_cluster else articles)
    former: set[str] = set()
    for size in range(1, most + 1):
        drawn = set(draw_sample(articles, size, seed=seed, one_per_cluster=one_per_cluster))
        assert former < drawn
        former = drawn


@given(corpora(), st.data(), seeds)
def test_every_stratum_gets_its_share_to_within_one(
    articles: list[Article], data: st.DataObject, seed: int
) -> None:
    size = data.draw(st.integers(1, len(articles)))
    drawn = set(draw_sample(articles, size, seed=seed, by=["source"], one_per_cluster=False))
    sizes = Counter(article.source for article in articles)
    shares = Counter(article.source for article in articles if article.id in drawn)
    exact = {source: Fraction(count * size, len(articles)) for source, count in sizes.items()}
    assert all(abs(shares[source] - exact[source]) < 1 for source in sizes)
    # The largest remainders are rounded up, and no other.
    rests = sorted((exact[source] - floor(exact[source]) for source in sizes), reverse=True)
    up = [exact[s] - floor(exact[s]) for s in sizes if shares[s] > floor(exact[s])]
    assert sorted(up, reverse=True) == rests[: len(up)]


@given(corpora(), seeds)
def test_of_a_cluster_the_article_that_is_drawn_first_stands_for_it(
    articles: list[Article], seed: int
) -> None:
    order: list[str] = []
    for size in range(1, len(articles) + 1):
        drawn = draw_sample(articles, size, seed=seed, one_per_cluster=False)
        order += set(drawn) - set(order)
    named = clusters(articles)
    firsts = {named[name]: name for name in reversed(order)}
    drawn = draw_sample(articles, len(firsts), seed=seed)
    assert drawn == sorted(firsts.values())


def some(count: int, **known: str) -> list[Article]:
    return [Article(id=f"a{number:03}", text="", **known) for number in range(count)]


def test_a_sample_is_the_same_on_every_machine() -> None:
    assert draw_sample(some(100), 5, seed=1) == ["a003", "a020", "a021", "a024", "a038"]


def test_seeds_draw_differently() -> None:
    assert len({tuple(draw_sample(some(100), 5, seed=seed)) for seed in range(20)}) == 20


def test_every_article_is_drawn_as_often_as_any_other() -> None:
    times = Counter(name for seed in range(400) for name in draw_sample(some(20), 5, seed=seed))
    # 100 each; the standard deviation is 8.7.
    assert all(60 < times[article.id] < 140 for article in some(20))


def test_articles_without_a_cluster_are_their_own() -> None:
    assert len(draw_sample(some(3), 3)) == 3


def test_near_duplicates_are_drawn_where_that_is_asked_for() -> None:
    assert len(draw_sample(some(3, cluster="a000"), 3, one_per_cluster=False)) == 3


def test_more_than_there_is_is_refused_with_the_reason() -> None:
    with pytest.raises(CorpusError) as raised:
        draw_sample(some(3, cluster="a000"), 1001)
    assert str(raised.value) == (
        "a sample of 1,001 is more than the 1 articles there are, not counting 2 near-duplicates "
        "of them. Ask for fewer."
    )
    with pytest.raises(CorpusError, match=r"more than the 0 articles there are\."):
        draw_sample([], 1)


@pytest.mark.parametrize(
    ("published_at", "year", "month"),
    [
        ("2024-06-15", "2024", "2024-06"),
        ("2024-06", "2024", "2024-06"),
        ("2024-06-15T08:00:00+07:00", "2024", "2024-06"),
        ("2024", "2024", ""),
        ("2024-13-01", "2024", ""),
        ("15/06/2024", "", ""),
        ("2024/06/15", "", ""),
        ("20240615", "", ""),
        ("Thứ bảy, 15/6/2024", "", ""),
        ("", "", ""),
    ],
)
def test_dates_that_are_not_iso_8601_are_one_stratum(
    published_at: str, year: str, month: str
) -> None:
    article = Article(id="a", text="", published_at=published_at)
    assert (date_part(article, "year"), date_part(article, "month")) == (year, month)


def test_strata_may_be_combined() -> None:
    articles = [
        Article(
            id=f"{source}{month}{number}", text="", source=source, published_at=f"2024-{month}-01"
        )
        for source, month, count in (("x", "01", 20), ("x", "02", 10), ("y", "01", 10))
        for number in range(count)
    ]
    drawn = draw_sample(articles, 8, by=["source", "month"])
    assert Counter(name[:3] for name in drawn) == {"x01": 4, "x02": 2, "y01": 2}


def test_a_list_of_ids_may_come_from_any_editor() -> None:
    lines = ["\ufeffmột\n", "hai\r\n", "\n", "  ba \n", "bo\u0302\u0301n", " \n"]
    assert read_ids(lines) == ["một", "hai", "ba", "bốn"]
