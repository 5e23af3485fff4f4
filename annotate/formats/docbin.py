"""spaCy's DocBin (`.spacy`): what `spacy train` reads, for its ner and its spancat.

The file is the compressed msgpack of spaCy 3 (its API reference, "DocBin"); spaCy itself
reads and writes it. Spans count tokens, so the writer cuts tokens where a span begins or
ends within one, and makes tokens of white space that spaCy's one blank behind a word cannot
hold: the text comes back as it was, and every span.

All spans are in `doc.spans["sc"]`, which is where spancat looks. In `doc.ents`, which ner
learns from, are the outermost of those without white space at their ends, because spaCy does
not take a token of white space for the edge of an entity. What spaCy has no place for stands in
`doc.user_data["annotate"]` as plain lists and dicts: `id`, `annotator`, `metadata`, `choices`,
`relations` as (head, label, tail) and `attributes` by the ids that spans have as `span.id_`.
So nothing is lost on the way out. A file is held in memory as a whole, as spaCy does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.spans import Relation, Span, outermost
from annotate.tokens import syllables

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.tokens import Span as DocSpan
    from spacy.vocab import Vocab

GROUP = "sc"
_KEY = "annotate"
_LINGUISTIC = ("TAG", "POS", "MORPH", "LEMMA", "DEP")
# What spaCy, numpy and msgpack raise for bytes that are not what they expect.
_DAMAGED = (ValueError, LookupError, TypeError, AttributeError, OverflowError)


class _Extra(msgspec.Struct, frozen=True):
    """What a document has and spaCy has no place for."""

    id: str = ""
    annotator: str = ""
    metadata: dict[str, str] = {}
    choices: dict[str, tuple[str, ...]] = {}
    relations: tuple[tuple[str, str, str], ...] = ()
    attributes: dict[str, dict[str, tuple[str, ...]]] = {}


class _Key(NamedTuple):
    """A span as spaCy has it, in code points; two with the same key are one."""

    start: int
    end: int
    label: str
    id: str


def write_docbin(
    documents: Iterable[Document], path: Path, losses: Losses, *, language: str = "vi"
) -> None:
    """Write documents as a DocBin for pipelines of a language (`vi`, `en`, `xx`, …).

    Sentences begin where `annotate.tokens.syllables` begins them. Nothing is lost, so
    nothing is counted in `losses`. Raises `FormatError` for a language that spaCy does not
    know, a span outside its text and a path that cannot be written; a file that was there
    stays then.
    """
    from spacy.tokens import DocBin

    del losses
    vocab = _vocab(language)
    store = DocBin(store_user_data=True)
    for document in documents:
        store.add(_doc(document, vocab))
    work = path.with_name(f".{path.name}.writing")
    try:
        work.write_bytes(store.to_bytes())
        work.replace(path)
    except OSError as error:
        work.unlink(missing_ok=True)
        raise FormatError(
            f"{path} cannot be written: {error.strerror or error}",
            "Free some space or check its permissions.",
        ) from error


def _vocab(language: str) -> Vocab:
    """Return the words' features of a language; its tokeniser, often an extra, is not needed."""
    from spacy.util import get_lang_class
    from spacy.vocab import create_vocab

    try:
        return create_vocab(language, get_lang_class(language).Defaults)
    except ImportError as error:
        raise FormatError(
            f"spaCy knows no language {language!r}", "Give its code, or xx for any language."
        ) from error


def _doc(document: Document, vocab: Vocab) -> Doc:
    from spacy.tokens import Doc
    from spacy.tokens import Span as DocSpan

    _check(document)
    words = _words(document.text, document.spans)
    doc = Doc(
        vocab,
        words=[document.text[word.start : word.end] for word in words],
        spaces=[word.blank for word in words],
        sent_starts=[word.first for word in words],
    )
    starts = {word.start: at for at, word in enumerate(words)}
    ends = {word.end: at for at, word in enumerate(words, start=1)}

    def place(span: Span, span_id: str) -> DocSpan:
        first, last = starts[span.start], ends[span.end]
        return DocSpan(doc, first, last, label=span.label, span_id=span_id)

    doc.spans[GROUP] = [place(span, span.id) for span in document.spans]
    # An id of an entity would be taken for the one of a rule that found it.
    doc.set_ents([place(span, "") for span in _trainable(document)])
    doc.user_data[_KEY] = msgspec.to_builtins(_extra(document))
    return doc


def _check(document: Document) -> None:
    for span in document.spans:
        if not 0 <= span.start < span.end <= len(document.text):
            raise FormatError(
                f"{document.id}: the span {span.start}:{span.end} is no stretch of the text",
                "Leave it out.",
            )


def _trainable(document: Document) -> list[Span]:
    text = document.text
    phrases = ((span, text[span.start : span.end]) for span in document.spans)
    return outermost(span for span, phrase in phrases if phrase == phrase.strip())[0]


def _extra(document: Document) -> _Extra:
    return _Extra(
        id=document.id,
        annotator=document.annotator,
        metadata=document.metadata,
        choices=document.choices,
        relations=tuple((arrow.head, arrow.label, arrow.tail) for arrow in document.relations),
        attributes={span.id: span.attributes for span in document.spans if span.attributes},
    )


class _Word(NamedTuple):
    """A token in code points, whether a blank follows, and whether it begins a sentence."""

    start: int
    end: int
    blank: bool
    first: bool


def _words(text: str, spans: Sequence[Span]) -> list[_Word]:
    """Return the text's tokens, cut at the edges of spans, and what white space is left over."""
    starts = {span.start for span in spans}
    ends = {span.end for span in spans}
    sentences = syllables(text)
    firsts = {sentence[0].start for sentence in sentences if sentence}
    edges = {edge for sentence in sentences for token in sentence for edge in token}
    words: list[_Word] = []
    for start, end in pairwise(sorted({0, len(text)} | edges | starts | ends)):
        # A blank belongs to the word before it, unless a span begins or ends with the blank.
        blank = text[start] == " " and bool(words) and words[-1].end == start
        if blank := blank and start not in starts and start + 1 not in ends:
            words[-1] = words[-1]._replace(blank=True)
        if start + blank < end:
            words.append(_Word(start + blank, end, blank=False, first=start in firsts))
    return words


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
        problem = f"{path} cannot be read: {error.strerror or error}"
        raise FormatError(problem, "Check the file.") from error
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
    extra = msgspec.convert(doc.user_data.get(_KEY, {}), _Extra)
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
    lost = len(extra.relations) - len(arrows)
    losses.update({name: number for name, number in _rest(doc, lost).items() if number})
    return Document(
        id=extra.id,
        text=doc.text,
        spans=spans,
        relations=tuple(arrows),
        choices=extra.choices,
        annotator=extra.annotator,
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


def _rest(doc: Doc, relations: int) -> dict[str, int]:
    """Count what another program wrote and a document cannot hold."""
    groups = [span for group in doc.spans.values() for span in group]
    return {
        "relations": relations,
        "choices": len(doc.cats),
        "user data": len(doc.user_data.keys() - {_KEY}),
        "spans without text": sum(span.start >= span.end for span in groups),
        "ids of knowledge bases": sum(bool(span.kb_id) for span in (*doc.ents, *groups)),
        "documents with tags, lemmas or parses": int(
            len(doc) > 0 and any(map(doc.has_annotation, _LINGUISTIC))
        ),
        "documents without known spacing": int(doc.has_unknown_spaces),
    }
