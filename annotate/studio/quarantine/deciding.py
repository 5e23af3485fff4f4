"""Deciding about marks in quarantine: to let them count as spans or relations, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from annotate.errors import LedgerError
from annotate.schema import Schema
from annotate.spans import Annotation, Decision, Relation, SetAside, Span
from annotate.studio.decode import decode_annotation
from annotate.studio.encode import encode_spans
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.quarantine.ends import refuse_ends
from annotate.studio.quarantine.listing import Quarantined
from annotate.studio.quarantine.looking import Extent, Look, look_at
from annotate.studio.settle import decide, find_standing, mark_digest, undecide
from annotate.studio.wire import Meta, WireAnnotation


class Choice(NamedTuple):
    """As what a mark is accepted, where its own place or label is not the right one.

    `at` is in code points of the article, `candidate` the number of a place from 1.
    """

    at: Extent | None = None
    candidate: int | None = None
    label: str = ""


_AS_TOLD = Choice()


def accept(
    ledger: Ledger, schema: Schema, marks: Sequence[Quarantined], choice: Choice = _AS_TOLD
) -> list[Quarantined]:
    """Let marks count: spans first, then the relations between them.

    Without a `choice` a span counts where it surely lies, else at the only place of its text;
    answers about it that were set aside go with it as far as the schema takes them. Returns
    the marks with what was decided. Raises `LedgerError`, and then nothing is decided, also
    for a relation between labels that its type does not allow.
    """
    refuse_ends(schema, marks, choice.label)
    return _decide(ledger, marks, _Acceptance(ledger, schema, choice).tell)


def drop(ledger: Ledger, marks: Sequence[Quarantined]) -> list[Quarantined]:
    """Let marks not count; answers about a span go with it. They stay in the ledger."""
    return _decide(ledger, marks, _dropped)


# Of an annotation without decisions about a mark and what goes with it: the new decisions.
Tell = Callable[[Annotation, Quarantined, list[SetAside]], list[Decision]]


def _dropped(_now: Annotation, one: Quarantined, beside: list[SetAside]) -> list[Decision]:
    return [Decision(mark=mark_digest(aside)) for aside in (one.aside, *beside)]


def _decide(ledger: Ledger, marks: Sequence[Quarantined], tell: Tell) -> list[Quarantined]:
    """Decide about marks; the ledger gets a row of each annotation that this changes."""
    entries: dict[Place, dict[int, Entry]] = {}
    for one in sorted(marks, key=lambda mark: mark.is_relation):
        number = one.annotation.id
        if one.kind == "draft":
            raise LedgerError(
                f"{one.id} is of a draft that nobody submitted",
                "It counts for nothing yet; decide about it when it is submitted.",
            )
        known = entries.setdefault(one.place, {})
        entry = known.get(number) or ledger.entry(one.place, number)
        if entry is None:
            raise LedgerError(f"the annotation of {one.id} was deleted", "Look at the list again.")
        known[number] = entry._replace(annotation=_decided(entry.annotation, one, tell))
    for place, changed in entries.items():
        ledger.append(place, changed.values())
    return [_told(entries[one.place][one.annotation.id].annotation, one) for one in marks]


def _decided(annotation: Annotation, one: Quarantined, tell: Tell) -> Annotation:
    beside = list(_beside(annotation, one))
    about = {mark_digest(aside) for aside in (one.aside, *beside)}
    others = [decision for decision in annotation.decided if decision.mark not in about]
    now = decide(annotation, others)
    return decide(annotation, [*others, *tell(now, one, beside)])


def _beside(annotation: Annotation, one: Quarantined) -> Iterator[SetAside]:
    """Yield what is decided with a mark: answers about it, and others of the same span."""
    base = undecide(annotation)
    mark_id, seen = one.mark.get("id"), {mark_digest(one.aside)}
    alone = bool(mark_id) and "labels" in one.value and all(s.id != mark_id for s in base.spans)
    for aside in base.set_aside:
        other = msgspec.structs.replace(one, aside=aside)
        answer = alone and other.mark.get("id") == mark_id and "labels" not in other.value
        same = bool(one.aside.span) and aside.span == one.aside.span
        if (answer or same) and mark_digest(aside) not in seen:
            seen.add(mark_digest(aside))
            yield aside


def _told(annotation: Annotation, one: Quarantined) -> Quarantined:
    digest = mark_digest(one.aside)
    decision = next(found for found in annotation.decided if found.mark == digest)
    return msgspec.structs.replace(one, annotation=annotation, decision=decision)


class _Acceptance:
    """Tells what a mark is that is accepted."""

    def __init__(self, ledger: Ledger, schema: Schema, choice: Choice) -> None:
        self._ledger = ledger
        self._schema = schema
        self._choice = choice

    def tell(self, now: Annotation, one: Quarantined, beside: list[SetAside]) -> list[Decision]:
        """Return the decisions by which a mark counts, and what goes with it does or does not."""
        digest = mark_digest(one.aside)
        if one.is_relation:
            return [Decision(mark=digest, relation=self._relation(now, one))]
        if "labels" not in one.value and one.mark.get("type") != "labels":
            raise LedgerError(
                f"{one.id} is neither a span nor a relation",
                "Drop it; or put what it names into the schema and run `annotate pull --full`.",
            )
        span, gone = self._span(now, one, beside)
        standing = find_standing(undecide(now).spans, one.aside.span)
        if any(_same(span, other) for other in now.spans if other != standing):
            raise LedgerError(
                f"{one.id} is marked already as {span.label} at {span.start}:{span.end}",
                "Drop it, or name another place or label.",
            )
        accepted = Decision(mark=digest, span=span, sha256=now.sha256)
        return [accepted, *(Decision(mark=mark_digest(aside)) for aside in gone)]

    def _span(
        self, now: Annotation, one: Quarantined, beside: list[SetAside]
    ) -> tuple[Span, list[SetAside]]:
        """Return the span that a mark counts as, and what of the marks beside it is told too."""
        look = look_at(self._ledger, one)
        start, end = self._place(one, look)
        standing = find_standing(undecide(now).spans, one.aside.span)
        if standing is not None and not self._choice.label:
            return msgspec.structs.replace(standing, start=start, end=end), beside
        label = self._label(one, {e.title: e.name for e in self._schema.entities}, "label")
        if standing is not None:
            span = msgspec.structs.replace(standing, start=start, end=end, label=label)
            return span, beside
        span = Span(id=_free_id(now, one), start=start, end=end, label=label)
        told, refused = self._with_answers(now, look.text, span, beside)
        return told, [aside for aside in beside if aside not in refused]

    def _place(self, one: Quarantined, look: Look) -> Extent:
        show = f"See `annotate quarantine show {one.id}`, then"
        if not look.text:
            raise LedgerError(
                f"the ledger does not have the text on which {one.id} was made",
                "Run `annotate push`, which gives the task its text back, then `annotate pull`.",
            )
        if self._choice.at is not None:
            start, end = self._choice.at
            if not 0 <= start < end <= len(look.text):
                last = len(look.text)
                raise LedgerError(
                    f"{start}:{end} is no span of a text of {last}", f"{show} mend it."
                )
            return start, end
        count = len(look.candidates)
        if self._choice.candidate is not None:
            if not 1 <= self._choice.candidate <= count:
                raise LedgerError(f"{one.id} has {count} candidates", f"{show} name one of them.")
            return look.candidates[self._choice.candidate - 1]
        if look.sure or count == 1:
            return look.sure or look.candidates[0]
        where = f"in {count} places" if count else "nowhere"
        name = "one with --candidate N or" if count else "its place with"
        raise LedgerError(
            f"the text of {one.id} occurs {where} in {one.annotation.article}",
            f"{show} name {name} --at START:END.",
        )

    def _label(self, one: Quarantined, titles: dict[str, str], what: str) -> str:
        wanted = [self._choice.label] if self._choice.label else one.labels
        names = titles | {name: name for name in titles.values()}
        if len(wanted) != 1 or wanted[0] not in names:
            named = ", ".join(wanted) or "(none)"
            reason = f"has several {what}s" if len(wanted) > 1 else f"has a {what} that is unknown"
            raise LedgerError(
                f"{one.id} {reason}: {named}", "Name one of the schema's with --label."
            )
        return names[wanted[0]]

    def _with_answers(
        self, now: Annotation, text: str, span: Span, beside: list[SetAside]
    ) -> tuple[Span, list[SetAside]]:
        """Return a span with the answers that the schema takes, and the others."""
        (mark,) = encode_spans(self._schema, text, [span])
        answers = [{**msgspec.json.decode(aside.mark), "id": span.id} for aside in beside]
        result = msgspec.Raw(msgspec.json.encode([mark, *answers]))
        wire = WireAnnotation(id=now.id, result=result, created_at="", updated_at="")
        meta = Meta(now.article, now.sha256)
        told = decode_annotation(wire, meta, text, now.annotator, self._schema)
        kept = [msgspec.json.decode(aside.mark) for aside in told.set_aside]
        refused = [a for a, mark in zip(beside, answers, strict=True) if mark in kept]
        return told.spans[0], refused

    def _relation(self, now: Annotation, one: Quarantined) -> Relation:
        name = self._label(one, {r.title: r.name for r in self._schema.relations}, "relation type")
        labels = {span.id: span.label for span in now.spans}
        one_end, other = str(one.mark.get("from_id")), str(one.mark.get("to_id"))
        if not {one_end, other} <= labels.keys():
            raise LedgerError(
                f"one of the two spans of {one.id} is not there", "Accept it first, or drop this."
            )
        ways = [(one_end, other), (other, one_end)]
        kind = next(r for r in self._schema.relations if r.name == name)
        direction = one.mark.get("direction", "right")
        if direction in {"right", "left"} or not kind.directed:
            ways = ways[1:] if direction == "left" else ways[:1]
        fitting = {
            Relation(head=head, tail=tail, label=name)
            for head, tail in ways
            if len(ways) == 1 or (labels[head] in kind.head and labels[tail] in kind.tail)
        }
        if len(fitting) != 1:
            raise LedgerError(
                f"{one.id} has no one direction, and {name} needs one",
                "Drop it, and draw it in the browser.",
            )
        relation = fitting.pop()
        if relation in now.relations:
            raise LedgerError(f"the relation of {one.id} is there already", "Drop it.")
        return relation


def _same(span: Span, other: Span) -> bool:
    return (span.start, span.end, span.label) == (other.start, other.end, other.label)


def _free_id(now: Annotation, one: Quarantined) -> str:
    """Return the mark's own id, to which relations refer, or else one that no span has."""
    own = str(one.mark.get("id") or "")
    # Not that of a span either that gave way and may come back.
    taken = {span.id for span in (*now.spans, *undecide(now).spans)}
    return own if own and own not in taken else f"{own}-{one.key}"
