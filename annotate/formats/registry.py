"""Every format of other tools by its name: what it is, who reads it, and who writes it.

Light to import: a reader or writer is imported when it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A format: its name, what it is in one line, and what its offsets count.

    `reader` and `writer` are functions as `module:name`, empty where there is none, and
    `reading` and `writing` the names of the options that they take. What is written is a
    folder where there is no `suffix`. `needs` is the package that is in the extra `formats`.
    """

    name: str
    title: str
    offsets: str
    reader: str = ""
    writer: str = ""
    suffix: str = ""
    needs: str = ""
    reading: tuple[str, ...] = ()
    writing: tuple[str, ...] = ()

    def read(self, path: Path, losses: Losses, **options: Any) -> Iterator[Document]:
        """Read the documents of a file or folder; counts what they cannot hold."""
        found: Iterator[Document] = self._load(self.reader)(path, losses, **options)
        return found

    def write(
        self, documents: Iterable[Document], path: Path, losses: Losses, **options: Any
    ) -> None:
        """Write documents to a file or folder, whole or not at all; counts what it cannot hold.

        No format gets the names of annotators: what is written may be published.
        """
        self._load(self.writer)(documents, path, losses, **options)

    def _load(self, function: str) -> Any:
        if self.needs and find_spec(self.needs) is None:
            raise FormatError(
                f"{self.name} needs {self.needs}, which is not installed",
                "Run `pip install 'annotate-corpus[formats]'`.",
            )
        module, _, name = function.partition(":")
        return getattr(import_module(module), name)


FORMATS = {
    one.name: one
    for one in (
        Format(
            name="brat", title="brat's standoff, texts with an .ann beside each",
            offsets="code points", reader="annotate.formats.brat:read_brat",
            writer="annotate.formats.brat:write_brat", writing=("labels",),
        ),
        Format(
            name="conll", title="CoNLL-2003, a token and its tag a line", offsets="tokens",
            reader="annotate.formats.conll:read_conll", suffix=".conll",
            writer="annotate.formats.conll:write_conll", writing=("tagging", "tokenizer"),
        ),
        Format(
            name="conllu", title="CoNLL-U with NER= in its last column", offsets="tokens",
            reader="annotate.formats.conllu:read_conllu", suffix=".conllu",
            writer="annotate.formats.conllu:write_conllu", writing=("tagging", "tokenizer"),
        ),
        Format(
            name="docbin", title="spaCy's DocBin, for its ner and its spancat",
            offsets="tokens", reader="annotate.formats.docbin:read_docbin", suffix=".spacy",
            writer="annotate.formats.docbin:write_docbin", writing=("language",), needs="spacy",
        ),
        Format(
            name="doccano", title="doccano's JSONL for sequence labelling",
            offsets="UTF-16 units, code points or grapheme clusters",
            reader="annotate.formats.doccano:read_doccano", reading=("units",), suffix=".jsonl",
            writer="annotate.formats.doccano:write_doccano", writing=("units",),
        ),
        Format(
            name="gliner", title="GLiNER's training data in JSON", offsets="tokens",
            writer="annotate.formats.gliner:write_gliner", suffix=".json",
            writing=("max_tokens",),
        ),
        Format(
            name="huggingface", title="a Hugging Face dataset for token classification",
            offsets="tokens", reader="annotate.formats.huggingface:read_huggingface",
        ),
        Format(
            name="xmi", title="UIMA CAS XMI of INCEpTION", offsets="UTF-16 units",
            reader="annotate.formats.xmi:read_xmi", needs="cassis",
        ),
    )
}  # fmt: skip
