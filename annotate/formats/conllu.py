r"""CoNLL-U with named entities: ten columns a token, the tag in the last one.

The format of Universal Dependencies, version 2. It counts in tokens. Of the ten columns ID, FORM
and MISC are filled, the others are `_`. In MISC stand

- `NER=B-PER`, as in the UD treebanks Slovenian SSJ and Croatian SET and in what CLASSLA writes;
  the reader takes `ner=` too, which Stanza writes, in BIOES;
- `SpaceAfter=No`, and `SpacesBefore=`, `SpacesAfter=` and `SpacesInToken=` of UDPipe (UDPipe 1
  User's Manual, "Preserving Original Spaces"), with `\s`, `\t`, `\r`, `\n`, `\p` for a bar and
  `\\` in their values. With them the exact text comes back. Without them the reader puts a blank
  between tokens and sentences, a line feed before a `# newpar`, and nothing at the end.

A document begins with `# newdoc id = ID`; without any, the file is one. Spans that nest, cross,
cut a token or spread over sentences, relations, attributes, choices and metadata cannot be
carried; on reading, syntax and other attributes have no place in a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from annotate.errors import FormatError
from annotate.formats.conllu_writing import ESCAPES, write_conllu
from annotate.formats.document import Document, Losses
from annotate.formats.files import Faults, files_of, text_lines
from annotate.formats.losses import lose
from annotate.formats.tagged import (
    ReadScheme,
    Stretch,
    is_tag,
    numbered,
    read_spans,
    scheme_of,
    stretches,
)
from annotate.spans import Span
from annotate.tokens import Token

__all__ = ["read_conllu", "write_conllu"]

_ENDINGS = (".conllu",)
# A word, a token of several words with the number of its last, a word that is not in the text.
_ID = re.compile(r"[0-9]{1,9}|[0-9]{1,9}-([0-9]{1,9})|[0-9]{1,9}\.[0-9]{1,9}")
_COMMENT = re.compile(r"#\s*(newdoc|newpar|sent_id|text)\b(?:\s+id)?\s*(?:=\s*(.*))?")
_ESCAPED = {shown: char for char, shown in ESCAPES.items()}
_SPACING = frozenset({"SpaceAfter", "SpacesBefore", "SpacesAfter", "SpacesInToken"})


class _Surface(msgspec.Struct):
    """A token of the text; `after` is None where the file does not say what follows."""

    form: str
    before: str
    after: str | None


class _Sentence(msgspec.Struct):
    """A sentence of the file: its tokens, and each tag with the number of its token.

    Several tags have one token when that holds several words, as in `del` = `de` + `el`.
    """

    surfaces: list[_Surface] = msgspec.field(default_factory=list)
    tags: list[str] = msgspec.field(default_factory=list)
    places: list[int] = msgspec.field(default_factory=list)
    losses: Losses = msgspec.field(default_factory=Losses)
    text: str = ""
    newpar: bool = False
    # The last word that the token has which stands there, and whether it has their tag.
    covered: int = 0
    tagged: bool = False


class _Page(msgspec.Struct):
    id: str = ""
    sentences: list[_Sentence] = msgspec.field(default_factory=list)
    begun: bool = False


def _unescape(value: str) -> str:
    return re.sub(r"\\.", lambda found: _ESCAPED.get(found[0], found[0]), value)


def read_conllu(path: Path, losses: Losses) -> Iterator[Document]:
    """Read a CoNLL-U file, or the CoNLL-U files of a folder by name.

    A document without an id gets that of its file with its number there: `NAME-1`. Tags are
    those of tokens with several words, or of the words; a span of some words of a token gets
    all of it and is counted. Raises `FormatError` with the line, once every file was read.
    """
    faults = Faults()
    for file in files_of(path, _ENDINGS):
        with faults.kept():
            yield from _documents(file, losses)
    faults.tell()


def _documents(file: Path, losses: Losses) -> Iterator[Document]:
    # Twice through the file: the scheme shows only when all of it is known.
    scheme = scheme_of(sentence.tags for page in _pages(file) for sentence in page.sentences)
    for number, page in enumerate(_pages(file), start=1):
        if page.sentences:
            yield _document(page, f"{file.stem}-{number}", scheme, losses)
        else:
            lose(losses, "documents without a token")


def _document(page: _Page, default_id: str, scheme: ReadScheme, losses: Losses) -> Document:
    text = ""
    spans: list[Span] = []
    for sentence, following in zip(page.sentences, [*page.sentences[1:], None], strict=True):
        start = len(text)
        tokens: list[Token] = []
        for surface in sentence.surfaces:
            text += surface.before
            tokens.append(Token(len(text), len(text) + len(surface.form)))
            text += surface.form + (" " if surface.after is None else surface.after)
        if sentence.text and sentence.text.split() != text[start:].split():
            lose(losses, "sentences unlike their text comment")
        if sentence.surfaces[-1].after is None:
            text = text[:-1] + ("" if following is None else "\n" if following.newpar else " ")
        words = [tokens[place] for place in sentence.places]
        spans += read_spans(words, sentence.tags, scheme, losses)
        losses.update(sentence.losses)
        cut = sum(_cuts(sentence, stretch) for stretch in stretches(sentence.tags))
        lose(losses, "spans that cut a token", cut)
    return Document(id=page.id or default_id, text=text, spans=numbered(spans))


def _cuts(sentence: _Sentence, stretch: Stretch) -> bool:
    """Whether a span has some words of a token, and not the others."""
    places = [None, *sentence.places, None]
    first, last = stretch.first + 1, stretch.last + 1
    return places[first - 1] == places[first] or places[last] == places[last - 1]


def _pages(path: Path) -> Iterator[_Page]:
    """Yield the documents of a file; no sentence is without a token."""
    page = _Page()
    sentence = _Sentence()
    for number, line in text_lines(path):
        where = f"{path}, line {number}"
        if line.startswith("#"):
            name, value = _comment(line)
            if name == "newdoc":
                if page.begun or page.sentences:
                    yield page
                page = _Page(id=value, begun=True)
            sentence.newpar |= name == "newpar"
            sentence.text = value if name == "text" else sentence.text
            lose(sentence.losses, "comments", not name)
        elif line.strip():
            _add(sentence, line.split("\t"), where)
        elif sentence.surfaces:
            page.sentences.append(sentence)
            sentence = _Sentence()
    page.sentences += [sentence] if sentence.surfaces else []
    if page.begun or page.sentences:
        yield page


def _comment(line: str) -> tuple[str, str]:
    """Return the name and the value of a comment that is known here."""
    found = _COMMENT.fullmatch(line)
    return (found[1], (found[2] or "").strip()) if found else ("", "")


def _add(sentence: _Sentence, columns: list[str], where: str) -> None:
    """Add a line to the sentence: a token, a token of several words, or one of its words."""
    found = _ID.fullmatch(columns[0])
    if len(columns) != 10 or not found or not columns[1]:
        raise FormatError(
            f"{where}: {len(columns)} columns with {columns[0][:40]!r} as the first are no token",
            "CoNLL-U has ten columns with tabs between, the first a number.",
        )
    if "." in columns[0]:
        lose(sentence.losses, "empty nodes")
        return
    misc = dict(part.partition("=")[::2] for part in columns[9].split("|") if part != "_")
    ner = misc.get("NER", misc.get("ner", ""))
    if ner and not is_tag(ner):
        raise FormatError(
            f"{where}: NER={ner} is no tag", "It must be O, or a prefix and a label, as in B-PER."
        )
    _count_others(sentence.losses, columns, misc)
    is_word = not found[1] and int(columns[0]) <= sentence.covered
    if not is_word:
        sentence.surfaces.append(_surface(columns[1], misc))
        sentence.covered, sentence.tagged = int(found[1] or 0), bool(ner)
    # A token of several words has one tag, or its words have each their own.
    if (not found[1] or ner) and not (is_word and sentence.tagged):
        sentence.tags.append(ner or "O")
        sentence.places.append(len(sentence.surfaces) - 1)


def _surface(form: str, misc: dict[str, str]) -> _Surface:
    after = "" if misc.get("SpaceAfter") == "No" else None
    if "SpacesAfter" in misc:
        after = _unescape(misc["SpacesAfter"])
    form = _unescape(misc["SpacesInToken"]) if "SpacesInToken" in misc else form
    return _Surface(form, _unescape(misc.get("SpacesBefore", "")), after)


def _count_others(losses: Losses, columns: list[str], misc: dict[str, str]) -> None:
    lose(losses, "values in other columns", sum(column != "_" for column in columns[2:9]))
    others = misc.keys() - _SPACING - {"NER", "ner"}
    lose(losses, "other attributes of tokens", len(others))
