"""`annotate dataset export`: a built dataset in the formats of other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from annotate.cli import annotate as program
from annotate.cli.formats import EVERY, OUT
from annotate.dataset.exporting import documents_of, export_dataset, language_of
from annotate.dataset.reading import open_built
from annotate.errors import DatasetError, FormatError
from annotate.formats.document import Document, Losses
from annotate.formats.registry import FORMATS
from annotate.schema.dump import dump_schema
from annotate.schema.model import Attribute, Option
from annotate.settings import DatasetSettings, Split
from annotate.spans import Annotation, Relation, Span
from tests.conftest import lay_out, run_locally
from tests.dataset.building import build_into, build_mixed, contents, id_in
from tests.factories import make_annotation, make_article, make_choice, make_schema, make_span

TEXT = "Trung tá Lê An 👍🏽 đến.\nÔng Lê An về."
FORM = Attribute(name="form", title="Form", labels=("PERSON",))
KIND = Attribute(
    name="kind", title="Kind", labels=("PERSON",), multiple=True,
    options=(Option("real", "Real"), Option("alias", "Alias")),
)  # fmt: skip
SCHEMA = make_schema(
    attributes=(FORM, KIND),
    choices=(make_choice("topic", "crime", "sport"), make_choice("mood", "a", "b", multiple=True)),
)
SPANS = (
    Span(
        id="e1", start=0, end=14, label="PERSON",
        attributes={"form": ("Lê An",), "kind": ("alias", "real")},
    ),
    make_span(0, 8, "RANK", "e2"),
    make_span(27, 32, "PERSON", "e3"),
)  # fmt: skip
HOLDS = Relation(head="e1", tail="e2", label="holds_rank")
SHARES = Split(train=0.5, validation=0, test=0.5)
TRAIN, TEST = id_in("train", SHARES), id_in("test", SHARES)
NOT_CARRIED = "Not carried: 2 attributes, 2 choices, 1 metadata, 1 nested span, 1 relation"


def work(article_id: str) -> Annotation:
    return make_annotation(
        make_article(TEXT, article_id), *SPANS, relations=(HOLDS,),
        choices={"topic": ("sport",), "mood": ("b", "a")},
    )  # fmt: skip


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A dataset of one article in train and one, on which nothing is marked, in test."""
    articles = [make_article(TEXT, TRAIN, language="vi"), make_article("Khác.", TEST)]
    annotations = [work(TRAIN), make_annotation(articles[1])]
    settings = DatasetSettings(split=SHARES)
    build_into(tmp_path / "dataset", articles, annotations, SCHEMA, settings)
    return tmp_path / "dataset"


def export(dataset: Path, *arguments: str | Path) -> Result:
    """Run the command on a dataset."""
    given = ["dataset", "export", *map(str, arguments), "--dataset", str(dataset)]
    return CliRunner().invoke(program, given)


def test_a_split_comes_out_as_it_was_built(dataset: Path) -> None:
    built = open_built(dataset)
    (document,) = documents_of(built, "train")
    assert document == Document(
        id=TRAIN, text=TEXT, spans=SPANS, relations=(HOLDS,), metadata={"language": "vi"},
        choices={"topic": ("sport",), "mood": ("b", "a")},
    )  # fmt: skip
    assert list(documents_of(built, "test")) == [Document(id=TEST, text="Khác.")]


@pytest.mark.parametrize("name", OUT)
def test_every_format_has_a_file_or_folder_for_each_split(
    dataset: Path, tmp_path: Path, name: str
) -> None:
    root = lay_out(tmp_path / "workspace", "Tin", {})
    (root / "schema.yaml").write_text(dump_schema(SCHEMA), encoding="utf-8")
    result = export(dataset, name, tmp_path / "out", "--workspace", root)
    assert result.exit_code == 0, result.output
    suffix = EVERY[name].suffix
    found = {path.name for path in (tmp_path / "out").iterdir()}
    assert found == {f"train{suffix}", f"test{suffix}", "export.json"}
    assert f"{tmp_path / 'out'}: 2 articles as {name}\ntrain 1, test 1\n" in result.output


@pytest.mark.parametrize("name", [one for one in OUT if one in FORMATS and FORMATS[one].reader])
def test_what_a_split_has_is_read_back_but_for_what_was_told(
    dataset: Path, tmp_path: Path, name: str
) -> None:
    result = json.loads(export(dataset, name, tmp_path / "out", "--json").output)
    losses = result["splits"]["train"]["losses"]
    form = FORMATS[name]
    (found,) = form.read(tmp_path / "out" / f"train{form.suffix}", Losses())
    marked = {(span.label, found.text[span.start : span.end]) for span in found.spans}
    expected = {("PERSON", "Trung tá Lê An"), ("RANK", "Trung tá"), ("PERSON", "Lê An")}
    assert expected - marked == ({("RANK", "Trung tá")} if "nested spans" in losses else set())
    assert (found.text == TEXT) == ("texts with other spacing" not in losses)
    assert len(found.relations) == 1 - losses.get("relations", 0)


def test_every_loss_is_told(dataset: Path, tmp_path: Path) -> None:
    result = export(dataset, "conllu", tmp_path / "out")
    assert result.output.splitlines()[-1] == NOT_CARRIED
    manifest = json.loads((tmp_path / "out" / "export.json").read_text(encoding="utf-8"))
    assert manifest["splits"]["train"] == {
        "documents": 1,
        "losses": {
            "attributes": 2, "choices": 2, "metadata": 1, "nested spans": 1, "relations": 1
        },
    }  # fmt: skip
    assert manifest["splits"]["test"] == {"documents": 1, "losses": {}}


def test_only_the_splits_that_are_asked_for_are_written(dataset: Path, tmp_path: Path) -> None:
    result = export(dataset, "doccano", tmp_path / "out", "--split", "test")
    assert "1 article as doccano" in result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"test.jsonl", "export.json"}
    with pytest.raises(DatasetError, match="has no split dev"):
        export_dataset(open_built(dataset), tmp_path / "out", FORMATS["doccano"], ["dev"])
    assert (tmp_path / "out" / "test.jsonl").is_file()


# Articles that nobody annotated.


@pytest.mark.parametrize("name", [one for one in OUT if one in FORMATS])
def test_articles_that_nobody_annotated_are_left_out_and_counted(tmp_path: Path, name: str) -> None:
    build_mixed(tmp_path / "mixed")
    build_mixed(tmp_path / "plain", include=False)
    result = export(tmp_path / "mixed", name, tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert f"2 articles as {name}\ntrain 2, test 0\n" in result.output
    assert "Not carried: 2 articles that nobody annotated" in result.output
    given = (name, tmp_path / "out", "--json")
    told = json.loads(export(tmp_path / "mixed", *given).output)
    assert [told["splits"][split]["documents"] for split in ("train", "test")] == [2, 0]
    for split in ("train", "test"):
        assert told["splits"][split]["losses"]["articles that nobody annotated"] == 1
    # What is written is what would be without them.
    expected = json.loads(export(tmp_path / "plain", name, tmp_path / "other", "--json").output)
    written = {path: one for path, one in told["files"].items() if path.startswith("train")}
    assert written == expected["files"]
    assert b"nobody" not in b"".join(
        content for path, content in contents(tmp_path / "out").items() if path != "export.json"
    )


def test_tasks_for_label_studio_have_no_annotation_where_nobody_annotated(tmp_path: Path) -> None:
    build_mixed(tmp_path / "mixed")
    documents = documents_of(open_built(tmp_path / "mixed"), "train")
    root = lay_out(tmp_path / "workspace", "Tin", {f"{one.id}.txt": one.text for one in documents})
    (root / "schema.yaml").write_text(dump_schema(make_schema()), encoding="utf-8")
    given = ("label-studio", tmp_path / "out", "--workspace", root, "--json")
    told = json.loads(export(tmp_path / "mixed", *given).output)
    assert {name: one["documents"] for name, one in told["splits"].items()} == {
        "train": 3, "test": 1
    }  # fmt: skip
    assert all(not one["losses"] for one in told["splits"].values())
    tasks = json.loads((tmp_path / "out" / "train.json").read_text(encoding="utf-8"))
    found = {task["data"]["article"].rstrip("0123456789"): task["annotations"] for task in tasks}
    assert found["nobody"] == []
    assert [len(one["result"]) for one in found["empty"]] == [0]
    assert [len(one["result"]) for one in found["marked"]] == [1]
    # Read back, what nobody annotated is not annotated.
    export_file = tmp_path / "out" / "train.json"
    done = run_locally("pull", "--from-export", export_file, "--workspace", root)
    assert done.status == 0
    again = json.loads(run_locally("build", tmp_path / "b", "--json", "--workspace", root).stdout)
    assert (again["articles"], again["unannotated"]) == (2, 1)


# Options.


def tags(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split()[-1] for line in lines if line and not line.startswith("-DOCSTART-")]


def test_tags_are_made_as_the_workspace_says_or_the_options_do(
    dataset: Path, tmp_path: Path
) -> None:
    root = lay_out(tmp_path / "workspace", "Tin", {})
    with (root / "annotate.toml").open("a", encoding="utf-8") as file:
        file.write('[dataset.tokens]\nscheme = "BILOU"\nnesting = "levels"\n')
    refused = export(dataset, "conll", tmp_path / "out", "--workspace", root)
    assert isinstance(refused.exception, FormatError)
    assert "one tag a token" in str(refused.exception)
    assert not (tmp_path / "out").exists()
    chosen = ("--nesting", "innermost", "--workspace", str(root))
    export(dataset, "conll", tmp_path / "inner", *chosen)
    assert tags(tmp_path / "inner" / "train.conll")[:3] == ["B-RANK", "L-RANK", "O"]
    export(dataset, "conll", tmp_path / "plain", "--scheme", "BIO")
    assert tags(tmp_path / "plain" / "train.conll")[:3] == ["B-PERSON", "I-PERSON", "I-PERSON"]


@pytest.mark.parametrize(("units", "start"), [("utf-16", 29), ("code-points", 27)])
def test_offsets_count_what_doccano_is_told_to(
    dataset: Path, tmp_path: Path, units: str, start: int
) -> None:
    export(dataset, "doccano", tmp_path / "out", "--units", units)
    line = json.loads((tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8"))
    assert line["entities"][2]["start_offset"] == start
    assert line["offsets_in"] == units


def test_a_pipeline_has_the_language_that_the_articles_have(dataset: Path, tmp_path: Path) -> None:
    assert language_of(open_built(dataset)) == "xx"
    build_into(
        tmp_path / "one", [make_article(TEXT, TRAIN, language="vi")], [work(TRAIN)], SCHEMA,
        DatasetSettings(split=SHARES),
    )  # fmt: skip
    assert language_of(open_built(tmp_path / "one")) == "vi"
    refused = export(dataset, "docbin", tmp_path / "out", "--language", "zz")
    assert "spaCy knows no language 'zz'" in str(refused.exception)


@pytest.mark.parametrize(
    ("name", "option", "value"),
    [("brat", "--units", "utf-16"), ("doccano", "--max-tokens", "5"), ("gliner", "--cut", "drop")],
)
def test_an_option_of_another_format_is_refused(
    dataset: Path, tmp_path: Path, name: str, option: str, value: str
) -> None:
    result = export(dataset, name, tmp_path / "out", option, value)
    assert result.exit_code == 2
    assert f"{option} is not for {name}" in result.output
    assert not (tmp_path / "out").exists()


# What is there already.


def test_an_export_that_nobody_changed_is_replaced(dataset: Path, tmp_path: Path) -> None:
    first = export(dataset, "brat", tmp_path / "out")
    before = contents(tmp_path / "out")
    assert export(dataset, "brat", tmp_path / "out").output == first.output
    assert contents(tmp_path / "out") == before
    export(dataset, "doccano", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "train.jsonl", "test.jsonl", "export.json"
    }  # fmt: skip


def _write(path: Path, text: str = "mine") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("train.jsonl", "train.jsonl changed since it was exported"),
        ("notes.txt", "notes.txt changed since it was exported"),
        ("export.json", "export.json cannot be read"),
    ],
)
def test_work_that_somebody_did_on_an_export_is_left_alone(
    dataset: Path, tmp_path: Path, name: str, problem: str
) -> None:
    export(dataset, "doccano", tmp_path / "out")
    _write(tmp_path / "out" / name)
    before = contents(tmp_path / "out")
    result = export(dataset, "doccano", tmp_path / "out")
    assert isinstance(result.exception, DatasetError)
    assert problem in str(result.exception)
    assert contents(tmp_path / "out") == before


def test_an_export_whose_record_is_not_utf8_is_left_alone(dataset: Path, tmp_path: Path) -> None:
    export(dataset, "doccano", tmp_path / "out")
    (tmp_path / "out" / "export.json").write_bytes(b'{"files":{"\xff":""}}')
    result = export(dataset, "doccano", tmp_path / "out")
    assert isinstance(result.exception, DatasetError)
    assert "export.json cannot be read" in str(result.exception)


@pytest.mark.parametrize("there", ["out", "out/notes.txt"])
def test_something_else_is_never_replaced(dataset: Path, tmp_path: Path, there: str) -> None:
    _write(tmp_path / there)
    result = export(dataset, "doccano", tmp_path / "out")
    assert "is no export of a dataset" in str(result.exception)
    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"


def test_a_failure_in_between_leaves_the_former_export(tmp_path: Path) -> None:
    articles = [make_article(TEXT, TRAIN), make_article(TEXT + " Hết.", TEST)]
    person, rank = make_span(9, 14), make_span(0, 8, "RANK")
    annotations = [make_annotation(articles[0], person), make_annotation(articles[1], rank)]
    build_into(tmp_path / "dataset", articles, annotations, settings=DatasetSettings(split=SHARES))
    built, form = open_built(tmp_path / "dataset"), EVERY["label-studio"]
    export_dataset(built, tmp_path / "out", form, options={"schema": make_schema()})
    before = contents(tmp_path / "out")
    small = make_schema(entities=make_schema().entities[:1], relations=())
    # It holds for train, which is written first.
    with pytest.raises(FormatError, match=f"{TEST}: the schema small has no label RANK"):
        export_dataset(built, tmp_path / "out", form, options={"schema": small})
    assert contents(tmp_path / "out") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dataset", "out"]


def test_tasks_for_label_studio_need_the_schema_of_the_labels(
    dataset: Path, tmp_path: Path
) -> None:
    root = lay_out(tmp_path / "workspace", "Tin", {})
    result = export(dataset, "label-studio", tmp_path / "out", "--workspace", root)
    assert "the schema security-news has no" in str(result.exception)
    assert not (tmp_path / "out").exists()


def test_what_is_no_dataset_is_told(tmp_path: Path) -> None:
    outcome: Any = export(tmp_path, "brat", tmp_path / "out").exception
    assert "is not a dataset" in outcome.problem
