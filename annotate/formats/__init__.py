"""Formats of annotations, in and out."""

from annotate.formats.gold import Fault, GoldCount, check_gold, count_gold, read_gold
from annotate.markup import Marked, read_inline, write_inline

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
