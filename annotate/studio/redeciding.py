"""What was decided about an annotation's marks holds under another version of the schema too."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from annotate.schema.versions.migration import Rewritten, rewrite
from annotate.spans import Annotation, Decision, SetAside, Span
from annotate.studio.ledger import Entry
from annotate.studio.marks import Mark
from annotate.studio.rewrite import Rewriter
from annotate.studio.settle import decide, mark_digest, undecide
from annotate.studio.sweep import read_marks


def rewrite_known(known: Entry, rewriter: Rewriter) -> Annotation:
    """Return a row of the ledger as the new version has it, with its decisions done.

    A decision is known by its mark's JSON, which a migration rewrites on the server. One that
    lets a mark count under a name which the new version lacks is forgotten: its mark is set
    aside again.
    """
    base = undecide(known.annotation)
    told = rewrite(rewriter.rules, base.spans, base.relations, base.choices)
    again = _Again(rewriter, told)
    asides = list(again.asides(base, read_marks(known.result)))
    new = msgspec.structs.replace(
        base, spans=told.spans, relations=told.relations, choices=told.choices,
        set_aside=tuple(now for _, now in asides),
    )  # fmt: skip
    renamed = {mark_digest(old): mark_digest(now) for old, now in asides}
    decided = (again.decision(one, renamed) for one in known.annotation.decided)
    return decide(new, [one for one in decided if one is not None])


class _Again:
    """Rewrites what belongs to a decision."""

    def __init__(self, rewriter: Rewriter, told: Rewritten) -> None:
        self._rewriter = rewriter
        self._rules = rewriter.rules
        self._ties = told.ties

    def asides(self, base: Annotation, result: list[Mark]) -> Iterator[tuple[SetAside, SetAside]]:
        """Yield what is set aside, as it was and as it is now; what is removed is left out."""
        marks = [msgspec.json.decode(aside.mark) for aside in base.set_aside]
        # Of an earlier text the server does not tell them any more.
        listed = [*result, *(mark for mark in marks if mark not in result)]
        now = self._rewriter.follow(listed)
        for aside, mark in zip(base.set_aside, marks, strict=True):
            new = now[listed.index(mark)]
            if new is not None:
                raw = msgspec.Raw(msgspec.json.encode(new))
                span = self._ties.get(aside.span, aside.span)
                yield aside, msgspec.structs.replace(aside, mark=raw, span=span)

    def decision(self, one: Decision, renamed: dict[str, str]) -> Decision | None:
        """Return a decision about the mark as it is now; None when it cannot hold."""
        if one.mark not in renamed:
            return None
        new = Decision(mark=renamed[one.mark], sha256=one.sha256)
        if one.span is not None:
            span = self._span(one.span)
            return msgspec.structs.replace(new, span=span) if span else None
        if one.relation is None:
            return new
        label = one.relation.label
        if label in self._rules.removed_relations:
            return None
        relation = msgspec.structs.replace(
            one.relation,
            head=self._ties.get(one.relation.head, one.relation.head),
            tail=self._ties.get(one.relation.tail, one.relation.tail),
            label=self._rules.relations.get(label, label),
        )
        return msgspec.structs.replace(new, relation=relation)

    def _span(self, span: Span) -> Span | None:
        return next(iter(rewrite(self._rules, (span,), (), {}).spans), None)
