"""What a corpus holds, in figures."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from annotate.corpus.corpus import Corpus
from annotate.corpus.lookalikes import find_lookalikes
from annotate.corpus.reading.fields import Made
from annotate.corpus.sample import date_part
from annotate.progress import Progress, silent
from annotate.text import UNCHANGED, Changes
from annotate.tokens import count_tokens

# Enough of a text to tell its language by.
_LANGUAGE_CHARS = 300

_PERCENTILES = (0, 5, 25, 50, 75, 95, 100)


class Spread(msgspec.Struct, frozen=True):
    """How lengths are spread: `percentiles` by their names, `p0` to `p100`, and the mean."""

    total: int
    mean: float
    percentiles: dict[str, int]


class LookAlike(msgspec.Struct, frozen=True):
    """A letter that stands in place of another: how often, and in how many articles."""

    letter: str
    name: str
    instead_of: str
    count: int
    articles: int


class Duplicates(msgspec.Struct, frozen=True):
    """`equal` articles have the text of another; `sizes` counts the clusters by their size."""

    clusters: int
    clustered: int
    equal: int
    sizes: dict[int, int]


class Stats(msgspec.Struct, frozen=True):
    """The figures of a corpus.

    Lengths are in tokens (words, for Vietnamese syllables, and single other marks) and in
    characters (code points). `languages` are as the articles say, else as detected;
    `other_language` are articles that say one and read like another. `months` are of
    `published_at`, where that is ISO 8601; the rest is `undated`.
    """

    articles: int
    files: int
    stored: int
    tokens: Spread
    characters: Spread
    languages: dict[str, int]
    other_language: list[str]
    sources: dict[str, int]
    months: dict[str, int]
    undated: int
    duplicates: Duplicates
    changes: Changes
    changed_articles: int
    lookalikes: list[LookAlike]
    rejected: int
    reasons: dict[str, int]
    # For plots: the lengths in tokens of all articles, by id.
    lengths: list[int]


class _Tally:
    """What one pass over the articles adds up; holds some bytes an article."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self.characters: list[int] = []
        self.languages: Counter[str] = Counter()
        self.other_language: list[str] = []
        self.sources: Counter[str] = Counter()
        self.months: Counter[str] = Counter()
        self.undated = 0
        self.texts: Counter[bytes] = Counter()
        self.changes = UNCHANGED
        self.changed_articles = 0
        self.letters: Counter[tuple[str, str]] = Counter()
        self.lettered: Counter[tuple[str, str]] = Counter()

    def add(self, made: Made) -> None:
        """Count one article, and what had to be changed in it."""
        article, changes = made
        self.tokens.append(count_tokens(article.text))
        self.characters.append(len(article.text))
        detected = detect_language(article.text)
        self.languages[article.language or detected] += 1
        if article.language and article.language.partition("-")[0].lower() != detected:
            self.other_language.append(article.id)
        self.sources[article.source] += 1
        if month := date_part(article, "month"):
            self.months[month] += 1
        else:
            self.undated += 1
        self.texts[bytes.fromhex(article.sha256)[:12]] += 1
        self.changes += changes
        self.changed_articles += changes != UNCHANGED
        letters = find_lookalikes(article.text)
        self.letters += letters
        self.lettered.update(letters.keys())


def corpus_stats(corpus: Corpus, progress: Progress = silent) -> Stats:
    """Return the figures of a corpus, in one pass over it."""
    clusters = corpus.clusters(progress)
    tally = _Tally()
    stored = len(corpus.store)
    with progress("Counting", stored + len(corpus.files)) as advance:
        for made in corpus:
            tally.add(made)
            advance(1)
    sizes = Counter(Counter(clusters.values()).values())
    reasons = Counter(rejected.kind for rejected in corpus.rejected())
    return Stats(
        articles=len(tally.tokens),
        files=len(corpus.files),
        stored=stored,
        tokens=_spread(tally.tokens),
        characters=_spread(tally.characters),
        languages=_ranked(tally.languages),
        other_language=tally.other_language,
        sources=_ranked(tally.sources),
        months=dict(sorted(tally.months.items())),
        undated=tally.undated,
        duplicates=Duplicates(
            clusters=sizes.total(),
            clustered=len(clusters),
            equal=sum(count for count in tally.texts.values() if count > 1),
            sizes=dict(sorted(sizes.items())),
        ),
        changes=tally.changes,
        changed_articles=tally.changed_articles,
        lookalikes=[
            LookAlike(letter, unicodedata.name(letter), other, count, tally.lettered[letter, other])
            for (letter, other), count in sorted(tally.letters.items())
        ],
        rejected=reasons.total(),
        reasons=_ranked(reasons),
        lengths=tally.tokens,
    )


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language that a text reads like."""
    import py3langid

    return str(py3langid.classify(text[:_LANGUAGE_CHARS])[0])


def _spread(lengths: Sequence[int]) -> Spread:
    import numpy as np

    if not lengths:
        return Spread(0, 0.0, {})
    values = np.percentile(lengths, _PERCENTILES, method="nearest")
    names = (f"p{percentile}" for percentile in _PERCENTILES)
    total = sum(lengths)
    return Spread(total, total / len(lengths), dict(zip(names, map(int, values), strict=True)))


def _ranked(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
