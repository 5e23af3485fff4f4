"""What must not be in two splits: clusters, and texts by their digests and by their words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import regex

from annotate.dataset.checking.findings import AGAIN, TOLD, Findings
from annotate.dataset.publish.files import Check
from annotate.text import digest

Row = Mapping[str, Any]

_LIST = "List these articles in splits.csv in one split, or take one out, and build again."
_BETWEEN = regex.compile(r"[\p{P}\p{Z}\p{C}]+")


class Homes:
    """The split in which each key was seen first, in 16 bytes a key."""

    def __init__(self) -> None:
        self._splits: dict[bytes, str] = {}

    def get(self, key: str) -> str | None:
        """Return the split of a key, None for one that was not seen."""
        return self._splits.get(short(key))

    def settle(self, key: str, split: str) -> str:
        """Return the split of a key, which from now on is this one if it was not seen."""
        return self._splits.setdefault(short(key), split)


class Crossing:
    """Looks for one thing that articles of two splits have in common.

    Every row is added. Only when something was found is every row told once more, which finds
    the articles that have it: their ids are not kept, so that memory stays small.
    """

    def __init__(self, name: str, remedy: str, key: Callable[[Row], str]) -> None:
        self.homes = Homes()
        self._name = name
        self._remedy = remedy
        self._key = key
        self._crossing: set[bytes] = set()
        self._places: dict[bytes, dict[str, str]] = {}

    @property
    def found(self) -> bool:
        """Whether anything is in two splits."""
        return bool(self._crossing)

    def add(self, row: Row, split: str) -> None:
        """Look at an article; one without the thing is like no other."""
        key = self._key(row)
        if key and self.homes.settle(key, split) != split:
            self._crossing.add(short(key))

    def tell(self, row: Row, split: str) -> None:
        """Note the article's id when it has something that is in two splits."""
        key = short(self._key(row))
        if key in self._crossing and (key in self._places or len(self._places) < TOLD):
            self._places.setdefault(key, {}).setdefault(split, row["id"])

    def check(self) -> Check:
        """Return what was found: an article of each split for each thing."""
        findings = Findings(self._name, self._remedy)
        for places in self._places.values():
            findings.add(", ".join(f"{article} ({split})" for split, article in places.items()))
        findings.count(len(self._crossing) - len(self._places))
        return findings.check()


def crossings() -> tuple[Crossing, Crossing, Crossing]:
    """Return what looks for clusters, for texts, and for texts that look almost the same."""
    return (
        Crossing("no cluster is in two splits", AGAIN, lambda row: row["cluster"] or ""),
        Crossing("no text is in two splits", _LIST, lambda row: digest(row["text"])),
        Crossing(
            "no text is in two splits with other case, spaces or punctuation",
            _LIST,
            lambda row: bare(row["text"]),
        ),
    )


def bare(text: str) -> str:
    """Return the text without case, white space and punctuation (Unicode's P, Z and C)."""
    return _BETWEEN.sub("", text.casefold())


def short(key: str) -> bytes:
    """Return the digest by which a key is known: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()
