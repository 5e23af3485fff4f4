"""How long work reports how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

# Called with how many more units of work are done.
Advance = Callable[[int], None]
# Called with what is being done and, when known, how many units it has.
Progress = Callable[[str, int | None], AbstractContextManager[Advance]]


@contextmanager
def silent(_label: str, _total: int | None = None) -> Iterator[Advance]:
    """Report to nobody."""
    yield lambda _count: None
