"""The rows of `tokens`: many articles at once are cut, tagged and made into Arrow's arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from annotate.dataset.features import ANNOTATED, tag_columns
from annotate.errors import DatasetError, TaggingError
from annotate.schema import Schema
from annotate.settings import Tagging
from annotate.spans import Span
from annotate.tokens import Loss
from annotate.tokens.aligning import Aligned, align_tags
from annotate.tokens.arrays import Cut, Ints, cut
from annotate.tokens.tokenizers import load_tokenizer


class Marked(NamedTuple):
    """An article whose sentences become rows, with what counts in it.

    `annotated` tells whether an annotation of it counts at all.
    """

    id: str
    text: str
    spans: Sequence[Span]
    annotated: bool = True


class TokenRows:
    """Makes rows under one schema, with tags as the numbers that the features give them."""

    def __init__(self, schema: Schema, tagging: Tagging, arrow_schema: pa.Schema) -> None:
        self._labels = schema.labels
        self._tagging = tagging
        self._tokenize = load_tokenizer(tagging.tokenizer)
        self._columns = tag_columns(tagging)
        self._arrow_schema = arrow_schema

    def make(self, articles: Sequence[Marked]) -> tuple[pa.Table, Ints, list[list[Loss]]]:
        """Return a row a sentence, how many rows each article has, and its losses.

        Raises `DatasetError` for a span that cuts a token, when the tagging says so.
        """
        found = cut([article.text for article in articles], self._tokenize)
        aligned = self._align(articles, found)
        # The number of each sentence's article, and of the sentence there.
        firsts = found.starts[found.sentences[:-1]]
        owners = np.searchsorted(found.bases, firsts, side="right") - 1
        counts = np.bincount(owners, minlength=len(articles))
        within = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
        shift = np.repeat(found.bases[owners], np.diff(found.sentences))
        ids = pa.array([article.id for article in articles], pa.string())
        annotated = pa.array([article.annotated for article in articles], pa.bool_())
        tokens = {
            "tokens": _texts(found),
            "starts": pa.array(found.starts - shift, pa.int32()),
            "ends": pa.array(found.ends - shift, pa.int32()),
            **dict(zip(self._columns, map(pa.array, aligned.levels), strict=True)),
        }
        columns = {"id": ids.take(pa.array(owners)), "sentence": pa.array(within, pa.int32())}
        columns[ANNOTATED] = annotated.take(pa.array(owners))
        columns |= {name: _listed(values, found) for name, values in tokens.items()}
        arrays = [columns[name] for name in self._arrow_schema.names]
        return pa.Table.from_arrays(arrays, schema=self._arrow_schema), counts, aligned.losses

    def _align(self, articles: Sequence[Marked], found: Cut) -> Aligned:
        names, spans = [one.id for one in articles], [one.spans for one in articles]
        try:
            return align_tags(found, names, spans, self._labels, self._tagging)
        except TaggingError as error:
            raise DatasetError(
                f"article {error.problem}",
                "Correct the span, or set `cut` of [dataset.tokens] in annotate.toml.",
            ) from error


def _listed(values: pa.Array, found: Cut) -> pa.Array:
    """Return what the tokens have as a list for each sentence."""
    return pa.ListArray.from_arrays(pa.array(found.sentences, pa.int32()), values)


def _texts(found: Cut) -> pa.Array:
    """Return the tokens' texts: every other piece of the whole text, cut at their extents."""
    encoded = found.text.encode()
    # Where each character begins: at what is no later byte of one.
    places = np.flatnonzero((np.frombuffer(encoded, np.uint8) & 0xC0) != 0x80)
    edges = np.empty(2 * len(found.starts) + 1, np.int32)
    edges[0:-1:2] = places[found.starts]
    # Behind each text is a line feed, so that there is always another character.
    edges[1::2] = places[found.ends]
    edges[-1] = len(encoded)
    pieces = pa.StringArray.from_buffers(len(edges) - 1, pa.py_buffer(edges), pa.py_buffer(encoded))
    return pieces.take(pa.array(np.arange(0, len(edges) - 1, 2)))
