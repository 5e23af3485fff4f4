"""The corpus: files and store as one, and the clusters over both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.corpus import Article
from annotate.corpus.corpus import Corpus, open_corpus
from annotate.corpus.reading.fields import Fields
from annotate.corpus.reading.sources import find_sources
from annotate.corpus.store import Store
from annotate.errors import CorpusError
from annotate.settings import DuplicateSettings
from annotate.workspace import open_workspace
from tests.corpus.making import fill, make_corpus, tree, write_jsonl

NEWS = "Sáng nay tại xã Tân Lập công an huyện trao giấy khen cho ba tập thể"
REPRINT = f"{NEWS} và hai cá nhân"
OTHER = "Mưa lớn làm sạt lở quốc lộ đoạn qua đèo, xe cộ ùn tắc nhiều giờ"


def add(corpus: Corpus, path: Path) -> None:
    corpus.add(find_sources([str(path)]).sources, Fields())


def ids(corpus: Corpus) -> list[str]:
    return [article.id for article, _ in corpus]


def test_files_and_store_are_one_corpus_in_the_order_of_ids(tmp_path: Path) -> None:
    corpus = make_corpus(
        tmp_path, files={"b.md": "B.", "d.txt": "D."}, stored={"a": "A.", "c": "C."}
    )
    assert ids(corpus) == ["a", "b", "c", "d"]
    assert [article.id for article in corpus.known()] == ["a", "b", "c", "d"]
    assert corpus.find("b").article.text == "B."
    assert corpus.find("c").article.text == "C."
    assert sorted(corpus.find_all(["d", "a", "zzz"])) == ["a", "d"]


def test_either_may_be_absent(tmp_path: Path) -> None:
    assert ids(make_corpus(tmp_path / "1", files={"a.md": "A."})) == ["a"]
    assert ids(make_corpus(tmp_path / "2", stored={"a": "A."})) == ["a"]


def test_where_both_are_absent_it_says_what_to_do(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path)
    for use in (
        corpus.clusters,
        corpus.articles,
        lambda: list(corpus),
        lambda: list(corpus.known()),
    ):
        with pytest.raises(CorpusError, match=r"does not exist\. .+`annotate corpus add`"):
            use()


def test_a_corpus_without_articles_has_no_clusters(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={})
    assert (corpus.clusters(), ids(corpus), list(corpus.known())) == ({}, [], [])


def test_the_corpus_may_be_a_store_or_one_file(tmp_path: Path) -> None:
    make_corpus(tmp_path, files={"b.md": "B."}, stored={"a": "A."})
    settings, cache = DuplicateSettings(), tmp_path / "clusters.json"
    assert ids(Corpus(tmp_path / "articles.parquet", settings, cache)) == ["a"]
    assert ids(Corpus(tmp_path / "articles" / "b.md", settings, cache)) == ["b"]


def test_an_id_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="there is no article 'z'"):
        make_corpus(tmp_path, files={"b.md": "B."}, stored={"a": "A."}).find("z")


FRONT_MATTER = "---\ntitle: Tựa\nsource: Báo\n---\n"


def test_a_text_that_is_both_file_and_stored_is_one_article_as_the_file_describes_it(
    tmp_path: Path,
) -> None:
    corpus = make_corpus(tmp_path, files={"a.md": f"{FRONT_MATTER}{NEWS}\n"})
    article = Article(id="a", text=NEWS, title="Cũ", source="Đài", cluster="a")
    fill(corpus.store, [article, msgspec.structs.replace(article, id="b", text=OTHER)])
    assert [(one.id, one.title, one.cluster) for one, _ in corpus] == [
        ("a", "Tựa", "a"),
        ("b", "Cũ", "a"),
    ]
    assert [(one.id, one.source) for one in corpus.known()] == [("a", "Báo"), ("b", "Đài")]
    assert corpus.clusters() == {}
    assert corpus.find("a").article.title == "Tựa"


def test_one_id_with_two_texts_is_an_error_whatever_is_asked(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"a.md": "A."}, stored={"a": "B.", "b": "C."})
    source = write_jsonl(tmp_path / "s.jsonl", [{"id": "c", "text": "D."}])
    before = tree(tmp_path)
    uses: tuple[Callable[[], Any], ...] = (
        corpus.clusters, corpus.articles, lambda: list(corpus), lambda: list(corpus.known()),
        lambda: add(corpus, source),
    )  # fmt: skip
    for use in uses:
        with pytest.raises(CorpusError, match=r"'a' has another text in .+ than in .+\.parquet"):
            use()
    assert tree(tmp_path) == before


def test_adding_the_text_of_the_file_settles_the_two(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"a.md": "A."}, stored={"a": "B."})
    add(corpus, write_jsonl(tmp_path / "s.jsonl", [{"id": "a", "text": "A."}]))
    assert [article.text for article, _ in corpus] == ["A."]


def test_a_file_and_a_stored_article_are_near_duplicates(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"m.md": NEWS}, stored={"s": REPRINT, "t": OTHER})
    assert corpus.clusters() == {"m": "m", "s": "m"}
    assert [(one.id, one.cluster) for one in corpus.articles()] == [
        ("m", "m"),
        ("s", "m"),
        ("t", "t"),
    ]
    assert [(one.id, one.cluster, one.text) for one in corpus.known()] == [
        ("m", "m", ""), ("s", "m", ""), ("t", "t", ""),
    ]  # fmt: skip


def test_articles_that_are_not_in_the_corpus_have_clusters_too(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"m.md": NEWS})
    given = [Article(id="y", text=REPRINT), Article(id="x", text=OTHER), *corpus.articles()]
    assert [(one.id, one.cluster) for one in corpus.with_clusters(given)] == [
        ("m", "m"), ("x", "x"), ("y", "m"),
    ]  # fmt: skip
    assert corpus.with_clusters([]) == []
    assert corpus.clusters() == {}


def test_adding_writes_the_clusters_into_the_store(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"m.md": NEWS})
    records = [{"id": "s", "text": REPRINT}, {"id": "t", "text": OTHER}]
    add(corpus, write_jsonl(tmp_path / "s.jsonl", records))
    assert {row["id"]: row["cluster"] for row in corpus.store.columns("id", "cluster")} == {
        "s": "m", "t": "t",
    }  # fmt: skip
    assert tree(tmp_path).keys() == {
        "articles/", "articles/m.md", "articles.parquet", "clusters.json", "s.jsonl",
    }  # fmt: skip


def test_a_cluster_keeps_its_name_when_the_corpus_grows(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path)
    source = tmp_path / "s.jsonl"
    for name in ("m", "z", "a"):
        add(corpus, write_jsonl(source, [{"id": name, "text": f"{NEWS} {name}"}]))
    assert corpus.clusters() == {"a": "m", "m": "m", "z": "m"}


def test_a_stored_cluster_named_after_a_file_keeps_its_name(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"m.md": NEWS})
    source = tmp_path / "s.jsonl"
    for name in ("z", "a"):
        add(corpus, write_jsonl(source, [{"id": name, "text": f"{NEWS} {name}"}]))
    assert corpus.clusters() == {"a": "m", "m": "m", "z": "m"}


def mark_cache(root: Path) -> None:
    """Make the cache's clusters tell that they come from it."""
    path = root / "clusters.json"
    kept = msgspec.json.decode(path.read_bytes())
    path.write_bytes(msgspec.json.encode({**kept, "clusters": {"from": "cache"}}))


FOUND = {"a": "a", "b": "a"}


@pytest.fixture
def cached(tmp_path: Path) -> Path:
    """Give the folder of a corpus whose clusters are in the cache, marked."""
    corpus = make_corpus(tmp_path, files={"a.md": NEWS}, stored={"b": REPRINT, "c": OTHER})
    assert corpus.clusters() == FOUND
    mark_cache(tmp_path)
    return tmp_path


def test_clusters_are_searched_once(cached: Path) -> None:
    assert make_corpus(cached).clusters() == {"from": "cache"}
    assert make_corpus(cached, engine="ray").clusters() == {"from": "cache"}


def test_the_clusters_found_while_adding_are_kept(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"a.md": NEWS})
    add(corpus, write_jsonl(tmp_path / "s.jsonl", [{"id": "b", "text": REPRINT}]))
    mark_cache(tmp_path)
    assert make_corpus(tmp_path).clusters() == {"from": "cache"}


def test_the_clusters_of_the_corpus_serve_its_articles_given_one_by_one(cached: Path) -> None:
    corpus = make_corpus(cached)
    given = corpus.with_clusters(article for article, _ in corpus)
    assert {article.cluster for article in given} == {"a", "b", "c"}


@pytest.mark.parametrize(
    "settings", [{"threshold": 0.5}, {"shingle_size": 2}, {"permutations": 64}]
)
def test_other_settings_search_anew(cached: Path, settings: dict[str, Any]) -> None:
    assert make_corpus(cached, **settings).clusters() == FOUND


def test_another_text_searches_anew(cached: Path) -> None:
    (cached / "articles" / "a.md").write_text(OTHER, encoding="utf-8")
    assert make_corpus(cached).clusters() == {"a": "a", "c": "a"}


def test_another_article_searches_anew(cached: Path) -> None:
    (cached / "articles" / "d.md").write_text(OTHER, encoding="utf-8")
    assert make_corpus(cached).clusters() == FOUND | {"c": "c", "d": "c"}


def test_another_former_cluster_searches_anew(cached: Path) -> None:
    stored = [article for article, _ in make_corpus(cached).store]
    named = {"b": "b", "c": "c"}
    fill(
        Store(cached / "articles.parquet"),
        [msgspec.structs.replace(article, cluster=named[article.id]) for article in stored],
    )
    assert make_corpus(cached).clusters() == {"a": "b", "b": "b"}


def test_other_metadata_do_not_search_anew(cached: Path) -> None:
    (cached / "articles" / "a.md").write_text(f"{FRONT_MATTER}{NEWS}", encoding="utf-8")
    assert make_corpus(cached).clusters() == {"from": "cache"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b'{"key": "\xff"}', b"[]", b'{"key": 1}', b'{"clusters": {"a": 3}}'],
)
def test_a_damaged_cache_is_made_anew(cached: Path, content: bytes) -> None:
    (cached / "clusters.json").write_bytes(content)
    assert make_corpus(cached).clusters() == FOUND
    mark_cache(cached)
    assert make_corpus(cached).clusters() == {"from": "cache"}


def test_a_corpus_that_may_only_be_read_needs_no_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The superuser may write anything, so nothing else makes it so.
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    make_corpus(tmp_path, files={"a.md": NEWS, "b.md": REPRINT})
    corpus = Corpus(tmp_path / "articles", DuplicateSettings(), tmp_path / "gone" / "clusters.json")
    assert len(corpus.clusters()) == 2
    assert not (tmp_path / "gone").exists()


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    make_corpus(tmp_path, files={"a.md": NEWS})
    cache = tmp_path / "clusters.json"
    cache.mkdir()
    with pytest.raises(CorpusError, match=r"clusters\.json cannot be written: "):
        Corpus(tmp_path / "articles", DuplicateSettings(), cache).clusters()


def test_adding_the_workspace_takes_nothing_of_the_corpus_itself(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path, files={"a.md": NEWS}, stored={"b": REPRINT})
    (tmp_path / "gold").mkdir()
    (tmp_path / "gold" / "a.md").write_text(f"[{NEWS}](X)", encoding="utf-8")
    (tmp_path / "rejected.jsonl").write_text('{"source":"s","reason":"r"}\n', encoding="utf-8")
    added = corpus.add(find_sources([str(tmp_path)]).sources, Fields())
    assert (added.added, added.rejected, added.unchanged) == (0, 0, 1)


@pytest.mark.parametrize("name", ["tin [2024] *", "a%20b {x,y}", "q?#&", "C:\\tin", "tin\n báo"])
def test_a_folder_of_any_name_may_hold_the_corpus(tmp_path: Path, name: str) -> None:
    (tmp_path / "tin 2").mkdir()
    corpus = make_corpus(tmp_path / name, files={"a.md": NEWS}, stored={"b": REPRINT})
    assert corpus.clusters() == FOUND


def test_the_whole_store_is_searched_when_it_is_a_folder_of_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotate.corpus.store._GROUP_ROWS", 1)
    corpus = make_corpus(tmp_path)
    texts = {"a": NEWS, "b": OTHER, "c": REPRINT}
    fill(corpus.store, [Article(id=name, text=text) for name, text in texts.items()], shard_bytes=1)
    assert len(corpus.store.shards()) == 3
    assert corpus.clusters() == {"a": "a", "c": "a"}


def test_what_was_rejected_is_told(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path)
    assert list(corpus.rejected()) == []
    records: list[dict[str, Any]] = [{"id": "a", "text": "A."}, {"id": "b", "text": 3}]
    add(corpus, write_jsonl(tmp_path / "s.jsonl", records))
    (rejected,) = corpus.rejected()
    assert (rejected.record, rejected.id) == (2, "b")


@pytest.mark.parametrize("content", [b"{\n", b"\n", b'{"source": 1, "reason": "x"}\n', b"\xff\n"])
def test_a_damaged_list_of_rejections_is_told(tmp_path: Path, content: bytes) -> None:
    corpus = make_corpus(tmp_path)
    corpus.rejected_path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"line 1 of .+rejected\.jsonl is damaged") as raised:
        list(corpus.rejected())
    assert "\n" not in str(raised.value)


def test_the_settings_are_those_of_the_workspace_with_exceptions(tmp_path: Path) -> None:
    settings = 'title = "Thử"\nschema = "s"\ncorpus = "articles"\n[duplicates]\nthreshold = 0.7\n'
    (tmp_path / "annotate.toml").write_text(settings, encoding="utf-8")
    corpus = open_corpus(open_workspace(tmp_path, {}), shingle_size=5)
    assert (corpus.settings.threshold, corpus.settings.shingle_size) == (0.7, 5)
    assert not (tmp_path / ".annotate").exists()
    (tmp_path / "articles").mkdir()
    assert corpus.clusters() == {}
    assert tree(tmp_path / ".annotate").keys() == {".gitignore", "clusters.json"}
