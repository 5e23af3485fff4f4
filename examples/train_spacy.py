"""Train spaCy's entity recogniser on a built dataset and score it on the test split.

    pip install -r examples/requirements.txt
    python examples/train_spacy.py DATASET [--seed N] [--epochs N] [--json]

DATASET is a folder that `annotate build` wrote, or OWNER/NAME on the Hub. Training needs no GPU and
no pretrained model. After each epoch the model is scored on the validation split; the best one is
kept, and when none was better for some epochs, training stops. The same seed gives the same
scores on the same machine.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence

import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import fix_random_seed

from reading import Article, Span, read_articles
from scoring import report

# About half of spaCy's own size: enough for a small corpus, and much faster.
SIZE = {"model": {"tok2vec": {"width": 64, "depth": 2}}}
LEARN_RATE, DROPOUT, BATCH, PATIENCE = 0.002, 0.2, 2, 5


def main() -> None:
    """Train on the train split, find spans in the test split, print how many are right."""
    options = _options()
    labels, articles = read_articles(options.dataset, "train", "validation", "test")
    fix_random_seed(options.seed)
    nlp = make_pipeline()
    train(nlp, articles["train"], articles["validation"], options.epochs)
    found = [find(nlp, article.text) for article in articles["test"]]
    report("spaCy", labels, articles, found, as_json=options.json)


def make_pipeline() -> Language:
    """Return an untrained pipeline; it takes its labels from what it is trained on.

    The language is `xx`, any: its tokeniser parts words from punctuation by rules that hold for
    most languages with spaces between words. spaCy's own for Vietnamese, `vi`, needs the package
    pyvi, which joins syllables to words; without it punctuation stays at the words, and of the
    sample's spans more than half would cut a token.
    """
    nlp = spacy.blank("xx")
    nlp.add_pipe("ner", config=SIZE)
    return nlp


def train(
    nlp: Language, train_split: Sequence[Article], validation: Sequence[Article], epochs: int
) -> None:
    """Train until the scores on the validation split stop rising; keep the best state."""
    to_learn = [make_example(nlp, article) for article in train_split]
    to_stop = [make_example(nlp, article) for article in validation]
    cut = sum(len(a.spans) for a in train_split) - sum(len(e.reference.ents) for e in to_learn)
    print(f"spans of train that cut a token and are not learned: {cut}", file=sys.stderr)
    optimizer = nlp.initialize(lambda: to_learn)
    optimizer.learn_rate = LEARN_RATE
    best, best_epoch, state = 0.0, 0, b""
    for epoch in range(1, epochs + 1):
        random.shuffle(to_learn)
        for at in range(0, len(to_learn), BATCH):
            nlp.update(to_learn[at : at + BATCH], sgd=optimizer, drop=DROPOUT)
        # The average of the weights so far is steadier than the weights of the last step.
        with nlp.use_params(optimizer.averages):
            reached = nlp.evaluate(to_stop)["ents_f"] or 0.0
            if reached >= best:
                best, best_epoch, state = reached, epoch, nlp.to_bytes()
        print(f"epoch {epoch:2}: F1 {reached:.3f} on validation", file=sys.stderr)
        if epoch - best_epoch == PATIENCE:
            break
    print(f"kept epoch {best_epoch}", file=sys.stderr)
    nlp.from_bytes(state)


def make_example(nlp: Language, article: Article) -> Example:
    """Return what spaCy learns from: the tokens alone, and the tokens with the spans.

    A span that cuts a token cannot be learned and is left out here; in scoring it counts.
    """
    marked = nlp.make_doc(article.text)
    spans = [marked.char_span(*span) for span in article.spans]
    marked.set_ents([span for span in spans if span])
    return Example(nlp.make_doc(article.text), marked)


def find(nlp: Language, text: str) -> list[Span]:
    """Return the spans that the pipeline finds in a text."""
    return [Span(one.start_char, one.end_char, one.label_) for one in nlp(text).ents]


def _options() -> argparse.Namespace:
    summary = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(description=summary)
    parser.add_argument("dataset", metavar="DATASET", help="a built dataset's folder or Hub name")
    parser.add_argument("--seed", type=int, default=0, help="what chance starts from (%(default)s)")
    parser.add_argument("--epochs", type=int, default=20, help="at most so many (%(default)s)")
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
