"""Tokenisers by name."""

from __future__ import annotations

from typing import Protocol

from annotate.errors import DatasetError
from annotate.tokens.words import Token, syllables


class Tokenizer(Protocol):
    """Cuts a text into sentences of tokens, none of which holds white space at its ends."""

    def __call__(self, text: str, /) -> list[list[Token]]: ...  # noqa: D102


def load_tokenizer(name: str) -> Tokenizer:
    """Return the tokeniser of that name; raises `DatasetError` when there is none."""
    if name == "syllable":
        return syllables
    raise DatasetError(f"there is no tokenizer {name!r}", "Use syllable.")
