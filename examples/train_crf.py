"""Train a CRF (python-crfsuite) on a built dataset and score it on the test split.

    pip install -r examples/requirements.txt
    python examples/train_crf.py DATASET [--json]

DATASET is a folder that `annotate build` wrote, or OWNER/NAME on the Hub. The CRF learns from the
config `tokens`: a row a sentence, words with their tags and where they lie in the text. What it
finds is scored against the spans of the config `spans`, so a span that cuts a word is missed.
Training has no chance in it: the same dataset gives the same scores.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pycrfsuite

from reading import Span, load, read_articles
from scoring import report

Row = dict[str, Any]

# crfsuite's own settings serve a small corpus well: c2 keeps weights small. A tag that never
# followed another in training is held unlikely rather than not considered.
PARAMETERS = {"c1": 0.0, "c2": 1.0, "max_iterations": 100, "feature.possible_transitions": True}


def main() -> None:
    """Train on the train split, find spans in the test split, print how many are right."""
    options = _options()
    labels, articles = read_articles(options.dataset, "train", "test")
    sentences = load(options.dataset, "tokens", "train", "test")
    names: list[str] = sentences["train"].features["ner_tags"].feature.names
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.crfsuite"
        train(sentences["train"], names, model)
        found = find(sentences["test"], model)
    spans = [found.get(article.id, []) for article in articles["test"]]
    report("CRF", labels, articles, spans, as_json=options.json)


def train(sentences: Sequence[Row], names: Sequence[str], model: Path) -> None:
    """Learn from the tags of sentences; write the model to a file."""
    trainer = pycrfsuite.Trainer(verbose=False)
    for row in sentences:
        trainer.append(describe(row["tokens"]), [names[tag] for tag in row["ner_tags"]])
    trainer.set_params(PARAMETERS)
    trainer.train(str(model))


def find(sentences: Sequence[Row], model: Path) -> dict[str, list[Span]]:
    """Return the spans that the model finds, by the id of their article."""
    tagger = pycrfsuite.Tagger()
    tagger.open(str(model))
    found: dict[str, list[Span]] = {}
    for row in sentences:
        tags = tagger.tag(describe(row["tokens"]))
        found.setdefault(row["id"], []).extend(spans_of(tags, row["starts"], row["ends"]))
    return found


def describe(words: Sequence[str]) -> list[list[str]]:
    """Return the features of a sentence's words: each word, its form, and its neighbours."""
    return [list(_features(words, at)) for at in range(len(words))]


def _features(words: Sequence[str], at: int) -> Iterator[str]:
    word = words[at].lower()
    for length in (1, 2, 3):
        yield f"begins={word[:length]}"
        yield f"ends={word[-length:]}"
    for step in (-2, -1, 0, 1, 2):
        if 0 <= at + step < len(words):
            yield f"{step} word={words[at + step].lower()}"
            yield f"{step} shape={shape(words[at + step])}"
        else:
            yield f"{step} outside"
    # Vietnamese writes its syllables apart: two of them are what is a word elsewhere.
    if at > 0:
        yield f"pair={words[at - 1].lower()} {word}"
    if at + 1 < len(words):
        yield f"next pair={word} {words[at + 1].lower()}"


def shape(word: str) -> str:
    """Return the form of a word: `Xx` for Hoa, `X` for UBND, `9` for 2024."""
    signs = ("X" if one.isupper() else "x" if one.isalpha() else one for one in word)
    return re.sub(r"(.)\1+", r"\1", re.sub(r"\d", "9", "".join(signs)))


def spans_of(tags: Sequence[str], starts: Sequence[int], ends: Sequence[int]) -> list[Span]:
    """Return the spans that tags in BIO or BILOU tell, with their places in the text."""
    found: list[Span] = []
    within = ""
    for tag, start, end in zip(tags, starts, ends, strict=True):
        prefix, _, label = tag.partition("-")
        if label and label == within and prefix in "IL":
            found[-1] = found[-1]._replace(end=end)
        elif label:
            found.append(Span(start, end, label))
        within = label
    return found


def _options() -> argparse.Namespace:
    summary = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("dataset", metavar="DATASET", help="a built dataset's folder or Hub name")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
