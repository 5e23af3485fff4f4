"""A schema file as it was read: its values, each with where it stands.

The checks work on these rather than on the model, so that a fault of type in one place hides
none in another. What is not of the type that a check asks for is simply not there.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
Fault = tuple[Path, str]

# XML, and so the labelling page, cannot hold these.
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# A key that reads well behind a dot.
_PLAIN = re.compile(r"[^\W\d][\w-]*|<<")


class Part(NamedTuple):
    """A value in the file, and the keys and numbers that lead to it."""

    path: Path
    value: Any

    def part(self, key: str) -> Part:
        """Return what stands under the key, a part with None where nothing does."""
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Part((*self.path, key), value)

    def items(self) -> list[Part]:
        """Return the items of this list."""
        listed = self.value if isinstance(self.value, list) else []
        return [Part((*self.path, number), item) for number, item in enumerate(listed)]

    def mappings(self) -> list[Part]:
        """Return those items of this list that have keys and values."""
        return [part for part in self.items() if isinstance(part.value, dict)]

    def texts(self) -> list[Part]:
        """Return those items of this list that are texts."""
        return [part for part in self.items() if isinstance(part.value, str)]

    def distinct(self) -> list[tuple[str, Part]]:
        """Return the texts of this list, each with where it first stands."""
        first: dict[str, Part] = {}
        for part in self.texts():
            first.setdefault(part.value, part)
        return list(first.items())

    def pairs(self) -> list[tuple[str, Part]]:
        """Return the keys of this mapping that are texts, each with what stands under it."""
        keys = self.value if isinstance(self.value, dict) else {}
        return [(key, self.part(key)) for key in keys if isinstance(key, str)]

    def text(self, key: str) -> str:
        """Return the text under the key, "" for anything else."""
        value = self.part(key).value
        return value if isinstance(value, str) else ""

    def names(self) -> list[str]:
        """Return the names of the mappings in this list."""
        return [name for part in self.mappings() if (name := part.text("name"))]

    def fault(self, reason: str) -> Fault:
        """Return a fault of this part."""
        return self.path, reason


def shown(path: Path) -> str:
    """Return a path as people read it, `entities[3].hotkey`."""
    steps = [_step(step) for step in path]
    return "".join(steps).removeprefix(".") or "the file"


def _step(step: str | int) -> str:
    if isinstance(step, str) and _PLAIN.fullmatch(step):
        return f".{step}"
    # Names may hold anything, line feeds too; a message is one line.
    return f"[{step!r}]"
