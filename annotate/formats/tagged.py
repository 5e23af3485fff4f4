"""What the formats with a tag for each token share: tags to spans, and spans to tags.

A tag is `O`, or a prefix and a label: `B-PER`. Which scheme the tags of a file follow is decided
by all of them: BILOU (also called BIOES or BMES) when any tag ends a span or is one; else IOB1
when spans begin with I-, and B- only parts spans of one label that touch; else BIO. The same
rules read all three, so the scheme decides only which sequences count as broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.losses import Loss, lose, lose_beside
from annotate.spans import Span
from annotate.tokens import Tagged, Tagging, Token, tag

ReadScheme = Literal["BIO", "IOB1", "BILOU"]
Tokenizer = Callable[[str], list[list[Token]]]

_GOES_ON = frozenset("IMLE")
_ENDS = frozenset("LEUSW")
_PREFIXES = frozenset("B") | _GOES_ON | _ENDS
_WHOLE = {
    "BIO": re.compile("BI*"),
    "IOB1": re.compile("[BI]I*"),
    "BILOU": re.compile("B[IM]*[LE]|[USW]"),
}
_LOSSES: dict[str, Loss] = {
    "nested": "nested spans",
    "outer": "spans around another",
    "crossing": "crossing spans",
    "sentences": "spans over sentences",
    "empty": "spans without a token",
    "shared token": "spans that share a token",
    "cut token": "spans that cut a token",
}


class Stretch(NamedTuple):
    """Tokens that one span has, the last one exclusive, and their prefixes in a row."""

    first: int
    last: int
    label: str
    prefixes: str


def split_tag(shown: str) -> tuple[str, str]:
    """Return the prefix and the label of a tag; raises `ValueError` when it is none."""
    if shown == "O":
        return "O", ""
    prefix, _, label = shown.partition("-")
    if prefix not in _PREFIXES or not label:
        raise ValueError(f"{shown!r} is no tag")
    return prefix, label


def is_tag(shown: str) -> bool:
    """Whether this is `O`, or a known prefix and a label."""
    try:
        split_tag(shown)
    except ValueError:
        return False
    return True


def scheme_of(sentences: Iterable[Sequence[str]]) -> ReadScheme:
    """Return the scheme that the tags of all sentences follow."""
    inner = begun = False
    for tags in sentences:
        before = ""
        for prefix, label in map(split_tag, tags):
            if prefix in _ENDS or prefix == "M":
                return "BILOU"
            inner |= prefix == "I" and label != before
            begun |= prefix == "B" and label != before
            before = label
    return "IOB1" if inner and not begun else "BIO"


def stretches(tags: Iterable[str]) -> list[Stretch]:
    """Return the spans of a sentence in tokens; what goes on from nothing begins one."""
    found: list[Stretch] = []
    is_open = False
    for at, (prefix, label) in enumerate(map(split_tag, tags)):
        if is_open and prefix in _GOES_ON and label == found[-1].label:
            first, _, _, prefixes = found[-1]
            found[-1] = Stretch(first, at + 1, label, prefixes + prefix)
        elif prefix != "O":
            found.append(Stretch(at, at + 1, label, prefix))
        is_open = prefix != "O" and prefix not in _ENDS
    return found


def read_spans(
    tokens: Sequence[Token], tags: Sequence[str], scheme: ReadScheme, losses: Losses
) -> Iterator[Span]:
    """Yield the spans of a sentence, without ids; broken sequences are counted."""
    for first, last, label, prefixes in stretches(tags):
        if not _WHOLE[scheme].fullmatch(prefixes):
            lose(losses, "broken tag sequences")
        yield Span(id="", start=tokens[first].start, end=tokens[last - 1].end, label=label)


def numbered(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Give the spans ids, from s1 on."""
    return tuple(replace(span, id=f"s{number}") for number, span in enumerate(spans, start=1))


def tagged_sentences(
    document: Document, tagging: Tagging, tokenizer: Tokenizer, losses: Losses
) -> list[Tagged]:
    """Return the document's sentences with tags, and count what the tags cannot say."""
    if tagging.depth > 1:
        raise FormatError(
            "this format has one tag a token, not several levels",
            "Choose to show the outermost or the innermost spans.",
        )
    sentences, lost = tag(tokenizer(document.text), document.spans, tagging)
    for loss in lost:
        lose(losses, _LOSSES[loss.reason])
    starts = {token.start for sentence in sentences for token in sentence.tokens}
    ends = {token.end for sentence in sentences for token in sentence.tokens}
    gone = {id(loss.span) for loss in lost}
    shown = (span for span in document.spans if id(span) not in gone)
    wider = sum(span.start not in starts or span.end not in ends for span in shown)
    lose(losses, "spans with white space at their ends", wider)
    lose(losses, "relations", len(document.relations))
    lose_beside(document, losses)
    kept = [sentence for sentence in sentences if sentence.tokens]
    lose(losses, "documents without a token", not kept)
    return kept


def tagged_documents(
    documents: Iterable[Document], tagging: Tagging | None, tokenizer: Tokenizer, losses: Losses
) -> Iterator[tuple[Document, list[Tagged]]]:
    """Yield the documents that have a token, with their sentences, in BIO unless it is said."""
    for document in documents:
        if sentences := tagged_sentences(document, tagging or Tagging(), tokenizer, losses):
            yield document, sentences
