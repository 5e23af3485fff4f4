"""What may be well typed in a schema file but is wrong, and what looks so but is right."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
import yaml

from annotate.dataset.features import span_features
from annotate.errors import SchemaError
from annotate.schema import Regex, Schema, load_schema, parse_schema
from annotate.schema.checking.check import ENTITY_COLUMNS, TAKEN
from annotate.schema.checking.names import LONGEST, fold
from annotate.schema.patterns import find_slow
from annotate.workspace import shipped
from tests.factories import make_choice, make_schema

COMPARED = "(compared without case, in Unicode's NFKC)"
LABELS = ("PERSON", "RANK", "ROLE")


def entity(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "title": name.lower(), "definition": "x", **fields}


def relation(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "title": name, "head": ["PERSON"], "tail": ["RANK"], **fields}


def attribute(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "title": name, "labels": ["ROLE"], **fields}


def choice(name: str, *options: str, **fields: Any) -> dict[str, Any]:
    listed = [{"name": option, "title": option} for option in options or ("yes",)]
    return {"name": name, "title": name, "options": listed, **fields}


def step(old: str, to: str, **changes: Any) -> dict[str, Any]:
    return {"from": old, "to": to, **changes}


def read(**fields: Any) -> Schema:
    """Read a schema of three labels, with these fields instead or beside."""
    default = {
        "name": "small",
        "version": "3",
        "language": "en",
        "title": "Small",
        "entities": [entity(label) for label in LABELS],
    }
    return parse_schema(yaml.safe_dump({**default, **fields}, allow_unicode=True))


def faults(**fields: Any) -> list[str]:
    """Return the faults of such a schema, without their lines."""
    try:
        read(**fields)
    except SchemaError as error:
        return [problem.partition(": ")[2] for problem in error.problems]
    return []


def labelled(**fields: Any) -> dict[str, Any]:
    """Return the entities, the first one with these fields too."""
    return {"entities": [entity("PERSON", **fields), entity("RANK"), entity("ROLE")]}


# Names and titles.


@pytest.mark.parametrize(("one", "other"), [("\uff21", "a"), ("ß", "SS"), ("ﬁ", "FI"), ("ế", "Ế")])
def test_names_that_differ_only_in_case_or_form_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    (fault,) = faults(entities=[entity(one, title="x"), entity(other, title="y")])
    assert fault == (
        f"entities[1].name: {other!r} is already that of entities[0], {one!r} {COMPARED}"
    )


def test_an_equal_name_needs_no_explanation() -> None:
    (fault,) = faults(relations=[relation("r"), relation("r", title="s")])
    assert fault == "relations[1].name: 'r' is already that of relations[0]"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"entities": [entity("A", title="x"), entity("B", title="X")]}, "entities[1].title"),
        ({"relations": [relation("r", title="x"), relation("s", title="X")]}, "relations[1].title"),
        ({"attributes": [attribute("a", title="x"), attribute("b", title="X")]},
         "attributes[1].title"),
        ({"choices": [choice("a", title="x"), choice("b", title="X")]}, "choices[1].title"),
        ({"choices": [choice("a", "x", "X")]}, "choices[0].options[1].name"),
        ({"attributes": [attribute("a", options=choice("", "x", "X")["options"])]},
         "attributes[0].options[1].name"),
        ({"entities": [entity("A", hotkey="q"), entity("B", hotkey="Q")]}, "entities[1].hotkey"),
    ],
)  # fmt: skip
def test_what_must_be_unique_is_so_in_every_list(fields: dict[str, Any], path: str) -> None:
    assert any(f.startswith(f"{path}: ") and "is already that of" in f for f in faults(**fields))


def test_a_name_may_come_again_in_another_list() -> None:
    assert (
        faults(relations=[relation("PERSON", title="person")], choices=[choice("RANK", "RANK")])
        == []
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "'' is empty, or has a stray space"),
        ("A ", "'A ' is empty, or has a stray space"),
        ("\u00a0A", "is empty, or has a stray space"),
        ("A\tB", "'A\\tB' has a control or an invisible character"),
        ("A\nB", "has a control or an invisible character"),
        ("A\u200bB", "has a control or an invisible character"),
        ("A\u2028B", "has a control or an invisible character"),
        ("x" * (LONGEST + 1), "it has 201 characters; at most 200 fit"),
    ],
)
def test_a_name_that_would_be_misread_is_refused(name: str, reason: str) -> None:
    (fault,) = faults(entities=[entity(name, title="x")])
    assert fault.startswith("entities[0].name: ")
    assert reason in fault
    assert any(f.startswith("name: ") and reason in f for f in faults(name=name))


@pytest.mark.parametrize(
    "name",
    ["👨\u200d👩\u200d👧", "e\u0323\u0302", "a\u00a0b", "[x](Y)", "A (B)", "<b>&", "x" * LONGEST],
)
def test_a_name_may_be_anything_that_people_see(name: str) -> None:
    assert read(entities=[entity(name)]).labels == (name,)


@pytest.mark.parametrize("title", ["$title", "US$_", "1 $5", "a$.b", "${x}", "$ế"])
@pytest.mark.parametrize(
    ("where", "fields"),
    [
        ("entities[0].title", lambda title: labelled(title=title)),
        ("entities[0].group", lambda title: labelled(group=title)),
        ("relations[0].title", lambda title: {"relations": [relation("r", title=title)]}),
        ("attributes[0].title", lambda title: {"attributes": [attribute("a", title=title)]}),
        ("choices[0].title", lambda title: {"choices": [choice("c", title=title)]}),
        ("choices[0].options[0].title", lambda title: {
            "choices": [choice("c", options=[{"name": "o", "title": title}])]}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_title_may_not_look_like_a_field_of_the_task(where: str, fields: Any, title: str) -> None:
    (fault,) = faults(**fields(title))
    assert fault.startswith(f"{where}: Label Studio reads '$")
    assert "as a field of the task" in fault


def test_a_dollar_before_a_blank_is_no_field_and_names_may_have_any() -> None:
    assert (
        faults(**labelled(title="in US$ (millions)"), choices=[choice("$c", title="$ and €")]) == []
    )
    assert read(title="$title").title == "$title"


# The top of the file.


@pytest.mark.parametrize("language", ["vietnamese", "v", "vi_VN", "vi-", "12"])
def test_a_language_is_a_code(language: str) -> None:
    (fault,) = faults(language=language)
    assert fault == f"language: {language!r} is no code of a language, such as vi"


@pytest.mark.parametrize("language", ["vi", "en-GB", "zh-Hant-TW", "hmn"])
def test_a_code_may_have_a_script_and_a_region(language: str) -> None:
    assert read(language=language).language == language


@pytest.mark.parametrize("key", ["version", "language", "title"])
def test_what_names_a_schema_is_not_empty(key: str) -> None:
    (fault,) = faults(**{key: ""})
    assert fault == f"{key}: '' is empty, or has a stray space"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"entities": []}, "entities: at least one entity is needed"),
        (labelled(hotkey="ctrl"), "entities[0].hotkey: a hotkey is one key, not 'ctrl'"),
        (labelled(hotkey=" "), "entities[0].hotkey: a hotkey is one key, not ' '"),
        (labelled(color="blue"), "entities[0].color: a colour is #rrggbb, not 'blue'"),
        (labelled(color=""), "entities[0].color: a colour is #rrggbb, not ''"),
        (labelled(color="#0022f"), "entities[0].color: a colour is #rrggbb, not '#0022f'"),
    ],
)
def test_how_labels_look(fields: dict[str, Any], fault: str) -> None:
    assert faults(**fields) == [fault]


def test_labels_of_a_group_stand_together() -> None:
    groups = ("who", "where", "who")
    assert faults(entities=[entity(f"L{n}", group=group) for n, group in enumerate(groups)]) == [
        "entities[2].group: the labels of 'who' do not stand together"
    ]
    assert faults(entities=[entity("A", group="who"), entity("B", group="Who")]) == [
        f"entities[1].group: 'Who' is already that of entities[0], 'who' {COMPARED}"
    ]
    runs = ("", "who", "who", "", "where", "")
    assert faults(entities=[entity(f"L{n}", group=group) for n, group in enumerate(runs)]) == []


# References to labels.


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("entities[0].contains", lambda labels: labelled(contains=labels)),
        ("attributes[0].labels", lambda labels: {"attributes": [attribute("a", labels=labels)]}),
        ("relations[0].head", lambda labels: {"relations": [relation("r", head=labels)]}),
        ("relations[0].tail", lambda labels: {"relations": [relation("r", tail=labels)]}),
    ],
)
def test_a_label_that_is_unknown_or_given_twice_is_named(path: str, fields: Any) -> None:
    assert faults(**fields(["RANK", "Pershon", "zzz", "RANK"])) == [
        f"{path}[3]: 'RANK' is given twice",
        f"{path}[1]: no entity is named 'Pershon'; is it 'PERSON'?",
        f"{path}[2]: no entity is named 'zzz'",
    ]


def test_a_relation_and_an_attribute_need_a_label_and_contains_none() -> None:
    assert faults(relations=[relation("r", head=[], tail=[])]) == [
        "relations[0].head: at least one label is needed",
        "relations[0].tail: at least one label is needed",
    ]
    assert faults(attributes=[attribute("a", labels=[])]) == [
        "attributes[0].labels: at least one label is needed"
    ]
    assert read(**labelled(contains=[])).entities[0].contains == ()


def test_a_label_with_a_comma_can_have_no_attribute() -> None:
    entities = [entity("A, B"), entity("ROLE")]
    assert faults(entities=entities, attributes=[attribute("a")]) == []
    (fault,) = faults(entities=entities, attributes=[attribute("a", labels=["ROLE", "A, B"])])
    assert fault.startswith("attributes[0].labels[1]: Label Studio would take 'A, B' for several")


# Attributes, choices and the names of controls.


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"attributes": [attribute("a", options=[])]},
         "attributes[0].options: leave it out for a free text, or give an option"),
        ({"attributes": [attribute("a", multiple=True)]},
         "attributes[0].multiple: a free text has no options to choose from"),
        ({"choices": [choice("c", options=[])]}, "choices[0].options: at least one option is ne"),
        ({"choices": [choice("text")]}, "choices[0].name: 'text' is the name of a column"),
        ({"choices": [choice("Entities")]}, "choices[0].name: 'Entities' is the name of a column"),
        ({"choices": [choice("label")]}, "choices[0].name: 'label' is already that of controls.l"),
        ({"choices": [choice("ner")], "controls": {"labels": "NER"}},
         "choices[0].name: 'ner' is already that of controls.labels"),
        ({"attributes": [attribute("Start")]}, "attributes[0].name: 'Start' is the name of a co"),
        ({"attributes": [attribute("ner")], "controls": {"text": "ner"}},
         "attributes[0].name: 'ner' is already that of controls.text"),
        ({"attributes": [attribute("a")], "choices": [choice("\uff21")]},
         "choices[0].name: '\uff21' is already that of attributes[0]"),
        ({"controls": {"labels": "text"}},
         "controls.text: 'text' is already that of controls.labels"),
        ({"controls": {"labels": "x", "text": "X"}},
         "controls.text: 'X' is already that of controls.labels"),
        ({"controls": {"labels": ""}}, "controls.labels: '' is empty, or has a stray space"),
    ],
)  # fmt: skip
def test_questions_and_the_names_of_controls(fields: dict[str, Any], fault: str) -> None:
    (found,) = faults(**fields)
    assert found.startswith(fault)


def test_a_choice_may_be_called_label_where_the_control_is_not() -> None:
    assert faults(choices=[choice("label")], controls={"labels": "ner"}) == []


@pytest.mark.parametrize("name", sorted(ENTITY_COLUMNS))
def test_no_attribute_may_take_the_name_of_a_column_of_entities(name: str) -> None:
    assert any("attributes[0].name" in fault for fault in faults(attributes=[attribute(name)]))


@pytest.mark.parametrize("name", ["7", "1e5", "1_000", "٣", "true", "NaN", "-inf", "a,b"])
def test_no_control_may_have_a_name_that_label_studio_takes_for_something_else(name: str) -> None:
    refused = f"{name!r} has a comma or reads as a value, which Label Studio refuses"
    for fields in ({"choices": [choice(name)]}, {"controls": {"text": name}}):
        assert any(fault.endswith(refused) for fault in faults(**fields))


def test_no_choice_may_take_the_name_of_a_column() -> None:
    features = span_features(make_schema(choices=(make_choice("topic", "crime"),)))
    assert set(features) - {"topic"} <= TAKEN


# Which labels lie within which.


def nested(**contains: list[str]) -> dict[str, Any]:
    return {
        "entities": [
            entity(label, **({"contains": contains[label]} if label in contains else {}))
            for label in LABELS
        ]
    }


def test_a_circle_is_told_on_one_line_whatever_the_names() -> None:
    entities = [entity("A\nB", contains=["C"], title="t"), entity("C", contains=["A\nB"])]
    told = faults(entities=entities)
    assert any("'A\\nB' > C > 'A\\nB'" in fault for fault in told)
    assert not any("\n" in fault for fault in told)


@pytest.mark.parametrize(
    ("contains", "path", "cycle"),
    [
        ({"PERSON": ["RANK"], "RANK": ["PERSON"]}, "entities[0]", "PERSON > RANK > PERSON"),
        ({"RANK": ["ROLE", "RANK"], "ROLE": ["RANK"]}, "entities[1]", "RANK > ROLE > RANK"),
        ({"PERSON": ["RANK"], "RANK": ["ROLE"], "ROLE": ["PERSON"]}, "entities[0]",
         "PERSON > RANK > ROLE > PERSON"),
    ],
)  # fmt: skip
def test_labels_that_would_lie_within_each_other_are_refused(
    contains: dict[str, list[str]], path: str, cycle: str
) -> None:
    (fault,) = faults(**nested(**contains))
    assert fault.startswith(f"{path}.contains: {cycle} go round in a circle; leave one of them out")


@pytest.mark.parametrize(
    "contains",
    [
        {"PERSON": ["PERSON"]},
        {"PERSON": ["RANK", "ROLE"], "RANK": ["ROLE", "RANK"], "ROLE": []},
        {"PERSON": ["RANK"], "RANK": ["ROLE"]},
    ],
)
def test_a_label_may_hold_itself_and_others_that_do_not_hold_it(
    contains: dict[str, list[str]],
) -> None:
    assert read(**nested(**contains)).entities[0].contains == tuple(contains["PERSON"])


# Patterns.


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ({"regex": "B(inh"}, "does not compile: missing )"),
        ({"regex": "a{99999999999}"}, "does not compile: repeat count too big"),
        ({"regex": "B?"}, "matches the empty text"),
        ("", "matches the empty text"),
        ({"regex": r"(?:a|aa)+b"}, "takes exponential time on 'aaaaaaaaaa"),
        ({"regex": r"(?:\w|\w\w)+:"}, "takes exponential time on "),
        ({"regex": r"(?:ab|b|a)+c"}, "takes exponential time on 'abababab"),
        ({"regex": r"(?<!\w)Kế hoạch (?:\d|\d\d)+/"},
         "takes exponential time on 'Kế hoạch 1111111111"),
        ({"regex": r"(?<!\w)[Ll]ô (?:\d|\d\d)+-"}, "takes exponential time on 'ở lô 9999999999"),
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_used_is_refused(pattern: Any, reason: str) -> None:
    (fault,) = faults(**labelled(patterns=["ok", pattern], examples=["[ở lô 9](PERSON)"]))
    assert fault.startswith(f"entities[0].patterns[1]: {reason}")


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<!\w)(?:Đại|Thượng) (?:tướng|tá)(?!\w)",
        r"(?<!\w)(?:[A-ZĐ]\w*)(?: [A-ZĐ]\w*)*(?!\w)",
        r"\d+(?:[.,]\d+)* (?:triệu )?đồng",
        r"(\w+\s?)+:",
        r"(?s)“.*?”",
        r"\d{1,2}(?:[-/]\d{1,2})*(?:[-/]\d{4})?",
        "|".join(f"xã {number}" for number in range(2000)),
    ],
)
def test_a_pattern_that_people_write_is_fast(pattern: str) -> None:
    start = time.process_time()
    assert find_slow(Regex(pattern), ["xã Tân Lập", "1.500.000 đồng", "ngày 3/2"]) is None
    assert time.process_time() - start < 2


def test_the_shipped_schema_loads_at_once() -> None:
    path = shipped("schemas") / "security-news.yaml"
    load_schema(path)
    start = time.process_time()
    load_schema(path)
    assert time.process_time() - start < 0.5


# Examples.

ROLE_IN_PERSON = "ông [Lê [An](ROLE)](PERSON)"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"examples": ["[Lê An"]}, "examples[0]: a [ that is never closed; write \\[ for itself"),
        ({"examples": ["x", "Một\nhai]"]}, "examples[1]: in its line 2: a ] that closes no span"),
        ({"examples": [""]}, "examples[0]: it is empty"),
        ({"examples": ["[Lê An](PERSN)"]}, "examples[0]: no entity is named 'PERSN'; is it 'PERSO"),
        ({"counter_examples": ["[Lê An](X)"]}, "counter_examples[0]: no entity is named 'X'"),
        ({"counter_examples": ["[Lê"]}, "counter_examples[0]: a [ that is never closed"),
        ({"examples": ["[a](PERSON 1) [b](RANK 2)\n---\n1 r 2"]},
         "examples[0]: relations and attributes have their place in examples of decisions"),
        ({"examples": ['[a](PERSON 1)\n---\n1 . x "y"']},
         "examples[0]: relations and attributes have their place"),
        ({"examples": [ROLE_IN_PERSON], "contains": ["RANK"]},
         "examples[0]: ROLE lies within PERSON, whose `contains` does not name it"),
    ],
)  # fmt: skip
def test_an_example_keeps_the_rules(fields: dict[str, Any], fault: str) -> None:
    (found,) = faults(**labelled(**fields))
    assert found.startswith(f"entities[0].{fault}")


def test_an_example_may_be_marked_or_not_and_cross() -> None:
    crossing = 'ở [a b](PERSON 1) c\n---\n2 = RANK 4:7 "b c"'
    assert faults(**labelled(examples=["Lê An", "\\[x\\]", crossing, ROLE_IN_PERSON])) == []
    assert faults(**labelled(counter_examples=[ROLE_IN_PERSON], contains=[])) == []
    # Of two labels on the same words neither lies within the other.
    assert faults(**labelled(examples=["[[An](ROLE)](PERSON)"], contains=[])) == []


JUDGED: dict[str, Any] = {
    "relations": [relation("holds"), relation("with", directed=False, title="w")],
    "attributes": [
        attribute("sure", options=choice("", "yes", "no")["options"]),
        attribute("tags", title="t", options=choice("", "a", "b")["options"], multiple=True),
        attribute("form", title="f"),
    ],
}


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        ("[An", "a [ that is never closed"),
        ("[An](X)", "no entity is named 'X'"),
        ("[a](PERSON 1) [b](RANK 2)\n---\n1 hold 2", "no relation is named 'hold'; is it 'holds'?"),
        ("[a](PERSON 1) [b](RANK 2)\n---\n2 holds 1", "holds does not go from RANK to PERSON"),
        ("[a](PERSON 1) [b](ROLE 2)\n---\n1 with 2", "with does not go from PERSON to ROLE"),
        ('[a](ROLE 1)\n---\n1 . shure "yes"', "no attribute is named 'shure'; is it 'sure'?"),
        ('[a](RANK 1)\n---\n1 . sure "yes"', "sure is not asked for RANK"),
        ('[a](ROLE 1)\n---\n1 . sure "yess"', "no option of sure is named 'yess'; is it 'yes'?"),
        ('[a](ROLE 1)\n---\n1 . sure "yes" "no"', "sure takes one answer, not 2"),
        ('[a](ROLE 1)\n---\n1 . form "1" "2"', "form takes one answer, not 2"),
    ],
)
def test_an_example_of_a_decision_keeps_the_rules(example: str, fault: str) -> None:
    decisions = [{"case": "c", "rule": "r", "examples": ["fine", example]}]
    (found,) = faults(**JUDGED, decisions=decisions)
    assert found.startswith(f"decisions[0].examples[1]: {fault}")


def test_an_example_of_a_decision_may_have_relations_and_attributes() -> None:
    examples = [
        "[a](PERSON 1) [b](RANK 2)\n---\n1 holds 2\n1 with 2\n2 with 1",
        '[a](ROLE 1)\n---\n1 . sure "no"\n1 . tags "a" "b"\n1 . form "x, y"',
    ]
    assert len(read(**JUDGED, decisions=[{"case": "c", "rule": "r", "examples": examples}])
               .decisions[0].examples) == 2  # fmt: skip


# Migrations. The schema's version is 3.


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ([step("3", "3")], "migrations[0].to: it comes from '3' already"),
        ([step("1", "2")],
         "migrations[0].to: the last step must lead to the schema's version, '3'"),
        ([step("1", "2"), step("1", "3")], "migrations[1].from: '1' is already that of migr"),
        ([step("0", "1"), step("2", "3")],
         "migrations[1].from: migrations[0] ends at '1', not at '2'"),
        ([step("3", "2"), step("2", "3")], "migrations[1].to: it goes back to '3'"),
    ],
)  # fmt: skip
def test_the_steps_of_migrations_form_one_chain(steps: list[Any], fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(migrations=steps))


def test_a_chain_without_a_gap_is_good() -> None:
    migrations = [step("1", "2"), step("2", "2.1"), step("2.1", "3")]
    assert [m.to for m in read(migrations=migrations).migrations] == ["2", "2.1", "3"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"rename": {"OLD": "PERSO"}}, "rename.OLD: no entity is named 'PERSO'; is it 'PERSON'?"),
        ({"merge": {"X": ["A", "B"]}}, "merge.X: no entity is named 'X'"),
        ({"split": {"OLD": ["PERSON", "X"]}}, "split.OLD[1]: no entity is named 'X'"),
        ({"rename": {"RANK": "ROLE"}},
         "rename.RANK: 'RANK' is gone after this step, but the schema still has it"),
        ({"merge": {"ROLE": ["RANK", "X"]}}, "merge.ROLE[0]: 'RANK' is gone after this step"),
        ({"split": {"RANK": ["PERSON", "ROLE"]}}, "split.RANK: 'RANK' is gone after this step"),
        ({"remove": ["RANK"]}, "remove[0]: 'RANK' is gone after this step"),
        ({"split": {"RANK": ["RANK", "ROLE"]}},
         "split.RANK: give the part of 'RANK' that stays a new name, or add a new label without"),
        ({"split": {"OLD": ["RANK"]}}, "split.OLD: to split takes at least two names"),
        ({"split": {"OLD": ["RANK", "RANK"]}}, "split.OLD[1]: 'RANK' is given twice"),
        ({"merge": {"RANK": ["OLD"]}}, "merge.RANK: to merge takes at least two names"),
        ({"merge": {"RANK": ["OLD", "OLD"]}}, "merge.RANK[1]: 'OLD' is given twice"),
        ({"remove": ["OLD", "OLD"]}, "remove[1]: 'OLD' is given twice"),
        ({"rename": {"OLD": "RANK"}, "remove": ["OLD"]},
         "remove[0]: 'OLD' is taken away twice, first at migrations[0].entities.rename.OLD"),
        ({"merge": {"RANK": ["A", "B"], "ROLE": ["B", "C"]}}, "merge.ROLE[0]: 'B' is taken away"),
        ({"rename": {"A": "RANK", "B": "RANK"}},
         "rename.B: 'RANK' unites names, for which there is `merge`; see migrations[0]"),
    ],
)  # fmt: skip
def test_what_a_step_does_to_names_must_add_up(changes: dict[str, Any], fault: str) -> None:
    found = faults(migrations=[step("2", "3", entities=changes)])
    assert [f for f in found if f.startswith(f"migrations[0].entities.{fault}")], found
    assert len(found) == 1


def test_names_may_be_renamed_merged_split_and_removed() -> None:
    changes = {
        "rename": {"HUMAN": "PERSON"},
        "merge": {"RANK": ["RANK", "GRADE"]},
        "split": {"JOB": ["ROLE", "RANK"]},
        "remove": ["OLD"],
    }
    migration = read(migrations=[step("2", "3", entities=changes)]).migrations[0]
    assert migration.entities.merge == {"RANK": ("RANK", "GRADE")}


@pytest.mark.parametrize("kind", ["relations", "attributes", "choices"])
def test_every_kind_of_name_can_change(kind: str) -> None:
    lists = {
        "relations": [relation("r")],
        "attributes": [attribute("r")],
        "choices": [choice("r")],
    }
    fields = {kind: lists[kind]}
    assert faults(**fields, migrations=[step("2", "3", **{kind: {"rename": {"q": "r"}}})]) == []
    (fault,) = faults(**fields, migrations=[step("2", "3", **{kind: {"rename": {"q": "s"}}})])
    assert fault.startswith(f"migrations[0].{kind}.rename.q: no {kind[:-1]} is named 's'")
    (fault,) = faults(**fields, migrations=[step("2", "3", **{kind: {"remove": ["r"]}})])
    assert fault.startswith(f"migrations[0].{kind}.remove[0]: 'r' is gone")


def test_a_name_may_be_made_by_one_step_and_taken_away_by_a_later_one() -> None:
    first = step("1", "2", entities={"rename": {"A": "B"}})
    assert faults(migrations=[first, step("2", "3", entities={"rename": {"B": "PERSON"}})]) == []
    (fault,) = faults(migrations=[first, step("2", "3")])
    assert fault == "migrations[0].entities.rename.A: no entity is named 'B'"


OPTIONS = {
    "choices": [choice("topic", "crime", "fire")],
    "attributes": [attribute("sure", options=choice("", "yes")["options"]), attribute("form")],
}


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"topik": {}}, "topik: no choice or attribute with options is named 'topik'; is it 'topi"),
        ({"form": {}}, "form: no choice or attribute with options is named 'form'"),
        ({"topic": {"rename": {"a": "b"}}}, "topic.rename.a: no option is named 'b'"),
        ({"topic": {"remove": ["fire"]}}, "topic.remove[0]: 'fire' is gone after this step"),
        ({"sure": {"merge": {"yes": ["a"]}}}, "sure.merge.yes: to merge takes at least two"),
    ],
)
def test_options_change_under_the_name_of_their_question(
    options: dict[str, Any], fault: str
) -> None:
    (found,) = faults(**OPTIONS, migrations=[step("2", "3", options=options)])
    assert found.startswith(f"migrations[0].options.{fault}")


def test_options_of_choices_and_of_attributes_can_change() -> None:
    changes = {"topic": {"rename": {"blaze": "fire"}}, "sure": {"remove": ["maybe"]}}
    assert faults(**OPTIONS, migrations=[step("2", "3", options=changes)]) == []


def test_a_fault_of_type_elsewhere_hides_none_of_these() -> None:
    found = faults(
        version=3,
        entities=[entity("A", hotkey=1), "x", entity("A", title=5, contains=["B"], examples="y")],
        relations={"head": 1},
        attributes=[attribute("id", options="x", labels=["A", 5])],
        migrations=[step("1", "1", entities=[])],
    )
    reasons = ("is already that of entities[0]", "no entity is named 'B'", "name of a column",
               "it comes from '1' already")  # fmt: skip
    assert all(any(reason in fault for fault in found) for reason in reasons)
    assert sum(bool(re.search("Expected|expected", fault)) for fault in found) == 9
