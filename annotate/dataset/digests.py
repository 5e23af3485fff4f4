"""Digests of files: what tells whether a file is still what it was."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any


def digest_of(path: Path) -> str:
    """Return the digest (SHA-256) of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return digest_of_stream(file)


def digest_of_stream(file: Any) -> str:
    """Return the digest (SHA-256) of what is left to read of an open file."""
    return hashlib.file_digest(file, "sha256").hexdigest()
