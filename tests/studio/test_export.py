"""Exports of other servers, old ones too: every mark comes exactly to its place, or is told."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.formats import Marked
from annotate.progress import silent
from annotate.spans import Annotation, Decision, Span
from annotate.studio.export import Imported, import_export
from annotate.studio.export.placing import Ground
from annotate.studio.export.raw import RawText
from annotate.studio.export.reading import read_tasks
from annotate.studio.ledger import EXPORT, Entry, Ledger, Place
from annotate.studio.settle import decide, mark_digest
from annotate.text import canonicalise, from_utf16, to_utf16
from tests.factories import (
    make_article,
    make_choice,
    make_schema,
    sample_articles,
    sample_gold,
)
from tests.strategies import marked_texts, raw_texts

SCHEMA = make_schema(choices=(make_choice("topic", "crime", "sport"),))
TEXT = "Ông 😀 Lê An là Trung tá. Ông Lê An đến."
ARTICLE = make_article(TEXT, "mot")
HERE = Place(EXPORT, 1)

Mark = dict[str, Any]


def mark(start: int, end: int, text: str | None, label: str = "PERSON", **fields: Any) -> Mark:
    value = {"start": start, "end": end, "labels": [label]}
    value |= {} if text is None else {"text": text}
    kind = {"id": f"{start}-{end}", "from_name": "ner", "to_name": "doc", "type": "labels"}
    return {**kind, "value": value, **fields}


def annotation(*marks: Mark, number: int = 1, **fields: Any) -> dict[str, Any]:
    times = {"created_at": "2020-01-02T03:04:05Z", "updated_at": "2020-01-02T04:00:00Z"}
    return {"id": number, "result": list(marks), "completed_by": 3, **times, **fields}


def task(*annotations: dict[str, Any], text: str = TEXT, **fields: Any) -> dict[str, Any]:
    return {"id": 7, "data": {"text": text}, "annotations": list(annotations), **fields}


def export(path: Path, *tasks: dict[str, Any]) -> Path:
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def bring(ledger: Ledger, path: Path, *articles: Article) -> Imported:
    return import_export(ledger, path, articles or (ARTICLE,), SCHEMA)


def counted(ledger: Ledger) -> list[Annotation]:
    return [one for place in ledger.places("local") for one in ledger.annotations(place)]


def extents(spans: Iterable[Span]) -> list[tuple[int, int]]:
    return [(span.start, span.end) for span in spans]


# Offsets.


def unproved(text: str, offsets: tuple[int, int]) -> bool:
    """Whether the same text is there in code points and, elsewhere, in UTF-16 units."""
    start, end = (from_utf16(text, offset) for offset in offsets)
    known = start is not None and end is not None and (start, end) != offsets
    return known and text[start:end] == text[slice(*offsets)]


@given(marked_texts())
def test_marks_of_an_old_server_in_utf16_units_come_back_exact(drawn: Marked) -> None:
    text = drawn.text
    marks = [
        mark(to_utf16(text, s.start), to_utf16(text, s.end), text[s.start : s.end], id=s.id)
        for s in drawn.spans
    ]
    placed = Ground(RawText(text), text).place(marks)
    told = {one["id"]: (one["value"]["start"], one["value"]["end"]) for one in placed.marks}
    for span in drawn.spans:
        if span.id in told:
            assert told[span.id] == (span.start, span.end)
        else:
            assert unproved(text, (to_utf16(text, span.start), to_utf16(text, span.end)))
    assert len(placed.marks) + len(placed.left) == len(marks)


@given(marked_texts())
def test_marks_in_code_points_come_back_exact(drawn: Marked) -> None:
    text = drawn.text
    marks = [mark(s.start, s.end, text[s.start : s.end], id=s.id) for s in drawn.spans]
    placed = Ground(RawText(text), text).place(marks)
    told = {one["id"]: (one["value"]["start"], one["value"]["end"]) for one in placed.marks}
    for span in drawn.spans:
        extent = (span.start, span.end)
        assert told.get(span.id) == extent or unproved(text, extent)
    assert placed.repaired == 0


@st.composite
def made_raw(draw: st.DrawFn) -> tuple[Marked, str, list[int]]:
    """Draw a marked text, a raw form of it, and where its code points are in that."""
    marked = draw(marked_texts())
    raw, places = draw(st.sampled_from(("", "\ufeff", " \n"))), []
    style = draw(st.sampled_from(("\n", "\r\n", "\r", "\u2028")))
    decomposed = draw(st.booleans())
    for number, char in enumerate(marked.text):
        places.append(len(raw))
        written = unicodedata.normalize("NFD", char) if decomposed else char
        raw += style if char == "\n" else written
        # Not between a base and its marks, which would then be one character.
        after = marked.text[number + 1 : number + 2]
        if after.isalnum() and not unicodedata.combining(after) and char.isalnum():
            raw += draw(st.sampled_from(("", "", "\u200b", "\u00ad")))
    return marked, raw, [*places, len(raw)]


def stands_alone(marked: Marked, span: Span, raw: str, places: list[int]) -> bool:
    """Whether a span is words with nothing beside them that could be a part of its characters."""
    words = f" {marked.text} "[span.start : span.end + 2]
    inner = words[1:-1]
    plain = (
        inner and all(char.isalpha() for char in inner.replace(" ", "")) and inner == inner.strip()
    )
    cut = raw[places[span.start] : places[span.end]]
    return bool(plain) and words[0] == words[-1] == " " and canonicalise(cut).text == inner


@given(made_raw(), st.booleans())
def test_marks_on_a_raw_text_come_to_the_same_place_in_the_canonical_one(
    drawn: tuple[Marked, str, list[int]], units: bool
) -> None:
    marked, raw, places = drawn
    if canonicalise(raw).text != marked.text:
        return  # what was written apart is one character together
    marks, offsets = [], {}
    for span in marked.spans:
        start, end = places[span.start], places[span.end]
        offsets[span.id] = (to_utf16(raw, start), to_utf16(raw, end)) if units else (start, end)
        marks.append(mark(*offsets[span.id], raw[start:end], id=span.id))
    placed = Ground(RawText(raw), marked.text).place(marks)
    told = {one["id"]: (one["value"]["start"], one["value"]["end"]) for one in placed.marks}
    for span in marked.spans:
        if span.id in told:
            assert told[span.id] == (span.start, span.end)
        else:
            assert unproved(raw, offsets[span.id]) or not stands_alone(marked, span, raw, places)


def test_every_gold_span_is_found_in_decomposed_texts_with_other_line_ends() -> None:
    for article in [*sample_articles().values()][:10]:
        gold = sample_gold().get(article.id)
        raw = RawText("\ufeff" + _decomposed(article.text))
        for span in gold.spans if gold else ():
            start, end = (1 + len(_decomposed(article.text[:at])) for at in (span.start, span.end))
            assert raw.find(start, end) == (span.start, span.end)


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text).replace("\n", "\r\n")


@given(raw_texts.filter(bool), st.data())
def test_what_is_found_of_a_raw_text_reads_the_same_in_the_canonical_one(
    raw: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(raw) - 1))
    end = data.draw(st.integers(start + 1, len(raw)))
    found = RawText(raw).find(start, end)
    text = canonicalise(raw).text
    if found is not None:
        assert canonicalise(raw[start:end]).text == canonicalise(text[slice(*found)]).text


@given(raw_texts)
def test_a_raw_text_taken_apart_always_adds_up(raw: str) -> None:
    whole = RawText(raw)
    if whole.text:
        assert whole.find(0, len(raw)) == (0, len(whole.text))


def test_a_sibling_tells_in_what_a_mark_without_a_text_was_counted(
    ledger: Ledger, tmp_path: Path
) -> None:
    # 😀 is one code point and two units.
    sure, bare = mark(7, 12, "Lê An"), mark(16, 24, None, "RANK")
    path = export(
        tmp_path / "old.json", task(annotation(bare, number=1), annotation(bare, sure, number=2))
    )
    assert (bring(ledger, path).repaired, bring(ledger, path).set_aside) == (2, 1)
    alone, both = counted(ledger)
    assert extents(both.spans) == [(15, 23), (6, 11)]
    (aside,) = alone.set_aside
    assert "nothing tells which" in aside.reason
    assert "'Trung tá'" in aside.reason


def test_a_mark_that_is_not_what_it_says_is_set_aside_with_its_context(
    ledger: Ledger, tmp_path: Path
) -> None:
    path = export(tmp_path / "old.json", task(annotation(mark(0, 3, "Bà"))))
    bring(ledger, path)
    ((aside,),) = [one.set_aside for one in counted(ledger)]
    assert aside.reason == (
        "0–3 of the export's text is '[Ông] 😀 Lê An là Trung tá. Ông Lê A', the export says 'Bà'"
    )
    assert json.loads(bytes(aside.mark))["value"]["text"] == "Bà"


def test_a_text_that_was_mended_since_keeps_the_marks_elsewhere(
    ledger: Ledger, tmp_path: Path
) -> None:
    before = "Tin: " + TEXT.replace("Trung tá", "Trung  ta")
    marks = (mark(11, 16, "Lê An"), mark(20, 29, "Trung  ta", "RANK"))
    path = export(
        tmp_path / "old.json", task(annotation(*marks), text=before, meta={"article": "mot"})
    )
    bring(ledger, path)
    (found,) = counted(ledger)
    assert (found.sha256, extents(found.spans)) == (ARTICLE.sha256, [(6, 11)])
    assert "'Trung  ta' of the export is not surely anywhere" in found.set_aside[0].reason


# Which article a task shows.


@pytest.mark.parametrize(
    "fields",
    [
        {"meta": {"article": "mot"}},
        {"data": {"text": TEXT, "article": "mot"}},
        {"data": {"doc": TEXT, "id": "mot"}},
        {"data": {"doc": f" {TEXT}\r\n"}},
        {"data": {"title": "Tin", "doc": TEXT, "source": "x"}},
    ],
)
def test_a_task_is_matched_by_its_id_or_its_text(
    ledger: Ledger, tmp_path: Path, fields: dict[str, Any]
) -> None:
    path = export(tmp_path / "a.json", task(annotation(), **fields))
    found = bring(ledger, path, make_article("Khác.", "hai"), ARTICLE)
    assert (found.matched, found.unmatched) == (1, [])
    assert [one.article for one in counted(ledger)] == ["mot"]


def test_of_two_articles_with_one_text_the_id_decides(ledger: Ledger, tmp_path: Path) -> None:
    twin = make_article(TEXT, "hai")
    path = export(tmp_path / "a.json", task(annotation(), meta={"article": "hai"}))
    bring(ledger, path, ARTICLE, twin)
    assert [one.article for one in counted(ledger)] == ["hai"]


def test_the_text_is_surer_than_an_id_that_another_article_has(
    ledger: Ledger, tmp_path: Path
) -> None:
    other = make_article("Một bài khác hẳn.", "7")
    path = export(tmp_path / "a.json", task(annotation(), data={"id": 7, "text": TEXT}))
    bring(ledger, path, other, ARTICLE)
    assert [one.article for one in counted(ledger)] == ["mot"]


def test_a_task_that_shows_no_article_is_listed(ledger: Ledger, tmp_path: Path) -> None:
    tasks = (
        task(annotation(), text="Một bài\nkhông có ở đây."),
        task(annotation(), text="Một bài khác hẳn về chuyện khác.", meta={"article": "mot"}, id=8),
        task(data={"a": "x", "b": "y"}, id=9),
        task(data={"image": 1}, id=10),
    )
    found = bring(ledger, export(tmp_path / "a.json", *tasks))
    assert (found.read, found.matched, found.foreign) == (4, 0, 2)
    assert [(one.task, one.begins, one.reason) for one in found.unmatched] == [
        ("7", "Một bài không có ở đây.", "no article has its id or text"),
        ("8", "Một bài khác hẳn về chuyện khác.", "its text is not that of mot"),
        ("9", "x", "has several texts, none of them an article's"),
        ("10", "", "has no text"),
    ]
    assert ledger.rows() == 0
    assert ledger.places("local") == ()


# What an annotation tells.


@pytest.mark.parametrize(
    ("who", "person"),
    [
        (3, "user 3 of export 1"),
        ("an@example.org", "an@example.org"),
        ({"id": 3, "email": "an@example.org", "first_name": "An"}, "an@example.org"),
        ({"id": 3}, "user 3 of export 1"),
        (None, "somebody of export 1"),
    ],
)
def test_people_are_named_as_the_export_does(
    ledger: Ledger, tmp_path: Path, who: object, person: str
) -> None:
    bring(ledger, export(tmp_path / "old.json", task(annotation(completed_by=who))))
    assert [one.annotator for one in counted(ledger)] == [person]


def test_completions_of_servers_before_the_first_release(ledger: Ledger, tmp_path: Path) -> None:
    told = {
        "id": 7001, "created_at": 1577934245, "lead_time": 12.5, "skipped": True,
        "result": [mark(7, 12, "Lê An")],
    }  # fmt: skip
    old = {"id": 7, "completions": [told], "data": {"text": TEXT}, "predictions": []}
    found = bring(ledger, export(tmp_path / "old.json", old))
    assert (found.skipped, found.submitted, found.repaired) == (1, 0, 1)
    (one,) = counted(ledger)
    assert (one.id, one.status, one.lead_time) == (7001, "skipped", 12.5)
    assert one.created_at == one.updated_at == "2020-01-02T03:04:05Z"


def test_relations_choices_and_ground_truth_come_along(ledger: Ledger, tmp_path: Path) -> None:
    marks = (
        mark(6, 11, "Lê An", id="p"),
        mark(15, 23, "Trung tá", "Rank", id="r"),
        {
            "type": "relation",
            "from_id": "p",
            "to_id": "r",
            "direction": "right",
            "labels": ["holds"],
        },
        {"id": "c", "type": "choices", "from_name": "topic", "value": {"choices": ["CRIME"]}},
        mark(6, 11, "Lê An", "ALIEN", id="x"),
    )
    bring(ledger, export(tmp_path / "a.json", task(annotation(*marks, ground_truth=True))))
    (one,) = counted(ledger)
    assert [span.label for span in one.spans] == ["PERSON", "RANK"]
    assert [(r.head, r.label, r.tail) for r in one.relations] == [("p", "holds_rank", "r")]
    assert (one.choices, one.ground_truth) == ({"topic": ("crime",)}, True)
    assert [aside.reason for aside in one.set_aside] == ["the schema has no label ALIEN"]


def test_the_ledger_has_the_results_as_the_export_tells_them(
    ledger: Ledger, tmp_path: Path
) -> None:
    old = mark(7, 12, "Lê An", meta={"note": ["x"]}, score=0.5)
    bring(ledger, export(tmp_path / "a.json", task(annotation(old))))
    (result,) = ledger.results(HERE).values()
    assert json.loads(result) == [old]


def test_annotations_that_share_a_number_are_kept_apart(ledger: Ledger, tmp_path: Path) -> None:
    tasks = [
        task(annotation(number=1), annotation(number=1), annotation(id=None), id=number)
        for number in (1, 2)
    ]
    path = export(tmp_path / "a.json", *tasks)
    assert bring(ledger, path).added == 6
    assert bring(ledger, path).added == 0
    assert len({one.id for one in counted(ledger)}) == 6


def test_exports_that_were_joined_to_one_file_keep_everyones_work(
    ledger: Ledger, tmp_path: Path
) -> None:
    other = make_article("Một bài khác hẳn.", "hai")
    tasks = [
        *(task(annotation(completed_by=f"p{n}@example.org"), id=1) for n in range(3)),
        *(task(annotation(id=None), id=1, text=text) for text in (TEXT, other.text)),
        task(annotation(created_at="2021-01-01T00:00:00Z", completed_by="p0@example.org"), id=1),
    ]
    path = export(tmp_path / "joined.json", *tasks)
    assert bring(ledger, path, ARTICLE, other).added == 6
    told = sorted((one.annotator, one.article, one.created_at) for one in counted(ledger))
    assert len(set(told)) == 6
    assert bring(ledger, path, ARTICLE, other).added == 0
    assert ledger.places("local") == (HERE,)


def test_a_part_of_a_joined_file_or_another_order_takes_nobodys_work(
    ledger: Ledger, tmp_path: Path
) -> None:
    works = [
        annotation(completed_by=f"p{n}@example.org", created_at=f"2021-01-0{n}T00:00:00Z")
        for n in (1, 2, 3)
    ]
    tasks = [task(work, id=1) for work in works]
    assert bring(ledger, export(tmp_path / "all.json", *tasks)).added == 3
    before = counted(ledger)
    for again in (tasks[1:], tasks[2:], tasks[::-1]):
        assert bring(ledger, export(tmp_path / "all.json", *again)).added == 0
    assert counted(ledger) == before


@pytest.mark.parametrize("number", [2**63, -(2**70), 2**64])
def test_numbers_that_are_too_great_for_the_ledger_are_made_anew(
    ledger: Ledger, tmp_path: Path, number: int
) -> None:
    path = export(tmp_path / "a.json", task(annotation(number=number), id=number))
    assert [bring(ledger, path).added for _ in range(2)] == [1, 0]
    assert all(0 < one.id < 2**63 for one in counted(ledger))


@pytest.mark.parametrize(
    ("told", "time"),
    [
        (1577934245, "2020-01-02T03:04:05Z"),
        (1577934245000, "2020-01-02T03:04:05Z"),
        (1577934245.5, "2020-01-02T03:04:05.500000Z"),
    ],
)
def test_times_are_told_in_seconds_or_milliseconds(
    ledger: Ledger, tmp_path: Path, told: float, time: str
) -> None:
    bring(ledger, export(tmp_path / "a.json", task(annotation(created_at=told, updated_at=None))))
    assert [(one.created_at, one.updated_at) for one in counted(ledger)] == [(time, time)]


@pytest.mark.parametrize("told", [1e300, -1e18, -(2**70)])
def test_a_number_that_is_no_time_is_refused(ledger: Ledger, tmp_path: Path, told: float) -> None:
    path = export(tmp_path / "a.json", task(annotation(updated_at=told)))
    with pytest.raises(StudioError, match="annotation 1 was created or changed at a time that"):
        bring(ledger, path)
    assert ledger.rows() == 0


def test_drafts_are_counted_and_left_out(ledger: Ledger, tmp_path: Path) -> None:
    found = bring(ledger, export(tmp_path / "a.json", task(drafts=[{"id": 1, "result": []}])))
    assert (found.drafts, found.matched, ledger.rows()) == (1, 1, 0)


# Again, and later.


def test_the_same_export_adds_nothing_when_it_comes_again(ledger: Ledger, tmp_path: Path) -> None:
    path = export(tmp_path / "a.json", task(annotation(mark(6, 11, "Lê An"))))
    first = bring(ledger, path)
    rows = ledger.rows()
    again = bring(ledger, path)
    assert (first.added, again.added, again.place) == (1, 0, 1)
    assert (ledger.rows(), ledger.places("local")) == (rows, (HERE,))


def test_a_part_of_an_export_and_then_the_whole_are_one_project(
    ledger: Ledger, tmp_path: Path
) -> None:
    tasks = [task(annotation(number=n), id=n) for n in range(1, 121)]
    part, whole = export(tmp_path / "b.json", *tasks[60:]), export(tmp_path / "a.json", *tasks)
    assert [bring(ledger, path).added for path in (part, whole, part)] == [60, 60, 0]
    assert ledger.places("local") == (HERE,)
    assert len(counted(ledger)) == 120


def test_a_person_without_an_address_is_one_under_every_name_of_the_file(
    ledger: Ledger, tmp_path: Path
) -> None:
    tasks = [task(annotation(number=n), id=n) for n in (1, 2)]
    assert bring(ledger, export(tmp_path / "jan.json", tasks[0])).added == 1
    assert bring(ledger, export(tmp_path / "feb.json", *tasks)).added == 1
    assert bring(ledger, export(tmp_path / "mar.json", *tasks)).added == 0
    assert {one.annotator for one in counted(ledger)} == {"user 3 of export 1"}


def test_a_name_that_the_ledger_has_stays_where_the_export_tells_none(
    ledger: Ledger, tmp_path: Path
) -> None:
    named, unnamed = (annotation(completed_by=who) for who in ("an@example.org", 3))
    assert bring(ledger, export(tmp_path / "a.json", task(named))).added == 1
    assert bring(ledger, export(tmp_path / "a.json", task(unnamed))).added == 0
    assert [one.annotator for one in counted(ledger)] == ["an@example.org"]


def test_a_later_export_brings_what_changed_and_an_earlier_one_takes_nothing_back(
    ledger: Ledger, tmp_path: Path
) -> None:
    early = export(tmp_path / "early.json", task(annotation(number=1), annotation(number=2)))
    changed = annotation(mark(6, 11, "Lê An"), number=1, updated_at="2020-01-03T00:00:00Z")
    late = export(tmp_path / "late.json", task(changed, annotation(number=2), annotation(number=3)))
    assert [bring(ledger, path).added for path in (early, late)] == [2, 2]
    before = counted(ledger)
    again = bring(ledger, early)
    assert (again.added, again.older) == (0, 1)
    assert counted(ledger) == before
    assert ledger.places("local") == (HERE,)


def test_an_export_of_another_project_gets_a_place_of_its_own(
    ledger: Ledger, tmp_path: Path
) -> None:
    bring(ledger, export(tmp_path / "a.json", task(annotation())))
    other = annotation(created_at="2021-01-01T00:00:00Z")
    assert bring(ledger, export(tmp_path / "b.json", task(other))).place == 2
    assert len(counted(ledger)) == 2


def test_what_was_decided_about_a_mark_stays_when_the_export_comes_again(
    ledger: Ledger, tmp_path: Path
) -> None:
    path = export(tmp_path / "a.json", task(annotation(mark(0, 3, "Lê An"))))
    bring(ledger, path)
    entry = ledger.entry(HERE, 1)
    assert entry is not None
    span = Span(id="0-3", start=6, end=11, label="PERSON")
    (aside,) = entry.annotation.set_aside
    decision = Decision(mark=mark_digest(aside), span=span, sha256=ARTICLE.sha256)
    ledger.append(HERE, [Entry(decide(entry.annotation, [decision]), entry.result)])
    assert bring(ledger, path).added == 0
    assert [one.spans for one in counted(ledger)] == [(span,)]


# Files that are none.


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        ("id,text\n1,x", "is no JSON. In Label Studio choose Export, then JSON"),
        ("-DOCSTART- -X- O\n", "choose Export, then JSON"),
        ('{"tasks": []}', "is one object and no list of tasks"),
        ('[{"id": 1, "text": "x", "annotator": 1}]', "is a JSON-MIN export"),
        ('[{"text": "x"}]', "entry 1 is no task: Object missing required field `data`"),
        ("[1]", "entry 1 is no task: Expected `object`, got `int`"),
        ('[{"data": {}, "annotations": [{"id": {}}]}]', "$.annotations[0].id"),
        ('[{"data": }]', "is not JSON: parse error"),
        ('[{"data": {"text": "\udcff"}}]', "is not JSON: lexical error: invalid bytes in UTF8"),
    ],
)
def test_a_file_that_is_no_export_says_what_to_choose(
    ledger: Ledger, tmp_path: Path, content: str, reason: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(StudioError) as caught:
        bring(ledger, path)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "a.json" in caught.value.problem


@given(st.floats(0, 1, exclude_max=True))
def test_of_a_file_that_is_cut_off_nothing_is_brought(share: float) -> None:
    import tempfile

    from annotate.studio.ledger import open_ledger

    tasks = [task(annotation(mark(6, 11, "Lê An"), number=n), id=n) for n in range(1, 80)]
    whole = json.dumps(tasks).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        path.write_bytes(whole[: int(len(whole) * share)])
        with open_ledger(Path(folder, "ledger.sqlite3")) as ledger:
            with pytest.raises(StudioError, match=r"ends in the middle of a task|is empty"):
                bring(ledger, path)
            assert (ledger.rows(), ledger.places("local")) == (0, ())


def test_a_file_that_is_not_there(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="cannot be read: No such file"):
        bring(ledger, tmp_path / "gone.json")


def test_a_byte_order_mark_is_no_fault(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([task(annotation())]), encoding="utf-8-sig")
    assert bring(ledger, path).added == 1


def test_a_large_export_is_read_task_by_task(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "a.json"
    one = json.dumps(task(text="a" * 100_000))
    with path.open("w", encoding="utf-8") as file:
        file.write(f"[{one}" + f",{one}" * 300 + "]")
    tracemalloc.start()
    with path.open("rb") as stream, silent("", None) as advance:
        assert sum(1 for _ in read_tasks(stream, path, advance)) == 301
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000
