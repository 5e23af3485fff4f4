"""How commands tell the spans that tags do not show as they were marked."""

from __future__ import annotations

from collections.abc import Mapping

from annotate.cli.common import plural

# What losses.parquet calls a reason, after "3 spans".
_WORDS = {
    "nested": "within another",
    "outer": "around another",
    "sentences": "over several sentences",
    "cut token": "cutting a token",
    "shared token": "sharing a token with another",
    "empty": "without a token",
    "too deep": "deeper than the last level of tags",
    "cut sub-token": "cutting a sub-token",
    "shared sub-token": "sharing a sub-token with another",
    "no sub-token": "without a sub-token",
    "no window": "in no window",
}


def lost_spans(losses: Mapping[str, int]) -> str:
    """Return how many spans are lost by which reason: `3 spans within another, 1 in no window`."""
    first, *others = losses.items()
    return ", ".join([
        f"{plural(first[1], 'span')} {_WORDS.get(first[0], first[0])}",
        *(f"{count:,} {_WORDS.get(reason, reason)}" for reason, count in others),
    ])  # fmt: skip
