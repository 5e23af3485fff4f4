"""What a card is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from datasets import Features

from annotate.dataset.built import Built
from annotate.dataset.card.example import Row
from annotate.dataset.summary import Summary
from annotate.schema import Schema
from annotate.settings import DatasetSettings


class Size(NamedTuple):
    """How many rows files have, and how many bytes they are, unpacked and as they are."""

    rows: int
    unpacked: int
    packed: int


class Facts(NamedTuple):
    """What a card is made of.

    `features` and `splits` are by config, `sizes` by config and split. `example` is a row of
    `spans`, `version` a digest of everything that decides the dataset's content.
    """

    schema: Schema
    settings: DatasetSettings
    built: Built
    summary: Summary
    features: Mapping[str, Features]
    splits: Mapping[str, Sequence[str]]
    sizes: Mapping[str, Mapping[str, Size]]
    example: Row | None
    version: str

    @property
    def title(self) -> str:
        """The dataset's title."""
        return self.settings.title or self.schema.title

    @property
    def short(self) -> str:
        """How the build is called in the card."""
        return self.version[:12]

    @property
    def date(self) -> str:
        """The day on which the newest annotation was changed, empty when that is not known."""
        return self.summary.newest[:10]

    @property
    def configs(self) -> list[str]:
        """The configs that have rows."""
        return [name for name in self.features if self.splits[name]]
