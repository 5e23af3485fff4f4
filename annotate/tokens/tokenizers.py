"""Tokenisers by name."""

from __future__ import annotations

from typing import Protocol

from annotate.errors import DatasetError
from annotate.tokens import pipelines, vietnamese
from annotate.tokens.extras import version_of
from annotate.tokens.words import Token, syllables

_SPACY = "spacy:"


class Tokenizer(Protocol):
    """Cuts a text into sentences of tokens, none of which holds white space at its ends.

    Tokens do not overlap and are in order, sentences neither, and every character but white
    space is in a token. A sentence ends at a line feed at the latest.
    """

    def __call__(self, text: str, /) -> list[list[Token]]: ...  # noqa: D102


def load_tokenizer(name: str) -> Tokenizer:
    """Return the tokeniser of that name: `syllable`, `underthesea`, or spaCy's of a language.

    What comes after `spacy:` is the code of a language or the name of an installed pipeline.
    Raises `DatasetError` for a name that is none, and for a package that is not installed.
    """
    if name == "syllable":
        return syllables
    if name == "underthesea":
        return vietnamese.Underthesea()
    if name.startswith(_SPACY):
        return pipelines.load(name.removeprefix(_SPACY))
    raise _unknown(name)


def versions(name: str) -> dict[str, str]:
    """Return the packages that decide a tokeniser's tokens, with the versions installed.

    Raises `DatasetError` for an unknown name, and for a package that is not installed.
    """
    if name == "syllable":
        return {"regex": version_of("regex")}
    if name == "underthesea":
        return {package: version_of(package, "underthesea") for package in vietnamese.PACKAGES}
    if name.startswith(_SPACY):
        return pipelines.versions(name.removeprefix(_SPACY))
    raise _unknown(name)


def _unknown(name: str) -> DatasetError:
    return DatasetError(
        f"there is no tokenizer {name!r}", f"Use syllable, underthesea, {pipelines.choices()}."
    )
