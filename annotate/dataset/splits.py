"""Which split an article belongs to, decided by its cluster of near-duplicates alone."""

from __future__ import annotations

import hashlib
from typing import Literal

from annotate.workspace import Split

SplitName = Literal["train", "validation", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")


def split_of(key: str, shares: Split) -> SplitName:
    """Return the split of a key: the same on every machine, whatever else is in the corpus.

    The first 8 bytes of its sha256, as a fraction of 2**64, fall into the share of a split.
    """
    point = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) / 2**64
    if point < shares.train:
        return "train"
    return "validation" if point < shares.train + shares.validation else "test"
