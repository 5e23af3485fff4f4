"""GLiNER's training data: a JSON list of texts as tokens, with the spans among them.

A record is `{"tokenized_text": [token, …], "ner": [[first, last, label], …]}`, `last` being
the span's last token, not the one behind it; nested and crossing spans are carried. Where
spans are related it also has `relations`, `[head, tail, label]` as places in `ner`, which
models for relations read and others ignore. Source: GLiNER's `docs/training.md`, and its
notebook `finetune.ipynb`, which loads such a file whole.

GLiNER cuts off what lies behind a record's first `max_len` tokens, 384 by default. So a text
becomes one record if it fits, else several of whole sentences; none is parted within a span
as long as there is another place. Of spans with the same tokens a model learns one label, and
models of spans learn none longer than their `max_width`.

The file cannot carry white space, names of texts, what describes them, attributes or choices.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.formats.document import Document, Losses
from annotate.formats.files import writing
from annotate.formats.losses import lose, lose_beside
from annotate.spans import Span, reading_order
from annotate.tokens import Token, syllables


class _Record(msgspec.Struct, frozen=True):
    tokenized_text: list[str]
    ner: list[tuple[int, int, str]]
    relations: list[tuple[int, int, str]] | msgspec.UnsetType = msgspec.UNSET


class _Placed(NamedTuple):
    """A span, its first token and the one behind its last."""

    span: Span
    first: int
    last: int


def write_gliner(
    documents: Iterable[Document], path: Path, losses: Losses, *, max_tokens: int = 384
) -> None:
    """Write a JSON file that GLiNER trains on; no record has more than `max_tokens` tokens.

    A span that begins or ends within a token gets the whole token, and that is counted.
    """
    with writing(path) as file:
        file.write("[")
        between = "\n"
        for document in documents:
            for record in _records(document, max_tokens, losses):
                file.write(between + msgspec.json.encode(record).decode())
                between = ",\n"
        file.write("\n]\n")


def _records(document: Document, max_tokens: int, losses: Losses) -> Iterator[_Record]:
    sentences = syllables(document.text)
    tokens = [token for sentence in sentences for token in sentence]
    placed = _placed(document.spans, tokens, losses)
    spans = relations = first = 0
    for last in _cuts(sentences, placed, max_tokens):
        words = [document.text[token.start : token.end] for token in tokens[first:last]]
        within = [one for one in placed if first <= one.first and one.last <= last]
        related = _related(document, within)
        ner = [(one.first - first, one.last - 1 - first, one.span.label) for one in within]
        yield _Record(words, ner, related or msgspec.UNSET)
        spans += len(within)
        relations += len(related)
        first = last
    rebuilt = " ".join(document.text[token.start : token.end] for token in tokens)
    lose(losses, "texts with other spacing", rebuilt != document.text)
    lose(losses, "ids", bool(document.id))
    lose(losses, "documents without a token", not tokens)
    lose(losses, "spans over several records", len(placed) - spans)
    lose(losses, "relations", len(document.relations) - relations)
    lose_beside(document, losses)


def _placed(spans: Iterable[Span], tokens: Sequence[Token], losses: Losses) -> list[_Placed]:
    """Return the spans that hold a token, or part of one, in reading order."""
    starts = [token.start for token in tokens]
    ends = [token.end for token in tokens]
    found: list[_Placed] = []
    for span in sorted(spans, key=reading_order):
        first, last = bisect_right(ends, span.start), bisect_left(starts, span.end)
        if first >= last:
            lose(losses, "spans without a token")
            continue
        # White space at a span's ends is outside every token and is no cut.
        cut = starts[first] < span.start or ends[last - 1] > span.end
        lose(losses, "spans that cut a token", cut)
        found.append(_Placed(span, first, last))
    return found


def _cuts(
    sentences: Sequence[Sequence[Token]], placed: Iterable[_Placed], max_tokens: int
) -> Iterator[int]:
    """Yield where each record ends: the token behind its last one.

    The best place is the last sentence's end at which no span goes on, then the last token's,
    then where it must be.
    """
    ends = set(accumulate(len(sentence) for sentence in sentences))
    total = max(ends, default=0)
    within = {at for one in placed for at in range(one.first + 1, one.last)}
    first = 0
    while first < total:
        most = min(first + max_tokens, total)
        free = [at for at in range(most, first, -1) if at not in within]
        first = most if most == total else next((at for at in free if at in ends), (*free, most)[0])
        yield first


def _related(document: Document, within: Sequence[_Placed]) -> list[tuple[int, int, str]]:
    """Return the relations between spans of one record, by their places in it."""
    at = {one.span.id: place for place, one in enumerate(within)}
    return [
        (at[one.head], at[one.tail], one.label)
        for one in document.relations
        if one.head in at and one.tail in at
    ]
