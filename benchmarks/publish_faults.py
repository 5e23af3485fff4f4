"""What is published, and what lies about, when something goes wrong on the way.

    python -m benchmarks.publish_faults [--runs 20] [--only "kill -9"]

A Hub on loopback, moto's S3 and folders. Each fault of the tests befalls the publishing of a new
version over an old one, once a seed, in a process of its own; then it is published again. Told is
how the faulty run ended, whether what people get then is one whole version, and which, whether
the second run succeeded, and what files it left that belong to no version. A run that ends
otherwise than the fault should, and a failure without one clear line, count as unexpected.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import datasets
import pytest

from tests.dataset.publish.faulting import FAULTS, Outcome, Trouble, befall
from tests.dataset.publish.stages import STAGES

_ENDS = {
    "failed": "failed with a clear line",
    "recovered": "recovered by itself",
    "killed": "killed",
    "stopped": "stopped",
}
_HEAD = (
    "target", "fault", "runs", "outcome", "unexpected", "what people get", "not whole",
    "files left over", "second run failed", "s a run",
)  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="of each fault")
    parser.add_argument("--only", default="", help="faults whose targets and names match this")
    arguments = parser.parse_args()
    datasets.disable_progress_bars()
    print(f"| {' | '.join(_HEAD)} |")
    print("| --- | --- | ---: | --- | ---: | --- | ---: | ---: | ---: | ---: |", flush=True)
    for target, name, trouble in _listed(arguments.only):
        print(tell(target, name, trouble, arguments.runs), flush=True)


def _listed(only: str) -> Iterator[tuple[str, str, Trouble]]:
    for target, listed in FAULTS.items():
        for name, trouble in listed.items():
            if re.search(only, f"{target}: {name}"):
                yield target, name, trouble


def tell(target: str, name: str, trouble: Trouble, runs: int) -> str:
    """Return a fault's row of the table."""
    start = time.monotonic()
    try:
        outcomes = [run(target, trouble, seed) for seed in range(runs)]
    except pytest.skip.Exception as skipped:
        return f"| {target} | {name} | 0 | {skipped} | | | | | | |"
    took = (time.monotonic() - start) / runs
    known = [one for one in outcomes if one is not None]
    row = (
        target, name, runs, _ENDS[trouble.end],
        runs - sum(is_expected(one, trouble) for one in known),
        f"the {trouble.there} version",
        runs - sum(one.there == trouble.there for one in known),
        sum(len(one.strays) for one in known),
        runs - sum(one.again for one in known),
        f"{took:.1f}",
    )  # fmt: skip
    return f"| {' | '.join(map(str, row))} |"


def run(target: str, trouble: Trouble, seed: int) -> Outcome | None:
    """Let a fault befall one publishing; return what came of it, None when that is not known."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            dice = random.Random(seed)  # noqa: S311 - the same run for the same seed
            with STAGES[target](Path(folder), dice) as stage:
                return befall(stage, trouble)
        except Exception:  # noqa: BLE001 - the table counts it
            traceback.print_exc()
            return None


def is_expected(outcome: Outcome, trouble: Trouble) -> bool:
    """Whether a run ended as it should, with one line that says what is the matter."""
    lines = 1 if trouble.end == "failed" else 0
    told = outcome.line.splitlines()
    same = outcome.end == trouble.end and len(told) == lines
    return same and re.search(trouble.says, outcome.line) is not None


if __name__ == "__main__":
    main()
