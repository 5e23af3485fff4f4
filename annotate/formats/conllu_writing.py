"""Writing CoNLL-U; `annotate.formats.conllu` says what the format is and cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from annotate.formats.document import Document, Losses
from annotate.formats.files import writing
from annotate.formats.tagged import Tokenizer, tagged_documents
from annotate.tokens import Tagged, Tagging, syllables

# How spaces stand in MISC.
ESCAPES = {" ": r"\s", "\t": r"\t", "\r": r"\r", "\n": r"\n", "|": r"\p", "\\": r"\\"}

_SPACE = re.compile(r"\s+")


def write_conllu(
    documents: Iterable[Document], path: Path, losses: Losses, *,
    tagging: Tagging | None = None, tokenizer: Tokenizer = syllables,
) -> None:  # fmt: skip
    """Write documents as CoNLL-U, in BIO or as `tagging` says, so that the exact text comes back.

    Raises `FormatError` when the file cannot be written or the tagging has several levels, and
    `TaggingError` for a cut token when it refuses those.
    """
    with writing(path) as file:
        for document, sentences in tagged_documents(documents, tagging, tokenizer, losses):
            file.writelines(_lines(document, sentences))


def _lines(document: Document, sentences: list[Tagged]) -> Iterator[str]:
    text = document.text
    name = " ".join(document.id.split())
    yield f"# newdoc id = {name}\n" if name else "# newdoc\n"
    starts = [token.start for sentence in sentences for token in sentence.tokens]
    following = iter([*starts[1:], len(text)])
    before = text[: starts[0]]
    for number, sentence in enumerate(sentences, start=1):
        rows: list[str] = []
        shown = ""
        for place, (token, ner) in enumerate(
            zip(sentence.tokens, sentence.levels[0], strict=True), start=1
        ):
            word, after = text[token.start : token.end], text[token.end : next(following)]
            form = _SPACE.sub(" ", word)
            is_last = token.end + len(after) == len(text)
            misc = "|".join([*_spacing(before, word, after, is_last=is_last), f"NER={ner}"])
            rows.append("\t".join([str(place), form, *["_"] * 7, misc]) + "\n")
            shown += form + (" " if after else "")
            before = ""
        yield f"# sent_id = {'_'.join(name.split())}-{number}\n"
        yield f"# text = {shown.strip()}\n"
        yield from rows
        yield "\n"


def _spacing(before: str, word: str, after: str, *, is_last: bool) -> Iterator[str]:
    """Yield the attributes for a token's spaces; the tag follows, so none ends the line."""
    if before:
        yield f"SpacesBefore={_escape(before)}"
    # A form with a blank is allowed, and is itself; other white space is not.
    if _SPACE.sub(" ", word) != word:
        yield f"SpacesInToken={_escape(word)}"
    # At the end of a document there is nothing, unless it is said.
    if not after and not is_last:
        yield "SpaceAfter=No"
    elif after and (after != " " or is_last):
        yield f"SpacesAfter={_escape(after)}"


def _escape(spaces: str) -> str:
    return "".join(ESCAPES.get(char, char) for char in spaces)
