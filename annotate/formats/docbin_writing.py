"""Writing spaCy's DocBin; `annotate.formats.docbin` says what stands where in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.files import replacing
from annotate.formats.losses import lose
from annotate.spans import Span, outermost
from annotate.tokens import syllables

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.tokens import Span as DocSpan
    from spacy.vocab import Vocab

GROUP = "sc"
# Where in `doc.user_data` stands what spaCy has no place for.
KEY = "annotate"


class Extra(msgspec.Struct, frozen=True):
    """What a document has and spaCy has no place for."""

    id: str = ""
    metadata: dict[str, str] = {}
    choices: dict[str, tuple[str, ...]] = {}
    relations: tuple[tuple[str, str, str], ...] = ()
    attributes: dict[str, dict[str, tuple[str, ...]]] = {}


def write_docbin(
    documents: Iterable[Document], path: Path, losses: Losses, *, language: str = "vi"
) -> None:
    """Write documents as a DocBin for pipelines of a language (`vi`, `en`, `xx`, …).

    Sentences begin where `annotate.tokens.syllables` begins them. Lost is only who annotated,
    on purpose. Raises `FormatError` for a language that spaCy does not know, a span outside its
    text and a path that cannot be written; a file that was there stays then.
    """
    from spacy.tokens import DocBin

    vocab = _vocab(language)
    store = DocBin(store_user_data=True)
    for document in documents:
        lose(losses, "annotators", bool(document.annotator))
        store.add(_doc(document, vocab))
    with replacing(path) as fresh:
        fresh.write_bytes(store.to_bytes())


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
    doc.user_data[KEY] = msgspec.to_builtins(_extra(document))
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


def _extra(document: Document) -> Extra:
    return Extra(
        id=document.id,
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
