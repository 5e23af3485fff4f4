"""A schema's patterns: compiled, run within a time, and tried on texts that they may loop on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, pairwise

import regex

from annotate.schema.model import Regex

# What may be raised for a pattern that does not compile.
WRONG = (regex.error, OverflowError, RecursionError)

# In seconds, for one text of the trial; what is not exponential takes a thousandth of it.
_TRIAL = 0.2
_RUN = 40
# How much of a pattern is looked at; one may be a list of a thousand names.
_TRIED = 300
# What most patterns begin with before their first letter.
_LEAD = re.compile(r"(?:\^|\\b|\(\?:|\(\?<!\\w\))*")
_LITERAL = re.compile(r"[^\\()\[\]{}?*+|.^$]*")


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str | Regex) -> regex.Pattern[str]:
    """Return the regular expression of a pattern; raises one of `WRONG` when it is none.

    The library `regex` reads what `re` reads, and can be stopped.
    """
    if isinstance(pattern, Regex):
        return regex.compile(pattern.regex, regex.VERSION0)
    return regex.compile(rf"(?<!\w){regex.escape(pattern)}(?!\w)", regex.VERSION0)


def extents(pattern: str | Regex, text: str, seconds: float) -> list[tuple[int, int]]:
    """Return where the pattern matches, without white space at either end of a match.

    Raises `TimeoutError` when that takes longer than `seconds`.
    """
    found: list[tuple[int, int]] = []
    # Most phrases are in few articles, and to see that one is not takes a fifth of the time so.
    if isinstance(pattern, str) and pattern not in text:
        return found
    for match in compile_pattern(pattern).finditer(text, timeout=seconds):
        phrase = match.group()
        start = match.start() + len(phrase) - len(phrase.lstrip())
        end = match.start() + len(phrase.rstrip())
        if start < end:
            found.append((start, end))
    return found


def find_slow(pattern: Regex, examples: Iterable[str]) -> str | None:
    """Return a short text on which the pattern takes exponential time, if one is found."""
    for text in _trials(pattern.regex, list(islice(examples, 50))):
        # Twice, for the machine may be what is slow.
        if _runs_out(pattern, text) and _runs_out(pattern, text):
            return text
    return None


def _runs_out(pattern: Regex, text: str) -> bool:
    try:
        extents(pattern, text, _TRIAL)
    except TimeoutError:
        return True
    return False


def _trials(source: str, examples: list[str]) -> Iterator[str]:
    """Yield the examples, and texts that repeat what the pattern or they are made of.

    Each ends in something that is not repeated, so that the pattern tries every way to go
    on, and in the letters of the pattern: `regex` looks first whether a text has those that
    it cannot do without.
    """
    source = source[:_TRIED]
    tail = "! " + source.replace("\\", "")
    lead = _LEAD.match(source)
    start = _LITERAL.match(source, lead.end() if lead else 0)
    prefix = start[0] if start else ""
    letters = dict.fromkeys("a1A " + source)
    pairs = dict.fromkeys(one + two for one, two in pairwise(source))
    for example in examples:
        yield example + tail
        yield f"{example} " * 20 + tail
    for letter in letters:
        yield prefix + letter * _RUN + tail
        yield letter * _RUN + tail
    for pair in pairs:
        yield pair * (_RUN // 2) + tail
    for example in examples[:10]:
        for at, letter in enumerate(example[:80]):
            yield example[:at] + letter * _RUN + tail
