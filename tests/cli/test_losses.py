"""Losses of tags are told in words that fit one span and many."""

from __future__ import annotations

import pytest

from annotate.cli.losses import lost_spans


@pytest.mark.parametrize(
    ("losses", "words"),
    [
        ({"sentences": 1}, "1 span over several sentences"),
        ({"cut token": 1_200, "nested": 1}, "1,200 spans cutting a token, 1 within another"),
        ({"new": 2}, "2 spans new"),
    ],
)
def test_a_loss_is_told_in_words(losses: dict[str, int], words: str) -> None:
    assert lost_spans(losses) == words
