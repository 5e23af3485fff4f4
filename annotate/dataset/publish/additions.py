"""What goes into a commit of the Hub, and how it is sent without words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from logging import ERROR
from pathlib import Path

from huggingface_hub import CommitOperationAdd
from huggingface_hub.utils import logging
from huggingface_hub.utils.tqdm import (
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)

from annotate.dataset.publish.files import File, changed

# Bytes up to which a file is held in memory; the Hub takes larger ones by their digest only.
SMALL = 10_000_000


def addition_of(folder: Path, file: File) -> CommitOperationAdd:
    """Return what adds a file; raises `DatasetError` when it is not the one that was checked."""
    path = folder / file.name
    try:
        # A small file is read a second time for the commit: so it has the bytes checked here.
        content = path.read_bytes() if file.size <= SMALL else path
        addition = CommitOperationAdd(file.name, content)
    except (OSError, ValueError) as error:
        raise changed(file) from error
    if addition.upload_info.sha256.hex() != file.sha256:
        raise changed(file)
    return addition


@contextmanager
def quiet() -> Iterator[None]:
    """Keep huggingface_hub from drawing bars of its own, and from telling where it uploads."""
    were_off, told = are_progress_bars_disabled(), logging.get_verbosity()
    disable_progress_bars()
    logging.set_verbosity(ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(told)
        if not were_off:
            enable_progress_bars()
