"""Compiling a schema's patterns."""

from __future__ import annotations

import re

from annotate.schema.model import Regex


def compile_pattern(pattern: str | Regex) -> re.Pattern[str]:
    """Return the regular expression of a pattern; raises `re.error` when it does not compile."""
    if isinstance(pattern, Regex):
        return re.compile(pattern.regex)
    return re.compile(rf"(?<!\w){re.escape(pattern)}(?!\w)")
