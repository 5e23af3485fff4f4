"""Aligning two versions of an article beside difflib on its characters, in one run.

    python -m benchmarks.align [--runs 3] [--seconds 5]

The texts are articles of the sample corpus one after another, cut to size, with one word in a
hundred mended, put in or left out; the same ones every time. difflib stops at the size at which it
takes more than that many seconds. Printed are median seconds, their ratio, and the part of the
words that nobody touched of which each tells the right place in the new version.

After that, texts of a million characters in a single line: with edits all over, with nothing in
common, of one word again and again, and with halves that changed places.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from annotate.align import Block, align
from tests.factories import sample_gold

SIZES = (2_000, 5_000, 10_000, 20_000, 50_000, 100_000)
LONG = 1_000_000
_WORD = re.compile(r"\S+\s*")
_EDITS: tuple[Callable[[str], str], ...] = (
    lambda word: f"{word[0]}x{word[1:]}",
    lambda word: f"mới {word}",
    lambda _: "",
)


class Versions(NamedTuple):
    """Two versions of a text, and where each word that nobody touched starts and ends in them."""

    old: str
    new: str
    kept: list[tuple[int, int, int]]


def versions(old: str) -> Versions:
    """Return a text and another version of it, the same for the same text."""
    draw = random.Random(len(old))  # noqa: S311, of no secret
    parts: list[str] = []
    kept, there = [], 0
    for found in _WORD.finditer(old):
        word = found[0]
        if draw.random() < 0.01:
            word = draw.choice(_EDITS)(word)
        else:
            kept.append((found.start(), found.start() + len(word.rstrip()), there))
        parts.append(word)
        there += len(word)
    return Versions(old, "".join(parts), kept)


def cut(size: int) -> str:
    """Return the articles of the sample corpus as one text of that size."""
    every = "\n\n".join(gold.text for gold in sample_gold().values()) + "\n\n"
    return (every * (size // len(every) + 1))[:size]


def ours(old: str, new: str) -> Sequence[Block]:
    """Return what is the same in both as this project tells it."""
    alignment = align(old, new)
    return (*alignment.blocks, *alignment.moved)


def peer(old: str, new: str) -> Sequence[Block]:
    """Return what is the same in both as difflib tells it."""
    found = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [Block(*match) for match in found]


def right(blocks: Sequence[Block], kept: list[tuple[int, int, int]]) -> float:
    """Return the part of the words that one block holds and puts where they are."""
    ordered = sorted(blocks)
    starts = [block.old for block in ordered]
    count = 0
    for start, end, there in kept:
        block = ordered[max(0, bisect_right(starts, start) - 1)]
        held = block.old <= start and end <= block.old + block.length
        count += held and start - block.old + block.new == there
    return count / len(kept)


def measure(
    job: Callable[[str, str], Sequence[Block]], given: Versions, runs: int
) -> tuple[float, float]:
    """Return the median of the seconds that a job takes, and what of the words it gets right."""
    took = []
    for _ in range(runs):
        start = time.perf_counter()
        blocks = job(given.old, given.new)
        took.append(time.perf_counter() - start)
    return statistics.median(took), right(blocks, given.kept)


def long_cases() -> dict[str, tuple[str, str]]:
    """Return texts of a million characters that are hard in one way each."""
    draw = random.Random(0)  # noqa: S311, of no secret
    text = " ".join(f"chữ{draw.randrange(9999)}" for _ in range(LONG // 8))[:LONG]
    half = text.index(" ", LONG // 2)
    return {
        "edits all over": versions(text)[:2],
        "nothing in common": (text, text.replace("chữ", "lời").replace(" ", "1 ")),
        "one word again and again": ("a " * (LONG // 2), "a " * (LONG // 3) + "b " + "a " * 99_999),
        "halves that changed places": (text, f"{text[half + 1 :]} {text[:half]}"),
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    arguments = parser.parse_args()
    print("| characters | ours s | right | difflib s | right | ratio |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    theirs = 0.0
    for size in SIZES:
        given = versions(cut(size))
        took, found = measure(ours, given, arguments.runs)
        row = f"| {size:,} | {took:.3f} | {found:.2%} |"
        if theirs > arguments.seconds:
            print(f"{row} | | |")
            continue
        theirs, other = measure(peer, given, 1 if theirs > 1 else arguments.runs)
        print(f"{row} {theirs:.2f} | {other:.2%} | {theirs / took:,.0f} |", flush=True)
    print(f"\n| {LONG:,} characters in a line | ours s |\n| --- | ---: |")
    for name, (old, new) in long_cases().items():
        start = time.perf_counter()
        align(old, new)
        print(f"| {name} | {time.perf_counter() - start:.2f} |", flush=True)


if __name__ == "__main__":
    main()
