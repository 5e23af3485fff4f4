"""Checks of the patterns in a schema file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import msgspec

from annotate.errors import MarkupError
from annotate.markup import read_inline
from annotate.schema.checking.parts import Fault, Part
from annotate.schema.model import Regex
from annotate.schema.patterns import WRONG, compile_pattern, find_slow

_SHOWN = 30


def check_patterns(root: Part) -> Iterator[Fault]:
    """Yield the patterns that do not compile, match nothing at all, or take too long."""
    entities = root.part("entities").mappings()
    examples = [list(_examples(entity)) for entity in entities]
    for number, entity in enumerate(entities):
        # Its own first: only so many are tried.
        texts = [*examples[number], *chain(*examples[:number], *examples[number + 1 :])]
        for part in entity.part("patterns").items():
            try:
                pattern: str | Regex = msgspec.convert(part.value, str | Regex)
            except msgspec.ValidationError:
                continue  # named among the faults of type
            yield from _check_pattern(part, pattern, texts)


def _examples(entity: Part) -> Iterator[str]:
    for part in entity.part("examples").texts():
        try:
            yield read_inline(part.value).text
        except MarkupError:
            yield part.value


def _check_pattern(part: Part, pattern: str | Regex, examples: list[str]) -> Iterator[Fault]:
    try:
        compiled = compile_pattern(pattern)
    except WRONG as error:
        yield part.fault(f"does not compile: {error}")
        return
    if compiled.fullmatch(""):
        yield part.fault("matches the empty text")
    # A phrase is tried at each place once.
    elif isinstance(pattern, Regex) and (slow := find_slow(pattern, examples)):
        shown = slow if len(slow) <= _SHOWN else f"{slow[:_SHOWN]}…"
        yield part.fault(
            f"takes exponential time on {shown!r}; make its repetitions exclusive: no two ways"
            " to match the same text"
        )
