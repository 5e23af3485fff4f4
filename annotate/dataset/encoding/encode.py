"""Encode: a built dataset becomes ids and labels of a fast tokeniser, a window at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from annotate.dataset.encoding.describing import (
    DATA,
    RECORD,
    Encoded,
    Record,
    describe,
    digest_of,
)
from annotate.dataset.encoding.encoder import Encoder
from annotate.dataset.encoding.loading import Loaded, load_fast
from annotate.dataset.encoding.options import Options
from annotate.dataset.encoding.pieces import specials
from annotate.dataset.encoding.texts import Text, Texts, count_articles
from annotate.dataset.features import loss_features
from annotate.dataset.lock import CARD
from annotate.dataset.reading import BROKEN, BuiltDataset, no_parquet, open_built
from annotate.dataset.tables import LOSSES
from annotate.dataset.writing import Table, replacing
from annotate.errors import DatasetError
from annotate.progress import Progress, silent
from annotate.tokens import Loss

_WRITTEN = frozenset({CARD, DATA, LOSSES, RECORD})


def encode(
    dataset: Path, out: Path, tokenizer: str, options: Options | None = None, *,
    progress: Progress = silent,
) -> Encoded:  # fmt: skip
    """Encode the dataset built in a folder into the folder `out`, replacing an encoded one.

    `tokenizer` is the path of a `tokenizer.json` or of a folder with one, or a name on the Hub.
    The labels are those that `tokens` has, so how nested spans and spans that cut a word are
    shown was decided when the dataset was built. Splits stay; articles that nobody
    annotated are left out.
    Raises `DatasetError` when there is no dataset or no such tokenizer, when the options do not
    fit it, when `out` holds something else, and when it cannot be written.
    """
    _refuse_foreign(out)
    built = open_built(dataset)
    texts = Texts(built)
    loaded = load_fast(tokenizer)
    chosen = _chosen(options or Options(), texts, loaded)
    record = Record(
        tokenizer=loaded.name,
        sha256=loaded.sha256,
        dataset=digest_of(dataset),
        options=chosen,
        versions={name: version(name) for name in ("annotate-corpus", "tokenizers")},
    )
    try:
        with replacing(out) as fresh:
            encoder = Encoder(loaded.tokenizer, chosen, texts.labels, len(texts.columns))
            encoded = _write(fresh, texts, encoder, built, progress)
            describe(fresh, dataset, record, encoded, encoder.features)
    except OSError as error:
        raise DatasetError(
            f"{out} cannot be written: {error.strerror or error}",
            "Free some space or name another folder; what was there is untouched.",
        ) from error
    return encoded


def _write(
    folder: Path, texts: Texts, encoder: Encoder, built: BuiltDataset, progress: Progress
) -> Encoded:
    work = _Work(folder, encoder)
    splits = built.splits("spans")
    with ExitStack() as stack:
        stack.callback(work.abandon)
        advance = stack.enter_context(progress("Encoding", count_articles(built, splits)))
        for split in splits:
            for text in texts.of(split):
                work.add(split, text)
                advance(1)
        return work.close(built.folder / LOSSES)


def _chosen(options: Options, texts: Texts, loaded: Loaded) -> Options:
    """Return the options with what was left open."""
    window = options.window(specials(loaded.tokenizer))
    return msgspec.structs.replace(
        options,
        stride=window[1] if window else None,
        scheme=options.scheme or ("BILOU" if texts.is_bilou else "BIO"),
    )


def _refuse_foreign(out: Path) -> None:
    """Refuse to replace anything that was not encoded here."""
    if not out.exists():
        return
    inside = {path.name for path in out.iterdir()} if out.is_dir() else {""}
    if inside and (RECORD not in inside or inside - _WRITTEN):
        raise DatasetError(
            f"{out} is there and holds something other than an encoded dataset",
            "Name a new folder; what is in this one is not to be lost.",
        )


class _Work:
    """The files that are being written, and what is counted meanwhile."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder = folder
        self._encoder = encoder
        self._losses = Table(folder, "losses", loss_features(), whole=True)
        self._tables: dict[str, Table] = {}
        self._reasons: Counter[str] = Counter()
        self._articles = self._unannotated = 0
        self._ids = self._longest = self._longest_lost = 0

    def add(self, split: str, text: Text) -> None:
        """Write an article's rows and losses; one that nobody annotated is only counted."""
        if not text.annotated:
            self._unannotated += 1
            return
        rows, losses, longest_lost = self._encoder.rows(text)
        # A split of which nothing was annotated gets no file: one without rows does not load.
        if split not in self._tables:
            self._tables[split] = Table(self._folder / DATA, split, self._encoder.features)
        for row in rows:
            count = len(row["input_ids"])
            # An id comes with seven other numbers.
            self._tables[split].add(row, 4 * count)
            self._ids += count
            self._longest = max(self._longest, count)
        for loss in losses:
            self._losses.add(_loss_row(text, loss))
            self._reasons[loss.reason] += 1
        self._articles += 1
        self._longest_lost = max(self._longest_lost, longest_lost)

    def close(self, former: Path) -> Encoded:
        """Write what waits, with the losses that the dataset had before."""
        known: Counter[str] = Counter()
        for row in _read_losses(former):
            self._losses.add(row)
            known[row["reason"]] += 1
        for table in (self._losses, *self._tables.values()):
            table.flush()
            table.close()
        return Encoded(
            rows=sum(table.rows for table in self._tables.values()),
            articles=self._articles,
            unannotated=self._unannotated,
            ids=self._ids,
            longest=self._longest,
            splits={split: table.rows for split, table in self._tables.items()},
            losses=dict(sorted(self._reasons.items())),
            former=dict(sorted(known.items())),
            longest_lost=self._longest_lost,
        )

    def abandon(self) -> None:
        """Let go of the files that are open."""
        for table in (self._losses, *self._tables.values()):
            table.abandon()


def _loss_row(text: Text, loss: Loss) -> dict[str, Any]:
    span, reason = loss
    phrase = text.text[span.start : span.end]
    extent = {"start": span.start, "end": span.end, "label": span.label}
    return {"id": text.id, **extent, "text": phrase, "reason": reason}


def _read_losses(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the losses that a built dataset lists; none when it has no list."""
    if not path.is_file():
        return
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(columns=list(loss_features())):
                yield from batch.to_pylist()
    except BROKEN as error:
        raise no_parquet(path, error) from error
