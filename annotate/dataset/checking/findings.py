"""What a check finds: the first problems in full, the others counted."""

from __future__ import annotations

from annotate.dataset.publish.files import Check

# Problems of one check that are told; who mends these finds the others the next time.
TOLD = 10

AGAIN = "Run `annotate build` again."


class Findings:
    """The problems of one check, in memory that does not grow with them."""

    def __init__(self, name: str, remedy: str = AGAIN) -> None:
        self._name = name
        self._remedy = remedy
        self._told: list[str] = []
        self._more = 0

    def add(self, problem: str) -> None:
        """Note something that does not hold."""
        if len(self._told) < TOLD:
            self._told.append(problem)
        else:
            self._more += 1

    def count(self, more: int) -> None:
        """Note how many problems there are beside those that were added."""
        self._more += more

    def check(self, note: str = "") -> Check:
        """Return what was found; it holds when that is nothing."""
        more = [f"and {self._more:,} more"] if self._more else []
        return Check(name=self._name, problems=(*self._told, *more), remedy=self._remedy, note=note)
