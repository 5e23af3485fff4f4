"""Who marked what when: the ledger's rows of an article, each beside the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from annotate.corpus import Article
from annotate.errors import LedgerError
from annotate.spans import Annotation, Decision, Relation, SetAside, Span, reading_order
from annotate.studio.known import near
from annotate.studio.ledger import Ledger, Place
from annotate.studio.ledger.names import Kind, Row
from annotate.studio.settle import mark_digest, undecide

Sign = Literal["+", "-", "~"]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference between two rows: what was there `before`, and what is there `now`.

    `what` is span, relation, choice, set_aside, decision or status; `sign` whether it was
    added, removed or changed. Texts are what spans mark.
    """

    what: str
    sign: Sign
    before: Span | Relation | tuple[str, ...] | str | None = None
    now: Span | Relation | Decision | SetAside | tuple[str, ...] | str | None = None
    name: str = ""
    text_before: str = ""
    text: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True, tag="annotation", tag_field="event"):
    """A row of the ledger. `annotation` is None when it was deleted; `annotator` stays known.

    `carried` counts spans that went to another text of the article as they were. `decided`
    tells that it is no work of the annotator's: the project's lead decided about marks of it.
    """

    row: int
    place: Place
    kind: Kind
    number: int
    pulled_at: str
    annotator: str
    annotation: Annotation | None
    changes: tuple[Change, ...] = ()
    carried: int = 0
    decided: bool = False

    @property
    def status(self) -> str:
        """Submitted, skipped, draft or deleted."""
        return self.annotation.status if self.annotation else "deleted"


class Moved(msgspec.Struct, frozen=True, kw_only=True, tag="text", tag_field="event"):
    """A task that went from one text of the article to another; digests tell which."""

    place: Place
    task: int
    pulled_at: str
    old: str
    new: str
    ended: bool


class History(msgspec.Struct, frozen=True, kw_only=True):
    """An article's versions, the first one first, and what happened, the oldest first."""

    article: str
    versions: tuple[Article, ...]
    events: tuple[Step | Moved, ...]


def read_history(ledger: Ledger, article: str) -> History:
    """Return the history of an article on every server and in every export.

    Raises `LedgerError` when the ledger never had the article.
    """
    versions = tuple(ledger.versions(article))
    steps = list(_steps(ledger.history(article), {one.sha256: one.text for one in versions}))
    if not versions and not steps:
        _refuse(ledger, article)
    events: list[Step | Moved] = [*steps, *_moves(ledger, article)]
    events.sort(key=lambda event: event.pulled_at)
    return History(article=article, versions=versions, events=tuple(events))


def _refuse(ledger: Ledger, article: str) -> None:
    told = near(article, (one for (one,) in ledger.query("SELECT DISTINCT article FROM articles")))
    raise LedgerError(
        f"the ledger has no article {article!r}",
        f"Near it: {', '.join(told)}."
        if told
        else "It has those that were pushed; `annotate corpus show` has the others.",
    )


def _moves(ledger: Ledger, article: str) -> Iterator[Moved]:
    rows = ledger.query(
        "SELECT server, project, task, began, old, new, ended FROM moves WHERE article = ?"
        " ORDER BY move",
        article,
    )
    for server, project, task, began, old, new, ended in rows:
        place = Place(server, project)
        yield Moved(
            place=place, task=task, pulled_at=began, old=old, new=new, ended=ended is not None
        )


def _steps(rows: Iterable[Row], texts: dict[str, str]) -> Iterator[Step]:
    latest: dict[tuple[Place, Kind, int], Annotation] = {}
    people: dict[tuple[Place, Kind, int], str] = {}
    for row, place, kind, number, pulled_at, annotation in rows:
        key = (place, kind, number)
        before = latest.pop(key, None)
        if annotation is not None:
            latest[key], people[key] = annotation, annotation.annotator
        changes, carried = _compare(before, annotation, texts)
        yield Step(
            row=row, place=place, kind=kind, number=number, pulled_at=pulled_at,
            annotator=people.get(key, ""), annotation=annotation, changes=tuple(changes),
            carried=carried, decided=_is_decision(before, annotation),
        )  # fmt: skip


def _is_decision(before: Annotation | None, now: Annotation | None) -> bool:
    """Whether nothing but what was decided about marks differs: the server told nothing new."""
    if before is None or now is None or before.decided == now.decided:
        return False
    return _undecided(before) == _undecided(now)


def _undecided(annotation: Annotation) -> tuple[object, ...]:
    """Return what a person did, without what was decided, which leaves no order."""
    base = undecide(annotation)
    return (
        (base.sha256, base.status, base.updated_at, base.choices),
        sorted(base.spans, key=reading_order),
        sorted((one.label, one.head, one.tail) for one in base.relations),
        {mark_digest(aside) for aside in base.set_aside},
    )


def _compare(
    before: Annotation | None, now: Annotation | None, texts: dict[str, str]
) -> tuple[list[Change], int]:
    """Return what changed, and how many spans another text has just as they were."""
    if now is None:
        return [], 0
    old = before or msgspec.structs.replace(
        now, spans=(), relations=(), choices={}, set_aside=(), decided=()
    )
    here, there = texts.get(old.sha256, ""), texts.get(now.sha256, "")
    changes = list(_spans(old, now, here, there))
    carried = 0
    if old.sha256 != now.sha256:
        stayed = [one for one in changes if one.sign == "~" and _is_carried(one)]
        carried = sum(1 for span in now.spans if span in old.spans) + len(stayed)
        changes = [one for one in changes if one not in stayed]
    if before is not None and before.status != now.status:
        changes.insert(0, Change(what="status", sign="~", before=before.status, now=now.status))
    changes += _relations(old, now, here, there)
    changes += _choices(old, now)
    changes += _asides(old, now)
    return changes, carried


def _is_carried(change: Change) -> bool:
    one, other = change.before, change.now
    assert isinstance(one, Span)  # noqa: S101, of spans only
    assert isinstance(other, Span)  # noqa: S101
    same = (one.label, one.attributes) == (other.label, other.attributes)
    return same and change.text == change.text_before


def _spans(old: Annotation, now: Annotation, here: str, there: str) -> Iterator[Change]:
    before = {span.id: span for span in old.spans}
    after = {span.id: span for span in now.spans}
    for span_id in [*after, *(one for one in before if one not in after)]:
        was, span = before.get(span_id), after.get(span_id)
        if was == span:
            continue
        yield Change(
            what="span",
            sign="+" if was is None else "-" if span is None else "~",
            before=was,
            now=span,
            text_before=here[was.start : was.end] if was else "",
            text=there[span.start : span.end] if span else "",
        )


def _relations(old: Annotation, now: Annotation, here: str, there: str) -> Iterator[Change]:
    for sign, one, other, text in (("+", now, old, there), ("-", old, now, here)):
        texts = {span.id: text[span.start : span.end] for span in one.spans}
        for relation in one.relations:
            if relation not in other.relations:
                ends = (texts.get(relation.head, ""), texts.get(relation.tail, ""))
                yield Change(
                    what="relation",
                    sign="+" if sign == "+" else "-",
                    now=relation if sign == "+" else None,
                    before=None if sign == "+" else relation,
                    text_before=ends[0],
                    text=ends[1],
                )


def _choices(old: Annotation, now: Annotation) -> Iterator[Change]:
    for name in sorted(old.choices.keys() | now.choices.keys()):
        was, answers = old.choices.get(name), now.choices.get(name)
        if was != answers:
            sign: Sign = "+" if was is None else "-" if answers is None else "~"
            yield Change(what="choice", sign=sign, name=name, before=was, now=answers)


def _asides(old: Annotation, now: Annotation) -> Iterator[Change]:
    """Yield marks that were set aside since, and decisions that were made or taken back."""
    known = {mark_digest(aside) for aside in old.set_aside}
    for aside in now.set_aside:
        if mark_digest(aside) not in known:
            yield Change(what="set_aside", sign="+", now=aside)
    before = [(one.mark, one.span, one.relation) for one in old.decided if one.aside]
    for one in now.decided:
        if one.aside and (one.mark, one.span, one.relation) not in before:
            yield Change(what="decision", sign="+", now=one)
