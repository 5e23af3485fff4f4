"""Formats of annotations, in and out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from annotate.formats.gold import Fault, GoldCount, check_gold, count_gold, read_gold
    from annotate.markup import Marked, read_inline, write_inline

# Imported when first used: a command that only names the formats needs none of it.
_HOMES = {
    "Fault": "annotate.formats.gold",
    "GoldCount": "annotate.formats.gold",
    "Marked": "annotate.markup",
    "check_gold": "annotate.formats.gold",
    "count_gold": "annotate.formats.gold",
    "read_gold": "annotate.formats.gold",
    "read_inline": "annotate.markup",
    "write_inline": "annotate.markup",
}

__all__ = [
    "Fault",
    "GoldCount",
    "Marked",
    "check_gold",
    "count_gold",
    "read_gold",
    "read_inline",
    "write_inline",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
