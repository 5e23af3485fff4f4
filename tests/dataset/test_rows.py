"""What the rows of a dataset say, loaded with the real `datasets`."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import datasets
import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from annotate.dataset.built import Built
from annotate.formats import Marked
from annotate.spans import Relation, reading_order
from tests.dataset.building import (
    build_into,
    load,
    losses,
    rows,
)
from tests.factories import (
    make_annotation,
    make_article,
    make_entity,
    make_schema,
    make_span,
    sample_articles,
    sample_gold,
    sample_schema,
)
from tests.strategies import marked_texts

ABC = make_schema(
    entities=tuple(make_entity(name, name) for name in "ABC"),
    relations=tuple(
        msgspec.structs.replace(make_schema().relations[0], name=name, title=name) for name in "rq"
    ),
)


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
        # Nobody has looked for near-duplicates here: each article is its own cluster.
        assert row["cluster"] == article.id
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
    assert Counter(loss["reason"] for loss in listed) == sample[1].losses
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


def test_relations_are_in_order_of_their_entities_whatever_their_numbers(tmp_path: Path) -> None:
    article = make_article("a" * 12)
    spans = [make_span(at, at + 1, span_id=f"x{at}") for at in range(12)]
    pairs = [(11, 0), (1, 9), (1, 10), (9, 3), (1, 2)]
    relations = [Relation(head=f"x{h}", tail=f"x{t}", label="holds_rank") for h, t in pairs]
    for number, given_order in enumerate((relations, relations[::-1])):
        out = tmp_path / str(number)
        annotation = make_annotation(article, *spans, relations=tuple(given_order))
        build_into(out, [article], [annotation])
        (row,) = rows(out, "spans")
        shown = [(int(r["head"][1:]) - 1, int(r["tail"][1:]) - 1) for r in row["relations"]]
        assert shown == sorted(pairs)


def test_two_spans_with_one_id_are_two_entities(tmp_path: Path) -> None:
    article = make_article("Trung tá Lê An.")
    spans = (make_span(0, 8, "RANK", "same"), make_span(9, 14, "PERSON", "same"))
    build_into(tmp_path / "out", [article], [make_annotation(article, *spans)])
    (row,) = rows(tmp_path / "out", "spans")
    assert [e["id"] for e in row["entities"]] == ["e1", "e2"]


def test_the_default_config_is_spans(sample: tuple[Path, Built]) -> None:
    default = datasets.load_dataset(str(sample[0]), cache_dir=str(sample[0].parent / "default"))
    assert "entities" in default["train"].features
