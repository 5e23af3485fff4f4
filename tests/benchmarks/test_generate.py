"""The corpora for benchmarks hold the near-duplicates they say, and no others."""

from __future__ import annotations

import random
import re
import statistics
import subprocess
import sys
import unicodedata
from functools import cache
from itertools import combinations
from pathlib import Path

import msgspec
import pytest

from annotate.corpus import Article
from benchmarks.generate import (
    KINDS,
    Planted,
    generate,
    look_alikes,
    original,
    planted,
    write_jsonl,
)

COUNT = 400
ROOT = Path(__file__).parents[2]

# They are no printable characters, but an article may have them.
SPACES = str.maketrans("\n\u00a0", "  ")

every_kind = pytest.mark.parametrize("kind", KINDS)


@cache
def corpus() -> dict[str, str]:
    return {article["id"]: article["text"] for article in generate(COUNT)}


@cache
def shingles(text: str, size: int) -> frozenset[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.lower())
    return frozenset(zip(*(words[start:] for start in range(size)), strict=False))


def jaccard(one: str, other: str, size: int = 5) -> float:
    ours, theirs = shingles(one, size), shingles(other, size)
    return len(ours & theirs) / len(ours | theirs)


def likeness(pairs: list[Planted] | list[tuple[str, str]]) -> list[float]:
    return [jaccard(corpus()[one], corpus()[other]) for one, other in pairs]


def copies(kind: str) -> list[tuple[str, str]]:
    rng = random.Random(kind)  # noqa: S311 - nothing here is a secret
    stories = [original(rng) for _ in range(50)]
    return [(story.text, KINDS[kind](rng, story).text) for story in stories]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.generate", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, COUNT])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_there_are_as_many_articles_as_asked_for_each_with_an_id_of_its_own(
    count: int, share: float
) -> None:
    articles = list(generate(count, share=share))
    assert len({article["id"] for article in articles}) == len(articles) == count


def test_every_article_has_the_fields_of_an_article_and_canonical_text() -> None:
    for fields in generate(50):
        assert msgspec.convert(fields, Article).id == fields["id"]
        assert fields.keys() <= set(Article.__struct_fields__)
        assert all(fields.values())
        assert unicodedata.is_normalized("NFC", fields["text"])
        assert fields["text"].translate(SPACES).isprintable()


def test_the_same_seed_gives_the_same_articles_and_another_seed_others() -> None:
    assert list(generate(50, seed=3)) == list(generate(50, seed=3))
    one, other = (list(generate(50, seed=seed)) for seed in (3, 4))
    assert {article["id"] for article in one}.isdisjoint(article["id"] for article in other)
    assert {article["text"] for article in one}.isdisjoint(article["text"] for article in other)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.5])
def test_the_share_of_copies_is_the_one_asked_for(share: float) -> None:
    pairs = list(planted(1000, share=share))
    # An original is never the second of a pair.
    assert len({pair.copy for pair in pairs}) == 1000 * share


def test_groups_have_two_to_five_members_and_every_pair_in_them_is_planted() -> None:
    groups: dict[str, set[str]] = {}
    pairs = list(planted(2000))
    for one, other in pairs:
        group = groups.setdefault(one, {one})
        group.add(other)
        groups[other] = group
    found = {frozenset(group) for group in groups.values()}
    assert {len(group) for group in found} == {2, 3, 4, 5}
    whole = {frozenset(pair) for group in found for pair in combinations(group, 2)}
    assert {frozenset(pair) for pair in pairs} == whole
    assert len(pairs) == len(whole)


def test_pairs_are_of_two_articles_that_there_are() -> None:
    pairs = [*planted(COUNT), *look_alikes(COUNT)]
    assert all(one != other for one, other in pairs)
    assert {article_id for pair in pairs for article_id in pair} <= corpus().keys()


def test_neither_ids_nor_places_tell_an_original_from_its_copies() -> None:
    pairs = list(planted(1000))
    places = {article["id"]: place for place, article in enumerate(generate(1000))}
    assert 0.4 < statistics.mean(one < other for one, other in pairs) < 0.6
    assert 0.4 < statistics.mean(places[one] < places[other] for one, other in pairs) < 0.6
    distance = statistics.median(abs(places[one] - places[other]) for one, other in pairs)
    assert distance > 100


def test_texts_are_as_long_as_news_and_have_paragraphs() -> None:
    rng = random.Random(0)  # noqa: S311 - nothing here is a secret
    texts = [original(rng).text for _ in range(300)]
    lengths = [len(text.split()) for text in texts]
    assert min(lengths) >= 140
    assert max(lengths) <= 710
    assert 320 <= statistics.median(lengths) <= 380
    assert all(text.count("\n\n") >= 4 for text in texts)


@every_kind
def test_a_copy_of_every_kind_is_the_same_text(kind: str) -> None:
    alike = [jaccard(one, other) for one, other in copies(kind)]
    assert statistics.median(alike) > 0.6
    assert min(alike) > 0.3


@every_kind
def test_only_an_exact_copy_is_the_very_same_text(kind: str) -> None:
    assert all((one == other) == (kind == "exact") for one, other in copies(kind))


def test_planted_pairs_are_alike() -> None:
    alike = likeness(list(planted(COUNT)))
    assert statistics.mean(value > 0.5 for value in alike) > 0.9
    assert min(alike) > 0.2


def test_look_alikes_share_a_paragraph_and_no_more() -> None:
    pairs = list(look_alikes(COUNT))
    assert len(pairs) == 0.01 * COUNT
    assert all(0.05 < value < 0.3 for value in likeness(pairs))


def test_unrelated_articles_have_next_to_nothing_in_common() -> None:
    related = {frozenset(pair) for pair in (*planted(COUNT), *look_alikes(COUNT))}
    pairs = [pair for pair in combinations(list(corpus())[:150], 2) if {*pair} not in related]
    texts = [(corpus()[one], corpus()[other]) for one, other in pairs]
    assert max(jaccard(*pair, size=5) for pair in texts) < 0.02
    assert max(jaccard(*pair, size=3) for pair in texts) < 0.06


@pytest.mark.parametrize(("count", "share"), [(-1, 0.2), (10, -0.1), (10, 0.6), (10, float("nan"))])
def test_a_corpus_that_cannot_be_is_refused_before_anything_is_made(
    count: int, share: float, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="must be"):
        write_jsonl(tmp_path / "corpus.jsonl", count, share=share)
    assert list(tmp_path.iterdir()) == []


def test_the_file_has_the_articles_and_the_pairs_are_returned(tmp_path: Path) -> None:
    path = tmp_path / "corpus.jsonl"
    assert write_jsonl(path, COUNT) == list(planted(COUNT))
    articles = [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
    assert {article["id"]: article["text"] for article in articles} == corpus()


def test_the_command_writes_the_same_in_another_process(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours.jsonl", tmp_path / "theirs.jsonl"
    pairs = write_jsonl(ours, 60, share=0.3, seed=5)
    done = run(60, theirs, "--share", "0.3", "--seed", "5")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"60 articles, {len(pairs)} planted pairs\n"
    assert theirs.read_bytes() == ours.read_bytes()
    lines = (tmp_path / "theirs.jsonl.pairs").read_text(encoding="utf-8").splitlines()
    assert [tuple(line.split("\t")) for line in lines] == pairs


def test_the_command_says_what_is_wrong_with_its_arguments(tmp_path: Path) -> None:
    done = run(10, tmp_path / "corpus.jsonl", "--share", "0.9")
    assert done.returncode == 2
    assert "share must be from 0 to 0.5, not 0.9" in done.stderr
