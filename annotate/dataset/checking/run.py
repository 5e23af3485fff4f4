"""All checks of a built dataset, in one reading of each config."""

from __future__ import annotations

from pathlib import Path

from annotate.dataset.checking.articles import Articles
from annotate.dataset.checking.belonging import Annotations, Sentences
from annotate.dataset.checking.ends import Arrows
from annotate.dataset.checking.labels import Labels
from annotate.dataset.checking.marks import Marks
from annotate.dataset.checking.source import Source
from annotate.dataset.checking.unannotated import Unannotated
from annotate.dataset.publish.files import Check
from annotate.dataset.reading import BuiltDataset, open_built
from annotate.progress import Progress, silent

# The least number of marks below which a label counts as rare.
RARE = 10


def check_built(folder: Path, *, rare: int = RARE, progress: Progress = silent) -> list[Check]:
    """Prove that a dataset on disk holds.

    No article, cluster or text is in two splits; marks, tokens and relations are where they
    say; what belongs to an article is in its split; every label that is used occurs in train.
    Labels with fewer marks than `rare`, labels that nobody used, splits without articles,
    articles that nobody annotated and relations between labels that the schema does not allow
    are told in notes. Memory grows by a few digests an article.
    Raises `DatasetError` when a file cannot be read.
    """
    built = open_built(folder)
    labels, marks = Labels(built), Marks()
    arrows = Arrows(folder, labels.names)
    articles = Articles(labels, marks, arrows, Unannotated(built))
    sentences, annotations = Sentences(articles), Annotations(articles, marks)
    with progress("Checking rows", _rows(built)) as advance:
        source = Source(built, advance)
        # In this order: the others are compared with the articles.
        for part in (articles, sentences, annotations):
            part.look(source)
    return [
        *articles.checks(),
        *sentences.checks(),
        *annotations.checks(),
        *marks.checks(),
        arrows.check(),
        *labels.checks(rare),
    ]


def _rows(built: BuiltDataset) -> int:
    return sum(
        built.count(config, split) for config in built.configs for split in built.splits(config)
    )
