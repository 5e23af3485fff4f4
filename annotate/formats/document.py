"""What readers of other tools' formats give and writers take: a text with its marks."""

from __future__ import annotations

from collections import Counter

import msgspec

from annotate.spans import Relation, Span


class Unproved(msgspec.Struct, frozen=True, kw_only=True):
    """A mark that a file has and that is not in its text, with the reason.

    `start` and `end` are as the file has them, `text` is what it says is there, empty where it
    says nothing.
    """

    id: str
    label: str
    reason: str
    start: int
    end: int
    text: str = ""
    attributes: dict[str, tuple[str, ...]] = {}


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A text and one person's marks in it, as a file of some format has them.

    `id` is the name that the file gives the text, empty when it gives none; `short_id` is a
    shorter one that is as sure among those of the file, empty when there is none; `annotator` who
    marked it, as the file tells. Offsets of `spans` are code points of `text`, whatever the
    format counts in. `choices` are answers about the whole text. `metadata` is what else
    describes the text (title, source, url, …). What a reader found marked and could not prove is
    `unproved`; relations may go to it.
    """

    id: str
    text: str
    short_id: str = ""
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    choices: dict[str, tuple[str, ...]] = {}
    annotator: str = ""
    metadata: dict[str, str] = {}
    unproved: tuple[Unproved, ...] = ()


# What a format cannot carry, by what it is, in the plural: "nested spans", "relations".
# A reader counts what the file has and a document cannot hold, a writer the other way round.
Losses = Counter[str]
