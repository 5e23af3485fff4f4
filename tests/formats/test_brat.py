"""brat's standoff: what brat writes is read, and what is written comes back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import FormatError
from annotate.formats import Marked
from annotate.formats.brat import read_brat, write_brat
from annotate.formats.document import Document, Losses
from annotate.spans import Relation, Span
from tests.strategies import INVISIBLE, LINE_ENDS, marked_texts, raw_texts, spans

BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


def read(folder: Path, text: str, marks: str, name: str = "a") -> tuple[Document, Losses]:
    (folder / f"{name}.txt").write_bytes(text.encode())
    (folder / f"{name}.ann").write_bytes(marks.encode())
    losses: Losses = Counter()
    (document,) = read_brat(folder, losses)
    return document, losses


def round_trip(*documents: Document) -> tuple[list[Document], Losses]:
    with TemporaryDirectory() as folder:
        losses: Losses = Counter()
        write_brat(documents, Path(folder) / "out", losses)
        unread: Losses = Counter()
        found = list(read_brat(Path(folder) / "out", unread))
        assert not unread
        return found, losses


def marked(span: Span) -> tuple[int, int, str]:
    return span.start, span.end, span.label


def arrows(relations: Iterable[Relation], among: Iterable[Span]) -> list[tuple[int, int, str]]:
    """Return relations by the places of their spans."""
    at = {span.id: place for place, span in enumerate(among)}
    return [(at[one.head], at[one.tail], one.label) for one in relations]


def trimmed(text: str, span: Span) -> tuple[int, int, str]:
    """Return the span without line breaks at its ends."""
    words = text[span.start : span.end]
    start = span.start + len(words) - len(words.lstrip(BREAKS))
    return start, start + len(words.strip(BREAKS)), span.label


def test_spans_relations_and_attributes_are_read(tmp_path: Path) -> None:
    document, losses = read(
        tmp_path,
        "Bà An ở Huế.\n",
        "T1\tPER 3 5\tAn\nT2\tLOC 8 11\tHuế\nR1\tlives_in Arg1:T1 Arg2:T2\t\n"
        "A1\tGender T1 female\nM1\tSure T2\n",
    )
    assert document.id == "a"
    assert document.text == "Bà An ở Huế.\n"
    assert document.spans == (
        Span(id="T1", start=3, end=5, label="PER", attributes={"Gender": ("female",)}),
        Span(id="T2", start=8, end=11, label="LOC", attributes={"Sure": ("true",)}),
    )
    assert document.relations == (Relation(head="T1", tail="T2", label="lives_in"),)
    assert not losses


def test_what_a_document_cannot_hold_is_counted(tmp_path: Path) -> None:
    document, losses = read(
        tmp_path,
        "An gặp Lê.",
        "T1\tPER 0 2\tAn\nT2\tMeet 3 6\tgặp\nT3\tPER 7 9\tLê\n"
        "E1\tMeet:T2 Who:T1 Whom:T3\nA1\tNegation E1\n*\tSame T1 T3\n"
        "N1\tReference T1 Wikipedia:1\tAn\n#1\tAnnotatorNotes T1\tsic\n"
        "R1\tCauses Arg1:E1 Arg2:T1\nT4\tPER 2 2\t\n",
    )
    assert [span.id for span in document.spans] == ["T1", "T2", "T3"]
    assert losses == {
        "events": 1, "attributes": 1, "equivalences": 1, "normalisations": 1, "comments": 1,
        "relations": 1, "spans without text": 1,
    }  # fmt: skip


def test_pieces_with_white_space_between_are_one_span(tmp_path: Path) -> None:
    document, losses = read(tmp_path, "Lê\nAn ở", "T1\tPER 0 2;3 5\tLê An\n")
    assert marked(document.spans[0]) == (0, 5, "PER")
    assert not losses


def test_pieces_with_words_between_are_counted_and_cover_them(tmp_path: Path) -> None:
    document, losses = read(tmp_path, "Lê và An", "T1\tPER 6 8;0 2\tLê An\n")
    assert marked(document.spans[0]) == (0, 8, "PER")
    assert losses == {"discontinuous spans": 1}


def test_crlf_shifts_nothing(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "Bà\r\nAn\r\n", "T1\tPER 4 6\tAn\r\n")
    assert document.text == "Bà\r\nAn\r\n"
    assert marked(document.spans[0]) == (4, 6, "PER")


def test_offsets_that_count_crlf_once_are_known_by_what_is_quoted(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "Bà\r\nAn\r\n", "T1\tPER 3 5\tAn\r\n")
    assert document.text[3:5] == "An"
    assert marked(document.spans[0]) == (3, 5, "PER")


def test_offsets_in_utf16_are_known_by_what_is_quoted(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "👍 An 👍", "T1\tPER 3 5\tAn\nT2\tX 6 8\t👍\n")
    assert [marked(span) for span in document.spans] == [(2, 4, "PER"), (5, 6, "X")]


def test_a_line_feed_may_be_quoted_as_a_space(tmp_path: Path) -> None:
    document, _ = read(tmp_path, "Lê\nAn", "T1\tPER 0 5\tLê An\n")
    assert marked(document.spans[0]) == (0, 5, "PER")


def test_spans_may_stand_in_parts_and_texts_in_folders(tmp_path: Path) -> None:
    (tmp_path / "x.y").mkdir()
    (tmp_path / "x.y" / "b.1.txt").write_text("An\n", encoding="utf-8")
    (tmp_path / "x.y" / "b.1.a1").write_text("T1\tPER 0 2\tAn\n", encoding="utf-8")
    (tmp_path / "x.y" / "b.1.a2").write_text("A1\tSure T1\n", encoding="utf-8")
    (tmp_path / "c.txt").write_text("Không.", encoding="utf-8")
    found = {document.id: document for document in read_brat(tmp_path, Counter())}
    assert {name: one.short_id for name, one in found.items()} == {"c": "", "x.y/b.1": "b.1"}
    assert found["x.y/b.1"].spans[0].attributes == {"Sure": ("true",)}
    assert found["c"].spans == ()


def test_a_name_that_two_texts_have_is_no_short_id(tmp_path: Path) -> None:
    for name in ("train/a", "test/A", "test/b"):
        path = tmp_path / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(name, encoding="utf-8")
    found = {one.id: one.short_id for one in read_brat(tmp_path, Counter())}
    assert found == {"train/a": "", "test/A": "", "test/b": "b"}


@pytest.mark.parametrize(
    ("marks", "problem"),
    [
        ("T1 PER 0 2 An", "'T1 PER 0 2 An' is not LABEL START END"),
        ("T1\tPER zero 2\tAn", "is not LABEL START END"),
        ("T1\tPER 0 2\tAn\nT1\tPER 0 2\tAn", "line 2: two spans have the id T1"),
        ("R1\tr Arg1:T1 Arg2:T2", "T1 is the id of no line"),
        ("T1\tPER 0 2\tAn\nR1\tr Arg1:T1", "is not LABEL Arg1:ID Arg2:ID"),
        ("A1\tSure T9", "T9 is the id of no line"),
        ("A1\tSure", "is not NAME ID"),
        ("hello", "'hello' is no line of brat's"),
    ],
)
def test_a_line_that_does_not_hold_is_named(tmp_path: Path, marks: str, problem: str) -> None:
    with pytest.raises(FormatError, match=r"a\.ann") as caught:
        read(tmp_path, "An ở Huế", marks)
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("marks", "reason"),
    [
        ("T2\tPER 3 4\tLê", "line 2 of a.ann: the text there is 'An [ở] Huế', not 'Lê'"),
        ("\nT2\tPER 0 99\tAn", "line 3 of a.ann: 0 99 is no stretch"),
        ("T2\tPER 2 0\tAn", "2 0 is no stretch"),
    ],
)
def test_a_span_that_is_not_what_it_quotes_is_unproved_and_the_others_are_read(
    tmp_path: Path, marks: str, reason: str
) -> None:
    more = "\nA1\tSure T2\nR1\tnear Arg1:T1 Arg2:T2"
    document, _ = read(tmp_path, "An ở Huế", f"T1\tLOC 5 8\tHuế\n{marks}{more}")
    assert [marked(span) for span in document.spans] == [(5, 8, "LOC")]
    (left,) = document.unproved
    assert reason in left.reason
    assert (left.id, left.label, left.attributes) == ("T2", "PER", {"Sure": ("true",)})
    assert document.relations == (Relation(head="T1", tail="T2", label="near"),)


def test_offsets_count_what_fits_the_most_spans(tmp_path: Path) -> None:
    marks = "T1\tPER 3 5\tAn\nT2\tX 6 8\t👍\nT3\tPER 0 2\tLê"
    document, _ = read(tmp_path, "👍 An 👍", marks)
    assert [marked(span) for span in document.spans] == [(2, 4, "PER"), (5, 6, "X")]
    assert [(one.id, one.text) for one in document.unproved] == [("T3", "Lê")]


def test_one_reading_tells_where_all_faults_are(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("An", encoding="utf-8")
    (tmp_path / "b.ann").write_text("hello\nT1\tPER 0 2\tAn\nworld", encoding="utf-8")
    with pytest.raises(FormatError) as caught:
        read(tmp_path, "An", "A1\tSure T9")
    assert "a.ann, line 1: T9 is the id of no line (and 2 more: " in str(caught.value)
    assert str(caught.value).count("b.ann, line ") == 2


def test_a_folder_that_is_none_and_files_that_do_not_pair_are_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is no folder"):
        list(read_brat(tmp_path / "none", Counter()))
    (tmp_path / "a.ann").write_text("", encoding="utf-8")
    with pytest.raises(FormatError, match=r"a\.ann has no text"):
        list(read_brat(tmp_path, Counter()))
    (tmp_path / "a.txt").write_bytes(b"An \xff")
    with pytest.raises(FormatError, match="not UTF-8 at byte 3"):
        list(read_brat(tmp_path, Counter()))


@given(marked_texts())
def test_what_is_written_is_read_again_but_for_what_is_counted(drawn: Marked) -> None:
    document = Document(id="a", text=drawn.text, spans=drawn.spans, relations=drawn.relations)
    (found,), losses = round_trip(document)
    assert found.text == document.text
    kept = [span for span in drawn.spans if drawn.text[span.start : span.end].strip(BREAKS)]
    assert [marked(span) for span in found.spans] == [trimmed(drawn.text, one) for one in kept]
    ids = {span.id for span in kept}
    tied = [one for one in drawn.relations if {one.head, one.tail} <= ids]
    assert arrows(found.relations, found.spans) == arrows(tied, kept)
    assert losses == Counter(
        {
            "spans of line breaks alone": len(drawn.spans) - len(kept),
            "relations": len(drawn.relations) - len(tied),
            "spans with line breaks at their ends": sum(
                trimmed(drawn.text, span) != marked(span) for span in kept
            ),
        }
    )


@given(raw_texts.filter(bool).flatmap(lambda text: st.tuples(st.just(text), spans(text))))
def test_texts_with_any_line_ends_come_back_as_they_were(drawn: tuple[str, list[Span]]) -> None:
    text, given_spans = drawn
    (found,), _ = round_trip(Document(id="a", text=text, spans=tuple(given_spans)))
    assert found.text == text
    kept = [span for span in given_spans if text[span.start : span.end].strip(BREAKS)]
    assert [marked(span) for span in found.spans] == [trimmed(text, span) for span in kept]


_answers = st.one_of(st.sampled_from(["true", "2024-03-12", "a|b", " x ", "số 1"]), st.text())


@given(st.dictionaries(st.sampled_from(["Form", "sure"]), st.lists(_answers, max_size=3)))
def test_attributes_come_back_but_for_answers_with_breaks(drawn: dict[str, list[str]]) -> None:
    attributes = {name: tuple(answers) for name, answers in drawn.items()}
    span = Span(id="s", start=0, end=2, label="PER", attributes=attributes)
    (found,), losses = round_trip(Document(id="a", text="An", spans=(span,)))
    fit = {
        name: tuple(one for one in answers if one and not set(one) & set(BREAKS + "\t"))
        for name, answers in attributes.items()
    }
    assert found.spans[0].attributes == {name: kept for name, kept in fit.items() if kept}
    unfit = sum(len(attributes[name]) - len(fit[name]) for name in fit)
    assert losses["attributes"] == unfit + sum(not answers for answers in attributes.values())


def test_answers_about_a_text_metadata_and_annotators_are_counted() -> None:
    document = Document(
        id="a", text="An", choices={"topic": ("x",)}, annotator="p1", metadata={"title": "t"}
    )
    (found,), losses = round_trip(document)
    assert found == Document(id="a", text="An")
    assert losses == {"choices": 1, "metadata": 1, "annotators": 1}


def test_a_label_with_other_characters_is_changed_and_counted() -> None:
    span = Span(id="s", start=0, end=2, label="Người dùng")
    (found,), losses = round_trip(Document(id="a", text="An", spans=(span,)))
    assert found.spans[0].label == "Ng__i_d_ng"
    assert losses == {"labels with other characters": 1}


def test_ids_name_the_files_and_those_that_cannot_are_counted() -> None:
    ids = ["2024/báo.1", "b", "B", "", "../x", "b", *INVISIBLE, *LINE_ENDS, "x" * 300]
    found, losses = round_trip(*(Document(id=name, text=name) for name in ids))
    assert {one.text for one in found} == set(ids)
    assert len({one.id.casefold() for one in found}) == len(ids)
    assert {one.id for one in found if one.id == one.text} == {"2024/báo.1", "b"}
    assert losses == {"ids": len(ids) - 2}


def test_the_configuration_lists_labels_relations_and_values(tmp_path: Path) -> None:
    attributes = {"Form": ("long", "two words"), "Sure": ("true",)}
    one = Span(id="1", start=0, end=2, label="PER", attributes=attributes)
    related = (Relation(head="1", tail="1", label="is"),)
    document = Document(id="a", text="An", spans=(one,), relations=related)
    write_brat([document], tmp_path / "out", Counter(), labels=["LOC"])
    assert (tmp_path / "out" / "annotation.conf").read_text(encoding="utf-8") == (
        "[entities]\nLOC\nPER\n\n[relations]\n"
        "<OVERLAP>\tArg1:<ENTITY>, Arg2:<ENTITY>, <OVL-TYPE>:<ANY>\n"
        "is\tArg1:<ENTITY>, Arg2:<ENTITY>\n\n[events]\n\n[attributes]\n"
        "Form\tArg:<ENTITY>, Value:long\nSure\tArg:<ENTITY>\n"
    )
    assert (tmp_path / "out" / "a.ann").read_text(encoding="utf-8") == (
        "T1\tPER 0 2\tAn\nA1\tForm T1 long\nA2\tForm T1 two words\nA3\tSure T1\n"
        "R1\tis Arg1:T1 Arg2:T1\n"
    )


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    write_brat([Document(id="a", text="An")], target, Counter())
    before = sorted(target.iterdir())
    with pytest.raises(FormatError, match="is not empty"):
        write_brat([Document(id="b", text="Lê")], target, Counter())
    assert sorted(target.iterdir()) == before
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_in_between_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterable[Document]:
        yield Document(id="a", text="An")
        raise FormatError("the source ends")

    with pytest.raises(FormatError, match="the source ends"):
        write_brat(broken(), tmp_path / "out", Counter())
    assert list(tmp_path.iterdir()) == []
