"""Figures of a corpus: each is what counting by hand gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.corpus.corpus import Corpus
from annotate.corpus.reading.fields import Fields
from annotate.corpus.reading.sources import find_sources
from annotate.corpus.stats import Stats, corpus_stats, detect_language
from annotate.settings import DuplicateSettings
from annotate.tokens import tokenize
from annotate.workspace import shipped
from tests.corpus.making import make_corpus, write_jsonl
from tests.factories import sample_articles

VIETNAMESE = "Sáng nay tại xã Tân Lập, công an huyện trao giấy khen cho ba tập thể và hai cá nhân."
ENGLISH = "This morning the district police presented certificates to three teams and two people."


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Stats:
    """Give the figures of the sample corpus."""
    cache = tmp_path_factory.mktemp("stats") / "clusters.json"
    return corpus_stats(Corpus(shipped("corpus") / "articles", DuplicateSettings(), cache))


def test_the_figures_of_the_sample_are_those_counted_one_by_one(sample: Stats) -> None:
    articles = list(sample_articles().values())
    assert (sample.articles, sample.files, sample.stored) == (len(articles), len(articles), 0)
    assert sample.characters.total == sum(len(article.text) for article in articles)
    assert sample.tokens.total == sum(len(tokenize(article.text)) for article in articles)
    assert sample.sources == Counter(article.source for article in articles)
    assert sample.months == Counter(article.published_at[:7] for article in articles)
    assert sample.languages == Counter(article.language for article in articles)
    assert (sample.undated, sample.other_language, sample.lookalikes) == (0, [], [])
    duplicates = msgspec.structs.asdict(sample.duplicates)
    assert duplicates == {"clusters": 1, "clustered": 4, "equal": 0, "sizes": {4: 1}}


def test_counts_are_ranked_and_months_are_in_order(sample: Stats) -> None:
    assert list(sample.months) == sorted(sample.months)
    ranked = list(sample.sources.items())
    assert ranked == sorted(ranked, key=lambda item: (-item[1], item[0]))


def test_percentiles_are_lengths_of_articles(sample: Stats) -> None:
    for spread, lengths in (
        (sample.tokens, [len(tokenize(a.text)) for a in sample_articles().values()]),
        (sample.characters, [len(a.text) for a in sample_articles().values()]),
    ):
        assert list(spread.percentiles) == ["p0", "p5", "p25", "p50", "p75", "p95", "p100"]
        ordered = sorted(lengths)
        for name, value in spread.percentiles.items():
            place = int(name[1:]) / 100 * (len(ordered) - 1)
            assert ordered[int(place)] <= value <= ordered[min(int(place) + 1, len(ordered) - 1)]
            assert value in lengths
        assert spread.mean == pytest.approx(sum(lengths) / len(lengths))
    assert sorted(sample.lengths) == sorted(lengths_of_tokens())


def lengths_of_tokens() -> list[int]:
    return [len(tokenize(article.text)) for article in sample_articles().values()]


def stats_of(
    root: Path, *records: Mapping[str, Any], files: Mapping[str, str] | None = None
) -> Stats:
    corpus = make_corpus(root, files=files or {})
    if records:
        source = write_jsonl(root / "s.jsonl", records)
        corpus.add(find_sources([str(source)]).sources, Fields())
    return corpus_stats(corpus)


def test_a_corpus_without_articles_has_figures(tmp_path: Path) -> None:
    stats = stats_of(tmp_path)
    assert (stats.articles, stats.tokens.total, stats.tokens.percentiles) == (0, 0, {})
    assert stats.duplicates.sizes == {}


def test_files_and_stored_articles_are_counted_once(tmp_path: Path) -> None:
    records = [{"id": "a", "text": VIETNAMESE}, {"id": "b", "text": ENGLISH}]
    stats = stats_of(tmp_path, *records, files={"c.md": "Tin khác.", "a.md": VIETNAMESE})
    assert (stats.articles, stats.files, stats.stored) == (3, 2, 1)


def test_equal_texts_and_near_duplicates_are_told_apart(tmp_path: Path) -> None:
    texts = [VIETNAMESE, VIETNAMESE, VIETNAMESE + " Hết.", ENGLISH, "🔥", "🔥", "❄"]
    stats = stats_of(tmp_path, *({"id": f"a{n}", "text": text} for n, text in enumerate(texts)))
    duplicates = msgspec.structs.asdict(stats.duplicates)
    assert duplicates == {"clusters": 2, "clustered": 5, "equal": 4, "sizes": {2: 1, 3: 1}}


def test_languages_are_as_said_or_else_as_they_read(tmp_path: Path) -> None:
    said = [
        ("vi", VIETNAMESE),
        ("", VIETNAMESE),
        ("", ENGLISH),
        ("vi-VN", VIETNAMESE),
        ("VI", ENGLISH),
    ]
    records = ({"id": f"a{n}", "text": t, "language": code} for n, (code, t) in enumerate(said))
    stats = stats_of(tmp_path, *records)
    assert stats.languages == {"vi": 2, "VI": 1, "en": 1, "vi-VN": 1}
    assert stats.other_language == ["a4"]


@pytest.mark.parametrize(("text", "code"), [(VIETNAMESE, "vi"), (ENGLISH, "en")])
def test_a_language_is_recognised(text: str, code: str) -> None:
    assert detect_language(text) == code


def test_months_are_those_of_iso_dates_and_the_rest_is_undated(tmp_path: Path) -> None:
    dates = [
        "2024-06-15",
        "2024-06",
        "2023-12-31T23:59:59Z",
        "15/06/2024",
        "2024",
        "2024-13-01",
        "",
    ]
    records = ({"id": f"a{n}", "text": f"Tin {n}.", "published_at": d} for n, d in enumerate(dates))
    stats = stats_of(tmp_path, *records)
    assert list(stats.months.items()) == [("2023-12", 1), ("2024-06", 2)]
    assert stats.undated == 4


def test_look_alikes_are_counted_by_letter(tmp_path: Path) -> None:
    texts = ["C\u043eng an xã Tân Lập. C\u043e.", "C\u043eng", "Công an Ðà Nẵng ở đây"]
    stats = stats_of(tmp_path, *({"id": f"a{n}", "text": text} for n, text in enumerate(texts)))
    found = [(one.letter, one.instead_of, one.count, one.articles) for one in stats.lookalikes]
    assert found == [("Ð", "Đ", 1, 1), ("\u043e", "o", 3, 2)]
    assert stats.lookalikes[1].name == "CYRILLIC SMALL LETTER O"


def test_what_was_changed_and_what_was_rejected_is_told(tmp_path: Path) -> None:
    texts: list[Any] = ["a\r\nb\tc", "a\tb", "x", "", 3, None]
    stats = stats_of(tmp_path, *({"id": f"a{n}", "text": text} for n, text in enumerate(texts)))
    assert (stats.changes.line_ends, stats.changes.tabs, stats.changed_articles) == (1, 2, 2)
    assert stats.rejected == sum(stats.reasons.values()) == 3
    assert len(stats.reasons) >= 2
