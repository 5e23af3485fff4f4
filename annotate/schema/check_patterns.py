"""Checks of the patterns in a schema file."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from annotate.errors import MarkupError
from annotate.markup import read_inline
from annotate.schema.model import Regex
from annotate.schema.parts import Fault, Part
from annotate.schema.patterns import WRONG, compile_pattern, find_slow

_SHOWN = 30


def check_patterns(root: Part) -> Iterator[Fault]:
    """Yield the patterns that do not compile, match nothing at all, or take too long."""
    for entity in root.part("entities").mappings():
        for part in entity.part("patterns").items():
            try:
                pattern: str | Regex = msgspec.convert(part.value, str | Regex)
            except msgspec.ValidationError:
                continue  # named among the faults of type
            yield from _check_pattern(part, pattern, entity, root)


def _check_pattern(part: Part, pattern: str | Regex, entity: Part, root: Part) -> Iterator[Fault]:
    try:
        compiled = compile_pattern(pattern)
    except WRONG as error:
        yield part.fault(f"does not compile: {error}")
        return
    if compiled.fullmatch(""):
        yield part.fault("matches the empty text")
    # A phrase is tried at each place once.
    elif isinstance(pattern, Regex) and (slow := find_slow(pattern, _examples(entity, root))):
        shown = slow if len(slow) <= _SHOWN else f"{slow[:_SHOWN]}…"
        yield part.fault(
            f"takes exponential time on {shown!r}; make its repetitions exclusive: no two ways"
            " to match the same text"
        )


def _examples(entity: Part, root: Part) -> Iterator[str]:
    """Yield the examples of the schema as plain text, those of the entity first."""
    entities = root.part("entities").mappings()
    for other in [entity, *(e for e in entities if e.path != entity.path)]:
        for part in other.part("examples").texts():
            try:
                yield read_inline(part.value).text
            except MarkupError:
                yield part.value
