"""A workspace whose dataset can be built without a server, and a Hub to publish it to."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from annotate.studio.ledger import Entry, KnownProject, Place, open_ledger
from annotate.workspace import open_workspace
from tests.conftest import Outcome, lay_out, run_annotate
from tests.dataset.publish.hub import ORGANISATION, TOKEN, LocalHub
from tests.dataset.publish.repositories import ATTRIBUTES
from tests.factories import make_annotation, make_article, make_span

REPO = f"{ORGANISATION}/tin-tuc"
TARGET = f"hf://{REPO}"

ANNOTATOR = "lan.vu@example.org"
PLACE = Place("local", 1)
TEXTS = {"mot": "Trung tá Lê An đến xã Phú Lâm.", "ba": "Đại uý Trần Bình về tỉnh Sơn La."}
_SETTINGS = """
[dataset]
title = "Tin tức"
license = "cc-by-4.0"
split = { train = 0.5, validation = 0.5, test = 0 }
"""


class Project(NamedTuple):
    """A workspace, in whose folder commands are run, and a Hub."""

    root: Path
    hub: LocalHub

    @property
    def environ(self) -> dict[str, str]:
        """The settings of whoever works here; an empty one is not set."""
        here = {"LABEL_STUDIO_URL": "", "LABEL_STUDIO_API_KEY": "", "HF_ENDPOINT": self.hub.url}
        return {**here, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}

    def annotate(self, *arguments: str, **environ: str) -> Outcome:
        return run_annotate(*arguments, cwd=self.root, **{**self.environ, **environ})

    def mark(self, article_id: str, text: str, **fields: object) -> None:
        """Have somebody annotate an article, as a pull finds it."""
        article = make_article(text, article_id)
        number = [*TEXTS].index(article_id) + 1
        annotation = make_annotation(
            article, make_span(0, 8, "RANK"), id=number, annotator=ANNOTATOR, **fields
        )
        with open_ledger(open_workspace(self.root).ledger_path) as ledger:
            ledger.set_project("local", KnownProject(1, "2026-11-22T08:00:00Z", ""))
            ledger.set_people("local", {1: ANNOTATOR, 2: "annotate@localhost"})
            ledger.record_tasks(PLACE, [(number, article)])
            ledger.append(PLACE, [Entry(annotation, b"[]")])

    def write(self, article_id: str, text: str) -> None:
        """Put an article into the corpus, with what somebody marked in it."""
        (self.root / "corpus" / f"{article_id}.txt").write_text(text, encoding="utf-8")
        self.mark(article_id, text)

    def set(self, former: str, now: str) -> None:
        """Change annotate.toml."""
        path = self.root / "annotate.toml"
        path.write_text(path.read_text(encoding="utf-8").replace(former, now), encoding="utf-8")

    def build(self) -> None:
        built = self.annotate("build", "dataset")
        assert built.status == 0, built.stderr

    def published(self) -> dict[str, bytes]:
        files = self.hub.repositories[REPO].head.files
        return {name: data for name, data in files.items() if name not in ATTRIBUTES}


def make_project(root: Path, hub: LocalHub) -> Project:
    """Lay out a workspace with a few articles that somebody annotated."""
    project = Project(lay_out(root, "Tin tức", {}), hub)
    with (root / "annotate.toml").open("a", encoding="utf-8") as file:
        file.write(_SETTINGS)
    for article_id, text in TEXTS.items():
        project.write(article_id, text)
    return project
