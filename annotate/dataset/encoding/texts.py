"""The texts of a built dataset, with their words and the spans that their tags show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from annotate.dataset.features import ANNOTATED, tells_annotated
from annotate.dataset.reading import BuiltDataset
from annotate.errors import DatasetError
from annotate.formats.tagged import stretches
from annotate.spans import Span
from annotate.tokens import Token

Row = dict[str, Any]


class Text(NamedTuple):
    """An article's text with the places of its words, and the spans on each level.

    Where nobody annotated it, that there are no spans means nothing.
    """

    id: str
    text: str
    words: list[Token]
    layers: list[list[Span]]
    annotated: bool = True


class Texts:
    """The articles of a built dataset, by split; spans are those that `tokens` shows."""

    def __init__(self, built: BuiltDataset) -> None:
        self._built = built
        columns = list(built.features("tokens"))
        self.columns = [name for name in columns if name.split("_")[:2] == ["ner", "tags"]]
        if not {"starts", "ends", "tokens"} <= {*columns} or not self.columns:
            raise _broken(built, "its config tokens has no places or no tags")
        self._names = [built.names("tokens", column) for column in self.columns]
        self.labels = built.names("spans", "entities.label")
        self._whether = [ANNOTATED] if tells_annotated(built.features("spans")) else []

    @property
    def is_bilou(self) -> bool:
        """Whether the tags are BILOU; else they are BIO."""
        return any(name.startswith("U-") for name in self._names[0])

    def of(self, split: str) -> Iterator[Text]:
        """Yield the articles of a split in the dataset's order; one is in memory at a time."""
        rows = iter(()) if split not in self._built.splits("tokens") else self._rows(split)
        sentences = groupby(rows, key=itemgetter("id"))
        waiting = next(sentences, None)
        for article in self._built.rows("spans", split, ["id", "text", *self._whether]):
            layers: list[list[Span]] = [[] for _ in self.columns]
            known = bool(article.get(ANNOTATED, True))
            text = Text(article["id"], article["text"], [], layers, known)
            if waiting is not None and waiting[0] == text.id:
                for row in waiting[1]:
                    self._add(text, row)
                waiting = next(sentences, None)
            yield text
        if waiting is not None:
            raise _broken(self._built, f"tokens and spans differ at article {waiting[0]}")

    def _rows(self, split: str) -> Iterator[Row]:
        return self._built.rows("tokens", split, ["id", "tokens", "starts", "ends", *self.columns])

    def _add(self, text: Text, row: Row) -> None:
        """Add a sentence to an article, after proof that it is there."""
        places = list(map(Token, row["starts"], row["ends"]))
        if row["tokens"] != [text.text[start:end] for start, end in places]:
            raise _broken(self._built, f"the tokens of article {text.id} are not in its text")
        for layer, column, names in zip(text.layers, self.columns, self._names, strict=True):
            for found in stretches([names[number] for number in row[column]]):
                start, end = places[found.first].start, places[found.last - 1].end
                number = len(layer)
                layer.append(Span(id=f"{number}", start=start, end=end, label=found.label))
        text.words.extend(places)


def _broken(built: BuiltDataset, why: str) -> DatasetError:
    return DatasetError(f"{built.folder} cannot be encoded: {why}", "Run `annotate build` again.")


def count_articles(built: BuiltDataset, splits: Sequence[str]) -> int:
    """Return how many articles the splits have."""
    return sum(built.count("spans", split) for split in splits)
