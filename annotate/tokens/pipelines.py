"""Tokens and sentences as spaCy makes them."""

from __future__ import annotations

import re
import sys
from importlib.metadata import entry_points
from typing import Any

from annotate.errors import DatasetError
from annotate.tokens.extras import load_extra, version_of
from annotate.tokens.words import Token

# Languages whose tokeniser is a package of its own, which spaCy does not bring along.
_OTHERS = {
    "ja": ("sudachipy", "sudachidict_core"),
    "ko": ("natto-py",),
    "th": ("pythainlp",),
    "vi": ("pyvi",),
}
# What a pipeline may have that decides neither tokens nor sentences, and takes long.
_UNUSED = (
    "attribute_ruler",
    "entity_linker",
    "entity_ruler",
    "lemmatizer",
    "morphologizer",
    "ner",
    "span_ruler",
    "spancat",
    "tagger",
    "textcat",
    "textcat_multilabel",
    "trainable_lemmatizer",
)
_CODE = re.compile("[a-z]{2,3}")


def load(name: str) -> Pipeline:
    """Return spaCy's tokeniser of a language, by its code, or of an installed pipeline.

    Sentences are those of the pipeline; where it makes none, they end at stops.
    """
    spacy = load_extra("spacy", "spacy")
    nlp = spacy.load(name, exclude=_UNUSED) if name in _installed() else _blank(spacy, name)
    if not {"parser", "senter", "sentencizer"} & {*nlp.pipe_names}:
        nlp.add_pipe("sentencizer")
    return Pipeline(nlp)


class Pipeline:
    """Cuts a text into the sentences and tokens of a spaCy pipeline; each line by itself."""

    def __init__(self, nlp: Any) -> None:
        # A pipeline refuses a long text because of what its parser would need; lines are short.
        nlp.max_length = sys.maxsize
        self._nlp = nlp

    def __call__(self, text: str, /) -> list[list[Token]]:
        """Return the sentences of the text as the tokens in them."""
        found: list[list[Token]] = []
        start = 0
        for line in text.split("\n"):
            if line and not line.isspace():
                doc = self._nlp(line)
                # Tokens tile the doc's text, so that this proves where each stands.
                if doc.text != line:
                    raise DatasetError(
                        f"spaCy's tokens do not add up to the text near {line[:40]!r}",
                        "Use the tokenizer syllable.",
                    )
                sentences = (_tokens(sentence, start) for sentence in doc.sents)
                found += [sentence for sentence in sentences if sentence]
            start += len(line) + 1
        return found


def _tokens(sentence: Any, start: int) -> list[Token]:
    """Return a sentence's tokens without white space, which spaCy makes tokens of."""
    tokens: list[Token] = []
    for token in sentence:
        word = token.text.strip()
        if word:
            at = start + token.idx + len(token.text) - len(token.text.lstrip())
            tokens.append(Token(at, at + len(word)))
    return tokens


def _blank(spacy: Any, language: str) -> Any:
    if not _is_language(spacy, language):
        raise DatasetError(
            f"spaCy has no language and no installed pipeline {language!r}",
            f"Use syllable, underthesea, {choices()}.",
        )
    try:
        return spacy.blank(language)
    except ImportError as error:
        packages = " ".join(_OTHERS.get(language, ()))
        raise DatasetError(
            f"spaCy's tokenizer of the language {language!r} is a package of its own",
            f"Run `pip install {packages}`." if packages else str(error).splitlines()[0],
        ) from error


def _is_language(spacy: Any, code: str) -> bool:
    # Of anything but a code it would import what has that name in spaCy.
    if not _CODE.fullmatch(code):
        return False
    try:
        spacy.util.get_lang_class(code)
    except ImportError:
        return False
    return True


def versions(name: str) -> dict[str, str]:
    """Return the packages that decide the tokens, with their versions."""
    packages = (name,) if name in _installed() else _OTHERS.get(name, ())
    used = {"spacy": version_of("spacy", "spacy")}
    return used | {package: version_of(package) for package in packages}


def choices() -> str:
    """Return what can be asked for, in words."""
    pipelines = ", ".join(f"spacy:{name}" for name in _installed())
    asked = "spacy: and the code of a language, as in spacy:en"
    return f"{asked}, or {pipelines}" if pipelines else f"or {asked}"


def _installed() -> list[str]:
    return sorted(point.name for point in entry_points(group="spacy_models"))
