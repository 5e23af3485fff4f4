"""What was decided about an annotation's marks stays decided when it is pulled again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from annotate.spans import Annotation, Decision, Relation, SetAside, Span
from annotate.studio.carry import CarriedMarks
from annotate.studio.marks import Mark


def mark_digest(aside: SetAside) -> str:
    """Return the SHA-256 of a mark that was set aside, by which decisions name it."""
    return hashlib.sha256(bytes(aside.mark)).hexdigest()


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

    That is what could not be carried over from an earlier text, and every decision.
    """
    if known is None or not (known.decided or any(aside.sha256 for aside in known.set_aside)):
        return annotation
    left = [
        aside
        for aside in known.set_aside
        if aside.sha256 and not _is_looked_at(aside, known, annotation)
    ]
    merged = msgspec.structs.replace(annotation, set_aside=(*annotation.set_aside, *left))
    return decide(merged, known.decided)


def decide(annotation: Annotation, decided: Iterable[Decision]) -> Annotation:
    """Return an annotation in which marks that were set aside count as decided."""
    by_mark = {one.mark: one for one in decided}
    set_aside, spans = [], list(annotation.spans)
    relations = list(annotation.relations)
    for aside in annotation.set_aside:
        decision = by_mark.get(mark_digest(aside))
        if decision is None:
            set_aside.append(aside)
            continue
        # A span that stood for the mark meanwhile gives way to what was decided.
        if aside.span and (decision.span is None or decision.span.id != aside.span):
            spans = [span for span in spans if span.id != aside.span]
        if decision.span and all(span.id != decision.span.id for span in spans):
            spans.append(decision.span)
        relations += [decision.relation] if decision.relation else []
    ids = {span.id for span in spans}
    return msgspec.structs.replace(
        annotation,
        spans=tuple(spans),
        relations=tuple(_unique(one for one in relations if {one.head, one.tail} <= ids)),
        set_aside=tuple(set_aside),
        decided=tuple(by_mark.values()),
    )


def _is_looked_at(aside: SetAside, known: Annotation, now: Annotation) -> bool:
    """Whether a person changed or took away the span that stood for a mark."""
    if not aside.span:
        return False
    return _place(known.spans, aside.span) != _place(now.spans, aside.span)


def _place(spans: Iterable[Span], span_id: str) -> tuple[int, int, str] | None:
    return next((((s.start, s.end, s.label)) for s in spans if s.id == span_id), None)


def _unique(relations: Iterable[Relation]) -> list[Relation]:
    return list({(r.head, r.tail, r.label): r for r in relations}.values())
