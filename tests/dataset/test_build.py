"""Building a dataset, and loading it with the real `datasets`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import datasets
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.dataset.build import build
from annotate.dataset.built import Built
from annotate.errors import DatasetError
from annotate.formats import Marked
from annotate.progress import Advance
from annotate.spans import Annotation, Relation, SetAside, Span, reading_order
from annotate.workspace import DatasetSettings, Split
from tests.dataset.building import (
    ONLY_TRAIN,
    build_into,
    build_one,
    build_sample,
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
    make_entity,
    make_schema,
    make_span,
    sample_articles,
    sample_gold,
    sample_schema,
)
from tests.strategies import marked_texts

REPOSITORY = Path(__file__).parents[2]
ABC = make_schema(
    entities=tuple(make_entity(name, name) for name in "ABC"),
    relations=tuple(
        msgspec.structs.replace(make_schema().relations[0], name=name, title=name) for name in "rq"
    ),
)


def run(code: str, *arguments: str | Path, **environ: str) -> str:
    """Run Python code in a process of its own; return what it printed."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Built]:
    out = tmp_path_factory.mktemp("sample") / "dataset"
    return out, build_sample(out)


# What a row says.


def test_every_entity_of_the_sample_is_its_slice_of_the_text(sample: tuple[Path, Built]) -> None:
    names = sample_schema().labels
    found = rows(sample[0], "spans")
    assert {row["id"] for row in found} == sample_articles().keys()
    for row in found:
        gold = sorted(sample_gold()[row["id"]].spans, key=reading_order)
        shown = [(e["start"], e["end"], names[e["label"]]) for e in row["entities"]]
        assert shown == [(span.start, span.end, span.label) for span in gold]
        assert all(e["text"] == row["text"][e["start"] : e["end"]] for e in row["entities"])


def test_every_relation_of_the_sample_is_between_entities_of_its_row(
    sample: tuple[Path, Built],
) -> None:
    names = sample_schema().relation_labels
    for row in rows(sample[0], "spans"):
        extents = {e["id"]: (e["start"], e["end"], e["text"]) for e in row["entities"]}
        assert len(extents) == len(row["entities"])
        gold = sample_gold()[row["id"]]
        marks = {s.id: (s.start, s.end, gold.text[s.start : s.end]) for s in gold.spans}
        shown = {
            (extents[r["head"]], names[r["label"]], extents[r["tail"]]) for r in row["relations"]
        }
        assert shown == {(marks[r.head], r.label, marks[r.tail]) for r in gold.relations}
        assert len(row["relations"]) == len(gold.relations)


def test_an_article_keeps_its_text_digest_and_metadata(sample: tuple[Path, Built]) -> None:
    for row in rows(sample[0], "spans"):
        article = sample_articles()[row["id"]]
        for field in ("text", "sha256", "title", "source", "url", "published_at", "language"):
            assert row[field] == getattr(article, field)


def test_labels_are_class_labels_in_the_schemas_order(sample: tuple[Path, Built]) -> None:
    labels, relations = sample_schema().labels, sample_schema().relation_labels
    spans = load(sample[0], "spans")["train"].features
    assert spans["entities"].feature["label"].names == list(labels)
    assert spans["relations"].feature["label"].names == list(relations)
    tags = load(sample[0], "tokens")["train"].features["ner_tags"].feature.names
    assert tags == ["O", *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def test_tokens_are_slices_of_their_article_in_numbered_sentences(
    sample: tuple[Path, Built],
) -> None:
    numbers: dict[str, list[int]] = {}
    for row in rows(sample[0], "tokens"):
        text = sample_articles()[row["id"]].text
        extents = zip(row["starts"], row["ends"], strict=True)
        assert [text[start:end] for start, end in extents] == row["tokens"]
        assert len(row["ner_tags"]) == len(row["tokens"])
        numbers.setdefault(row["id"], []).append(row["sentence"])
    assert numbers.keys() == sample_articles().keys()
    assert all(given == list(range(len(given))) for given in numbers.values())


def test_both_configs_have_the_same_articles_in_each_split(sample: tuple[Path, Built]) -> None:
    spans, tokens = (load(sample[0], config) for config in ("spans", "tokens"))
    assert list(spans) == list(tokens) == list(sample[1].splits)
    for split in spans:
        assert set(spans[split]["id"]) == set(tokens[split]["id"])


def test_what_the_tags_do_not_show_is_listed(sample: tuple[Path, Built]) -> None:
    listed = losses(sample[0])
    assert {loss["reason"]: len(listed) for loss in listed} == sample[1].losses
    for loss in listed:
        text = sample_articles()[loss["id"]].text
        assert text[loss["start"] : loss["end"]] == loss["text"]


def test_what_was_built_is_counted(sample: tuple[Path, Built]) -> None:
    built, found = sample[1], rows(sample[0], "spans")
    assert built.articles == len(found) == sum(built.splits.values())
    assert built.entities == sum(len(row["entities"]) for row in found)
    assert built.entities == sum(sum(by.values()) for by in built.labels.values())
    assert built.relations == sum(len(row["relations"]) for row in found)
    assert built.sentences == len(rows(sample[0], "tokens"))
    left_out = (built.unannotated, built.outdated, built.superseded, built.set_aside)
    assert left_out == (0, 0, 0, 0)


@given(st.lists(marked_texts(), min_size=1, max_size=4))
@settings(max_examples=15)
def test_any_text_and_marks_survive_the_disk(marked: list[Marked]) -> None:
    articles = [make_article(m.text, f"a{n}") for n, m in enumerate(marked)]
    annotations = [
        make_annotation(article, *m.spans, relations=m.relations, id=n)
        for n, (article, m) in enumerate(zip(articles, marked, strict=True))
    ]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        build_into(out, articles, annotations, ABC)
        found = rows(out, "spans")
    assert [row["text"] for row in found] == [m.text for m in marked]
    for row, m in zip(found, marked, strict=True):
        ordered = sorted(m.spans, key=reading_order)
        ids = {span.id: f"e{number}" for number, span in enumerate(ordered, start=1)}
        assert row["entities"] == [
            {
                "id": ids[span.id],
                "start": span.start,
                "end": span.end,
                "label": "ABC".index(span.label),
                "text": m.text[span.start : span.end],
            }
            for span in ordered
        ]
        shown = [(r["head"], "rq"[r["label"]], r["tail"]) for r in row["relations"]]
        assert sorted(shown) == sorted((ids[r.head], r.label, ids[r.tail]) for r in m.relations)


def test_two_spans_with_one_id_are_two_entities(tmp_path: Path) -> None:
    article = make_article("Trung tá Lê An.")
    spans = (make_span(0, 8, "RANK", "same"), make_span(9, 14, "PERSON", "same"))
    build_into(tmp_path / "out", [article], [make_annotation(article, *spans)])
    (row,) = rows(tmp_path / "out", "spans")
    assert [e["id"] for e in row["entities"]] == ["e1", "e2"]


# The same input gives the same bytes.


def test_the_order_of_the_input_does_not_matter(sample: tuple[Path, Built], tmp_path: Path) -> None:
    assert build_sample(tmp_path / "other-name", backwards=True) == sample[1]
    assert contents(tmp_path / "other-name") == contents(sample[0])


def test_building_again_in_place_changes_no_byte(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_sample(out)
    before = contents(out)
    build_sample(out)
    assert contents(out) == before


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_the_hash_seed_of_the_process_does_not_matter(
    sample: tuple[Path, Built], tmp_path: Path, seed: str
) -> None:
    code = """
import sys
from pathlib import Path
from tests.dataset.building import build_sample
build_sample(Path(sys.argv[1]))
"""
    run(code, tmp_path / "out", PYTHONHASHSEED=seed, TZ="Asia/Ho_Chi_Minh", LC_ALL="C")
    assert contents(tmp_path / "out") == contents(sample[0])


def test_the_lock_changes_with_anything_that_decides_the_bytes(tmp_path: Path) -> None:
    article = make_article()
    annotation = make_annotation(article, make_span(9, 14))
    titled = make_article(title="Tin")
    closer = make_annotation(article, make_span(0, 8, "RANK"))
    settings_ = DatasetSettings(split=ONLY_TRAIN.split, license="cc-by-4.0")
    build_into(tmp_path / "0", [article], [annotation])
    build_into(tmp_path / "1", [titled], [annotation])
    build_into(tmp_path / "2", [article], [closer])
    build_into(tmp_path / "3", [article], [annotation], make_schema(version="2"))
    build_into(tmp_path / "4", [article], [annotation], settings=settings_)
    locks = {contents(tmp_path / str(n))["annotate.lock"] for n in range(5)}
    assert len(locks) == 5


# Which annotation counts.


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


def test_marks_that_were_set_aside_are_counted_and_left_out(tmp_path: Path) -> None:
    article = make_article()
    aside = SetAside(reason="it has no offsets", mark=msgspec.Raw(b"{}"))
    annotation = make_annotation(article, make_span(9, 14), set_aside=(aside, aside))
    built, texts = chosen(tmp_path / "out", [article], [annotation])
    assert (built.set_aside, texts) == (2, ["Lê An"])


def test_an_article_in_which_nothing_was_marked_is_a_row(tmp_path: Path) -> None:
    article = make_article()
    built, texts = chosen(tmp_path / "out", [article], [make_annotation(article)])
    assert (built.articles, built.entities, texts) == (1, 0, [])


# Splits, choices, schemas.


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


# What is there already.


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    """Assert that nothing below a folder, temporary folders included, came or changed."""
    before = sorted(folder.rglob("*")), contents(folder)
    yield
    assert (sorted(folder.rglob("*")), contents(folder)) == before


@pytest.mark.parametrize("name", ["notes.txt", ".hidden", "README.md"])
def test_a_folder_with_something_else_in_it_is_refused_and_untouched(
    tmp_path: Path, name: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="is not a dataset built here"):
        build_one(out)


def test_a_file_in_the_place_of_the_folder_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="is not a dataset built here"):
        build_one(tmp_path / "out")


def test_a_file_in_the_place_of_a_parent_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with untouched(tmp_path), pytest.raises(DatasetError, match="out cannot be written: File exi"):
        build_one(tmp_path / "file" / "out")


def test_an_empty_folder_is_used_and_missing_parents_are_made(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "deep" / "er" / "out"):
        build_one(out)
        assert len(rows(out, "spans")) == 1


def test_a_dataset_built_before_is_replaced_whole(tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    build_sample(out)
    for folder in (out, again):
        build_one(folder)
    assert contents(out) == contents(again)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "out"]


@pytest.mark.parametrize("status", ["skipped", None])
def test_nothing_annotated_is_an_error_and_the_former_dataset_stays(
    tmp_path: Path, status: str | None
) -> None:
    article = make_article()
    annotations = [make_annotation(article, status=status)] if status else []
    build_one(tmp_path / "out")
    with untouched(tmp_path), pytest.raises(DatasetError, match="no article") as caught:
        build_into(tmp_path / "out", [article], annotations)
    assert "annotate pull" in caught.value.remedy


FULL_DISK = """
import resource, sys
from pathlib import Path
from annotate import AnnotateError
from tests.dataset.building import build_one
from tests.factories import make_entity
out, limit, definition = Path(sys.argv[1]), int(sys.argv[2]), "x" * int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    build_one(out, entities=(make_entity("PERSON", "Person", definition=definition),))
except AnnotateError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("former", [True, False])
@pytest.mark.parametrize(("limit", "long"), [(100, 10), (50_000, 100_000)], ids=["rows", "card"])
def test_on_a_full_disk_there_is_one_error_and_nothing_else(
    tmp_path: Path, limit: int, long: int, *, former: bool
) -> None:
    out = tmp_path / "out"
    if former:
        build_sample(out)
    with untouched(tmp_path):
        printed = run(FULL_DISK, out, str(limit), str(long))
    assert printed.startswith(f"DatasetError {out} cannot be written: ")
    assert "File too large" in printed
    assert printed.count("\n") == 1


def test_progress_counts_the_articles(tmp_path: Path) -> None:
    told: list[tuple[str, int | None]] = []
    done: list[int] = []

    @contextmanager
    def listen(label: str, total: int | None) -> Iterator[Advance]:
        told.append((label, total))
        yield done.append

    articles = list(sample_articles().values())
    annotations = [gold_annotation(article, id=n) for n, article in enumerate(articles)]
    build(tmp_path / "out", articles, annotations, sample_schema(), ONLY_TRAIN, listen)
    assert told == [("Building rows", len(articles))]
    assert sum(done) == len(articles)


def test_what_is_built_is_readable_by_others(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        build_one(tmp_path / "out")
    finally:
        os.umask(before)
    out = tmp_path / "out"
    assert out.stat().st_mode & 0o777 == 0o755
    assert {path.stat().st_mode & 0o777 for path in out.rglob("*.parquet")} == {0o644}


def test_the_default_config_is_spans(sample: tuple[Path, Built]) -> None:
    default = datasets.load_dataset(str(sample[0]), cache_dir=str(sample[0].parent / "default"))
    assert "entities" in default["train"].features
