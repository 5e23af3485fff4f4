"""How far a workspace is, from the ledger alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence

import msgspec

from annotate.corpus import Article
from annotate.schema import Schema
from annotate.schema.rules import Rules
from annotate.spans import Annotation
from annotate.studio.ledger import EXPORT, Ledger, Place
from annotate.studio.quarantine.listing import counts_meanwhile


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one annotator did; `entities` by label in the schema's order, zeros included."""

    submitted: int
    skipped: int
    entities: dict[str, int]


class Aside(msgspec.Struct, frozen=True, kw_only=True):
    """A mark in quarantine, and why; whether it `counts` until somebody looks at it."""

    article: str
    annotator: str
    reason: str
    counts: bool = False


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """A mark that the schema's rules do not allow, and how."""

    article: str
    annotator: str
    problem: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of articles, and what each annotator did.

    `annotated` articles have a submitted annotation; `skipped` have only skipped ones.
    `breaches` are marks of submitted annotations that break a rule of the schema on nesting,
    relations or attributes. `changed` are ids of articles whose text in the corpus is no
    longer the pushed one.
    `pulled_at` is when the last pull ended, ISO 8601 in UTC.
    """

    articles: int
    pushed: int
    annotated: int
    skipped: int
    relations: int
    set_aside: tuple[Aside, ...]
    breaches: tuple[Breach, ...]
    annotators: dict[str, Share]
    pulled_at: str | None
    changed: tuple[str, ...] = ()


def summarise(
    ledger: Ledger, places: Sequence[Place], articles: Sequence[Article], schema: Schema,
    waiting: Container[str] = (), changed: Sequence[str] = (),
) -> Status:  # fmt: skip
    """Return the status; no `places` stand for a workspace that was never pushed.

    Spans of the labels in `waiting` wait for review, so no rule is held against them.
    `changed` are articles with another text than the ledger's.
    """
    on_server = [place for place in places if place.server != EXPORT]
    annotations = [one for place in places for one in ledger.annotations(place)]
    submitted = {a.article for a in annotations if a.status == "submitted"}
    skipped = {a.article for a in annotations if a.status == "skipped"}
    pushed = _shown(ledger, places)
    rules = Rules(schema)
    people = sorted({annotation.annotator for annotation in annotations})
    return Status(
        articles=len(articles),
        pushed=len(pushed),
        annotated=len(submitted),
        skipped=len(skipped - submitted),
        relations=sum(len(a.relations) for a in annotations if a.status == "submitted"),
        set_aside=tuple(
            Aside(
                article=a.article, annotator=a.annotator, reason=aside.reason,
                counts=counts_meanwhile(a, aside),
            )
            for a in annotations
            for aside in a.set_aside
        ),
        breaches=tuple(
            Breach(article=a.article, annotator=a.annotator, problem=problem)
            for a in annotations
            if a.status == "submitted"
            for problem in rules.breaches(
                [span for span in a.spans if span.label not in waiting], a.relations
            )
        ),
        annotators={
            person: _share([a for a in annotations if a.annotator == person], schema)
            for person in people
        },
        pulled_at=ledger.last_pull(*on_server),
        changed=tuple(one for one in changed if one in _shown(ledger, on_server)),
    )  # fmt: skip


def _shown(ledger: Ledger, places: Iterable[Place]) -> set[str]:
    """Return the articles that tasks show."""
    return {article for place in places for article, _ in ledger.tasks(place).values()}


def _share(annotations: list[Annotation], schema: Schema) -> Share:
    submitted = [a for a in annotations if a.status == "submitted"]
    counts = Counter(span.label for annotation in submitted for span in annotation.spans)
    return Share(
        submitted=len(submitted),
        skipped=len(annotations) - len(submitted),
        entities={label: counts[label] for label in schema.labels},
    )
