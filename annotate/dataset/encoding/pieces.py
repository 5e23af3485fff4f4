"""What a fast tokeniser makes of a text, and where each sub-token stands, as far as it is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annotate.dataset.encoding.aligning import trimmed
from annotate.errors import DatasetError
from annotate.tokens import Token

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Pieces(NamedTuple):
    """A text's ids, those put before and after it, and the places of its own."""

    before: list[int]
    ids: list[int]
    after: list[int]
    places: list[Token]


def split(tokenizer: Tokenizer, text: str) -> Pieces:
    """Return the ids of a text, with their places in code points, without white space.

    Raises `DatasetError` when it cannot be encoded, and when places are wrong because the
    tokeniser passes over characters that it has no token for.
    """
    try:
        encoding = tokenizer.encode(text)
    # What it raises for a character that it does not know has no narrower class.
    except Exception as error:
        raise DatasetError(
            f"the tokenizer cannot encode it: {error}", "Give it a token for what is unknown."
        ) from error
    mask = encoding.special_tokens_mask
    count = len(mask)
    first = next((at for at in range(count) if not mask[at]), count)
    last = next((at for at in range(count, first, -1) if not mask[at - 1]), first)
    places = [trimmed(text, *extent) for extent in encoding.offsets[first:last]]
    if not all(_is_dropped(tokenizer, char) for char in _uncovered(text, places)):
        raise DatasetError(
            "the tokenizer passes over what it has no token for, so its offsets are wrong",
            "Give it a token for what is unknown, or train it on bytes.",
        )
    ids = encoding.ids
    return Pieces(ids[:first], ids[first:last], ids[last:], places)


def specials(tokenizer: Tokenizer) -> int:
    """Return how many ids the tokeniser puts around a text."""
    return int(tokenizer.num_special_tokens_to_add(is_pair=False))


def _uncovered(text: str, places: list[Token]) -> set[str]:
    """Return the characters, but white space, that no sub-token stands for."""
    found: set[str] = set()
    at = 0
    for start, end in places:
        found.update(text[at:start])
        at = max(at, end)
    found.update(text[at:])
    return {char for char in found if not char.isspace()}


def _is_dropped(tokenizer: Tokenizer, char: str) -> bool:
    """Whether the tokeniser means to leave out a character, such as an accent."""
    kept = tokenizer.normalizer.normalize_str(char) if tokenizer.normalizer else char
    if tokenizer.pre_tokenizer:
        kept = "".join(word for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(kept))
    return not kept.strip()
