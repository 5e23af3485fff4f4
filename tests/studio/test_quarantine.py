"""Marks in quarantine: looked at, decided, and decided still after the next pull."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.align import align
from annotate.corpus import Article
from annotate.errors import LedgerError
from annotate.schema import Option
from annotate.schema.model import Attribute
from annotate.spans import Annotation, Relation
from annotate.studio.carry import carry_marks
from annotate.studio.client import Studio
from annotate.studio.decode import decode_annotation
from annotate.studio.ledger import Entry, Ledger, Place, tables
from annotate.studio.pull import Pulled, pull
from annotate.studio.pushing import plan_push, push
from annotate.studio.quarantine import (
    Choice,
    Look,
    Quarantined,
    accept,
    drop,
    find_marks,
    list_marks,
    look_at,
)
from annotate.studio.settle import set_aside_marks, settle, undecide
from annotate.studio.wire import Meta, WireAnnotation
from tests.factories import make_article, make_schema
from tests.strategies import canonical_texts
from tests.studio.ledgers import HERE
from tests.studio.marks import arrow_mark, choice_mark, span_mark
from tests.studio.test_settle import same

SCHEMA = make_schema(
    attributes=(
        Attribute(
            name="alive", title="Alive?", labels=("PERSON",),
            options=(Option(name="yes", title="Yes"), Option(name="no", title="No")),
        ),
    ),
)  # fmt: skip
TEXT = "Ông Lê An là Trung tá. Bà Mai, vợ ông Lê An, là Trung uý."
ARTICLE = make_article(TEXT, "mot")
LE_AN, TRUNG_TA, LATER = (4, 9), (13, 21), (38, 43)


class Desk(NamedTuple):
    """A ledger, and what somebody marked on the server."""

    ledger: Ledger
    article: Article = ARTICLE
    place: Place = HERE

    def fetch(self, marks: list[Any], number: int = 1) -> Annotation:
        """Return an annotation as a pull reads it."""
        result = msgspec.Raw(msgspec.json.encode(marks))
        wire = WireAnnotation(id=number, result=result, created_at="c", updated_at="u")
        meta = Meta(self.article.id, self.article.sha256)
        return decode_annotation(wire, meta, self.article.text, "an@example.org", SCHEMA)

    def pull(self, marks: list[Any], number: int = 1) -> int:
        """Bring what the server has into the ledger, as a pull does; return the rows added."""
        self.ledger.record_tasks(self.place, [(1, self.article)])
        entry = self.ledger.unsettled(self.place, number)
        settled = settle(self.fetch(marks, number), entry.annotation if entry else None)
        return self.ledger.append(self.place, [Entry(settled, msgspec.json.encode(marks))])

    def counts(self, number: int = 1) -> Annotation:
        entry = self.ledger.entry(self.place, number)
        assert entry is not None
        return entry.annotation

    def marks(self, *, decided: bool = False) -> list[Quarantined]:
        listed = list_marks(self.ledger, [self.place])
        return listed if decided else [one for one in listed if one.decision is None]

    def span(self, mark_id: str) -> Quarantined:
        """Return the span of that id in quarantine, decided or not."""
        marks = (one for one in self.marks(decided=True) if "labels" in one.value)
        return next(one for one in marks if one.mark["id"] == mark_id)

    def accept(self, one: Quarantined, **choice: Any) -> Annotation:
        accept(self.ledger, SCHEMA, [one], Choice(**choice))
        return self.counts(one.annotation.id)

    def look(self, one: Quarantined) -> Look:
        return look_at(self.ledger, one)


@contextmanager
def opened() -> Iterator[Ledger]:
    with closing(sqlite3.connect(":memory:")) as connection:
        tables.create(connection)
        connection.commit()
        yield Ledger(connection)


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def wrong(mark_id: str = "w", text: str = "Lê An", label: str = "PERSON") -> dict[str, Any]:
    """Return a mark that says it is another text than stands there."""
    return span_mark(mark_id, label, 0, len(text), text=text)


def extents(annotation: Annotation) -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label) for span in annotation.spans]


# Listing.


def test_every_mark_that_was_set_aside_is_listed_with_an_id_and_its_reason(desk: Desk) -> None:
    desk.pull([wrong(), span_mark("s", "ALIEN", 4, 9)], number=2)
    desk.pull([wrong()], number=1)
    listed = desk.marks()
    assert [(one.annotation.id, one.mark["id"]) for one in listed] == [(1, "w"), (2, "w"), (2, "s")]
    assert all(re.fullmatch("[0-9a-f]{8}", one.id) for one in listed)
    assert listed[2].aside.reason == "the schema has no label ALIEN"
    assert [one.id for one in desk.marks()] == [one.id for one in listed]


def test_an_id_stays_with_its_mark_whatever_happens_beside_it(desk: Desk) -> None:
    desk.pull([wrong()])
    (before,) = desk.marks()
    desk.pull([span_mark("s", "RANK", *TRUNG_TA), wrong("x"), wrong()])
    assert before.id in [one.id for one in desk.marks()]


def test_the_beginning_of_an_id_is_enough_where_it_is_the_only_one(desk: Desk) -> None:
    desk.pull([wrong(f"w{n}") for n in range(40)])
    listed = desk.marks()
    assert find_marks(listed, [listed[3].id[:8], listed[3].key]) == [listed[3]]
    with pytest.raises(LedgerError, match="there is no mark 'zzzz' in quarantine"):
        find_marks(listed, ["zzzz"])
    with pytest.raises(LedgerError, match="there is no mark '3f' in quarantine"):
        find_marks(listed, ["3f"])
    twins = [listed[0], msgspec.structs.replace(listed[1], key=listed[0].key[:6] + "x" * 58)]
    with pytest.raises(LedgerError, match=r"begins several ids: \w+, \w+\. Give more digits"):
        find_marks(twins, [listed[0].key[:5]])


def test_a_mark_of_a_draft_is_listed_and_nothing_can_be_decided_about_it(desk: Desk) -> None:
    desk.pull([])
    draft = msgspec.structs.replace(desk.fetch([wrong()], 9), status="draft")
    desk.ledger.append(HERE, [Entry(draft, b"[]")], "draft")
    (one,) = desk.marks()
    assert (one.kind, one.annotation.status) == ("draft", "draft")
    with pytest.raises(LedgerError, match="a draft that nobody submitted"):
        drop(desk.ledger, [one])


def test_what_is_no_object_is_listed_and_dropped(desk: Desk) -> None:
    desk.pull(["neither", 7, {"type": "labels", "value": {"start": "/p[1]", "labels": 3}}])
    marks = desk.marks()
    assert len(marks) == 3
    assert all(desk.look(one).candidates == () for one in marks)
    drop(desk.ledger, marks)
    assert desk.marks() == []


# Looking.


def test_a_mark_is_shown_with_every_place_of_its_text_the_nearest_first(desk: Desk) -> None:
    desk.pull([span_mark("w", "PERSON", 30, 35, text="Lê\\nAn")])
    (one,) = desk.marks()
    look = desk.look(one)
    assert (look.claimed, look.sure, look.said) == ((30, 35), None, "Lê\\nAn")
    assert look.candidates == (LATER, LE_AN)


def test_case_counts_unless_nothing_else_is_found(desk: Desk) -> None:
    desk.pull([span_mark("w", "RANK", 0, 2, text="trung tá"), wrong("x", "là")])
    one, other = desk.marks()
    found = {mark.mark["id"]: desk.look(mark).candidates for mark in (one, other)}
    assert found == {"w": (TRUNG_TA,), "x": ((10, 12), (45, 47))}


def test_a_mark_whose_label_is_unknown_surely_lies_where_it_says(desk: Desk) -> None:
    desk.pull([span_mark("w", "ALIEN", *LATER, text="Lê An")])
    look = desk.look(desk.marks()[0])
    assert (look.sure, look.candidates) == (LATER, (LATER, LE_AN))


def carried(desk: Desk, marks: list[Any], before: str) -> None:
    """Have marks come from an earlier text of the article, as a push carries them over."""
    old = make_article(before, ARTICLE.id)
    desk.ledger.record_tasks(HERE, [(1, old)])
    desk.ledger.record_tasks(HERE, [(1, ARTICLE)])
    found = carry_marks(marks, before, align(before, TEXT), TEXT)
    left = tuple(set_aside_marks(found, old.sha256))
    known = msgspec.structs.replace(desk.fetch(found.result), set_aside=left)
    desk.ledger.append(HERE, [Entry(known, msgspec.json.encode(found.result))])


def test_a_mark_left_over_is_shown_beside_the_text_it_was_made_on(desk: Desk) -> None:
    before = TEXT.replace("Lê An là", "Lê Ân là")
    carried(desk, [span_mark("p", "PERSON", *LE_AN, text="Lê Ân")], before)
    (one,) = desk.marks()
    look = desk.look(one)
    assert (look.made_on, look.text, look.said) == (before, TEXT, "Lê Ân")
    assert (look.sure, look.candidates) == (LE_AN, (LE_AN,))


def test_a_mark_whose_text_is_gone_has_no_place(desk: Desk) -> None:
    before = "Tin từ Hà Nội. " + TEXT
    carried(desk, [span_mark("p", "PERSON", 7, 13, text="Hà Nội")], before)
    (one,) = desk.marks()
    assert (desk.look(one).sure, desk.look(one).candidates) == (None, ())
    with pytest.raises(LedgerError, match=r"occurs nowhere in mot\. See .* with --at START:END"):
        desk.accept(one)
    assert extents(desk.accept(one, at=LE_AN)) == [(*LE_AN, "PERSON")]


# Accepting.


def test_a_mark_with_one_place_is_accepted_there_under_its_own_id(desk: Desk) -> None:
    desk.pull([wrong(text="Trung tá", label="Rank")])
    (one,) = desk.marks()
    after = desk.accept(one)
    assert extents(after) == [(*TRUNG_TA, "RANK")]
    assert after.spans[0].id == "w"
    assert desk.marks() == []


def test_of_several_places_one_must_be_named(desk: Desk) -> None:
    desk.pull([wrong()])
    (one,) = desk.marks()
    with pytest.raises(LedgerError, match=r"occurs in 2 places in mot\. See .* --candidate N"):
        desk.accept(one)
    assert extents(desk.accept(one, candidate=2)) == [(*LATER, "PERSON")]
    assert extents(desk.accept(one, candidate=1)) == [(*LE_AN, "PERSON")]
    assert extents(desk.accept(one, at=(0, 9))) == [(0, 9, "PERSON")]


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"candidate": 3}, "has 2 candidates"),
        ({"candidate": 0}, "has 2 candidates"),
        ({"at": (5, 5)}, "5:5 is no span of a text of 57"),
        ({"at": (5, 58)}, "5:58 is no span of a text of 57"),
        ({"at": (-1, 4)}, "-1:4 is no span"),
        ({"at": LE_AN, "label": "ALIEN"}, "a label that is unknown: ALIEN. Name one of the schema"),
        ({"at": TRUNG_TA, "label": "Rank"}, "is marked already as RANK at 13:21"),
    ],
)
def test_what_cannot_be_accepted_so_changes_nothing(
    desk: Desk, choice: dict[str, Any], reason: str
) -> None:
    desk.pull([wrong(), span_mark("r", "RANK", *TRUNG_TA)])
    rows = desk.ledger.rows()
    with pytest.raises(LedgerError, match=re.escape(reason)):
        desk.accept(desk.marks()[0], **choice)
    assert desk.ledger.rows() == rows


def test_a_label_that_the_schema_lacks_needs_another_one(desk: Desk) -> None:
    desk.pull([span_mark("w", "ALIEN", *LE_AN), span_mark("v", "A", *TRUNG_TA)])
    one, other = desk.marks()
    with pytest.raises(LedgerError, match="a label that is unknown: ALIEN"):
        desk.accept(one)
    assert extents(desk.accept(one, label="Person")) == [(*LE_AN, "PERSON")]
    assert len(desk.accept(other, label="RANK").spans) == 2


def test_answers_about_a_span_go_with_it_as_far_as_they_hold(desk: Desk) -> None:
    answers = [choice_mark("alive", "Yes", span="w"), choice_mark("alive", "maybe", span="v")]
    desk.pull([wrong(text="Trung tá"), wrong("v", "Bà Mai"), *answers])
    assert desk.accept(desk.span("w")).spans[0].attributes == {"alive": ("yes",)}
    assert len(desk.marks()) == 2
    assert [span.attributes for span in desk.accept(desk.span("v")).spans] == [
        {"alive": ("yes",)},
        {},
    ]
    (left,) = desk.marks()
    assert left.value == {"choices": ["maybe"]}
    with pytest.raises(LedgerError, match="neither a span nor a relation"):
        desk.accept(left, at=LE_AN, label="PERSON")


def test_a_relation_counts_when_both_its_ends_do(desk: Desk) -> None:
    arrow = arrow_mark("w", "holds", "r")
    desk.pull([arrow, wrong(text="Bà Mai"), span_mark("r", "RANK", *TRUNG_TA)])
    relation, span = sorted(desk.marks(), key=lambda one: not one.is_relation)
    with pytest.raises(LedgerError, match=r"one of the two spans of \w+ is not there"):
        desk.accept(relation)
    # In whatever order they are named.
    accept(desk.ledger, SCHEMA, [relation, span])
    assert desk.counts().relations == (Relation(head="w", tail="r", label="holds_rank"),)
    assert desk.marks() == []


def test_a_relation_both_ways_is_accepted_the_way_that_its_labels_allow(desk: Desk) -> None:
    spans = [span_mark("p", "PERSON", *LE_AN), span_mark("r", "RANK", *TRUNG_TA)]
    twins = [span_mark("q", "PERSON", *LATER)]
    desk.pull(
        [*spans, *twins, arrow_mark("r", "holds", "p", "bi"), arrow_mark("p", "holds", "q", "bi")]
    )
    marks = {one.mark["from_id"]: one for one in desk.marks()}
    assert desk.accept(marks["r"]).relations == (Relation(head="p", tail="r", label="holds_rank"),)
    with pytest.raises(LedgerError, match="holds_rank may go from PERSON to RANK"):
        desk.accept(marks["p"])


def test_a_span_that_stands_already_is_accepted_as_it_stands(desk: Desk) -> None:
    before = TEXT.replace("Lê An là", "Lê Ân là")
    marks = [span_mark("p", "PERSON", *LE_AN, text="Lê Ân"), choice_mark("alive", "yes", span="p")]
    carried(
        desk, [*marks, span_mark("r", "RANK", *TRUNG_TA), arrow_mark("p", "holds", "r")], before
    )
    was = desk.counts()
    after = desk.accept(desk.marks()[0])
    assert (after.spans, after.relations, after.set_aside) == (was.spans, was.relations, ())
    moved = desk.accept(desk.marks(decided=True)[0], at=(0, 9))
    assert (moved.spans[0].start, moved.spans[0].attributes) == (0, {"alive": ("yes",)})
    assert moved.relations == was.relations


def test_a_wrong_decision_is_mended_by_deciding_again(desk: Desk) -> None:
    desk.pull([wrong(), choice_mark("alive", "yes", span="w")])
    before = desk.counts()
    (one,) = (mark for mark in desk.marks() if "labels" in mark.value)
    desk.accept(one, candidate=1)
    (decided,) = find_marks(desk.marks(decided=True), [one.id])
    drop(desk.ledger, [decided])
    assert (desk.counts().spans, desk.counts().set_aside) == ((), ())
    again = desk.accept(find_marks(desk.marks(decided=True), [one.id])[0], candidate=2)
    assert again.spans[0].attributes == {"alive": ("yes",)}
    assert extents(again) == [(*LATER, "PERSON")]
    assert same(undecide(again), before)


def test_without_the_text_nothing_can_be_accepted(desk: Desk) -> None:
    desk.pull([wrong()])
    annotation = msgspec.structs.replace(desk.counts(), sha256="0" * 64)
    desk.ledger.append(HERE, [Entry(annotation, b"[1]")])
    with pytest.raises(LedgerError, match=r"does not have the text .* Run `annotate push`"):
        desk.accept(desk.marks()[0], at=LE_AN)


def test_of_several_marks_all_are_decided_or_none(desk: Desk) -> None:
    desk.pull([wrong(text="Trung tá"), wrong("v")])
    rows = desk.ledger.rows()
    with pytest.raises(LedgerError, match="occurs in 2 places"):
        accept(desk.ledger, SCHEMA, desk.marks())
    assert desk.ledger.rows() == rows


# Whatever is decided.


@st.composite
def works(draw: st.DrawFn) -> tuple[str, str, list[Any]]:
    """Draw an earlier and the present text, and marks made on the earlier: good and bad ones."""
    text = draw(canonical_texts.filter(lambda text: len(text) > 1))
    cut = draw(st.integers(0, len(text)))
    before = text[:cut] + draw(st.sampled_from(("", " mới", "x"))) + text[cut + 1 :]
    before = before if before.strip() else text
    marks: list[Any] = []
    for number in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(before) - 1))
        end = draw(st.integers(start + 1, len(before)))
        witness = draw(st.sampled_from((before[start:end], before[start:end], "không có", "a")))
        label = draw(st.sampled_from(("PERSON", "Rank", "ALIEN")))
        # Some share an id.
        mark_id = f"s{draw(st.integers(0, number))}"
        marks.append(span_mark(mark_id, label, start, end, text=witness))
        if draw(st.booleans()):
            marks.append(choice_mark("alive", draw(st.sampled_from(("yes", "?"))), span=mark_id))
    ids = st.sampled_from([mark["id"] for mark in marks])
    arrows = st.builds(arrow_mark, ids, st.sampled_from(("holds", "x")), ids)
    return before, text, [*marks, *draw(st.lists(arrows, max_size=3))]


Deed = tuple[int, bool, tuple[int, int], str]
_deeds = st.lists(
    st.tuples(
        st.integers(0, 20), st.booleans(), st.tuples(st.integers(0, 30), st.integers(1, 9)),
        st.sampled_from(("", "PERSON", "RANK")),
    ),
    max_size=6,
)  # fmt: skip


@contextmanager
def working(work: tuple[str, str, list[Any]]) -> Iterator[tuple[Desk, list[Any]]]:
    """Give a desk at which marks came from an earlier text, and what the server has of them."""
    before, text, marks = work
    with opened() as ledger:
        desk = Desk(ledger, make_article(text, "mot"))
        old = make_article(before, "mot")
        ledger.record_tasks(HERE, [(1, old)])
        ledger.record_tasks(HERE, [(1, desk.article)])
        found = carry_marks(marks, before, align(before, text), text)
        left = tuple(set_aside_marks(found, old.sha256))
        fetched = desk.fetch(found.result)
        known = msgspec.structs.replace(fetched, set_aside=(*fetched.set_aside, *left))
        ledger.append(HERE, [Entry(known, msgspec.json.encode(found.result))])
        yield desk, found.result


def do(desk: Desk, deed: Deed) -> list[Quarantined]:
    """Decide about one of the marks, if that can be done; return it with the decision."""
    number, whether, (start, length), label = deed
    marks = desk.marks(decided=True)
    one = marks[number % len(marks)]
    if not whether:
        return drop(desk.ledger, [one])
    last = len(desk.article.text)
    start = min(start, last - 1)
    with suppress(LedgerError):
        choice = Choice(at=(start, min(start + length, last)), label=label)
        return accept(desk.ledger, SCHEMA, [one], choice)
    return []


def digests(annotation: Annotation) -> set[str]:
    return {mark.key for mark in _of(annotation) if mark.decision is None}


def _of(annotation: Annotation) -> Iterable[Quarantined]:
    with opened() as ledger:
        ledger.append(HERE, [Entry(annotation, b"[]")])
        return list_marks(ledger, [HERE])


@given(works(), _deeds)
def test_deciding_changes_what_was_decided_and_nothing_else(
    work: tuple[str, str, list[Any]], deeds: list[Deed]
) -> None:
    with working(work) as (desk, _):
        first = desk.counts()
        for deed in deeds if desk.marks() else []:
            before = desk.counts()
            rows = desk.ledger.rows()
            done = do(desk, deed)
            after = desk.counts()
            if not done:
                assert (after, desk.ledger.rows()) == (before, rows)
                continue
            ((one, decision),) = [(one, one.decision) for one in done]
            assert decision is not None
            assert decision.aside is not None
            # What was marked is as it was, but for the decisions.
            assert same_once(undecide(after), undecide(first))
            newly = {mark.key for mark in _of(after) if mark.decision} - {
                mark.key for mark in _of(before) if mark.decision
            }
            own = {one.key} | newly
            if not before.decided:
                assert digests(before) - digests(after) == own
                assert {span.id for span in first.spans} >= {
                    span.id for span in after.spans if span != decision.span
                }
            # Again is once.
            assert do(desk, deed)[0].annotation == after
            assert desk.counts() == after


def same_once(one: Annotation, other: Annotation) -> bool:
    """Whether two are the same but for order, and for marks that are there twice."""
    assert digests(one) == digests(other)
    return same(
        msgspec.structs.replace(one, set_aside=()), msgspec.structs.replace(other, set_aside=())
    )


@given(works(), _deeds)
def test_a_pull_of_an_unchanged_annotation_adds_no_row_whatever_was_decided(
    work: tuple[str, str, list[Any]], deeds: list[Deed]
) -> None:
    with working(work) as (desk, result):
        for deed in deeds if desk.marks() else []:
            do(desk, deed)
            before = desk.counts()
            assert desk.pull(result) == 0, (before, settle(desk.fetch(result), before))


@given(works(), _deeds, st.data())
def test_a_pull_of_a_changed_annotation_decides_only_about_marks_that_are_there(
    work: tuple[str, str, list[Any]], deeds: list[Deed], data: st.DataObject
) -> None:
    with working(work) as (desk, result):
        for deed in deeds if desk.marks() else []:
            do(desk, deed)
        before = desk.counts()
        kept = [mark for mark in result if data.draw(st.booleans())]
        desk.pull(kept)
        after = desk.counts()
        there = {one.key for one in _of(desk.fetch(kept))}
        left = {one.key for one in _of(before) if one.aside.sha256}
        for one in _of(after):
            assert one.key in there | left
        decided = {one.key for one in _of(before) if one.decision}
        again = {one.key for one in _of(after) if one.decision}
        assert again <= decided
        # And as it is now it stays.
        assert desk.pull(kept) == 0


# Against a real server.


@pytest.fixture
def room(studio: Studio, ledger: Ledger, title: str) -> Room:
    return Room(studio, ledger, title)


class Room:
    """A project with one article, which somebody annotates."""

    def __init__(self, studio: Studio, ledger: Ledger, title: str) -> None:
        target = (studio, ledger, "s", title, SCHEMA)
        (self.place,) = push(*target, plan_push(*target, [ARTICLE])).places
        (self.task,) = ledger.tasks(self.place)
        self.studio = studio
        self.ledger = ledger

    def pull(self, *, full: bool) -> Pulled:
        return pull(self.studio, self.ledger, self.place, SCHEMA, full=full)

    def marks(self) -> list[Quarantined]:
        return list_marks(self.ledger, [self.place])

    def counts(self) -> Annotation:
        (annotation,) = self.ledger.annotations(self.place)
        return annotation


def test_pulls_keep_what_was_decided_until_somebody_changes_the_mark(room: Room) -> None:
    rank = span_mark("r", "RANK", *TRUNG_TA, text="Trung tá")
    number = room.studio.annotate(room.task, [wrong(), rank])
    room.pull(full=True)
    accept(room.ledger, SCHEMA, room.marks(), Choice(candidate=2))
    on_server = room.studio.result(number)
    decided, rows = room.counts(), room.ledger.rows()
    for full in (False, True):
        assert room.pull(full=full).added == 0
    assert (room.counts(), room.ledger.rows()) == (decided, rows)

    # Somebody adds a span beside it.
    more = span_mark("m", "PERSON", 23, 29, text="Bà Mai")
    room.studio.set_result(number, [wrong(), rank, more])
    assert room.pull(full=False).added == 1
    assert extents(room.counts()) == [
        (*TRUNG_TA, "RANK"), (23, 29, "PERSON"), (*LATER, "PERSON")
    ]  # fmt: skip
    assert room.pull(full=True).added == 0

    # And then mends the mark itself in the browser.
    room.studio.set_result(number, [span_mark("w", "PERSON", *LE_AN, text="Lê An"), rank, more])
    room.pull(full=False)
    assert extents(room.counts())[0] == (*LE_AN, "PERSON")
    assert (room.counts().decided, room.marks()) == ((), [])
    assert on_server is not None
    assert json.loads(bytes(on_server.result)) == [wrong(), rank]


def test_an_accepted_span_goes_along_when_the_text_of_its_article_changes(
    room: Room, title: str
) -> None:
    rank = span_mark("r", "RANK", *TRUNG_TA, text="Trung tá")
    room.studio.annotate(room.task, [wrong(text="Bà Mai"), rank, wrong("v", "vợ ông")])
    room.pull(full=True)
    mai, wife = (one for one in room.marks())
    accept(room.ledger, SCHEMA, [mai if mai.witness == "Bà Mai" else wife])
    drop(room.ledger, [wife if mai.witness == "Bà Mai" else mai])

    changed = make_article("Hôm nay: " + TEXT, ARTICLE.id)
    target = (room.studio, room.ledger, "s", title, SCHEMA)
    push(*target, plan_push(*target, [changed]))
    for full in (False, True):
        assert room.pull(full=full).added == 0
    found = room.counts()
    assert found.sha256 == changed.sha256
    told = [changed.text[span.start : span.end] for span in found.spans]
    assert told == ["Trung tá", "Bà Mai"]
    assert found.set_aside == ()
