"""What was decided about an annotation's marks stays decided when it is pulled again.

The ledger keeps an annotation as it counts, with everything done that was decided, and each
decision holds what it takes to undo it. So it can be done again on what the server tells now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from annotate.align import align
from annotate.spans import Annotation, Decision, Relation, SetAside, Span, reading_order
from annotate.studio.carry import CarriedMarks
from annotate.studio.marks import Mark


def mark_digest(aside: SetAside) -> str:
    """Return the SHA-256 of a mark that was set aside, by which decisions name it.

    It is that of the mark's JSON with sorted keys: a database may give them another order.
    """
    mark = msgspec.json.decode(aside.mark)
    return hashlib.sha256(msgspec.json.encode(mark, order="deterministic")).hexdigest()


def set_aside_marks(carried: CarriedMarks, sha256: str) -> Iterator[SetAside]:
    """Yield what a person should look at of marks that were carried over to another text.

    `sha256` is that of the text on which they were made.
    """
    for left in carried.left:
        yield _aside(left.mark, left.reason, sha256)
    for one in carried.changed:
        reason = f"its text changed from {one.before[:80]!r} to {one.after[:80]!r}"
        yield _aside(one.mark, reason, sha256, one.id)


def _aside(mark: Mark, reason: str, sha256: str, span: str = "") -> SetAside:
    raw = msgspec.Raw(msgspec.json.encode(mark))
    return SetAside(reason=reason, mark=raw, sha256=sha256, span=span)


def settle(annotation: Annotation, known: Annotation | None) -> Annotation:
    """Return an annotation with what the ledger's newest row of it tells beyond the server.

    That is what could not be carried over from an earlier text, and every decision about a
    mark that is still there. On another text, a span that was decided counts only when
    `carry_decisions` has brought it there; else its mark is set aside again.
    """
    if known is None or not (known.decided or any(aside.sha256 for aside in known.set_aside)):
        return annotation
    there = {(mark_digest(aside), aside.sha256) for aside in annotation.set_aside}
    left = [
        aside
        for aside, stood in _left_over(known, annotation.sha256)
        if (mark_digest(aside), aside.sha256) not in there
        and not _is_looked_at(stood, known, annotation)
    ]
    merged = msgspec.structs.replace(annotation, set_aside=(*annotation.set_aside, *left))
    return decide(merged, known.decided)


def _left_over(known: Annotation, sha256: str) -> Iterator[tuple[SetAside, Span | None]]:
    """Yield what the server does not tell again, with the span that stands for it there."""
    spans = undecide(known).spans
    done = [decision.aside for decision in known.decided if decision.aside is not None]
    for aside in (*known.set_aside, *done):
        if aside.sha256:
            yield aside, find_standing(spans, aside.span)
    if sha256 != known.sha256:
        # On its way to another text the server's task loses what has no place there.
        for aside in done:
            if not aside.sha256:
                yield msgspec.structs.replace(aside, sha256=known.sha256), None


def _is_looked_at(stood: Span | None, known: Annotation, now: Annotation) -> bool:
    """Whether a person changed or took away the span that stood for a mark."""
    if stood is None or known.sha256 != now.sha256:
        return False
    found = find_standing(now.spans, stood.id)
    return found is None or _place(found) != _place(stood)


def _place(span: Span) -> tuple[int, int, str]:
    return (span.start, span.end, span.label)


def find_standing(spans: Iterable[Span], span_id: str) -> Span | None:
    """Return the span that stands for a mark meanwhile: the only one of that id."""
    found = [span for span in spans if span.id == span_id] if span_id else []
    return found[0] if len(found) == 1 else None


def carry_decisions(known: Annotation, old: str, new: str, sha256: str) -> Annotation:
    """Return a row of the ledger with its decisions' spans where their text is in another one.

    `old` is the text that it was made on, `sha256` the digest of `new`. What does not read
    the same there, or is not surely anywhere, stays where it was.
    """
    alignment = align(old, new)

    def carried(decision: Decision) -> Decision:
        span = decision.span
        if span is None or decision.sha256 != known.sha256:
            return decision
        place = alignment.carry(span.start, span.end)
        if place is None or place.changed:
            return decision
        moved = msgspec.structs.replace(span, start=place.start, end=place.end)
        return msgspec.structs.replace(decision, span=moved, sha256=sha256)

    decided = tuple(carried(decision) for decision in known.decided)
    return msgspec.structs.replace(known, decided=decided)


def undecide(annotation: Annotation) -> Annotation:
    """Return an annotation as it was before anything was decided about its marks."""
    done = list(_done(annotation))
    spans, relations = list(annotation.spans), list(annotation.relations)
    for decision in done:
        if decision.span in spans:
            spans.remove(decision.span)
        if decision.relation in relations:
            relations.remove(decision.relation)
    # After that: a span that gave way may be just what another decision put there.
    return msgspec.structs.replace(
        annotation,
        spans=(*spans, *(decision.stood for decision in done if decision.stood)),
        relations=(*relations, *(relation for decision in done for relation in decision.untied)),
        set_aside=(*annotation.set_aside, *(one.aside for one in done if one.aside)),
        decided=(),
    )


def _done(annotation: Annotation) -> Iterator[Decision]:
    """Yield the decisions that are done; the others wait until they fit."""
    return (decision for decision in annotation.decided if decision.aside is not None)


def decide(annotation: Annotation, decided: Iterable[Decision]) -> Annotation:
    """Return an annotation in which exactly these decisions are done, in reading order.

    Whatever was decided before is undone. A decision that does not fit leaves its mark set
    aside: its span lies in another text or has the id of another one, or its relation lacks
    an end or is there already. One about a mark that is not set aside is forgotten.
    """
    base = undecide(annotation)
    by_mark = {decision.mark: decision for decision in decided}
    asides: dict[str, SetAside] = {}
    for aside in sorted(base.set_aside, key=_aside_order):
        asides.setdefault(mark_digest(aside), aside)
    known = [by_mark[mark] for mark in sorted(by_mark.keys() & asides.keys())]
    if not known:
        return base
    work = _Work(base)
    told = [work.do_span(one, asides[one.mark]) for one in known if one.relation is None]
    work.untie()
    told += [work.do_relation(one, asides[one.mark]) for one in known if one.relation is not None]
    return msgspec.structs.replace(
        base,
        spans=tuple(sorted(work.spans, key=reading_order)),
        relations=tuple(sorted(work.relations, key=_relation_order)),
        set_aside=tuple(aside for mark, aside in asides.items() if mark not in work.done),
        decided=tuple(sorted(map(work.with_untied, told), key=lambda one: one.mark)),
    )


class _Work:
    """Does decisions, one after the other: all about spans first."""

    def __init__(self, base: Annotation) -> None:
        self._sha256 = base.sha256
        self._ids = {span.id for span in base.spans}
        self._gone: dict[str, str] = {}
        self._untied: dict[str, tuple[Relation, ...]] = {}
        self.spans = list(base.spans)
        self.relations = list(base.relations)
        self.done: set[str] = set()

    def do_span(self, decision: Decision, aside: SetAside) -> Decision:
        """Let a mark count as a span, or not at all; what stood for it gives way."""
        span = decision.span
        # What another decision put there stands for nothing.
        own = aside.span in self._ids - self._gone.keys()
        stood = find_standing(self.spans, aside.span) if own else None
        others = [other for other in self.spans if other is not stood]
        if span is not None:
            taken = self._ids - {aside.span} | {other.id for other in others}
            if decision.sha256 != self._sha256 or span.id in taken:
                return _waiting(decision)
            others.append(span)
        self.spans = others
        self.done.add(decision.mark)
        if stood is not None:
            self._gone[stood.id] = decision.mark
        return msgspec.structs.replace(decision, aside=aside, stood=stood, untied=())

    def untie(self) -> None:
        """Let go of the relations at spans that gave way."""
        gone = self._gone.keys() - {span.id for span in self.spans}
        for relation in list(self.relations):
            if ends := gone & {relation.head, relation.tail}:
                self.relations.remove(relation)
                mark = self._gone[min(ends)]
                self._untied[mark] = (*self._untied.get(mark, ()), relation)

    def do_relation(self, decision: Decision, aside: SetAside) -> Decision:
        """Let a mark count as a relation."""
        relation = decision.relation
        ids = {span.id for span in self.spans}
        if not relation or not {relation.head, relation.tail} <= ids or relation in self.relations:
            return _waiting(decision)
        self.relations.append(relation)
        self.done.add(decision.mark)
        return msgspec.structs.replace(decision, aside=aside, stood=None, untied=())

    def with_untied(self, decision: Decision) -> Decision:
        """Return a decision with the relations that went with the span that gave way."""
        untied = tuple(sorted(self._untied.get(decision.mark, ()), key=_relation_order))
        return msgspec.structs.replace(decision, untied=untied) if untied else decision


def _waiting(decision: Decision) -> Decision:
    return msgspec.structs.replace(decision, aside=None, stood=None, untied=())


def _aside_order(aside: SetAside) -> tuple[bool, str, str, str]:
    return (not aside.span, aside.sha256, mark_digest(aside), aside.reason)


def _relation_order(relation: Relation) -> tuple[str, str, str]:
    return (relation.head, relation.tail, relation.label)
