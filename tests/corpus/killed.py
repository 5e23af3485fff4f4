"""Add to a store, killed before each thing that this does to the file system.

python -m tests.corpus.killed SOURCE SHARD_BYTES FOLDER...

Every FOLDER is a copy of one state; the addition to the first is killed before its first
access to the folder, that to the second before its second, and so on. Prints how many were
killed before they had ended.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from itertools import count
from pathlib import Path
from unittest import mock

from annotate.corpus.store import Store, to_table
from tests.corpus.making import add

BLOCK_CHARS = 1500


def add_and_die(folder: Path, source: Path, shard_bytes: int, moment: int) -> None:
    """Add to the store in the folder; the process ends before it changes it once more."""
    moments = count()

    def touch(event: str, arguments: tuple[object, ...]) -> None:
        inside = any(str(argument).startswith(str(folder)) for argument in arguments)
        if inside and _changes(event, arguments) and next(moments) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(touch)
    store = Store(folder / "articles.parquet")
    with mock.patch("annotate.corpus.store._GROUP_ROWS", 2):
        add(store, source, shard_bytes=shard_bytes, block_chars=BLOCK_CHARS)


def _changes(event: str, arguments: tuple[object, ...]) -> bool:
    if event == "open":
        return bool(set(str(arguments[1])) & set("wax+"))
    return event in {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree"}


def main() -> None:
    """Fork an addition for each folder, and wait for its end."""
    source, shard_bytes, *folders = sys.argv[1:]
    # Imports what the children would import each for itself.
    import_module("fsspec.implementations.local")
    import_module("pyarrow.parquet")
    to_table([])
    killed = 0
    for moment, folder in enumerate(folders):
        if not (child := os.fork()):
            add_and_die(Path(folder), Path(source), int(shard_bytes), moment)
            os._exit(0)
        killed += os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    sys.stdout.write(str(killed))


if __name__ == "__main__":
    main()
