"""Articles that nobody annotated can be told from those in which there is nothing."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

from annotate.dataset.balancing import balance
from annotate.dataset.checking import check_built
from annotate.dataset.encoding import encode
from annotate.dataset.exporting import documents_of, language_of, unannotated_in
from annotate.dataset.features import span_features, token_features
from annotate.dataset.reading import open_built
from annotate.errors import DatasetError
from annotate.settings import DatasetSettings, Policy, Tagging
from tests.dataset.breaking import alter
from tests.dataset.building import (
    HALVES,
    ONLY_TRAIN,
    build_into,
    build_mixed,
    contents,
    load,
    rows,
)
from tests.dataset.training import trained
from tests.factories import make_annotation, make_article, make_choice, make_schema, make_span

with warnings.catch_warnings():
    # Of the libraries that it is made of.
    warnings.simplefilter("ignore")
    import mlcroissant

TOLD = "articles that nobody annotated"
MARKED = "no article that nobody annotated has marks"
SENTENCES = "every sentence is annotated as its article is"
WITH = msgspec.structs.replace(ONLY_TRAIN, include_unannotated=True)


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset with articles that nobody annotated; to be read only."""
    out = tmp_path_factory.mktemp("mixed") / "dataset"
    build_mixed(out)
    return out


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without them; to be read only."""
    out = tmp_path_factory.mktemp("plain") / "dataset"
    build_mixed(out, include=False)
    return out


def told(folder: Path) -> dict[str, tuple[tuple[str, ...], str]]:
    """Return the problems and the note of every check by its name."""
    return {one.name: (one.problems, one.note) for one in check_built(folder)}


# The columns.


@pytest.mark.parametrize("config", ["spans", "tokens"])
def test_every_row_tells_whether_somebody_annotated_its_article(mixed: Path, config: str) -> None:
    found = {(row["id"].rstrip("0123456789"), row["annotated"]) for row in rows(mixed, config)}
    assert found == {("marked", True), ("empty", True), ("nobody", False)}


def test_the_column_is_the_last_of_the_plain_ones() -> None:
    schema = make_schema(choices=(make_choice("topic", "crime"),))
    without = list(span_features(schema))
    column = without.index("cluster") + 1
    assert list(span_features(schema, annotated=True)) == [
        *without[:column], "annotated", *without[column:],
    ]  # fmt: skip
    without = list(token_features(schema, Tagging()))
    assert without[:2] == ["id", "sentence"]
    found = list(token_features(schema, Tagging(), annotated=True))
    assert found == [*without[:2], "annotated", *without[2:]]


def test_there_is_no_column_unless_it_is_asked_for(plain: Path, mixed: Path) -> None:
    for config in ("spans", "tokens", "annotations"):
        assert "annotated" not in load(plain, config)["train"].features
    assert "annotated" not in load(mixed, "annotations")["train"].features


def test_without_such_rows_the_dataset_is_the_one_built_without_the_setting(
    plain: Path, mixed: Path
) -> None:
    for config in ("spans", "tokens"):
        kept = [row for row in rows(mixed, config) if row.pop("annotated")]
        assert kept == rows(plain, config)


def test_an_article_of_which_the_policy_takes_nothing_is_not_annotated(tmp_path: Path) -> None:
    articles = [make_article(), make_article(article_id="b")]
    annotations = [make_annotation(articles[0], make_span(9, 14), ground_truth=True)]
    annotations.append(make_annotation(articles[1], make_span(9, 14), id=2))
    settings = msgspec.structs.replace(WITH, policy=Policy(use="ground-truth"))
    built = build_into(tmp_path / "out", articles, annotations, settings=settings)
    assert (built.ineligible, built.unannotated, built.included) == (1, 1, 1)
    found = {
        row["id"]: (row["annotated"], row["entities"]) for row in rows(tmp_path / "out", "spans")
    }
    assert (found["a"][0], found["b"]) == (True, (False, []))


def test_many_articles_keep_their_own(tmp_path: Path) -> None:
    """Sentences are made of some hundred articles at once, those of a split together."""
    articles = [make_article(f"Một {n}.\nHai {n}." * (n % 3), f"a{n}") for n in range(450)]
    annotations = [make_annotation(one, id=n) for n, one in enumerate(articles) if n % 7 in {1, 2}]
    settings = DatasetSettings(split=HALVES, include_unannotated=True)
    built = build_into(tmp_path / "out", articles, annotations, settings=settings)
    known = {one.article for one in annotations}
    for config in ("spans", "tokens"):
        found = rows(tmp_path / "out", config)
        assert {row["id"] for row in found if row["annotated"]} <= known
        assert not {row["id"] for row in found if not row["annotated"]} & known
    assert built.included == 450 - len(known)


def test_the_same_input_gives_the_same_bytes(mixed: Path, tmp_path: Path) -> None:
    build_mixed(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(mixed)


def test_a_choice_of_that_name_is_a_choice_and_does_not_go_with_the_setting(tmp_path: Path) -> None:
    schema = make_schema(choices=(make_choice("annotated", "no", "yes"),))
    article = make_article()
    annotations = [make_annotation(article, make_span(9, 14), choices={"annotated": ("no",)})]
    with pytest.raises(DatasetError, match="would be both a choice of the schema and the column"):
        build_into(tmp_path / "out", [article], annotations, schema, WITH)
    assert not (tmp_path / "out").exists()
    build_into(tmp_path / "out", [article], annotations, schema)
    (document,) = documents_of(open_built(tmp_path / "out"), "train")
    assert document.choices == {"annotated": ("no",)}
    assert unannotated_in(open_built(tmp_path / "out"), "train") == set()
    assert TOLD not in told(tmp_path / "out")
    trained("byte-level").save(str(tmp_path / "tokenizer.json"))
    encoded = encode(tmp_path / "out", tmp_path / "encoded", str(tmp_path / "tokenizer.json"))
    assert (encoded.articles, encoded.unannotated) == (1, 0)


# What reads them.


def test_they_are_read_as_datasets_loads_them(plain: Path, mixed: Path) -> None:
    for folder in (plain, mixed):
        built = open_built(folder)
        for config in ("spans", "tokens"):
            loaded = load(folder, config)
            assert built.features(config) == loaded["train"].features
            for split, expected in loaded.items():
                assert list(built.rows(config, split)) == list(expected)


def test_a_check_warns_of_them_and_says_what_to_do(mixed: Path) -> None:
    found = told(mixed)
    assert [name for name, (problems, _) in found.items() if problems] == []
    assert found[TOLD][1] == "2 of 4 articles; leave them out: filter by annotated"
    # Nobody can score on test.
    assert found["articles of every split"][1] == "none annotated in validation and test"


def test_checks_of_the_annotated_ones_are_as_they_are_without_the_others(
    plain: Path, mixed: Path
) -> None:
    found, expected = told(mixed), told(plain)
    assert expected.keys() == found.keys() - {TOLD, MARKED, SENTENCES}
    assert expected["articles of every split"][1] == "none in validation and test"
    assert found["marks of every label"] == expected["marks of every label"]
    assert "fewer than 10: PERSON (1)" in found["marks of every label"][1]


def test_no_check_warns_where_everything_is_annotated(tmp_path: Path) -> None:
    article = make_article()
    build_into(tmp_path / "out", [article], [make_annotation(article)], settings=WITH)
    assert told(tmp_path / "out")[TOLD] == ((), "")


def test_marks_in_an_article_that_nobody_annotated_are_a_fault(tmp_path: Path) -> None:
    build_mixed(tmp_path / "out")
    alter(
        tmp_path / "out", "spans", "train", lambda rows: [r.update(annotated=False) for r in rows]
    )
    found = told(tmp_path / "out")
    (marked,) = (row["id"] for row in rows(tmp_path / "out", "spans") if row["entities"])
    assert found[MARKED][0] == (f"{marked} (train)",)
    assert len(found[SENTENCES][0]) == 4


def test_sentences_that_say_something_else_than_their_article_are_a_fault(tmp_path: Path) -> None:
    build_mixed(tmp_path / "out")
    alter(tmp_path / "out", "tokens", "test", lambda rows: rows[1].update(annotated=True))
    found = told(tmp_path / "out")
    (problem,) = found[SENTENCES][0]
    assert problem.startswith("sentence 1 of nobody")
    assert found[MARKED][0] == ()


def test_labels_are_balanced_as_without_them(plain: Path, mixed: Path) -> None:
    one, other = (balance(open_built(folder), HALVES, range(5)) for folder in (plain, mixed))
    assert other.now.labels == one.now.labels == {
        "PERSON": {"train": 1, "validation": 0, "test": 0}
    }  # fmt: skip
    assert other.best.missing == one.best.missing == []


def test_encoding_leaves_them_out_and_counts_them(mixed: Path, plain: Path, tmp_path: Path) -> None:
    trained("byte-level").save(str(tmp_path / "tokenizer.json"))
    found = encode(mixed, tmp_path / "mixed", str(tmp_path / "tokenizer.json"))
    expected = encode(plain, tmp_path / "plain", str(tmp_path / "tokenizer.json"))
    assert (found.unannotated, expected.unannotated) == (2, 0)
    assert (found.articles, found.ids) == (expected.articles, expected.ids)
    # A split without rows would not load.
    assert found.splits == expected.splits == {"train": 2}
    assert rows(tmp_path / "mixed", "default") == rows(tmp_path / "plain", "default")
    card = (tmp_path / "mixed" / "README.md").read_text(encoding="utf-8")
    assert "Left out: 2 articles that nobody annotated." in card
    assert "nobody" not in (tmp_path / "plain" / "README.md").read_text(encoding="utf-8")


def test_documents_are_all_there_with_the_list_of_those(mixed: Path, plain: Path) -> None:
    built = open_built(mixed)
    names = Counter(one.id.rstrip("0123456789") for one in documents_of(built, "train"))
    assert names == {"marked": 1, "empty": 1, "nobody": 1}
    assert {name.rstrip("0123456789") for name in unannotated_in(built, "train")} == {"nobody"}
    assert unannotated_in(open_built(plain), "train") == set()


def test_the_language_is_that_of_the_annotated_ones(tmp_path: Path) -> None:
    articles = [make_article(language="vi"), make_article(article_id="b", language="en")]
    build_into(tmp_path / "out", articles, [make_annotation(articles[0])], settings=WITH)
    assert language_of(open_built(tmp_path / "out")) == "vi"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("config", ["spans", "tokens"])
def test_the_description_for_machines_has_the_column(mixed: Path, config: str) -> None:
    dataset: Any = mlcroissant.Dataset(str(mixed / "croissant.json"))
    assert not dataset.metadata.issues.errors
    found = Counter(
        (one[f"{config}/id"].decode(), bool(one[f"{config}/annotated"]))
        for one in dataset.records(config)
    )
    assert found == Counter((row["id"], row["annotated"]) for row in rows(mixed, config))
    described = json.loads((mixed / "croissant.json").read_text(encoding="utf-8"))
    (records,) = (one for one in described["recordSet"] if one["@id"] == config)
    (field,) = (one for one in records["field"] if one["@id"] == f"{config}/annotated")
    assert field["dataType"] == "sc:Boolean"
