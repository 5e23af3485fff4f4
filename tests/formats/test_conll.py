"""CoNLL-2003: tokens and tags go out and come back; what has no place is counted."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from annotate.errors import FormatError, TaggingError
from annotate.formats.conll import read_conll, write_conll
from annotate.formats.document import Document, Losses
from annotate.formats.tagged import scheme_of, stretches
from annotate.markup import Marked, read_inline
from annotate.spans import Relation, Span
from annotate.tokens import Tagging, Token, syllables, tag
from tests.factories import make_span
from tests.strategies import marked_texts


def write(path: Path, *documents: Document, tagging: Tagging | None = None) -> Losses:
    losses = Losses()
    write_conll(documents, path, losses, tagging=tagging)
    return losses


def read(path: Path) -> tuple[list[Document], Losses]:
    losses = Losses()
    return list(read_conll(path, losses)), losses


def read_text(folder: Path, text: str) -> tuple[list[Document], Losses]:
    path = folder / "news.conll"
    path.write_bytes(text.encode())
    return read(path)


def marked(document: Document) -> list[tuple[str, str]]:
    return [(span.label, document.text[span.start : span.end]) for span in document.spans]


def shown(marked: Marked, tagging: Tagging) -> list[tuple[str, str]]:
    """Return the labels and phrases that tags show, with the spacing that CoNLL keeps."""
    sentences, lost = tag(syllables(marked.text), marked.spans, tagging)
    gone = [loss.span.id for loss in lost if loss.reason != "cut token"]
    found = []
    for span in sorted(marked.spans, key=lambda span: span.start):
        tokens = [t for s in sentences for t in s.tokens if t.start < span.end > span.start < t.end]
        if span.id not in gone:
            found.append((span.label, " ".join(marked.text[t.start : t.end] for t in tokens)))
    return found


@given(marked_texts(), st.sampled_from([Tagging(), Tagging(scheme="BILOU", nesting="innermost")]))
def test_tokens_and_the_spans_that_tags_show_come_back(drawn: Marked, tagging: Tagging) -> None:
    sentences = syllables(drawn.text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.conll"
        write(path, Document(id="a 1", text=drawn.text, spans=drawn.spans), tagging=tagging)
        [back], losses = read(path)
    rows = [[drawn.text[t.start : t.end] for t in sentence] for sentence in sentences]
    assert back.text == "\n".join(map(" ".join, rows))
    assert marked(back) == shown(drawn, tagging)
    assert back.id == "a 1"
    assert not losses


@given(marked_texts())
def test_every_span_comes_back_or_is_counted(drawn: Marked) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.conll"
        losses = write(path, Document(id="a", text=drawn.text, spans=drawn.spans))
        [back], _ = read(path)
    # These are there, with another extent.
    changed = losses.pop("spans that cut a token", 0)
    changed += losses.pop("spans with white space at their ends", 0)
    missing = sum(number for what, number in losses.items() if "span" in what)
    assert len(back.spans) == len(drawn.spans) - missing
    assert changed <= len(back.spans)


def test_a_document_is_written_in_four_columns(tmp_path: Path) -> None:
    text, spans = _of("[Lê An](PER) ở [Huế](LOC).\nHết.")
    write(tmp_path / "a.conll", Document(id="a", text=text, spans=spans))
    assert (tmp_path / "a.conll").read_text(encoding="utf-8") == (
        "-DOCSTART- -X- (a) O\n\n"
        "Lê -X- _ B-PER\nAn -X- _ I-PER\nở -X- _ O\nHuế -X- _ B-LOC\n. -X- _ O\n\n"
        "Hết -X- _ O\n. -X- _ O\n\n"
    )


def test_bilou_is_written_and_read(tmp_path: Path) -> None:
    text, spans = _of("[Lê Thị An](PER) [Huế](LOC)")
    write(tmp_path / "a", Document(id="a", text=text, spans=spans), tagging=Tagging(scheme="BILOU"))
    lines = (tmp_path / "a").read_text(encoding="utf-8").splitlines()
    assert [line.split()[-1] for line in lines if line][1:] == ["B-PER", "I-PER", "L-PER", "U-LOC"]
    [back], losses = read(tmp_path / "a")
    assert back.text == text
    assert marked(back) == [("PER", "Lê Thị An"), ("LOC", "Huế")]
    assert not losses


def test_what_has_no_place_is_counted(tmp_path: Path) -> None:
    text = "Công an xã Tân  Lập."
    text += "\nHuế"
    # The text has two blanks after Tân, which ends at 14; the last cuts Huế.
    places = ((0, 14), (8, 14), (11, 18), (15, 19), (21, 23))
    attributes = {"form": ("a",), "sure": ("no",)}
    spans = tuple(make_span(*place) for place in places)
    spans = (replace(spans[0], attributes=attributes), *spans[1:])
    document = Document(
        id="a",
        text=text,
        spans=spans,
        relations=(Relation(head=spans[0].id, tail=spans[1].id, label="in"),),
        choices={"topic": ("a",)},
        annotator="An",
        metadata={"title": "T", "url": "U"},
    )
    assert write(tmp_path / "a", document) == {
        "nested spans": 1,
        "crossing spans": 1,
        "spans that cut a token": 1,
        "spans with white space at their ends": 1,
        "relations": 1,
        "attributes": 2,
        "choices": 1,
        "annotators": 1,
        "metadata": 2,
        "texts with other spacing": 1,
    }


def test_white_space_in_a_token_becomes_an_underscore(tmp_path: Path) -> None:
    losses = Losses()
    document = Document(id="a", text="Công an")
    write_conll([document], tmp_path / "a", losses, tokenizer=lambda _: [[Token(0, 7)]])
    assert "Công_an -X- _ O" in (tmp_path / "a").read_text(encoding="utf-8")
    assert losses == {"tokens with white space": 1}


def test_levels_are_refused_and_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(FormatError, match="one tag a token"):
        write(tmp_path / "a", Document(id="a", text="An"), tagging=Tagging(nesting="levels"))
    with pytest.raises(TaggingError):
        write(
            tmp_path / "a",
            Document(id="b", text="An"),
            Document(id="a", text="An", spans=(make_span(0, 1),)),
            tagging=Tagging(cut="error"),
        )
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be written"):
        write(tmp_path / "none" / "a.conll", Document(id="a", text="An"))


@pytest.mark.parametrize("gap", [" ", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_last_of_any_number_of_columns_is_the_tag(tmp_path: Path, gap: str, end: str) -> None:
    rows = ["An NNP B-NP B-PER", "sang VB O O", "", "Huế NNP B-NP B-LOC"]
    text = end.join(row.replace(" ", gap) for row in rows)
    [document], losses = read_text(tmp_path, text)
    assert document.id == "news-1"
    assert document.text == "An sang\nHuế"
    assert marked(document) == [("PER", "An"), ("LOC", "Huế")]
    assert losses == {"values in other columns": 6}


def test_documents_begin_at_docstart_or_at_an_id(tmp_path: Path) -> None:
    text = (
        "\ufeff-DOCSTART- -X- -X- O\n\nAn O\n\n-DOCSTART- (2 NEWS)\n\nBa O\n"
        "\n-DOCSTART- O\n\n-DOCSTART-\n# id = c d\nCa O\n\n# lang = vi\n# O\n"
    )
    documents, losses = read_text(tmp_path, text)
    assert [(d.id, d.text) for d in documents] == [
        ("news-1", "An"),
        ("2 NEWS", "Ba"),
        ("c d", "Ca\n#"),
    ]
    assert losses == {"documents without a token": 2, "comments": 1}


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "b.conll").write_text("Ba O\n")
    (tmp_path / "a.txt").write_text("An O\n")
    (tmp_path / "LICENSE").write_text("none")
    assert [document.id for document in read(tmp_path)[0]] == ["a-1", "b-1"]


@pytest.mark.parametrize(
    ("tags", "scheme", "spans", "broken"),
    [
        ("B-A I-A O B-A", "BIO", ["A 0 2", "A 3 4"], 0),
        ("I-A O B-B I-A", "BIO", ["A 0 1", "B 2 3", "A 3 4"], 2),
        ("I-A I-A B-A I-B", "IOB1", ["A 0 2", "A 2 3", "B 3 4"], 0),
        ("I-A I-B", "IOB1", ["A 0 1", "B 1 2"], 0),
        ("B-A L-A U-B O", "BILOU", ["A 0 2", "B 2 3"], 0),
        ("B-A E-A S-B O", "BILOU", ["A 0 2", "B 2 3"], 0),
        ("B-A I-A U-B L-B", "BILOU", ["A 0 2", "B 2 3", "B 3 4"], 2),
    ],
)
def test_schemes_are_told_by_their_tags(
    tmp_path: Path, tags: str, scheme: str, spans: Sequence[str], broken: int
) -> None:
    assert scheme_of([tags.split()]) == scheme
    assert [f"{s.label} {s.first} {s.last}" for s in stretches(tags.split())] == spans
    [document], losses = read_text(tmp_path, "\n".join(f"x {one}" for one in tags.split()))
    assert len(document.spans) == len(spans)
    assert losses["broken tag sequences"] == broken


def test_the_scheme_is_that_of_the_whole_file(tmp_path: Path) -> None:
    _, losses = read_text(tmp_path, "-DOCSTART-\n\nAn I-PER\n\n-DOCSTART-\n\nBa B-PER\n")
    assert losses == {"broken tag sequences": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("An O\nBa\n", "line 2: 'Ba' is not a token and a tag"),
        ("An O\n\tO\n", r"line 2: '\\tO' is not a token"),
        ("An PERSON\n", "line 1: the last column, 'PERSON', is no tag"),
        ("An B-\n", "'B-', is no tag"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_text(tmp_path, text)


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be read: No such file"):
        read(tmp_path / "none")
    with pytest.raises(FormatError, match="no file that ends in"):
        read(tmp_path)
    (tmp_path / "a.conll").write_bytes("An O\nHuế O\n".encode("cp1258", "replace") + b"\xff O\n")
    with pytest.raises(FormatError, match="is not UTF-8"):
        read(tmp_path / "a.conll")


def _of(markup: str) -> tuple[str, tuple[Span, ...]]:
    found = read_inline(markup)
    return found.text, found.spans
