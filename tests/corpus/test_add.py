"""Adding sources: nothing twice, nothing silently, and never half."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.corpus.add import Added, add_sources
from annotate.corpus.blocks import Blocks, Pending
from annotate.corpus.reading.fields import Fields
from annotate.corpus.reading.sources import DatasetFolder
from annotate.corpus.store import SHARD_BYTES, Store
from annotate.errors import CorpusError
from annotate.text import UNCHANGED, digest
from tests.corpus.killed import BLOCK_CHARS
from tests.corpus.making import (
    add,
    make_corpus,
    make_store,
    rejected_path,
    texts_of,
    tree,
    write_jsonl,
)
from tests.corpus.test_store import full_disk

Record = Mapping[str, Any]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "corpus" / "articles.parquet")


@pytest.fixture
def news(tmp_path: Path) -> Path:
    return write_jsonl(tmp_path / "news.jsonl", [record("b"), record("a"), record("c")])


def record(name: str, text: str = "", **fields: Any) -> Record:
    return {"id": name, "text": text or f"Tin {name}.", **fields}


def rejections(store: Store) -> list[dict[str, Any]]:
    path = rejected_path(store)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return list(map(json.loads, lines))


def test_articles_are_added_in_the_order_of_their_ids(store: Store, news: Path) -> None:
    added = add(store, news)
    assert (added.articles, added.added, added.taken) == (3, 3, 3)
    assert list(texts_of(store).items()) == [(name, f"Tin {name}.") for name in "abc"]
    assert not rejected_path(store).exists()


def test_adding_again_adds_nothing_and_writes_nothing(store: Store, news: Path) -> None:
    add(store, news)
    before, written = tree(store.path.parent), store.path.stat()
    again = add(store, news)
    assert (again.articles, again.added, again.unchanged) == (3, 0, 3)
    assert tree(store.path.parent) == before
    assert store.path.stat() == written


def test_adding_more_keeps_what_is_there(store: Store, news: Path, tmp_path: Path) -> None:
    add(store, news)
    added = add(
        store, write_jsonl(tmp_path / "more.jsonl", [record("0"), record("bb"), record("d")])
    )
    assert (added.articles, added.added, added.unchanged) == (6, 3, 0)
    assert list(texts_of(store)) == ["0", "a", "b", "bb", "c", "d"]


def test_a_changed_text_is_another_version_and_is_named(store: Store, news: Path) -> None:
    add(store, news)
    write_jsonl(news, [record("a", "Tin khác."), record("b")])
    added = add(store, news)
    assert (added.articles, added.changed, added.unchanged, added.added) == (3, ["a"], 1, 0)
    versions = {row["id"]: row["sha256"] for row in store.columns("id", "sha256")}
    assert versions["a"] == digest("Tin khác.")


def test_a_changed_text_stays_in_its_cluster_until_it_is_looked_at(
    store: Store, news: Path
) -> None:
    named = {"a": "a", "b": "a"}
    arguments: dict[str, Any] = {"rejected": rejected_path(store), "files": {}}
    seen: list[list[str]] = []

    def clusterer(merged: Store) -> dict[str, str]:
        seen.append([article.cluster for article, _ in merged])
        return named

    from annotate.corpus.reading.sources import find_sources

    for text in ("Tin b.", "Tin khác."):
        write_jsonl(news, [record("a"), record("b", text)])
        sources = find_sources([str(news)]).sources
        add_sources(store, sources, Fields(), clusterer=clusterer, **arguments)
    assert seen == [["", ""], ["a", "a"]]


def test_other_metadata_replace_the_former(store: Store, news: Path) -> None:
    add(store, news)
    write_jsonl(news, [record("a", title="Tựa"), record("b"), record("c")])
    added = add(store, news)
    assert (added.updated, added.unchanged, added.changed) == (["a"], 2, [])
    assert [article.title for article, _ in store] == ["Tựa", "", ""]


def test_metadata_that_a_source_does_not_give_stay(store: Store, news: Path) -> None:
    write_jsonl(news, [record("a", title="Tựa", source="Báo"), record("b")])
    add(store, news)
    write_jsonl(news, [record("a", source="Tin")])
    assert add(store, news).updated == ["a"]
    articles = [article for article, _ in store]
    assert [(one.title, one.source) for one in articles] == [("Tựa", "Tin"), ("", "")]


def test_what_canonicalising_changed_is_that_of_the_first_reading(store: Store, news: Path) -> None:
    write_jsonl(news, [{"id": "a", "text": "Một\r\nhai"}])
    add(store, news)
    write_jsonl(news, [{"id": "a", "text": "Một\nhai"}, record("b")])
    add(store, news)
    assert [changes.line_ends for _, changes in store] == [1, 0]


def test_two_files_of_one_name_have_their_own_rejections(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in ("mon", "tue"):
        (tmp_path / day).mkdir()
        write_jsonl(tmp_path / day / "news.jsonl", [{"id": day}])
        monkeypatch.chdir(tmp_path / day)
        add(store, Path("news.jsonl"))
    assert [one["id"] for one in rejections(store)] == ["mon", "tue"]
    add(store, tmp_path / "mon" / "news.jsonl")
    assert sorted(one["id"] for one in rejections(store)) == ["mon", "tue"]


def test_rejections_of_a_file_that_is_gone_go_too(store: Store, tmp_path: Path) -> None:
    gone = write_jsonl(tmp_path / "gone.jsonl", [{"id": "x"}])
    add(store, gone)
    gone.unlink()
    add(store, write_jsonl(tmp_path / "other.jsonl", [record("a")]))
    assert not rejected_path(store).exists()


def test_one_article_given_twice_is_one(store: Store, news: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(news, tmp_path / "copy.jsonl"))
    added = add(store, news, copy)
    assert (added.articles, added.added, added.repeated, added.rejected) == (3, 3, 3, 0)


def test_of_two_descriptions_of_one_text_the_first_is_kept(store: Store, tmp_path: Path) -> None:
    records = [record("a", title="Một"), record("a", title="Hai")]
    assert add(store, write_jsonl(tmp_path / "s.jsonl", records)).repeated == 1
    assert [article.title for article, _ in store] == ["Một"]


def test_of_two_texts_with_one_id_the_first_is_kept_and_the_other_rejected(
    store: Store, tmp_path: Path
) -> None:
    first = write_jsonl(tmp_path / "z.jsonl", [record("a", "Một."), record("a", "Hai.")])
    second = write_jsonl(
        tmp_path / "a.jsonl", [record("b"), record("a", "Ba."), record("a", "Một.")]
    )
    added = add(store, first, second)
    assert texts_of(store) == {"a": "Một.", "b": "Tin b."}
    assert (added.added, added.repeated, added.rejected) == (2, 1, 2)
    assert added.reasons == {"has the id of another text": 2}
    reason = f"has the id of another text: 'a' is that of {first}:1"
    assert rejections(store) == [
        {"source": str(first), "reason": reason, "record": 2, "id": "a"},
        {"source": str(second), "reason": reason, "record": 2, "id": "a"},
    ]


def test_an_article_that_the_corpus_has_as_a_file_is_not_stored_too(
    store: Store, news: Path
) -> None:
    added = add(store, news, files={"a": digest("Tin a."), "b": digest("Tin khác.")})
    assert list(texts_of(store)) == ["c"]
    assert (added.unchanged, added.added, added.rejected) == (1, 1, 1)
    (entry,) = rejections(store)
    assert entry["reason"].endswith("'b' is that of an article that the corpus has as a file")


def test_the_list_of_rejections_is_that_of_the_last_reading(store: Store, tmp_path: Path) -> None:
    good, bad = record("a"), {"id": "x", "text": ""}
    one = write_jsonl(tmp_path / "one.jsonl", [good, bad])
    two = write_jsonl(tmp_path / "two.jsonl", [bad, bad])
    add(store, one)
    add(store, two)
    assert [(Path(entry["source"]).name, entry["record"]) for entry in rejections(store)] == [
        ("one.jsonl", 2), ("two.jsonl", 1), ("two.jsonl", 2),
    ]  # fmt: skip
    write_jsonl(two, [good, bad])
    add(store, two)
    assert [(Path(entry["source"]).name, entry["record"]) for entry in rejections(store)] == [
        ("one.jsonl", 2), ("two.jsonl", 2),
    ]  # fmt: skip
    for path in (one, two):
        write_jsonl(path, [good])
        add(store, path)
    assert not rejected_path(store).exists()


def test_the_splits_of_a_dataset_are_its_own(store: Store, news: Path) -> None:
    place = str(news.parent / "nothing")
    other_place = {"source": "other#train", "reason": "x", "place": str(news.parent)}
    former = [{"source": f"news{split}", "reason": "x", "place": place} for split in ("", "#train")]
    store.path.parent.mkdir()
    write_jsonl(rejected_path(store), [*former, other_place])
    dataset = DatasetFolder("news", Path(place))
    add_sources(
        store, [dataset], Fields(), rejected=rejected_path(store), files={}, clusterer=lambda _: {}
    )
    other, now = rejections(store)
    assert other == other_place
    assert now["source"] == "news"


def test_a_source_is_the_same_however_it_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_jsonl(tmp_path / "s#1.jsonl", [record("a"), {"id": "x", "text": ""}])
    monkeypatch.chdir(tmp_path)
    for name in (source, Path(source.name), Path("corpus") / ".." / source.name):
        add(store, name)
        assert [entry["source"] for entry in rejections(store)] == [str(name)]


def test_a_damaged_list_of_rejections_is_told_before_anything_is_changed(
    store: Store, news: Path
) -> None:
    store.path.parent.mkdir()
    rejected_path(store).write_text('{"source": "s", "reason": "r"}\n{"sou\n', encoding="utf-8")
    before = tree(store.path.parent)
    with pytest.raises(CorpusError, match=r"line 2 of .+rejected\.jsonl is damaged"):
        add(store, news)
    assert tree(store.path.parent) == before


def test_a_search_that_fails_leaves_the_corpus_as_it_was(store: Store, news: Path) -> None:
    add(store, news)
    before = tree(store.path.parent)
    write_jsonl(news, [record("d"), {"id": "e"}])

    def fail(_store: Store) -> dict[str, str]:
        raise CorpusError("no Ray")

    from annotate.corpus.reading.sources import find_sources

    sources = find_sources([str(news)]).sources
    with pytest.raises(CorpusError, match="no Ray"):
        add_sources(
            store, sources, Fields(), rejected=rejected_path(store), files={}, clusterer=fail
        )
    assert tree(store.path.parent) == before


@pytest.mark.parametrize("block_chars", [1500, 1 << 30])
def test_a_disk_without_space_leaves_the_corpus_as_it_was(
    store: Store, news: Path, block_chars: int
) -> None:
    add(store, news)
    before = tree(store.path.parent)
    write_jsonl(news, [record(f"{n:05}", f"Tin {n * n}.") for n in range(2000)])
    with pytest.raises(CorpusError, match=r"cannot be written: .*is untouched"), full_disk(5000):
        add(store, news, block_chars=block_chars)
    assert tree(store.path.parent) == before


def test_a_folder_that_cannot_be_made_is_told(news: Path) -> None:
    with pytest.raises(CorpusError, match="cannot be written: Not a directory"):
        add(Store(news / "articles.parquet"), news)


def test_a_damaged_store_is_not_written_over(store: Store, news: Path) -> None:
    add(store, news)
    store.path.write_bytes(store.path.read_bytes()[:-20])
    before = tree(store.path.parent)
    with pytest.raises(CorpusError, match="cannot be read"):
        add(store, news)
    assert tree(store.path.parent) == before


names = st.sampled_from(["a", "b", "ab", "à", "𠀀", "Z", "z"])
texts = st.sampled_from(["Một.", "Hai.", "Ba.", ""])
runs = st.lists(st.lists(st.tuples(names, texts), max_size=8), max_size=3)


@settings(max_examples=40)
@given(runs, st.sampled_from([1, 1500, SHARD_BYTES]))
def test_the_last_run_wins_and_within_it_the_first_record(
    given_runs: list[list[tuple[str, str]]], block_chars: int
) -> None:
    expected: dict[str, str] = {}
    with TemporaryDirectory() as folder:
        store = Store(Path(folder) / "articles.parquet")
        for run in given_runs:
            source = write_jsonl(Path(folder) / "s.jsonl", [{"id": i, "text": t} for i, t in run])
            added = add(store, source, block_chars=block_chars)
            firsts = {name: text for name, text in reversed(run) if text}
            usable = [(name, text) for name, text in run if text]
            assert added.rejected == len(run) - sum(firsts[n] == t for n, t in usable)
            assert added.taken == len(firsts)
            assert added.repeated == sum(firsts[n] == t for n, t in usable) - len(firsts)
            assert set(added.changed) == {
                name for name, text in firsts.items() if expected.get(name, text) != text
            }
            expected |= firsts
            assert added.articles == len(expected)
        assert list(texts_of(store).items()) == sorted(expected.items())


def test_the_store_does_not_depend_on_the_size_of_the_blocks(tmp_path: Path) -> None:
    records = [record(f"{(n * 7919) % 1000:04}", f"Tin {n * n}.") for n in range(1000)]
    source = write_jsonl(tmp_path / "s.jsonl", [*records, *records[:300], {"id": "x"}])
    trees = []
    for block_chars in (1, 9999, 1 << 30):
        store = Store(tmp_path / str(block_chars) / "articles.parquet")
        assert add(store, source, block_chars=block_chars).repeated == 300
        trees.append(tree(store.path.parent))
    assert trees[0] == trees[1] == trees[2]


def pending(order: int, text: str = "x") -> Pending:
    article = Article(id=f"{order * 7919 % 1000:04}", text=text)
    return Pending(article, UNCHANGED, "s", order, order)


def test_more_blocks_than_files_may_be_open_are_merged_in_turns(tmp_path: Path) -> None:
    blocks = Blocks(tmp_path, block_chars=1, at_once=3)
    rows = [pending(order % 500) for order in range(50)]
    for row in rows:
        blocks.add(row)
    assert len(list(tmp_path.iterdir())) == 50
    assert list(blocks) == sorted(rows, key=lambda row: (row.article.id, row.order))
    assert len(list(tmp_path.iterdir())) <= 3


def test_blocks_hold_no_more_than_their_share_in_memory(tmp_path: Path) -> None:
    blocks = Blocks(tmp_path, block_chars=200_000)
    tracemalloc.start()
    try:
        for order in range(4000):
            blocks.add(pending(order, f"{order:03}" * 300))
        assert sum(1 for _ in blocks) == 4000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1_500_000


def test_blocks_of_tiny_texts_are_bounded_too(tmp_path: Path) -> None:
    blocks = Blocks(tmp_path, block_chars=100_000)
    for order in range(1000):
        blocks.add(pending(order))
    assert len(list(tmp_path.iterdir())) >= 4


# Text of four articles, of which two fill a group of rows and with it a shard.
FEW = [record(f"{number}", "chữ " * 100) for number in range(2)]
MANY = [record(f"{number}", "chữ " * 100 + str(number)) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("before", "after", "sizes"),
    [
        ([], FEW, (SHARD_BYTES, SHARD_BYTES)),
        (FEW, MANY, (SHARD_BYTES, SHARD_BYTES)),
        (FEW, MANY, (SHARD_BYTES, 1)),
        (MANY, FEW, (1, 1)),
        (MANY, FEW, (1, SHARD_BYTES)),
    ],
    ids=["none-file", "file-file", "file-folder", "folder-folder", "folder-file"],
)
def test_killed_at_any_moment_the_store_is_whole_and_a_rerun_completes_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: list[Record],
    after: list[Record],
    sizes: tuple[int, int],
) -> None:
    monkeypatch.setattr("annotate.corpus.store._GROUP_ROWS", 2)
    source = tmp_path / "s.jsonl"
    state, undisturbed = tmp_path / "state", tmp_path / "undisturbed"
    state.mkdir()
    if before:
        add_to(state, write_jsonl(source, [*before, {"id": "rejected"}]), sizes[0])
    write_jsonl(source, [*after, {"id": "rejected"}, {"id": "too"}])
    shutil.copytree(state, undisturbed)
    add_to(undisturbed, source, sizes[1])
    old, new = (texts_of(Store(folder / "articles.parquet")) for folder in (state, undisturbed))
    copies = [tmp_path / f"{moment:03}" for moment in range(40)]
    for copy in copies:
        shutil.copytree(state, copy)
    command = [sys.executable, "-m", "tests.corpus.killed", str(source), str(sizes[1])]
    command += map(str, copies)
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    killed = int(done.stdout)
    assert 10 < killed < len(copies), done.stderr
    for copy in copies:
        assert texts_of(Store(copy / "articles.parquet")) in (old, new)
        add_to(copy, source, sizes[1])
        assert tree(copy) == tree(undisturbed)


def add_to(folder: Path, source: Path, shard_bytes: int) -> Added:
    store = Store(folder / "articles.parquet")
    return add(store, source, shard_bytes=shard_bytes, block_chars=BLOCK_CHARS)


@pytest.fixture
def blocked(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    """Give a workspace whose command has read half of its source, and waits for the rest."""
    root = tmp_path / "workspace"
    make_corpus(root / "corpus", files={"m.md": "Tệp."}, stored={"old": "Cũ."})
    settings = 'title = "Thử"\nschema = "s.yaml"\ncorpus = "corpus/articles"\n'
    (root / "annotate.toml").write_text(settings, encoding="utf-8")
    crawl = tmp_path / "crawl"
    crawl.mkdir()
    write_jsonl(crawl / "a.jsonl", [record(f"{number}") for number in range(1000)])
    os.mkfifo(crawl / "b.jsonl")
    command = [sys.executable, "-m", "annotate", "corpus", "add"]
    running = subprocess.Popen([*command, str(crawl), "--workspace", str(root)])
    try:
        yield root, running
    finally:
        running.kill()
        running.wait()


def test_a_command_killed_while_it_reads_is_completed_by_running_it_again(
    blocked: tuple[Path, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    root, running = blocked
    corpus = root / "corpus"
    before = tree(corpus)
    work = corpus / ".articles.parquet.adding"
    deadline = time.monotonic() + 30
    while not work.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert work.exists()
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert {
        name: content for name, content in tree(corpus).items() if ".adding" not in name
    } == before

    (tmp_path / "crawl" / "b.jsonl").unlink()
    write_jsonl(tmp_path / "crawl" / "b.jsonl", [record("last"), {"id": "bad"}])
    shutil.copytree(tmp_path / "workspace", tmp_path / "other")
    shutil.rmtree(tmp_path / "other" / "corpus" / work.name)
    for name in ("workspace", "other"):
        add_crawl(tmp_path / name / "corpus", tmp_path / "crawl")
    assert tree(corpus) == tree(tmp_path / "other" / "corpus")
    assert len(texts_of(Store(corpus / "articles.parquet"))) == 1002


def add_crawl(folder: Path, crawl: Path) -> None:
    from annotate.corpus.reading.sources import find_sources

    make_corpus(folder).add(find_sources([str(crawl)]).sources, Fields())


def test_what_canonicalising_changed_is_summed_up(store: Store, tmp_path: Path) -> None:
    source = write_jsonl(tmp_path / "s.jsonl", [record("a", "x\r\ny\tz"), record("b", "x\ty")])
    added = add(store, source)
    assert (added.changes.line_ends, added.changes.tabs) == (1, 2)
    assert [changes.tabs for _, changes in store] == [1, 1]
    assert added.encodings == {"utf-8": 2}


def test_a_store_is_added_to_where_the_former_was_left_between_two_renames(
    store: Store, news: Path
) -> None:
    add(store, news)
    store.path.rename(store.path.with_name(".articles.parquet.old"))
    assert add(store, news).unchanged == 3
    assert [path.name for path in store.path.parent.iterdir()] == ["articles.parquet"]


def test_a_store_copied_elsewhere_is_a_source(store: Store, tmp_path: Path) -> None:
    other = make_store(tmp_path / "copy.parquet", {"a": "x", "b": "y"})
    assert add(store, other.path).added == 2
    assert texts_of(store) == {"a": "x", "b": "y"}
