"""Build: articles and their annotations become a dataset on disk.

A pure function of what goes in: the same input gives the same bytes. Written beside the
target and renamed, so the target is the old dataset or the new one, never a half. A process
killed between the two renames leaves the old one whole in a hidden folder beside the target.
"""

from __future__ import annotations

import importlib.metadata
import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import msgspec

from annotate.corpus import Article
from annotate.dataset.built import Built
from annotate.dataset.card import dataset_card
from annotate.dataset.features import span_features, span_row, token_features, token_rows
from annotate.dataset.splits import SPLITS, split_of
from annotate.dataset.tokens import tag
from annotate.errors import DatasetError
from annotate.progress import Progress, silent
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.spans import Annotation
from annotate.text import digest
from annotate.workspace import DatasetSettings

LOCK = "annotate.lock"
LOSSES = "losses.parquet"
CARD = "README.md"
_WRITTEN = frozenset({LOCK, LOSSES, CARD, "spans", "tokens"})

Rows = dict[str, list[dict[str, Any]]]


def build(
    out: Path, articles: Sequence[Article], annotations: Iterable[Annotation], schema: Schema,
    settings: DatasetSettings, *, waiting: Collection[str] = (), progress: Progress = silent,
) -> Built:  # fmt: skip
    """Build the dataset into the folder `out`, replacing a dataset that was built there.

    Of several people's submitted annotations of an article the one changed last counts.
    Spans of the labels in `waiting`, which were split and wait for a person to choose, are
    left out with their relations, and counted.
    Raises `DatasetError` when nothing is annotated, when an annotation has a label that
    the schema lacks, when `out` holds something else, or when it cannot be written.
    """
    _refuse_foreign(out)
    given = list(annotations)
    chosen, outdated, superseded = choose(articles, given)
    if not chosen:
        raise DatasetError(
            "no article of the corpus has a submitted annotation",
            "Annotate some in Label Studio, run `annotate pull`, then build again.",
        )
    marked = chosen
    chosen = _without(marked, frozenset(waiting))
    _refuse_unknown(chosen, schema)
    spans, tokens, losses = _rows(articles, chosen, schema, settings, progress)
    built = Built(
        articles=len(chosen),
        unannotated=len(articles) - len(chosen),
        entities=sum(len(annotation.spans) for annotation in chosen.values()),
        relations=sum(len(annotation.relations) for annotation in chosen.values()),
        sentences=sum(map(len, tokens.values())),
        splits={split: len(rows) for split, rows in spans.items()},
        labels=_count_labels(spans, schema),
        losses=dict(sorted(Counter(loss["reason"] for loss in losses).items())),
        set_aside=sum(len(annotation.set_aside) for annotation in chosen.values()),
        outdated=outdated,
        superseded=superseded,
        waiting=_count("spans", marked) - _count("spans", chosen),
        waiting_relations=_count("relations", marked) - _count("relations", chosen),
    )
    configs = {"spans": (span_features(schema), spans), "tokens": (token_features(schema), tokens)}
    lock = _lock(articles, given, schema, settings)
    columns = {name: features for name, (features, _) in configs.items()}
    card = dataset_card(schema, settings, built, columns, digest(lock.decode()))
    try:
        _write(out, configs, losses, card, lock)
    except OSError as error:
        raise DatasetError(
            f"{out} cannot be written: {error.strerror or error}",
            "Free some space or name another folder; what was there is untouched.",
        ) from error
    return built


def choose(
    articles: Sequence[Article], annotations: Iterable[Annotation]
) -> tuple[dict[str, Annotation], int, int]:
    """Return the annotation that counts for each article, and how many are outdated or superseded.

    The one changed last counts, of equals the one with the greater number.
    """
    versions = {article.id: article.sha256 for article in articles}
    chosen: dict[str, Annotation] = {}
    outdated = superseded = 0
    submitted = (a for a in annotations if a.status == "submitted")
    # The server leaves out a fraction of zero, and "Z" sorts after ".5Z".
    for annotation in sorted(submitted, key=lambda a: (a.updated_at.removesuffix("Z"), a.id)):
        if versions.get(annotation.article) != annotation.sha256:
            outdated += 1
            continue
        superseded += annotation.article in chosen
        chosen[annotation.article] = annotation
    return chosen, outdated, superseded


def _without(chosen: dict[str, Annotation], waiting: frozenset[str]) -> dict[str, Annotation]:
    """Leave out the spans of some labels, and the relations at their ends."""
    kept: dict[str, Annotation] = {}
    for article, annotation in chosen.items():
        spans = tuple(span for span in annotation.spans if span.label not in waiting)
        ids = {span.id for span in spans}
        arrows = tuple(r for r in annotation.relations if {r.head, r.tail} <= ids)
        kept[article] = msgspec.structs.replace(annotation, spans=spans, relations=arrows)
    return kept


def _count(parts: str, chosen: dict[str, Annotation]) -> int:
    return sum(len(getattr(annotation, parts)) for annotation in chosen.values())


def _refuse_unknown(chosen: dict[str, Annotation], schema: Schema) -> None:
    """Refuse what was pulled under a former schema and has no place in this one."""
    for article, annotation in sorted(chosen.items()):
        lacking = {span.label for span in annotation.spans} - {*schema.labels}
        lacking |= {arrow.label for arrow in annotation.relations} - {*schema.relation_labels}
        lacking |= set(_unknown_answers(schema.choices, annotation.choices))
        for span in annotation.spans:
            lacking |= set(_unknown_answers(schema.attributes, span.attributes))
        if lacking:
            raise DatasetError(
                f"the schema lacks {', '.join(sorted(lacking))}, used in article {article}",
                "Put it back, or run `annotate pull` to set such marks aside.",
            )


def _unknown_answers(
    asked: Sequence[Attribute | Choice], answers: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Yield the answers for which a row has no place, as `name: answer`."""
    questions = {question.name: question for question in asked}
    for name, given in answers.items():
        question = questions.get(name)
        options = {option.name for option in question.options} if question else set()
        if question is None or (options and not options.issuperset(given)):
            yield from (f"{name}: {answer}" for answer in given if answer not in options)
        elif len(given) > 1 and not question.multiple:
            yield f"{name}: {' and '.join(given)}"


def _rows(
    articles: Sequence[Article], chosen: dict[str, Annotation], schema: Schema,
    settings: DatasetSettings, progress: Progress,
) -> tuple[Rows, Rows, list[dict[str, Any]]]:  # fmt: skip
    spans: Rows = {}
    tokens: Rows = {}
    losses: list[dict[str, Any]] = []
    with progress("Building rows", len(chosen)) as advance:
        for article in sorted(articles, key=lambda article: article.id):
            annotation = chosen.get(article.id)
            if annotation is None:
                continue
            split = split_of(article.cluster or article.id, settings.split)
            spans.setdefault(split, []).append(span_row(article, annotation, schema))
            sentences, lost = tag(article.text, annotation.spans)
            tokens.setdefault(split, []).extend(token_rows(article, sentences))
            losses += (
                {
                    "id": article.id,
                    "start": span.start,
                    "end": span.end,
                    "label": span.label,
                    "text": article.text[span.start : span.end],
                    "reason": reason,
                }
                for span, reason in lost
            )
            advance(1)
    return _in_order(spans), _in_order(tokens), losses


def _in_order(rows: Rows) -> Rows:
    return {split: rows[split] for split in SPLITS if split in rows}


def _count_labels(spans: Rows, schema: Schema) -> dict[str, dict[str, int]]:
    counts = {
        split: Counter(entity["label"] for row in rows for entity in row["entities"])
        for split, rows in spans.items()
    }
    return {label: {split: counts[split][label] for split in counts} for label in schema.labels}


def _lock(
    articles: Sequence[Article], annotations: Sequence[Annotation], schema: Schema,
    settings: DatasetSettings,
) -> bytes:  # fmt: skip
    """Return the digests of everything that decides the dataset's bytes."""
    corpus = sorted(articles, key=lambda article: article.id)
    ledger = sorted(annotations, key=lambda a: (a.article, a.id))
    parts = {"corpus": corpus, "annotations": ledger, "schema": schema, "settings": settings}
    lock = {name: digest(msgspec.json.encode(part).decode()) for name, part in parts.items()}
    versions = ("annotate-corpus", "datasets", "pyarrow")
    lock |= {name: importlib.metadata.version(name) for name in versions}
    return msgspec.json.format(msgspec.json.encode(lock)) + b"\n"


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


def _write(
    out: Path, configs: dict[str, tuple[datasets.Features, Rows]], losses: list[dict[str, Any]],
    card: str, lock: bytes,
) -> None:  # fmt: skip
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        fresh = Path(folder) / "new"
        fresh.mkdir()
        for name, (features, splits) in configs.items():
            for split, rows in splits.items():
                path = fresh / name / f"{split}-00000-of-00001.parquet"
                path.parent.mkdir(exist_ok=True)
                _write_parquet(path, rows, features)
        string, offset = datasets.Value("string"), datasets.Value("int32")
        listed = dict.fromkeys(("id", "start", "end", "label", "text", "reason"), string)
        listed |= {"start": offset, "end": offset}
        _write_parquet(fresh / LOSSES, losses, datasets.Features(listed))
        (fresh / CARD).write_text(card, encoding="utf-8")
        (fresh / LOCK).write_bytes(lock)
        _swap(fresh, out, Path(folder) / "old")


def _swap(fresh: Path, out: Path, old: Path) -> None:
    if not out.exists():
        fresh.rename(out)
        return
    out.rename(old)
    try:
        fresh.rename(out)
    except BaseException:
        # Also when interrupted: the folder of `old` is about to be removed.
        old.rename(out)
        raise


def _write_parquet(path: Path, rows: list[dict[str, Any]], features: datasets.Features) -> None:
    columns = {name: [row[name] for row in rows] for name in features}
    table = datasets.Dataset.from_dict(columns, features=features)
    table.to_parquet(path)
