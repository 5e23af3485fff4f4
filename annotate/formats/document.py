"""What readers of other tools' formats give and writers take: a text with its marks."""

from __future__ import annotations

from collections import Counter

import msgspec

from annotate.spans import Relation, Span


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A text and one person's marks in it, as a file of some format has them.

    `id` is the name that the file gives the text, empty when it gives none; `annotator` who
    marked it, as the file tells. Offsets of `spans` are code points of `text`, whatever the
    format counts in. `choices` are answers about the whole text. `metadata` is what else
    describes the text (title, source, url, …).
    """

    id: str
    text: str
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    choices: dict[str, tuple[str, ...]] = {}
    annotator: str = ""
    metadata: dict[str, str] = {}


# What a format cannot carry, by what it is, in the plural: "nested spans", "relations".
# A reader counts what the file has and a document cannot hold, a writer the other way round.
Losses = Counter[str]
