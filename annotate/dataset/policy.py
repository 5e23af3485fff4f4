"""Which of the annotations of an article counts, and how several become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple, TypeVar

from annotate.errors import DatasetError
from annotate.settings import Policy
from annotate.spans import Annotation, Relation, Span, age, reading_order

T = TypeVar("T")

Extent = tuple[int, int, str]


class Choice(NamedTuple):
    """What counts for an article, None when nothing does, and what was left aside for it.

    `superseded` annotations are of the article's text and do not count, `outdated` ones are
    of another text. `ineligible` tells that people did submit work on this text, and that the
    policy takes none of it. `doubtful` marks that were set aside count all the same, each by the
    span that stands for it.
    """

    annotation: Annotation | None
    superseded: int = 0
    outdated: int = 0
    ineligible: bool = False
    doubtful: int = 0


def check_policy(policy: Policy, annotators: Iterable[str]) -> None:
    """Raise `DatasetError` when the policy names somebody who annotated nothing."""
    unknown = sorted(set(policy.annotators) - set(annotators))
    if unknown:
        raise DatasetError(
            f"the policy names {unknown[0]!r}, who submitted nothing",
            "Name somebody else, or run `annotate pull` for newer work.",
        )


def none_taken(policy: Policy) -> DatasetError:
    """Return the error that says why a policy takes none of the work that people submitted."""
    names = " or ".join(policy.annotators)
    told = {
        "annotator": (f"no article has an annotation of {names}", "Name somebody else"),
        "ground-truth": (
            "no annotation is starred as ground truth",
            "Star some in Label Studio and run `annotate pull`",
        ),
        "agreed": (
            f"no article has annotations of at least {policy.at_least} people",
            "Let more people annotate the same articles",
        ),
    }
    problem, remedy = told[policy.use]
    return DatasetError(problem, f"{remedy}, or build with --policy latest.")


def choose(
    sha256: str, annotations: Sequence[Annotation], policy: Policy,
    several: Collection[str] = (), undirected: Collection[str] = (),
) -> Choice:  # fmt: skip
    """Return what counts of one article's annotations; `sha256` is its text's digest.

    `several` are the names of the questions that take several answers at once, `undirected`
    those of the relations that hold both ways.
    """
    submitted = [one for one in annotations if one.status == "submitted"]
    fitting = sorted((one for one in submitted if one.sha256 == sha256), key=age)
    outdated = len(submitted) - len(fitting)
    if policy.use == "agreed":
        used = sorted({one.annotator: one for one in fitting}.values(), key=age)
        chosen = _agreed(used, policy.at_least or 2, several, undirected)
    else:
        chosen = _RULES[policy.use](fitting, policy) if fitting else None
        used = [chosen] if chosen else []
    if chosen is None:
        return Choice(None, 0, outdated, ineligible=bool(fitting))
    return Choice(chosen, len(fitting) - len(used), outdated, doubtful=_doubtful(used, chosen))


def _doubtful(used: Iterable[Annotation], chosen: Annotation) -> int:
    """Return how many of the marks that were set aside have a span that counts."""
    count = 0
    for one in used:
        if one.set_aside:
            standing = {_extent(span) for span in chosen.spans}
            # By each annotation's own ids: what people agree on has new ones.
            ids = {span.id for span in one.spans if _extent(span) in standing}
            count += sum(aside.span in ids for aside in one.set_aside)
    return count


def _latest(fitting: list[Annotation], _: Policy) -> Annotation | None:
    return fitting[-1]


def _of_annotator(fitting: list[Annotation], policy: Policy) -> Annotation | None:
    """Return that of the first person named who made one; of several of theirs, the latest."""
    latest = {one.annotator: one for one in fitting}
    return next((latest[name] for name in policy.annotators if name in latest), None)


def _ground_truth(fitting: list[Annotation], _: Policy) -> Annotation | None:
    return next((one for one in reversed(fitting) if one.ground_truth), None)


def _agreed(
    latest: list[Annotation], least: int, several: Collection[str], undirected: Collection[str]
) -> Annotation | None:
    """Return what at least so many people marked alike; `latest` has one of each, by age."""
    if len(latest) < least:
        return None
    spans = _agreed_spans(latest, least, several)
    known = {(span.start, span.end, span.label): span.id for span in spans}
    return Annotation(
        id=latest[-1].id, article=latest[0].article, sha256=latest[0].sha256, annotator="",
        status="submitted", created_at=latest[0].created_at, updated_at=latest[-1].updated_at,
        spans=tuple(spans),
        relations=tuple(_agreed_relations(latest, least, known, undirected)),
        choices=_agreed_answers([one.choices for one in latest], least, several),
        set_aside=tuple(aside for one in latest for aside in one.set_aside),
    )  # fmt: skip


def _agreed_spans(
    annotations: list[Annotation], least: int, several: Collection[str]
) -> list[Span]:
    marked: dict[Extent, list[Span]] = {}
    for annotation in annotations:
        # Somebody who marked the same twice is one person all the same.
        for extent, span in {_extent(span): span for span in annotation.spans}.items():
            marked.setdefault(extent, []).append(span)
    agreed = [
        Span(
            id=f"{start}-{end}-{label}", start=start, end=end, label=label,
            attributes=_agreed_answers([one.attributes for one in alike], least, several),
        )
        for (start, end, label), alike in marked.items()
        if len(alike) >= least
    ]  # fmt: skip
    return sorted(agreed, key=reading_order)


def _agreed_relations(
    annotations: list[Annotation], least: int, known: dict[Extent, str],
    undirected: Collection[str],
) -> list[Relation]:  # fmt: skip
    arrows: Counter[tuple[Extent, Extent, str]] = Counter()
    for annotation in annotations:
        extents = {span.id: _extent(span) for span in annotation.spans}
        # Somebody who drew it both ways is one person all the same.
        arrows.update({_arrow(r, extents, undirected) for r in annotation.relations})
    return [
        Relation(head=known[head], tail=known[tail], label=label)
        for (head, tail, label), count in sorted(arrows.items())
        if count >= least
    ]


def _arrow(
    relation: Relation, extents: dict[str, Extent], undirected: Collection[str]
) -> tuple[Extent, Extent, str]:
    """Return what a relation joins; one that holds both ways goes from the first in the text."""
    head, tail = extents[relation.head], extents[relation.tail]
    if relation.label in undirected:
        head, tail = sorted((head, tail))
    return head, tail, relation.label


def _agreed_answers(
    given: list[dict[str, tuple[str, ...]]], least: int, several: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return the answers that so many people gave, in the order in which they were first given.

    A question that takes one answer gets the one with the most votes, and none when two have.
    """
    votes: dict[str, Counter[str]] = {}
    for one in given:
        for name, answers in one.items():
            votes.setdefault(name, Counter()).update(dict.fromkeys(answers, 1))
    agreed: dict[str, tuple[str, ...]] = {}
    for name, counts in votes.items():
        needed = least if name in several else max([least, *counts.values()])
        kept = tuple(answer for answer, count in counts.items() if count >= needed)
        if kept and (name in several or len(kept) == 1):
            agreed[name] = kept
    return agreed


_extent: Callable[[Span], Extent] = attrgetter("start", "end", "label")

_RULES: dict[str, Callable[[list[Annotation], Policy], Annotation | None]] = {
    "latest": _latest,
    "annotator": _of_annotator,
    "ground-truth": _ground_truth,
}
