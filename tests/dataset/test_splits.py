"""Splits: decided by a list, else by the cluster; the same everywhere, in the shares asked for."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.splits import SPLITS, SplitName, Splits, read_fixed, split_of
from annotate.errors import DatasetError
from annotate.settings import Split
from annotate.workspace import open_workspace
from tests import strategies

COUNT = 4000
IDS = [f"bai-{number}" for number in range(COUNT)]

# Articles with their clusters: few names, so that many share one.
names = st.text(st.sampled_from("abcdef"), min_size=1, max_size=2)
corpora = st.dictionaries(names, names, max_size=30)
splits = st.sampled_from(SPLITS)
lists = st.dictionaries(names, splits, max_size=8)
parts = st.tuples(*[st.integers(0, 10)] * 3).filter(any)


def make_split(part: tuple[int, int, int], seed: int) -> Split:
    train, validation, test = (one / sum(part) for one in part)
    return Split(train, validation, test, seed)


all_shares = st.builds(make_split, parts, st.integers(-3, 3))


@given(strategies.raw_texts, st.sampled_from(SPLITS))
def test_a_split_that_has_everything_gets_every_article(key: str, split: str) -> None:
    shares = make_split((split == "train", split == "validation", split == "test"), 0)
    assert split_of(key, shares) == split


def test_the_split_of_an_article_never_changes() -> None:
    shares = Split(train=0.8, validation=0.1, test=0.1)
    known = {"bai-0": "train", "bai-2": "validation", "bai-11": "test", "😀": "test"}
    assert {key: split_of(key, shares) for key in known} == known


@pytest.mark.parametrize("shares", [(0.8, 0.1, 0.1), (0.5, 0.0, 0.5), (0.2, 0.3, 0.5)])
def test_every_split_gets_its_share(shares: tuple[float, float, float]) -> None:
    counts = Counter(split_of(key, Split(*shares)) for key in IDS)
    for split, share in zip(SPLITS, shares, strict=True):
        # Five standard deviations of a binomial.
        spread = 5 * (COUNT * share * (1 - share)) ** 0.5
        assert abs(counts[split] - COUNT * share) <= spread


def test_when_train_grows_no_article_leaves_it() -> None:
    smaller, larger = Split(0.6, 0.2, 0.2), Split(0.7, 0.2, 0.1)
    before = {key for key in IDS if split_of(key, smaller) == "train"}
    after = {key for key in IDS if split_of(key, larger) == "train"}
    assert before < after


def placed(
    shares: Split, corpus: dict[str, str], fixed: dict[str, SplitName] | None = None
) -> dict[str, SplitName]:
    """Return the split of every article."""
    found = Splits(shares, fixed, corpus.items())
    return {article: found.of(article, cluster) for article, cluster in corpus.items()}


def without_tearing(fixed: dict[str, SplitName], corpus: dict[str, str]) -> dict[str, SplitName]:
    """Leave out of a list what would tear a cluster apart."""
    by_cluster: dict[str, SplitName] = {}
    return {
        article: split
        for article, split in fixed.items()
        if article not in corpus or by_cluster.setdefault(corpus[article], split) == split
    }


@given(all_shares, corpora)
def test_without_a_list_the_split_is_that_of_the_cluster(
    shares: Split, corpus: dict[str, str]
) -> None:
    expected = {article: split_of(cluster, shares) for article, cluster in corpus.items()}
    assert placed(shares, corpus) == expected


@given(all_shares, corpora, corpora, lists)
def test_growing_the_corpus_moves_no_article(
    shares: Split, corpus: dict[str, str], more: dict[str, str], fixed: dict[str, SplitName]
) -> None:
    # Articles keep their clusters; none of the new ones is listed.
    grown = {article: cluster for article, cluster in more.items() if article not in fixed} | corpus
    fixed = without_tearing(fixed, corpus)
    before, after = placed(shares, corpus, fixed), placed(shares, grown, fixed)
    assert {article: after[article] for article in corpus} == before


@given(all_shares, corpora, lists)
def test_clusters_never_cross_and_the_list_wins(
    shares: Split, corpus: dict[str, str], fixed: dict[str, SplitName]
) -> None:
    fixed = without_tearing(fixed, corpus)
    found = placed(shares, corpus, fixed)
    homes: dict[str, set[SplitName]] = {}
    for article, split in found.items():
        homes.setdefault(corpus[article], set()).add(split)
    assert all(len(there) == 1 for there in homes.values())
    assert {**found, **fixed} == {**fixed, **found}
    listed = {corpus[article] for article in fixed if article in corpus}
    for article, cluster in corpus.items():
        if cluster not in listed:
            assert found[article] == split_of(cluster, shares)


def test_the_order_of_the_articles_does_not_matter_to_a_list() -> None:
    corpus = {"c": "a", "a": "a", "b": "a"}
    for order in (["a", "b", "c"], ["c", "b", "a"]):
        found = Splits(Split(), {"b": "test"}, [(name, corpus[name]) for name in order])
        assert [found.of(name, "a") for name in order] == ["test"] * 3


def test_two_listed_articles_of_a_cluster_in_different_splits_are_refused() -> None:
    clusters = [("a", "k"), ("b", "k"), ("c", "m")]
    with pytest.raises(DatasetError, match="a is listed in train and b in test, but they are near"):
        Splits(Split(), {"a": "train", "b": "test", "c": "validation"}, clusters)


def test_clusters_are_not_looked_at_without_a_list() -> None:
    unread = iter([("a", "k")])
    Splits(Split(), {}, unread)
    assert next(unread) == ("a", "k")


def test_the_split_under_a_seed_never_changes() -> None:
    known = {"bai-0": "train", "bai-2": "validation", "bai-3": "test", "😀": "train"}
    assert {key: split_of(key, Split(seed=7)) for key in known} == known


def test_another_seed_gives_other_splits_of_the_same_shares() -> None:
    plain, seeded = Split(0.5, 0.2, 0.3), Split(0.5, 0.2, 0.3, seed=1)
    pairs = Counter((split_of(key, plain), split_of(key, seeded)) for key in IDS)
    for one, share in zip(SPLITS, (0.5, 0.2, 0.3), strict=True):
        for other, part in zip(SPLITS, (0.5, 0.2, 0.3), strict=True):
            expected = COUNT * share * part
            assert abs(pairs[one, other] - expected) <= 5 * expected**0.5


def test_a_list_is_read(tmp_path: Path) -> None:
    path = tmp_path / "splits.csv"
    path.write_bytes('\ufeffid, split\r\na,train\r\n\r\n"b, ""c""", test \r\na,train\r\n'.encode())
    assert read_fixed(path) == {"a": "train", 'b, "c"': "test"}


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@given(st.dictionaries(strategies.raw_texts.map(str.strip).filter(bool).map(composed), splits))
def test_a_list_of_any_ids_is_read_as_csv_writes_it(fixed: dict[str, SplitName]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "splits.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("id", "split"), *fixed.items()])
        assert read_fixed(path) == fixed


@pytest.mark.parametrize("corpus_form", ["NFC", "NFD"])
@pytest.mark.parametrize("list_form", ["NFC", "NFD"])
def test_however_an_accent_is_typed_the_list_finds_the_article(
    tmp_path: Path, corpus_form: Literal["NFC", "NFD"], list_form: Literal["NFC", "NFD"]
) -> None:
    listed, name = (unicodedata.normalize(form, "bài-một") for form in (list_form, corpus_form))
    path = tmp_path / "splits.csv"
    path.write_text(f"id,split\n{listed},test\n", encoding="utf-8")
    for fixed in (read_fixed(path), {listed: SPLITS[2]}):
        found = Splits(Split(1, 0, 0), fixed, [(name, name), ("bài", name)])
        assert [found.of(name, name), found.of("bài", name)] == ["test", "test"]
        assert found.lacking == ()


def test_an_article_that_is_typed_in_two_ways_has_one_split(tmp_path: Path) -> None:
    path = tmp_path / "splits.csv"
    lines = [f"{unicodedata.normalize('NFD', 'bài')},test", f"{composed('bài')},train"]
    path.write_text("\n".join(["id,split", *lines]), encoding="utf-8")
    with pytest.raises(DatasetError, match="line 3: the article is in test above, in train here"):
        read_fixed(path)


def test_listed_articles_that_the_corpus_lacks_are_told() -> None:
    fixed = dict.fromkeys(["z", "b", "a"], SPLITS[0])
    assert Splits(Split(), fixed, [("a", "k"), ("c", "b")]).lacking == ("b", "z")
    assert Splits(Split(), {}, [("a", "k")]).lacking == ()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "line 1: not the header id,split"),
        ("a,train\n", "line 1: not the header id,split"),
        ("id,split,why\n", "line 1: not the header id,split"),
        ("id,split\na,train\nb,dev\n", "line 3: no split dev. Splits are train, validation, test"),
        ("id,split\na\n", "line 2: 1 column. Write"),
        ("id,split\na,train,test\n", "line 2: 3 columns"),
        ("id,split\n,train\n", "line 2: no id"),
        ('id,split\n"a\nb",Train\n', "line 3: no split Train"),
        ("id,split\na,train\n\na,test\n", "line 4: the article is in train above, in test here"),
        ('id,split\n"a"b,train\n', "line 2: "),
    ],
)
def test_a_bad_line_of_a_list_is_told_by_its_number(
    tmp_path: Path, content: str, problem: str
) -> None:
    path = tmp_path / "splits.csv"
    path.write_bytes(content.encode())
    with pytest.raises(DatasetError) as caught:
        read_fixed(path)
    assert f"{path}, {problem}" in str(caught.value)


def test_a_list_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"splits\.csv cannot be read: No such file"):
        read_fixed(tmp_path / "splits.csv")
    (tmp_path / "splits.csv").write_bytes(b"id,split\n\xff,train\n")
    with pytest.raises(DatasetError, match=r"splits\.csv cannot be read: it is not UTF-8"):
        read_fixed(tmp_path / "splits.csv")


def test_a_workspace_has_a_seed_and_a_place_for_the_list(tmp_path: Path) -> None:
    split = "split = { train = 0.6, validation = 0.2, test = 0.2, seed = 7 }"
    settings = f'title = "It is"\nschema = "s"\ncorpus = "c"\n[dataset]\n{split}\n'
    (tmp_path / "annotate.toml").write_text(settings, encoding="utf-8")
    workspace = open_workspace(tmp_path)
    assert workspace.settings.dataset.split == Split(0.6, 0.2, 0.2, seed=7)
    assert workspace.splits_path == tmp_path / "splits.csv"
