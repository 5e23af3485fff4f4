"""docs/publish.md, typed from top to bottom, and what is published afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.dataset.publish.hub import ORGANISATION, TOKEN, LocalHub
from tests.dataset.publish.making import contents
from tests.dataset.publish.projects import Project, make_project
from tests.dataset.publish.s3 import environ_of, fetched, running_s3, straight_to
from tests.dataset.publish.serving import running_hub
from tests.docs.machine import Block, blocks

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "publish.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = blocks(TEXT)
REPO = f"{ORGANISATION}/my-corpus"


class Told(NamedTuple):
    """What each block printed, and where it was typed: a workspace, a Hub and an S3."""

    said: list[tuple[Block, str]]
    project: Project
    hub: LocalHub
    s3: str

    @property
    def dataset(self) -> dict[str, bytes]:
        return contents(self.project.root / "dataset")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("publish")
    with running_hub() as hub, running_s3() as s3:
        straight_to(s3).mkdir("my-bucket")
        project = make_project(folder / "workspace", hub)
        environ = {**os.environ, **project.environ, **environ_of(s3), **_PROGRAMS}
        for name in {"HF_TOKEN", "PIP_CONSTRAINT"} & environ.keys():
            del environ[name]
        # What the first block exports is there for the others.
        later = {**environ, "HF_TOKEN": TOKEN}
        said = [
            (block, run(block, project.root, later if number else environ))
            for number, block in enumerate(BLOCKS)
        ]
        yield Told(said, project, hub, s3)


_PROGRAMS = {
    "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}",
    # The environment has everything; nothing may be changed in it.
    "PIP_NO_INDEX": "1",
    "PIP_DRY_RUN": "1",
}


def run(block: Block, root: Path, environ: dict[str, str]) -> str:
    """Run a block as a person types it, with this Hub's token and organisation."""
    text = block.text.replace("HF_TOKEN=…", f"HF_TOKEN={TOKEN}").replace("my-org", ORGANISATION)
    text = text.replace("/srv/datasets", str(root.parent / "srv"))
    shell = ["bash", "-euo", "pipefail", "-c"] if block.kind == "sh" else [sys.executable, "-c"]
    done = subprocess.run(
        [*shell, text], cwd=root, env={name: value for name, value in environ.items() if value},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\nended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def test_every_block_is_run(told: Told) -> None:
    assert [block.kind for block, _ in told.said] == ["sh", "python", "sh"]
    # Each is a whole one: a fence without a kind would hide from the tests.
    assert TEXT.count("```") == 2 * len(BLOCKS)


def test_the_hub_has_the_version_and_the_line_that_is_printed_is_the_documents(
    told: Told,
) -> None:
    repository = told.hub.repositories[REPO]
    assert repository.private
    assert repository.tags == {"v1.0": repository.head.oid}
    assert told.dataset.items() <= repository.head.files.items()
    printed = told.said[0][1].splitlines()[-1]
    assert printed.startswith("Load it: ")
    line = printed.removeprefix("Load it: ").replace(ORGANISATION, "my-org")
    assert line in BLOCKS[1].text


def test_the_folder_and_the_bucket_have_the_same_files(told: Told, tmp_path: Path) -> None:
    assert contents(told.project.root.parent / "srv" / "my-corpus") == told.dataset
    copy = fetched(straight_to(told.s3), "s3://my-bucket/my-corpus", tmp_path / "copy")
    (version,) = (path for path in copy.iterdir() if path.is_dir())
    assert contents(version) == told.dataset


def test_every_check_of_the_table_is_one_that_is_made(told: Told) -> None:
    made = {line[2:].partition(" (")[0] for line in told.said[0][1].splitlines() if line[0] in "✓!"}
    rows = [line.split("|")[1].strip() for line in TEXT.splitlines() if line.startswith("| ")]
    named = {row for row in rows[1 : rows.index("target")] if not row.startswith(("---", "what"))}
    assert len(named) == 7
    assert named <= made
