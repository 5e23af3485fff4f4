"""Print the greatest memory, in MB, of one process that builds a dataset of an export.

python -m benchmarks.build_memory EXPORT OUT
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from benchmarks.build import ours
from tests.factories import sample_schema


def main() -> None:
    """Do it and print the number."""
    export, out = map(Path, sys.argv[1:])
    ours(export, out, sample_schema())
    # Not `ru_maxrss`, which begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024)


if __name__ == "__main__":
    main()
