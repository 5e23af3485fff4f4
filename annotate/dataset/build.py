"""Build: articles and their annotations become a dataset on disk.

A pure function of what goes in: the same input gives the same bytes, whatever its order. One
article at a time is in memory. Written beside the target and renamed, so the target is the old
dataset or the new one, never a half.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from annotate.corpus import Article
from annotate.dataset.built import Built
from annotate.dataset.card import dataset_card
from annotate.dataset.features import (
    annotation_features,
    loss_features,
    span_features,
    token_features,
)
from annotate.dataset.joining import Vocabulary, join, pseudonyms, without
from annotate.dataset.lock import (
    LOCK,
    Lock,
    Tally,
    differences,
    identity,
    make_lock,
    read_lock,
    write_lock,
)
from annotate.dataset.policy import check_policy, choose
from annotate.dataset.rows import Rows, loss_row
from annotate.dataset.splits import SPLITS, SplitName, split_of
from annotate.dataset.writing import Table, replacing
from annotate.errors import DatasetError, TaggingError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.spans import Annotation
from annotate.tokens import tag
from annotate.tokens.tokenizers import load_tokenizer
from annotate.workspace import DatasetSettings

LOSSES = "losses.parquet"
CARD = "README.md"
CONFIGS = ("spans", "tokens", "annotations")
_WRITTEN = frozenset({LOCK, LOSSES, CARD, *CONFIGS})


def build(
    out: Path, articles: Sequence[Article], annotations: Iterable[Annotation], schema: Schema,
    settings: DatasetSettings, *, waiting: Collection[str] = (), progress: Progress = silent,
) -> Built:  # fmt: skip
    """Build the dataset into the folder `out`, replacing a dataset that was built there.

    The policy of the settings says which annotation of an article counts. Spans of the labels
    in `waiting`, which were split and wait for a person to choose, are left out with their
    relations, and counted.
    Raises `DatasetError` when nothing is annotated, when an annotation has a label that
    the schema lacks, when `out` holds something else, or when it cannot be written.
    """
    _refuse_foreign(out)
    given = _in_order(articles, annotations)
    try:
        with replacing(out) as fresh:
            return _Build(fresh, *given, schema, settings, frozenset(waiting), progress).run()
    except OSError as error:
        raise DatasetError(
            f"{out} cannot be written: {error.strerror or error}",
            "Free some space or name another folder; what was there is untouched.",
        ) from error


def check(
    out: Path, articles: Sequence[Article], annotations: Iterable[Annotation], schema: Schema,
    settings: DatasetSettings,
) -> list[str]:  # fmt: skip
    """Return why the dataset in `out` is not what would be built now; nothing when it is.

    Raises `DatasetError` when there is no dataset.
    """
    then = read_lock(out)
    corpus, marked = Tally(), Tally()
    for article, found in join(*_in_order(articles, annotations)):
        if article is not None:
            corpus.add(article)
        for one in found:
            marked.add(one)
    return differences(make_lock(corpus, marked, schema, settings), then, out)


def _in_order(
    articles: Sequence[Article], annotations: Iterable[Annotation]
) -> tuple[list[Article], list[Annotation]]:
    return (
        sorted(articles, key=lambda article: article.id),
        sorted(annotations, key=lambda one: (one.article, one.id, one.annotator)),
    )


class _Build:
    def __init__(
        self, folder: Path, articles: Sequence[Article], annotations: Sequence[Annotation],
        schema: Schema, settings: DatasetSettings, waiting: frozenset[str], progress: Progress,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._articles = articles
        self._annotations = annotations
        self._schema = schema
        self._settings = settings
        self._waiting = waiting
        self._progress = progress
        self._rows = Rows(schema, settings.tokens)
        self._tokenize = load_tokenizer(settings.tokens.tokenizer)
        self._names = pseudonyms(annotations)
        self._features = {
            "spans": span_features(schema),
            "tokens": token_features(schema, settings.tokens),
            "annotations": annotation_features(schema),
        }
        self._tables: dict[tuple[str, SplitName], Table] = {}
        self._count: Counter[str] = Counter()
        self._labels: Counter[tuple[str, SplitName]] = Counter()
        self._reasons: Counter[str] = Counter()

    def run(self) -> Built:
        check_policy(self._settings.policy, self._names)
        corpus, marked = Tally(), Tally()
        with ExitStack() as stack:
            losses = Table(self._folder, "losses", loss_features(), whole=True)
            stack.callback(losses.abandon)
            stack.callback(self._abandon)
            for article, found in self._joined():
                for one in found:
                    marked.add(one)
                if article is None:
                    self._count["outdated"] += sum(one.status == "submitted" for one in found)
                    continue
                corpus.add(article)
                self._add(article, found, losses)
            self._refuse_empty()
            for table in (losses, *self._tables.values()):
                table.close()
        lock = make_lock(corpus, marked, self._schema, self._settings)
        built = self._built()
        self._finish(lock, built)
        return built

    def _abandon(self) -> None:
        for table in self._tables.values():
            table.abandon()

    def _joined(self) -> Iterator[tuple[Article | None, list[Annotation]]]:
        vocabulary = Vocabulary(self._schema)
        with self._progress("Building rows", len(self._articles)) as advance:
            for article, found in join(self._articles, self._annotations):
                for one in found:
                    if article and one.status != "draft" and one.sha256 == article.sha256:
                        vocabulary.check(without(one, self._waiting))
                yield article, found
                advance(1 if article else 0)

    def _add(self, article: Article, found: list[Annotation], losses: Table) -> None:
        chosen = choose(article.sha256, found, self._settings.policy)
        self._count["superseded"] += chosen.superseded
        self._count["outdated"] += chosen.outdated
        self._count["ineligible"] += chosen.ineligible
        split = split_of(article.cluster or article.id, self._settings.split)
        self._add_annotations(article, found, split)
        if chosen.annotation is None:
            self._count["unannotated"] += 1
            if not self._settings.include_unannotated:
                return
        annotation = None
        if chosen.annotation is not None:
            annotation = without(chosen.annotation, self._waiting)
            self._tell(chosen.annotation, annotation, split)
        self._table("spans", split).add(self._rows.span(article, annotation))
        try:
            sentences, lost = tag(
                self._tokenize(article.text),
                annotation.spans if annotation else (),
                self._settings.tokens,
            )
        except TaggingError as error:
            raise DatasetError(
                f"article {article.id}: {error.problem}",
                "Correct the span, or set `cut` of [dataset.tokens] in annotate.toml.",
            ) from error
        table = self._table("tokens", split)
        for row in self._rows.tokens(article, sentences):
            table.add(row)
        for loss in lost:
            losses.add(loss_row(article, loss))
            self._reasons[loss.reason] += 1

    def _add_annotations(self, article: Article, found: list[Annotation], split: SplitName) -> None:
        for one in sorted(found, key=lambda one: (self._names.get(one.annotator, ""), one.id)):
            if one.status != "draft" and one.sha256 == article.sha256:
                row = self._rows.annotation(
                    article, without(one, self._waiting), self._names[one.annotator]
                )
                self._table("annotations", split).add(row)

    def _tell(self, marked: Annotation, kept: Annotation, split: SplitName) -> None:
        """Count what an article has."""
        self._count["articles"] += 1
        self._count["entities"] += len(kept.spans)
        self._count["relations"] += len(kept.relations)
        self._count["set_aside"] += len(marked.set_aside)
        self._count["waiting"] += len(marked.spans) - len(kept.spans)
        self._count["waiting_relations"] += len(marked.relations) - len(kept.relations)
        self._labels.update((span.label, split) for span in kept.spans)

    def _table(self, config: str, split: SplitName) -> Table:
        key = (config, split)
        if key not in self._tables:
            self._tables[key] = Table(self._folder / config, split, self._features[config])
        return self._tables[key]

    def _refuse_empty(self) -> None:
        if not self._count["articles"]:
            taken = "an annotation that the policy takes"
            what = taken if self._count["ineligible"] else "a submitted annotation"
            raise DatasetError(
                f"no article of the corpus has {what}",
                "Annotate some in Label Studio, run `annotate pull`, then build again.",
            )

    def _built(self) -> Built:
        splits = [split for split in SPLITS if ("spans", split) in self._tables]
        names = (
            "articles", "unannotated", "entities", "relations", "set_aside", "outdated",
            "superseded", "waiting", "waiting_relations", "ineligible",
        )  # fmt: skip
        return Built(
            **{name: self._count[name] for name in names},
            annotators=len(self._names),
            annotations=self._rows_of("annotations"),
            sentences=self._rows_of("tokens"),
            splits={split: self._tables["spans", split].rows for split in splits},
            labels={
                label: {split: self._labels[label, split] for split in splits}
                for label in self._schema.labels
            },
            losses=dict(sorted(self._reasons.items())),
        )

    def _rows_of(self, config: str) -> int:
        return sum(table.rows for (name, _), table in self._tables.items() if name == config)

    def _finish(self, lock: Lock, built: Built) -> None:
        splits = {
            config: [split for split in SPLITS if (config, split) in self._tables]
            for config in CONFIGS
        }
        card = dataset_card(
            self._schema, self._settings, built, self._features, splits, identity(lock)
        )
        (self._folder / CARD).write_text(card, encoding="utf-8")
        write_lock(self._folder, lock)


def _refuse_foreign(out: Path) -> None:
    """Refuse to replace anything that a build did not write."""
    if not out.exists():
        return
    if not out.is_dir() or (any(out.iterdir()) and not (out / LOCK).is_file()):
        raise DatasetError(
            f"{out} exists and is not a dataset built here", "Name a new folder, or remove it."
        )
    foreign = sorted({path.name for path in out.iterdir()} - _WRITTEN)
    if foreign:
        raise DatasetError(
            f"{out} holds {', '.join(foreign)}, which a build did not write",
            "Move it elsewhere; a build replaces the whole folder.",
        )
