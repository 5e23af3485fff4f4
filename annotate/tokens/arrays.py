"""The sentences and tokens of many texts at once, as arrays: what `syllables` says, faster.

Texts are taken joined by line feeds, which end sentences, so that each step runs over all of
them. Only a text with characters that join others, which are few, is left to `syllables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import regex

from annotate.tokens.tokenizers import Tokenizer
from annotate.tokens.words import Token, is_end, syllables

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_Kinds = npt.NDArray[np.uint16]

# What a character is. A word as `regex` knows it has other characters than a token.
_KNOWN, _TOKEN, _WORD, _SPACE, _LINE, _STOP, _CLOSE, _LOWER, _SMALL, _JOINS = (
    1 << bit for bit in range(10)
)
_CLASSES = {
    _TOKEN: regex.compile(r"[\p{L}\p{N}_]"),
    _WORD: regex.compile(r"\w"),
    _SPACE: regex.compile(r"\s"),
    _LINE: regex.compile("\n"),
    _STOP: regex.compile("[.!?…]"),
    _CLOSE: regex.compile("[\"'”’»)\\]]"),
    # And controls that Python alone takes for white space.
    _JOINS: regex.compile(r"[\p{M}\p{Cf}🏻-🏿🇦-🇿\x1c-\x1f]"),
}

# The kinds of all characters, each found out when it is first seen.
_kinds = np.zeros(0x110000, np.uint16)


class Cut(NamedTuple):
    """Texts cut into tokens and sentences.

    `text` is the texts, each with a line feed behind it. `starts` and `ends` are the tokens'
    extents in it, `sentences` the number of each sentence's first token, `bases` where each
    text begins; these two have one more entry for the end of the last one. All in code points.
    """

    text: str
    starts: Ints
    ends: Ints
    sentences: Ints
    bases: Ints


def cut(texts: Sequence[str], tokenize: Tokenizer) -> Cut:
    """Return the sentences and tokens of texts, by any tokeniser."""
    bases = np.cumsum([0, *(len(text) + 1 for text in texts)], dtype=np.int64)
    text = "".join(f"{one}\n" for one in texts)
    kinds = _kinds_of(text) if tokenize is syllables else None
    parts = []
    count = 0
    for base, end, alone in _parts(bases, kinds):
        if alone or kinds is None:
            starts, ends, sentences = _listed(tokenize(text[base : end - 1]))
        else:
            starts, ends, sentences = _cut(text[base:end], kinds[base:end])
        parts.append((starts + base, ends + base, sentences + count))
        count += len(starts)
    starts, ends, sentences = map(np.concatenate, zip(*parts, strict=True))
    return Cut(text, starts, ends, np.append(sentences, count), bases)


def _parts(bases: Ints, kinds: _Kinds | None) -> Iterator[tuple[int, int, bool]]:
    """Yield parts of the joined texts, and whether each is a single text to be cut alone."""
    alone: Ints = np.arange(len(bases) - 1)
    if kinds is not None:
        joins = np.flatnonzero(kinds & _JOINS)
        alone = np.unique(np.searchsorted(bases, joins, side="right") - 1)
    done = 0
    for base, end in zip(bases[alone].tolist(), bases[alone + 1].tolist(), strict=True):
        if done < base:
            yield done, base, False
        yield base, end, True
        done = end
    if done < bases[-1]:
        yield done, int(bases[-1]), False


def _listed(sentences: Sequence[Sequence[Token]]) -> tuple[Ints, Ints, Ints]:
    tokens = np.array([token for one in sentences for token in one], np.int64).reshape(-1, 2)
    counts = np.cumsum([0, *map(len, sentences)], dtype=np.int64)
    return tokens[:, 0], tokens[:, 1], counts[:-1]


def _cut(text: str, kinds: _Kinds) -> tuple[Ints, Ints, Ints]:
    shown = (kinds & _SPACE) == 0
    word = (kinds & _TOKEN) != 0
    within = np.zeros(len(kinds) + 1, bool)
    np.logical_and(word[1:], word[:-1], out=within[1:-1])
    starts = np.flatnonzero(shown & ~within[:-1])
    ends = np.flatnonzero(shown & ~within[1:]) + 1
    breaks = np.concatenate([[0], np.flatnonzero(kinds & _LINE) + 1, _stops(text, kinds)])
    sentences = np.unique(np.searchsorted(starts, breaks))
    return starts, ends, sentences[sentences < len(starts)]


def _stops(text: str, kinds: _Kinds) -> Ints:
    """Return where the white space is behind each stop that ends a sentence within a line."""
    marked = (kinds[:-1] & (_STOP | _CLOSE)) != 0
    gaps = np.flatnonzero(marked & ((kinds[1:] & (_SPACE | _LINE)) == _SPACE)) + 1
    following = kinds[gaps + 1]
    before = [kinds[np.maximum(gaps - back, 0)] for back in range(1, 6)]
    # A word of one to three letters, none of them small, may be an abbreviation.
    whole = (before[1] & before[2] & before[3] & before[4] & _WORD) != 0
    plain = whole | ((before[1] & _WORD) == 0) | ((before[1] & _LOWER) != 0)
    single = ((before[0] & _STOP) != 0) & ((before[1] & _STOP) == 0)
    sure = single & plain & ((following & _SPACE) == 0) & (gaps >= len(before))
    ends = gaps[sure & ((following & _SMALL) == 0)]
    others = [gap for gap in gaps[~sure].tolist() if is_end(text, _stop_before(kinds, gap))]
    return np.concatenate([ends, np.array(others, np.int64)])


def _stop_before(kinds: _Kinds, gap: int) -> int:
    """Return where the stop begins that may be before white space, with the marks behind it."""
    while gap and kinds[gap - 1] & _CLOSE:
        gap -= 1
    while gap and kinds[gap - 1] & _STOP:
        gap -= 1
    return gap


def _kinds_of(text: str) -> _Kinds:
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    kinds = _kinds[points]
    if not kinds.all():
        for point in np.unique(points[kinds == 0]):
            _kinds[point] = _kind(chr(point))
        kinds = _kinds[points]
    return kinds


def _kind(char: str) -> int:
    kind = _KNOWN | sum(bit for bit, pattern in _CLASSES.items() if pattern.match(char))
    if char.islower():
        kind |= _LOWER
    # What may go on a sentence.
    return kind | _SMALL if char.isalpha() and not char.isupper() else kind
