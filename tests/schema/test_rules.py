"""What a schema allows of marks: nesting, ends of relations, attributes."""

from __future__ import annotations

from annotate.schema import RelationType, Schema
from annotate.schema.model import Attribute
from annotate.schema.rules import Rules, tell_ends
from annotate.spans import Relation, Span
from tests.factories import make_entity, make_schema, make_span, sample_gold, sample_schema


def breaches(schema: Schema, *spans: Span, relations: tuple[Relation, ...] = ()) -> list[str]:
    return list(Rules(schema).breaches(spans, relations))


def nesting(contains: tuple[str, ...] | None) -> Schema:
    outer = make_entity("A", "a", contains=contains)
    return make_schema(entities=(outer, make_entity("B", "b")), relations=())


def test_a_label_contains_what_it_says_and_anything_when_it_says_nothing() -> None:
    spans = (make_span(0, 9, "A"), make_span(0, 4, "B"), make_span(5, 9, "A"))
    assert breaches(nesting(None), *spans) == []
    assert breaches(nesting(("A", "B")), *spans) == []
    assert breaches(nesting(("B",)), *spans) == ["A at 5 lies within A; only B may"]
    assert breaches(nesting(()), *spans) == [
        "B at 0 lies within A; nothing may",
        "A at 5 lies within A; nothing may",
    ]


def test_touching_crossing_and_equal_spans_are_not_nested() -> None:
    spans = (make_span(0, 5, "A"), make_span(5, 9, "B"), make_span(3, 7, "B"), make_span(0, 5, "B"))
    assert breaches(nesting(()), *spans) == []


def married(*, directed: bool) -> Schema:
    kind = RelationType("r", "r", head=("A",), tail=("B",), directed=directed)
    return make_schema(entities=(make_entity("A", "a"), make_entity("B", "b")), relations=(kind,))


def test_a_relation_has_the_ends_that_it_may_have() -> None:
    spans = (make_span(0, 1, "A", "a"), make_span(2, 3, "B", "b"))
    there, back = Relation(head="a", tail="b", label="r"), Relation(head="b", tail="a", label="r")
    one_way, both_ways = married(directed=True), married(directed=False)
    assert breaches(one_way, *spans, relations=(there,)) == []
    assert breaches(one_way, *spans, relations=(back,)) == [
        "r goes from B at 2 to A at 0; it may go from A to B"
    ]
    assert breaches(both_ways, *spans, relations=(there, back)) == []
    twins = (*spans, make_span(4, 5, "A", "c"))
    wrong = Relation(head="a", tail="c", label="r")
    assert breaches(both_ways, *twins, relations=(wrong,)) == [
        "r goes from A at 0 to A at 4; it may join A and B"
    ]


def test_several_labels_that_may_stand_at_an_end_are_all_told() -> None:
    kind = RelationType("r", "r", head=("A", "B", "C"), tail=("A",))
    assert tell_ends(kind) == "go from A, B or C to A"


def test_an_attribute_is_told_of_its_labels_only() -> None:
    asked = make_schema(attributes=(Attribute("note", "Note", ("PERSON",)),))
    spans = [Span(id=n, start=0, end=1, label=n, attributes={"note": ("x",)}) for n in asked.labels]
    (told,) = breaches(asked, *spans)
    assert told == "RANK at 0 answers note, which is asked of PERSON only"


def test_the_sample_keeps_the_rules_of_its_schema() -> None:
    rules = Rules(sample_schema())
    for gold in sample_gold().values():
        assert list(rules.breaches(gold.spans, gold.relations)) == []
