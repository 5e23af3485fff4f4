"""What the defaults of [duplicates] rest on: similarities in the sample corpus.

python -m benchmarks.thresholds

For each shingle size the similarities of the agency's text and its reprints beside the most
alike of all other pairs; for each length of signature how often a pair is found.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from annotate.corpus import read_articles
from annotate.corpus.compare import similarity
from annotate.corpus.duplicates import rows_per_band
from annotate.settings import DuplicateSettings
from annotate.workspace import shipped

_REPRINTS = "chung-mot-tin"
_SETTINGS = DuplicateSettings()


def main() -> None:
    """Print both tables."""
    articles = read_articles([shipped("corpus") / "articles"])
    pairs = list(itertools.combinations(articles, 2))
    print("| shingle size | reprints: least | reprints: most | others: most | others: median |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for size in (1, 2, 3, 4, 5, 7):
        reprints: list[float] = []
        others: list[float] = []
        for one, other in pairs:
            is_reprint = one.id.startswith(_REPRINTS) and other.id.startswith(_REPRINTS)
            alike = similarity(one.text, other.text, size)
            (reprints if is_reprint else others).append(alike)
        others.sort()
        row = (min(reprints), max(reprints), others[-1], others[len(others) // 2])
        print(f"| {size} | {' | '.join(f'{value:.3f}' for value in row)} |")
    print(f"\n| permutations | bands × rows | {' | '.join(map(str, _SIMILARITIES))} |")
    print(f"| ---: | ---: |{' ---: |' * len(_SIMILARITIES)}")
    for permutations in (64, 128, 256):
        rows = rows_per_band(_SETTINGS.threshold, permutations)
        bands = permutations // rows
        chances = _percent(1 - (1 - s**rows) ** bands for s in _SIMILARITIES)
        print(f"| {permutations} | {bands} × {rows} | {' | '.join(chances)} |")


_SIMILARITIES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)


def _percent(shares: Iterable[float]) -> list[str]:
    return [f"{share:.1%}" for share in shares]


if __name__ == "__main__":
    main()
