"""What holds in a dataset as it was built, and each check failing on one that was altered."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.dataset.built import Built
from annotate.dataset.checking import check_built
from annotate.dataset.checking.crossing import bare
from annotate.dataset.publish import Check
from annotate.errors import DatasetError
from annotate.formats import Marked
from annotate.settings import DatasetSettings, Split
from annotate.text import digest
from tests import strategies
from tests.dataset.breaking import Row, alter, file_of, move, rows_of, write_rows
from tests.dataset.building import build_into, id_in
from tests.factories import (
    make_annotation,
    make_article,
    make_entity,
    make_schema,
    make_span,
)

# The first articles of the sample in train and in test.
TRAINED = "ao-xanh-nga-ba-cau-van"
TESTED = "ban-giao-nha-tinh-thuong-tra-kha"

SHARES = Split(0.4, 0.3, 0.3)

ONCE = "every article is there once"
CLUSTERS = "no cluster is in two splits"
TEXTS = "no text is in two splits"
ALMOST = "no text is in two splits with other case, spaces or punctuation"
DIGESTS = "every text has its digest"
SENTENCES = "every sentence is in the split of its article"
TOKENS = "every token is where it says"
WHOLE = "every article with words has sentences"
ANNOTATIONS = "every annotation is in the split of its article"
ANNOTATED = "every annotation is of its article's text"
ENTITIES = "every entity is where it says"
RELATIONS = "every relation is between two entities of its article"
NAMES = "every label has a name"
TRAIN = "every label that is used occurs in train"


@pytest.fixture
def copy(sample: tuple[Path, Built], tmp_path: Path) -> Path:
    """A copy of the built sample that may be broken."""
    return copytree(sample[0], tmp_path / "dataset")


def problems(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the problems of every check that does not hold."""
    return {one.name: one.problems for one in check_built(folder) if not one.holds}


def note(folder: Path, name: str, rare: int = 10) -> str:
    return next(one.note for one in check_built(folder, rare=rare) if one.name == name)


def test_the_sample_holds_without_a_warning(sample: tuple[Path, Built]) -> None:
    checks = check_built(sample[0])
    assert [one.name for one in checks if not one.holds or one.note] == []
    assert len(checks) == 17
    assert all(isinstance(one, Check) for one in checks)


# Few datasets of many texts: each comes with its plots.
@settings(max_examples=5)
@given(st.lists(strategies.marked_texts(), min_size=10, max_size=20, unique_by=lambda m: m.text))
def test_what_is_built_of_hard_texts_holds(given_texts: list[Marked]) -> None:
    schema = make_schema(entities=tuple(make_entity(name, name) for name in "ABC"), relations=())
    articles = [make_article(one.text, f"a{number}") for number, one in enumerate(given_texts)]
    annotations = [
        make_annotation(article, *one.spans)
        for article, one in zip(articles, given_texts, strict=True)
    ]
    with TemporaryDirectory() as folder:
        build_into(Path(folder) / "out", articles, annotations, schema)
        assert problems(Path(folder) / "out") == {}


def same_text(folder: Path, change: Callable[[str], str] = str) -> None:
    """Give the first article of test the text of the first of train, and nothing else."""
    text = change(rows_of(folder, "spans", "train")[0]["text"])
    fields = {"text": text, "sha256": digest(text), "entities": [], "relations": []}
    article = rows_of(folder, "spans", "test")[0]["id"]
    alter(folder, "spans", "test", lambda rows: rows[0].update(fields))
    others = [row for row in rows_of(folder, "annotations", "test") if row["id"] != article]
    write_rows(folder, "annotations", "test", others)
    no_tokens: Row = {"tokens": [], "starts": [], "ends": [], "ner_tags": []}
    alter(folder, "tokens", "test", lambda rows: empty(rows, article, no_tokens))


def empty(rows: list[Row], article: str, fields: Row) -> None:
    for row in rows:
        row.update(fields if row["id"] == article else {})


def uncut(folder: Path) -> None:
    """Take every sentence of the first article of train away."""
    others = [row for row in rows_of(folder, "tokens", "train") if row["id"] != TRAINED]
    write_rows(folder, "tokens", "train", others)


def other_text(text: str) -> str:
    """Return the text in other case, spaces and punctuation."""
    return f"«{text.upper()}»".replace(" ", "\n ").replace(".", " !")


def copy_article(folder: Path) -> None:
    row = rows_of(folder, "spans", "train")[0]
    alter(folder, "spans", "test", lambda rows: rows.append(row))


def text_of_another_split(folder: Path) -> None:
    text = rows_of(folder, "spans", "test")[0]["sha256"]
    alter(folder, "annotations", "train", lambda rows: rows[0].update(sha256=text))


def relabel(folder: Path, column: str, old: int, new: int) -> None:
    """Give the marks of a label in train another one."""

    def change(rows: list[Row]) -> None:
        for mark in (mark for row in rows for mark in row[column]):
            mark["label"] = new if mark["label"] == old else mark["label"]

    alter(folder, "spans", "train", change)


def first(config: str, split: str = "train", **fields: object) -> Callable[[Path], object]:
    """Return what changes the first row of a split."""
    return lambda folder: alter(folder, config, split, lambda rows: rows[0].update(fields))


def mark(column: str, config: str = "spans", **fields: object) -> Callable[[Path], object]:
    """Return what changes the first mark of a row of train that has one."""

    def change(rows: list[Row]) -> None:
        next(row for row in rows if row[column])[column][0].update(fields)

    return lambda folder: alter(folder, config, "train", change)


def change_tokens(change: Callable[[Row], object]) -> Callable[[Path], object]:
    return lambda folder: alter(folder, "tokens", "train", lambda rows: change(rows[0]))


def reverse(config: str) -> Callable[[Path], object]:
    return lambda folder: alter(folder, config, "train", lambda rows: rows.reverse())


# What is done to the sample, and all the checks that then fail, with words of their problems.
BROKEN: list[tuple[Callable[[Path], object], dict[str, str]]] = [
    (
        lambda folder: alter(folder, "spans", "train", lambda rows: rows.insert(1, rows[0])),
        {ONCE: "is twice in train"},
    ),
    (copy_article, {ONCE: "is in train and in test", CLUSTERS: "", TEXTS: "", ALMOST: ""}),
    (first("spans", "test", cluster=TRAINED), {CLUSTERS: f"{TRAINED} (train), {TESTED} (test)"}),
    (same_text, {TEXTS: f"{TRAINED} (train), {TESTED} (test)", ALMOST: f"{TRAINED} (train)"}),
    (
        lambda folder: same_text(folder, other_text),
        {ALMOST: f"{TRAINED} (train), {TESTED} (test)"},
    ),
    (first("spans", sha256="0" * 64), {DIGESTS: TRAINED, ANNOTATED: TRAINED}),
    (mark("entities", text="X"), {ENTITIES: "'X' is not at "}),
    (mark("entities", start=0, end=1), {ENTITIES: " is not at 0-1"}),
    (mark("entities", start=5, end=5, text=""), {ENTITIES: "'' is not at 5-5"}),
    (mark("entities", start=-3, end=-2), {ENTITIES: " is not at -3--2"}),
    (mark("entities", end=10**6), {ENTITIES: "-1000000"}),
    (mark("entities", start=None), {ENTITIES: " is not at None-"}),
    (mark("entities", "annotations", end=1), {ENTITIES: f"{TRAINED}, annotation of A1: "}),
    (mark("relations", head="e999"), {RELATIONS: "a relation ends at e999, which is no entity"}),
    (mark("relations", tail=None), {RELATIONS: "a relation ends at None"}),
    (mark("relations", "annotations", tail="e0"), {RELATIONS: f"{TRAINED}, annotation of A1: "}),
    (mark("entities", id="e2"), {RELATIONS: "two entities have one id"}),
    (mark("entities", label=11), {NAMES: "a number in entities stands for no label"}),
    (mark("entities", label=None), {NAMES: "a number in entities"}),
    (mark("relations", label=-1), {NAMES: "a number in relations"}),
    (mark("entities", "annotations", label=99), {NAMES: f"{TRAINED}, annotation of A1: "}),
    (
        lambda folder: move(folder, "tokens", "train", "test"),
        {SENTENCES: f"sentence 0 of {TRAINED} is in test, its article is in train"},
    ),
    (first("tokens", id="x"), {SENTENCES: "sentence 0 of x is in train, its article is not there"}),
    (first("tokens", "test", id=TRAINED), {SENTENCES: "is in test, its article is in train"}),
    (change_tokens(lambda row: row["starts"].insert(0, 7)), {TOKENS: "not every token has"}),
    (change_tokens(lambda row: row["ner_tags"].pop()), {TOKENS: "not every token has a place and"}),
    (change_tokens(lambda row: row["tokens"].__setitem__(0, "X")), {TOKENS: "'X' is not at 0-"}),
    (change_tokens(lambda row: row["ner_tags"].__setitem__(0, 23)), {TOKENS: "for no tag"}),
    (uncut, {WHOLE: f"{TRAINED} (train)"}),
    (reverse("tokens"), {TOKENS: "rows are not in the order of the articles"}),
    (
        lambda folder: move(folder, "annotations", "train", "test"),
        {ANNOTATIONS: f"{TRAINED} is annotated in test, but is in train"},
    ),
    (
        text_of_another_split,
        {ANNOTATIONS: f"{TRAINED} is annotated in train, but its text is in test", ANNOTATED: ""},
    ),
    (first("annotations", sha256="0" * 64), {ANNOTATED: f"{TRAINED}, annotation of A1"}),
    (reverse("annotations"), {ANNOTATED: "rows are not in the order of the articles"}),
    (
        lambda folder: relabel(folder, "entities", 6, 7),
        {TRAIN: "EVENT is not in train (8 in validation, 4 in test)"},
    ),
    (
        lambda folder: relabel(folder, "relations", 0, 1),
        {TRAIN: "holds_rank is not in train (18 in validation, 5 in test)"},
    ),
]


@pytest.mark.parametrize(("alteration", "expected"), BROKEN)
def test_a_dataset_that_was_altered_does_not_hold(
    copy: Path, alteration: Callable[[Path], object], expected: dict[str, str]
) -> None:
    alteration(copy)
    found = problems(copy)
    assert found.keys() == expected.keys()
    assert {name: words in found[name][0] for name, words in expected.items()} == dict.fromkeys(
        expected, True
    )


def test_an_article_without_words_needs_no_sentence(tmp_path: Path) -> None:
    articles = [make_article(), make_article(" \n\u3000", "blank")]
    build_into(tmp_path / "out", articles, map(make_annotation, articles))
    assert "blank" not in {row["id"] for row in rows_of(tmp_path / "out", "tokens", "train")}
    assert problems(tmp_path / "out") == {}


def test_every_check_was_shown_to_fail(sample: tuple[Path, Built]) -> None:
    # These only warn.
    warning = {"articles of every split", "marks of every label", "ends of every relation"}
    shown = {name for _, expected in BROKEN for name in expected}
    assert shown | warning == {one.name for one in check_built(sample[0])}


def test_what_does_not_hold_says_what_to_do(copy: Path) -> None:
    same_text(copy)
    relabel(copy, "entities", 6, 7)
    remedies = {one.name: one.remedy for one in check_built(copy) if not one.holds}
    assert "splits.csv" in remedies[TEXTS]
    assert "annotate dataset balance" in remedies[TRAIN]
    assert "splits.csv" in remedies[TRAIN]


def test_many_problems_are_counted_after_the_first(copy: Path) -> None:
    def shift(rows: list[Row]) -> None:
        for entity in (entity for row in rows for entity in row["entities"]):
            entity["text"] += "!"

    alter(copy, "spans", "train", shift)
    found = problems(copy)[ENTITIES]
    assert len(found) == 11
    count = sum(len(row["entities"]) for row in rows_of(copy, "spans", "train"))
    assert found[-1] == f"and {count - 10:,} more"


def test_of_many_crossing_texts_the_first_are_told_with_their_places(copy: Path) -> None:
    write_rows(copy, "spans", "validation", rows_of(copy, "spans", "train"))
    found = {one.name: one.problems for one in check_built(copy)}
    count = len(rows_of(copy, "spans", "train"))
    for name in (CLUSTERS, TEXTS, ALMOST):
        assert len(found[name]) == 11
        assert found[name][0] == f"{TRAINED} (train), {TRAINED} (validation)"
        assert found[name][-1] == f"and {count - 10} more"


def small(out: Path, marks: dict[str, str], **more: object) -> Path:
    """Build an article for each split in `marks`, with a span of the label it has there."""
    articles, annotations = [], []
    for number, (split, label) in enumerate(marks.items()):
        article = make_article(f"Trung tá Lê An {number}.", id_in(split, SHARES))
        articles.append(article)
        spans = (make_span(9, 14, label),) if label else ()
        annotations.append(make_annotation(article, *spans, id=number))
    fields = {"relations": (), **more}
    build_into(out, articles, annotations, make_schema(**fields), DatasetSettings(split=SHARES))
    return out


def test_a_label_that_only_test_has_fails_and_one_that_nobody_used_is_told(tmp_path: Path) -> None:
    out = small(tmp_path / "a", {"train": "PERSON", "test": "RANK"})
    assert problems(out) == {TRAIN: ("RANK is not in train (1 in test)",)}
    out = small(tmp_path / "b", {"train": "PERSON", "test": "PERSON"})
    assert problems(out) == {}
    assert note(out, "marks of every label") == "fewer than 10: PERSON (2); never used: RANK"
    assert note(out, "marks of every label", rare=2) == "never used: RANK"


def test_a_relation_with_the_name_of_an_entity_is_told_apart(tmp_path: Path) -> None:
    arrow = msgspec.structs.replace(make_schema().relations[0], name="RANK")
    out = small(tmp_path / "a", {"train": "PERSON", "test": "RANK"}, relations=(arrow,))
    assert "never used: RANK (relation)" in note(out, "marks of every label")


def test_splits_without_articles_are_told(tmp_path: Path) -> None:
    out = small(tmp_path / "a", {"train": "PERSON"})
    assert note(out, "articles of every split") == "none in validation and test"
    out = small(tmp_path / "b", {"train": "PERSON", "validation": "PERSON", "test": "PERSON"})
    assert note(out, "articles of every split") == ""
    write_rows(out, "spans", "test", [])
    assert note(out, "articles of every split") == "none in test"


def with_skipped(out: Path) -> Path:
    """Build two articles of train; of one no annotation counts."""
    shares = DatasetSettings(split=SHARES)
    article, other = make_article(), make_article("Bỏ qua.", "b")
    train = id_in("train", SHARES)
    articles = [
        msgspec.structs.replace(one, cluster=train, id=name)
        for one, name in ((article, "a"), (other, "b"))
    ]
    annotations = [
        make_annotation(articles[0], make_span(9, 14)),
        make_annotation(articles[1], id=2, status="skipped"),
        make_annotation(articles[1], id=3, status="skipped", annotator="bo@example.org"),
    ]
    build_into(out, articles, annotations, settings=shares)
    return out


def test_annotations_of_an_article_that_does_not_count_stay_in_one_split(tmp_path: Path) -> None:
    out = with_skipped(tmp_path / "out")
    assert [row["id"] for row in rows_of(out, "annotations", "train")] == ["a", "b", "b"]
    assert problems(out) == {}
    path = file_of(out, "annotations", "train")
    last = rows_of(out, "annotations", "train")[-1]
    add_split(out, "annotations", "test")
    shutil.copy(path, path.with_name(path.name.replace("train", "test")))
    for changed, said in (
        (last, "b is annotated in test, but is in train"),
        ({**last, "id": "c"}, "c is annotated in test, but its text is in train"),
    ):
        write_rows(out, "annotations", "test", [changed])
        assert problems(out) == {ANNOTATIONS: (said,)}


def add_split(folder: Path, config: str, split: str) -> None:
    """Tell in the card that a config has another split."""
    card = folder / "README.md"
    known = f"  - split: train\n    path: {config}/train-*.parquet\n"
    text = card.read_text(encoding="utf-8")
    assert known in text
    more = known + known.replace("train", split)
    card.write_text(text.replace(known, more), encoding="utf-8")


@pytest.mark.parametrize("name", ["id", "text", "sha256"])
def test_a_row_without_what_every_article_has_is_told(copy: Path, name: str) -> None:
    alter(copy, "spans", "test", lambda rows: rows[0].update({name: None}))
    with pytest.raises(DatasetError, match=rf"\(spans, test\) has a row without {name}"):
        check_built(copy)


def test_an_article_without_a_cluster_or_marks_is_like_no_other(copy: Path) -> None:
    fields = {"cluster": None, "entities": None, "relations": None}
    for split in ("train", "test"):
        alter(copy, "spans", split, lambda rows: rows[0].update(fields))
    assert problems(copy) == {}


def test_texts_of_nothing_but_punctuation_are_not_alike(copy: Path) -> None:
    for split, text in (("train", "…"), ("test", "?!")):
        first("spans", split, text=text, sha256=digest(text), entities=[], relations=[])(copy)
    assert {TEXTS, ALMOST}.isdisjoint(problems(copy))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lê An.", "LÊ AN"),
        ("a b", "a\n—b"),
        ("«a»", '"a"'),
        ("Straße", "STRASSE"),
        ("a\u200db", "ab"),
    ],
)
def test_case_spaces_and_punctuation_do_not_tell_texts_apart(one: str, other: str) -> None:
    assert bare(one) == bare(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Lê", "Le"), ("🔥", "👍"), ("1+1", "11"), ("कि", "का")]
)
def test_letters_signs_and_vowels_do_tell_texts_apart(one: str, other: str) -> None:
    assert bare(one) != bare(other)


def test_progress_is_told_to_the_last_row(sample: tuple[Path, Built]) -> None:
    totals: list[int | None] = []
    done: list[int] = []

    @contextmanager
    def progress(_label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        totals.append(total)
        yield done.append

    check_built(sample[0], progress=progress)
    built = sample[1]
    assert totals == [sum(done)] == [built.articles + built.sentences + built.annotations]


def test_a_file_that_is_broken_is_an_error(copy: Path) -> None:
    path = file_of(copy, "tokens", "test")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match=r"tokens/test-00000-of-00001\.parquet cannot be read"):
        check_built(copy)
