"""`annotate import`: from another tool's file to the ledger, the dataset and the history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from annotate.cli import annotate as program
from annotate.cli.formats import IN
from annotate.corpus.article import METADATA
from annotate.corpus.corpus import open_corpus
from annotate.dataset.reading import open_built
from annotate.errors import AnnotateError
from annotate.formats.document import Document, Losses
from annotate.formats.registry import FORMATS
from annotate.spans import Relation
from annotate.studio.export.writing import write_tasks
from annotate.studio.ledger import open_ledger
from annotate.workspace import Workspace, open_workspace
from tests.conftest import Outcome, lay_out, run_locally
from tests.dataset.building import contents
from tests.factories import make_span, sample_schema
from tests.formats.test_xmi import export as xmi_export

TEXT = "Trung tá Lê An đến Bộ Công an .\nÔng Lê An về xã Phú Lâm ."
RANK, PERSON = make_span(0, 8, "RANK", "r"), make_span(9, 14, "PERSON", "p")
HOLDS = Relation(head="p", tail="r", label="holds_rank")
DOCUMENT = Document(id="tin-1", text=TEXT, spans=(RANK, PERSON), relations=(HOLDS,))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace of one article, without a server."""
    return open_workspace(lay_out(tmp_path / "workspace", "Tin", {"cu.txt": "Một bài cũ."}), {})


def annotate(workspace: Workspace, *arguments: str | Path) -> Outcome:
    """Run a command in this process, which has what is slow to import."""
    given = [*map(str, arguments), "--workspace", str(workspace.root)]
    environ = {"LABEL_STUDIO_URL": None, "LABEL_STUDIO_API_KEY": None}
    result = CliRunner(env=environ).invoke(program, given)
    error = result.exception
    told = str(error) if isinstance(error, AnnotateError) else result.stderr
    return Outcome(result.exit_code, result.stdout, told)


def bring(workspace: Workspace, *arguments: str | Path) -> Outcome:
    return annotate(workspace, "import", *arguments)


def told(workspace: Workspace, *arguments: str | Path) -> dict[str, Any]:
    """Return what the command says in JSON."""
    outcome = bring(workspace, *arguments, "--json")
    assert outcome.status == 0, outcome.stderr
    found: dict[str, Any] = json.loads(outcome.stdout)
    return found


def write(folder: Path, name: str, *documents: Document) -> Path:
    """Write documents as a tool would whose files are only read here, or as we do."""
    folder.mkdir(exist_ok=True)
    path = folder / f"all-{name}"
    if name == "label-studio":
        write_tasks(documents, path, Losses(), schema=sample_schema())
    elif name == "huggingface":
        tags = ["B-RANK", "I-RANK", "B-PERSON", "I-PERSON", *["O"] * (len(TEXT.split()) - 4)]
        row = {"id": "tin-1", "tokens": TEXT.split(), "ner_tags": tags}
        path = path.with_suffix(".jsonl")
        path.write_text(json.dumps(row), encoding="utf-8")
    elif name == "xmi":
        path.write_bytes(xmi_export("mai"))
    else:
        FORMATS[name].write(documents, path, Losses())
    return path


def jsonl(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in records), encoding="utf-8")
    return path


def state(workspace: Workspace) -> dict[str, bytes]:
    """Return what corpus and ledger hold."""
    files = contents(workspace.root / "corpus") | contents(workspace.root)
    kept = {name: data for name, data in files.items() if ".annotate" not in name}
    if not workspace.ledger_path.exists():
        return kept
    with open_ledger(workspace.ledger_path) as ledger:
        rows = ledger.query("SELECT * FROM annotations").fetchall()
        tasks = ledger.query("SELECT * FROM tasks").fetchall()
    return kept | {"ledger": repr((rows, tasks)).encode()}


# The whole way.


@pytest.mark.parametrize("name", IN)
def test_annotations_of_every_format_are_built_and_shown(
    workspace: Workspace, tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / "theirs", name, DOCUMENT)
    first = told(workspace, name, path)
    assert (first["read"], first["articles"], first["submitted"]) == (1, 1, 1)
    again = told(workspace, name, path)
    assert (again["articles"], again["added"], again["submitted"]) == (0, 0, 1)
    (article,) = (one for one, _ in open_corpus(workspace) if one.id != "cu")

    built = annotate(workspace, "build", tmp_path / "out", "--json")
    assert json.loads(built.stdout)["articles"] == 1
    dataset = open_built(tmp_path / "out")
    (split,) = dataset.splits("spans")
    (row,) = dataset.rows("spans", split)
    labels = dataset.names("spans", "entities.label")
    marked = {(labels[one["label"]], one["text"]) for one in row["entities"]}
    assert row["id"] == article.id
    if name != "xmi":
        assert (row["id"], row["text"].split()) == ("tin-1", TEXT.split())
        assert marked == {("RANK", "Trung tá"), ("PERSON", "Lê An")}
    history = annotate(workspace, "history", article.id).stdout
    assert "submitted" in history
    assert all(f"[{text}]({label})" in history for label, text in marked)


def test_as_people_type_it(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "theirs", "brat", DOCUMENT)
    outcome = run_locally("import", "brat", path, "--workspace", workspace.root)
    assert (outcome.status, outcome.stderr) == (0, "")
    assert outcome.stdout.splitlines() == [
        "1 text: 1 annotation, 2 spans",
        "Corpus: 1 new article",
        "Ledger: 1 new or changed annotation",
    ]


def test_it_is_said_what_came(workspace: Workspace, tmp_path: Path) -> None:
    path = jsonl(
        tmp_path / "all.jsonl",
        {"id": 1, "text": TEXT, "label": [[0, 8, "RANK"], [19, 29, "ODD"]], "page": 3},
        {"id": 2, "text": "Một bài cũ.", "label": [], "Comments": ["?", "!"]},
        {"id": 3, "text": " ", "label": []},
    )
    assert bring(workspace, "doccano", path).stdout.splitlines() == [
        "3 texts: 2 annotations, 1 span",
        "Corpus: 1 new article",
        "Ledger: 2 new or changed annotations",
        "1 mark in quarantine; see `annotate quarantine list`",
        "2 texts without a mark, taken as annotated; see --skip-unmarked",
        "1 annotation of texts that make no article",
        "Left out: 3, '': has no text",
        "Not carried: 2 comments, 1 metadata",
    ]
    listed = annotate(workspace, "quarantine", "list", "--json").stdout
    assert "the schema has no label ODD" in listed
    second = bring(workspace, "doccano", path).stdout.splitlines()
    assert second[1:3] == ["Corpus: nothing new", "Ledger: nothing new"]


def test_a_dry_run_says_the_same_and_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    path = write(tmp_path / "theirs", "brat", DOCUMENT)
    annotate(workspace, "status")
    before = state(workspace)
    dry = bring(workspace, "brat", path, "--dry-run")
    assert dry.stdout.splitlines()[-1] == "Nothing was changed: --dry-run."
    assert state(workspace).keys() - {"ledger"} == before.keys() - {"ledger"}
    assert annotate(workspace, "history", "tin-1").status == 1
    real = bring(workspace, "brat", path)
    assert real.stdout.splitlines() == dry.stdout.splitlines()[:-1]


def test_people_come_from_the_file_or_the_option(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "mai.zip").write_bytes(xmi_export("mai"))
    bring(workspace, "xmi", tmp_path / "mai.zip", "--annotator", "an@example.org")
    path = write(tmp_path / "theirs", "conll", DOCUMENT)
    bring(workspace, "conll", path)
    bring(workspace, "conll", path, "--annotator", "an@example.org")
    with open_ledger(workspace.ledger_path) as ledger:
        people = [
            one.annotator for place in ledger.places("local") for one in ledger.annotations(place)
        ]
    assert sorted(people) == ["an@example.org", "mai", "somebody of all-conll"]


def test_a_new_workspace_needs_no_corpus(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "workspace", "Tin", {})
    (root / "corpus").rmdir()
    workspace = open_workspace(root, {})
    assert told(workspace, "brat", write(tmp_path / "theirs", "brat", DOCUMENT))["articles"] == 1
    assert [made.article.id for made in open_corpus(workspace)] == ["tin-1"]


def test_all_that_is_known_of_an_article_comes_back_from_tasks_that_were_written(
    workspace: Workspace, tmp_path: Path
) -> None:
    known = {name: f"{name} x" for name in METADATA} | {"language": "vi"}
    document = msgspec.structs.replace(DOCUMENT, metadata=known)
    found = told(workspace, "label-studio", write(tmp_path / "theirs", "label-studio", document))
    assert found["losses"] == {}
    article = open_corpus(workspace).find("tin-1").article
    assert {name: getattr(article, name) for name in METADATA} == known


def test_what_the_article_has_already_is_told_and_left_out_when_asked(
    workspace: Workspace, tmp_path: Path
) -> None:
    bring(workspace, "brat", write(tmp_path / "theirs", "brat", DOCUMENT))
    copy = write(tmp_path / "theirs", "conll", DOCUMENT)
    lines = bring(workspace, "conll", copy, "--dry-run").stdout.splitlines()
    assert lines[3:5] == [
        "1 annotation with nothing that the ledger has not already; a copy? See --skip-known",
        "1 article was annotated already, by 1 person, and gets a further annotation",
    ]
    lines = bring(workspace, "conll", copy, "--skip-known").stdout.splitlines()
    assert lines[1:] == [
        "Corpus: nothing new", "Ledger: nothing new",
        "1 annotation left out, for the ledger has all that it says",
    ]  # fmt: skip
    assert told(workspace, "conll", copy)["annotated"] == ["tin-1"]


KIND = {"from_name": "ner", "to_name": "doc", "type": "labels"}


def write_one_bad(path: Path, name: str) -> None:
    """Write a text with two spans of which one is not in it."""
    if name == "brat":
        path.mkdir()
        (path / "a.txt").write_text("Ông Lê An", encoding="utf-8")
        marks = "T1\tPERSON 4 9\tLê An\nT2\tPERSON 0 3\tBà\n"
        (path / "a.ann").write_text(marks, encoding="utf-8")
    elif name == "doccano":
        labels = [[4, 9, "PERSON"], [0, 99, "PERSON"]]
        jsonl(path, {"id": 1, "text": "Ông Lê An", "label": labels})
    elif name == "xmi":
        extents = ('begin="4" end="9"', 'begin="0" end="99"')
        elements = [f'<ner:NamedEntity {extent} value="PERSON"/>' for extent in extents]
        path.write_bytes(xmi_export("mai", *elements))
    else:
        values = [
            {"start": 4, "end": 9, "text": "Lê An", "labels": ["PERSON"]},
            {"start": 0, "end": 3, "text": "Bà", "labels": ["PERSON"]},
        ]
        result = [{**KIND, "id": value["text"], "value": value} for value in values]
        task = {"data": {"text": "Ông Lê An"}, "annotations": [{"id": 1, "result": result}]}
        path.write_text(json.dumps([task]), encoding="utf-8")


@pytest.mark.parametrize("name", ["brat", "doccano", "label-studio", "xmi"])
def test_one_bad_mark_is_set_aside_and_the_rest_is_brought_in(
    workspace: Workspace, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "bad.xmi.zip"
    write_one_bad(path, name)
    dry = bring(workspace, name, path, "--dry-run").stdout
    assert "1 mark would be put in quarantine\n" in dry
    assert "quarantine list" not in dry
    found = told(workspace, name, path)
    assert (found["spans"], found["set_aside"], found["articles"]) == (1, 1, 1)
    assert "1 mark" in annotate(workspace, "quarantine", "list").stdout
    assert told(workspace, name, path)["added"] == 0


def test_an_export_of_splits_comes_into_a_new_workspace_under_the_ids_of_its_articles(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "exported"
    folder.mkdir()
    other = Document(id="tin-2", text="Khác.")
    for split, document in (("train", DOCUMENT), ("test", other)):
        FORMATS["brat"].write([document], folder / split, Losses())
    assert told(workspace, "brat", folder)["renamed"] == 0
    assert {made.article.id for made in open_corpus(workspace)} == {"cu", "tin-1", "tin-2"}
    assert told(workspace, "brat", folder)["added"] == 0


def test_texts_of_an_export_become_articles_under_their_ids(
    workspace: Workspace, tmp_path: Path
) -> None:
    mark = {"from_name": "ner", "to_name": "doc", "type": "labels", "id": "a"}
    value = {"start": 0, "end": 8, "labels": ["RANK"], "text": "Trung tá"}
    tasks = [
        {
            "id": 4, "data": {"id": "bai", "text": TEXT, "title": "Tin", "page": "3"},
            "annotations": [{"id": 9, "result": [mark | {"value": value}], "completed_by": 2}],
        },
        {"id": 5, "data": {"one": "x", "two": "y"}, "annotations": []},
    ]  # fmt: skip
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    found = told(workspace, "label-studio", path)
    assert (found["articles"], found["added"], found["losses"]) == (1, 1, {"metadata": 1})
    assert [one["reason"] for one in found["unmatched"]] == [
        "has several texts, none of them an article's"
    ]
    assert open_corpus(workspace).find("bai").article.title == "Tin"
    assert told(workspace, "label-studio", path)["added"] == 0
    assert annotate(workspace, "pull", "--from-export", str(path)).stdout.startswith("2 tasks")


def test_a_folder_of_tasks_is_brought_in_like_its_files(
    workspace: Workspace, tmp_path: Path
) -> None:
    folder = tmp_path / "exported"
    folder.mkdir()
    # What `annotate dataset export` puts beside them is no tasks; under its name may be some.
    (folder / "export.json").write_text('{"format": "label-studio"}', encoding="utf-8")
    for number in (1, 2):
        document = Document(id=f"tin-{number}", text=f"{TEXT} {number}", spans=(RANK, PERSON))
        write(tmp_path / "theirs", "label-studio", document).rename(folder / f"{number}.json")
    found = told(workspace, "label-studio", folder)
    assert (found["read"], found["articles"], found["added"]) == (2, 2, 2)
    other = Document(id="tin-3", text="Khác.")
    tasks = write(tmp_path / "theirs", "label-studio", other)
    tasks.rename(folder / "export.json")
    assert told(workspace, "label-studio", folder)["articles"] == 1
    (tmp_path / "empty").mkdir()
    outcome = bring(workspace, "label-studio", tmp_path / "empty")
    assert "empty has no file that ends in .json. Name a file." in outcome.stderr


# What goes wrong.


def test_a_bad_file_among_several_leaves_everything_as_it_was(
    workspace: Workspace, tmp_path: Path
) -> None:
    annotate(workspace, "status")
    before = state(workspace)
    good, bad = write(tmp_path / "theirs", "conll", DOCUMENT), tmp_path / "bad"
    bad.write_text("An PERSON extra\n", encoding="utf-8")
    outcome = bring(workspace, "conll", good, bad)
    assert (outcome.status, outcome.stdout) == (1, "")
    assert "bad, line 1: the last column, 'extra', is no tag" in outcome.stderr
    worse = tmp_path / "worse"
    worse.write_text("An\n", encoding="utf-8")
    both = bring(workspace, "conll", bad, good, worse).stderr
    assert "bad, line 1: the last" in both
    assert f"(and 1 more: {worse}, line 1)" in both
    tasks = write(tmp_path / "theirs", "label-studio", DOCUMENT)
    bad.write_text("[{", encoding="utf-8")
    assert "ends in the middle" in bring(workspace, "label-studio", tasks, bad).stderr
    assert "(and 1 more: " in bring(workspace, "label-studio", tasks, bad, worse).stderr
    after = state(workspace)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() <= {"ledger"}
    assert after.get("ledger", b"([], [])") == b"([], [])"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["gliner", "annotate.toml"], "'gliner' is not one of"),
        (["brat", "nowhere"], "does not exist"),
        (["brat", "corpus", "--units", "utf-16"], "--units is not for brat"),
        (["label-studio", "annotate.toml", "--annotator", "a"], "--annotator is not for label-"),
        (["label-studio", "annotate.toml"], "no JSON"),
        (["docbin", "annotate.toml"], "not what spaCy 3 writes as a DocBin"),
        (["conllu", "corpus"], "has no file that ends in .conllu"),
    ],
)
def test_what_cannot_be_read_is_said_on_one_line(
    workspace: Workspace, arguments: list[str], problem: str
) -> None:
    name, file, *others = arguments
    outcome = bring(workspace, name, workspace.root / file, *others)
    assert outcome.status in {1, 2}
    assert problem in outcome.stderr.splitlines()[-1]


def test_offsets_that_do_not_tell_what_they_count_are_asked_about(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = jsonl(tmp_path / "a.jsonl", {"text": "👍 漢字漢字", "label": [[4, 5, "PERSON"]]})
    assert (
        "Say so with --units: utf-16, code-points, gr" in bring(workspace, "doccano", path).stderr
    )
    assert told(workspace, "doccano", path, "--units", "code-points")["spans"] == 1
