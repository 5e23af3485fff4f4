"""What was decided stays decided as long as it can, and is never somewhere else than decided."""

from __future__ import annotations

from typing import Any

import msgspec

from annotate.align import align
from annotate.spans import Annotation, Decision, Relation, SetAside, Span
from annotate.studio.carry import carry_marks
from annotate.studio.settle import (
    carry_decisions,
    decide,
    mark_digest,
    set_aside_marks,
    settle,
    undecide,
)
from tests.factories import make_annotation, make_article, make_schema, make_span
from tests.studio.marks import decode, span_mark

SCHEMA = make_schema()
OLD = make_article("Ông Lê An là Trung tá ở Sơn La.")
NEW = make_article("Hôm nay ông Lê Anh là Trung tá ở Sơn La.")
PERSON = make_span(4, 9, "PERSON", "p")
RANK = make_span(13, 21, "RANK", "r")


def aside(mark: object, **fields: Any) -> SetAside:
    raw = msgspec.Raw(msgspec.json.encode(mark))
    return SetAside(**{"reason": "not proved", "mark": raw, **fields})


def counted(*spans: Span, article: Any = OLD, **fields: Any) -> Annotation:
    return make_annotation(article, *spans, **fields)


WRONG = aside(span_mark("w", "PERSON", 0, 3, text="Bà"))
ACCEPTED = make_span(0, 3, "PERSON", "w")
ACCEPT = Decision(mark=mark_digest(WRONG), span=ACCEPTED, sha256=OLD.sha256)
DROP = Decision(mark=mark_digest(WRONG))

# A span whose text changed since, and which stands meanwhile.
STANDS = aside({"id": "p", "n": 1}, sha256="1" * 64, span="p")
ELSEWHERE = make_span(4, 6, "PERSON", "p")
KEEP = Decision(mark=mark_digest(STANDS), span=PERSON, sha256=OLD.sha256)
MOVE = Decision(mark=mark_digest(STANDS), span=ELSEWHERE, sha256=OLD.sha256)
REMOVE = Decision(mark=mark_digest(STANDS))
ARROW = Relation(head="p", tail="r", label="holds_rank")


def test_a_mark_has_one_digest_in_whatever_order_its_keys_are() -> None:
    one, other = {"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}
    assert mark_digest(aside(one)) == mark_digest(aside(other))
    assert mark_digest(aside(one)) != mark_digest(aside({**one, "a": 2}))


def test_an_accepted_mark_counts_and_is_no_longer_set_aside() -> None:
    found = decide(counted(RANK, set_aside=(WRONG,)), [ACCEPT])
    assert found.spans == (ACCEPTED, RANK)
    assert found.set_aside == ()
    assert [decision.aside for decision in found.decided] == [WRONG]


def test_a_dropped_mark_counts_nothing_and_stays_known() -> None:
    found = decide(counted(RANK, set_aside=(WRONG,)), [DROP])
    assert (found.spans, found.set_aside) == ((RANK,), ())
    assert [decision.aside for decision in found.decided] == [WRONG]


def test_undoing_gives_back_what_gave_way_and_its_relations() -> None:
    before = counted(PERSON, RANK, relations=(ARROW,), set_aside=(STANDS, WRONG))
    dropped = decide(before, [REMOVE, ACCEPT])
    assert dropped.spans == (ACCEPTED, RANK)
    assert dropped.relations == ()
    assert same(undecide(dropped), before)


def test_a_span_accepted_elsewhere_keeps_its_relations() -> None:
    before = counted(PERSON, RANK, relations=(ARROW,), set_aside=(STANDS,))
    found = decide(before, [MOVE])
    assert (found.spans, found.relations) == ((ELSEWHERE, RANK), (ARROW,))
    assert same(undecide(found), before)


def test_deciding_again_is_deciding_at_once() -> None:
    before = counted(PERSON, RANK, relations=(ARROW,), set_aside=(STANDS, WRONG))
    first = decide(before, [REMOVE, ACCEPT])
    assert decide(first, first.decided) == first
    assert decide(first, [MOVE, DROP]) == decide(before, [MOVE, DROP])


def test_two_marks_of_one_span_are_undone_together() -> None:
    other = aside({"id": "p", "n": 2}, sha256="2" * 64, span="p")
    before = counted(PERSON, RANK, set_aside=(STANDS, other))
    for both in ([MOVE, Decision(mark=mark_digest(other))], [REMOVE, MOVE_OF(other)]):
        assert same(undecide(decide(before, both)), before)


def MOVE_OF(mark: SetAside) -> Decision:  # noqa: N802, one of the decisions above
    return Decision(mark=mark_digest(mark), span=ELSEWHERE, sha256=OLD.sha256)


def test_a_span_decided_in_another_text_is_not_put_into_this_one() -> None:
    there = msgspec.structs.replace(ACCEPT, sha256=NEW.sha256)
    found = decide(counted(RANK, set_aside=(WRONG,)), [there])
    assert (found.spans, found.set_aside) == ((RANK,), (WRONG,))


def test_a_decision_never_takes_the_id_of_another_span() -> None:
    taken = make_span(5, 6, "RANK", "w")
    found = decide(counted(taken, set_aside=(WRONG,)), [ACCEPT])
    assert (found.spans, found.set_aside) == ((taken,), (WRONG,))


def test_a_relation_waits_for_both_its_ends() -> None:
    mark = aside({"type": "relation", "from_id": "w", "to_id": "r"})
    arrow = Relation(head="w", tail="r", label="holds_rank")
    both = [Decision(mark=mark_digest(mark), relation=arrow), ACCEPT]
    before = counted(RANK, set_aside=(mark, WRONG))
    assert decide(before, both).relations == (arrow,)
    without = decide(before, [both[0], DROP])
    assert (without.relations, without.set_aside) == ((), (mark,))
    assert decide(without, both) == decide(before, both)


# Pulled again.


def test_an_unchanged_annotation_stays_as_it_was_decided() -> None:
    server = counted(PERSON, RANK, relations=(ARROW,), set_aside=(WRONG,))
    known = msgspec.structs.replace(server, set_aside=(WRONG, STANDS))
    for decisions in ([ACCEPT, REMOVE], [DROP, MOVE], [KEEP], [DROP]):
        settled = decide(known, decisions)
        assert settle(server, settled) == settled


def test_what_somebody_adds_counts_beside_what_was_decided() -> None:
    known = decide(counted(RANK, set_aside=(WRONG,)), [ACCEPT])
    more = make_span(24, 30, "PERSON", "new")
    found = settle(counted(RANK, more, set_aside=(WRONG,)), known)
    assert found.spans == (ACCEPTED, RANK, more)


def test_a_decision_is_forgotten_with_the_mark_that_somebody_deleted_or_changed() -> None:
    known = decide(counted(RANK, set_aside=(WRONG,)), [ACCEPT])
    assert settle(counted(RANK), known) == counted(RANK)
    changed = aside(span_mark("w", "PERSON", 0, 4, text="Bà"))
    after = counted(RANK, set_aside=(changed,))
    assert settle(after, known) == after


def test_a_span_that_somebody_changed_since_counts_as_it_is_now() -> None:
    known = counted(PERSON, RANK, set_aside=(STANDS,))
    for decision in (KEEP, MOVE, REMOVE):
        settled = decide(known, [decision])
        for span in (make_span(5, 9, "PERSON", "p"), make_span(4, 9, "RANK", "p")):
            assert settle(counted(span, RANK), settled) == counted(span, RANK)
        assert settle(counted(RANK), settled) == counted(RANK)


def test_a_mark_left_over_is_dropped_once_its_span_was_looked_at() -> None:
    known = counted(PERSON, RANK, set_aside=(STANDS,))
    assert settle(counted(PERSON, RANK), known) == known
    assert settle(counted(RANK), known) == counted(RANK)


def test_a_mark_that_comes_again_is_there_once() -> None:
    left = aside({"id": "x"}, sha256="1" * 64)
    known = counted(PERSON, set_aside=(left,))
    assert settle(known, known) == known


# On another text.


def moved(*decisions: Decision, carry: bool) -> tuple[Annotation, Annotation]:
    """Return an annotation with decisions before and after its article's text changed."""
    marks = [
        span_mark("p", "PERSON", 4, 9, text="Lê An"),
        span_mark("r", "RANK", 13, 21, text="Trung tá"),
        msgspec.json.decode(WRONG.mark),
    ]
    before = decode(SCHEMA, OLD.text, marks)
    before = msgspec.structs.replace(before, sha256=OLD.sha256)
    known = decide(before, decisions)
    carried = carry_marks(marks, OLD.text, align(OLD.text, NEW.text), NEW.text)
    fresh = decode(SCHEMA, NEW.text, carried.result)
    fresh = msgspec.structs.replace(fresh, sha256=NEW.sha256)
    brought = carry_decisions(known, OLD.text, NEW.text, NEW.sha256) if carry else known
    settled = settle(fresh, brought)
    left = tuple(set_aside_marks(carried, OLD.sha256))
    merged = msgspec.structs.replace(settled, set_aside=(*settled.set_aside, *left))
    return known, decide(merged, merged.decided)


def texts(annotation: Annotation, text: str) -> list[str]:
    return [text[span.start : span.end] for span in annotation.spans]


def test_what_was_dropped_stays_dropped_on_another_text() -> None:
    for carry in (True, False):
        _, after = moved(DROP, carry=carry)
        assert texts(after, NEW.text) == ["Lê Anh", "Trung tá"]
        assert [one.reason for one in after.set_aside] == [
            "its text changed from 'Lê An' to 'Lê Anh'"
        ]


def test_an_accepted_span_goes_to_where_its_text_is_now() -> None:
    place = OLD.text.index("Sơn La")
    span = make_span(place, place + 6, "PERSON", "w")
    _, after = moved(msgspec.structs.replace(ACCEPT, span=span), carry=True)
    assert texts(after, NEW.text) == ["Lê Anh", "Trung tá", "Sơn La"]
    assert mark_digest(WRONG) not in {mark_digest(one) for one in after.set_aside}
    assert settle(msgspec.structs.replace(undecide(after), set_aside=()), after) == after


def test_an_accepted_span_without_a_sure_place_is_set_aside_again() -> None:
    for carry in (True, False):
        span = make_span(4, 9, "RANK", "w")
        _, after = moved(msgspec.structs.replace(ACCEPT, span=span), carry=carry)
        assert texts(after, NEW.text) == ["Lê Anh", "Trung tá"]
        (again,) = (one for one in after.set_aside if mark_digest(one) == ACCEPT.mark)
        assert again.sha256 == OLD.sha256


def test_a_mark_left_over_is_still_so_on_a_third_text() -> None:
    known = counted(PERSON, set_aside=(STANDS,))
    span = make_span(12, 17, "PERSON", "p")
    found = settle(counted(span, article=NEW), known)
    assert found.set_aside == (STANDS,)


def test_on_the_old_text_again_a_decision_holds_again() -> None:
    server = counted(RANK, set_aside=(WRONG,))
    known = decide(server, [ACCEPT])
    other = counted(article=NEW, set_aside=(WRONG, aside({"id": "r"})))
    between = settle(other, known)
    assert (between.spans, len(between.set_aside)) == ((), 2)
    assert settle(server, between) == known


def same(one: Annotation, other: Annotation) -> bool:
    """Whether two annotations are the same but for the order of their parts."""
    return _parts(one) == _parts(other)


def _parts(annotation: Annotation) -> tuple[Any, ...]:
    lists = {
        "spans": sorted(annotation.spans, key=repr),
        "relations": sorted(annotation.relations, key=repr),
        "set_aside": sorted(map(mark_digest, annotation.set_aside)),
    }
    return tuple({**msgspec.structs.asdict(annotation), **lists}.values())
