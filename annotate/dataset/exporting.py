"""A built dataset goes out in the formats of other tools, a file or a folder for each split."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from datasets import ClassLabel, List

from annotate.dataset.features import ANNOTATED, METADATA, tells_annotated
from annotate.dataset.lock import file_digests
from annotate.dataset.reading import BuiltDataset, Row
from annotate.dataset.writing import replacing
from annotate.errors import DatasetError
from annotate.formats.document import Document, Losses
from annotate.formats.losses import lose
from annotate.formats.registry import Format
from annotate.progress import Advance, Progress, silent
from annotate.spans import Relation, Span

CONFIG = "spans"
# What was exported, and the digests of the files that it is.
MANIFEST = "export.json"
# The option of writers that can tell which documents nobody annotated, by their ids.
CAN_TELL = "unannotated"

_OF_AN_ENTITY = frozenset({"id", "start", "end", "label", "text"})

Answers = tuple[str, ...]
Answer = Callable[[Any], Answers]


class Split(msgspec.Struct, frozen=True):
    """What a split's file has: how many documents, and what they lost on the way into it."""

    documents: int
    losses: Losses


class Exported(msgspec.Struct, frozen=True):
    """What was exported: the format, each split, and the digests of all files by their path."""

    format: str
    splits: dict[str, Split]
    files: dict[str, str]

    @property
    def losses(self) -> Losses:
        """What was lost over all splits."""
        return sum((split.losses for split in self.splits.values()), Losses())


class _Manifest(msgspec.Struct, frozen=True):
    files: dict[str, str]


def export_dataset(
    dataset: BuiltDataset, out: Path, form: Format, splits: Sequence[str] = (),
    options: Mapping[str, Any] | None = None, progress: Progress = silent,
) -> Exported:  # fmt: skip
    """Write the splits of a dataset, by default all, into a folder; `options` are the format's.

    The folder is written whole or not at all. It takes the place of an export that nobody
    changed since; `DatasetError` when something else is there, or it cannot be written.
    """
    _refuse_foreign(out)
    wanted = list(splits) or dataset.splits(CONFIG)
    total = sum(dataset.count(CONFIG, split) for split in wanted)
    try:
        with replacing(out) as fresh, progress("Exporting", total) as advance:
            export = _Export(dataset, fresh, form, options or {}, advance)
            told = {split: export.write(split) for split in wanted}
            exported = Exported(form.name, told, file_digests(fresh))
            manifest = msgspec.json.format(msgspec.json.encode(exported, order="sorted"))
            (fresh / MANIFEST).write_bytes(manifest + b"\n")
    except OSError as error:
        raise DatasetError(
            f"{out} cannot be written: {error.strerror or error}",
            "Free some space or name another folder; what was there is untouched.",
        ) from error
    return exported


class _Export:
    """Writes splits of a dataset into a folder."""

    def __init__(
        self, dataset: BuiltDataset, folder: Path, form: Format, options: Mapping[str, Any],
        advance: Advance,
    ) -> None:  # fmt: skip
        self._dataset = dataset
        self._folder = folder
        self._form = form
        self._options = dict(options)
        self._advance = advance

    def write(self, split: str) -> Split:
        """Write a split; what nobody annotated only in a format that can tell it."""
        losses, bare = Losses(), unannotated_in(self._dataset, split)
        options, left_out = self._options, bare
        if CAN_TELL in self._form.writing:
            options, left_out = {**options, CAN_TELL: bare}, set()
        lose(losses, "articles that nobody annotated", len(left_out))
        documents = self._told(split, left_out)
        self._form.write(documents, self._folder / f"{split}{self._form.suffix}", losses, **options)
        return Split(self._dataset.count(CONFIG, split) - len(left_out), losses)

    def _told(self, split: str, left_out: Collection[str]) -> Iterator[Document]:
        for document in documents_of(self._dataset, split):
            if document.id not in left_out:
                yield document
            self._advance(1)


def _refuse_foreign(out: Path) -> None:
    """Refuse to replace what no export wrote, or what somebody worked on since."""
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if not (out / MANIFEST).is_file():
        raise DatasetError(
            f"{out} exists and is no export of a dataset",
            "Name a new folder; what is in this one is not to be lost.",
        )
    try:
        then = msgspec.json.decode((out / MANIFEST).read_bytes(), type=_Manifest).files
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise DatasetError(
            f"{out / MANIFEST} cannot be read: {error}",
            "Name a new folder; what is in this one is not to be lost.",
        ) from error
    now = file_digests(out)
    del now[MANIFEST]
    changed = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    if changed:
        raise DatasetError(
            f"{out / changed[0]} changed since it was exported",
            "Name another folder, or move what somebody worked on elsewhere.",
        )


def language_of(dataset: BuiltDataset) -> str:
    """Return the code of the language that all annotated articles have, else `xx`."""
    columns = ["language", *_whether(dataset)]
    rows = (row for split in dataset.splits(CONFIG) for row in dataset.rows(CONFIG, split, columns))
    found = {row["language"] or "" for row in rows if row.get(ANNOTATED, True)}
    return found.pop() if len(found) == 1 and "" not in found else "xx"


def unannotated_in(dataset: BuiltDataset, split: str) -> set[str]:
    """Return the ids of the articles of a split that nobody annotated."""
    if not _whether(dataset):
        return set()
    rows = dataset.rows(CONFIG, split, ["id", ANNOTATED])
    return {row["id"] for row in rows if not row[ANNOTATED]}


def _whether(dataset: BuiltDataset) -> list[str]:
    """Return the column that tells which articles somebody annotated, where there is one."""
    return [ANNOTATED] if tells_annotated(dataset.features(CONFIG)) else []


def documents_of(dataset: BuiltDataset, split: str) -> Iterator[Document]:
    """Yield the articles of a split as documents; also those that nobody annotated."""
    columns = _Columns(dataset)
    return (columns.document(row) for row in dataset.rows(CONFIG, split))


class _Columns:
    """What the columns of the config `spans` mean."""

    def __init__(self, dataset: BuiltDataset) -> None:
        features = dataset.features(CONFIG)
        entity = features["entities"].feature
        self._labels = dataset.names(CONFIG, "entities.label")
        self._attributes = {
            name: _answer(feature) for name, feature in entity.items() if name not in _OF_AN_ENTITY
        }
        self._arrows: list[str] = []
        if "relations" in features:
            self._arrows = dataset.names(CONFIG, "relations.label")
        self._choices = {
            name: _answer(feature)
            for name, feature in features.items()
            if isinstance(getattr(feature, "feature", feature), ClassLabel)
        }

    def document(self, row: Row) -> Document:
        """Return an article and what counts as marked in it."""
        return Document(
            id=row["id"],
            text=row["text"],
            spans=tuple(map(self._span, row["entities"])),
            relations=tuple(
                Relation(head=one["head"], tail=one["tail"], label=self._arrows[one["label"]])
                for one in row.get("relations") or ()
            ),
            choices=_answers(self._choices, row),
            metadata={name: row[name] for name in METADATA if row[name]},
        )

    def _span(self, entity: Row) -> Span:
        return Span(
            id=entity["id"],
            start=entity["start"],
            end=entity["end"],
            label=self._labels[entity["label"]],
            attributes=_answers(self._attributes, entity),
        )


def _answers(questions: Mapping[str, Answer], row: Row) -> dict[str, Answers]:
    """Return the answers that were given."""
    told = {name: answer(row[name]) for name, answer in questions.items() if row[name] is not None}
    return {name: answers for name, answers in told.items() if answers}


def _answer(feature: Any) -> Answer:
    """Return what makes answers of a column's value: of one option, of several, or of a text."""
    if isinstance(feature, List):
        return lambda given: tuple(feature.feature.names[one] for one in given)
    if isinstance(feature, ClassLabel):
        return lambda given: (feature.names[given],)
    return lambda given: (given,)
