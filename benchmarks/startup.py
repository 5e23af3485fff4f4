"""How long `annotate --help` takes beside importing `datasets`, in one run.

python benchmarks/startup.py [RUNS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "annotate --help": [sys.executable, "-m", "annotate", "--help"],
    "import datasets": [sys.executable, "-c", "import datasets"],
}


def seconds(command: list[str]) -> float:
    """Return the wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Run the commands in turn and print medians and their ratio."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    for command in COMMANDS.values():
        seconds(command)
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        print(f"{name:<16} {value * 1000:7.0f} ms  (median of {runs})")
    ours, peer = medians.values()
    print(f"ratio            {ours / peer:7.2f}")


if __name__ == "__main__":
    main()
