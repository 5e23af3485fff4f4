"""Documents of other tools come into corpus and ledger: proved, once, and all of them or none."""

from __future__ import annotations

import json
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.corpus.corpus import Corpus
from annotate.errors import CorpusError, FormatError
from annotate.formats import Marked
from annotate.formats.document import Document, Unproved
from annotate.spans import Annotation, Relation, Span
from annotate.studio.export import Imported, import_documents
from annotate.studio.export.documents import Sourced
from annotate.studio.export.matching import Articles
from annotate.studio.export.newcomers import Newcomers
from annotate.studio.export.placing import Ground
from annotate.studio.export.raw import RawText
from annotate.studio.export.spacing import Respaced
from annotate.studio.ledger import EXPORT, Ledger, Place, open_ledger
from tests.corpus.making import make_corpus
from tests.dataset.building import contents
from tests.factories import make_choice, make_schema, make_span
from tests.strategies import canonical_texts
from tests.studio.test_export import made_raw, mark

SCHEMA = make_schema(choices=(make_choice("topic", "crime", "sport"),))
TEXT = "Ông 😀 Lê An là Trung tá. Ông Lê An đến."
RANK, PERSON = make_span(15, 23, "RANK", "r"), make_span(6, 11, "PERSON", "p")
HOLDS = Relation(head="p", tail="r", label="holds_rank")
HERE = Place(EXPORT, 0)


def document(*spans: Span, text: str = TEXT, **fields: Any) -> Document:
    return Document(**{"id": "mot", "text": text, "spans": spans, **fields})


DOCUMENT = document(PERSON, RANK, relations=(HOLDS,), choices={"topic": ("crime",)})


def bring(corpus: Corpus, ledger: Ledger, *documents: Document, **options: Any) -> Imported:
    known = [made.article for made in corpus] if corpus.store.exists() or corpus.files else []
    sourced = [Sourced(one, "a.jsonl") for one in documents]
    newcomers = Newcomers(corpus, Articles(known))
    return import_documents(ledger, sourced, SCHEMA, newcomers, **options)


def counted(ledger: Ledger) -> list[Annotation]:
    return list(ledger.annotations(HERE))


def phrases(annotation: Annotation, text: str) -> list[str]:
    return [text[span.start : span.end] for span in annotation.spans]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """A corpus in which nothing is yet."""
    return make_corpus(tmp_path / "corpus")


# What becomes of a text.


def test_a_text_becomes_an_article_and_its_marks_an_annotation(
    corpus: Corpus, ledger: Ledger
) -> None:
    known = {"title": "Tin", "language": "vi", "page": "3"}
    raw = "\ufeff" + unicodedata.normalize("NFD", TEXT).replace(". ", ".\r\n")
    at = {one.id: raw.index(unicodedata.normalize("NFD", TEXT[one.start : one.end]))
          for one in (PERSON, RANK)}  # fmt: skip
    spans = [
        make_span(at[one.id], at[one.id] + length, one.label, one.id)
        for one, length in ((PERSON, 6), (RANK, 9))
    ]
    found = bring(corpus, ledger, document(*spans, text=raw, metadata=known, relations=(HOLDS,)))
    article, changes = corpus.find("mot")
    assert article.text == TEXT.replace(". ", ".\n")
    assert (article.title, article.language, changes.line_ends) == ("Tin", "vi", 1)
    (annotation,) = counted(ledger)
    assert (annotation.article, annotation.sha256) == ("mot", article.sha256)
    assert phrases(annotation, article.text) == ["Lê An", "Trung tá"]
    assert annotation.relations == (HOLDS,)
    assert (found.articles, found.added, found.set_aside) == (1, 1, 0)
    assert found.losses == {"metadata": 1}
    assert ledger.places("local") == (HERE,)


def test_a_text_that_the_corpus_has_is_that_article(tmp_path: Path, ledger: Ledger) -> None:
    corpus = make_corpus(tmp_path, files={"bai.txt": TEXT + "\n"}, stored={"hai": "Khác."})
    found = bring(corpus, ledger, DOCUMENT, document(id="2", text="Khác. "))
    assert [one.article for one in counted(ledger)] == ["bai", "hai"]
    assert (found.articles, found.matched) == (0, 2)
    assert sorted(made.article.id for made in corpus) == ["bai", "hai"]


def test_a_text_rebuilt_from_tokens_is_the_article_with_other_white_space(
    tmp_path: Path, ledger: Ledger
) -> None:
    corpus = make_corpus(tmp_path, stored={"bai": TEXT})
    tokens = "Ông 😀 Lê An là Trung tá .\nÔng Lê An đến ."
    spans = (make_span(6, 11, "PERSON", "p"), make_span(15, 23, "RANK", "r"))
    bring(corpus, ledger, document(*spans, text=tokens))
    (annotation,) = counted(ledger)
    assert (annotation.article, phrases(annotation, TEXT)) == ("bai", ["Lê An", "Trung tá"])
    assert annotation.set_aside == ()


def test_of_two_articles_with_the_same_letters_the_id_decides(
    tmp_path: Path, ledger: Ledger
) -> None:
    corpus = make_corpus(tmp_path, stored={"a": "Lê  An", "b": "Lê\nAn"})
    bring(corpus, ledger, document(id="b", text="Lê An"), document(id="x", text="Lê An"))
    assert [one.article for one in counted(ledger)] == ["a", "b"]


def test_a_text_that_an_article_had_before_carries_its_marks_over(
    tmp_path: Path, ledger: Ledger
) -> None:
    mended = TEXT.replace("Ông Lê An đến", "Hôm nay ông Lê An đến")
    corpus = make_corpus(tmp_path, stored={"mot": mended})
    former = [Article(id="mot", text=TEXT)]
    spans = (PERSON, make_span(25, 34, "PERSON", "q"))
    found = bring(corpus, ledger, document(*spans), former=former)
    (annotation,) = counted(ledger)
    assert phrases(annotation, mended) == ["Lê An"]
    assert "is not surely anywhere in the article's text" in annotation.set_aside[0].reason
    assert (found.articles, found.set_aside) == (0, 1)
    ledger.record_tasks(Place("local", 1), [(1, Article(id="mot", text="Ông An về."))])
    bring(corpus, ledger, document(text="Ông An về."))
    assert {one.article for one in counted(ledger)} == {"mot"}


@pytest.mark.parametrize(
    ("given_id", "wanted"),
    [
        ("bai/mot", "bai-mot"),
        ("bai", "bai-" + Article(id="", text=TEXT).sha256[:8]),
        ("", Article(id="", text=TEXT).sha256[:16]),
        ("..", Article(id="", text=TEXT).sha256[:16]),
        ("x" * 300, Article(id="", text=TEXT).sha256[:16]),
    ],
)
def test_an_id_that_is_taken_or_none_is_changed_and_counted(
    tmp_path: Path, ledger: Ledger, given_id: str, wanted: str
) -> None:
    corpus = make_corpus(tmp_path, stored={"bai": "Một bài khác."})
    found = bring(corpus, ledger, document(PERSON, id=given_id))
    assert [one.article for one in counted(ledger)] == [wanted]
    assert found.renamed == bool(given_id)
    again = bring(corpus, ledger, document(PERSON, id=given_id))
    assert (again.added, again.articles) == (0, 0)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (" \n", "has no text"),
        ("\udcff", "holds a lone surrogate"),
        ("C«ng hßa x· héi chñ nghÜa ViÖt Nam. §éc lËp, tù do, h¹nh phóc cña nh©n d©n.", "legacy"),
    ],
)
def test_a_text_that_makes_no_article_is_listed_with_the_reason(
    corpus: Corpus, ledger: Ledger, text: str, reason: str
) -> None:
    found = bring(corpus, ledger, document(text=text), document(PERSON, id="hai"))
    ((task, listed),) = [(one.task, one.reason) for one in found.unmatched]
    assert (task, found.foreign) == ("mot", 1)
    assert reason in listed
    assert [one.article for one in counted(ledger)] == ["hai"]


# What becomes of marks.


def test_what_the_schema_lacks_is_set_aside_with_what_it_was(
    corpus: Corpus, ledger: Ledger
) -> None:
    odd = Span(id="o", start=0, end=3, label="ODD")
    told = Span(id="t", start=6, end=11, label="PERSON", attributes={"form": ("x",)})
    arrows = (HOLDS, Relation(head="p", tail="r", label="likes"), Relation(**_ends("o", "r")))
    choices = {"topic": ("weather",), "mood": ("good",)}
    bring(
        corpus, ledger, document(PERSON, RANK, odd, told, relations=arrows, choices=choices)
    )  # fmt: skip
    (annotation,) = counted(ledger)
    assert [span.id for span in annotation.spans] == ["p", "r", "t"]
    assert annotation.relations == (HOLDS,)
    assert annotation.choices == {}
    assert sorted(aside.reason for aside in annotation.set_aside) == [
        "one of the two spans of the relation is not there",
        "the schema has no choice form of x",
        "the schema has no choice mood of good",
        "the schema has no label ODD",
        "the schema has no relation type likes",
        "topic has no option weather",
    ]
    marks = [json.loads(bytes(aside.mark)) for aside in annotation.set_aside]
    assert {"ODD"} == {*marks[0]["value"].get("labels", ["ODD"])}


def _ends(head: str, tail: str) -> dict[str, str]:
    return {"head": head, "tail": tail, "label": "holds_rank"}


def test_what_its_file_does_not_prove_is_set_aside_with_the_reason_wherever_it_claims_to_be(
    corpus: Corpus, ledger: Ledger
) -> None:
    about: dict[str, Any] = {
        "id": "q",
        "label": "PERSON",
        "start": 6,
        "end": 11,
        "attributes": {"form": ("x",)},
    }
    told = Unproved(**about, reason="6:11 is no stretch of the text in graphemes")
    quoted = Unproved(**about | {"id": "s"}, reason="it is not 'Bà'", text="Bà")
    arrow = Relation(head="q", tail="r", label="holds_rank")
    given = document(RANK, relations=(arrow,), unproved=(told, quoted))
    found = bring(corpus, ledger, given)
    (annotation,) = counted(ledger)
    assert [span.id for span in annotation.spans] == ["r"]
    assert found.set_aside == len(annotation.set_aside) == 5
    reasons = [aside.reason for aside in annotation.set_aside]
    assert {told.reason, quoted.reason} < set(reasons)
    values = [json.loads(bytes(aside.mark))["value"] for aside in annotation.set_aside[:2]]
    # Without a text to prove them by, offsets would be taken for a place.
    assert values == [
        {"labels": ["PERSON"]},
        {"start": 6, "end": 11, "text": "Bà", "labels": ["PERSON"]},
    ]
    assert bring(corpus, ledger, given).added == 0


def test_offsets_of_documents_are_never_taken_for_utf16_units(
    corpus: Corpus, ledger: Ledger
) -> None:
    # In units, each of these would be the letter before.
    spans = [make_span(at, at + 1, "PERSON", f"s{at}") for at in (3, 4, 5)]
    found = bring(corpus, ledger, document(*spans, text="😀 aaaa"))
    (annotation,) = counted(ledger)
    assert [(span.start, span.end) for span in annotation.spans] == [(3, 4), (4, 5), (5, 6)]
    assert (found.repaired, found.set_aside) == (0, 0)


@given(made_raw())
def test_marks_on_a_raw_text_come_to_their_place_or_are_set_aside(
    drawn: tuple[Marked, str, list[int]],
) -> None:
    marked, raw, places = drawn
    text = RawText(raw)
    assume(text.text == marked.text)
    marks = [
        mark(places[one.start], places[one.end], None, id=one.id) for one in marked.spans
    ]  # fmt: skip
    placed = Ground(text, marked.text, sure=True).place(marks)
    told = {one["id"]: (one["value"]["start"], one["value"]["end"]) for one in placed.marks}
    for span in marked.spans:
        if span.id in told:
            assert told[span.id] == (span.start, span.end)
        else:
            assert text.find(places[span.start], places[span.end]) is None
    assert len(told) + len(placed.left) == len(marks)


@given(canonical_texts, st.data())
def test_a_span_of_a_text_with_other_white_space_has_the_same_letters(
    text: str, data: st.DataObject
) -> None:
    gaps = st.sampled_from(["", " ", "\n", "  "])
    other = "".join(char for piece in text.split() for char in (piece, data.draw(gaps)))
    start = data.draw(st.integers(0, len(other)))
    end = data.draw(st.integers(start, len(other)))
    found = Respaced(other, text).find(start, end)
    letters = "".join(other[start:end].split())
    assert bool(letters) == (found is not None)
    if found is not None:
        phrase = text[slice(*found)]
        assert phrase == phrase.strip()
        assert "".join(phrase.split()) == letters


def test_texts_that_differ_in_more_than_white_space_are_refused() -> None:
    with pytest.raises(ValueError, match="more than white space"):
        Respaced("Lê An", "Le An")


# Whose they are, and what comes again.


def test_the_work_of_two_people_on_one_text_stays_two_annotations(
    corpus: Corpus, ledger: Ledger
) -> None:
    mine, theirs = document(PERSON, annotator="mai"), document(RANK, annotator="tu")
    found = bring(corpus, ledger, mine, theirs, DOCUMENT, annotator="an@example.org")
    people = {one.annotator: [span.id for span in one.spans] for one in counted(ledger)}
    assert people == {"mai": ["p"], "tu": ["r"], "an@example.org": ["p", "r"]}
    assert (found.articles, found.submitted) == (1, 3)


def test_a_text_that_one_file_has_twice_keeps_both_annotations(
    corpus: Corpus, ledger: Ledger
) -> None:
    twice = [document(PERSON, id="1"), document(RANK, id="2"), document(id="2")]
    assert bring(corpus, ledger, *twice).added == 3
    assert bring(corpus, ledger, *twice).added == 0
    assert [one.annotator for one in counted(ledger)] == ["somebody of a.jsonl"] * 3


def test_a_document_that_comes_twice_at_once_is_one_annotation(
    corpus: Corpus, ledger: Ledger
) -> None:
    changed = document(PERSON)
    found = bring(corpus, ledger, DOCUMENT, DOCUMENT, changed, DOCUMENT, changed)
    assert (found.read, found.submitted, found.added, found.articles) == (5, 2, 2, 1)
    assert sorted(len(one.spans) for one in counted(ledger)) == [1, 2]


def test_the_same_again_does_nothing_and_a_later_version_brings_what_changed(
    corpus: Corpus, ledger: Ledger
) -> None:
    bring(corpus, ledger, DOCUMENT, document(id="hai", text="Khác."))
    before = contents(corpus.store.path.parent)
    rows = ledger.rows()
    again = bring(corpus, ledger, DOCUMENT, document(id="hai", text="Khác."))
    assert (again.added, again.articles, ledger.rows()) == (0, 0, rows)
    assert contents(corpus.store.path.parent) == before
    later = bring(corpus, ledger, document(PERSON), document(id="hai", text="Khác."))
    assert (later.added, ledger.rows()) == (1, rows + 1)
    assert {one.article: len(one.spans) for one in counted(ledger)} == {"mot": 1, "hai": 0}


def test_texts_without_a_mark_are_counted_and_can_be_left_to_people(
    corpus: Corpus, ledger: Ledger
) -> None:
    bare = document(id="hai", text="Khác.")
    found = bring(corpus, ledger, DOCUMENT, bare, skip_unmarked=True)
    assert (found.articles, found.unmarked, found.added) == (2, 1, 1)
    assert [one.article for one in counted(ledger)] == ["mot"]
    assert bring(corpus, ledger, bare).added == 1


def test_articles_that_somebody_annotated_are_told_when_they_get_a_further_annotation(
    corpus: Corpus, ledger: Ledger
) -> None:
    other = document(id="hai", text="Khác.")
    first = bring(corpus, ledger, document(PERSON, annotator="mai"), other, annotator="an")
    assert (first.annotated, first.annotators) == ([], [])
    mine = (document(RANK, annotator="tu"), document(id="ba", text="Nữa."))
    for dry_run in (True, False):
        found = bring(corpus, ledger, *mine, dry_run=dry_run)
        assert (found.annotated, found.annotators) == (["mot"], ["mai"])
    again = bring(corpus, ledger, *mine)
    assert (again.annotated, again.copies) == ([], 0)
    assert (first + found + found).annotated == ["mot"]


@pytest.mark.parametrize(
    ("copy", "is_one"),
    [
        (document(PERSON), True),
        (document(PERSON, RANK, relations=(HOLDS,)), True),
        (document(text=TEXT.replace(". ", " .\n")), False),
        (document(make_span(0, 3, "PERSON", "p")), False),
        (document(PERSON, choices={"topic": ("sport",)}), False),
        (document(RANK, PERSON, relations=(Relation(**_ends("r", "p")),)), False),
        (document(PERSON, make_span(15, 23, "ODD", "o")), False),
        (document(id="hai", text="Khác."), True),
    ],
)
def test_an_annotation_that_says_nothing_new_is_told_and_can_be_left_out(
    corpus: Corpus, ledger: Ledger, copy: Document, *, is_one: bool
) -> None:
    bring(corpus, ledger, DOCUMENT, document(id="hai", text="Khác."), annotator="mai")
    dry = bring(corpus, ledger, copy, dry_run=True)
    assert (dry.copies, dry.added) == (is_one, 1)
    skipping = bring(corpus, ledger, copy, skip_known=True)
    assert (skipping.copies, skipping.added) == (is_one, not is_one)
    assert len(skipping.annotated) == (not is_one)
    assert len(counted(ledger)) == 2 + (not is_one)


# All of it or nothing.


def test_other_commands_write_to_the_ledger_while_articles_are_read_and_compared(
    corpus: Corpus, tmp_path: Path
) -> None:
    doing: list[str] = []

    @contextmanager
    def writing(what: str, _: int | None) -> Iterator[Callable[[int], None]]:
        doing.append(what)
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite3", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
        yield lambda _: None

    with open_ledger(tmp_path / "ledger.sqlite3") as ledger:
        bring(corpus, ledger, DOCUMENT, progress=writing)
        assert len(counted(ledger)) == 1
    # The reading of documents, and what the corpus does with new articles.
    assert len(doing) > 1


def test_a_dry_run_tells_what_would_happen_and_changes_nothing(
    corpus: Corpus, ledger: Ledger
) -> None:
    documents = (DOCUMENT, document(id="hai", text="Khác."), document(text=" "))
    dry = bring(corpus, ledger, *documents, dry_run=True)
    assert (ledger.rows(), ledger.places("local"), corpus.store.exists()) == (0, (), False)
    assert bring(corpus, ledger, *documents) == dry
    again = bring(corpus, ledger, *documents, dry_run=True)
    assert (again.added, again.articles) == (0, 0)


def test_a_file_that_breaks_off_leaves_corpus_and_ledger_as_they_were(
    corpus: Corpus, ledger: Ledger
) -> None:
    def broken() -> Iterator[Sourced]:
        yield Sourced(DOCUMENT, "a")
        raise FormatError("the file ends")

    newcomers = Newcomers(corpus, Articles(()))
    with pytest.raises(FormatError, match="the file ends"):
        import_documents(ledger, broken(), SCHEMA, newcomers)
    assert (ledger.rows(), corpus.store.exists()) == (0, False)


def test_a_corpus_that_cannot_be_written_leaves_the_ledger_as_it_was(
    corpus: Corpus, ledger: Ledger
) -> None:
    # A file where the corpus makes a folder to work in.
    in_the_way = corpus.store.path.with_name(f".{corpus.store.path.name}.adding")
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.touch()
    with pytest.raises(CorpusError, match="cannot be written"):
        bring(corpus, ledger, DOCUMENT)
    assert (ledger.rows(), corpus.store.exists()) == (0, False)
    in_the_way.unlink()
    assert bring(corpus, ledger, DOCUMENT).added == 1


@pytest.mark.parametrize("stored", [{}, {"hai": "Khác."}])
def test_a_ledger_that_cannot_be_written_leaves_the_corpus_as_it_was(
    tmp_path: Path, ledger: Ledger, stored: dict[str, str]
) -> None:
    corpus = make_corpus(tmp_path / "corpus", stored=stored or None)
    before = contents(tmp_path / "corpus")
    # The last thing that is written, after the corpus has its articles.
    ledger.query(
        "CREATE TRIGGER full BEFORE INSERT ON tasks BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(Exception, match="disk full"):
        bring(corpus, ledger, DOCUMENT)
    after = {name: data for name, data in contents(tmp_path / "corpus").items()
             if "clusters" not in name}  # fmt: skip
    assert after == before
    assert ledger.places("local") == ()
    ledger.query("DROP TRIGGER full")
    assert bring(corpus, ledger, DOCUMENT).articles == 1
    assert ledger.places("local") == (HERE,)


@pytest.mark.parametrize("form", ["file", "folder"])
@pytest.mark.parametrize("step", ["Path.rename", "Path.replace", "Path.unlink", "rmtree"])
def test_a_corpus_outlives_an_end_while_it_is_put_back(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, form: str, step: str
) -> None:
    corpus = make_corpus(tmp_path / "corpus", stored={"bai": "Một bài khác."})
    if form == "folder":
        shard = corpus.store.path.rename(tmp_path / "shard")
        corpus.store.path.mkdir()
        shard.rename(corpus.store.path / "00000.parquet")
    newcomers = Newcomers(corpus, Articles(()))

    class Ended(BaseException):
        pass

    def end(*_: object, **__: object) -> None:
        raise Ended

    def fail() -> None:
        with newcomers.kept():
            newcomers.adopt("hai", "Khác.", {})
            newcomers.add()
            monkeypatch.setattr(f"{'pathlib' if 'Path' in step else 'shutil'}.{step}", end)
            raise ValueError

    with pytest.raises((Ended, ValueError)):
        fail()
    monkeypatch.undo()
    # Without the store, what is known is nothing.
    there = corpus.store.path.exists()
    if not there:
        with pytest.raises(CorpusError, match="was missing, and is back as it was"):
            bring(corpus, ledger, DOCUMENT)
        assert (ledger.rows(), [made.article.id for made in corpus]) == (0, ["bai"])
    assert bring(corpus, ledger, DOCUMENT).added == 1
    assert {"bai", "mot"} <= {made.article.id for made in corpus}
    assert not [path for path in corpus.store.path.parent.iterdir() if path.suffix == ".failed"]


def test_what_takes_the_place_of_a_folder_is_put_back_whole(tmp_path: Path, ledger: Ledger) -> None:
    corpus = make_corpus(tmp_path / "corpus", stored={"bai": "Một bài khác."})
    shard = corpus.store.path.rename(tmp_path / "shard")
    corpus.store.path.mkdir()
    shard.rename(corpus.store.path / "00000.parquet")
    before = contents(corpus.store.path)
    ledger.query(
        "CREATE TRIGGER full BEFORE INSERT ON tasks BEGIN SELECT RAISE(ABORT, 'disk full'); END"
    )
    with pytest.raises(Exception, match="disk full"):
        bring(corpus, ledger, DOCUMENT)
    assert contents(corpus.store.path) == before
