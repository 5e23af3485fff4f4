"""Formats of annotations, in and out."""

from annotate.formats.inline import Marked, read_gold, read_inline, write_inline

__all__ = ["Marked", "read_gold", "read_inline", "write_inline"]
