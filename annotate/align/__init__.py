"""Two versions of a text side by side: what stayed, what moved, and where a span is now.

Words are compared, not characters, so that no edit takes half a word. Runs of words that
occur equally often in both texts anchor them, the longest runs first, as far as they are in
the same order (patience); what lies between is matched by the longest common sequence of
words, computed on the bits of numbers. Words that were matched by chance between stretches
that differ are let go. An edit that could stand in several places ("ông An" to "ông ông
An") stands at the border of a line, a sentence or a phrase, and else as early as it can.
Words replaced by similar ones are compared by characters, and an edge at the border of a
word stays at one. The answer depends on the two texts only, never on the clock.

Why no library: difflib and patiencediff take quadratic time where no line is the same,
rapidfuzz quadratic space, diff-match-patch compares single characters until its time is up;
none of them finds what moved or keeps edits at the borders of words.
"""

from annotate.align.alignment import Alignment, Carried, align
from annotate.align.words import Block

__all__ = ["Alignment", "Block", "Carried", "align"]
