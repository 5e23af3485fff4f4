"""Tables are read record by record; what is wrong with one record costs no other."""

from __future__ import annotations

import csv
import io
import json
import struct
import tracemalloc
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from annotate.corpus.reading.encoding import Undecodable
from annotate.corpus.reading.records import MAX_BYTES, Fault, Record
from annotate.corpus.reading.tables import Table, open_table
from tests.strategies import canonical_texts

WANTED = ("text", "id", "title")
SENTENCES = (
    "Sáng nay, ông Đỗ Vĩnh Khang đã trao tặng nhà tình nghĩa cho hai gia đình ở xã Bản Lầm.",
    "Bà Lò Thị Mẩy bán mận chín đỏ ở chợ Phiên từ lúc trời còn mờ hơi sương.",
    "Theo chị Hứa Ngọc Diệp, những người thợ của tổ 5 không được nghỉ trong ba ngày mưa lũ.",
)


def opened(data: bytes, suffix: str, wanted: Sequence[str] = WANTED) -> Table:
    return open_table(io.BytesIO(data), suffix, wanted)


def read(
    data: bytes | str, suffix: str = ".jsonl", wanted: Sequence[str] = WANTED
) -> list[Record | Fault]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(opened(raw, suffix, wanted).records)


def read_csv(data: bytes | str) -> list[Record | Fault]:
    return read(data, ".csv")


def texts(found: list[Record | Fault]) -> list[tuple[int, Any]]:
    return [(it.number, it.fields["text"]) for it in found if isinstance(it, Record)]


def faults(found: list[Record | Fault]) -> list[tuple[int | None, str]]:
    return [(it.number, it.reason) for it in found if isinstance(it, Fault)]


def line(**fields: Any) -> str:
    return json.dumps(fields, ensure_ascii=False)


class Stream(io.RawIOBase):
    """A stream of blocks that are made while it is read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        super().__init__()
        self.blocks = blocks

    def read(self, _size: int = -1) -> bytes:
        return next(self.blocks, b"")


# JSON Lines.


def test_each_line_of_json_is_a_record_with_its_number() -> None:
    found = read('{"text": "một", "id": 7}\n\n  \r\n{"text": "hai", "other": [1]}')
    assert found == [
        Record(1, {"text": "một", "id": 7}),
        Record(4, {"text": "hai", "other": [1]}),
    ]


@pytest.mark.parametrize("suffix", [".jsonl", ".ndjson", ".csv", ".tsv"])
@pytest.mark.parametrize("data", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_records(data: bytes, suffix: str) -> None:
    assert read(data, suffix) == []


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "is not JSON: Expecting property name enclosed in double quotes at character 2"),
        (b'{"text": "x"} {}', "is not JSON: Extra data at character 15"),
        (b"{'text': 'x'}", "is not JSON: Expecting property name"),
        (b'{"text": "x\ty"}', "is not JSON: Invalid control character at"),
        (b'{"text": "x\0y"}', "is not JSON: Invalid control character at"),
        (b"\0\0\0\0", "is not JSON: Expecting value"),
        (b'{"n": ' + b"9" * 5000 + b"}", "is not JSON: Exceeds the limit"),
        (b'{"text": "caf\xe9"}', "is not valid utf-8"),
        (b'{"caf\xe9": "x"}', "is not valid utf-8"),
        (b'{"text": "\xed\xa0\x80"}', "is not valid utf-8"),
        (b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "is nested too deeply"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "is nested too deeply"),
        (b'["text"]', "is no JSON object"),
        (b'"text"', "is no JSON object"),
        (b"null", "is no JSON object"),
        (b"1", "is no JSON object"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_one_line_that_is_no_json_object_costs_no_other(bad: bytes, reason: str) -> None:
    good = [line(text=text).encode() for text in SENTENCES]
    found = read(b"\n".join([good[0], bad, good[1], good[2]]))
    assert texts(found) == list(zip((1, 3, 4), SENTENCES, strict=True))
    [(number, why)] = faults(found)
    assert number == 2
    assert why.startswith(reason)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("9" * 400, int("9" * 400)),
        ("-0", 0),
        ("1e999", float("inf")),
        ("-Infinity", float("-inf")),
        (r'"\ud800"', "\ud800"),
        (r'"\udc00x"', "\udc00x"),
        (r'"\ud83d\ude00"', "😀"),
        (r'"\u0000"', "\0"),
        ('{"a": {"b": [null, true]}}', {"a": {"b": [None, True]}}),
    ],
)
def test_what_python_writes_into_json_is_read(value: str, expected: object) -> None:
    assert read(f'{{"text": "một", "extra": {value}}}') == [
        Record(1, {"text": "một", "extra": expected})
    ]


def test_not_a_number_in_a_field_that_nobody_asks_for_does_no_harm() -> None:
    assert texts(read('{"text": "một", "score": NaN}')) == [(1, "một")]


def test_of_a_key_given_twice_the_last_counts() -> None:
    assert texts(read('{"text": "một", "text": "hai"}')) == [(1, "hai")]


def test_reading_goes_on_after_deep_nesting_in_many_lines() -> None:
    deep = "[" * 100_000
    found = read("\n".join([deep, line(text="một")] * 3))
    assert [number for number, _ in faults(found)] == [1, 3, 5]
    assert texts(found) == [(2, "một"), (4, "một"), (6, "một")]


# Lines that are too long.


def long_line(size: int) -> Iterator[bytes]:
    yield b'{"text": "'
    for _ in range(size >> 20):
        yield b"x" * (1 << 20)
    yield b'"}\n{"text": "sau"}\n'


def test_of_200_mb_on_one_line_little_is_held() -> None:
    tracemalloc.start()
    try:
        table = open_table(Stream(long_line(200 << 20)), ".jsonl", WANTED)  # type: ignore[arg-type]
        found = list(table.records)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [Fault(1, "is longer than 32 MiB"), Record(2, {"text": "sau"})]
    assert peak < 4 * MAX_BYTES


def test_a_csv_line_that_is_too_long_is_skipped() -> None:
    long = b"x" * (MAX_BYTES + 1)
    found = read_csv(b"text,id\nmot,1\n" + long + b",2\nba,3\n" + long)
    assert texts(found) == [(2, "mot"), (4, "ba")]
    assert faults(found) == [(3, "is longer than 32 MiB"), (5, "is longer than 32 MiB")]


def test_a_quote_before_a_line_that_is_too_long_is_a_fault_of_its_own() -> None:
    found = read_csv(b'text,id\n"mot,1\n' + b"x" * (MAX_BYTES + 1) + b"\nba,3\n")
    assert faults(found) == [(2, "is not CSV: a quote is not closed"), (3, "is longer than 32 MiB")]
    assert texts(found) == [(4, "ba")]


def test_a_line_just_as_long_as_it_may_be_is_read() -> None:
    text = "x" * (MAX_BYTES - len('{"text": ""}'))
    assert texts(read(line(text=text))) == [(1, text)]
    assert faults(read(line(text=text + "x"))) == [(1, "is longer than 32 MiB")]


# CSV.


def test_each_row_of_csv_is_a_record_with_the_number_of_its_first_line() -> None:
    found = read_csv('id,text\n1,"Một, hai\nba"\n\n2,"nói ""chào"""\n3,bốn')
    assert texts(found) == [(2, "Một, hai\nba"), (5, 'nói "chào"'), (6, "bốn")]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(("suffix", "mid"), [(".csv", ","), (".csv", ";"), (".tsv", "\t")])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_csv_of_any_make_is_read_alike(
    mark: str, suffix: str, mid: str, end: str, codec: str
) -> None:
    rows = [("id", "text", "title"), *((str(n), text, "") for n, text in enumerate(SENTENCES))]
    cells = [[f'"{cell}"' if mid in cell else cell for cell in row] for row in rows]
    data = (mark + end.join(mid.join(row) for row in cells) + end).encode(codec)
    assert texts(read(data, suffix)) == list(zip((2, 3, 4), SENTENCES, strict=True))


def test_a_csv_separated_by_tabs_is_read_too() -> None:
    assert texts(read_csv("id\ttext\n1\tMột; hai, ba\n")) == [(2, "Một; hai, ba")]


def test_in_a_tsv_commas_are_text() -> None:
    assert texts(read("text\nMột, hai; ba\n", ".tsv")) == [(2, "Một, hai; ba")]


def test_white_space_around_the_names_in_a_header_does_not_count() -> None:
    assert texts(read_csv(" id, text \n1,Một\n")) == [(2, "Một")]


def test_a_header_without_rows_gives_nothing() -> None:
    assert read_csv("id,text\n") == []


def test_blank_lines_before_the_header_are_passed_over() -> None:
    assert texts(read_csv("\n\nid,text\n1,Một\n")) == [(4, "Một")]


@pytest.mark.parametrize("rows", ["", "1,Một\n"])
def test_a_csv_without_the_text_s_column_is_refused_once_with_the_columns_that_it_has(
    rows: str,
) -> None:
    reason = "has no column `text`: its columns are id, body"
    assert read_csv(f"id,body\n{rows}{rows}") == [Fault(None, reason)]


def test_two_columns_of_one_name_are_refused_if_they_are_wanted() -> None:
    reason = "has several columns of one name: `text`"
    assert read_csv("text,text\na,b\n") == [Fault(None, reason)]
    assert texts(read_csv("text,x,x\na,b,c\n")) == [(2, "a")]


def test_ragged_rows_are_refused_one_by_one() -> None:
    found = read_csv("id,text\n1,một\n2\n3,ba,bốn\n4,năm\n")
    assert texts(found) == [(2, "một"), (5, "năm")]
    assert faults(found) == [
        (3, "has another number of fields than the header: 1 instead of 2"),
        (4, "has another number of fields than the header: 3 instead of 2"),
    ]


@pytest.mark.parametrize("after", ["", "3,bốn\n4,năm\n", '3,"bốn"\n4,năm\n', '3,"b\nn"\n4,"năm"\n'])
def test_a_quote_that_is_not_closed_costs_its_line_only(after: str) -> None:
    found = read_csv(f'id,text\n1,"một"\n2,"hai\n{after}')
    assert faults(found) == [(3, "is not CSV: a quote is not closed")]
    rest = read_csv(f"id,text\n{after}")
    assert texts(found) == [(2, "một"), *((number + 2, text) for number, text in texts(rest))]
    assert not faults(rest)


def test_many_quotes_that_are_not_closed_are_read_in_time() -> None:
    rows = "".join(f'{number},"hai\n' for number in range(20_000))
    assert len(faults(read_csv(f"id,text\n{rows}"))) == 20_000
    quiet = "".join(f"{number},hai\n" for number in range(20_000))
    assert len(texts(read_csv(f'id,text\n0,"một\n{quiet}'))) == 20_000


def test_a_quote_that_is_not_doubled_is_refused_instead_of_left_out() -> None:
    found = read_csv('id,text\n1,"anh "An" nói"\n2,a "b" c\n')
    assert faults(found) == [(2, "is not CSV: ',' expected after '\"'")]
    assert texts(found) == [(3, 'a "b" c')]


def test_a_header_whose_quote_is_not_closed_is_told() -> None:
    reason = "has no header that can be read: is not CSV: a quote is not closed"
    assert read_csv('"id,text\n1,một\n') == [Fault(None, reason)]


def test_a_long_field_of_csv_is_read() -> None:
    # Python's own limit is 128 KiB.
    assert texts(read_csv(f'id,text\n1,"{"x, " * 100_000}"\n')) == [(2, "x, " * 100_000)]


def test_nul_bytes_in_csv_are_characters() -> None:
    assert texts(read_csv("id,text\n1,m\0t\n" + "2,hai\n" * 9))[0] == (2, "m\0t")


def test_a_carriage_return_amid_a_line_is_a_fault_of_that_line() -> None:
    found = read_csv("id,text\n1,m\rt\n2,hai\n")
    assert texts(found) == [(3, "hai")]
    assert faults(found)[0][0] == 2


# Damaged encodings.


def in_lines(codec: str, damage: bytes) -> bytes:
    """Return three records, the second with bytes amid its text that are none."""
    first, second, third = (line(text=text) + "\n" for text in SENTENCES)
    half = len(second) // 2
    parts = (first + second[:half]).encode(codec), (second[half:] + third).encode(codec)
    return damage.join(parts)


@pytest.mark.parametrize(
    ("codec", "damage", "mark"),
    [
        ("utf-8", b"\xff", b""),
        ("utf-8", b"\xe1\xba", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\x3d\xd8", b"\xff\xfe"),
        ("utf-16-be", b"\xdc\x00", b"\xfe\xff"),
    ],
)
@pytest.mark.parametrize("before", [0, 9000])
def test_bytes_that_are_no_text_cost_their_record_only(
    codec: str, damage: bytes, mark: bytes, before: int
) -> None:
    # The evidence for the encoding is in the first mebibyte; the damage may come later.
    many = (line(text=SENTENCES[0]) + "\n").encode(codec) * before
    found = read(mark + many + in_lines(codec, damage))
    [(number, reason)] = faults(found)
    assert number == before + 2
    assert reason.startswith("is not valid utf-")
    assert [text for _, text in texts(found)][-2:] == [SENTENCES[0], SENTENCES[2]]
    assert len(found) == before + 3


def test_bytes_that_are_no_text_amid_ascii_cost_their_record_only() -> None:
    plain = [line(text=f"sentence {number}") for number in range(9)]
    data = "\n".join(plain).encode().replace(b"sentence 4", b"\xff\xfe\x81")
    found = read(data)
    assert faults(found) == [(5, "is not valid utf-8")]
    assert len(texts(found)) == 8


def test_bytes_that_are_no_text_in_csv_cost_their_row_only() -> None:
    rows = [f'{number},"{text}"' for number, text in enumerate(SENTENCES)]
    data = "\n".join(["id,text", *rows, "9,chín"]).encode().replace("Lò".encode(), b"L\xf2")
    found = read_csv(data)
    assert faults(found) == [(3, "is not valid utf-8")]
    assert [number for number, _ in texts(found)] == [2, 4, 5]


def test_utf16_that_breaks_off_within_a_character_costs_the_last_record_only() -> None:
    data = "\n".join(line(text=text) for text in SENTENCES).encode("utf-16")
    found = read(data[:-1])
    assert texts(found) == list(zip((1, 2), SENTENCES, strict=False))
    assert faults(found) == [(3, "is not valid utf-16")]


def test_few_letters_in_utf8_are_not_taken_for_those_of_a_code_page() -> None:
    plain = "".join(line(text=f"sentence {number}") + "\n" for number in range(50))
    data = plain.encode() + '{"text": "cà phê"}\n'.encode() + b'{"text": "caf\xe9"}\n'
    found = read(data)
    assert texts(found)[-1] == (51, "cà phê")
    assert faults(found) == [(52, "is not valid utf-8")]


@pytest.mark.parametrize("lines", [1, 3])
def test_lines_in_utf8_outweigh_as_many_that_fit_a_code_page(lines: int) -> None:
    french = line(text="Cet été, l'élève a été très étonné et célébré à côté du café.") + "\n"
    data = '{"text": "cà phê"}\n'.encode() * lines + french.encode("cp1252")
    table = opened(data, ".jsonl")
    assert table.encoding == "utf-8"
    found = list(table.records)
    assert texts(found) == [(number + 1, "cà phê") for number in range(lines)]
    assert faults(found) == [(lines + 1, "is not valid utf-8")]
    assert opened(french.encode("cp1252") * 9, ".jsonl").encoding == "windows-1252"


def test_windows_1258_is_read_and_told() -> None:
    data = "".join(line(text=text) + "\n" for text in SENTENCES)
    toned = "".join(map(_apart, data))
    table = opened(toned.encode("cp1258"), ".jsonl")
    assert table.encoding == "windows-1258"
    assert [it.fields["text"] for it in table.records if isinstance(it, Record)] == [
        "".join(_apart(char) for char in text) for text in SENTENCES
    ]


def _apart(char: str) -> str:
    """Return a letter as windows-1258 has it, which is with most tones apart."""
    try:
        char.encode("cp1258")
    except UnicodeEncodeError:
        letter, *marks = tuple(unicodedata.normalize("NFD", char))
        tones = [mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323"]
        others = [mark for mark in marks if mark not in tones]
        return unicodedata.normalize("NFC", letter + "".join(others)) + "".join(tones)
    return char


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< >>\nendobj\n" * 9, "is a PDF"),
        (b"\x1f\x8b\x08" + bytes(range(256)) * 9, "is a gzip archive"),
        (b"PK\x03\x04" + bytes(range(256)) * 9, "is a ZIP archive"),
        (b"PAR1\x15" + bytes(range(256)) * 9, "is a Parquet file"),
        (bytes(range(256)) * 50, "is a binary file"),
    ],
    ids=lambda value: repr(value[:9]),
)
def test_what_is_no_text_at_all_is_refused_as_a_whole(
    data: bytes, reason: str, suffix: str
) -> None:
    with pytest.raises(Undecodable, match=reason):
        opened(data, suffix)


# Round trips.

DICTS = st.lists(canonical_texts, max_size=6)
CODECS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])


@given(DICTS, CODECS, st.booleans())
def test_json_lines_in_any_utf_come_back_as_they_were(
    given_texts: list[str], codec: str, escaped: bool
) -> None:
    lines = [json.dumps({"text": text}, ensure_ascii=escaped) for text in given_texts]
    found = read("\n".join(lines).encode(codec))
    assert found == [Record(n, {"text": text}) for n, text in enumerate(given_texts, start=1)]


@given(DICTS, CODECS, st.sampled_from([".csv", ".tsv"]), st.sampled_from(["\n", "\r\n"]))
def test_csv_in_any_utf_comes_back_as_it_was(
    given_texts: list[str], codec: str, suffix: str, end: str
) -> None:
    out = io.StringIO(newline="")
    delimiter = "\t" if suffix == ".tsv" else ","
    rows = csv.writer(out, delimiter=delimiter, lineterminator=end)
    rows.writerows([("id", "text"), *enumerate(given_texts)])
    found = read(out.getvalue().encode(codec), suffix)
    assert not faults(found)
    assert [text for _, text in texts(found)] == given_texts


@given(st.lists(st.text(alphabet='a,;"\n\r\t|', max_size=12), max_size=20))
def test_whatever_stands_in_csv_the_numbers_of_its_rows_grow(lines: list[str]) -> None:
    found = read_csv("text,id\n" + "\n".join(lines) + "\n")
    assert all(isinstance(it.number, int) for it in found)
    numbers = [it.number for it in found if it.number]
    assert numbers == sorted(set(numbers))


@given(st.binary(max_size=200), st.sampled_from([".jsonl", ".csv", ".tsv", ".parquet"]))
def test_no_bytes_raise_but_those_in_no_encoding(data: bytes, suffix: str) -> None:
    try:
        found = read(data, suffix)
    except Undecodable:
        return
    assert all(reason for _, reason in faults(found))


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_no_bytes_in_a_line_cost_a_good_line_after_it(lines: list[bytes]) -> None:
    good = "".join(line(text=text) + "\n" for text in SENTENCES * 9).encode()
    found = read(good + b"\n".join(lines) + b"\n" + good)
    assert [text for _, text in texts(found[-27:])] == [*SENTENCES * 9]


# Parquet.


def in_parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out)
    return out.getvalue()


def read_parquet(table: pa.Table, wanted: Sequence[str] = WANTED) -> list[Record | Fault]:
    return read(in_parquet(table), ".parquet", wanted)


@given(DICTS)
def test_parquet_comes_back_as_it_was(given_texts: list[str]) -> None:
    found = read_parquet(pa.table({"text": pa.array(given_texts, pa.string())}))
    assert found == [Record(n, {"text": text}) for n, text in enumerate(given_texts, start=1)]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_text_of_every_kind_that_arrow_has_is_read(kind: pa.DataType) -> None:
    given_texts = ["một", None, "hai", "một", ""]
    array = pa.array(given_texts, pa.string()).cast(kind)
    assert [text for _, text in texts(read_parquet(pa.table({"text": array})))] == given_texts


def test_rows_are_numbered_through_all_row_groups() -> None:
    table = pa.table({"text": [str(number) for number in range(700)]})
    out = io.BytesIO()
    parquet.write_table(table, out, row_group_size=150)
    found = read(out.getvalue(), ".parquet")
    assert texts(found) == [(number + 1, str(number)) for number in range(700)]


def test_of_parquet_only_the_wanted_columns_are_read() -> None:
    table = pa.table({"text": ["một"], "a.text": ["hai"], "nested": [{"text": "ba"}], "id": [1]})
    assert read_parquet(table) == [Record(1, {"text": "một", "id": 1})]
    assert read_parquet(table, ("a.text",)) == [Record(1, {"a.text": "hai"})]


def test_parquet_without_the_text_s_column_is_refused_with_the_columns_that_it_has() -> None:
    reason = "has no column `text`: its columns are id, body"
    assert read_parquet(pa.table({"id": [1], "body": ["x"]})) == [Fault(None, reason)]
    none = pa.table({"id": pa.array([], pa.int8()), "body": pa.array([], pa.string())})
    assert read_parquet(none) == [Fault(None, reason)]
    assert read_parquet(pa.table({})) == [Fault(None, "has no column `text`: its columns are none")]


def test_parquet_without_rows_gives_nothing() -> None:
    assert read_parquet(pa.table({"text": pa.array([], pa.string())})) == []


def test_parquet_with_two_columns_of_one_name_is_refused() -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    assert read_parquet(table) == [Fault(None, "has several columns of one name: `text`")]


def test_a_string_that_is_no_utf8_costs_its_row_only() -> None:
    offsets = pa.py_buffer(struct.pack("<iiii", 0, 2, 4, 6))
    broken = pa.Array.from_buffers(pa.string(), 3, [None, offsets, pa.py_buffer(b"ab\xff\xfecd")])
    found = read_parquet(pa.table({"text": broken}))
    assert texts(found) == [(1, "ab"), (3, "cd")]
    [(number, reason)] = faults(found)
    assert number == 2
    assert reason.startswith("has a value that cannot be read: `text`: 'utf-8' codec")


@pytest.mark.parametrize(
    "kind", [pa.timestamp("us"), pa.timestamp("s", tz="Asia/Nowhere"), pa.date32()], ids=str
)
def test_a_time_that_python_lacks_costs_its_row_only(kind: pa.DataType) -> None:
    numbers = pa.array([None, 2**30], pa.int32() if kind == pa.date32() else pa.int64())
    if kind == pa.timestamp("us"):
        numbers = pa.array([None, 2**62], pa.int64())
    table = pa.table({"text": ["một", "hai"], "title": numbers.view(kind)})
    found = read_parquet(table)
    assert texts(found) == [(1, "một")]
    assert faults(found)[0][0] == 2
    assert faults(found)[0][1].startswith("has a value that cannot be read: `title`: ")


def test_times_numbers_and_objects_are_read_for_the_fields_to_judge() -> None:
    row = {"text": 1.5, "id": datetime(2024, 6, 15), "title": {"a": ["b"]}}  # noqa: DTZ001
    assert read_parquet(pa.Table.from_pylist([row])) == [Record(1, row)]


def test_a_text_in_parquet_that_is_too_long_costs_its_row_only() -> None:
    found = read_parquet(pa.table({"text": ["x" * (MAX_BYTES + 1), "hai"]}))
    assert found == [Fault(1, "is longer than 32 MiB"), Record(2, {"text": "hai"})]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b'{"text": "a"}\n' * 20, b"PAR1", b"PAR1" * 9], ids=repr
)
def test_what_is_not_parquet_is_told(data: bytes) -> None:
    [(number, reason)] = faults(read(data, ".parquet"))
    assert number is None
    assert reason.startswith("is not Parquet, or is damaged: ")
    assert "\n" not in reason


def test_parquet_whose_columns_have_names_that_are_no_text_is_told() -> None:
    # Without the description in which Arrow repeats the names.
    out = io.BytesIO()
    with parquet.ParquetWriter(out, pa.schema({"bodyy": pa.string()}), store_schema=False) as file:
        file.write_table(pa.table({"bodyy": ["x"]}))
    [(_, reason)] = faults(read(out.getvalue().replace(b"bodyy", b"bod\xffy"), ".parquet"))
    assert reason.startswith("is not Parquet, or is damaged: 'utf-8' codec can't decode")


def test_parquet_that_breaks_off_is_told() -> None:
    data = in_parquet(pa.table({"text": list(SENTENCES)}))
    [(_, reason)] = faults(read(data[:-20], ".parquet"))
    assert reason.startswith("is not Parquet, or is damaged: ")


@pytest.mark.parametrize("at", range(16, 300, 9))
def test_parquet_damaged_anywhere_gives_rows_or_a_reason(at: int) -> None:
    data = bytearray(in_parquet(pa.table({"text": list(SENTENCES)})))
    data[at : at + 4] = b"\xff\xfe\xfd\xfc"
    try:
        found = read(bytes(data), ".parquet")
    except OSError:
        # As of a broken stream, and told like that.
        return
    assert len(texts(found)) + len(faults(found)) > 0


def described(**types: dict[str, Any]) -> dict[bytes, bytes]:
    return {b"huggingface": json.dumps({"info": {"features": types}}).encode()}


def test_classes_of_hugging_face_have_their_names() -> None:
    label = {"names": ["Báo A", "Báo B"], "_type": "ClassLabel"}
    table = pa.table({"text": ["một", "hai", "ba"], "title": [1, None, -1]})
    table = table.replace_schema_metadata(described(title=label, tags=[{"x": label}]))  # type: ignore[arg-type]
    found = read_parquet(table)
    assert [it.fields["title"] for it in found if isinstance(it, Record)] == ["Báo B", None, None]


@pytest.mark.parametrize(
    "written",
    [
        b"{",
        b"[]",
        b'{"info": null}',
        b'{"info": {"features": []}}',
        b'{"info": {"features": {"title": 1}}}',
        b'{"info": {"features": {"title": {"_type": "ClassLabel"}}}}',
        b'{"info": {"features": {"title": {"_type": "ClassLabel", "names": 1}}}}',
        b'{"info": {"features": {"none": {"_type": "ClassLabel", "names": []}}}}',
        b'{"info": {"features": {"text": {"_type": "ClassLabel", "names": ["a"]}}}}',
    ],
)
def test_what_is_written_wrongly_about_classes_does_no_harm(written: bytes) -> None:
    table = pa.table({"text": ["một"], "title": [1]})
    found = read_parquet(table.replace_schema_metadata({b"huggingface": written}))
    assert found == [Record(1, {"text": "một", "title": 1})]


def test_a_stream_that_breaks_off_raises_after_the_records_before() -> None:
    def blocks() -> Iterator[bytes]:
        yield b'{"text": "a"}\n{"text'
        raise OSError("gone")

    stream: IO[bytes] = Stream(blocks())  # type: ignore[assignment]
    records = open_table(stream, ".jsonl", WANTED).records
    assert next(records) == Record(1, {"text": "a"})
    with pytest.raises(OSError, match="gone"):
        next(records)


def test_a_file_is_read_block_by_block(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(line(text=f"{n} ạ") + "\n" for n in range(150_000)), encoding="utf-8")
    assert path.stat().st_size > 2 << 20
    with path.open("rb") as stream:
        found = list(open_table(stream, ".jsonl", WANTED).records)
    assert texts(found) == [(n + 1, f"{n} ạ") for n in range(150_000)]


def test_a_line_from_another_file_is_in_its_own_encoding() -> None:
    old = "Công an tỉnh Lâm Đồng tổ chức hội nghị về phong trào bảo vệ an ninh"
    composed = _with_tones_apart(old)
    in_1258 = json.dumps({"id": "old", "text": composed}, ensure_ascii=False).encode("cp1258")
    in_utf8 = json.dumps({"id": "new", "text": "Lũ quét xã Tân Sơn"}, ensure_ascii=False).encode()
    found = texts(read(b"\n".join([in_1258] * 20 + [in_utf8]), ".jsonl"))
    last = [(number, unicodedata.normalize("NFC", text)) for number, text in found[19:]]
    assert last == [(20, old), (21, "Lũ quét xã Tân Sơn")]


def _with_tones_apart(text: str) -> str:
    """Return the text as windows-1258 has it: letters with their tones behind."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    parts = []
    for char in text:
        apart = unicodedata.normalize("NFD", char)
        tone = "".join(mark for mark in apart if mark in tones)
        parts.append(
            unicodedata.normalize("NFC", "".join(m for m in apart if m not in tones)) + tone
        )
    return "".join(parts)
