"""The store: what goes in comes out, in the order of ids, and it is never half of anything."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from annotate.corpus import Article
from annotate.corpus.reading.fields import Made
from annotate.corpus.store import Store, arrow_schema, tables_of, to_table, with_clusters
from annotate.errors import CorpusError
from annotate.text import UNCHANGED, Changes
from tests.corpus.making import fill, make_store, texts_of, tree
from tests.strategies import canonical_texts

changes = st.builds(Changes, line_ends=st.integers(0, 9), composed=st.integers(0, 9))
articles = st.builds(
    Article, id=canonical_texts, text=canonical_texts, source=canonical_texts,
    published_at=st.sampled_from(["", "2024-06-15"]), cluster=canonical_texts,
)  # fmt: skip
rows = st.lists(
    st.builds(Made, articles, changes), max_size=8, unique_by=lambda row: row.article.id
)


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two articles fill a group of rows, so that four fill two shards."""
    monkeypatch.setattr("annotate.corpus.store._GROUP_ROWS", 2)


@settings(max_examples=40)
@given(rows)
def test_what_goes_in_comes_out(given_rows: list[Made]) -> None:
    ordered = sorted(given_rows, key=lambda row: row.article.id)
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "s.parquet")
        store.replace(tables_of(ordered))
        assert list(store) == ordered
        assert len(store) == len(ordered)
        assert all(list(store.find(row.article.id)) == [row] for row in ordered)


def test_the_columns_are_typed(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "Một."})
    schema = parquet.read_schema(store.path)
    assert schema.names == [
        *("id", "text", "title", "source", "url", "author", "published_at", "language"),
        *("cluster", "sha256", "changes"),
    ]
    assert {str(field.type) for field in schema if field.name != "changes"} == {"string"}
    assert {str(field.type) for field in schema.field("changes").type} == {"int32"}


@pytest.mark.usefixtures("small_groups")
def test_the_same_articles_are_the_same_bytes(tmp_path: Path) -> None:
    texts = {f"a{number}": f"Tin số {number}." for number in range(9)}
    one, other = (make_store(tmp_path / name / "s.parquet", texts, 1) for name in ("1", "2"))
    again = Store(one.path)
    again.replace(with_clusters(one, {}), 1)
    other.replace(with_clusters(other, {}), 1)
    assert tree(one.path) == tree(other.path)


@pytest.mark.usefixtures("small_groups")
def test_a_large_store_is_a_folder_of_shards_in_the_order_of_ids(tmp_path: Path) -> None:
    texts = {f"a{number}": f"Tin số {number}." for number in range(7)}
    store = make_store(tmp_path / "s.parquet", texts, shard_bytes=1)
    assert [path.name for path in store.shards()] == [f"{n:05}.parquet" for n in range(4)]
    assert list(texts_of(store).items()) == list(texts.items())
    assert len(store) == 7
    assert [row.article.id for row in store.find("a6", "a0", "b", "a3", "a0")] == ["a0", "a3", "a6"]


@pytest.mark.usefixtures("small_groups")
def test_a_store_grows_to_a_folder_and_shrinks_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "s.parquet"
    many = {f"a{number}": f"Tin số {number}." for number in range(4)}
    for texts, is_folder in (({"a": "x"}, False), (many, True), (many, True), ({"b": "y"}, False)):
        store = make_store(path, texts, shard_bytes=1)
        assert path.is_dir() == is_folder
        assert texts_of(store) == texts
    assert [found.name for found in tmp_path.iterdir()] == ["s.parquet"]


def test_a_shard_is_closed_once_it_has_its_size(tmp_path: Path) -> None:
    texts = {f"a{number}": "Tin." for number in range(3 * 4096 + 1)}
    limit = (
        2 * make_store(tmp_path / "1.parquet", dict(list(texts.items())[:4096])).path.stat().st_size
    )
    sizes = [
        len(parquet.read_table(shard))
        for shard in make_store(tmp_path / "2", texts, limit).shards()
    ]
    assert sum(sizes) == len(texts)
    assert len(sizes) == 2


@pytest.mark.parametrize("count", [1, 2, 4, 5])
@pytest.mark.usefixtures("small_groups")
def test_no_group_of_rows_is_empty(tmp_path: Path, count: int) -> None:
    store = make_store(tmp_path / "s.parquet", {f"a{number}": "x" for number in range(count)})
    metadata = parquet.read_metadata(store.path)
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [
        min(2, count - start) for start in range(0, count, 2)
    ]


def test_a_store_may_be_empty(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {})
    assert store.exists()
    assert (list(store), len(store), list(store.find("a"))) == ([], 0, [])
    store.replace(with_clusters(store, {}))
    assert store.path.is_file()


def test_long_texts_make_small_groups(tmp_path: Path) -> None:
    store = make_store(
        tmp_path / "s.parquet", {f"a{number}": "chữ " * 600_000 for number in range(5)}
    )
    assert parquet.read_metadata(store.path).num_row_groups == 3


def test_without_a_store_there_is_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.parquet")
    assert not store.exists()
    assert (list(store), len(store), list(store.find("a")), list(store.columns("id"))) == (
        [], 0, [], [],
    )  # fmt: skip


def test_clusters_are_filled_in_and_the_rest_stays(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "x", "b": "y", "c": "z"})
    store.replace(with_clusters(store, {"b": "a", "a": "a"}))
    assert [(article.id, article.text, article.cluster) for article, _ in store] == [
        ("a", "x", "a"), ("b", "y", "a"), ("c", "z", "c"),
    ]  # fmt: skip


def test_columns_are_read_alone(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "x"})
    assert list(store.columns("id", "language")) == [{"id": "a", "language": ""}]


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4:200] = bytes(196)
    path.write_bytes(content)


def foreign(path: Path) -> None:
    parquet.write_table(pa.table({"id": ["a"], "text": ["x"]}), path)


def numbered(path: Path) -> None:
    table = parquet.read_table(path)
    parquet.write_table(table.set_column(0, "id", pa.array([1, 2])), path)


def widened(path: Path) -> None:
    table = parquet.read_table(path)
    parquet.write_table(table.append_column("more", pa.array([1, 2])), path)


def unsorted(path: Path) -> None:
    parquet.write_table(parquet.read_table(path).take(pa.array([1, 0])), path)


def doubled(path: Path) -> None:
    parquet.write_table(parquet.read_table(path).take(pa.array([0, 0])), path)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncated, "cannot be read: Parquet magic bytes not found"),
        (flipped, "cannot be read"),
        (empty, "cannot be read: Parquet file size is 0 bytes"),
        (foreign, "is no store of this tool: it has no column title, source"),
        (numbered, "it has a column id of another type"),
        (widened, "it has more columns"),
        (unsorted, "it is not sorted by id: 'a' is late"),
        (doubled, "it is not sorted by id: 'a' is late"),
    ],
)
def test_what_is_no_store_is_refused(tmp_path: Path, damage: Any, reason: str) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "x", "b": "y"})
    damage(store.path)
    with pytest.raises(CorpusError) as raised:
        list(store)
    assert reason in raised.value.problem
    assert str(store.path) in raised.value.problem
    assert "\n" not in str(raised.value)
    assert raised.value.remedy


@pytest.mark.usefixtures("small_groups")
def test_a_damaged_shard_is_named(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {f"a{n}": "x" for n in range(4)}, shard_bytes=1)
    truncated(store.path / "00001.parquet")
    with pytest.raises(CorpusError, match=r"00001\.parquet cannot be read"):
        len(store)


def failing() -> Iterator[pa.Table]:
    yield to_table([Made(Article(id="b", text="y"), UNCHANGED)])
    raise KeyboardInterrupt


def test_a_replacement_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "x"})
    before = tree(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.replace(failing())
    assert tree(tmp_path) == before


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_without_space_leaves_what_was_there(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "x"})
    before = tree(tmp_path)
    articles = [Article(id=f"{n:05}", text=f"Tin {n * n}.") for n in range(3000)]
    with pytest.raises(CorpusError, match=r"cannot be written: .+ untouched"), full_disk(2000):
        fill(store, articles)
    assert tree(tmp_path) == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(CorpusError, match="cannot be written: Not a directory"):
        make_store(tmp_path / "file" / "s.parquet", {"a": "x"})


def test_between_the_renames_the_old_store_is_the_store(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "x"})
    old = tmp_path / ".s.parquet.old"
    store.path.rename(old)
    assert store.exists()
    assert texts_of(store) == {"a": "x"}
    store.recover()
    assert store.path.is_file()
    assert not old.exists()


def test_an_old_store_left_behind_does_not_come_back(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "new"})
    make_store(tmp_path / ".s.parquet.old", {"a": "old"})
    assert texts_of(store) == {"a": "new"}
    store.recover()
    store.path.unlink()
    assert not store.exists()


def test_the_schema_is_that_of_the_file(tmp_path: Path) -> None:
    store = make_store(tmp_path / "s.parquet", {"a": "x"})
    assert parquet.read_schema(store.path).equals(arrow_schema())
