"""What a person marked: spans, relations and the annotation that holds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

# A draft is what somebody marked and has not submitted yet.
Status = Literal["submitted", "skipped", "draft"]


class Span(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A labelled stretch of an article; `start` and `end` are code points, end exclusive.

    `attributes` are the answers to the schema's attributes of spans, by name.
    """

    id: str
    start: int
    end: int
    label: str
    attributes: dict[str, tuple[str, ...]] = {}


class Relation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A labelled arrow from the span with id `head` to the span with id `tail`."""

    head: str
    tail: str
    label: str


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person marked that could not be proved against the article.

    `mark` is the server's own JSON of it, kept so that nothing is lost. `sha256` is that of
    the earlier text in which it was marked, empty when it is the annotation's. `span` is the
    id of the span that stands for it all the same, while nobody has looked at it.
    """

    reason: str
    mark: msgspec.Raw
    sha256: str = ""
    span: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided about a mark that was set aside.

    `mark` is the SHA-256 of its JSON. It counts as `span`, which lies in the text with the
    digest `sha256`, or as `relation`, or not at all. A decision that is done tells what it
    takes to undo it: what was set `aside`, the span that `stood` for it, and the relations
    that were `untied` with that. `aside` is None as long as a decision does not fit.
    """

    mark: str
    span: Span | None = None
    relation: Relation | None = None
    sha256: str = ""
    aside: SetAside | None = None
    stood: Span | None = None
    untied: tuple[Relation, ...] = ()


class Annotation(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One person's work on one version of one article.

    `id` is the server's, `sha256` that of the canonical text that was annotated, times are
    ISO 8601 in UTC, `lead_time` is in seconds. `repaired` counts the spans whose offsets
    came in UTF-16 units and were turned into code points. `decided` tells what became of
    marks that had been set aside.
    """

    id: int
    article: str
    sha256: str
    annotator: str
    status: Status
    created_at: str
    updated_at: str
    lead_time: float | None = None
    spans: tuple[Span, ...] = ()
    relations: tuple[Relation, ...] = ()
    choices: dict[str, tuple[str, ...]] = {}
    set_aside: tuple[SetAside, ...] = ()
    repaired: int = 0
    decided: tuple[Decision, ...] = ()
    ground_truth: bool = False


def moment(time: str) -> str:
    """Sort key of a time in ISO 8601 in UTC; no time comes first."""
    # The server leaves out a fraction of zero, and "Z" sorts after ".5Z".
    return time.removesuffix("Z")


def age(annotation: Annotation) -> tuple[str, int]:
    """Sort key: by when the annotation was changed last, then by its number."""
    return moment(annotation.updated_at), annotation.id


def reading_order(span: Span) -> tuple[int, int, str, str]:
    """Sort key: by start, an outer span before the ones nested in it, then by label."""
    return (span.start, -span.end, span.label, span.id)


def covers(outer: Span, inner: Span) -> bool:
    """Whether `inner` lies within `outer`; two spans of the same extent cover each other."""
    return outer.start <= inner.start and inner.end <= outer.end


def overlap(one: Span, other: Span) -> bool:
    """Whether the two spans share at least one code point; touching spans do not."""
    return one.start < other.end and other.start < one.end


def outermost(spans: Iterable[Span]) -> tuple[list[Span], list[Span]]:
    """Split spans into a flat layer and the rest.

    Taken in reading order, a span joins the layer when it overlaps none already there: so
    of nested spans the outer one stays, of crossing spans the first.
    """
    layer: list[Span] = []
    rest: list[Span] = []
    for span in sorted(spans, key=reading_order):
        (rest if layer and overlap(layer[-1], span) else layer).append(span)
    return layer, rest
