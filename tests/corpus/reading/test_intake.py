"""Sources are read to the end: every record is taken, or rejected with its reason."""

from __future__ import annotations

import csv
import gzip
import io
import json
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from annotate.corpus import Article
from annotate.corpus.reading.fields import Fields
from annotate.corpus.reading.intake import Outcome, Rejected, Taken, read_source
from annotate.corpus.reading.sources import File, find_sources
from annotate.text import UNCHANGED, Changes, digest
from tests.strategies import canonical_texts

SENTENCES = (
    "Sáng nay, ông Đỗ Vĩnh Khang đã trao tặng nhà tình nghĩa cho hai gia đình ở xã Bản Lầm.",
    "Bà Lò Thị Mẩy bán mận chín đỏ ở chợ Phiên từ lúc trời còn mờ hơi sương.",
    "Theo chị Hứa Ngọc Diệp, những người thợ của tổ 5 không được nghỉ trong ba ngày mưa lũ.",
)
PLAIN = Fields()


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(*names: str | Path, fields: Fields = PLAIN) -> list[Outcome]:
    found = find_sources([str(name) for name in names])
    outcomes = [outcome for source in found.sources for outcome in read_source(source, fields)]
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            # It can be written down, on one line.
            assert msgspec.json.decode(msgspec.json.encode(outcome), type=Rejected) == outcome
            assert outcome.reason == " ".join(outcome.reason.split())
    return outcomes


def articles(outcomes: list[Outcome]) -> list[Article]:
    return [it.made.article for it in outcomes if isinstance(it, Taken)]


def texts(outcomes: list[Outcome]) -> list[str]:
    return [article.text for article in articles(outcomes)]


def rejected(outcomes: list[Outcome]) -> list[tuple[int | None, str]]:
    return [(it.record, it.reason) for it in outcomes if isinstance(it, Rejected)]


def lines(*records: Any) -> str:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def test_an_outcome_says_where_the_article_stood_and_what_was_changed(tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "Một\r\nhai")
    path = write(tmp_path / "a.jsonl", "\n" + lines({"id": 1, "text": text, "title": "Tin"}))
    [outcome] = read(path)
    assert isinstance(outcome, Taken)
    assert outcome.made.article == Article(id="1", text="Một\nhai", title="Tin")
    assert outcome.made.changes == Changes(line_ends=1, composed=1)
    assert outcome[1:] == (str(path), 2, "utf-8")


def test_a_rejection_says_where_and_why_and_the_id_if_there_is_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", lines({"id": 7, "text": ""}, {"id": "b"}, {}))
    assert read(path) == [
        Rejected(str(path), "has no text", 1, "7"),
        Rejected(str(path), "has no `text`; its fields of text are id", 2, "b"),
        Rejected(str(path), "has no `text`", 3),
    ]


def test_rejections_of_one_kind_differ_behind_a_colon_or_semicolon(tmp_path: Path) -> None:
    bad = lines({"text": 1}, {"body": "x"}, {"lead": "y"}, {"text": "x", "id": "a/b"})
    write(tmp_path / "a.jsonl", bad + lines({"text": "x", "id": "c/d"}) + "{\n[\n")
    write(tmp_path / "b.csv", "text,id\na\nb,c,d\n")
    outcomes = read(tmp_path)
    assert [outcome.kind for outcome in outcomes if isinstance(outcome, Rejected)] == [
        "`text` is a number, not text",
        "has no `text`",
        "has no `text`",
        "has an id with a slash, or a path as id",
        "has an id with a slash, or a path as id",
        "is not JSON",
        "is not JSON",
        "has another number of fields than the header",
        "has another number of fields than the header",
    ]


# One bad record never stops a run.

BAD_LINES = {
    "is not JSON": b"{",
    "is not valid utf-8": b'{"text": "caf\xe9"}',
    "is no JSON object": b"[1]",
    "is nested too deeply": b"[" * 100_000,
    "has no `text`": b'{"title": null, "text": null}',
    "`text` is a number, not text": b'{"text": 12345678901234567890123456789012345}',
    "`text` is a list, not text": b'{"text": ["a"]}',
    "`text` is an object, not text": b'{"text": {"a": {"b": "c"}}}',
    "`title` is an object, not text": b'{"text": "a", "title": {"vi": "b"}}',
    "has no text": b'{"text": " \\u200b\\n"}',
    "holds a lone surrogate": b'{"text": "a\\ud800"}',
    "has an id with a slash, or a path as id": b'{"text": "a", "id": "../../etc/passwd"}',
    "has an id that is empty or not printable": b'{"text": "a", "id": "a\\u0007\\ud800"}',
    "has an id of more than 200 bytes": b'{"text": "a", "id": "' + b"x" * 10**6 + b'"}',
}


def test_each_bad_line_is_rejected_for_its_own_reason_amid_good_ones(tmp_path: Path) -> None:
    good = [lines({"text": text}).encode() for text in SENTENCES]
    data = good[0] + b"".join(bad + b"\n" + good[1] for bad in BAD_LINES.values()) + good[2]
    outcomes = read(write(tmp_path / "a.jsonl", data))
    assert texts(outcomes) == [SENTENCES[0], *[SENTENCES[1]] * len(BAD_LINES), SENTENCES[2]]
    kinds = [(it.record, it.kind) for it in outcomes if isinstance(it, Rejected)]
    assert kinds == [(2 * n + 2, kind) for n, kind in enumerate(BAD_LINES)]


def test_each_bad_row_is_rejected_for_its_own_reason_amid_good_ones(tmp_path: Path) -> None:
    rows = [f'1,"{SENTENCES[0]}"', "2", '3,"mở', f'4,"{SENTENCES[1]}"', "5,", "a/b,chữ"]
    data = "\n".join(["id,text", *rows, "x,ca\xff,y", f'8,"{SENTENCES[2]}"'])
    outcomes = read(write(tmp_path / "a.csv", data.encode().replace("ÿ".encode(), b"\xff")))
    assert texts(outcomes) == list(SENTENCES)
    assert [number for number, _ in rejected(outcomes)] == [3, 4, 6, 7, 8]


def test_files_that_are_no_use_stop_no_others(tmp_path: Path) -> None:
    good = lines({"text": "Chữ."})
    bad = {
        "a.jsonl.gz": b"no gzip at all",
        "b.jsonl.gz": gzip.compress(good.encode() * 5000)[:-8],
        "c.jsonl.zst": b"no zstd at all",
        "d.parquet": good.encode(),
        "e.parquet.gz": gzip.compress(b"PAR1"),
        "f.txt": bytes(range(256)) * 9,
        "g.txt": b"",
        "h.md": b"---\nid: [\n---\nx",
        "i.html": b"<html></html>",
        "j.csv": b"PK\x03\x04" + bytes(range(256)),
        "k.csv": b"body,id\nx,1\n",
        "l.txt": b" " * ((32 << 20) + 1),
        "m\x07.txt": b"x",
    }
    for name, data in bad.items():
        write(tmp_path / name, data)
    (tmp_path / "n.jsonl").symlink_to("nowhere")
    write(tmp_path / "z.jsonl", good)
    outcomes = read(tmp_path)
    reasons = {
        it.source.removeprefix(f"{tmp_path}/"): it.reason
        for it in outcomes
        if isinstance(it, Rejected)
    }
    ended = "Compressed file ended before the end-of-stream marker was reached"
    assert reasons.pop("d.parquet").startswith("is not Parquet, or is damaged: ")
    assert reasons.pop("e.parquet.gz").startswith("is not Parquet, or is damaged: ")
    assert reasons.pop("h.md").startswith("front matter is not YAML: ")
    assert reasons == {
        "a.jsonl.gz": "cannot be read: Not a gzipped file (b'no')",
        "b.jsonl.gz": f"cannot be read to its end: after 5,000 records, {ended}",
        "c.jsonl.zst": "cannot be read: ZSTD decompress failed: Unknown frame descriptor",
        "f.txt": "is a binary file",
        "g.txt": "has no text",
        "i.html": "has no main text that could be told from the rest of the page",
        "j.csv": "is a ZIP archive",
        "k.csv": "has no column `text`: its columns are body, id",
        "l.txt": "is longer than 32 MiB",
        "m\x07.txt": r"has an id that is empty or not printable: 'm\x07'",
        "n.jsonl": "cannot be read: No such file or directory",
    }
    assert texts(outcomes) == ["Chữ."] * 5001


def test_a_file_that_is_gone_when_it_is_read_is_rejected(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", "{}")
    [source] = find_sources([str(path)]).sources
    path.unlink()
    assert list(read_source(source, PLAIN)) == [
        Rejected(str(path), "cannot be read: No such file or directory")
    ]


def test_a_site_that_does_not_answer_is_rejected() -> None:
    url = "http://127.0.0.1:1/a.txt"
    assert read(url) == [Rejected(url, "cannot be read: Connection refused")]


def test_an_empty_table_gives_nothing(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", "")
    write(tmp_path / "b.csv", "")
    write(tmp_path / "c.csv", "id,text\n")
    write(tmp_path / "d.jsonl.gz", gzip.compress(b""))
    parquet.write_table(pa.table({"text": pa.array([], pa.string())}), tmp_path / "e.parquet")
    assert read(tmp_path) == []


@given(
    st.binary(max_size=60),
    st.sampled_from([".txt", ".md", ".jsonl", ".csv", ".parquet"]),
    st.sampled_from(["", ".gz", ".zst"]),
)
def test_no_bytes_in_a_file_raise(data: bytes, suffix: str, compression: str) -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/any", data)
    file = File("any", "any", suffix, compression, system, "/any")
    for outcome in read_source(file, PLAIN):
        assert isinstance(outcome, Taken) or outcome.reason


# Reasons.


def test_a_reason_with_names_that_cannot_be_written_can_be_written(tmp_path: Path) -> None:
    bad = '{"tit\\ud800le\\n": "x"}\n{"text": "x", "id": {"a": 1}}\n{"id": "\\ud800", "text": ""}\n'
    outcomes = read(write(tmp_path / "a.jsonl", bad))
    assert rejected(outcomes) == [
        (1, r"has no `text`; its fields of text are tit\ud800le"),
        (2, "`id` is an object, not text"),
        (3, "has no text"),
    ]
    assert [it.id for it in outcomes if isinstance(it, Rejected)] == ["", "", r"\ud800"]


def test_a_reason_is_never_long(tmp_path: Path) -> None:
    names = ",".join(f"{number}{'x' * 1000}" for number in range(50))
    found = read(
        write(tmp_path / "a.csv", names + "\n"),
        write(tmp_path / "b.jsonl", lines({"text": "x", "id": "y" * 10**6})),
        write(tmp_path / "c.jsonl", lines({f"x{'y' * 10**6}": "z"})),
    )
    assert len(found) == 3
    assert all(len(it.reason) + len(it.id) < 1100 for it in found if isinstance(it, Rejected))


# Documents.


def test_a_document_s_id_is_its_name_in_nfc_or_that_of_its_front_matter(tmp_path: Path) -> None:
    write(tmp_path / unicodedata.normalize("NFD", "bài số 1#?*%20.txt"), "Một.")
    write(tmp_path / "b.md", "---\nid: hai\nauthor: An\n---\nHai.")
    write(tmp_path / "c.txt.gz", gzip.compress(b"Ba."))
    assert articles(read(tmp_path)) == [
        Article(id="hai", text="Hai.", author="An"),
        Article(id="bài số 1#?*%20", text="Một."),
        Article(id="c", text="Ba."),
    ]


def test_names_of_fields_count_for_front_matter_and_not_for_pages(tmp_path: Path) -> None:
    body = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    write(tmp_path / "a.md", "---\nheadline: Tin\nkey: k\nbody: x\n---\nMột.")
    write(tmp_path / "b.html", f"<title>Tin mới</title><article>{body}</article>")
    fields = Fields(text="body", id="key", metadata={"title": "headline"})
    [markdown, page] = articles(read(tmp_path, fields=fields))
    assert markdown == Article(id="k", text="Một.", title="Tin")
    assert (page.id, page.title) == ("b", "Tin mới")
    assert SENTENCES[0] in page.text


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"])
@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".csv"])
def test_the_text_does_not_depend_on_the_encoding(tmp_path: Path, codec: str, suffix: str) -> None:
    text = " ".join(SENTENCES)
    content = {
        ".txt": text,
        ".jsonl": lines({"text": text}) * 3,
        ".csv": f'text,id\n"{text}",\n',
    }[suffix]
    if codec == "cp1258":
        content = "".join(map(_toned, content))
    [outcome, *_] = read(write(tmp_path / f"a{suffix}", content.encode(codec)))
    assert isinstance(outcome, Taken)
    assert outcome.made.article.text == text
    assert outcome.encoding == codec.replace("cp", "windows-")
    assert (outcome.made.changes == UNCHANGED) == (codec != "cp1258")


def _toned(char: str) -> str:
    """Return a letter as windows-1258 has it, which is with most tones apart."""
    try:
        char.encode("cp1258")
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", char)
        tones = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
        letter = "".join(part for part in parts if part not in tones)
        return unicodedata.normalize("NFC", letter) + tones
    return char


@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".csv"])
def test_the_encoding_of_a_legacy_font_is_rejected_by_name(tmp_path: Path, suffix: str) -> None:
    text = "Nh©n d©n trong x· ®· ®ãng gãp ®Ó lµm ®­êng, x©y tr­êng häc míi. "
    content = {
        ".txt": text * 3,
        ".jsonl": lines({"text": text}) * 3,
        ".csv": "text,id\n" + f'"{text}",\n' * 3,
    }[suffix]
    in_utf8 = read(write(tmp_path / f"a{suffix}", content))
    in_bytes = read(write(tmp_path / f"b{suffix}", content.encode("latin-1")))
    for outcome in in_utf8 + in_bytes:
        assert isinstance(outcome, Rejected)
        assert outcome.reason.startswith("is in the legacy Vietnamese font encoding TCVN3")


# Round trips.


def zst(data: bytes) -> bytes:
    packed: bytes = pa.compress(data, codec="zstd", asbytes=True)
    return packed


PACKS: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zst}
CODECS = ("utf-8", "utf-8-sig", "utf-16", "utf-32")


def in_jsonl(given_texts: list[str], codec: str) -> bytes:
    return lines(*({"text": text} for text in given_texts)).encode(codec)


def in_csv(given_texts: list[str], codec: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("n", "text"), *enumerate(given_texts)])
    return out.getvalue().encode(codec)


def in_tsv(given_texts: list[str], codec: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, "excel-tab").writerows([("n", "text"), *enumerate(given_texts)])
    return out.getvalue().encode(codec)


def in_parquet(given_texts: list[str], _codec: str) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.table({"text": pa.array(given_texts, pa.large_string())}), out)
    return out.getvalue()


WRITERS = {".jsonl": in_jsonl, ".csv": in_csv, ".tsv": in_tsv, ".parquet": in_parquet}


@given(
    st.lists(canonical_texts, max_size=5),
    st.sampled_from(sorted(WRITERS)),
    st.sampled_from(sorted(PACKS)),
    st.sampled_from(CODECS),
)
def test_canonical_texts_come_back_exactly_from_any_table(
    given_texts: list[str], suffix: str, compression: str, codec: str
) -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/any", PACKS[compression](WRITERS[suffix](given_texts, codec)))
    file = File("any", "any", suffix, compression, system, "/any")
    outcomes = list(read_source(file, PLAIN))
    assert rejected(outcomes) == []
    assert texts(outcomes) == given_texts
    assert [article.id for article in articles(outcomes)] == [
        digest(text)[:16] for text in given_texts
    ]
    assert all(it.made.changes == UNCHANGED for it in outcomes if isinstance(it, Taken))


@given(canonical_texts, st.sampled_from(sorted(PACKS)), st.sampled_from(CODECS))
def test_a_canonical_text_comes_back_exactly_from_a_text_file(
    text: str, compression: str, codec: str
) -> None:
    system = fsspec.filesystem("memory")
    system.pipe("/any", PACKS[compression](text.encode(codec)))
    file = File("any", "any", ".txt", compression, system, "/any")
    assert texts(list(read_source(file, PLAIN))) == [text]


# Other places.


def test_archives_and_memory_are_read_as_files_are(tmp_path: Path) -> None:
    path = tmp_path / "f.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "Một.")
        archive.writestr("b.jsonl", lines({"text": "Hai."}))
        archive.writestr("c.parquet", in_parquet(["Ba."], ""))
    fsspec.filesystem("memory").pipe("/intake/d.csv", "text\nBốn.\n".encode())
    outcomes = read(f"zip://::{path}", "memory://intake")
    assert texts(outcomes) == ["Một.", "Hai.", "Ba.", "Bốn."]
    assert [it.source for it in outcomes] == [
        f"zip://a.txt::{path}",
        f"zip://b.jsonl::{path}",
        f"zip://c.parquet::{path}",
        "memory://intake/d.csv",
    ]


def test_dates_in_parquet_are_iso_8601(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": ["Chữ."],
            "published_at": pa.array([datetime(2024, 6, 15, 8, 30)], pa.timestamp("ns")),  # noqa: DTZ001
        }
    )
    parquet.write_table(table, tmp_path / "a.parquet")
    assert articles(read(tmp_path))[0].published_at == "2024-06-15T08:30:00"


# Datasets of Hugging Face.


@pytest.fixture(scope="module")
def dataset() -> Any:
    import datasets

    features = datasets.Features(
        {
            "text": datasets.Value("large_string"),
            "id": datasets.Value("int64"),
            "source": datasets.ClassLabel(names=["Báo A", "Báo B"]),
            "author": datasets.List(datasets.Value("string")),
            "published_at": datasets.Value("timestamp[s]"),
            "spans": [{"start": datasets.Value("int32")}],
        }
    )
    columns = {
        "text": [*SENTENCES[:2], None],
        "id": [1, 2, 3],
        "source": [1, None, 0],
        "author": [["An", "Bình"], [], None],
        "published_at": [datetime(2024, 6, 15), None, None],  # noqa: DTZ001
        "spans": [[{"start": 1}], [], []],
    }
    return datasets.Dataset.from_dict(columns, features=features)


FIRST = Article(
    id="1",
    text=SENTENCES[0],
    source="Báo B",
    author="An, Bình",
    published_at="2024-06-15T00:00:00",
)


def expected(source: str) -> list[object]:
    return [
        Taken(read_as(FIRST), source, 1, "utf-8"),
        Taken(read_as(Article(id="2", text=SENTENCES[1])), source, 2, "utf-8"),
        Rejected(source, "has no `text`", 3, "3"),
    ]


def read_as(article: Article) -> Any:
    from annotate.corpus.reading.fields import Made

    return Made(article, UNCHANGED)


def test_a_saved_dataset_is_read_with_the_names_of_its_classes(
    tmp_path: Path, dataset: Any
) -> None:
    dataset.save_to_disk(tmp_path / "saved")
    assert read(tmp_path / "saved") == expected(f"{tmp_path}/saved#train")


def test_a_saved_dataset_of_splits_is_read_split_by_split(tmp_path: Path, dataset: Any) -> None:
    import datasets

    datasets.DatasetDict({"train": dataset, "dev": dataset}).save_to_disk(tmp_path / "saved")
    path = f"{tmp_path}/saved"
    assert read(path) == [*expected(f"{path}#train"), *expected(f"{path}#dev")]


def card(folder: Path, *configs: str, **files: bytes | str) -> Path:
    """Write a folder with a card; each config is `name: pattern of its files`."""
    named = "".join(
        f"- config_name: {name}\n  data_files: {pattern!r}\n"
        for name, pattern in (config.split(": ") for config in configs)
    )
    write(folder / "README.md", f"---\nlicense: mit\nconfigs:\n{named}---\n# Tin\n")
    for name, content in files.items():
        write(folder / name.replace("__", "."), content)
    return folder


def test_a_folder_with_a_card_is_read_as_the_card_says(tmp_path: Path, dataset: Any) -> None:
    folder = card(tmp_path / "a", "default: in/*.parquet", other__txt="Chữ.")
    (folder / "in").mkdir()
    dataset.to_parquet(folder / "in" / "a.parquet")
    assert read(folder) == expected(f"{folder}#train")


def test_all_configs_are_read_when_none_is_the_default(tmp_path: Path) -> None:
    given_files = {"a__jsonl": lines({"text": "Một."}), "b__jsonl": lines({"text": "Hai."})}
    folder = card(tmp_path / "a", "news: a.jsonl", "sport: b.jsonl", **given_files)
    outcomes = read(folder)
    assert texts(outcomes) == ["Một.", "Hai."]
    assert [it.source for it in outcomes] == [f"{folder}#news/train", f"{folder}#sport/train"]
    default = card(tmp_path / "b", "default: a.jsonl", "sport: b.jsonl", **given_files)
    assert texts(read(default)) == ["Một."]


def test_a_broken_part_of_a_dataset_costs_no_other(tmp_path: Path) -> None:
    folder = card(
        tmp_path / "a",
        "first: a.parquet",
        "second: none.parquet",
        "third: c.parquet",
        "fourth: d.parquet",
        a__parquet=b"{}",
        c__parquet=in_parquet(["Ba."], ""),
        d__parquet=in_parquet([], "").replace(b"text", b"body"),
    )
    outcomes = read(folder)
    assert texts(outcomes) == ["Ba."]
    assert len(rejected(outcomes)) >= 2
    assert all(
        reason.startswith("cannot be loaded as a dataset: ") for _, reason in rejected(outcomes)
    )


def test_pictures_and_sounds_in_a_dataset_are_left_alone(tmp_path: Path) -> None:
    import datasets

    kinds = {"text": datasets.Value("string"), "image": datasets.Image(), "sound": datasets.Audio()}
    none = {"bytes": b"none", "path": None}
    table = pa.table({"text": ["Một."], "image": [none], "sound": [none]})
    schema = datasets.Features(kinds).arrow_schema
    folder = card(tmp_path / "a", "default: a.parquet")
    parquet.write_table(table.replace_schema_metadata(schema.metadata), folder / "a.parquet")
    assert texts(read(folder)) == ["Một."]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("dataset_info.json", b"{"),
        ("dataset_info.json", b'{"features": {"text": {"_type": "Nonsense"}}}'),
        ("state.json", b"[]"),
        ("data-00000-of-00001.arrow", b"none"),
        ("data-00000-of-00001.arrow", None),
    ],
)
def test_a_damaged_dataset_is_rejected(
    tmp_path: Path, dataset: Any, name: str, content: bytes | None
) -> None:
    folder = tmp_path / "saved"
    dataset.save_to_disk(folder)
    if content is None:
        (folder / name).unlink()
    else:
        write(folder / name, content)
    [(record, reason)] = rejected(read(folder))
    assert record is None
    assert reason.startswith("cannot be loaded as a dataset: ")


@pytest.mark.parametrize("configs", ["configs: 3", "configs: [", "configs:\n- none: 1", "configs:"])
def test_a_card_that_is_wrong_is_rejected_or_of_no_account(tmp_path: Path, configs: str) -> None:
    write(tmp_path / "README.md", f"---\n{configs}\n---\n")
    outcomes = read(tmp_path)
    assert texts(outcomes) == []
    assert all(isinstance(outcome, Rejected) for outcome in outcomes)


def test_a_dataset_without_the_text_s_column_is_rejected_once_a_split(
    tmp_path: Path, dataset: Any
) -> None:
    dataset.remove_columns(["text", "spans"]).save_to_disk(tmp_path / "saved")
    reason = "has no column `text`: its columns are id, source, author, published_at"
    assert read(tmp_path / "saved") == [Rejected(f"{tmp_path}/saved#train", reason)]


def test_fields_of_a_dataset_may_have_other_names(tmp_path: Path, dataset: Any) -> None:
    renamed = dataset.rename_columns({"text": "body", "id": "key", "source": "site"})
    renamed.save_to_disk(tmp_path / "saved")
    fields = Fields(text="body", id="key", metadata={"source": "site"})
    assert articles(read(tmp_path / "saved", fields=fields))[0] == FIRST
