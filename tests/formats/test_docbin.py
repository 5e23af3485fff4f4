"""spaCy's DocBin: every text and every span comes back, and spaCy can train on it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import spacy
from hypothesis import given, settings
from msgspec.structs import replace
from spacy.tokens import Doc, DocBin
from spacy.tokens import Span as DocSpan
from spacy.training import Example
from thinc.api import fix_random_seed

from annotate.errors import FormatError
from annotate.formats import Marked
from annotate.formats.docbin import read_docbin, write_docbin
from annotate.formats.document import Document, Losses
from annotate.spans import Relation, Span, overlap
from tests.strategies import marked_texts

TEXT = "Đại tá  Lê An 👮🏽, ở\nxã Tân Lập."
RANK = Span(id="r", start=0, end=6, label="RANK")
PERSON = Span(id="p", start=8, end=13, label="PERSON", attributes={"sex": ("nam", "?")})
WHOLE = Span(id="w", start=0, end=13, label="TITLED")
FULL = Document(
    id="bai-1",
    text=TEXT,
    spans=(RANK, PERSON, WHOLE),
    relations=(Relation(head="p", tail="r", label="holds_rank"),),
    choices={"topic": ("police", "village")},
    metadata={"title": "Một bài", "url": "https://example.org/1"},
)


def stored(path: Path) -> list[Doc]:
    """Return what spaCy itself reads from the file."""
    return list(DocBin().from_disk(path).get_docs(spacy.blank("xx").vocab))


def read(path: Path) -> tuple[list[Document], Losses]:
    losses: Losses = Counter()
    return list(read_docbin(path, losses)), losses


def save(path: Path, *docs: Doc, user_data: bool = True) -> Path:
    DocBin(store_user_data=user_data, docs=docs).to_disk(path)
    return path


def make_doc(*words: str) -> Doc:
    return Doc(spacy.blank("xx").vocab, words=list(words), spaces=[True] * len(words))


def test_a_document_comes_back_whole(tmp_path: Path) -> None:
    losses: Losses = Counter()
    write_docbin([FULL], tmp_path / "a.spacy", losses)
    assert read(tmp_path / "a.spacy") == ([FULL], Counter())
    assert losses == {}
    assert [found.name for found in tmp_path.iterdir()] == ["a.spacy"]


def test_who_annotated_is_not_written(tmp_path: Path) -> None:
    losses: Losses = Counter()
    write_docbin([replace(FULL, annotator="mai@example.org")], tmp_path / "a.spacy", losses)
    assert read(tmp_path / "a.spacy")[0] == [FULL]
    (doc,) = stored(tmp_path / "a.spacy")
    assert "mai@" not in str(doc.user_data)
    assert losses == {"annotators": 1}


@settings(max_examples=60)
@given(marked_texts())
def test_any_text_with_any_spans_comes_back(marked: Marked) -> None:
    document = Document(id="a", text=marked.text, spans=marked.spans, relations=marked.relations)
    with TemporaryDirectory() as folder:
        path = Path(folder, "a.spacy")
        write_docbin([document, document], path, Counter())
        (doc, _) = stored(path)
        assert doc.text == marked.text
        shown = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
        found, losses = read(path)
    by_id = sorted(found[0].spans, key=lambda span: span.id)
    assert by_id == sorted(marked.spans, key=lambda span: span.id)
    assert Counter(found[0].relations) == Counter(marked.relations)
    assert found[0] == found[1]
    assert not losses
    # Every span without white space at its ends is an entity or overlaps one.
    for span in marked.spans:
        phrase = marked.text[span.start : span.end]
        if phrase == phrase.strip():
            extents = [Span(id="", start=start, end=end, label="") for start, end, _ in shown]
            assert any(overlap(span, other) for other in extents)


def test_ner_gets_the_outermost_spans_and_spancat_all(tmp_path: Path) -> None:
    write_docbin([FULL], tmp_path / "a.spacy", Counter())
    (doc,) = stored(tmp_path / "a.spacy")
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Đại tá  Lê An", "TITLED")]
    marked = [(span.text, span.label_) for span in doc.spans["sc"]]
    assert marked == [("Đại tá", "RANK"), ("Lê An", "PERSON"), ("Đại tá  Lê An", "TITLED")]


def test_white_space_has_tokens_only_where_a_blank_is_not_enough(tmp_path: Path) -> None:
    write_docbin([FULL], tmp_path / "a.spacy", Counter())
    (doc,) = stored(tmp_path / "a.spacy")
    words = ["Đại", "tá", " ", "Lê", "An", "👮🏽", ",", "ở", "\n", "xã", "Tân", "Lập", "."]
    assert [token.text for token in doc] == words
    assert [sentence.start for sentence in doc.sents] == [0, 9]


def test_a_token_is_cut_where_a_span_cuts_it(tmp_path: Path) -> None:
    span = Span(id="s", start=3, end=7, label="A")
    write_docbin([Document(id="a", text="An: glued on", spans=(span,))], tmp_path / "a", Counter())
    (doc,) = stored(tmp_path / "a")
    assert [token.text for token in doc] == ["An", ":", " ", "glu", "ed", "on"]
    assert read(tmp_path / "a")[0][0].spans == (span,)


def test_an_entity_recogniser_learns_from_the_file(tmp_path: Path) -> None:
    spaced = Span(id="x", start=6, end=8, label="SPACE")
    document = Document(id="a", text=TEXT, spans=(RANK, PERSON, spaced))
    write_docbin([document], tmp_path / "a.spacy", Counter())
    fix_random_seed(0)
    nlp = spacy.blank("xx")
    nlp.add_pipe("ner")
    nlp.add_pipe("spancat")
    examples = [Example(nlp.make_doc(doc.text), doc) for doc in stored(tmp_path / "a.spacy")]
    nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples)
    assert [(ent.text, ent.label_) for ent in nlp(TEXT).ents] == [
        ("Đại tá", "RANK"),
        ("Lê An", "PERSON"),
    ]


def test_spans_of_entities_and_of_groups_are_read_once(tmp_path: Path) -> None:
    doc = make_doc("Lê", "An", "ở", "Tân", "Lập")
    person, place = DocSpan(doc, 0, 2, "PERSON"), DocSpan(doc, 3, 5, "PLACE")
    doc.ents = [person, place]
    doc.spans["sc"] = [person, DocSpan(doc, 0, 1, "FAMILY")]
    doc.spans["gold"] = [person, DocSpan(doc, 0, 1, "FAMILY", span_id="f")]
    (document,), losses = read(save(tmp_path / "a.spacy", doc))
    found = [(span.start, span.end, span.label, span.id) for span in document.spans]
    assert sorted(found) == [
        (0, 2, "FAMILY", "2"),
        (0, 2, "FAMILY", "f"),
        (0, 5, "PERSON", "1"),
        (8, 15, "PLACE", "3"),
    ]
    assert (document.id, document.annotator, losses) == ("", "", Counter())


def test_what_other_programs_wrote_is_counted(tmp_path: Path) -> None:
    doc = Doc(
        spacy.blank("xx").vocab, words=["An", "ngủ"], tags=["N", "V"], heads=[1, 1], deps=["s", "r"]
    )
    doc.cats = {"NEWS": 1.0, "SPORT": 0.0}
    doc.user_data["source"] = "somewhere"
    doc.ents = [DocSpan(doc, 0, 1, "PERSON", kb_id="Q1")]
    (document,), losses = read(save(tmp_path / "a.spacy", doc))
    assert document.text == "An ngủ "
    assert losses == {
        "choices": 2,
        "user data": 1,
        "ids of knowledge bases": 1,
        "documents with tags, lemmas or parses": 1,
        "documents without known spacing": 1,
    }


def test_a_relation_whose_span_somebody_took_out_is_counted(tmp_path: Path) -> None:
    write_docbin([FULL], tmp_path / "a.spacy", Counter())
    (doc,) = stored(tmp_path / "a.spacy")
    doc.spans["sc"] = [span for span in doc.spans["sc"] if span.id_ != "r"]
    (document,), losses = read(save(tmp_path / "b.spacy", doc))
    assert [span.id for span in document.spans] == ["p", "w"]
    assert document.relations == ()
    assert losses == {"relations": 1}


def test_texts_without_tokens_and_files_without_texts_are_files_too(tmp_path: Path) -> None:
    write_docbin([], tmp_path / "none.spacy", Counter())
    assert read(tmp_path / "none.spacy") == ([], Counter())
    given_ = [Document(id="a", text=""), Document(id="b", text="  \n "), Document(id="c", text="x")]
    write_docbin(given_, tmp_path / "few.spacy", Counter())
    assert read(tmp_path / "few.spacy") == (given_, Counter())
    write_docbin(given_[:1], tmp_path / "one.spacy", Counter())
    assert read(tmp_path / "one.spacy") == (given_[:1], Counter())


@pytest.mark.parametrize("language", ["vi", "en", "xx"])
def test_a_language_needs_no_tokeniser_of_its_own(tmp_path: Path, language: str) -> None:
    write_docbin([FULL], tmp_path / "a.spacy", Counter(), language=language)
    assert read(tmp_path / "a.spacy")[0] == [FULL]


def test_an_unknown_language_and_a_missing_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="spaCy knows no language 'zz'"):
        write_docbin([FULL], tmp_path / "a.spacy", Counter(), language="zz")
    with pytest.raises(FormatError, match="cannot be written: No such file"):
        write_docbin([FULL], tmp_path / "no" / "a.spacy", Counter())
    assert list(tmp_path.iterdir()) == []


def test_the_former_file_stays_when_a_document_fails(tmp_path: Path) -> None:
    (tmp_path / "a.spacy").write_bytes(b"before")
    outside = Document(id="a", text="An", spans=(Span(id="s", start=0, end=9, label="A"),))
    with pytest.raises(FormatError, match=r"a: the span 0:9 is no stretch of the text"):
        write_docbin([FULL, outside], tmp_path / "a.spacy", Counter())
    assert [found.name for found in tmp_path.iterdir()] == ["a.spacy"]
    assert (tmp_path / "a.spacy").read_bytes() == b"before"


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.spacy"
    write_docbin([FULL], path, Counter())
    whole = path.read_bytes()
    for damaged in (b"", b"no spaCy", whole[: len(whole) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(FormatError, match=r"a\.spacy: not what spaCy 3 writes"):
            read(path)
    with pytest.raises(FormatError, match="cannot be read: No such file"):
        read(tmp_path / "b.spacy")


def test_a_document_with_wrong_notes_is_told_by_its_number(tmp_path: Path) -> None:
    fine, wrong = make_doc("An"), make_doc("An")
    wrong.user_data["annotate"] = {"relations": "none"}
    path = save(tmp_path / "a.spacy", fine, wrong)
    with pytest.raises(FormatError, match=r"a\.spacy, document 2: not what"):
        read(path)
