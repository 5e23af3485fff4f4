"""Gold annotations: a folder of them, counts, and every fault that the check names."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import MarkupError
from annotate.formats import Fault, Marked, check_gold, count_gold, read_gold, read_inline
from annotate.schema import RelationType
from annotate.spans import Relation, Span
from annotate.workspace import shipped
from tests.factories import (
    make_entity,
    make_schema,
    make_span,
    sample_articles,
    sample_gold,
    sample_schema,
)
from tests.strategies import CLUSTERS, INVISIBLE, SPACES, canonical_texts, cross, marked_texts

SCHEMA = make_schema(
    entities=tuple(make_entity(name, name.title()) for name in "ABC"),
    relations=(
        RelationType(name="r", title="r", head=("A", "B"), tail=("C",)),
        RelationType(name="q", title="q", head=("A", "B", "C"), tail=("A", "B", "C")),
    ),
)


def problems(marked: Marked, text: str | None = None) -> list[str]:
    faults = check_gold("a", marked, marked.text if text is None else text, SCHEMA)
    assert {fault.article for fault in faults} <= {"a"}
    return [fault.problem for fault in faults]


def of_phrase(before: str, phrase: str, behind: str) -> list[str]:
    """Return what is wrong with the phrase as a span, without the words that name it."""
    span = make_span(len(before), len(before + phrase), "A")
    found = problems(Marked(before + phrase + behind, (span,)))
    shown = f"{phrase!r} ({span.start}:{span.end}, A) "
    assert all(problem.startswith(shown) for problem in found)
    return [problem.removeprefix(shown) for problem in found]


def test_a_folder_of_gold_is_read_by_article(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("[An](PERSON)", encoding="utf-8")
    (tmp_path / "a.md").write_text("Không.", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("[", encoding="utf-8")
    gold = read_gold(tmp_path)
    assert list(gold) == ["a", "b"]
    assert gold["b"].spans[0].label == "PERSON"


@pytest.mark.parametrize("content", [b"\n[a", b"\xff"])
def test_gold_that_cannot_be_read_names_its_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(content)
    with pytest.raises(MarkupError) as caught:
        read_gold(tmp_path)
    assert str(path) in caught.value.problem


def test_counts_are_those_of_the_brackets_and_arrows_in_the_files() -> None:
    schema = sample_schema()
    files = [path.read_text(encoding="utf-8") for path in (shipped("corpus") / "gold").iterdir()]
    whole = "\n".join(files)
    count = count_gold(sample_gold(), schema)
    assert count.articles == len(files)
    assert list(count.entities) == list(schema.labels)
    assert list(count.relations) == list(schema.relation_labels)
    for label, number in count.entities.items():
        in_brackets = len(re.findall(rf"\]\({label}(?: \d+)?\)", whole))
        assert number == in_brackets + len(re.findall(rf"(?m)^\d+ = {label} ", whole))
    for label, number in count.relations.items():
        assert number == len(re.findall(rf"(?m)^\d+ {label} \d+$", whole))


def test_what_the_schema_lacks_is_not_counted_and_what_does_not_occur_counts_0() -> None:
    marked = read_inline("[a](A 1) [b](A) [x](X)\n\n---\n1 q 1\n1 z 1")
    count = count_gold({"one": marked, "two": Marked("")}, SCHEMA)
    assert count.articles == 2
    assert count.entities == {"A": 2, "B": 0, "C": 0}
    assert count.relations == {"r": 0, "q": 1}


def test_a_fault_names_its_article() -> None:
    marked = read_inline("[Sơn La](PLACE)")
    problem = "'Sơn La' (0:6, PLACE) has a label that the schema lacks"
    assert check_gold("a", marked, "Sơn La", SCHEMA) == [Fault(article="a", problem=problem)]


@pytest.mark.parametrize(
    ("gold", "text", "problem"),
    [
        (
            "Một\nHai ba bốn năm",
            "Một\nHai  ba bốn năm",
            "from line 2, offset 8: 'Một\\nHai ba bốn năm' in the gold, 'Một\\nHai  ba bốn nă' in",
        ),
        ("Một hai", "Một", "from line 1, offset 3: 'Một hai' in the gold, 'Một' in the article"),
        ("", "Một", "from line 1, offset 0: '' in the gold, 'Một' in the article"),
    ],
)
def test_a_text_that_is_not_the_articles_is_shown_where_they_part(
    gold: str, text: str, problem: str
) -> None:
    (found,) = problems(Marked(gold), text)
    assert problem in found


@given(marked_texts(), canonical_texts)
def test_a_text_is_at_fault_only_when_it_is_not_the_articles(marked: Marked, text: str) -> None:
    assert not [p for p in problems(marked) if p.startswith("the text is not")]
    about_text = [p for p in problems(marked, text) if p.startswith("the text is not")]
    assert bool(about_text) == (marked.text != text)
    for problem in about_text:
        line, offset = map(int, re.findall(r"\d+", problem)[:2])
        assert marked.text[:offset] == text[:offset]
        assert marked.text[: offset + 1] != text[: offset + 1]
        assert line == text[:offset].count("\n") + 1


@pytest.mark.parametrize("char", ["\n", *SPACES])
def test_white_space_at_an_end_is_found(char: str) -> None:
    assert of_phrase("a", f"{char}Sơn La", " b") == ["begins with white space"]
    assert of_phrase("a ", f"Sơn La{char}", "b") == ["ends with white space"]
    assert of_phrase("a ", f"Sơn{char}La", " b") == []


@pytest.mark.parametrize("char", [char for char in INVISIBLE if not char.isspace()])
def test_an_invisible_character_at_an_end_is_found(char: str) -> None:
    reason = f"with the invisible character U+{ord(char):04X}"
    assert of_phrase("a ", f"{char}Sơn La", " b") == [f"begins {reason}"]
    assert of_phrase("a ", f"Sơn La{char}", " b") == [f"ends {reason}"]


@pytest.mark.parametrize("char", ",;:…·/&-–—、。،।.!?")
def test_punctuation_at_an_end_is_found(char: str) -> None:
    assert of_phrase("a ", f"{char} Sơn La", " B") == [f"begins with {char}"]
    assert of_phrase("a ", f"Sơn La{char}", " B") == [f"ends with {char}"]
    assert of_phrase("a ", f"Sơn La{char}", "") == [f"ends with {char}"]
    assert of_phrase("a ", f"Sơn{char} La", " B") == []


@pytest.mark.parametrize(("opening", "closing"), ["“”", "„“", "””", "«»", "»«", "()", "[]", "「」"])
def test_brackets_and_turned_quotation_marks_need_their_partner(opening: str, closing: str) -> None:
    assert of_phrase("a ", f"Day {opening}Blue{closing}", " b") == []
    assert of_phrase("a ", f"{opening}Blue{closing} Day", " b") == []
    assert of_phrase("a ", f"{opening}Blue", f"{closing} b") == [
        f"has a {opening} without its partner"
    ]
    assert of_phrase(f"a {opening}", f"Blue{closing}", " b") == [
        f"has a {closing} without its partner"
    ]
    assert of_phrase("a ", f"Day {opening}Blue", f"{closing} b") == [
        f"has a {opening} without its partner"
    ]
    assert of_phrase("a ", f"{opening}Blue{closing}", " b") == [
        f"has {opening} and {closing} around the whole of it"
    ]


@pytest.mark.parametrize(("opening", "closing"), ['""', "''", "‘’", "’’"])
def test_straight_and_single_quotation_marks_need_a_partner_at_an_end(
    opening: str, closing: str
) -> None:
    assert of_phrase("a ", f"Day {opening}Blue{closing}", " b") == []
    assert of_phrase("a ", f"{opening}Blue", f"{closing} b") == [f"begins with {opening}"]
    assert of_phrase(f"a {opening}", f"Blue{closing}", " b") == [f"ends with {closing}"]
    assert of_phrase("a ", f"{opening}Blue{closing}", " b") == [
        f"has {opening} and {closing} around the whole of it"
    ]


@pytest.mark.parametrize(
    "phrase",
    [
        "H’Yam Niê", "K’ Brốt", "O'Brien", '27" TV', "‘Blue’ and ‘Green’", "“Blue” and “Green”",
        "5 years (2018 – 2023)", "(North) and (South)", "“Day (Blue)” of “Days”", "GD&ĐT",
        "104,5%", "#MeToo", "C++", "$5", "5 €", "40 m²", "6\u2032", "¡Basta Ya!", "☕ 2",
    ],
)  # fmt: skip
def test_marks_that_belong_to_a_name_are_no_fault(phrase: str) -> None:
    assert of_phrase("a ", phrase, " b") == of_phrase("", phrase, "") == []


@pytest.mark.parametrize(
    ("before", "phrase", "behind"),
    [
        ("in the ", "U.S.", ""),
        ("in the ", "U.S.", " Then"),
        ("by ", "Acme Inc.", ", which"),
        ("by ", "Acme Inc.", " which"),
        ("", "Yahoo!", " said"),
        ("at ", "-5 °C", "."),
        ("", "−5 °C", "."),  # noqa: RUF001 - the minus sign is what is tested
        ("at ", ".5 km", ""),
        ("with ", ".NET", ""),
    ],
)
def test_a_stop_or_dash_of_a_name_or_number_is_no_fault(
    before: str, phrase: str, behind: str
) -> None:
    assert of_phrase(before, phrase, behind) == []


@pytest.mark.parametrize(
    ("before", "phrase", "behind", "problem"),
    [
        ("by ", "Acme Inc.", " Then", "ends with ."),
        ("by ", "Acme Inc.", "\nthen", "ends with ."),
        ("by ", "Acme...", ", which", "ends with ."),
        ("by ", "L.T.", "V went", "ends with ."),
        ("1", ".300 people", "", "begins with ."),
        ("A", "-5", "", "begins with -"),
        ("", "-Sơn La", "", "begins with -"),
        ("", "¡Basta Ya", "!", "begins with ¡"),
    ],
)
def test_a_stop_or_dash_that_only_looks_like_the_names_is_found(
    before: str, phrase: str, behind: str, problem: str
) -> None:
    assert of_phrase(before, phrase, behind) == [problem]


@pytest.mark.parametrize("cluster", [*(c for c in CLUSTERS if len(c) > 1), "น้ำ"])
@pytest.mark.parametrize("before", ["", "a ", "🇻🇳"])
def test_a_span_that_cuts_what_people_see_as_one_character_is_found(
    before: str, cluster: str
) -> None:
    assert of_phrase(before, cluster, " b") == of_phrase(before, cluster, "🇻🇳") == []
    for at in range(1, len(cluster)):
        left, right = cluster[:at], cluster[at:]
        assert any("character" in p for p in of_phrase(before, left, right)), left
        assert any("character" in p for p in of_phrase(before + left, right, "")), right


@pytest.mark.parametrize(
    ("left", "right"),
    [("Sơ", "n"), ("S", "ơn"), ("UB", "ND"), ("20", "17"), ("PA", "05"), ("5", "km"), ("x̣̂", "y")],
)
def test_a_span_that_cuts_a_word_or_number_is_found(left: str, right: str) -> None:
    assert of_phrase("", left, right) == ["ends within a word"]
    assert of_phrase(left, right, "") == ["begins within a word"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Tường Linh", "Mỗi"),
        ("서울", "에서"),
        ("ב", "ישראל"),
        ("東京", "都"),
        ("กรุงเทพ", "เป็น"),
        ("2017", "年"),
    ],
)
def test_glued_bylines_and_scripts_without_capitals_may_be_cut(left: str, right: str) -> None:
    assert of_phrase("", left, right) == of_phrase(left, right, "") == []


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (3, 2), (5, 8)])
def test_a_span_outside_the_text_is_found(start: int, end: int) -> None:
    (problem,) = problems(Marked("Sơn La", (make_span(start, end, "A"),)))
    assert f"({start}:{end}, A) is no stretch of the text" in problem


def test_a_span_that_is_marked_twice_is_found() -> None:
    twice = [make_span(0, 6, "A", "1"), make_span(0, 6, "B", "2"), make_span(0, 6, "A", "3")]
    assert problems(Marked("Sơn La", tuple(twice))) == ["'Sơn La' (0:6, A) is marked twice"]


def test_crossing_spans_are_found() -> None:
    crossing = Marked("Một hai ba", (make_span(0, 7, "A"), make_span(4, 10, "B")))
    assert problems(crossing) == ["'Một hai' (0:7, A) crosses 'hai ba' (4:10, B)"]


@given(marked_texts())
def test_of_crossing_spans_every_pair_is_found(marked: Marked) -> None:
    crossing = [pair for pair in combinations(marked.spans, 2) if cross(*pair)]
    assert len([p for p in problems(marked) if ") crosses " in p]) == len(crossing)


@given(marked_texts(), st.randoms(use_true_random=False))
def test_faults_do_not_depend_on_the_order_of_the_spans(marked: Marked, random: Random) -> None:
    shuffled = list(marked.spans)
    random.shuffle(shuffled)
    assert problems(msgspec.structs.replace(marked, spans=tuple(shuffled))) == problems(marked)


def test_a_long_span_is_shown_by_its_beginning() -> None:
    text = "Một " * 20 + "hai."
    (problem,) = problems(Marked(text, (make_span(0, len(text), "A"),)))
    assert problem == f"'{text[:59]}…' (0:{len(text)}, A) ends with ."


@pytest.mark.parametrize(
    ("arrows", "problem"),
    [
        (["1 z 3"], "z from 'a' (0:1, A) to 'c' (4:5, C) has a type that the schema lacks"),
        (["3 r 3"], "r from 'c' (4:5, C) to 'c' (4:5, C) begins at a C, not at A or B"),
        (["1 r 2"], "r from 'a' (0:1, A) to 'b' (2:3, B) ends at a B, not at C"),
        (["1 r 3", "1 r 3"], "r from 'a' (0:1, A) to 'c' (4:5, C) is given twice"),
    ],
)
def test_a_relation_that_the_schema_does_not_allow_is_found(
    arrows: list[str], problem: str
) -> None:
    source = "[a](A 1) [b](B 2) [c](C 3)\n\n---\n2 r 3\n3 q 1\n"
    assert problems(read_inline(source)) == []
    assert problems(read_inline(source + "\n".join(arrows))) == [problem]


def test_a_relation_to_no_span_is_found() -> None:
    marked = Marked("a", (make_span(0, 1, "A", "1"),), (Relation(head="1", tail="9", label="q"),))
    assert problems(marked) == ["q refers to 9, which is no span's id"]


def moved(span: Span, *, start: int = 0, end: int = 0) -> Span:
    return msgspec.structs.replace(span, start=span.start + start, end=span.end + end)


def test_the_sample_gold_has_no_fault_but_has_one_when_an_end_of_a_span_moves_by_one() -> None:
    schema = sample_schema()
    tried, missed = 0, []
    for name, gold in sample_gold().items():
        assert check_gold(name, gold, sample_articles()[name].text, schema) == []
        for span in gold.spans:
            for other in (moved(span, **{side: by}) for side in ("start", "end") for by in (-1, 1)):
                if 0 <= other.start < other.end <= len(gold.text):
                    tried += 1
                    marked = Marked(gold.text, (other,))
                    if not check_gold(name, marked, gold.text, schema):
                        missed.append(gold.text[other.start : other.end])
    assert tried > 3 * sum(len(gold.spans) for gold in sample_gold().values())
    assert len(missed) < 0.01 * tried, missed
