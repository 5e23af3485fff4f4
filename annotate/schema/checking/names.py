"""Names and titles in a schema file: what they may be, and whether they clash."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from annotate.schema.checking.parts import CONTROL, Fault, Part, shown
from annotate.text import canonicalise

LONGEST = 200

# The page's own expression for a field of the task, in ASCII there; letters of any script here.
_FIELD = re.compile(r"\$[\w\[\].{}]")


def fold(name: str) -> str:
    """Return what of a name counts when it is compared: its NFKC form without case."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", folded)


def check_names(parts: list[Part], *, on_page: bool = True) -> Iterator[Fault]:
    """Yield the faults of the names and titles of a list, and those that two of it share.

    Titles that are `on_page` may not look like a field of the task.
    """
    for key in ("name", "title"):
        for part in parts:
            yield from check_name(part.part(key), on_page=on_page and key == "title")
        yield from check_unique(parts, key)


def check_unique(parts: list[Part], key: str) -> Iterator[Fault]:
    """Yield the texts under the key that two parts of a list share."""
    first: dict[str, Part] = {}
    for part in parts:
        if value := part.text(key):
            owner = first.setdefault(fold(value), part)
            if owner is not part:
                yield part.part(key).fault(f"{value!r} is already that of {of(owner, key, value)}")


def check_twice(part: Part) -> Iterator[Fault]:
    """Yield the texts that a list has twice."""
    first = dict(part.distinct())
    for item in part.texts():
        if item.path != first[item.value].path:
            yield item.fault(f"{item.value!r} is given twice")


def of(owner: Part, key: str, value: str) -> str:
    """Return where an equal name stands, and how it is written if not in the same way."""
    other = owner.text(key)
    same = "" if other == value else f", {other!r} (compared without case, in Unicode's NFKC)"
    return f"{shown(owner.path)}{same}"


def check_name(part: Part, *, on_page: bool = False) -> Iterator[Fault]:
    """Yield what is wrong with a name or a title; `on_page` for what the editor shows."""
    value = part.value
    if not isinstance(value, str) or CONTROL.search(value):
        return  # named among the faults of type
    if not value or value != value.strip():
        yield part.fault(f"{value!r} is empty, or has a stray space")
    elif _hides(value):
        yield part.fault(f"{value!r} has a control or an invisible character")
    elif len(value) > LONGEST:
        yield part.fault(f"it has {len(value)} characters; at most {LONGEST} fit")
    if on_page and (field := _FIELD.search(value)):
        yield part.fault(
            f"Label Studio reads {field[0]!r} as a field of the task, and would show that instead"
        )


def _hides(value: str) -> bool:
    composed = unicodedata.normalize("NFC", value)
    return "\n" in composed or canonicalise(composed).text != composed


def unknown(name: str, known: Iterable[str], noun: str = "entity") -> str:
    """Return that nothing has this name, and what has one like it."""
    folded = {fold(other): other for other in known}
    near = get_close_matches(fold(name), folded, n=1)
    return f"no {noun} is named {name!r}" + (f"; is it {folded[near[0]]!r}?" if near else "")
