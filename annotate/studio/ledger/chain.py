"""The chain of hashes over a project's rows: an altered, lost or added row breaks it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

# What the first row of a chain is linked to.
START = ""


def link(head: str, row: Sequence[Any]) -> str:
    """Return the SHA-256, in hexadecimal, of a row and the hash of the row before it.

    `row` is server, project, kind, annotation, pulled_at, result and body, in this order.
    """
    return hashlib.sha256(msgspec.json.encode([head, *row])).hexdigest()
