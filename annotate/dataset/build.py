"""Build: articles and their annotations become a dataset on disk.

A pure function of what goes in: the same input gives the same bytes, whatever its order. One
article at a time is worked on, and what is held does not grow with their number. Written beside
the target and renamed, so the target is the old dataset or the new one, never a half.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from annotate.corpus import Article
from annotate.dataset.built import Built
from annotate.dataset.card import write_card
from annotate.dataset.counts import Counts
from annotate.dataset.ends import Ends
from annotate.dataset.former import former_card, refuse_foreign, save_card
from annotate.dataset.given import Given, gathered
from annotate.dataset.joining import Vocabulary, join, several_answers, without
from annotate.dataset.lock import (
    CONFIGS,
    Chosen,
    Lock,
    differences,
    identity,
    make_lock,
    read_lock,
    reading,
    write_lock,
)
from annotate.dataset.policy import check_policy, choose, none_taken
from annotate.dataset.rows import Rows
from annotate.dataset.splits import SplitName, Splits
from annotate.dataset.summary import Summary
from annotate.dataset.tables import Tables
from annotate.dataset.writing import replacing
from annotate.errors import DatasetError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.settings import DatasetSettings
from annotate.spans import Annotation

# Articles after which progress is told.
_TOLD = 50

T = TypeVar("T")


def build(
    out: Path, articles: Iterable[Article], annotations: Iterable[Annotation], schema: Schema,
    settings: DatasetSettings, *, fixed: Mapping[str, SplitName] | None = None,
    waiting: Collection[str] = (), configs: Collection[str] = CONFIGS,
    progress: Progress = silent,
) -> Built:  # fmt: skip
    """Build the dataset into the folder `out`, replacing a dataset that was built there.

    The policy of the settings says which annotation of an article counts. `fixed` lists articles
    whose split a person decided. Spans of the labels in `waiting`, which were split and wait for
    a person to choose, are left out with their relations, and counted. Of the `configs` at least
    `spans` must be built.
    Raises `DatasetError` when nothing is annotated, when an annotation has a label that
    the schema lacks, when `out` holds something else, or when it cannot be written.
    A card in `out` in which words were changed outside its kept sections is saved beside it.
    """
    chosen = Chosen(settings=settings, fixed=fixed or {}, waiting=waiting, configs=configs)
    sources = _readable(articles), _readable(annotations)
    with _writing(out), gathered(*sources, out.parent) as given:
        return _replace(out, given, schema, chosen, progress)


def build_given(
    out: Path, given: Given, schema: Schema, chosen: Chosen, progress: Progress = silent
) -> Built:
    """Build as `build` does, from what was gathered before."""
    with _writing(out):
        return _replace(out, given, schema, chosen, progress)


def _replace(out: Path, given: Given, schema: Schema, chosen: Chosen, progress: Progress) -> Built:
    with replacing(out) as fresh:
        former = former_card(out)
        built = _Build(fresh, given, schema, chosen, progress).run(former)
        return msgspec.structs.replace(built, card_saved=save_card(out, former))


def check(
    out: Path, articles: Iterable[Article], annotations: Iterable[Annotation], schema: Schema,
    settings: DatasetSettings, *, fixed: Mapping[str, SplitName] | None = None,
    waiting: Collection[str] = (), configs: Collection[str] = CONFIGS,
) -> list[str]:  # fmt: skip
    """Return why the dataset in `out` is not what would be built now; nothing when it is.

    Raises `DatasetError` when there is no dataset.
    """
    then = read_lock(out)
    chosen = Chosen(settings=settings, fixed=fixed or {}, waiting=waiting, configs=configs)
    sources = _readable(articles), _readable(annotations)
    with _waiting(), gathered(*sources) as given:
        now = _lock(given, schema, chosen)
    return differences(now, then, out)


def _lock(given: Given, schema: Schema, chosen: Chosen) -> Lock:
    return make_lock(given.articles.digest(), given.annotations.digest(), schema, chosen)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    """Refuse a folder that is not ours to replace, and say what cannot be written."""
    with reading(out):
        refuse_foreign(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise DatasetError(
            f"{out} cannot be written: {error.strerror or error}",
            "Free some space or name another folder; what was there is untouched.",
        ) from error


@contextmanager
def _waiting() -> Iterator[None]:
    """Say when what waits in temporary files cannot be written."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"temporary files cannot be written: {error.strerror or error}",
            "Free some space, or set TMPDIR to a folder that has some.",
        ) from error


def _readable(given: Iterable[T]) -> Iterator[T]:
    """Yield what is given; where reading it fails, say that, and not that writing failed."""
    try:
        yield from given
    except OSError as error:
        where = error.filename or "what the dataset is built from"
        raise DatasetError(
            f"{where} cannot be read: {error.strerror or error}",
            "Check the disk and its permissions, then try again.",
        ) from error


class _Known(NamedTuple):
    """An article, the digest of its text, its annotations, and what is kept of current ones.

    Those are of this text and no drafts.
    """

    article: Article
    sha256: str
    found: list[Annotation]
    current: list[Annotation]


class _Build:
    def __init__(
        self, folder: Path, given: Given, schema: Schema, chosen: Chosen, progress: Progress
    ) -> None:
        self._folder = folder
        self._given = given
        self._schema = schema
        self._chosen = chosen
        self._settings = chosen.settings
        self._progress = progress
        self._rows = Rows(schema)
        self._names = given.pseudonyms()
        self._several = several_answers(schema)
        self._undirected = {kind.name for kind in schema.relations if not kind.directed}
        self._counts = Counts(Ends(schema.relations))
        self._summary = Summary(schema)
        self._splits = Splits(self._settings.split, chosen.fixed, self._clusters())

    def _clusters(self) -> Iterator[tuple[str, str]]:
        return ((one.id, one.cluster or one.id) for one in self._given.articles)

    def run(self, former: str) -> Built:
        """Build, and return what was built; `former` is the card that is replaced."""
        check_policy(self._settings.policy, self._names)
        tables = Tables(self._folder, self._schema, self._settings, self._chosen.configs)
        with tables:
            for known in self._joined():
                self._add(known, tables)
            self._refuse_empty()
            tables.close()
        built = self._built(tables)
        with self._progress("Writing the card", None):
            lock = _lock(self._given, self._schema, self._chosen)
            write_card(
                self._folder, former, self._schema, self._settings, built, self._summary,
                tables.features, tables.splits(), identity(lock),
            )  # fmt: skip
            write_lock(self._folder, lock)
        return built

    def _joined(self) -> Iterator[_Known]:
        """Yield every article of the corpus with what people marked in it."""
        vocabulary = Vocabulary(self._schema)
        given, done = self._given, 0
        with self._progress("Building rows", len(given.articles)) as advance:
            for article, found in join(given.articles, given.annotations):
                if article is None:
                    self._counts.add_foreign(found)
                    continue
                sha256 = article.sha256
                current = [
                    without(one, self._chosen.waiting)
                    for one in found
                    if one.status != "draft" and one.sha256 == sha256
                ]
                for one in current:
                    vocabulary.check(one)
                yield _Known(article, sha256, found, current)
                done += 1
                if done == _TOLD:
                    advance(done)
                    done = 0
            advance(done)

    def _add(self, known: _Known, tables: Tables) -> None:
        article, sha256, found, current = known
        policy = self._settings.policy
        choice = choose(sha256, found, policy, self._several, self._undirected)
        self._counts.add_choice(choice)
        split = self._splits.of(article.id, article.cluster or article.id)
        kept = without(choice.annotation, self._chosen.waiting) if choice.annotation else None
        self._summary.add(article, kept, current, split)
        marked = self._rows.marked(article.text, kept)
        if kept and choice.annotation:
            self._counts.add_article(choice.annotation, kept, split)
        if kept or self._settings.include_unannotated:
            row = self._rows.span(article, sha256, marked, annotated=kept is not None)
            tables.add_article(row, article, kept, split)
        for one in sorted(current, key=self._by_name) if "annotations" in tables.features else ():
            told = marked if one is kept else self._rows.marked(article.text, one)
            name = self._names[one.annotator]
            tables.add_annotation(self._rows.annotation(one, name, told), split)

    def _by_name(self, annotation: Annotation) -> tuple[str, int]:
        return self._names[annotation.annotator], annotation.id

    def _refuse_empty(self) -> None:
        if self._counts.of["articles"]:
            return
        if self._counts.of["ineligible"]:
            raise none_taken(self._settings.policy)
        raise DatasetError(
            "no article of the corpus has a submitted annotation",
            "Annotate some in Label Studio, run `annotate pull`, then build again.",
        )

    def _built(self, tables: Tables) -> Built:
        splits = tables.splits()["spans"]
        names = (
            "articles", "unannotated", "entities", "relations", "set_aside", "outdated",
            "superseded", "waiting", "waiting_relations", "ineligible", "doubtful", "unfit",
        )  # fmt: skip
        counted: dict[str, Any] = {name: self._counts.of[name] for name in names}
        return Built(
            **counted,
            included=tables.count("spans") - self._counts.of["articles"],
            # Told by who replaces the former card.
            card_saved="",
            annotators=len(self._summary.annotators),
            lacking=self._splits.lacking,
            annotations=tables.count("annotations"),
            sentences=tables.count("tokens"),
            splits={split: tables.count("spans", split) for split in splits},
            labels={
                label: {split: self._counts.labels[split][label] for split in splits}
                for label in self._schema.labels
            },
            losses=dict(sorted(tables.losses.items())),
        )
