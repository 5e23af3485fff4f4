"""Words, sentences and tags: the view of a text that token classification needs."""

from annotate.settings import Tagging
from annotate.tokens.tagging import Loss, Tagged, tag
from annotate.tokens.words import Token, count_tokens, sentences, syllables, tokenize

__all__ = [
    "Loss",
    "Tagged",
    "Tagging",
    "Token",
    "count_tokens",
    "sentences",
    "syllables",
    "tag",
    "tokenize",
]
