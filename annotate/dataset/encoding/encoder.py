"""Texts as rows of ids and labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from datasets import ClassLabel, Features, List, Value

from annotate.dataset.encoding.aligning import (
    IGNORED,
    NO_WORD,
    Labelled,
    Units,
    find_units,
    label_pieces,
    tag_units,
)
from annotate.dataset.encoding.options import Options
from annotate.dataset.encoding.pieces import Pieces, specials, split
from annotate.dataset.encoding.texts import Text
from annotate.dataset.encoding.windows import Extent, cut, in_no_window, shown_in
from annotate.errors import DatasetError
from annotate.tokens import Loss, Tagging, Token

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Row = dict[str, Any]


class Rows(NamedTuple):
    """A text's rows, and the spans that they do not show.

    The longest of those that no window has as a whole has `longest_lost` sub-tokens.
    """

    rows: list[Row]
    losses: list[Loss]
    longest_lost: int


class Encoder:
    """Makes rows of texts, under the labels of a dataset with so many levels of tags."""

    def __init__(
        self, tokenizer: Tokenizer, options: Options, labels: list[str], depth: int
    ) -> None:
        self._tokenizer = tokenizer
        self._window = options.window(specials(tokenizer))
        self._label_all = options.label_all
        self._tagging = Tagging(scheme=options.scheme or "BIO")
        names = ["O", *(f"{one}-{label}" for label in labels for one in self._tagging.prefixes)]
        self._numbers = {name: number for number, name in enumerate(names)}
        self._columns = ["labels", *(f"labels_{level}" for level in range(2, depth + 1))]
        self.features = _features(names, self._columns)

    def rows(self, text: Text) -> Rows:
        """Return a text's rows, one for each window; `DatasetError` when ids have no place."""
        try:
            found = split(self._tokenizer, text.text)
            units = find_units(text.words, found.places)
        except DatasetError as error:
            raise DatasetError(f"article {text.id}: {error.problem}", error.remedy) from error
        windows = cut(len(found.ids), self._window)
        levels: list[Labelled] = []
        losses: list[Loss] = []
        lengths = [0]
        for layer in text.layers:
            tags, lost = tag_units(units, layer, self._tagging)
            level = label_pieces(units, tags, self._numbers, label_all=self._label_all)
            unseen = list(in_no_window(level, windows))
            losses += [*lost, *(Loss(span, "no window") for span, _ in unseen)]
            lengths += [count for _, count in unseen]
            levels.append(level)
        rows = [
            {"id": text.id, "window": number} | self._row(found, units, levels, window)
            for number, window in enumerate(windows)
        ]
        return Rows(rows, losses, max(lengths))

    def _row(self, found: Pieces, units: Units, levels: list[Labelled], window: Extent) -> Row:
        start, end = window
        before, after = len(found.before), len(found.after)
        ids = [*found.before, *found.ids[start:end], *found.after]
        row: Row = {"input_ids": ids, "attention_mask": [1] * len(ids)}
        for column, level in zip(self._columns, levels, strict=True):
            row[column] = [IGNORED] * before + shown_in(level, window) + [IGNORED] * after
        words = [units.words[one] if one != NO_WORD else NO_WORD for one in units.owners[start:end]]
        row["words"] = [NO_WORD] * before + words + [NO_WORD] * after
        nowhere = Token(0, 0)
        places = [nowhere] * before + found.places[start:end] + [nowhere] * after
        row["starts"] = [place.start for place in places]
        row["ends"] = [place.end for place in places]
        return row


def _features(names: list[str], columns: list[str]) -> Features:
    numbers = List(Value("int32"))
    shown: dict[str, Any] = {"id": Value("string"), "window": Value("int32")}
    shown |= {"input_ids": numbers, "attention_mask": List(Value("int8"))}
    shown |= dict.fromkeys(columns, List(ClassLabel(names=names)))
    return Features(shown | dict.fromkeys(("words", "starts", "ends"), numbers))
