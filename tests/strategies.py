"""Hypothesis strategies for hard input: texts, and what people mark in them."""

from __future__ import annotations

import unicodedata
from itertools import combinations

from hypothesis import settings
from hypothesis import strategies as st

from annotate.formats import Marked
from annotate.spans import Relation, Span, covers, overlap
from annotate.text import canonicalise

# A test that writes files takes as long as the disk does.
settings.register_profile("annotate", deadline=None)
settings.load_profile("annotate")

# What people see as one character, though it has several code points or two UTF-16 units.
CLUSTERS = (
    "👨\u200d👩\u200d👧\u200d👦",
    "❤\ufe0f\u200d🔥",
    "👍🏽",
    "👩🏾\u200d🚒",
    "🇻🇳",
    "🇺🇳",
    "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "1\ufe0f\u20e3",
    "\U00020000",
    "\U0001d49c",
    unicodedata.normalize("NFD", "ế"),
    unicodedata.normalize("NFD", "ự"),
    "x\u0323\u0302",
    "क\u094d\u200dष",
)
LINE_ENDS = ("\n", "\r\n", "\r", "\v", "\f", "\x85", "\u2028", "\u2029")
SPACES = (" ", "  ", "\t", "\u00a0", "\u202f", "\u3000")
INVISIBLE = ("\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\u200e", "\ufeff", "\x07", "\x1c")
MARKUP = (
    "<b>",
    "</b>",
    "&amp;",
    "[",
    "]",
    "](X)",
    "(A 1)",
    "\\",
    "\\n",
    "---",
    "\n---\n",
    '"',
    "'",
)
WORDS = (
    "Công an",
    "xã Tân Lập",
    "ở TP. Hồ Chí Minh",
    "Sơn La.",
    "29/3",
    "“tự quản”",
    "Đ",
    "_",
    "…",
)

_pieces = st.sampled_from((*CLUSTERS, *LINE_ENDS, *SPACES, *INVISIBLE, *MARKUP, *WORDS))

raw_texts = st.lists(st.one_of(_pieces, _pieces, st.text(max_size=3)), max_size=12).map("".join)
canonical_texts = raw_texts.map(lambda text: canonicalise(text).text).filter(bool)


@st.composite
def spans(draw: st.DrawFn, text: str, labels: tuple[str, ...] = ("A", "B", "C")) -> list[Span]:
    """Draw spans of a text that nest, touch, cross and have equal extents, in any order."""
    # Few places to begin and end at, so that spans often share them.
    place = st.integers(0, len(text))
    places = sorted(draw(st.sets(place, min_size=min(2, len(text)), max_size=6)) | {0, len(text)})
    extents = st.sampled_from(list(combinations(places, 2)))
    drawn = draw(st.lists(st.tuples(extents, st.sampled_from(labels)), max_size=8))
    return [
        Span(id=f"s{number}", start=start, end=end, label=label)
        for number, ((start, end), label) in enumerate(drawn)
    ]


def without_crossing(given: list[Span]) -> list[Span]:
    """Leave out every span that crosses one before it."""
    kept: list[Span] = []
    for span in given:
        if not any(cross(span, other) for other in kept):
            kept.append(span)
    return kept


def cross(one: Span, other: Span) -> bool:
    """Whether the two spans overlap and neither lies within the other."""
    return overlap(one, other) and not covers(one, other) and not covers(other, one)


@st.composite
def relations(
    draw: st.DrawFn, given: list[Span], labels: tuple[str, ...] = ("r", "q")
) -> list[Relation]:
    """Draw relations between the given spans, from a span to itself too."""
    if not given:
        return []
    ids = st.sampled_from([span.id for span in given])
    arrow = st.builds(Relation, head=ids, tail=ids, label=st.sampled_from(labels))
    return draw(st.lists(arrow, max_size=5))


@st.composite
def marked_texts(draw: st.DrawFn, *, nested_only: bool = False) -> Marked:
    """Draw a canonical text with spans in it, and relations between them."""
    text = draw(canonical_texts)
    drawn = draw(spans(text))
    if nested_only:
        drawn = without_crossing(drawn)
    return Marked(text, tuple(drawn), tuple(draw(relations(drawn))))
