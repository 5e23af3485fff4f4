"""Fast tokenisers: from a file, from a folder, or from the Hub."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from annotate.errors import DatasetError
from annotate.tokens.extras import load_extra

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FILE = "tokenizer.json"
EXTRA = "encode"

_ON_HUB = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)


class Loaded(NamedTuple):
    """A tokeniser, what to call it, and the SHA-256 of its file."""

    tokenizer: Tokenizer
    name: str
    sha256: str


def load_fast(name: str) -> Loaded:
    """Return the fast tokeniser of a `tokenizer.json`, of a folder with one, or from the Hub.

    The Hub is asked only for what is no path here. Raises `DatasetError` when there is none,
    or when it is none.
    """
    tokenizers = load_extra("tokenizers", EXTRA)
    path = _file(Path(name)) if Path(name).exists() else _fetch(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}", "Check the file.") from error
    tokenizer = _decode(tokenizers.Tokenizer.from_buffer, content, str(path))
    # Windows are ours, and whoever trains fills up the batches.
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Loaded(tokenizer, _told(name), hashlib.sha256(content).hexdigest())


def _file(path: Path) -> Path:
    if not path.is_dir():
        return path
    if not (path / FILE).is_file():
        raise DatasetError(
            f"{path} holds no {FILE}",
            "Save a fast tokenizer there; others do not tell where in the text an id stands.",
        )
    return path / FILE


def _fetch(name: str) -> Path:
    from huggingface_hub import hf_hub_download  # noqa: PLC0415, most need it not

    if name.endswith(".json") or not _ON_HUB.fullmatch(name):
        raise DatasetError(f"there is no file or folder {name}", "Check the path.")
    # What it says of every try that fails, the error says once.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        return Path(hf_hub_download(name, FILE))
    except (OSError, ValueError) as error:
        reason = (str(error).split(". ")[0] or type(error).__name__).strip().rstrip(".")
        raise DatasetError(
            f"{name!r} is no path here, and the Hub gives no {FILE} of that name: {reason}",
            f"Give the path of a {FILE}, or check the name and the connection.",
        ) from error


def _decode(read: Callable[[bytes], Any], content: bytes, where: str) -> Tokenizer:
    try:
        tokenizer: Tokenizer = read(content)
    # What it raises for a file that is none has no narrower class.
    except Exception as error:
        raise DatasetError(
            f"{where} is no tokenizer: {str(error).rstrip('.')}",
            "Give the tokenizer.json of a fast tokenizer, as `save` of tokenizers writes it.",
        ) from error
    return tokenizer


def _told(name: str) -> str:
    """Return a name that says nothing about the folders of this machine."""
    path = Path(name)
    if not path.exists():
        return name
    return path.resolve().parent.name + "/" + FILE if path.name == FILE else path.resolve().name
