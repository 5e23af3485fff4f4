from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.publish.names import find_names, wanted
from annotate.errors import DatasetError

NAME = "Vũ Thị Đào Lan"
ADDRESS = "lan.vu@example.org"
MARKS = "!\"'(),./:;<>[]{}_-| \t\n"


def places(folder: Path, name: str, *secrets: str) -> list[str]:
    pattern = wanted(secrets).pattern
    assert pattern is not None
    return list(find_names(folder, name, pattern))


def finds(secret: str, text: str) -> bool:
    pattern = wanted([secret]).pattern
    return pattern is not None and pattern.search(text) is not None


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (NAME, "by VŨ THỊ ĐÀO LAN."),
        (NAME, "Vu Thi Dao Lan"),
        (NAME, "Vũ  Thị\nĐào Lan"),
        ("  Vũ   Thị Đào Lan ", NAME),
        (ADDRESS, "<Lan.Vu@Example.org>"),
        (ADDRESS, "/home/lan.vu/corpus"),
        (ADDRESS, "by_lan.vu_2"),
        ("minhtriet", "minhtriet,3"),
    ],
)
def test_a_name_is_found_however_it_is_written(secret: str, text: str) -> None:
    assert finds(secret, text)


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        (NAME, "Vũ Thị Đào Lanh"),
        ("minhtriet", "minhtrieta"),
        ("an@example.org", "an ninh mạng"),
        ("security@example.org", "computer security"),
        ("Lan", "phong lan"),
        (ADDRESS, "lanxvu@example.org"),
        ("", "anything"),
    ],
)
def test_everyday_words_are_not_taken_for_a_name(secret: str, text: str) -> None:
    assert not finds(secret, text)


def test_names_that_are_too_short_are_counted() -> None:
    assert wanted(["An", "Lan", "", NAME]).left_out == 2
    assert wanted([]) == (None, 0)


@given(
    st.sampled_from([NAME, ADDRESS, "minhtriet"]),
    st.text(),
    st.text(),
    st.sampled_from(MARKS),
    st.sampled_from(MARKS),
    st.sampled_from([str.upper, str.lower, str.title, str]),
)
def test_a_name_between_marks_is_found_in_any_text(
    secret: str, before: str, after: str, left: str, right: str, case: object
) -> None:
    assert finds(secret, before + left + case(secret) + right + after)  # type: ignore[operator]


@pytest.mark.parametrize(
    "text",
    [
        f"a\nby {NAME}",
        'a\n{"by": "V\\u0169 Th\\u1ecb \\u0110\\u00e0o Lan"}',
        'a\n"V\\xf9 V\\u0169 Th\\u1ecb \\u0110\\xe0o Lan"',
        "a\n<text>V&#361; Th&#x1ECB; Đ&agrave;o Lan</text>",
        "a\nhttps://x.example/V%C5%A9%20Th%E1%BB%8B%20%C4%90%C3%A0o%20Lan",
        "a\nVu\u0303 Thi\u0323 \u0110a\u0300o Lan",
    ],
)
def test_a_name_in_a_text_file_is_found_behind_escapes(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert places(tmp_path, "a.json", NAME) == ["a.json, line 2"]


def test_a_name_over_two_lines_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("by Vũ Thị\nĐào Lan", encoding="utf-8")
    assert places(tmp_path, "a.md", NAME) == ["a.md"]


def test_a_name_in_the_name_of_a_file_is_found_and_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "lan.vu.svg").write_text("<svg/>")
    assert places(tmp_path, "lan.vu.svg", ADDRESS) == ["the name of a file"]


def test_a_picture_is_searched_and_one_with_packed_text_is_refused(tmp_path: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n"
    (tmp_path / "a.png").write_bytes(head + b"tEXtAuthor\0lan.vu@example.org\xff")
    (tmp_path / "b.png").write_bytes(head + b"zTXtAuthor\0\xff")
    (tmp_path / "c.zip").write_bytes(b"PK\x03\x04\xff")
    assert places(tmp_path, "a.png", ADDRESS) == ["a.png, line 3"]
    assert places(tmp_path, "b.png", ADDRESS) == ["b.png, which cannot be searched"]
    assert places(tmp_path, "c.zip", ADDRESS) == ["c.zip, which cannot be searched"]


COLUMNS = {
    "text": pa.array(["a", None, f"by {ADDRESS}"]),
    "large": pa.array(["a", None, f"by {ADDRESS}"], pa.large_string()),
    "bytes": pa.array([b"\xff", None, ADDRESS.encode()]),
    "listed": pa.array([["a"], None, ["b", ADDRESS]]),
    "nested": pa.array([[{"who": "a"}], [], [{"who": None}, {"who": ADDRESS}]]),
    "struct": pa.array([{"x": 1, "who": ["a"]}, None, {"x": 2, "who": [ADDRESS]}]),
    "category": pa.array(["a", "b", ADDRESS]).dictionary_encode(),
    "pairs": pa.array([[("a", "b")], None, [("c", ADDRESS)]], pa.map_(pa.string(), pa.string())),
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("compression", ["zstd", "none"])
def test_a_name_is_found_in_a_column_of_any_kind(
    tmp_path: Path, column: str, compression: str
) -> None:
    table = pa.table({"id": [1, 2, 3], column: COLUMNS[column]})
    pq.write_table(table, tmp_path / "a.parquet", compression=compression, row_group_size=2)
    assert places(tmp_path, "a.parquet", ADDRESS) == [f"a.parquet, column {column}, row 3"]


def test_the_row_is_counted_over_all_groups(tmp_path: Path) -> None:
    texts = ["nothing"] * 2500 + [NAME] + ["nothing"] * 10
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", row_group_size=700)
    assert places(tmp_path, "a.parquet", NAME) == ["a.parquet, column text, row 2501"]


@pytest.mark.parametrize("where", ["schema", "field", "column"])
def test_a_name_in_the_metadata_of_parquet_is_found(tmp_path: Path, where: str) -> None:
    notes = {"info": f'{{"names": ["{ADDRESS}"]}}'}
    name = ADDRESS if where == "column" else "id"
    field = pa.field(name, pa.int64(), metadata=notes if where == "field" else None)
    schema = pa.schema([field], metadata=notes if where == "schema" else None)
    pq.write_table(pa.table([[1]], schema=schema), tmp_path / "a.parquet")
    assert places(tmp_path, "a.parquet", ADDRESS) == ["a.parquet, its metadata"]


def test_words_of_two_values_are_no_name(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["Vũ Thị", "Đào Lan"]}), tmp_path / "a.parquet")
    assert places(tmp_path, "a.parquet", NAME) == []


def test_what_is_no_parquet_is_told_as_such_and_not_as_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(DatasetError, match=r"a\.parquet cannot be read as Parquet: .*build"):
        places(tmp_path, "a.parquet", NAME)
