"""What a model found in the test split, scored beside the plain baseline and printed.

The scores are nervaluate's. `strict` asks for the same start, end and label, `exact` for the same
start and end whatever the label, and `partial` gives half a point for an overlap.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nervaluate import Evaluator

from dictionary import Dictionary
from reading import Article, Span

_MEASURES = ("strict", "exact", "partial")
_FIGURES = ("precision", "recall", "f1")
_NOTES = """
P precision, R recall; dictionary: the F1 of looking up what is marked in train.
strict: start, end and label are right. partial: half a point for an overlap; in
the last line an overlap with a span of any label. A label with a support of a
few spans says little: another test split could score it quite differently."""


def report(
    model: str, labels: Sequence[str], articles: Mapping[str, Sequence[Article]],
    found: Sequence[Sequence[Span]], *, as_json: bool,
) -> None:  # fmt: skip
    """Print the scores of what a model found in the articles of the test split."""
    gold = [article.spans for article in articles["test"]]
    dictionary = Dictionary(articles["train"])
    looked_up = [list(dictionary.find(article.text)) for article in articles["test"]]
    told = {
        "model": model,
        "articles": {split: len(some) for split, some in articles.items()},
        "spans": {split: sum(len(a.spans) for a in some) for split, some in articles.items()},
        "left_out": {split: sum(a.left_out for a in some) for split, some in articles.items()},
        "scores": score(labels, gold, found),
        "dictionary": score(labels, gold, looked_up),
    }
    print(json.dumps(told, indent=2) if as_json else "\n".join(_lines(told)))


def score(
    labels: Sequence[str], gold: Sequence[Sequence[Span]], found: Sequence[Sequence[Span]]
) -> dict[str, Any]:
    """Return the scores over all labels and of each label, from the spans article by article."""
    # To nervaluate the last character of a span is its end; to everyone else the one after.
    pages = [
        [[{"label": s.label, "start": s.start, "end": s.end - 1} for s in spans] for spans in page]
        for page in (gold, found)
    ]
    results = Evaluator(*pages, tags=list(labels), loader="dict").evaluate()
    support = Counter(span.label for spans in gold for span in spans)
    return {
        "overall": _figures(results["overall"], support.total()),
        "labels": {
            # It does not speak of a label that was neither marked nor found.
            label: _figures(results["entities"].get(label, {}), support[label])
            for label in labels
        },
    }


def _figures(results: Mapping[str, object], support: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"support": support}
    for measure in _MEASURES:
        figures[measure] = {
            name: round(getattr(results.get(measure), name, 0.0), 4) for name in _FIGURES
        }
    return figures


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person reads: what was counted, the table, and what its columns mean."""
    for key, what in (
        ("articles", "articles"),
        ("spans", "spans"),
        ("left_out", "spans left out, nested or crossing"),
    ):
        counts = ", ".join(f"{split} {count:,}" for split, count in told[key].items())
        yield f"{what:35} {counts}"
    yield f"\n{'':27}{told['model'] + ', strict':<18}{'partial':<16}dictionary, F1"
    yield f"{'':16}support       P    R   F1       P    R   F1    strict partial"
    for label, own in told["scores"]["labels"].items():
        yield _row(label, own, told["dictionary"]["labels"][label])
    yield _row("all", told["scores"]["overall"], told["dictionary"]["overall"])
    exact = told["scores"]["overall"]["exact"]["f1"]
    yield f"\nF1 of start and end alone, whatever the label (exact): {exact:.2f}."
    yield _NOTES


def _row(label: str, own: Mapping[str, Any], plain: Mapping[str, Any]) -> str:
    """Return a line of the table; dashes where the test split has no such span."""
    figures = [own[measure][name] for measure in ("strict", "partial") for name in _FIGURES]
    figures += [plain[measure]["f1"] for measure in ("strict", "partial")]
    cells = [f"{figure:.2f}" if own["support"] else "–" for figure in figures]
    widths = (8, 5, 5, 8, 5, 5, 10, 8)
    shown = "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{label:16}{own['support']:>7}{shown}"
