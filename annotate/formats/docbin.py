"""spaCy's DocBin (`.spacy`): what `spacy train` reads, for its ner and its spancat.

The file is the compressed msgpack of spaCy 3 (its API reference, "DocBin"); spaCy itself
reads and writes it. Spans count tokens, so the writer cuts tokens where a span begins or
ends within one, and makes tokens of white space that spaCy's one blank behind a word cannot
hold: the text comes back as it was, and every span.

All spans are in `doc.spans["sc"]`, which is where spancat looks. In `doc.ents`, which ner
learns from, are the outermost of those without white space at their ends, because spaCy does
not take a token of white space for the edge of an entity. What spaCy has no place for stands in
`doc.user_data["annotate"]` as plain lists and dicts: `id`, `metadata`, `choices`, `relations`
as (head, label, tail) and `attributes` by the ids that spans have as `span.id_`. So nothing is
lost on the way out but who annotated, which is for nobody's training. A file is held in memory
as a whole, as spaCy does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annotate.errors import FormatError
from annotate.formats.docbin_writing import GROUP, KEY, Extra, write_docbin
from annotate.formats.document import Document, Losses
from annotate.formats.files import unreadable
from annotate.formats.losses import lose
from annotate.spans import Relation, Span

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.tokens import Span as DocSpan

__all__ = ["GROUP", "read_docbin", "write_docbin"]

_LINGUISTIC = ("TAG", "POS", "MORPH", "LEMMA", "DEP")
# What spaCy, numpy and msgpack raise for bytes that are not what they expect.
_DAMAGED = (ValueError, LookupError, TypeError, AttributeError, OverflowError)


class _Key(NamedTuple):
    """A span as spaCy has it, in code points; two with the same key are one."""

    start: int
    end: int
    label: str
    id: str


def read_docbin(path: Path, losses: Losses) -> Iterator[Document]:
    """Read the documents of a DocBin; spans are those of `doc.ents` and of all span groups.

    A span that stands in several of them is read once. What another program wrote and a
    document cannot hold is counted: categories of texts, other user data, ids of knowledge
    bases, documents with tags, lemmas or parses. A text of which the file does not tell where
    blanks are has one between any two tokens, and is counted too. Raises `FormatError` for a
    file that spaCy does not understand.
    """
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        store = DocBin().from_bytes(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except _DAMAGED as error:
        raise _damaged(str(path)) from error
    docs = store.get_docs(Vocab())
    for number in range(1, len(store) + 1):
        try:
            document = _document(next(docs), losses)
        except _DAMAGED as error:
            raise _damaged(f"{path}, document {number}") from error
        yield document


def _damaged(where: str) -> FormatError:
    return FormatError(
        f"{where}: not what spaCy 3 writes as a DocBin",
        "Write it again with DocBin.to_disk of spaCy 3.",
    )


def _document(doc: Doc, losses: Losses) -> Document:
    extra = msgspec.convert(doc.user_data.get(KEY, {}), Extra)
    spans = tuple(
        Span(
            id=key.id,
            start=key.start,
            end=key.end,
            label=key.label,
            attributes=extra.attributes.get(key.id, {}),
        )
        for key in _with_ids(_keys(doc))
    )
    known = {span.id for span in spans}
    arrows = [
        Relation(head=head, label=label, tail=tail)
        for head, label, tail in extra.relations
        if {head, tail} <= known
    ]
    lose(losses, "relations", len(extra.relations) - len(arrows))
    _count_rest(doc, losses)
    return Document(
        id=extra.id,
        text=doc.text,
        spans=spans,
        relations=tuple(arrows),
        choices=extra.choices,
        metadata=extra.metadata,
    )


def _keys(doc: Doc) -> list[_Key]:
    """Return the spans of all groups as they stand, and behind them what `doc.ents` has more."""
    found: Counter[_Key] = Counter()
    for group in doc.spans.values():
        # What one group has twice was marked twice; in two groups it is the same span.
        found |= Counter(_key(span) for span in group if span.start < span.end)
    known = {key[:3] for key in found}
    entities = (_key(span) for span in doc.ents)
    return [*found.elements(), *(key for key in entities if key[:3] not in known)]


def _key(span: DocSpan) -> _Key:
    return _Key(span.start_char, span.end_char, span.label_, span.id_)


def _with_ids(keys: list[_Key]) -> Iterator[_Key]:
    """Give an id to each span that has none, or one that a span before it has."""
    taken = {key.id for key in keys} | {""}
    free = (str(number) for number in count(1) if str(number) not in taken)
    seen = {""}
    for key in keys:
        yield key._replace(id=next(free)) if key.id in seen else key
        seen.add(key.id)


def _count_rest(doc: Doc, losses: Losses) -> None:
    """Count what another program wrote and a document cannot hold."""
    groups = [span for group in doc.spans.values() for span in group]
    parsed = len(doc) > 0 and any(map(doc.has_annotation, _LINGUISTIC))
    lose(losses, "choices", len(doc.cats))
    lose(losses, "user data", len(doc.user_data.keys() - {KEY}))
    lose(losses, "spans without text", sum(span.start >= span.end for span in groups))
    lose(losses, "ids of knowledge bases", sum(bool(span.kb_id) for span in (*doc.ents, *groups)))
    lose(losses, "documents with tags, lemmas or parses", parsed)
    lose(losses, "documents without known spacing", doc.has_unknown_spaces)
