"""Splits: decided by the article's own id, the same everywhere, in the shares asked for."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.splits import SPLITS, split_of
from annotate.workspace import Split
from tests import strategies

COUNT = 4000
IDS = [f"bai-{number}" for number in range(COUNT)]


@given(strategies.raw_texts, st.sampled_from(SPLITS))
def test_a_split_that_has_everything_gets_every_article(key: str, split: str) -> None:
    shares = Split(**{name: float(name == split) for name in SPLITS})
    assert split_of(key, shares) == split


def test_the_split_of_an_article_never_changes() -> None:
    shares = Split(train=0.8, validation=0.1, test=0.1)
    known = {"bai-0": "train", "bai-2": "validation", "bai-11": "test", "😀": "test"}
    assert {key: split_of(key, shares) for key in known} == known


@pytest.mark.parametrize("shares", [(0.8, 0.1, 0.1), (0.5, 0.0, 0.5), (0.2, 0.3, 0.5)])
def test_every_split_gets_its_share(shares: tuple[float, float, float]) -> None:
    counts = Counter(split_of(key, Split(*shares)) for key in IDS)
    for split, share in zip(SPLITS, shares, strict=True):
        # Five standard deviations of a binomial.
        spread = 5 * (COUNT * share * (1 - share)) ** 0.5
        assert abs(counts[split] - COUNT * share) <= spread


def test_when_train_grows_no_article_leaves_it() -> None:
    smaller, larger = Split(0.6, 0.2, 0.2), Split(0.7, 0.2, 0.1)
    before = {key for key in IDS if split_of(key, smaller) == "train"}
    after = {key for key in IDS if split_of(key, larger) == "train"}
    assert before < after
