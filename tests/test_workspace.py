"""annotate.toml, the environment, and laying out a new workspace."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotate.errors import WorkspaceError
from annotate.settings import DatasetSettings, Split
from annotate.workspace import FILE_NAME, Workspace, init_workspace, open_workspace, shipped

BARE = 'title = "Tin"\nschema = "s.yaml"\ncorpus = "texts"\n'


def write(folder: Path, content: str = BARE) -> Path:
    (folder / FILE_NAME).write_text(content, encoding="utf-8")
    return folder


def opened(folder: Path, content: str = BARE, **environ: str) -> Workspace:
    return open_workspace(write(folder, content), environ)


def problem(folder: Path, content: str) -> str:
    with pytest.raises(WorkspaceError) as caught:
        opened(folder, content)
    assert str(folder / FILE_NAME) in caught.value.problem
    return caught.value.problem


def test_paths_are_relative_to_the_workspace(tmp_path: Path) -> None:
    workspace = opened(tmp_path)
    assert workspace.root == tmp_path.resolve()
    assert workspace.schema_path == tmp_path.resolve() / "s.yaml"
    assert workspace.corpus_path == tmp_path.resolve() / "texts"


def test_what_the_file_leaves_out_has_a_default(tmp_path: Path) -> None:
    settings = opened(tmp_path).settings
    assert settings.dataset == DatasetSettings(title="", license="unknown", split=Split())
    assert (settings.label_studio.url, settings.label_studio.batch_size) == (None, 500)


def test_a_workspace_is_found_from_a_folder_within_it(tmp_path: Path) -> None:
    inner = tmp_path / "corpus" / "2024"
    inner.mkdir(parents=True)
    write(tmp_path)
    assert open_workspace(inner, {}).root == tmp_path.resolve()


def test_of_workspaces_in_each_other_the_nearest_is_opened(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    write(tmp_path)
    write(inner)
    assert open_workspace(inner, {}).root == inner.resolve()


def test_a_missing_workspace_is_an_error_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="annotate init DIR") as caught:
        open_workspace(tmp_path, {})
    assert str(tmp_path) in caught.value.problem


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("title = \n", "line 1"),
        ("title = \n", "it is not TOML: "),
        (BARE + "colour = 1\n", "the file may not have the key colour; there are title, schema,"),
        ('title = "Tin"\ncorpus = "texts"\n', "there is no key schema, which must be there"),
        (BARE.replace('"texts"', "7"), 'corpus must be a text in quotes ("…"), not 7'),
        (BARE + "label-studio = 3\n", "label-studio must be a table of keys, not 3"),
        (
            BARE + '[label-studio]\nbatch-size = "many"\n',
            'label-studio.batch-size must be a whole number, not "many"',
        ),
        (
            BARE + "[label-studio]\nurl = 3\n",
            'label-studio.url must be a text in quotes ("…"), not 3',
        ),
        (BARE + '[duplicates]\nthreshold = "x"\n', 'threshold must be a number, not "x"'),
        (BARE + "[dataset]\ntitle = { a = 1 }\n", 'a text in quotes ("…"), not a table'),
        (BARE + "[dataset]\ninclude-unannotated = 1\n", "must be true or false, not 1"),
        (
            BARE + '[dataset.policy]\nuse = "newest"\n',
            'use must be one of "latest", "annotator", "ground-truth", "agreed", not "newest"',
        ),
        (
            BARE + "[dataset.policy]\nannotators = [1]\n",
            'dataset.policy.annotators[0] must be a text in quotes ("…"), not 1',
        ),
        (
            BARE + '[dataset.policy]\nannotators = "an"\n',
            'must be a list in brackets ([…]), not "an"',
        ),
        (BARE.replace("Tin", "T"), "title must have from 3 to 50 characters"),
        (BARE.replace("Tin", "T" * 51), "title must have from 3 to 50 characters"),
        (
            BARE + "[label-studio]\nbatch-size = 0\n",
            "[label-studio] batch-size must be from 1 to 2000",
        ),
        (BARE + "[label-studio]\nbatch-size = 2001\n", "batch-size must be from 1 to 2000"),
        (
            BARE + "[label-studio]\nbatch_size = 5\n",
            "[label-studio] may not have the key batch_size; batch-size may be meant",
        ),
        (BARE + '[label-studio]\nurl = "example.org"\n', "url must be http(s)://HOST"),
        (BARE + "[dataset]\nsplit = { train = 0.5, validation = 0.1 }\n", "add up to 1"),
        (BARE + "[dataset]\nsplit = { train = 1.5, test = -0.6 }\n", "at least 0"),
        (
            BARE + "[dataset]\nsplit = { dev = 0.1 }\n",
            "[dataset.split] may not have the key dev; there are train,",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_fault(tmp_path: Path, content: str, expected: str) -> None:
    assert expected in problem(tmp_path, content)


def test_a_file_that_is_not_utf8_is_a_workspace_error(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b'title = "Tin \xff"')
    with pytest.raises(WorkspaceError, match="it is not UTF-8 text, at byte 14"):
        open_workspace(tmp_path, {})


def test_titles_at_both_limits_hold(tmp_path: Path) -> None:
    for title in ("Tin", "T" * 50):
        assert opened(tmp_path, BARE.replace("Tin", title)).settings.title == title


def test_without_a_url_no_token_of_the_environment_is_used(tmp_path: Path) -> None:
    workspace = opened(tmp_path, LABEL_STUDIO_API_KEY="secret")
    assert (workspace.url, workspace.api_key) == (None, None)


def test_the_environment_overrides_the_files_url(tmp_path: Path) -> None:
    content = BARE + '[label-studio]\nurl = "https://file.example.org/"\n'
    assert opened(tmp_path, content).url == "https://file.example.org"
    assert opened(tmp_path, content, LABEL_STUDIO_URL="").url == "https://file.example.org"
    own = opened(tmp_path, content, LABEL_STUDIO_URL="http://own:8080/", LABEL_STUDIO_API_KEY="key")
    assert (own.url, own.api_key) == ("http://own:8080", "key")


def test_the_process_environment_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABEL_STUDIO_URL", "http://process.example.org")
    assert open_workspace(write(tmp_path)).url == "http://process.example.org"


def test_the_private_folder_is_its_owners_and_under_no_version_control(tmp_path: Path) -> None:
    workspace = opened(tmp_path)
    assert not (tmp_path / ".annotate").exists()
    before = os.umask(0)
    try:
        assert workspace.ledger_path.parent == workspace.private
    finally:
        os.umask(before)
    assert workspace.private.stat().st_mode & 0o777 == 0o700
    assert (workspace.private / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_a_new_workspace_has_the_sample_and_opens(tmp_path: Path) -> None:
    workspace = init_workspace(tmp_path / "deep" / "new")
    assert workspace.schema_path.is_file()
    for part in ("articles", "gold"):
        laid_out = {path.name for path in (workspace.root / "corpus" / part).iterdir()}
        assert laid_out == {path.name for path in (shipped("corpus") / part).iterdir()}


def test_an_existing_empty_folder_is_laid_out(tmp_path: Path) -> None:
    assert init_workspace(tmp_path).root == tmp_path.resolve()


@pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
def test_a_folder_that_holds_something_is_refused_and_untouched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="not an empty folder"):
        init_workspace(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(WorkspaceError, match="not an empty folder"):
        init_workspace(tmp_path / "file")


def test_a_full_disk_is_named_while_a_workspace_is_laid_out(tmp_path: Path) -> None:
    code = """
import resource, sys
from pathlib import Path
from annotate import AnnotateError, init_workspace
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    init_workspace(Path(sys.argv[1]))
except AnnotateError as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "new"], capture_output=True, text=True, check=True
    )
    assert "WorkspaceError" in done.stdout
    assert "File too large" in done.stdout
