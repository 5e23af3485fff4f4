"""What formats cannot carry: one name for each kind of loss, the same in every format."""

from __future__ import annotations

from typing import Literal, get_args

from annotate.formats.document import Document, Losses

Loss = Literal[
    "annotations of other layers",
    "annotators",
    "articles that nobody annotated",
    "attributes",
    "broken tag sequences",
    "choices",
    "comments",
    "crossing spans",
    "discontinuous spans",
    "documents with tags, lemmas or parses",
    "documents without a token",
    "documents without known spacing",
    "empty nodes",
    "equivalences",
    "events",
    "ids",
    "ids of knowledge bases",
    "labels with other characters",
    "links",
    "marks of whole documents",
    "metadata",
    "nested spans",
    "normalisations",
    "other attributes of tokens",
    "parts of chains",
    "relations",
    "relations without a label",
    "sentences unlike their text comment",
    "spans around another",
    "spans of line breaks alone",
    "spans over sentences",
    "spans over several records",
    "spans that cut a grapheme cluster",
    "spans that cut a token",
    "spans that share a token",
    "spans whose place is in doubt",
    "spans with line breaks at their ends",
    "spans with white space at their ends",
    "spans without a label",
    "spans without a token",
    "spans without text",
    "texts with other spacing",
    "tokens with white space",
    "user data",
    "values in other columns",
]
NAMES: tuple[Loss, ...] = get_args(Loss)

# Where one of them is not called so without the s of the first word.
_ONE = {
    "broken tag sequences": "broken tag sequence",
    "crossing spans": "crossing span",
    "discontinuous spans": "discontinuous span",
    "empty nodes": "empty node",
    "metadata": "metadata",
    "nested spans": "nested span",
    "other attributes of tokens": "other attribute of tokens",
    "sentences unlike their text comment": "sentence unlike its text comment",
    "spans that cut a grapheme cluster": "span that cuts a grapheme cluster",
    "spans that cut a token": "span that cuts a token",
    "spans that share a token": "span that shares a token",
    "spans with line breaks at their ends": "span with line breaks at its ends",
    "spans with white space at their ends": "span with white space at its ends",
    "user data": "user data",
}


def lose(losses: Losses, name: Loss, number: int = 1) -> None:
    """Count so many more of a kind of loss; a count of nothing is no entry."""
    if number:
        losses[name] += number


def lose_beside(document: Document, losses: Losses) -> None:
    """Count what formats of tokens and their labels have no place for."""
    lose(losses, "attributes", sum(len(span.attributes) for span in document.spans))
    lose(losses, "choices", len(document.choices))
    lose(losses, "metadata", len(document.metadata))
    lose(losses, "annotators", bool(document.annotator))


def told(losses: Losses) -> str:
    """Return losses in words, the most first: `3 relations, 1 nested span`; empty for none."""
    ranked = sorted(losses.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {name if number > 1 else _one(name)}" for name, number in ranked)


def _one(name: str) -> str:
    first, blank, rest = name.partition(" ")
    return _ONE.get(name, first.removesuffix("s") + blank + rest)
