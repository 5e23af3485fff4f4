"""What push and pull lose, double and displace when something goes wrong.

    python -m benchmarks.faults [--runs 50] [--only "kill -9"]

A real Label Studio of its own. Each fault of the tests befalls a new workspace, once a seed: two
people annotate in it, articles get new texts, and the command that failed is run again. Then the
server, the ledger and a dataset built from it are compared with what the people did, mark by
mark. A run fails when a command does not come to its end, or the ledger does not verify.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.studio.agreeing import Count
from tests.studio.faulting import FAULTS, Deed, OwnServer, open_room

_LISTED_IN = ("tests.studio.test_sync_faults", "tests.studio.test_sync_kills")


class Row(NamedTuple):
    """What all the runs of a fault did; `took` are the seconds of one."""

    runs: int
    failed: int
    found: Count
    took: float


def measure(deed: Deed, own: OwnServer, runs: int) -> Row:
    """Let a fault befall so many workspaces."""
    start = time.monotonic()
    counts = [befall(deed, own, seed) for seed in range(runs)]
    done = [count for count in counts if count is not None]
    took = (time.monotonic() - start) / runs
    return Row(runs, runs - len(done), sum(done, Count()), took)


def befall(deed: Deed, own: OwnServer, seed: int) -> Count | None:
    """Let a fault befall one workspace; return what it did there, None when the run failed."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with open_room(Path(folder), own.server, seed, own) as room:
                deed(room)
                return room.agree()
        except Exception:  # noqa: BLE001, the table counts it
            traceback.print_exc()
            return None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="of each fault")
    parser.add_argument("--only", default="", help="faults whose names match this")
    arguments = parser.parse_args()
    for module in _LISTED_IN:
        import_module(module)
    print("| fault | runs | failed | lost | doubled | displaced | s a run |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        own = OwnServer(Path(folder))
        try:
            for name, deed in FAULTS.items():
                if re.search(arguments.only, name):
                    print(tell(name, deed, own, arguments.runs), flush=True)
        finally:
            own.stop()


def tell(name: str, deed: Deed, own: OwnServer, runs: int) -> str:
    """Return a fault's row of the table."""
    try:
        row = measure(deed, own, runs)
    except pytest.skip.Exception as skipped:
        return f"| {name} | {skipped} | | | | | |"
    lost, doubled, displaced = row.found.lost, row.found.doubled, row.found.displaced
    counts = (name, row.runs, row.failed, lost, doubled, displaced, f"{row.took:.1f}")
    return f"| {' | '.join(map(str, counts))} |"


if __name__ == "__main__":
    main()
