"""Many texts at once are cut as each is by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.tokens import Token, syllables
from annotate.tokens.arrays import Cut, cut
from annotate.tokens.tokenizers import Tokenizer
from tests.strategies import canonical_texts, raw_texts

Sentences = list[list[Token]]

# What decides where a sentence ends, mixed with what joins characters.
_STOPS = st.text("aB.!?…\"'”)» \n\u00a0ĐéǅA中ก²½_ªß٣\u2003\u200d\u0301😀🇻", max_size=16)
_SHORT = st.lists(st.sampled_from(("TP.", "T.", "ABCD.", "an.", " ", "\n", "A", "b", "1.", "…")))


def told(found: Cut) -> list[Sentences]:
    """Read the arrays back, text by text."""
    texts: list[Sentences] = [[] for _ in found.bases[1:]]
    for first, last in zip(found.sentences, found.sentences[1:], strict=False):
        text = int(np.searchsorted(found.bases, found.starts[first], side="right")) - 1
        base = found.bases[text]
        extents = zip(found.starts[first:last] - base, found.ends[first:last] - base, strict=True)
        texts[text].append([Token(int(start), int(end)) for start, end in extents])
    return texts


def words(text: str) -> Sentences:
    """Cut a text at spaces, each word a sentence."""
    found, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        found.append([Token(start, at)])
    return found


@given(st.lists(st.one_of(canonical_texts, raw_texts, _STOPS, _SHORT.map("".join)), min_size=1))
def test_texts_at_once_are_cut_as_each_alone(texts: list[str]) -> None:
    assert told(cut(texts, syllables)) == [syllables(text) for text in texts]


@given(st.lists(canonical_texts, min_size=1, max_size=4))
def test_any_other_tokenizer_is_asked_text_by_text(texts: list[str]) -> None:
    assert told(cut(texts, words)) == [words(text) for text in texts]


@pytest.mark.parametrize("tokenize", [syllables, words])
def test_a_text_without_a_token_has_none_among_others(tokenize: Tokenizer) -> None:
    assert told(cut(["", "Lê An."], tokenize))[0] == []
    assert told(cut(["", " "], tokenize)) == [[], []]
