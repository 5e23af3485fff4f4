"""A built dataset is read as `datasets` reads it, and what is broken is told by its file."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.built import Built
from annotate.dataset.reading import open_built
from annotate.errors import DatasetError
from annotate.spans import Span
from tests.dataset.breaking import file_of, rows_of
from tests.dataset.building import build_into, load
from tests.factories import (
    make_annotation,
    make_article,
    make_choice,
    make_schema,
    sample_schema,
)

CONFIGS = ["spans", "tokens", "annotations"]


@pytest.fixture
def copy(sample: tuple[Path, Built], tmp_path: Path) -> Path:
    """A copy of the built sample that may be broken."""
    return copytree(sample[0], tmp_path / "dataset")


@pytest.mark.parametrize("config", CONFIGS)
def test_rows_and_features_are_those_that_datasets_loads(
    sample: tuple[Path, Built], config: str
) -> None:
    built, loaded = open_built(sample[0]), load(sample[0], config)
    assert built.configs == CONFIGS
    assert built.splits(config) == list(loaded) == ["train", "validation", "test"]
    assert built.features(config) == loaded["train"].features
    for split, rows in loaded.items():
        assert list(built.rows(config, split)) == list(rows)
        assert built.count(config, split) == len(rows)


def test_names_are_found_by_their_column(sample: tuple[Path, Built]) -> None:
    built = open_built(sample[0])
    assert built.names("spans", "entities.label") == list(sample_schema().labels)
    assert built.names("annotations", "relations.label") == list(sample_schema().relation_labels)
    assert built.names("annotations", "status") == ["submitted", "skipped"]
    assert built.names("tokens", "ner_tags")[:2] == ["O", "B-PERSON"]


def test_names_of_choices_of_several_are_found_within_their_lists(tmp_path: Path) -> None:
    article = make_article()
    schema = make_schema(choices=(make_choice("topic", "crime", "traffic", multiple=True),))
    build_into(tmp_path / "out", [article], [make_annotation(article)], schema)
    assert open_built(tmp_path / "out").names("spans", "topic") == ["crime", "traffic"]


@pytest.mark.parametrize("column", ["text", "entities", "entities.text", "nothing", "id.label"])
def test_a_column_without_labels_has_no_names(sample: tuple[Path, Built], column: str) -> None:
    with pytest.raises(DatasetError, match=f"has no labels {column} in its config spans"):
        open_built(sample[0]).names("spans", column)


def test_only_some_columns_can_be_read(sample: tuple[Path, Built]) -> None:
    row = next(open_built(sample[0]).rows("spans", "train", ["id", "cluster"]))
    assert row.keys() == {"id", "cluster"}


def test_shards_are_read_in_their_order(copy: Path) -> None:
    rows = rows_of(copy, "tokens", "train")
    whole = file_of(copy, "tokens", "train")
    schema = pq.read_schema(whole)
    whole.unlink()
    # Written from the last to the first: their names tell the order.
    for number in reversed(range(3)):
        part = [{**row, "sentence": number} for row in rows]
        table = pa.Table.from_pylist(part, schema=schema)
        pq.write_table(table, copy / "tokens" / f"train-0000{number}-of-00003.parquet")
    built = open_built(copy)
    numbers = [row["sentence"] for row in built.rows("tokens", "train", ["sentence"])]
    assert numbers == [number for number in range(3) for _ in rows]
    assert built.count("tokens", "train") == len(numbers)


def test_reading_does_not_hold_the_split(tmp_path: Path) -> None:
    schema = pa.schema({"id": pa.string(), "numbers": pa.list_(pa.int64())})
    with pq.ParquetWriter(tmp_path / "train-0.parquet", schema) as writer:
        for start in range(0, 20_000, 1000):
            rows = [{"id": str(n), "numbers": [n] * 200} for n in range(start, start + 1000)]
            writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    write_card(tmp_path, "train-*.parquet")
    before = pa.default_memory_pool().bytes_allocated()
    rows_read = open_built(tmp_path).rows("spans", "train")
    most = max(
        pa.default_memory_pool().bytes_allocated() - before for _ in islice(rows_read, 15_000)
    )
    # The whole of it has 32 MB; a group of rows has 1.6.
    assert most < 8_000_000


def test_features_come_from_the_files_when_the_card_has_none(
    sample: tuple[Path, Built], tmp_path: Path
) -> None:
    copytree(sample[0] / "spans", tmp_path / "spans")
    write_card(tmp_path, "spans/train-*.parquet")
    built = open_built(tmp_path)
    assert built.features("spans") == open_built(sample[0]).features("spans")
    assert built.names("spans", "entities.label") == list(sample_schema().labels)


def write_card(folder: Path, path: str) -> None:
    """Write a card that says only where files lie."""
    head = f"configs:\n- config_name: spans\n  data_files:\n  - split: train\n    path: {path}\n"
    (folder / "README.md").write_text(f"---\n{head}---\n\n# It\n", encoding="utf-8")


def test_a_config_or_split_that_it_has_not_is_told_with_those_it_has(
    sample: tuple[Path, Built],
) -> None:
    built = open_built(sample[0])
    with pytest.raises(DatasetError, match=r"has no config words\. It has spans, tokens, annot"):
        built.splits("words")
    with pytest.raises(DatasetError, match=r"\(spans\) has no split dev\. It has train, valid"):
        next(built.rows("spans", "dev"))
    with pytest.raises(DatasetError, match="has no split dev"):
        built.count("spans", "dev")


def test_no_folder_and_no_card_are_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"there is no folder .*nowhere"):
        open_built(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"is not a dataset: it has no README\.md"):
        open_built(tmp_path)


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (b"---\nconfigs: [\n---\n", r"README\.md cannot be read: "),
        (b"\xff\xfe---", r"README\.md cannot be read: "),
        (b"---\ndataset_info: 3\n---\n", r"README\.md cannot be read: |names no configs"),
        (b"---\ndataset_info:\n- features: 3\n---\n", r"README\.md cannot be read: "),
        (b"# Only words\n", "names no configs"),
        (b"---\nlanguage: en\n---\n", "names no configs"),
        (b"---\nconfigs: 3\n---\n", "does not say which files belong"),
        (b"---\nconfigs:\n- data_files: x\n---\n", "does not say which files belong"),
        (b"---\nconfigs:\n- config_name: a\n  data_files: x\n---\n", "does not say which files"),
    ],
)
def test_a_card_that_does_not_hold_is_told(copy: Path, card: bytes, reason: str) -> None:
    (copy / "README.md").write_bytes(card)
    with pytest.raises(DatasetError, match=reason):
        open_built(copy)


@pytest.mark.parametrize("path", ["../outside/train-*.parquet", "/etc/*"])
def test_a_card_cannot_name_files_outside_of_the_folder(tmp_path: Path, path: str) -> None:
    write_card(tmp_path, path)
    with pytest.raises(DatasetError, match="names files outside of it"):
        open_built(tmp_path)


@pytest.mark.parametrize("path", ["''", "a**b/*", "x" * 300])
def test_a_path_that_stands_for_no_files_is_told(tmp_path: Path, path: str) -> None:
    write_card(tmp_path, path)
    with pytest.raises(DatasetError, match=r"README\.md names files by '"):
        open_built(tmp_path)


def test_files_that_are_missing_are_told(copy: Path) -> None:
    file_of(copy, "tokens", "test").unlink()
    with pytest.raises(DatasetError, match=r"has no tokens/test-\*\.parquet, which its README"):
        open_built(copy)


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _emptied(_content: bytes) -> bytes:
    return b""


def _muddled(content: bytes) -> bytes:
    """Return the file with its data overwritten and its end, which tells where data is, whole."""
    return content[:4] + b"\xff" * 2000 + content[2004:]


@pytest.mark.parametrize("broken", [_cut, _emptied, _muddled])
def test_a_corrupt_file_is_told_by_its_name(copy: Path, broken: Callable[[bytes], bytes]) -> None:
    path = file_of(copy, "spans", "train")
    path.write_bytes(broken(path.read_bytes()))
    with pytest.raises(DatasetError, match=r"spans/train-00000-of-00001\.parquet cannot be read"):
        list(open_built(copy).rows("spans", "train"))


def test_a_folder_in_place_of_a_file_is_told(copy: Path) -> None:
    path = file_of(copy, "spans", "train")
    path.unlink()
    path.mkdir()
    with pytest.raises(DatasetError, match=r"train-00000-of-00001\.parquet cannot be read as"):
        list(open_built(copy).rows("spans", "train"))


def test_a_file_with_other_columns_than_the_card_says_is_told(copy: Path) -> None:
    path = file_of(copy, "spans", "train")
    pq.write_table(pq.read_table(path).drop_columns(["cluster"]), path)
    with pytest.raises(DatasetError, match=r"parquet has other columns than README\.md says"):
        next(open_built(copy).rows("spans", "train"))


def test_what_a_reader_of_rows_raises_is_its_own(sample: tuple[Path, Built]) -> None:
    def stop() -> None:
        for _ in open_built(sample[0]).rows("spans", "train"):
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        stop()


def test_an_article_that_nobody_marked_has_no_entities(tmp_path: Path) -> None:
    article = make_article()
    span = Span(id="s", start=0, end=8, label="RANK")
    for name, spans in (("none", ()), ("one", (span,))):
        build_into(tmp_path / name, [article], [make_annotation(article, *spans)])
    none, one = (next(open_built(tmp_path / n).rows("spans", "train")) for n in ("none", "one"))
    assert none["entities"] == []
    assert [entity["label"] for entity in one["entities"]] == [1]


KINDS = st.recursive(
    st.sampled_from((pa.int32(), pa.int64(), pa.string(), pa.bool_(), pa.float64())),
    lambda inner: st.one_of(
        st.builds(pa.list_, inner),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda kinds: pa.struct([(f"f{n}", kind) for n, kind in enumerate(kinds)])
        ),
    ),
    max_leaves=4,
)


def values_of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Draw values of an Arrow type, with nulls on every level."""
    if pa.types.is_list(kind):
        drawn: st.SearchStrategy[Any] = st.lists(values_of(kind.value_type), max_size=3)
    elif pa.types.is_struct(kind):
        drawn = st.fixed_dictionaries({field.name: values_of(field.type) for field in kind})
    elif pa.types.is_string(kind):
        drawn = st.text(max_size=3)
    else:
        drawn = st.booleans() if pa.types.is_boolean(kind) else st.integers(-5, 5)
    return st.none() | drawn


@given(st.data(), KINDS)
def test_rows_are_what_pyarrow_makes_of_them(data: st.DataObject, kind: pa.DataType) -> None:
    values = data.draw(st.lists(values_of(kind), max_size=8))
    column = pa.array(values, type=kind)
    with TemporaryDirectory() as folder:
        # In several groups of rows, so that what is read begins within a file's column.
        pq.write_table(pa.table({"x": column}), Path(folder) / "train-0.parquet", row_group_size=3)
        write_card(Path(folder), "train-*.parquet")
        rows = list(open_built(Path(folder)).rows("spans", "train"))
    assert rows == pa.table({"x": column}).to_pylist()
