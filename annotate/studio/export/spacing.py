"""Two texts that differ in white space only: where a span of the one is in the other."""

from __future__ import annotations

from bisect import bisect_left


class Respaced:
    """A text beside one with other white space; raises `ValueError` when they differ in more.

    So is a text that was rebuilt from its tokens, which say nothing of what lay between.
    """

    def __init__(self, old: str, new: str) -> None:
        if old.split() != new.split() and "".join(old.split()) != "".join(new.split()):
            raise ValueError("the texts differ in more than white space")
        self._old = [at for at, char in enumerate(old) if not char.isspace()]
        self._new = [at for at, char in enumerate(new) if not char.isspace()]

    def find(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a span of the old text is in the new one, without white space at its ends.

        None when it holds white space alone.
        """
        first, last = bisect_left(self._old, start), bisect_left(self._old, end) - 1
        return (self._new[first], self._new[last] + 1) if first <= last else None
