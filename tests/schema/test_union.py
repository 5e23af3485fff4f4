"""The page between two versions: annotations made under either hold there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from annotate.schema import RelationType, Schema, labelling_config
from annotate.schema.checking.names import fold
from annotate.schema.config import carried_schema
from annotate.schema.model import Changes
from annotate.schema.versions.union import union
from annotate.spans import Relation, Span
from annotate.studio.encode import encode_relations, encode_spans
from tests.factories import make_choice, make_entity
from tests.schema.pairs import Pair, Work, pairs, works
from tests.schema.versions import attribute, step, version
from tests.studio.marks import decode, encode


@st.composite
def works_under_either(draw: st.DrawFn) -> tuple[Pair, Schema, Work]:
    pair = draw(pairs())
    schema = draw(st.sampled_from(pair))
    return pair, schema, draw(works(schema))


@given(works_under_either())
def test_what_was_annotated_under_either_version_holds(drawn: tuple[Pair, Schema, Work]) -> None:
    pair, schema, work = drawn
    both = union(*pair)
    annotation = decode(both, work.text, encode(schema, work))
    assert annotation.set_aside == ()
    assert annotation.spans == work.spans
    assert annotation.choices == work.choices
    ends = [(arrow.head, arrow.tail) for arrow in annotation.relations]
    assert ends == [(arrow.head, arrow.tail) for arrow in work.relations]


@settings(max_examples=60)
@given(pairs())
def test_nothing_on_the_page_clashes(pair: Pair) -> None:
    both = union(*pair)
    keys = [fold(entity.hotkey) for entity in both.entities if entity.hotkey]
    asked = [attribute.name for attribute in both.attributes]
    asked += [choice.name for choice in both.choices]
    controls = [*asked, both.controls.labels, both.controls.text]
    titles = [relation.title for relation in both.relations]
    for names in (keys, controls, both.labels, titles):
        assert len(set(names)) == len(names)
    options = [attribute.options for attribute in both.attributes]
    options += [choice.options for choice in both.choices]
    for listed in options:
        assert len({option.name for option in listed}) == len(listed)


@settings(max_examples=60)
@given(pairs())
def test_label_studio_accepts_the_page(pair: Pair) -> None:
    both = union(*pair)
    config = labelling_config(both)
    interface: Any = LabelInterface(config)
    interface.validate()
    assert set(interface.get_control(both.controls.labels).labels) == set(both.labels)
    found = carried_schema(config)
    assert found is not None
    assert found.schema == both


def test_old_labels_stand_last_and_bear_their_version() -> None:
    old = version("1", entities=(make_entity("A", "Person"), make_entity("B", "Rank")))
    new = version("2", entities=(make_entity("C", "Person"), make_entity("B", "Grade")))
    told = [(entity.name, entity.title) for entity in union(old, new).entities]
    assert told == [("C", "Person"), ("B", "Grade"), ("A", "Person (1)")]
    assert union(old, new).version == "1 → 2"


def test_an_old_label_keeps_its_key_unless_a_new_one_has_it() -> None:
    keys = {"A": "1", "B": "q", "C": "w"}
    old = version("1", entities=tuple(make_entity(n, n, hotkey=k) for n, k in keys.items()))
    # A key is the same with and without shift.
    new = version(
        "2", entities=(make_entity("D", "D", hotkey="1"), make_entity("E", "E", hotkey="Q"))
    )
    told = {entity.name: entity.hotkey for entity in union(old, new).entities}
    assert told == {"D": "1", "E": "Q", "A": "", "B": "", "C": "w"}


def test_relations_of_both_versions_are_there_by_their_titles() -> None:
    def relations(**titles: str) -> tuple[RelationType, ...]:
        return tuple(RelationType(n, title, ("A",), ("A",)) for n, title in titles.items())

    old = version("1", relations=relations(r="holds", s="beside", t="near"))
    new = version("2", relations=relations(r="has", u="beside"))
    told = [(relation.name, relation.title) for relation in union(old, new).relations]
    assert told == [("r", "has"), ("u", "beside"), ("r", "holds"), ("t", "near")]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("now", [True, False])
def test_a_relation_needs_a_direction_only_if_it_did_and_does(*, before: bool, now: bool) -> None:
    old, new = (
        version(number, relations=(RelationType("r", "r", ("A",), ("A",), directed=directed),))
        for number, directed in (("1", before), ("2", now))
    )
    (both,) = union(old, new).relations
    assert both.directed == (before and now)
    text = "a b"
    spans = encode_spans(old, text, [Span(id=n, start=0, end=1, label="A") for n in "12"])
    arrow = Relation(head="1", tail="2", label="r")
    for schema in (old, new):
        drawn = [*spans, *encode_relations(schema, [arrow])]
        assert decode(union(old, new), text, drawn).relations == (arrow,)


def test_a_question_takes_the_answers_of_both_versions() -> None:
    old = version(
        "1",
        attributes=(attribute("n", "x", "y"), attribute("m")),
        choices=(make_choice("c", "x", "y"), make_choice("d", "x")),
    )
    new = version(
        "2", "A", "B",
        attributes=(msgspec.structs.replace(attribute("n", "z", "x"), labels=("B",)),),
        choices=(make_choice("c", "x", multiple=True),),
        migrations=(step(choices=Changes(remove=("d",))),),
    )  # fmt: skip
    both = union(old, new)
    name, text = both.attributes
    assert [(o.name, o.title) for o in name.options] == [("z", "z"), ("x", "x"), ("y", "y (1)")]
    assert name.labels == ("B", "A")
    assert text == attribute("m")
    kind, removed = both.choices
    assert ([o.name for o in kind.options], kind.multiple) == (["x", "y"], True)
    assert removed == make_choice("d", "x")


def test_a_question_that_became_another_kind_stays_what_it_was() -> None:
    text, options = attribute("n"), attribute("n", "x")
    for before, now in ((text, options), (options, text)):
        both = union(version("1", attributes=(before,)), version("2", attributes=(now,)))
        assert both.attributes == (before,)


def test_a_version_and_itself_are_itself() -> None:
    same = version(
        "1", "A", "B", attributes=(attribute("n", "x"),), choices=(make_choice("c", "x"),)
    )
    assert msgspec.structs.replace(union(same, same), version="1") == same
