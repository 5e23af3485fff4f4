"""Which annotations count, and what the schema and the splits make of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from annotate.corpus import Article
from annotate.dataset.build import build, check
from annotate.dataset.built import Built
from annotate.dataset.given import gathered
from annotate.dataset.splits import SplitName
from annotate.errors import DatasetError
from annotate.progress import Advance
from annotate.settings import DatasetSettings, Split, Tagging
from annotate.spans import Annotation, Relation, SetAside, Span
from tests.dataset.building import (
    ONLY_TRAIN,
    build_into,
    build_one,
    contents,
    id_in,
    load,
    losses,
    rows,
)
from tests.factories import (
    gold_annotation,
    make_annotation,
    make_article,
    make_choice,
    make_schema,
    make_span,
    sample_articles,
    sample_schema,
)


def chosen(
    out: Path, articles: list[Article], annotations: list[Annotation]
) -> tuple[Built, list[str]]:
    """Build; return the counts, and the texts of the entities."""
    built = build_into(out, articles, annotations)
    return built, [e["text"] for row in rows(out, "spans") for e in row["entities"]]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("2024-06-15T09:00:00Z", 2), ("2024-06-15T09:00:01Z", 1)),
        (("2024-06-15T09:00:00.2Z", 2), ("2024-06-15T09:00:00.3Z", 1)),
        (("2024-06-15T09:00:00Z", 2), ("2024-06-15T09:00:00.000001Z", 1)),
        (("2024-06-15T09:00:00Z", 1), ("2024-06-15T09:00:00Z", 2)),
    ],
    ids=["a second", "a tenth", "a microsecond", "the greater number"],
)
def test_the_annotation_changed_last_counts(
    tmp_path: Path, first: tuple[str, int], second: tuple[str, int]
) -> None:
    article = make_article()
    older = make_annotation(article, make_span(0, 8, "RANK"), updated_at=first[0], id=first[1])
    newer = make_annotation(article, make_span(9, 14), updated_at=second[0], id=second[1])
    for number, given_order in enumerate(([older, newer], [newer, older])):
        built, texts = chosen(tmp_path / str(number), [article], given_order)
        assert texts == ["Lê An"]
        assert (built.superseded, built.outdated, built.articles) == (1, 0, 1)


def test_a_skipped_annotation_does_not_count_however_late(tmp_path: Path) -> None:
    article, skipped_article = make_article(), make_article("Bỏ qua.", "b")
    late = {"status": "skipped", "updated_at": "2030-01-01T00:00:00Z"}
    built, texts = chosen(
        tmp_path / "out",
        [article, skipped_article],
        [
            make_annotation(article, make_span(9, 14)),
            make_annotation(article, make_span(0, 8, "RANK"), id=2, **late),
            make_annotation(skipped_article, id=3, **late),
        ],
    )
    assert texts == ["Lê An"]
    assert (built.articles, built.unannotated, built.superseded) == (1, 1, 0)


def test_annotations_of_another_text_or_of_no_article_are_outdated(tmp_path: Path) -> None:
    article = make_article()
    built, texts = chosen(
        tmp_path / "out",
        [article],
        [
            make_annotation(article, make_span(9, 14)),
            make_annotation(make_article("Lê An."), make_span(0, 5), id=2, updated_at="2030Z"),
            make_annotation(make_article(article_id="gone"), make_span(0, 5), id=3),
        ],
    )
    assert texts == ["Lê An"]
    assert (built.outdated, built.superseded, built.articles) == (2, 0, 1)


def test_people_whose_work_has_no_row_are_not_counted(tmp_path: Path) -> None:
    article, gone = make_article(), make_article(article_id="gone")
    people = {
        "an": make_annotation(article, make_span(9, 14), annotator="an"),
        "binh": make_annotation(article, annotator="binh", id=2, status="skipped"),
        "chi": make_annotation(gone, annotator="chi", id=3),
        "dung": make_annotation(make_article("Lê An."), annotator="dung", id=4),
        "em": make_annotation(article, annotator="em", id=5, status="draft"),
    }
    built = build_into(tmp_path / "out", [article], people.values())
    told = {row["annotator"] for row in rows(tmp_path / "out", "annotations")}
    assert (built.annotators, built.annotations, len(told)) == (2, 2, 2)


def begun(**times: str) -> list[Annotation]:
    """Return an annotation of each person, begun when it says."""
    article = make_article()
    return [
        make_annotation(article, annotator=name, created_at=time, id=number)
        for number, (name, time) in enumerate(times.items())
    ]


def test_work_without_a_time_shifts_nobodys_name(tmp_path: Path) -> None:
    known = begun(an="2024-01-02T00:00:00Z", binh="2024-01-01T00:00:00Z")
    imported = begun(a="", binh="")
    for found in ([*known, *imported], [*imported, *known]):
        with gathered([], found, tmp_path) as given:
            assert given.pseudonyms() == {"binh": "A1", "an": "A2", "a": "A3"}


def test_who_began_a_fraction_of_a_second_later_is_named_later(tmp_path: Path) -> None:
    found = begun(an="2024-01-01T00:00:00.5Z", binh="2024-01-01T00:00:00Z")
    with gathered([], found, tmp_path) as given:
        assert given.pseudonyms() == {"binh": "A1", "an": "A2"}


def test_marks_that_were_set_aside_are_counted_and_left_out(tmp_path: Path) -> None:
    article = make_article()
    aside = SetAside(reason="it has no offsets", mark=msgspec.Raw(b"{}"))
    annotation = make_annotation(article, make_span(9, 14), set_aside=(aside, aside))
    built, texts = chosen(tmp_path / "out", [article], [annotation])
    assert (built.set_aside, texts) == (2, ["Lê An"])


def test_a_mark_that_counts_while_it_waits_for_a_look_is_not_told_as_left_out(
    tmp_path: Path,
) -> None:
    article = make_article()
    span = make_span(9, 14)
    aside = SetAside(reason="its text changed", mark=msgspec.Raw(b"{}"), span=span.id)
    built, texts = chosen(
        tmp_path / "out", [article], [make_annotation(article, span, set_aside=(aside,))]
    )
    assert (built.set_aside, built.doubtful, texts) == (0, 1, ["Lê An"])


def test_an_article_in_which_nothing_was_marked_is_a_row(tmp_path: Path) -> None:
    article = make_article()
    built, texts = chosen(tmp_path / "out", [article], [make_annotation(article)])
    assert (built.articles, built.entities, texts) == (1, 0, [])


@pytest.mark.parametrize("absent", ["train", "validation", "test"])
def test_a_split_without_articles_is_absent_and_the_rest_loads(tmp_path: Path, absent: str) -> None:
    shares = Split(0.4, 0.3, 0.3)
    present = [split for split in ("train", "validation", "test") if split != absent]
    articles = [make_article(article_id=id_in(split, shares)) for split in present]
    annotations = [make_annotation(a, make_span(9, 14), id=n) for n, a in enumerate(articles)]
    out = tmp_path / "out"
    built = build_into(out, articles, annotations, settings=DatasetSettings(split=shares))
    assert built.splits == dict.fromkeys(present, 1)
    for config in ("spans", "tokens"):
        assert list(load(out, config)) == present


def test_near_duplicates_are_in_one_split(tmp_path: Path) -> None:
    shares = Split(0.4, 0.3, 0.3)
    ids = [id_in(split, shares) for split in ("train", "validation", "test")]
    articles = [make_article(article_id=i, cluster=ids[1]) for i in ids]
    annotations = [make_annotation(a, make_span(9, 14), id=n) for n, a in enumerate(articles)]
    out = tmp_path / "out"
    built = build_into(out, articles, annotations, settings=DatasetSettings(split=shares))
    assert built.splits == {"validation": 3}
    assert {row["cluster"] for row in rows(out, "spans")} == {ids[1]}


def test_document_choices_single_and_multiple_answered_and_not(tmp_path: Path) -> None:
    schema = make_schema(
        choices=(
            make_choice("kind", "news", "advice"),
            make_choice("topics", "a", "b", multiple=True),
        )
    )
    answered, silent = make_article(article_id="a"), make_article(article_id="b")
    answers = {"kind": ("advice",), "topics": ("b", "a")}
    annotations = [make_annotation(answered, choices=answers), make_annotation(silent, id=2)]
    out = tmp_path / "out"
    build_into(out, [answered, silent], annotations, schema)
    features = load(out, "spans")["train"].features
    assert features["kind"].names == ["news", "advice"]
    assert features["topics"].feature.names == ["a", "b"]
    first, second = rows(out, "spans")
    assert (first["kind"], first["topics"]) == (1, [1, 0])
    assert (second["kind"], second["topics"]) == (None, [])


def test_a_schema_without_relations_makes_no_column_for_them(tmp_path: Path) -> None:
    build_one(tmp_path / "out", relations=())
    (row,) = rows(tmp_path / "out", "spans")
    assert "relations" not in row
    assert [e["text"] for e in row["entities"]] == ["Lê An"]


@pytest.mark.parametrize(
    "fields",
    [
        {"spans": (make_span(0, 8, "GONE", "x"),)},
        {"spans": (make_span(0, 8, span_id="x"),),
         "relations": (Relation(head="x", tail="x", label="GONE"),)},
        {"choices": {"topic": ("GONE",)}},
        {"choices": {"GONE": ("a",)}},
    ],
    ids=["label", "relation type", "option", "choice"],
)  # fmt: skip
def test_what_a_former_schema_had_is_an_error_that_names_it(
    tmp_path: Path, fields: dict[str, tuple[Span, ...]]
) -> None:
    article = make_article()
    schema = make_schema(choices=(make_choice("topic", "a"),))
    with pytest.raises(DatasetError, match=r"GONE.* used in article a"):
        build_into(tmp_path / "out", [article], [make_annotation(article, **fields)], schema)
    assert list(tmp_path.iterdir()) == []


def test_progress_counts_the_articles(tmp_path: Path) -> None:
    told: list[tuple[str, int | None]] = []
    done: list[int] = []

    @contextmanager
    def listen(label: str, total: int | None) -> Iterator[Advance]:
        told.append((label, total))
        yield done.append

    articles = list(sample_articles().values())
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    build(tmp_path / "out", articles, annotations, sample_schema(), ONLY_TRAIN, progress=listen)
    assert told == [("Building rows", len(articles)), ("Writing the card", None)]
    assert sum(done) == len(articles)


def test_the_input_may_come_one_by_one(sample: tuple[Path, Built], tmp_path: Path) -> None:
    articles = sample_articles().values()
    annotations = (gold_annotation(article, id=n) for n, article in enumerate(articles))
    settings = DatasetSettings(title="Sample")
    build(tmp_path / "out", iter(articles), annotations, sample_schema(), settings)
    assert contents(tmp_path / "out") == contents(sample[0])


def test_a_listed_article_and_its_near_duplicates_go_where_the_list_says(tmp_path: Path) -> None:
    articles = [make_article(article_id=name, cluster="a") for name in ("a", "b")]
    articles.append(make_article(article_id="c"))
    annotations = [make_annotation(a, make_span(9, 14), id=n) for n, a in enumerate(articles)]
    out = tmp_path / "out"
    fixed: dict[str, SplitName] = {"b": "test", "gone": "train"}
    built = build(out, articles, annotations, make_schema(), ONLY_TRAIN, fixed=fixed)
    assert built.lacking == ("gone",)
    splits = {split: [row["id"] for row in found] for split, found in load(out, "spans").items()}
    assert splits == {"train": ["c"], "test": ["a", "b"]}


def test_a_list_that_tears_near_duplicates_apart_is_refused(tmp_path: Path) -> None:
    articles = [make_article(article_id=name, cluster="a") for name in ("a", "b")]
    annotations = [make_annotation(articles[0], make_span(9, 14))]
    fixed: dict[str, SplitName] = {"a": "train", "b": "test"}
    with pytest.raises(DatasetError, match="a is listed in train and b in test"):
        build(tmp_path / "out", articles, annotations, make_schema(), ONLY_TRAIN, fixed=fixed)
    assert list(tmp_path.iterdir()) == []


def test_an_article_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    articles = [make_article(), make_article("Lê An.")]
    with pytest.raises(DatasetError, match="the article 'a' is there twice"):
        build_into(tmp_path / "out", articles, [make_annotation(articles[0])])
    assert list(tmp_path.iterdir()) == []


def test_a_label_that_nobody_used_is_a_name_without_entities(tmp_path: Path) -> None:
    built = build_one(tmp_path / "out")
    assert built.labels == {"PERSON": {"train": 1}, "RANK": {"train": 0}}
    label = load(tmp_path / "out", "spans")["train"].features["entities"].feature["label"]
    assert label.names == ["PERSON", "RANK"]


def test_only_the_configs_that_are_asked_for_are_built(tmp_path: Path) -> None:
    article = make_article()
    given = ([article], [make_annotation(article, make_span(9, 14))], make_schema(), ONLY_TRAIN)
    out = tmp_path / "out"
    built = build(out, *given, configs=["spans"])
    assert (built.articles, built.sentences, built.annotations) == (1, 0, 0)
    assert sorted(path.name for path in out.iterdir() if path.is_dir()) == ["plots", "spans"]
    assert check(out, *given, configs=["spans"]) == []
    assert check(out, *given) == ["the configs to build changed"]
    with pytest.raises(ValueError, match="configs must be spans and others"):
        build(out, *given, configs=["tokens"])


def test_the_article_whose_span_cuts_a_token_is_named(tmp_path: Path) -> None:
    articles = [make_article(article_id=name) for name in "abc"]
    annotations = [make_annotation(a, make_span(9, 14), id=n) for n, a in enumerate(articles)]
    annotations[1] = make_annotation(articles[1], make_span(9, 13), id=9)
    settings = DatasetSettings(split=ONLY_TRAIN.split, tokens=Tagging(cut="error"))
    with pytest.raises(DatasetError, match="article b: a span of PERSON, 9–13, cuts a token"):
        build_into(tmp_path / "out", articles, annotations, settings=settings)
    assert list(tmp_path.iterdir()) == []


def test_more_articles_than_are_tagged_at_once_keep_their_order(tmp_path: Path) -> None:
    shares = Split(0.4, 0.3, 0.3)
    articles = [make_article("Lê An.\nÔng Bí.", f"{n:04}") for n in range(450)]
    nested = (make_span(0, 5), make_span(3, 5, "RANK"))
    annotations = [make_annotation(a, *nested, id=n) for n, a in enumerate(articles)]
    out = tmp_path / "out"
    built = build_into(out, articles, annotations, settings=DatasetSettings(split=shares))
    assert (built.sentences, built.losses) == (900, {"nested": 450})
    spans, tokens = load(out, "spans"), load(out, "tokens")
    for split, found in spans.items():
        expected = [(row["id"], number) for row in found for number in (0, 1)]
        assert [(row["id"], row["sentence"]) for row in tokens[split]] == expected
        assert {tuple(row["ner_tags"]) for row in tokens[split]} == {(1, 2, 0), (0, 0, 0)}
    assert [row["id"] for row in losses(out)] == [article.id for article in articles]
