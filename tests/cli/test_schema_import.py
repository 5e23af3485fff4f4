"""`annotate schema import`: from a file, and from a project on the server."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree.ElementTree import SubElement, fromstring, tostring

import msgspec
import pytest

from annotate.schema import labelling_config, load_schema, parse_schema
from annotate.schema.dump import dump_schema
from annotate.studio.client import Studio
from annotate.workspace import Workspace
from tests.conftest import Annotate, MakeWorkspace, Outcome, Server, run_annotate
from tests.factories import sample_schema

FOREIGN = """\
<View>
  <Labels name="ner" toName="text"><Label value="PER" hint="A person."/></Labels>
  <Text name="text" value="$text"/>
  <Rating name="stars" toName="text"/>
</View>
"""
NOTES = [
    "line 4: <Rating 'stars'> is not carried over",
    "`language` is und, for unknown: write in which language the articles are",
]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config as some editors save it, with a byte order mark."""
    path = tmp_path / "people.xml"
    path.write_bytes(b"\xef\xbb\xbf" + FOREIGN.encode())
    return path


def imported(config: Path, *arguments: str) -> Outcome:
    return run_annotate("schema", "import", config.name, *arguments, cwd=config.parent)


def test_a_config_becomes_yaml_on_stdout_and_notes_on_stderr(config: Path) -> None:
    outcome = imported(config)
    assert outcome.status == 0
    assert outcome.stderr.splitlines() == NOTES
    schema = parse_schema(outcome.stdout)
    assert (schema.name, schema.labels, schema.controls.labels) == ("people", ("PER",), "ner")
    assert outcome.stdout == dump_schema(schema)


def test_a_file_is_written_and_never_overwritten_unasked(config: Path) -> None:
    out = config.with_name("people.yaml")
    outcome = imported(config, "--out", out.name)
    assert outcome.stdout == "people.yaml: 1 label, 0 relations, 0 attributes, 0 choices\n"
    assert outcome.stderr.splitlines() == NOTES
    assert load_schema(out).labels == ("PER",)

    out.write_text("mine", encoding="utf-8")
    refused = imported(config, "--out", out.name)
    assert refused.status == 1
    assert "people.yaml exists. Name another file, or overwrite it with --force." in refused.stderr
    assert out.read_text(encoding="utf-8") == "mine"
    assert imported(config, "--out", out.name, "--force").status == 0
    assert load_schema(out).labels == ("PER",)


def test_a_file_beside_the_json_schema_names_it(config: Path) -> None:
    config.with_name("schema.json").touch()
    imported(config, "--out", "people.yaml")
    first, *_ = config.with_name("people.yaml").read_text(encoding="utf-8").splitlines()
    assert first == "# yaml-language-server: $schema=schema.json"


def test_json_holds_the_schema_and_the_notes(config: Path) -> None:
    outcome = imported(config, "--json")
    found = json.loads(outcome.stdout)
    assert (found["schema"]["entities"][0]["name"], found["notes"]) == ("PER", NOTES)
    assert outcome.stderr == ""


def test_the_config_of_a_schema_gives_back_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "page.xml"
    path.write_text(labelling_config(sample_schema()), encoding="utf-8")
    outcome = imported(path)
    assert (parse_schema(outcome.stdout), outcome.stderr) == (sample_schema(), "")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<View>", "the config is not XML: no element found, line 1, column 7. Correct it"),
        (b"<View/>", "the config has no <Labels>. A schema can be made"),
        (b"\xff", "people.xml is not UTF-8 text. Save it as UTF-8."),
    ],
)
def test_what_is_no_config_is_told_on_one_line(config: Path, content: bytes, problem: str) -> None:
    config.write_bytes(content)
    outcome = imported(config, "--out", "people.yaml")
    assert (outcome.status, outcome.stdout) == (1, "")
    assert problem in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert not config.with_name("people.yaml").exists()


def test_one_config_is_to_be_named(config: Path) -> None:
    for arguments in ([], ["--project", "1", config.name]):
        outcome = run_annotate("schema", "import", *arguments, cwd=config.parent)
        assert outcome.status == 2
        assert "Name a CONFIG.xml, or --project." in outcome.stderr


# From a server


@pytest.fixture
def workspace(make_workspace: MakeWorkspace) -> Workspace:
    return make_workspace({"a.txt": "Trung tá Lê An."})


def set_config(server: Server, project: int, config: str) -> None:
    server.call("PATCH", f"api/projects/{project}", {"label_config": config})


def test_what_was_edited_on_the_server_is_taken_into_the_schema(
    workspace: Workspace, annotate: Annotate, studio: Studio, server: Server, title: str
) -> None:
    root = workspace.root
    assert annotate("push", cwd=root).status == 0
    unedited = annotate("schema", "import", "--project", cwd=root)
    assert (parse_schema(unedited.stdout), unedited.stderr) == (sample_schema(), "")

    (project,) = studio.projects_titled(title)
    known = studio.project(project.id)
    assert known is not None
    view = fromstring(known.label_config)  # noqa: S314 - made here
    (labels,) = view.iter("Labels")
    SubElement(labels, "Label", value="VEHICLE", background="#123456", hint="A car.")
    set_config(server, project.id, tostring(view, encoding="unicode"))
    edited = annotate("schema", "import", "--project", "--out", "new.yaml", cwd=root)
    assert edited.stderr.splitlines() == [
        "on the page, label VEHICLE is new",
        "the version is still 1.0.0: give the schema a new one",
    ]
    schema = load_schema(root / "new.yaml")
    sample = sample_schema()
    assert msgspec.structs.replace(schema, entities=schema.entities[:-1]) == sample

    # What the page carried is gone, but the ledger knows what was pushed.
    (carrier,) = (tag for tag in view.iter("View") if "schema" in tag.attrib)
    view.remove(carrier)
    set_config(server, project.id, tostring(view, encoding="unicode"))
    bare = annotate("schema", "import", "--project", cwd=root)
    assert parse_schema(bare.stdout) == schema


def test_the_config_of_another_project_of_the_server_is_imported(
    workspace: Workspace, annotate: Annotate, server: Server, title: str
) -> None:
    body = {"title": f"Other {title}", "label_config": FOREIGN}
    number = server.call("POST", "api/projects", body)["id"]
    outcome = annotate("schema", "import", "--project", str(number), cwd=workspace.root)
    assert parse_schema(outcome.stdout).name == f"Other {title}"
    assert outcome.stderr.splitlines() == NOTES

    missing = annotate("schema", "import", "--project", "999999", cwd=workspace.root)
    assert missing.status == 1
    assert f"there is no project 999999 at {server.url}" in missing.stderr


def test_a_workspace_that_pushed_nothing_has_no_project_to_import(
    workspace: Workspace, annotate: Annotate
) -> None:
    outcome = annotate("schema", "import", "--project", cwd=workspace.root)
    assert outcome.status == 1
    assert "Run `annotate push`." in outcome.stderr
