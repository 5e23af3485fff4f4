"""The card: its head is what loading reads, its numbers are those of the dataset."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import datasets
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from annotate.dataset.built import Built
from annotate.dataset.card.head import size_category
from annotate.dataset.card.markdown import one_line
from annotate.schema.model import Attribute, Option
from annotate.settings import DatasetSettings, Policy, Split
from annotate.spans import SetAside
from tests.dataset.building import ONLY_TRAIN, build_into, build_one, contents, load, losses
from tests.dataset.cards import make_facts, parted, read, section, summarised, table, text_of
from tests.factories import (
    make_annotation,
    make_article,
    make_choice,
    make_entity,
    make_schema,
    make_span,
    sample_schema,
)
from tests.strategies import raw_texts

# A text and spans that the tags lose for every reason there is.
LOSING = "Lê An và Bình. Ngày  mai, xã."
LOST = {
    "nested": (0, 2), "crossing": (3, 8), "sentences": (9, 19), "empty": (19, 21),
    "cut token": (21, 22), "shared token": (22, 24),
}  # fmt: skip
EVERY_HEADING = [
    "Quick start", "Schema", "Labels", "Attributes and choices", "How it was annotated",
    "Which annotation counts", "Agreement", "In numbers", "Known limits", "How to build it again",
    "Versions", "Citation and licence",
]  # fmt: skip

Sample = tuple[Path, Built]


def test_the_head_names_language_licence_and_title(tmp_path: Path) -> None:
    article = make_article()
    settings = msgspec.structs.replace(
        ONLY_TRAIN, title='Tin: "an ninh" #1', license="cc-by-4.0",
        annotations_creators="expert-generated",
    )  # fmt: skip
    out = tmp_path / "out"
    build_into(out, [article], [make_annotation(article)], make_schema(language="vi"), settings)
    head, body = read(out)
    assert (head["language"], head["license"]) == ("vi", "cc-by-4.0")
    assert head["pretty_name"] == 'Tin: "an ninh" #1'
    assert head["annotations_creators"] == ["expert-generated"]
    assert head["task_categories"] == ["token-classification"]
    assert '\n# Tin: "an ninh" \\#1\n' in body


def test_without_a_title_the_card_has_that_of_the_schema() -> None:
    head, body = parted(text_of(make_facts(make_schema(title="News & views"))))
    assert head["pretty_name"] == "News & views"
    assert "\n# News & views\n" in body


def test_what_nobody_says_is_not_in_the_head(sample: Sample) -> None:
    head, _ = read(sample[0])
    assert "annotations_creators" not in head
    assert "source_datasets" not in head


def test_the_head_lists_the_files_of_every_config_and_split(sample: Sample) -> None:
    head, _ = read(sample[0])
    for config in head["configs"]:
        for listed in config["data_files"]:
            (path,) = sample[0].glob(listed["path"])
            assert path.name.startswith(listed["split"])
    names = {config["config_name"]: config.get("default", False) for config in head["configs"]}
    assert names == {"spans": True, "tokens": False, "annotations": False}


def test_the_head_has_the_features_and_rows_that_loading_finds(sample: Sample) -> None:
    head, _ = read(sample[0])
    for info in head["dataset_info"]:
        loaded = load(sample[0], info["config_name"])
        assert [feature["name"] for feature in info["features"]] == list(loaded["train"].features)
        rows = {split["name"]: split["num_examples"] for split in info["splits"]}
        assert rows == {name: split.num_rows for name, split in loaded.items()}
        files = (sample[0] / info["config_name"]).iterdir()
        assert info["download_size"] == sum(path.stat().st_size for path in files)


def test_loading_refuses_a_dataset_that_lacks_rows_of_its_card(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_one(out)
    card = out / "README.md"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("num_examples: 1", "num_examples: 2"), encoding="utf-8")
    with pytest.raises(datasets.exceptions.NonMatchingSplitsSizesError):
        load(out, "spans")


def test_the_quick_start_of_the_card_runs(
    sample: Sample, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    _, body = read(sample[0])
    (code,) = re.findall(r"```python\n(.*?)```", section(body, "Quick start"), re.DOTALL)
    exec(code.replace("ORG/NAME", str(sample[0])), {})  # noqa: S102 - it is what the card shows
    printed = capsys.readouterr().out.splitlines()
    first = load(sample[0], "spans")["train"][0]["entities"]
    names = sample_schema().labels
    assert printed == [f"{names[entity['label']]} {entity['text']}" for entity in first]


def test_the_row_that_the_card_shows_is_the_first_one(sample: Sample) -> None:
    _, body = read(sample[0])
    row = load(sample[0], "spans")["train"][0]
    shown = section(body, "A row")
    assert f'"id": "{row["id"]}",' in shown
    first, label = row["entities"][0], sample_schema().labels[row["entities"][0]["label"]]
    told = f'"start": {first["start"]}, "end": {first["end"]}, "label": {first["label"]}'
    assert f'{{"id": "e1", {told}, "text": "{first["text"]}"}},  # {label}\n' in shown
    assert f"…  # {len(row['entities'])} of them" in shown


def test_the_row_shows_answers_and_what_their_numbers_stand_for(tmp_path: Path) -> None:
    kinds = (Option("state", "State"), Option("people", "People"))
    attributes = (
        Attribute("form", "Form", ("PERSON",)),
        Attribute("kind", "Kind", ("PERSON",), options=kinds, multiple=True),
    )
    schema = make_schema(
        attributes=attributes, choices=(make_choice("use", "yes", "no"), make_choice("by", "x"))
    )
    article = make_article()
    span = msgspec.structs.replace(make_span(9, 14), attributes={"kind": ("people", "state")})
    annotation = make_annotation(article, span, choices={"use": ("no",)})
    build_into(tmp_path / "out", [article], [annotation], schema)
    head, body = read(tmp_path / "out")
    row = section(body, "A row")
    assert '"text": "Lê An", "form": None, "kind": [1, 0]},  # PERSON, people, state\n' in row
    assert '    "use": 1,  # no\n    "by": None,\n' in row
    assert head["task_categories"] == ["token-classification", "text-classification"]
    assert table(section(body, "In numbers"))["use: no"] == ["1"]
    asked = section(body, "Attributes and choices")
    assert "**kind** (Kind), of PERSON: any of `state` (State), `people` (People)." in asked
    assert "**form** (Form), of PERSON: a text." in asked
    assert "**use** (Which use?), of the article: one of `yes` (YES), `no` (NO)." in asked


def test_the_numbers_of_the_card_are_those_of_the_dataset(sample: Sample) -> None:
    _, body = read(sample[0])
    loaded = load(sample[0], "spans")
    rows = [row for split in loaded.values() for row in split]
    entities = sum(len(row["entities"]) for row in rows)
    relations = sum(len(row["relations"]) for row in rows)
    told = f"{len(rows)} annotated articles (`vi`) with {entities:,} entities and {relations:,}"
    assert told in body
    cells = table(section(body, "In numbers"))
    schema = sample_schema()
    assert cells["articles"] == [*(str(s.num_rows) for s in loaded.values()), str(len(rows))]
    for column, names in (("entities", schema.labels), ("relations", schema.relation_labels)):
        for number, split in enumerate(loaded.values()):
            counts = Counter(names[one["label"]] for row in split for one in row[column])
            assert {name: int(cells[name][number]) for name in names} == {
                name: counts[name] for name in names
            }


def test_the_card_defines_every_label_and_relation(sample: Sample) -> None:
    _, body = read(sample[0])
    schema = sample_schema()
    assert f"`{schema.name}`, version `{schema.version}`" in body
    cells = table(section(body, "Labels"))
    for entity in schema.entities:
        definition, example = cells[f"{entity.name}**<br>{entity.title}"]
        assert definition == entity.definition
        assert re.search(r"\*\*.+\*\*", example)
    arrows = table(section(body, "Relations"))
    for relation in schema.relations:
        head, tail, definition = arrows[f"{relation.name}**<br>{relation.title}"]
        assert head.replace("\\", "") == ", ".join(relation.head)
        assert tail.replace("\\", "") == ", ".join(relation.tail)
        assert definition == relation.definition


def test_the_examples_of_labels_are_from_the_training_split(sample: Sample) -> None:
    _, body = read(sample[0])
    texts = load(sample[0], "spans")["train"]["text"]
    for cells in table(section(body, "Labels")).values():
        if marked := re.search(r"\*\*(.+)\*\*", cells[-1]):
            assert any(marked[1] in text for text in texts)


def test_the_card_says_what_is_left_out(tmp_path: Path) -> None:
    article, other = make_article(), make_article(article_id="b")
    aside = SetAside(reason="it has no offsets", mark=msgspec.Raw(b"{}"))
    annotations = [
        make_annotation(article, id=1, updated_at="2024-01-01T00:00:00Z"),
        make_annotation(article, id=2, updated_at="2024-01-02T00:00:00Z"),
        make_annotation(article, id=3, set_aside=(aside,) * 4),
        make_annotation(make_article("Cũ."), id=4),
        make_annotation(make_article("Cũ hơn."), id=5),
        make_annotation(make_article("Cũ nhất."), id=6),
    ]
    build_into(tmp_path / "out", [article, other], annotations)
    _, body = read(tmp_path / "out")
    told = section(body, "Which annotation counts")
    assert "- 1 article without a submitted annotation: left out.\n" in told
    assert (
        "- 2 annotations that others of the same article stand in for: only in `annotations`.\n"
        in told
    )
    assert "- 3 annotations of another text than the article has now: left out.\n" in told
    assert "- 4 marks that could not be proved against the text: left out.\n" in told
    assert "All spans are tagged as they were marked." in section(body, "Tokens")


def test_articles_that_nobody_annotated_can_be_in_the_dataset(tmp_path: Path) -> None:
    articles = [make_article(), make_article(article_id="b"), make_article(article_id="c")]
    annotations = [make_annotation(articles[0], make_span(9, 14), ground_truth=True)]
    annotations.append(make_annotation(articles[1], id=2))
    settings = msgspec.structs.replace(
        ONLY_TRAIN, include_unannotated=True, policy=Policy(use="ground-truth")
    )
    build_into(tmp_path / "out", articles, annotations, settings=settings)
    _, body = read(tmp_path / "out")
    told = section(body, "Which annotation counts")
    there = "without entities, `annotated` is false."
    assert f"- 1 article without a submitted annotation: {there}\n" in told
    assert f"- 1 article of which this takes no annotation: {there}\n" in told
    assert 'Leave such rows out to train and to score: `spans.filter(lambda row: row["' in told
    assert table(section(body, "In numbers"))["articles"] == ["3", "3"]


def test_every_reason_for_a_loss_is_counted_in_words(tmp_path: Path) -> None:
    article = make_article(LOSING)
    spans = [make_span(0, 5), *(make_span(*extent) for extent in LOST.values())]
    build_into(tmp_path / "out", [article], [make_annotation(article, *spans)])
    assert {loss["reason"] for loss in losses(tmp_path / "out")} == LOST.keys()
    _, body = read(tmp_path / "out")
    told = section(body, "Tokens")
    assert "Of 7 spans, 6 are not tagged as marked." in told
    assert len(re.findall(r"^\| 1 \| [a-z].+ tagged", told, re.MULTILINE)) == len(LOST)


def test_a_dataset_without_tokens_says_nothing_of_them() -> None:
    body = text_of(make_facts())
    assert "## Tokens" not in body
    assert "`tokens`" not in body


def test_a_schema_without_relations_says_nothing_of_them() -> None:
    body = text_of(make_facts(make_schema(relations=())))
    assert "## Relations" not in body
    assert "0 relations" not in body


def test_agreement_is_told_by_label_where_two_people_annotated(tmp_path: Path) -> None:
    article = make_article("Trung tá Lê An, Đại úy Vũ Hà.")
    one = make_annotation(article, make_span(9, 14), make_span(23, 28), make_span(0, 8, "RANK"))
    other = make_annotation(
        article, make_span(9, 14), make_span(24, 28), id=2, annotator="binh@example.org"
    )
    build_into(tmp_path / "out", [article], [one, other])
    _, body = read(tmp_path / "out")
    told = section(body, "Agreement")
    assert told.startswith("\n1 article was annotated by two or more people, who make up 1 pair.")
    cells = table(told)
    assert cells["PERSON"] == ["4", "0.50", "1.00"]
    assert cells["RANK"] == ["1", "0.00", "0.00"]
    assert cells["all"] == ["5", "0.40", "0.80"]
    assert "marked by 2 people" in body


def test_without_a_second_annotator_no_agreement_is_claimed(sample: Sample) -> None:
    _, body = read(sample[0])
    assert "no agreement is known" in section(body, "Agreement")
    assert "is not known" in section(body, "Known limits")


def test_known_limits_name_rare_and_absent_labels() -> None:
    labels = {
        "PERSON": {"train": 60, "test": 0}, "RANK": {"train": 49, "test": 1},
        "DATE": {"train": 0, "test": 0},
    }  # fmt: skip
    schema = make_schema(entities=[make_entity(name, name) for name in labels])
    facts = make_facts(schema)
    built = msgspec.structs.replace(facts.built, labels=labels, splits={"train": 9, "test": 1})
    told = section(text_of(facts._replace(built=built)), "Known limits")
    assert "- No article is in `validation`." in told
    assert "- Nothing is marked as `DATE`." in told
    assert "- Fewer than 50 spans in `train`: `RANK`." in told
    assert "- Not in `test`: `PERSON`." in told


def test_where_articles_come_from_is_told_as_far_as_it_is_known() -> None:
    known = [("b", "Báo A", "2022-05-01"), ("c", "Báo A", "2024"), ("d", "", "May 2023")]
    work = [
        (article, [make_annotation(article)])
        for article in (
            make_article(article_id=name, source=source, published_at=date)
            for name, source, date in known
        )
    ]
    schema = make_schema()
    told = section(text_of(make_facts(schema, summary=summarised(schema, work))), "In numbers")
    assert "Articles were published from 2022 to 2024 (of 1 that is not known)." in told
    assert table(told)["Báo A"] == ["2"]
    assert table(told)["others, or not known"] == ["1"]


def test_the_settings_say_what_it_is_and_whom_to_cite() -> None:
    settings = DatasetSettings(
        title="A & B_c {x}", license="cc-by-4.0", description="First.\n\n# Second\n\n1. Third",
        homepage="https://example.org/a_b", authors=("Đỗ Thị Ngà", "Lê An"),
    )  # fmt: skip
    article = make_article()
    summary = summarised(make_schema(), [(article, [make_annotation(article)])])
    body = text_of(make_facts(settings=settings, summary=summary))
    assert "\n\nFirst.\n\n\\# Second\n\n1\\. Third\n\n" in body
    assert "[https:\\//example.org/a\\_b](<https://example.org/a_b>)" in body
    cited = section(body, "Citation and licence")
    assert "@misc{dothinga2024,\n" in cited
    assert "title   = {{A \\& B\\_c \\{x\\}}}," in cited
    assert "author  = {{Đỗ Thị Ngà} and {Lê An}}," in cited
    assert "Licence: `cc-by-4.0`." in cited


def test_a_citation_of_the_settings_stands_as_it_is() -> None:
    cited = "@article{x,\n  title = {```}\n}"
    body = text_of(make_facts(settings=DatasetSettings(citation=cited)))
    assert f"````bibtex\n{cited}\n````" in body


def test_the_same_input_gives_the_same_files(tmp_path: Path) -> None:
    article = make_article()
    annotation = make_annotation(article, make_span(9, 14))
    settings = msgspec.structs.replace(ONLY_TRAIN, authors=("Lê An",))
    written = []
    for name in ("one", "two"):
        build_into(tmp_path / name, [article], [annotation], settings=settings)
        written.append(contents(tmp_path / name))
    assert written[0] == written[1]
    build_into(tmp_path / "one", [article], [annotation], settings=settings)
    assert contents(tmp_path / "one") == written[0]


def test_braces_in_a_schema_are_text() -> None:
    entity = make_entity("PERSON", "{x}", definition="100 % {schema.name}")
    body = text_of(make_facts(make_schema(title="{built} {0}", entities=(entity,))))
    assert "# {built} {0}" in body
    assert table(section(body, "Labels"))["PERSON**<br>{x}"][0] == "100 % {schema.name}"


HARD = st.one_of(raw_texts, st.sampled_from(["| a | b |", "<!-- kept: x -->", "```", "---", "# x"]))


@given(title=HARD, definition=HARD, name=HARD, option=HARD, source=HARD, authors=st.lists(HARD))
def test_whatever_texts_say_the_card_keeps_its_form(
    title: str, definition: str, name: str, option: str, source: str, authors: list[str]
) -> None:
    asked = (make_choice(f"q{name}", f"o{option}"),)
    entities = (make_entity(f"L{name}", title or "t", definition=definition),)
    schema = make_schema(title=title or "t", entities=entities, relations=(), choices=asked)
    article = make_article(f"{title} An {definition}", source=source)
    start = article.text.index("An")
    annotation = make_annotation(article, make_span(start, start + 2, f"L{name}"))
    settings = DatasetSettings(description=definition, authors=tuple(authors))
    card = text_of(
        make_facts(schema, settings=settings, summary=summarised(schema, [(article, [annotation])]))
    )
    head, body = parted(card)
    assert head["pretty_name"] == one_line(title or "t")
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    headings = [
        tokens[n + 1].children for n, token in enumerate(tokens) if token.type == "heading_open"
    ]
    plain = ["".join(part.content for part in found or ()) for found in headings]
    assert plain[0] == one_line(title or "t")
    assert plain[1:] == EVERY_HEADING
    html = MarkdownIt("commonmark").enable("table").render(body)
    assert "<b>" not in html
    (labels,) = re.findall(r"<h3>Labels</h3>\s*(<table>.*?</table>)", html, re.DOTALL)
    assert labels.count("<tr>") == 2
    assert labels.count("<td>") == 3


@pytest.mark.parametrize(
    ("rows", "size"),
    [
        (1, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (99_999, "10K<n<100K"),
        (100_000, "100K<n<1M"),
        (1_000_000, "1M<n<10M"),
    ],
)
def test_the_size_is_the_hubs_name_for_the_number_of_articles(rows: int, size: str) -> None:
    assert size_category(rows) == size


def test_a_split_that_is_empty_is_not_in_the_card(tmp_path: Path) -> None:
    settings = DatasetSettings(split=Split(train=0, validation=0, test=1))
    article = make_article()
    build_into(tmp_path / "out", [article], [make_annotation(article)], settings=settings)
    head, body = read(tmp_path / "out")
    assert {split["split"] for split in head["configs"][0]["data_files"]} == {"test"}
    assert 'spans["test"][0]' in body
    assert "No article is in `train` or `validation`." in body
