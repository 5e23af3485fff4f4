"""Print the greatest memory, in MB, of one process that pulls a project or exports it.

python -m benchmarks.sync_memory pull|sdk URL PROJECT LEDGER, with the token on stdin.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any


def pull_all(url: str, token: str, project: int, path: Path) -> None:
    """Pull everything into an empty ledger."""
    from annotate.schema import load_schema
    from annotate.studio.client import Studio
    from annotate.studio.ledger import Place, open_ledger
    from annotate.studio.pull import pull
    from annotate.workspace import shipped

    schema = load_schema(shipped("schemas") / "security-news.yaml")
    with Studio(url, token) as studio, open_ledger(path) as ledger:
        pull(studio, ledger, Place("s", project), schema)


def export_all(url: str, token: str, project: int) -> None:
    """Export everything with the SDK, as its documentation shows."""
    from label_studio_sdk import LabelStudio

    client: Any = LabelStudio(base_url=url, api_key=token)  # type: ignore[no-untyped-call]
    made = client.projects.exports.create(id=project)
    pieces = client.projects.exports.download(id=project, export_pk=made.id, export_type="JSON")
    b"".join(pieces)


def main() -> None:
    """Do it and print the number."""
    what, url, project, path = sys.argv[1:]
    token = sys.stdin.read()
    if what == "pull":
        pull_all(url, token, int(project), Path(path))
    else:
        export_all(url, token, int(project))
    # Not `ru_maxrss`, which begins with the memory of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    print(int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024)


if __name__ == "__main__":
    main()
