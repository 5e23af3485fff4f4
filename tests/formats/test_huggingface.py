"""Hugging Face datasets are read from disk as documents."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, List, Value
from hypothesis import given

from annotate.errors import FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.huggingface import read_huggingface
from annotate.markup import Marked
from annotate.tokens import Tagging, syllables, tag
from tests.strategies import marked_texts

NAMES = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
FEATURES = Features(
    {
        "id": Value("string"),
        "tokens": List(Value("string")),
        "ner_tags": List(ClassLabel(names=NAMES)),
    }
)
ROWS: list[dict[str, Any]] = [
    {"id": "a", "tokens": ["Lê", "An"], "ner_tags": ["B-PER", "I-PER"]},
    {"id": "a", "tokens": ["Ở", "Huế"], "ner_tags": ["O", "B-LOC"]},
    {"id": "b", "tokens": ["Ba"], "ner_tags": ["O"]},
]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    datasets.disable_progress_bars()
    yield
    datasets.enable_progress_bars()


def numbered() -> Dataset:
    columns = {name: [row[name] for row in ROWS] for name in FEATURES}
    return Dataset.from_dict(columns, features=FEATURES)


def read(path: Path) -> tuple[list[Document], Losses]:
    losses = Losses()
    return list(read_huggingface(path, losses)), losses


def read_rows(folder: Path, *rows: dict[str, Any]) -> tuple[list[Document], Losses]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return read(path)


def marked(document: Document) -> list[tuple[str, str]]:
    return [(span.label, document.text[span.start : span.end]) for span in document.spans]


def outline(documents: list[Document]) -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [(document.id, document.text, marked(document)) for document in documents]


# What the rows above say.
OUTLINE = [("a", "Lê An\nỞ Huế", [("PER", "Lê An"), ("LOC", "Huế")]), ("b", "Ba", [])]


def test_a_saved_dataset_is_read(tmp_path: Path) -> None:
    numbered().save_to_disk(str(tmp_path / "saved"))
    documents, losses = read(tmp_path / "saved")
    assert outline(documents) == OUTLINE
    assert [span.id for span in documents[0].spans] == ["s1", "s2"]
    assert losses == {}


def test_ids_that_come_again_have_their_split(tmp_path: Path) -> None:
    saved = DatasetDict({"train": numbered(), "test": numbered()})
    saved.save_to_disk(str(tmp_path / "saved"))
    documents, _ = read(tmp_path / "saved")
    (one, two) = OUTLINE
    assert outline(documents) == [one, two, ("test-a", *one[1:]), ("test-b", *two[1:])]


def test_parquet_keeps_the_names_of_tags(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    numbered().select([0]).to_parquet(tmp_path / "data" / "train-00000-of-00002.parquet")
    numbered().select([1, 2]).to_parquet(tmp_path / "data" / "train-00001-of-00002.parquet")
    (tmp_path / "dataset_info.json").write_text("{}")
    assert outline(read(tmp_path)[0]) == OUTLINE
    assert outline(read(tmp_path / "data")[0]) == OUTLINE


def test_json_with_strings_as_tags_is_read(tmp_path: Path) -> None:
    assert outline(read_rows(tmp_path, *ROWS)[0]) == OUTLINE
    (tmp_path / "list.json").write_text(json.dumps(ROWS), encoding="utf-8")
    assert outline(read(tmp_path / "list.json")[0]) == OUTLINE


def test_rows_without_an_id_are_documents(tmp_path: Path) -> None:
    rows = [{"tokens": row["tokens"], "tags": row["ner_tags"]} for row in ROWS]
    documents, _ = read_rows(tmp_path, *rows, {"tokens": [], "tags": []})
    assert [document.id for document in documents] == ["rows-1", "rows-2", "rows-3"]


def test_metadata_come_along_and_other_columns_are_counted(tmp_path: Path) -> None:
    more = {"title": "T", "pos_tags": ["N", "V"], "note": ""}
    documents, losses = read_rows(tmp_path, {**ROWS[0], **more}, {**ROWS[2], "id": 7, "title": ""})
    assert [(d.id, d.metadata) for d in documents] == [("a", {"title": "T"}), ("7", {})]
    assert losses == {"values in other columns": 1}


def test_broken_sequences_are_counted(tmp_path: Path) -> None:
    row = {"tokens": ["An", "Ba"], "ner_tags": ["I-PER", "B-LOC"]}
    [document], losses = read_rows(tmp_path, row)
    assert marked(document) == [("PER", "An"), ("LOC", "Ba")]
    assert losses == {"broken tag sequences": 1}


@given(marked_texts())
def test_offsets_and_spans_on_levels_stay(drawn: Marked) -> None:
    sentences, lost = tag(syllables(drawn.text), drawn.spans, Tagging(nesting="levels", levels=2))
    gone = {loss.span.id for loss in lost if loss.reason != "cut token"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tokens" / "train.jsonl"
        path.parent.mkdir()
        with path.open("w", encoding="utf-8") as file:
            for tokens, levels in sentences:
                row = {
                    "id": "a",
                    "tokens": [drawn.text[start:end] for start, end in tokens],
                    "ner_tags": levels[0],
                    "ner_tags_2": levels[1],
                    "starts": [start for start, _ in tokens],
                    "ends": [end for _, end in tokens],
                }
                file.write(json.dumps(row) + "\n")
        [back], losses = read(Path(folder))
    assert len(back.text) == len(drawn.text)
    assert back.text.split() == " ".join(drawn.text.split()).split()
    shown = [_widened(drawn.text, s.start, s.end) for s in drawn.spans if s.id not in gone]
    assert sorted((s.start, s.end) for s in back.spans) == sorted(shown)
    assert not losses


def _widened(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the extent of the tokens that a span has."""
    tokens = [
        t for sentence in syllables(text) for t in sentence if t.start < end and t.end > start
    ]
    return tokens[0].start, tokens[-1].end


def test_sentences_further_apart_have_line_feeds_between(tmp_path: Path) -> None:
    row = {"id": "a", "tokens": ["An", "Ba"], "ner_tags": ["O", "O"]}
    [document], _ = read_rows(
        tmp_path,
        {**row, "starts": [1, 5], "ends": [3, 7]},
        {**row, "starts": [8, 10], "ends": [10, 12]},
        {**row, "starts": [14, 17], "ends": [16, 19]},
    )
    assert document.text == " An  Ba AnBa\n\nAn Ba"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ner_tags": ["B-PER"]}, "rows.jsonl, row 2: there are not as many tags as tokens"),
        ({"ner_tags": ["O", "PER"]}, "row 2: 'PER' is no tag"),
        ({"tokens": ["An", ""]}, "row 2: a token is empty"),
        ({"starts": [0, 2], "ends": [2, 5]}, "row 2: token 2, 'Ba', cannot stand at 2–5"),
        ({"starts": ["0", "2"], "ends": [2, 4]}, "row 2: not every token has a start and an end"),
        ({"starts": [0], "ends": [2]}, "row 2: not every token has a start and an end"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    row = {"tokens": ["An", "Ba"], "ner_tags": ["O", "O"]}
    with pytest.raises(FormatError, match=message):
        read_rows(tmp_path, row, {**row, **change})


def test_what_is_no_dataset_is_said(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="does not exist"):
        read(tmp_path / "none")
    with pytest.raises(FormatError, match="no Parquet or JSON file"):
        read(tmp_path)
    with pytest.raises(FormatError, match="row 1: there are no tokens with tags"):
        read_rows(tmp_path, {"text": "An"})
    with pytest.raises(FormatError, match="row 1: 1 is no tag; the dataset does not say"):
        read_rows(tmp_path, {"tokens": ["An"], "ner_tags": [1]})
    (tmp_path / "a.json").touch()
    with pytest.raises(FormatError, match=r"a\.json is empty"):
        read(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["a.parquet", "a.json", "a.jsonl"])
@pytest.mark.parametrize("text", ['[{"tokens":', '[{"tokens": []}, 5]', "\0"])
def test_a_file_of_something_else_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError, match=f"{name} cannot be read as a dataset"):
        read(tmp_path / name)


def test_nothing_is_asked_of_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    numbered().to_parquet(tmp_path / "train.parquet")
    assert outline(read(tmp_path)[0]) == OUTLINE


def test_rows_that_nobody_annotated_are_left_out_and_counted(tmp_path: Path) -> None:
    """No tag in them means nothing."""
    rows = [{**row, "annotated": row["id"] == "a"} for row in ROWS]
    documents, losses = read_rows(tmp_path, *rows)
    assert [document.id for document in documents] == ["a"]
    assert losses == {"articles that nobody annotated": 1}
