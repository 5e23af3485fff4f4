"""The folder of one annotation project: found, opened, laid out anew."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from annotate.errors import WorkspaceError
from annotate.mistakes import explain
from annotate.settings import TITLE_LENGTH, Settings, is_url

FILE_NAME = "annotate.toml"
PRIVATE = ".annotate"

_LAID_OUT = ("schemas", "corpus")

# Where the wheel carries `schemas/` and `corpus/`; in a checkout they lie beside the package.
_SHIPPED = Path(__file__).parent / "_shipped"


class Workspace:
    """An opened workspace.

    `url` is None when the workspace uses its own local server; `api_key` is None unless
    the environment holds one for that `url`.
    """

    def __init__(self, root: Path, settings: Settings, environ: Mapping[str, str]) -> None:
        self.root = root
        self.settings = settings
        url = environ.get("LABEL_STUDIO_URL") or settings.label_studio.url
        if url and not is_url(url):
            raise WorkspaceError(
                "LABEL_STUDIO_URL is not http(s)://HOST without a password", "Correct it."
            )
        self.url = url.rstrip("/") if url else None
        self.api_key = environ.get("LABEL_STUDIO_API_KEY") if url else None

    @property
    def schema_path(self) -> Path:
        """The schema file."""
        return self.root / self.settings.schema

    @property
    def corpus_path(self) -> Path:
        """The file or folder of articles."""
        return self.root / self.settings.corpus

    @property
    def gold_path(self) -> Path:
        """The folder of gold annotations, beside the articles."""
        return self.corpus_path.with_name("gold")

    @property
    def splits_path(self) -> Path:
        """The list of articles whose split is fixed; need not exist."""
        return self.root / "splits.csv"

    @property
    def private(self) -> Path:
        """The unversioned folder `.annotate/`, readable by its owner only; made if absent."""
        path = self.root / PRIVATE
        if not path.is_dir():
            make_private(path)
        return path

    @contextmanager
    def alone(self, work: str) -> Iterator[None]:
        """Hold the right to do this kind of work; `WorkspaceError` when another process does."""
        path = self.private / f"{work}.lock"
        try:
            opened = path.open("a")
        except OSError as error:
            raise WorkspaceError(
                f"{path} cannot be written: {error.strerror}", "Check its permissions."
            ) from error
        with opened as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise WorkspaceError(
                    f"another {work} of this workspace is running", "Wait until it has ended."
                ) from error
            yield

    @property
    def ledger_path(self) -> Path:
        """The ledger of every annotation ever pulled."""
        return self.private / "ledger.sqlite3"


def make_private(folder: Path) -> None:
    """Make the unversioned folder of a workspace."""
    try:
        folder.mkdir(mode=0o700)
        # Holds secrets and people's names, so no version control may pick it up.
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise WorkspaceError(
            f"{folder} cannot be made: {error.strerror}", "Check the folder's permissions."
        ) from error


def open_workspace(start: Path, environ: Mapping[str, str] | None = None) -> Workspace:
    """Open the workspace that `start` lies in, looking upward for annotate.toml.

    `LABEL_STUDIO_URL` and `LABEL_STUDIO_API_KEY` in `environ` (default: the process's)
    override the file. Raises `WorkspaceError` when there is none, or it is wrong.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        path = folder / FILE_NAME
        # A folder or a link to nothing is told, not passed over for a workspace further up.
        if path.exists() or path.is_symlink():
            settings = _read_settings(path)
            return Workspace(folder, settings, os.environ if environ is None else environ)
    raise WorkspaceError(
        f"no {FILE_NAME} in {start} or any folder above it",
        "Run `annotate init DIR` to make a workspace, or name one with --workspace DIR.",
    )


def _read_settings(path: Path) -> Settings:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be read: {error.strerror}", "Check what is there, and its permissions."
        ) from error
    try:
        return msgspec.toml.decode(raw, type=Settings)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        reason = explain(error, raw, Settings)
        raise WorkspaceError(f"{path}: {reason}", "Correct the file.") from error


def shipped(name: str) -> Path:
    """Return the path of `schemas` or `corpus` as shipped with the package."""
    base = _SHIPPED if _SHIPPED.is_dir() else Path(__file__).parent.parent
    return base / name


def init_workspace(folder: Path) -> Workspace:
    """Lay out a new workspace with the sample schema and corpus; returns it opened.

    Its title is the folder's name, where Label Studio takes that as a title.
    Raises `WorkspaceError` when `folder` exists and is not an empty folder.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(f"{folder} is not an empty folder", "Name a new or an empty one.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in _LAID_OUT:
            shutil.copytree(shipped(name), folder / name)
        # Last: a folder with annotate.toml is a whole workspace.
        settings = _NEW_SETTINGS.format(title=msgspec.json.encode(_title_of(folder)).decode())
        (folder / FILE_NAME).write_text(settings, encoding="utf-8")
    except OSError as error:
        # What is half laid out would be refused next time.
        for name in (*_LAID_OUT, FILE_NAME):
            path = folder / name
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        # copytree gathers the reasons of all the files that it could not copy.
        reason = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror
        raise WorkspaceError(
            f"{folder} cannot be laid out: {reason}", "Check its permissions and space."
        ) from error
    return open_workspace(folder)


def _title_of(folder: Path) -> str:
    """Return the folder's name where Label Studio takes it: projects are found by title."""
    name = folder.resolve().name
    fits = TITLE_LENGTH[0] <= len(name) <= TITLE_LENGTH[1] and name.isprintable()
    return name if fits else "My annotation project"


_NEW_SETTINGS = """\
# The workspace: what is annotated, under which schema, on which server.
title = {title}
schema = "schemas/security-news.yaml"
corpus = "corpus/articles"

[label-studio]
# Without a url, the workspace runs its own server (`annotate serve`).
# url = "https://label-studio.example.org"
batch-size = 500

[duplicates]
# Two articles are near-duplicates when they share this much of their shingles (runs of
# words). They stay in one split, and a sample has only one of them.
threshold = 0.4
shingle-size = 3
# engine = "ray"  # where they are searched; needs the extra `ray`
# ray-address = "ray://head:10001"

[dataset]
# What the dataset's card says.
# title = "…"
# license = "cc-by-4.0"
split = {{ train = 0.8, validation = 0.1, test = 0.1 }}

# [dataset.policy]
# use = "latest"  # whose work counts; or "annotator", "ground-truth", "agreed"

# [dataset.tokens]
# tokenizer = "syllable"  # or "underthesea", "spacy:LANGUAGE"
"""
