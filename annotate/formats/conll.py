"""CoNLL-2003: a line a token, its tag in the last column, a blank line between sentences.

The format of the shared task of CoNLL-2003 (Tjong Kim Sang and De Meulder). It counts in tokens
and knows no offsets and no spaces: a text is rebuilt with a blank between tokens and a line feed
between sentences, and nothing is done to guess how it was. Spans that nest, cross, cut a token
or spread over sentences, relations, attributes, choices and metadata have no place in it.

The writer's four columns are `TOKEN -X- _ TAG`, as Label Studio's export has them, so what reads
that reads this: the task's columns for parts of speech and chunks stay, and are empty. A
document begins with `-DOCSTART- -X- (ID) O`, with the id in brackets as in AIDA-CoNLL.

The reader takes any number of columns, with tabs or blanks between; the last one is the tag
(`annotate/formats/tagged.py` says how BIO, IOB1 and BILOU are told apart). A `-DOCSTART-` begins
a document, and so does a line `# id = ID`; without any, the file is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.files import Faults, files_of, text_lines, writing
from annotate.formats.losses import lose
from annotate.formats.tagged import (
    ReadScheme,
    Tokenizer,
    is_tag,
    numbered,
    read_spans,
    scheme_of,
    tagged_documents,
)
from annotate.spans import Span
from annotate.tokens import Tagging, Token, syllables

_ENDINGS = (".conll", ".conll03", ".conll2003", ".bio", ".iob", ".iob2", ".tsv", ".txt")
_START = "-DOCSTART-"
_ID_COMMENT = re.compile(r"#\s*id\s*=\s*(\S.*)")
_IN_BRACKETS = re.compile(r"\((.+)\)")
_SPACE = re.compile(r"\s+")
_EMPTY = frozenset({"-X-", "_"})


class _Row(NamedTuple):
    """A token and its tag; `others` are its columns that are not empty."""

    token: str
    tag: str
    others: int


class _Page(msgspec.Struct):
    """A document as it stands in the file; the last sentence may be empty."""

    id: str = ""
    sentences: list[list[_Row]] = msgspec.field(default_factory=lambda: [[]])
    comments: int = 0
    begun: bool = False

    @property
    def is_empty(self) -> bool:
        return not any(self.sentences)


def write_conll(
    documents: Iterable[Document], path: Path, losses: Losses, *,
    tagging: Tagging | None = None, tokenizer: Tokenizer = syllables,
) -> None:  # fmt: skip
    """Write documents as CoNLL-2003, in BIO or as `tagging` says.

    White space in a token becomes `_`. Raises `FormatError` when the file cannot be written or
    the tagging has several levels, and `TaggingError` for a cut token when it refuses those.
    """
    with writing(path) as file:
        for document, sentences in tagged_documents(documents, tagging, tokenizer, losses):
            words = [[document.text[t.start : t.end] for t in s.tokens] for s in sentences]
            spaced = sum(bool(_SPACE.search(word)) for row in words for word in row)
            lose(losses, "tokens with white space", spaced)
            lose(losses, "texts with other spacing", _rebuilt(words) != document.text)
            name = " ".join(document.id.split())
            file.write(f"{_START} -X- {f'({name})' if name else '_'} O\n\n")
            for row, sentence in zip(words, sentences, strict=True):
                for word, shown in zip(row, sentence.levels[0], strict=True):
                    file.write(f"{_SPACE.sub('_', word)} -X- _ {shown}\n")
                file.write("\n")


def _rebuilt(sentences: Iterable[Iterable[str]]) -> str:
    return "\n".join(" ".join(sentence) for sentence in sentences)


def read_conll(path: Path, losses: Losses) -> Iterator[Document]:
    """Read a CoNLL file, or the CoNLL files of a folder by name.

    A document without an id gets that of its file with its number there: `NAME-1`. A span that
    begins with I-, or does not end as BILOU asks, is read and counted as a broken sequence.
    Raises `FormatError` with the line, once every file was read.
    """
    faults = Faults()
    for file in files_of(path, _ENDINGS):
        with faults.kept():
            yield from _documents(file, losses)
    faults.tell()


def _documents(file: Path, losses: Losses) -> Iterator[Document]:
    # Twice through the file: the scheme shows only when all of it is known.
    sentences = (rows for page in _pages(file) for rows in page.sentences)
    scheme = scheme_of([row.tag for row in rows] for rows in sentences)
    for number, page in enumerate(_pages(file), start=1):
        lose(losses, "comments", page.comments)
        if page.is_empty:
            lose(losses, "documents without a token")
        else:
            yield _document(page, f"{file.stem}-{number}", scheme, losses)


def _document(page: _Page, default_id: str, scheme: ReadScheme, losses: Losses) -> Document:
    spans: list[Span] = []
    words = [[row.token for row in rows] for rows in page.sentences if rows]
    at = 0
    for rows in filter(None, page.sentences):
        tokens: list[Token] = []
        for row in rows:
            tokens.append(Token(at, at + len(row.token)))
            at = tokens[-1].end + 1
        spans += read_spans(tokens, [row.tag for row in rows], scheme, losses)
        lose(losses, "values in other columns", sum(row.others for row in rows))
    return Document(id=page.id or default_id, text=_rebuilt(words), spans=numbered(spans))


def _pages(path: Path) -> Iterator[_Page]:
    """Yield the documents of a file."""
    page = _Page()
    for number, line in text_lines(path):
        rows = page.sentences[-1]
        if not line.strip(" \t"):
            page.sentences += [[]] if rows else []
        elif (found := _beginning(line, is_first=not rows)) is not None:
            if page.begun or not page.is_empty:
                yield page
            page = _Page(id=found, begun=line.startswith(_START))
        elif row := _row(line, f"{path}, line {number}", is_first=not rows):
            rows.append(row)
        else:
            page.comments += 1
    if page.begun or not page.is_empty:
        yield page


def _beginning(line: str, *, is_first: bool) -> str | None:
    """Return the id in a line that begins a document, empty when it has none, else None."""
    if line.startswith(_START):
        found = _IN_BRACKETS.search(line)
        return found[1].strip() if found else ""
    comment = _ID_COMMENT.fullmatch(line) if is_first else None
    return comment[1].strip() if comment else None


def _row(line: str, where: str, *, is_first: bool) -> _Row | None:
    """Return what a line holds, None for a comment, which stands before a sentence."""
    line = line.rstrip(" \t")
    columns = line.split("\t") if "\t" in line else [part for part in line.split(" ") if part]
    if is_first and line.startswith("#") and not is_tag(columns[-1]):
        return None
    if len(columns) < 2 or not columns[0]:
        raise FormatError(f"{where}: {line!r} is not a token and a tag", "Correct the line.")
    if not is_tag(columns[-1]):
        raise FormatError(
            f"{where}: the last column, {columns[-1]!r}, is no tag",
            "It must be O, or a prefix and a label, as in B-PER.",
        )
    others = sum(column not in _EMPTY for column in columns[1:-1])
    return _Row(columns[0], columns[-1], others)
