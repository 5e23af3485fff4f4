"""Starts Label Studio: `python -m annotate.studio.launcher`, with its own arguments."""

from __future__ import annotations

import gc

# New objects that Python waits for before it looks for unreachable ones; it starts with 700.
_ENOUGH = 5_000


def relax_collector() -> None:
    """Have Python look for unreachable objects less often.

    Label Studio keeps a million objects, and a task that it tells makes hundreds of new ones.
    With Python's own setting a listing of tasks spends a third of its time on looking.
    """
    gc.set_threshold(_ENOUGH, 10, 10)


def main() -> None:
    """Run Label Studio's own command."""
    relax_collector()
    from label_studio.server import main as run  # noqa: PLC0415, the collector comes first

    run()


if __name__ == "__main__":
    main()
