"""doccano's JSONL: both kinds of lines, and whatever their offsets count."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import FormatError
from annotate.formats import Marked
from annotate.formats.doccano import Units, read_doccano, write_doccano
from annotate.formats.document import Document, Losses
from annotate.spans import Relation, Span
from annotate.text import to_utf16
from annotate.tokens import tokenize
from tests.strategies import marked_texts

ALL: tuple[Units, ...] = ("utf-16", "code-points", "graphemes")


def read(path: Path, *records: Any, units: Units | None = None) -> tuple[list[Document], Losses]:
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    losses: Losses = Counter()
    return list(read_doccano(path, losses, units=units)), losses


def counted(text: str, offset: int, units: Units) -> int:
    """Return an offset in code points in other units."""
    if units == "graphemes":
        return len(regex.findall(r"\X", text[:offset]))
    return to_utf16(text, offset) if units == "utf-16" else offset


def record(text: str, units: Units, *phrases: str) -> dict[str, Any]:
    places = [(text.index(one), text.index(one) + len(one)) for one in phrases]
    label = [[counted(text, at, units), counted(text, to, units), "X"] for at, to in places]
    return {"text": text, "label": label}


def phrases(document: Document) -> list[str]:
    return [document.text[span.start : span.end] for span in document.spans]


def numbered(marked: Marked) -> Document:
    """Return a document whose spans have the ids that the file gives them."""
    ids = {span.id: str(number) for number, span in enumerate(marked.spans)}
    return Document(
        id="a", text=marked.text, metadata={"title": "t"},
        spans=tuple(
            Span(id=ids[one.id], start=one.start, end=one.end, label=one.label)
            for one in marked.spans
        ),
        relations=tuple(
            Relation(head=ids[one.head], tail=ids[one.tail], label=one.label)
            for one in marked.relations
        ),
    )  # fmt: skip


def test_a_line_with_labels_is_read(tmp_path: Path) -> None:
    line = {"id": 7, "text": "An ở Huế", "label": [[0, 2, "PER"], [5, 8, "LOC"]], "Comments": ["?"]}
    (found,), losses = read(tmp_path / "all.jsonl", {**line, "page": 3, "source": "s", "x": None})
    assert found == Document(
        id="7", text="An ở Huế", metadata={"page": "3", "source": "s"},
        spans=(
            Span(id="_0", start=0, end=2, label="PER"),
            Span(id="_1", start=5, end=8, label="LOC"),
        ),
    )  # fmt: skip
    assert losses == {"comments": 1}


def test_a_line_with_entities_and_relations_is_read(tmp_path: Path) -> None:
    line = {
        "id": 7, "text": "An ở Huế", "meta": {"title": "t"}, "Comments": [],
        "entities": [
            {"id": 40, "label": "PER", "start_offset": 0, "end_offset": 2},
            {"id": 41, "label": "LOC", "start_offset": 5, "end_offset": 8},
        ],
        "relations": [{"id": 9, "from_id": 40, "to_id": 41, "type": "lives_in"}],
    }  # fmt: skip
    (found,), losses = read(tmp_path / "all.jsonl", line)
    assert [span.id for span in found.spans] == ["40", "41"]
    assert found.relations == (Relation(head="40", tail="41", label="lives_in"),)
    assert found.metadata == {"title": "t"}
    assert not losses


def test_exports_of_before_1_0_and_texts_without_marks_are_read(tmp_path: Path) -> None:
    old, bare, none = read(
        tmp_path / "all.jsonl",
        {"id": 1, "text": "An", "labels": [[0, 2, "PER"]]},
        {"text": "Lê"},
        {"text": "Lê", "label": None},
    )[0]
    assert phrases(old) == ["An"]
    assert bare == none == Document(id="", text="Lê")


@pytest.mark.parametrize("units", ALL)
def test_the_spans_tell_what_the_offsets_count(tmp_path: Path, units: Units) -> None:
    text = "👍🏽 Bà An gặp 👨\u200d👩\u200d👧 Lê Bình ở Huế. 🇻🇳 Mai đi chợ."
    marks = ["An", "Lê Bình", "Huế", "Mai"]
    lines = [record("Không có gì.", units, "Không"), record(text, units, *marks)]
    (_, found), losses = read(tmp_path / "all.jsonl", *lines)
    assert phrases(found) == marks
    assert not losses


def test_a_unit_that_cuts_a_character_is_out(tmp_path: Path) -> None:
    (found,), losses = read(tmp_path / "x", {"text": "👍👍xAn", "label": [[2, 3, "X"]]})
    assert phrases(found) == ["x"]
    assert losses == {"spans whose place is in doubt": 1}


def test_code_points_and_utf16_need_not_be_told_apart_where_they_agree(tmp_path: Path) -> None:
    # Decomposed letters are several code points, each one unit of UTF-16.
    text = "Hue\u0302\u0301 co\u0301 An"
    (found,), _ = read(tmp_path / "x", record(text, "utf-16", "An"))
    assert phrases(found) == ["An"]


def test_spans_that_do_not_tell_are_asked_about(tmp_path: Path) -> None:
    line = {"text": "👍 a b c d", "label": [[3, 4, "X"]]}
    undecided = {"text": "👍 漢字漢字", "label": [[4, 5, "X"]]}
    with pytest.raises(FormatError, match="does not tell what its offsets count"):
        read(tmp_path / "x", undecided)
    (found,), _ = read(tmp_path / "x", undecided, units="utf-16")
    assert (found.spans[0].start, found.spans[0].end) == (3, 4)
    (found,), _ = read(tmp_path / "x", line)
    assert phrases(found) == ["a"]


def test_a_span_in_doubt_is_counted_and_kept(tmp_path: Path) -> None:
    text = "An 👍 Huế Lê Bình Mai"
    line = record(text, "utf-16", "An", "Huế", "Bình", "Mai", "ì")
    (found,), losses = read(tmp_path / "x", line)
    assert phrases(found) == ["An", "Huế", "Bình", "Mai", "ì"]
    assert losses == {"spans whose place is in doubt": 1}


ENTITY = {"id": 1, "label": "X", "start_offset": 0, "end_offset": 2}
RELATION = {"from_id": 1, "to_id": 2, "type": "r"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({"label": []}, "missing required field `text`"),
        ({"text": "An", "label": [[0, "PER"]]}, "$.label[0]"),
        ({"text": "An", "label": ["PER"]}, "$.label[0]"),
        (
            {"text": "An", "entities": [], "relations": [RELATION]},
            "refers to 1, which is no span's id",
        ),
        ({"text": "An", "entities": [ENTITY, ENTITY]}, "two spans have the id 1"),
        ({"text": "An", "annotations": [{"label": 3}]}, "has numbers for labels"),
        ([1], "Expected `object`"),
    ],
)
def test_a_line_that_does_not_hold_is_named(tmp_path: Path, line: Any, problem: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(tmp_path / "all.jsonl", {"text": "Lê"}, line)
    assert "all.jsonl, line 2" in str(caught.value)
    assert problem in str(caught.value)


@pytest.mark.parametrize("place", [(0, 9), (1, 1), (-1, 1)])
def test_a_span_that_is_nowhere_in_its_text_is_unproved_and_the_others_are_read(
    tmp_path: Path, place: tuple[int, int]
) -> None:
    bad = ENTITY | {"id": 2, "start_offset": place[0], "end_offset": place[1]}
    line = {"text": "An 👍", "entities": [ENTITY, bad], "relations": [RELATION]}
    (found,), _ = read(tmp_path / "x", line)
    assert phrases(found) == ["An"]
    (left,) = found.unproved
    assert left.reason == f"{place[0]}:{place[1]} is no stretch of the text in utf-16"
    assert (left.id, found.relations) == ("2", (Relation(head="1", tail="2", label="r"),))


def test_a_span_outside_its_text_does_not_let_the_others_be_read_in_another_unit(
    tmp_path: Path,
) -> None:
    line = record("👩\u200d🚒 An Huế", "graphemes", "An", "Huế")
    line["label"].append([2, 10, "X"])
    with pytest.raises(FormatError, match="does not tell what its offsets count"):
        read(tmp_path / "x", line)
    (found,), _ = read(tmp_path / "x", line, units="graphemes")
    assert (phrases(found), len(found.unproved)) == (["An", "Huế"], 1)


def test_one_reading_tells_which_lines_do_not_hold(tmp_path: Path) -> None:
    lines = [[1], {"text": "An"}, *({} for _ in range(12))]
    with pytest.raises(
        FormatError, match=r"line 1 is no record.*\(and 12 more: .*line 3"
    ) as caught:
        read(tmp_path / "x", *lines)
    assert "line 13" not in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"text": "\xff"}', b'{"text": "\\ud83d"}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(FormatError, match="line 1 is no record of doccano"):
        list(read_doccano(tmp_path / "x", Counter()))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="none cannot be read: No such file"):
        list(read_doccano(tmp_path / "none", Counter()))


@given(marked_texts(), st.sampled_from(["utf-16", "code-points"]))
def test_what_is_written_is_read_again(drawn: Marked, units: Units) -> None:
    document = numbered(drawn)
    with TemporaryDirectory() as folder:
        losses: Losses = Counter()
        write_doccano([document, document], Path(folder) / "x", losses, units=units)
        assert list(read_doccano(Path(folder) / "x", losses)) == [document, document]
    assert not losses


@given(marked_texts())
def test_where_clusters_are_counted_a_span_that_cuts_one_gets_all_of_it(drawn: Marked) -> None:
    document = numbered(drawn)
    with TemporaryDirectory() as folder:
        losses: Losses = Counter()
        write_doccano([document], Path(folder) / "x", losses, units="graphemes")
        (found,) = read_doccano(Path(folder) / "x", Counter())
    edges = {0, len(found.text), *(one.end() for one in regex.finditer(r"\X", found.text))}
    cut = 0
    for given_span, span in zip(document.spans, found.spans, strict=True):
        assert span.start == max(edge for edge in edges if edge <= given_span.start)
        assert span.end == min(edge for edge in edges if edge >= given_span.end)
        cut += span != given_span
    assert losses == Counter({"spans that cut a grapheme cluster": cut})


@given(marked_texts(), st.sampled_from(ALL))
def test_offsets_are_written_in_the_units_that_were_asked_for(drawn: Marked, units: Units) -> None:
    tokens = tokenize(drawn.text)
    marks = tuple(
        Span(id=str(number), start=token.start, end=token.end, label="X")
        for number, token in enumerate(tokens)
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        write_doccano(
            [Document(id="a", text=drawn.text, spans=marks)], path, Counter(), units=units
        )
        written = json.loads(path.read_text(encoding="utf-8"))
    if units != "graphemes":
        assert [(one["start_offset"], one["end_offset"]) for one in written["entities"]] == [
            (counted(drawn.text, one.start, units), counted(drawn.text, one.end, units))
            for one in marks
        ]
    assert written["offsets_in"] == units


def test_attributes_choices_and_annotators_are_counted(tmp_path: Path) -> None:
    span = Span(id="s", start=0, end=2, label="PER", attributes={"form": ("x",)})
    document = Document(id="", text="An", spans=(span,), choices={"c": ("x",)}, annotator="p1")
    losses: Losses = Counter()
    write_doccano([document], tmp_path / "x", losses)
    assert losses == {"attributes": 1, "choices": 1, "annotators": 1}
    (found,) = read_doccano(tmp_path / "x", Counter())
    bare = Span(id="0", start=0, end=2, label="PER")
    assert found == Document(id="", text="An", spans=(bare,))
    assert "p1" not in (tmp_path / "x").read_text(encoding="utf-8")


def test_a_failure_in_between_leaves_the_former_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("before", encoding="utf-8")

    def broken() -> Any:
        yield Document(id="a", text="An")
        raise FormatError("the source ends")

    with pytest.raises(FormatError, match="the source ends"):
        write_doccano(broken(), path, Counter())
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]
