"""Vietnamese words of one or several syllables, as underthesea finds them.

Its model comes with the package; nothing is fetched. The words that it returns are spelled its
way and one blank apart, whatever the text has, so they tell how many syllables each has but not
where. The syllables without its spelling do, as they add up to the text; that both tell of the
same syllables is checked for every sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from annotate.errors import DatasetError
from annotate.tokens.extras import load_extra, version_of
from annotate.tokens.words import Token

PACKAGES = ("underthesea", "underthesea_core")

# A closing mark belongs to the sentence before it. A stop within a run of characters, as in an
# address of the web, ends nothing, whatever underthesea says.
_CLOSED = re.compile(r"""["'”’»)\]]*(?!\S)""")
# Time grows with the square of a run's length, and such a run has no stops but its last.
_RUN = re.compile(r"\S{100,}(?=\S)")
# Memory grows by some kilobytes a syllable of a sentence, so a sentence has an end.
_PIECE = re.compile(r"\S(?:.{0,1998}\S)?(?!\S)|\S{1,2000}")


class Underthesea:
    """Cuts a canonical text into the sentences and words of underthesea.

    Each line is read by itself. Sentences of more than 2,000 characters are cut between words.
    """

    def __init__(self) -> None:
        pipeline = "underthesea.pipeline"
        self._sentences = _load(f"{pipeline}.sent_tokenize").sent_tokenize
        self._words = _load(f"{pipeline}.word_tokenize").word_tokenize
        self._syllables = _load(f"{pipeline}.word_tokenize.regex_tokenize").tokenize
        self._spell = _load(f"{pipeline}.text_normalize.token_normalize").token_normalize
        characters = _load(f"{pipeline}.text_normalize.character_normalize")
        self._plain = characters.normalize_characters_in_text

    def __call__(self, text: str, /) -> list[list[Token]]:
        """Return the sentences of the text as the words in them.

        Raises `DatasetError` when words cannot be found in the text: it is not in NFC.
        """
        found: list[list[Token]] = []
        start = 0
        for line in text.split("\n"):
            for first, last in self._cut(line):
                sentence: list[Token] = []
                for piece in _PIECE.finditer(line, first, last):
                    sentence += self._tokens(piece.group(), start + piece.start())
                found.append(sentence)
            start += len(line) + 1
        return found

    def _cut(self, line: str) -> Iterator[tuple[int, int]]:
        """Yield the extents of a line's sentences."""
        text = _RUN.sub(lambda run: "x" * len(run.group()), line)
        cuts = [0]
        at = 0
        for sentence in self._sentences(text):
            at = _after_space(text, at)
            if not text.startswith(sentence, at):
                raise _unproved(sentence)
            at += len(sentence)
            if closed := _CLOSED.match(line, at):
                cuts.append(closed.end())
        for first, last in pairwise([*cuts, len(line)]):
            if line[first:last].strip():
                yield first, last

    def _tokens(self, piece: str, start: int) -> Iterator[Token]:
        """Yield the words of a piece, which stands at `start` in the text."""
        syllables = self._in_places(piece)
        at = 0
        for word in self._words(piece):
            spelled = word.split(" ")
            own = syllables[at : at + len(spelled)]
            if spelled != [self._spell(syllable) for syllable, _ in own]:
                raise _unproved(word)
            at += len(own)
            yield Token(start + own[0][1].start, start + own[-1][1].end)
        if at < len(syllables):
            raise _unproved(piece)

    def _in_places(self, piece: str) -> list[tuple[str, Token]]:
        """Return the syllables and marks of a piece, and where each stands in it."""
        plain = self._plain(piece)
        # It writes some letters for look-alikes: one for one, or else places would move.
        if plain != piece and [*plain] != [self._plain(char) for char in piece]:
            raise _unproved(piece)
        found: list[tuple[str, Token]] = []
        at = 0
        for syllable in self._syllables(piece, use_token_normalize=False):
            at = _after_space(plain, at)
            if not plain.startswith(syllable, at):
                raise _unproved(piece)
            found.append((syllable, Token(at, at + len(syllable))))
            at += len(syllable)
        if plain[at:].strip():
            raise _unproved(piece)
        return found


def _load(module: str) -> Any:
    return load_extra(module, "underthesea")


def _after_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _unproved(words: str) -> DatasetError:
    used = version_of("underthesea", "underthesea")
    return DatasetError(
        f"the words of underthesea {used} cannot be found in the text near {words[:40]!r}",
        "Make the text canonical with `annotate corpus add`, or use the tokenizer syllable.",
    )
