"""Rewriting the server's JSON: what migrations say, and not a byte beside it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from annotate.errors import SchemaError
from annotate.schema import Choice, Option, Regex, RelationType, Schema
from annotate.schema.config import Page
from annotate.schema.model import Attribute, Changes
from annotate.schema.versions.migration import Rewriting, Rewritten, rewrite
from annotate.spans import Annotation, Relation, Span
from annotate.studio.rewrite import Mark, Rewriter, is_span
from tests.factories import make_choice, make_entity
from tests.schema.pairs import Pair, Work, migrated_works
from tests.schema.versions import attribute, entities, step, version
from tests.studio.marks import arrow_mark, choice_mark, decode, encode, span_mark, text_mark


def migrated(old: Schema, new: Schema, **changes: Any) -> Rewriter:
    """Return the rewriter from one version to the next by one step."""
    return Rewriter(old, msgspec.structs.replace(new, migrations=(step(**changes),)))


def relabelling(**changes: Any) -> Rewriter:
    """Return the rewriter of labels A to C, by changes of these; D to G are new."""
    old = version("1", "A", "B", "C", relations=(type_of("r"),))
    named = entities(**changes)
    gone = {*named.rename, *named.remove, *named.split}
    gone |= {name for new, names in named.merge.items() for name in names if name != new}
    labels = [label for label in "ABCDEFG" if label not in gone]
    new = version("2", *labels, relations=(type_of("r"),))
    return migrated(old, new, entities=named)


def type_of(name: str, title: str = "", *, directed: bool = True) -> RelationType:
    title = title or f"title {name}"
    return RelationType(name, title, head=("A",), tail=("A",), directed=directed)


def rewritten(rewriter: Rewriter, *marks: Mark) -> list[Mark]:
    """Rewrite a result; doing that again must change nothing more."""
    once = rewriter.rewrite(marks)
    again = rewriter.rewrite(once.result)
    assert (again.result, again.changed) == (once.result, False)
    assert once.changed == (once.result != list(marks))
    return once.result


def meant(pair: Pair, rewriter: Rewriter, work: Work, result: list[Mark]) -> Annotation:
    """Return what a rewritten result means on the page as it is after the migration."""
    review = tuple(label for label in pair.old.entities if label.name in rewriter.rules.split)
    return decode(Page(pair.new, review).drawn, work.text, result)


# Whatever comes


@given(migrated_works())
def test_what_is_rewritten_means_what_the_migration_says(drawn: tuple[Pair, Work]) -> None:
    pair, work = drawn
    rewriter = Rewriter(*pair)
    expected = rewrite(rewriter.rules, work.spans, work.relations, work.choices)
    now = meant(pair, rewriter, work, rewritten(rewriter, *encode(pair.old, work)))
    assert now.set_aside == ()
    assert now.spans == expected.spans
    assert now.relations == expected.relations
    assert now.choices == expected.choices


@settings(max_examples=60)
@given(migrated_works())
def test_titles_by_which_older_configs_answer_are_read_too(drawn: tuple[Pair, Work]) -> None:
    pair, work = drawn
    rewriter = Rewriter(*pair)
    named = encode(pair.old, work)
    titled = [with_titles(pair, rewriter.rules, mark) for mark in named]
    expected = meant(pair, rewriter, work, rewriter.rewrite(named).result)
    assert meant(pair, rewriter, work, rewritten(rewriter, *titled)) == expected


def with_titles(pair: Pair, rules: Rewriting, mark: Mark) -> Mark:
    """Return a mark with titles for the names in it, where those are no names as well."""
    if mark["type"] == "labels":
        return _titled(mark, "labels", pair.old.entities, pair.new.entities)
    if mark["type"] != "choices":
        return mark
    before, now = asked(pair.old), asked(pair.new)
    name = mark["from_name"]
    name_now = (rules.attributes | rules.choices).get(name, name)
    after = now[name_now].options if name_now in now else ()
    return _titled(mark, "choices", before[name].options, after)


def asked(schema: Schema) -> dict[str, Attribute | Choice]:
    listed: list[Attribute | Choice] = [*schema.attributes, *schema.choices]
    return {question.name: question for question in listed}


def _titled(mark: Mark, field: str, before: Any, now: Any) -> Mark:
    names = {item.name for item in (*before, *now)}
    titles = {item.name: item.title for item in before if item.title not in names}
    # Where two have one title, results by titles do not tell which.
    single = {name: title for name, title in titles.items() if [*titles.values()].count(title) == 1}
    told = [single.get(name, name) for name in mark["value"][field]]
    return {**mark, "value": {**mark["value"], field: told}}


@settings(max_examples=60)
@given(migrated_works())
def test_what_is_not_concerned_stays_byte_for_byte(drawn: tuple[Pair, Work]) -> None:
    pair, work = drawn
    rewriter = Rewriter(*pair)
    marks = [
        {"origin": "prediction-changed", **mark, "meta": {"number": number}, "score": 0.50}
        for number, mark in enumerate(encode(pair.old, work))
    ]
    result = rewritten(rewriter, *marks)
    there = {json.dumps(mark) for mark in result}
    told = rewrite(rewriter.rules, work.spans, work.relations, work.choices)
    for mark in marks:
        assert is_concerned(pair, rewriter.rules, told, mark) or json.dumps(mark) in there
    before = {mark["meta"]["number"]: mark for mark in marks}
    for mark in result:
        assert_only_names_differ(before[mark["meta"]["number"]], mark)


def is_concerned(pair: Pair, rules: Rewriting, told: Rewritten, mark: Mark) -> bool:
    """Whether a migration names something that a mark or its span or its ends have."""
    gone = {*told.ties, *(span.id for span in told.archived_spans)}
    if mark["type"] == "labels":
        label = mark["value"]["labels"][0]
        return mark["id"] in gone or label in rules.labels
    if mark["type"] == "relation":
        titles = {relation.title: relation for relation in pair.old.relations}
        now = {relation.name: relation for relation in pair.new.relations}
        kind = titles[mark["labels"][0]]
        new = now.get(kind.name)
        ends = {mark["from_id"], mark["to_id"]}
        moved = ends & ({*told.ties.values()} | gone) or kind.name in rules.relations.values()
        same = new is not None and (new.title, new.directed) == (kind.title, kind.directed)
        return bool(moved) or not same
    name = mark["from_name"]
    moved_names = rules.attributes | rules.choices
    removed = rules.removed_attributes | rules.removed_choices
    options = {*rules.options.get(name, ()), *rules.removed_options.get(name, ())}
    answers = mark["value"].get("choices", ())
    named = name in {*moved_names, *moved_names.values(), *removed}
    return mark["id"] in gone or named or not options.isdisjoint(answers)


def assert_only_names_differ(before: Mark, now: Mark) -> None:
    """Assert that nothing else became of a mark than a migration may make of it."""
    free = {"from_name", "direction", "labels", "from_id", "to_id", "value"}
    if before["type"] not in {"labels", "relation"}:
        free.add("id")  # an answer goes with its span where that is united with another
    assert list(before) == list(now)
    assert {field: before[field] for field in before if field not in free} == {
        field: now[field] for field in now if field not in free
    }
    old, new = before.get("value", {}), now.get("value", {})
    assert list(old) == list(new)
    assert all(old[field] == new[field] for field in old if field not in {"labels", "choices"})


# Labels


def test_labels_are_renamed_merged_and_removed_and_split_ones_stay() -> None:
    rewriter = relabelling(rename={"A": "D"}, remove=("B",), split={"C": ("E", "F")})
    one, two, three = span_mark("1", "A"), span_mark("2", "B", 6, 7), span_mark("3", "C", 6, 9)
    assert rewritten(rewriter, one, two, three) == [span_mark("1", "D"), three]
    told = rewriter.rewrite([one, two, three]).told
    assert [span.id for span in told.waiting] == ["3"]
    assert [span.id for span in told.archived_spans] == ["2"]


def test_titles_from_a_config_without_aliases_are_names() -> None:
    # The labels of `version` have their names in small letters as titles.
    rewriter = relabelling(rename={"A": "D"}, remove=("B",))
    marks = [span_mark("1", "a"), span_mark("2", "b", 6, 7), span_mark("3", "c", 6, 9)]
    assert rewritten(rewriter, *marks) == [span_mark("1", "D"), marks[2]]


def test_a_title_that_the_new_version_does_not_have_becomes_the_name() -> None:
    old = version("1", "A", "B")
    new = version("2", entities=(make_entity("A", "Other"), make_entity("B", "b")))
    rewriter = migrated(old, new)
    marks = [span_mark("1", "a"), span_mark("2", "b", 6, 7)]
    assert rewritten(rewriter, *marks) == [span_mark("1", "A"), marks[1]]


def test_a_name_of_the_new_version_is_no_title_of_the_old_one() -> None:
    # What a person chose, or made under the new version, is not rewritten once more.
    old = version("1", entities=(make_entity("org", "ORG"), make_entity("ort", "PLACE")))
    changes = entities(split={"org": ("ORG", "UNIT")}, remove=("ort",))
    rewriter = migrated(old, version("2", "ORG", "UNIT", "PLACE"), entities=changes)
    marks = [span_mark("1", "ORG"), span_mark("2", "PLACE", 6, 7)]
    assert rewritten(rewriter, *marks) == marks
    assert rewriter.rewrite(marks).told.waiting == ()
    assert rewriter.label("ORG") == "ORG"


def test_several_labels_on_a_mark_are_rewritten_one_by_one() -> None:
    rewriter = relabelling(rename={"A": "D"}, remove=("B",))
    several = span_mark("1", "A")
    several["value"]["labels"] = ["a", "B", "C"]
    (now,) = rewritten(rewriter, several)
    assert now["value"]["labels"] == ["D", "B", "C"]
    answered = [several, choice_mark("n", "x", span="1")]
    old = version("1", "A", "B", attributes=(attribute("n", "x"),))
    new = version("2", "A", "B", attributes=(attribute("m", "y"),))
    changes = {"attributes": Changes({"n": "m"}), "options": {"m": Changes({"x": "y"})}}
    renaming = migrated(old, new, **changes)
    assert rewritten(renaming, *answered)[1:] == [choice_mark("m", "y", span="1")]


def test_a_second_span_with_the_id_of_another_has_its_label_rewritten_too() -> None:
    rewriter = relabelling(merge={"D": ("A", "B")})
    marks = [span_mark("1", "A"), span_mark("1", "B"), span_mark("1", "C")]
    assert rewritten(rewriter, *marks) == [
        span_mark("1", "D"), span_mark("1", "D"), span_mark("1", "C")
    ]  # fmt: skip


def test_marks_keep_whatever_else_the_server_notes() -> None:
    rewriter = relabelling(rename={"A": "D"})
    mark = {
        **span_mark("1", "A", text="Lê An", globalOffsets={"start": 0, "end": 5}),
        "origin": "prediction", "meta": {"text": ["?"]}, "score": 0.5, "hidden": True,
        "parentID": None, "readonly": False,
    }  # fmt: skip
    (now,) = rewritten(rewriter, mark)
    assert now == {**mark, "value": {**mark["value"], "labels": ["D"]}}
    assert list(now) == list(mark)


# Spans that become the same

UNITE = {"merge": {"D": ("A", "B")}}


def test_after_a_merge_two_spans_of_one_extent_become_one_with_the_relations_of_both() -> None:
    marks = [
        span_mark("1", "A"), span_mark("2", "B"), span_mark("3", "C", 6, 9),
        arrow_mark("2", "title r", "3"), arrow_mark("3", "title r", "2"),
        arrow_mark("1", "title r", "2"), arrow_mark("2", "title r", "2"),
    ]  # fmt: skip
    assert rewritten(relabelling(**UNITE), *marks) == [
        span_mark("1", "D"), span_mark("3", "C", 6, 9),
        arrow_mark("1", "title r", "3"), arrow_mark("3", "title r", "1"),
        # That between the two is archived; that of one to itself stays.
        arrow_mark("1", "title r", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize("missing", [("start", "end"), ("end",)])
@pytest.mark.parametrize("null", [False, True])
def test_spans_without_offsets_are_never_the_same(missing: tuple[str, ...], *, null: bool) -> None:
    marks = [span_mark("1", "A"), span_mark("2", "B")]
    for mark in marks:
        for field in missing:
            if null:
                mark["value"][field] = None
            else:
                del mark["value"][field]
    now = rewritten(relabelling(**UNITE), *marks)
    assert [(mark["id"], mark["value"]["labels"]) for mark in now] == [("1", ["D"]), ("2", ["D"])]


def test_spans_of_which_the_server_tells_different_texts_are_not_the_same() -> None:
    # One of them is set aside, and must not take the other's place.
    wrong, right = span_mark("1", "A", text="Bình"), span_mark("2", "B", text="Lê An")
    now = rewritten(relabelling(**UNITE), wrong, right)
    assert [mark["id"] for mark in now] == ["1", "2"]


@pytest.mark.parametrize("other", [{}, {"text": None}, {"text": "Lê\\nAn"}, {"text": " Lê  An"}])
def test_spans_of_which_the_server_tells_the_same_text_in_another_way_are(
    other: dict[str, Any],
) -> None:
    same = [span_mark("1", "A", text="Lê\nAn"), span_mark("2", "B", **other)]
    assert [mark["id"] for mark in rewritten(relabelling(**UNITE), *same)] == ["1"]


ASKED = (attribute("n", "x", "y"), attribute("m"), attribute("s", "x", "y", multiple=True))


def asking(*, merge: bool = False, **changes: Any) -> Rewriter:
    """Return the rewriter of labels with the attributes n, m and s, of which n or s may change."""
    old = version("1", "A", "B", attributes=ASKED, choices=(make_choice("c", "x", "y"),))
    labels = ("D",) if merge else ("A", "B")
    new = msgspec.structs.replace(old, version="2", entities=version("2", *labels).entities)
    if merge:
        changes["entities"] = entities(merge={"D": ("A", "B")})
    return migrated(old, msgspec.structs.replace(new, **changes.pop("now", {})), **changes)


def test_attributes_of_a_span_that_is_united_with_another_move_to_that() -> None:
    marks = [
        span_mark("1", "A"), choice_mark("n", "x", span="1"),
        span_mark("2", "B"), choice_mark("n", "x", span="2"),
        {**text_mark("m", "12/3", span="2"), "origin": "manual"},
    ]  # fmt: skip
    assert rewritten(asking(merge=True), *marks) == [
        span_mark("1", "D"), choice_mark("n", "x", span="1"),
        {**text_mark("m", "12/3", span="1"), "origin": "manual"},
    ]  # fmt: skip


def test_spans_that_answer_differently_are_not_united() -> None:
    marks = [
        span_mark("1", "A"), choice_mark("n", "x", span="1"),
        span_mark("2", "B"), choice_mark("n", "y", span="2"),
    ]  # fmt: skip
    now = rewritten(asking(merge=True), *marks)
    assert now == [span_mark("1", "D"), marks[1], span_mark("2", "D"), marks[3]]


# Answers


def test_attributes_and_their_options_are_renamed_and_removed() -> None:
    renamed = Attribute("k", "K", ("A",), options=(Option("z", "Z"),))
    rewriter = asking(
        now={"attributes": (renamed, attribute("s", "x", multiple=True))},
        attributes=Changes(rename={"n": "k"}, remove=("m",)),
        options={"k": Changes(merge={"z": ("x", "y")}), "s": Changes(remove=("y",))},
    )
    marks = [
        choice_mark("n", "x", span="1"), text_mark("m", "12/3", span="1"),
        choice_mark("s", "y", "x", span="1"), span_mark("1", "A"),
        span_mark("2", "A", 6, 9), choice_mark("s", "y", span="2"),
    ]  # fmt: skip
    assert rewritten(rewriter, *marks) == [
        choice_mark("k", "z", span="1"), choice_mark("s", "x", span="1"), span_mark("1", "A"),
        span_mark("2", "A", 6, 9),
    ]  # fmt: skip


def test_an_answer_that_stays_under_a_new_name_keeps_its_value() -> None:
    rewriter = asking(
        now={"attributes": (attribute("k", "x", "y"), attribute("m2"))},
        attributes=Changes(rename={"n": "k", "m": "m2"}, remove=("s",)),
    )
    name, date = choice_mark("n", "x", span="1"), text_mark("m", span="1")
    name["value"] |= {"start": 0, "end": 5, "text": "Lê An"}
    date["value"] |= {"start": 0, "end": 5, "text": "12/3"}  # older servers told no list
    now = rewritten(rewriter, span_mark("1", "A"), name, date)
    assert now[1:] == [{**name, "from_name": "k"}, {**date, "from_name": "m2"}]


def test_titles_of_options_are_names() -> None:
    choices = (make_choice("c", "x2"),)
    rewriter = asking(now={"choices": choices}, options={"c": Changes(merge={"x2": ("x", "y")})})
    assert rewritten(rewriter, choice_mark("c", "X")) == [choice_mark("c", "x2")]


def test_an_option_of_the_new_version_is_no_title_of_the_old_one() -> None:
    choices = (make_choice("c", "X", "y"),)
    rewriter = asking(now={"choices": choices}, options={"c": Changes(remove=("x",))})
    assert rewritten(rewriter, choice_mark("c", "X")) == [choice_mark("c", "X")]
    assert rewritten(rewriter, choice_mark("c", "x")) == []


def test_of_two_questions_that_become_one_the_answer_under_its_name_stays_as_it_is() -> None:
    asked = (make_choice("c", "x", "y"), make_choice("d", "x", "y"))
    rewriter = migrated(
        version("1", choices=asked),
        version("2", choices=asked[1:]),
        choices=Changes(merge={"d": ("c", "d")}),
    )
    own = {**choice_mark("d", "y"), "origin": "manual"}
    assert rewritten(rewriter, choice_mark("c", "x"), own) == [own]
    assert rewritten(rewriter, choice_mark("c", "x")) == [
        {**choice_mark("d", "x"), "id": "about c"}
    ]


def test_a_second_answer_to_a_question_stays_beside_the_first() -> None:
    changes = Changes(rename={"x": "z"})
    now = {"choices": (make_choice("c", "z", "y"),), "attributes": (attribute("n", "z", "y"),)}
    rewriter = asking(
        now=now, attributes=Changes(remove=("m", "s")), options={"c": changes, "n": changes}
    )
    marks = [
        span_mark("1", "A"), choice_mark("n", "y", span="1"), choice_mark("n", "x", span="1"),
        choice_mark("c", "y"), choice_mark("c", "x"),
    ]  # fmt: skip
    assert rewritten(rewriter, *marks) == [
        marks[0], marks[1], choice_mark("n", "z", span="1"), marks[3], choice_mark("c", "z"),
    ]  # fmt: skip


# Relations


def retyping(old: RelationType, *new: RelationType, **changes: Any) -> Rewriter:
    """Return the rewriter of relations, where there is a relation q in both versions."""
    other = type_of("q")
    return migrated(
        version("1", relations=(old, other)),
        version("2", relations=(*new, other) if other.name not in changes else new),
        relations=Changes(**changes),
    )


ENDS = [span_mark("1", "A"), span_mark("2", "A", 6, 9)]


def arrows(rewriter: Rewriter, *marks: Mark) -> list[Mark]:
    """Return what becomes of relations between the spans 1 and 2."""
    now = rewritten(rewriter, *ENDS, *marks)
    assert now[:2] == ENDS
    return now[2:]


def test_relations_are_known_by_their_titles() -> None:
    rewriter = retyping(type_of("r", "holds"), type_of("s", "has"), rename={"r": "s"})
    given, other = arrow_mark("1", "holds", "2"), arrow_mark("2", "title q", "1")
    assert arrows(rewriter, given, other) == [arrow_mark("1", "has", "2"), other]


def test_a_relation_of_which_only_the_title_changed_gets_the_new_one() -> None:
    rewriter = retyping(type_of("r", "holds"), type_of("r", "has"))
    assert arrows(rewriter, arrow_mark("1", "holds", "2")) == [arrow_mark("1", "has", "2")]


def test_a_relation_told_by_its_name_gets_a_title() -> None:
    rewriter = retyping(type_of("r", "holds"), type_of("s", "has"), rename={"r": "s"})
    assert arrows(rewriter, arrow_mark("1", "r", "2")) == [arrow_mark("1", "has", "2")]


def test_a_title_of_the_new_version_is_no_name_of_the_old_one() -> None:
    gone = type_of("gone", "title of gone")
    rewriter = migrated(
        version("1", relations=(type_of("r"), gone)),
        version("2", relations=(type_of("r", "gone"),)),
        relations=Changes(remove=("gone",)),
    )
    given = [arrow_mark("1", "title r", "2"), arrow_mark("2", "title of gone", "1")]
    assert arrows(rewriter, *given) == [arrow_mark("1", "gone", "2")]


def test_relations_of_a_removed_type_or_at_a_removed_span_are_taken_off() -> None:
    rewriter = retyping(type_of("r"), remove=("r",))
    kept = arrow_mark("1", "title q", "2")
    assert arrows(rewriter, arrow_mark("1", "title r", "2"), kept) == [kept]
    removing = relabelling(remove=("B",))
    marks = [*ENDS, span_mark("3", "B"), arrow_mark("3", "title r", "1")]
    assert rewritten(removing, *marks) == ENDS


MERGED: dict[str, Any] = {"merge": {"r": ("r", "p")}}


def merging() -> Rewriter:
    old = version("1", relations=(type_of("r"), type_of("p")))
    return migrated(old, version("2", relations=(type_of("r"),)), relations=Changes(**MERGED))


def test_of_relations_that_a_merge_made_the_same_the_first_stays() -> None:
    first = {**arrow_mark("1", "title r", "2"), "note": 1}
    marks = [first, arrow_mark("1", "title p", "2"), arrow_mark("2", "title p", "1")]
    assert arrows(merging(), *marks) == [first, arrow_mark("2", "title r", "1")]


def test_relations_that_were_doubles_before_stay() -> None:
    double = arrow_mark("1", "title p", "2")
    assert arrows(merging(), double, double) == [arrow_mark("1", "title r", "2")] * 2


def test_which_way_an_arrow_points_counts_and_not_where_it_was_drawn_from() -> None:
    right, left = arrow_mark("1", "title r", "2"), arrow_mark("1", "title p", "2", "left")
    assert arrows(merging(), right, left) == [right, arrow_mark("1", "title r", "2", "left")]
    same = arrow_mark("2", "title p", "1", "left")
    assert arrows(merging(), right, same) == [right]


def test_an_arrow_that_points_both_ways_counts_for_no_other() -> None:
    both, right = arrow_mark("1", "title r", "2", "bi"), arrow_mark("1", "title p", "2")
    assert arrows(merging(), both, right) == [both, arrow_mark("1", "title r", "2")]
    uniting = relabelling(**UNITE)
    marks = [span_mark("1", "A"), span_mark("2", "B"), span_mark("3", "C", 6, 9)]
    odd = [arrow_mark("3", "title r", "2", "bi"), arrow_mark("1", "title r", "2", "bi")]
    now = rewritten(uniting, *marks, *odd)
    assert now[2:] == [arrow_mark("3", "title r", "1", "bi")]


def test_relations_of_a_type_that_has_a_direction_now_point_where_they_were_drawn() -> None:
    rewriter = retyping(type_of("r", directed=False), type_of("r"))
    given = [arrow_mark("1", "title r", "2", "bi"), arrow_mark("2", "title r", "1", "left")]
    assert arrows(rewriter, *given) == [arrow_mark("1", "title r", "2"), given[1]]
    # What was drawn wrongly is not made right.
    new = retyping(type_of("r", directed=False), type_of("r2"), type_of("s"), rename={"r": "r2"})
    wrong = [arrow_mark("1", f"title {name}", "2", "bi") for name in ("q", "r2", "s")]
    assert arrows(new, *wrong) == wrong


# What is left alone


@pytest.mark.parametrize(
    "mark",
    [
        arrow_mark("1", "title r", "gone"),
        arrow_mark("gone", "title r", "2"),
        {**arrow_mark("1", "title r", "2"), "labels": None},
        {**arrow_mark("1", "title r", "2"), "labels": ["title r", "title q"]},
        {"id": "b", "type": "rectanglelabels", "from_name": "label", "value": {"x": 1.5}},
        {"id": "b", "type": "rectanglelabels", "value": {"rectanglelabels": ["A"]}},
        {"id": "b", "type": "rating", "from_name": "stars", "value": {"rating": 4}},
        {"id": "b", "type": "labels", "from_name": "label", "value": None},
        {"id": "b", "type": "labels", "from_name": "label", "value": {"labels": []}},
        {"id": "b", "type": "labels", "from_name": "label", "value": {"labels": "A"}},
        {"id": "b", "type": "labels", "from_name": "label", "value": {"labels": [["A"]]}},
        {"id": "b", "type": "labels", "from_name": ["label"], "value": {"labels": ["A"]}},
        {"id": 5, "type": "labels", "from_name": "label", "value": {"labels": ["A"]}},
        {"id": "b", "type": "labels", "value": {"start": 1.5, "end": 3, "labels": ["A"]}},
        {"id": "1", "type": "choices", "from_name": "n", "value": None},
        {"id": "1", "type": "choices", "from_name": "n", "value": {"choices": "x"}},
        {"id": "1", "type": "choices", "from_name": "n", "value": {"choices": None}},
        {"id": "1", "type": "textarea", "from_name": "m", "value": None},
        {"id": "1", "type": "textarea", "from_name": "m", "value": {"text": None}},
        {"id": "1", "type": "textarea", "from_name": "m", "value": {"text": [5]}},
        {"id": "c", "type": "choices", "from_name": "c", "value": None},
        {"id": "c", "type": "textarea", "from_name": "c", "value": {"text": ["x"]}},
        {"type": "choices", "from_name": "unknown", "value": {"choices": ["x"]}},
        {"from_name": "label"},
        {},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_left_alone(mark: Mark) -> None:
    gone, new = ("n", "m", "c"), ("k", "l", "d")
    old = version(
        "1", "A", relations=(type_of("r"),), attributes=ASKED[:2],
        choices=(make_choice("c", "x", "y"),),
    )  # fmt: skip
    now = version(
        "2", "D", relations=(type_of("s"),), attributes=(attribute("k", "z"), attribute("l")),
        choices=(make_choice("d", "z"),),
    )  # fmt: skip
    names = dict(zip(gone, new, strict=True))
    rewriter = migrated(
        old, now,
        entities=entities(rename={"A": "D"}),
        relations=Changes(rename={"r": "s"}),
        attributes=Changes(rename={name: names[name] for name in gone[:2]}),
        choices=Changes(rename={"c": "d"}),
        options={name: Changes(merge={"z": ("x", "y")}) for name in "kd"},
    )  # fmt: skip
    given = [*ENDS, mark]
    assert rewritten(rewriter, *given)[2:] == [mark]
    assert [made["value"]["labels"] for made in rewritten(rewriter, *given)[:2]] == [["D"], ["D"]]


def test_a_result_without_marks_has_nothing_to_rewrite() -> None:
    told = relabelling(rename={"A": "D"}).rewrite([])
    assert (told.result, told.changed) == ([], False)


# Predictions


def splitting() -> Rewriter:
    patterns = {"E": (Regex(r"\d+"), "Lê An"), "F": ("xã", Regex(r"xã \w+"))}
    labels = [make_entity(n, n.lower(), patterns=patterns.get(n, ())) for n in "EFG"]
    old = version("1", "A", "B")
    changes = entities(split={"A": ("E", "F", "G")}, rename={"B": "G"})
    return migrated(old, version("2", entities=tuple(labels)), entities=changes)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Lê An", "E"),
        ("12", "E"),
        ("xã Đá", "F"),
        ("xã", "F"),
        # Of those that no pattern fits, the one that has none.
        ("ở xã", "G"),
        ("", "G"),
        (None, "G"),
    ],
)
def test_of_a_split_label_the_first_is_proposed_whose_pattern_matches_all_of_the_span(
    text: str | None, label: str
) -> None:
    predicted = splitting().predict([span_mark("1", "A", text=text), span_mark("2", "B", 6, 9)])
    assert predicted == [span_mark("1", label, text=text), span_mark("2", "G", 6, 9)]
    assert splitting().predict(predicted) == predicted


def test_a_person_is_asked_and_nothing_is_proposed_in_an_annotation() -> None:
    assert rewritten(splitting(), span_mark("1", "A", text="12")) == [
        span_mark("1", "A", text="12")
    ]


# Names and titles that would not tell what was migrated


def refusal(old: Schema, new: Schema, **changes: Any) -> str:
    with pytest.raises(SchemaError) as caught:
        migrated(old, new, **changes)
    assert "Give it one of its own" in caught.value.remedy
    return caught.value.problem


def test_a_relation_cannot_have_the_title_that_another_one_had() -> None:
    told = "the relation s has the title 'title r', which was that of another one under 1"
    old = version("1", relations=(type_of("r"), type_of("s")))
    taken = (type_of("s", "title r"),)
    assert refusal(old, version("2", relations=taken), relations=Changes(remove=("r",))) == told
    swapped = (type_of("r", "title s"), type_of("s", "title r"))
    assert "has the title 'title s'" in refusal(old, version("2", relations=swapped))
    merged = Changes(merge={"s": ("r", "s")})
    assert migrated(old, version("2", relations=taken), relations=merged).rules.relations


def again(first: dict[str, Any], new: Schema) -> Schema:
    """Return the version 3, to which one step takes names away and another brings them back."""
    return msgspec.structs.replace(new, migrations=(step("1", "2", **first), step("2", "3")))


@pytest.mark.parametrize("change", [{"remove": ("A",)}, {"rename": {"A": "B"}}])
def test_a_label_cannot_come_back_as_another_one(change: dict[str, Any]) -> None:
    old, new = version("1", "A", "C"), version("3", "A", "B", "C")
    with pytest.raises(SchemaError, match="the label A has the name of another one under 1"):
        Rewriter(old, again({"entities": entities(**change)}, new))


def test_a_relation_cannot_come_back_as_another_one() -> None:
    old = version("1", relations=(type_of("r"),))
    new = version("3", relations=(type_of("r", "other"),))
    with pytest.raises(SchemaError, match="the relation r has the name of another one under 1"):
        Rewriter(old, again({"relations": Changes(remove=("r",))}, new))


def test_a_question_cannot_be_asked_anew_under_the_name_of_a_removed_one() -> None:
    told = "the question n has the name of another one under 1"
    text, options = attribute("n"), attribute("n", "x")
    removed = {"attributes": Changes(remove=("n",))}
    old = version("1", attributes=(text,))
    assert refusal(old, version("2", attributes=(options,)), **removed) == told
    # Nor about the article what was asked about spans.
    asked = version("2", choices=(make_choice("n", "x"),))
    assert refusal(old, asked, **removed) == told


def test_an_option_cannot_come_back_as_another_one() -> None:
    old = version("1", choices=(make_choice("c", "x", "y"),))
    new = version("3", choices=(make_choice("c", "x", "y"),))
    with pytest.raises(SchemaError, match="the option c: x has the name of another one under 1"):
        Rewriter(old, again({"options": {"c": Changes(remove=("x",))}}, new))


def test_a_spans_answers_go_with_it_by_its_id() -> None:
    marks = [span_mark("1", "A"), choice_mark("n", "x", span="1"), choice_mark("c", "y")]
    parts = asking().parts(marks)
    assert parts.spans == (Span(id="1", start=0, end=5, label="A", attributes={"n": ("x",)}),)
    assert parts.choices == {"c": ("y",)}
    assert asking().parts([*ENDS, arrow_mark("1", "r", "2", "left")]).relations == (
        Relation(head="2", tail="1", label="r"),
    )


def test_a_span_has_an_id_and_one_label() -> None:
    several = span_mark("1", "A")
    several["value"]["labels"] = ["A", "B"]
    marks = [span_mark("1", "A"), span_mark("", "A"), several, arrow_mark("1", "A", "1")]
    assert list(map(is_span, marks)) == [True, False, False, False]
