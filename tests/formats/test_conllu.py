"""CoNLL-U: the exact text and its flat spans come back; what other tools write is read."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import FormatError
from annotate.formats.conllu import read_conllu, write_conllu
from annotate.formats.document import Document, Losses
from annotate.markup import Marked, read_inline
from annotate.tokens import Tagging, Token, syllables, tag
from tests.strategies import canonical_texts, marked_texts

TAGGINGS = st.sampled_from(
    [Tagging(), Tagging(scheme="BILOU", cut="drop"), Tagging(nesting="innermost", cut="contract")]
)


def read(path: Path) -> tuple[list[Document], Losses]:
    losses = Losses()
    return list(read_conllu(path, losses)), losses


def read_text(folder: Path, *lines: str) -> tuple[list[Document], Losses]:
    """Read a file whose lines have blanks for tabs."""
    path = folder / "news.conllu"
    shown = (line if line.startswith("#") else line.replace(" ", "\t") for line in lines)
    path.write_text("\n".join(shown) + "\n", encoding="utf-8")
    return read(path)


def word(number: str, form: str, misc: str = "_") -> str:
    return f"{number} {form} _ _ _ _ _ _ _ {misc}"


def marked(document: Document) -> list[tuple[str, str]]:
    return [(span.label, document.text[span.start : span.end]) for span in document.spans]


@given(st.lists(marked_texts(), min_size=1, max_size=3), TAGGINGS)
def test_texts_and_aligned_spans_come_back_exactly(drawn: list[Marked], tagging: Tagging) -> None:
    documents, expected = [], []
    for number, one in enumerate(drawn):
        sentences, lost = tag(syllables(one.text), one.spans, tagging)
        starts = {token.start for s in sentences for token in s.tokens}
        ends = {token.end for s in sentences for token in s.tokens}
        gone = {loss.span.id for loss in lost}
        kept = [s for s in one.spans if s.id not in gone and s.start in starts and s.end in ends]
        documents.append(Document(id=f"a {number}", text=one.text, spans=tuple(kept)))
        expected.append(sorted((s.start, s.end, s.label) for s in kept))
    losses, counted = Losses(), Losses()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.conllu"
        write_conllu(documents, path, losses, tagging=tagging)
        back = list(read_conllu(path, counted))
    assert [(d.id, d.text) for d in back] == [(d.id, d.text) for d in documents]
    assert [[(s.start, s.end, s.label) for s in d.spans] for d in back] == expected
    assert not losses
    assert not counted


@given(st.lists(canonical_texts, min_size=1, max_size=3), st.sampled_from(["", " ", "\n", "\t|\\"]))
def test_spaces_at_the_ends_and_in_tokens_come_back(texts: list[str], end: str) -> None:
    documents = [Document(id=f"{n}", text=end + t + end) for n, t in enumerate(texts)]

    def tokenizer(text: str) -> list[list[Token]]:
        # One token, from the first character that is not white to the last.
        stripped = text.strip()
        start = text.index(stripped)
        return [[Token(start, start + len(stripped))]]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.conllu"
        write_conllu(documents, path, Losses(), tokenizer=tokenizer)
        assert all(line.count("\t") in {0, 9} for line in path.read_text().split("\n"))
        assert [document.text for document in read(path)[0]] == [d.text for d in documents]


def test_a_document_is_written_in_ten_columns(tmp_path: Path) -> None:
    found = read_inline("[Lê An](PER) ở  Huế.\n\n[Hết](X)")
    document = Document(id="a b", text=found.text, spans=found.spans)
    write_conllu([document], tmp_path / "a.conllu", Losses())
    assert (tmp_path / "a.conllu").read_text(encoding="utf-8").split("\n") == [
        "# newdoc id = a b",
        "# sent_id = a_b-1",
        "# text = Lê An ở Huế.",
        "1\tLê\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER",
        "2\tAn\t_\t_\t_\t_\t_\t_\t_\tNER=I-PER",
        "3\tở\t_\t_\t_\t_\t_\t_\t_\tSpacesAfter=\\s\\s|NER=O",
        "4\tHuế\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No|NER=O",
        "5\t.\t_\t_\t_\t_\t_\t_\t_\tSpacesAfter=\\n\\n|NER=O",
        "",
        "# sent_id = a_b-2",
        "# text = Hết",
        "1\tHết\t_\t_\t_\t_\t_\t_\t_\tNER=B-X",
        "",
        "",
    ]


def test_a_treebank_is_read_with_blanks_where_it_says_nothing(tmp_path: Path) -> None:
    [document], losses = read_text(
        tmp_path,
        "# sent_id = 1",
        "# text = An sang Huế.",
        "1 An An PROPN Np Number=Sing 2 nsubj _ NER=B-per|Gloss=An",
        "2 sang _ _ _ _ 0 root _ NER=O",
        word("3", "Huế", "NER=B-loc|SpaceAfter=No"),
        word("4", ".", "NER=O"),
        "",
        "# text_en = He stays.",
        "# text = Ở lại!",
        word("1", "Ở"),
        word("2", "lại"),
        "",
        "# newpar id = 2",
        word("1", "Hết", "SpaceAfter=No"),
    )
    assert document.id == "news-1"
    assert document.text == "An sang Huế. Ở lại\nHết"
    assert marked(document) == [("per", "An"), ("loc", "Huế")]
    assert losses == {
        "values in other columns": 8,
        "other attributes of tokens": 1,
        "comments": 1,
        "sentences unlike their text comment": 1,
    }


def test_tags_as_stanza_writes_them_are_read(tmp_path: Path) -> None:
    [document], losses = read_text(
        tmp_path,
        word("1", "Lê", "start_char=0|end_char=2|ner=B-PERSON"),
        word("2", "An", "start_char=3|end_char=5|ner=E-PERSON"),
        word("3", "Ba", "start_char=6|end_char=8|ner=S-PERSON"),
    )
    assert marked(document) == [("PERSON", "Lê An"), ("PERSON", "Ba")]
    assert losses == {"other attributes of tokens": 6}


def test_words_of_one_token_have_its_place(tmp_path: Path) -> None:
    [document], losses = read_text(
        tmp_path,
        word("1", "An"),
        word("2-3", "del", "SpaceAfter=No"),
        word("2", "de", "NER=O"),
        word("3", "el", "NER=B-LOC"),
        word("3.1", "nada"),
        word("4", "Mar", "NER=I-LOC"),
        word("5-6", "al", "NER=B-X"),
        word("5", "a"),
        word("6", "el"),
        word("7", "fin"),
    )
    assert document.text == "An delMar al fin"
    assert marked(document) == [("LOC", "delMar"), ("X", "al")]
    assert losses == {"spans that cut a token": 1, "empty nodes": 1}


def test_broken_sequences_and_documents_without_tokens_are_counted(tmp_path: Path) -> None:
    documents, losses = read_text(
        tmp_path,
        "# newdoc",
        "# newdoc id = b",
        word("1", "An", "NER=I-PER"),
        word("2", "Ba", "NER=B-LOC"),
    )
    assert [(document.id, marked(document)) for document in documents] == [
        ("b", [("PER", "An"), ("LOC", "Ba")])
    ]
    assert losses == {"broken tag sequences": 1, "documents without a token": 1}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 An _ _", "line 1: 4 columns with '1' as the first are no token"),
        (word("x", "An"), "line 1: 10 columns with 'x' as the first"),
        (word("1", "An", "NER=PERSON"), "line 1: NER=PERSON is no tag"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        read_text(tmp_path, line)
