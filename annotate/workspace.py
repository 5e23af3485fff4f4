"""The folder of one annotation project: annotate.toml, and the paths and settings in it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from annotate.errors import WorkspaceError
from annotate.mistakes import explain

FILE_NAME = "annotate.toml"
PRIVATE = ".annotate"

_LAID_OUT = ("schemas", "corpus")

# Label Studio refuses others; better to say so before anything is sent.
_TITLE_LENGTH = (3, 50)

# Where the wheel carries `schemas/` and `corpus/`; in a checkout they lie beside the package.
_SHIPPED = Path(__file__).parent / "_shipped"


def _is_url(text: str) -> bool:
    """Whether it is an http(s) URL without a name or password in it, which would be told."""
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


class Split(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The share of the articles that each split gets; the three add up to 1.

    Another `seed` gives other splits of the same shares.
    """

    train: float = 0.8
    validation: float = 0.1
    test: float = 0.1
    seed: int = 0

    def __post_init__(self) -> None:
        shares = (self.train, self.validation, self.test)
        if min(shares) < 0 or abs(sum(shares) - 1) > 1e-9:
            raise ValueError("train, validation and test must be at least 0 and add up to 1")


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Which annotation of an article counts, when several people made one.

    The `latest`; that of an `annotator`, the first of `annotators` who made one; the one
    starred as `ground-truth` on the labelling page; or what at least `at_least` people, two if
    that is not said, marked alike (`agreed`).
    """

    use: Literal["latest", "annotator", "ground-truth", "agreed"] = "latest"
    annotators: tuple[str, ...] = ()
    at_least: int | None = None

    def __post_init__(self) -> None:
        if (self.use == "annotator") != bool(self.annotators):
            raise ValueError("annotators go with the use `annotator`, and only with that")
        if self.use != "agreed":
            if self.at_least is not None:
                raise ValueError("at-least goes with the use `agreed`, and only with that")
        elif self.at_least is None:
            # Saying two and saying nothing are the same policy.
            msgspec.structs.force_setattr(self, "at_least", 2)
        elif self.at_least < 2:
            raise ValueError("at-least must be at least 2")


class Tagging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a text is cut into tokens, and how spans are shown as their tags.

    `tokenizer` is `syllable`, `underthesea`, `spacy:LANGUAGE` or `spacy:PIPELINE`. Of nested
    spans the `outermost` or the `innermost` is shown, or each on a level of its own, of which
    there are so many as `levels` says. A span that begins or ends within a token gets the whole
    token (`expand`), only what lies in it (`contract`), is left out (`drop`) or is refused
    (`error`).
    """

    tokenizer: str = "syllable"
    scheme: Literal["BIO", "BILOU"] = "BIO"
    nesting: Literal["outermost", "innermost", "levels"] = "outermost"
    levels: int = 3
    cut: Literal["expand", "contract", "drop", "error"] = "expand"

    def __post_init__(self) -> None:
        if not 1 <= self.levels <= 20:
            raise ValueError("levels must be from 1 to 20")

    @property
    def depth(self) -> int:
        """How many tags each token has."""
        return self.levels if self.nesting == "levels" else 1

    @property
    def prefixes(self) -> str:
        """The letters before a label, in the order in which the dataset's names have them."""
        return "BI" if self.scheme == "BIO" else "BILU"


class DatasetSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """What counts for the dataset, how it is split and tagged, and what its card says.

    With `include_unannotated` articles that nobody annotated are in it too, without entities.
    For the card: `description` says what the dataset is and what for, `homepage` is its address
    on the web, `authors` are whom to cite; `citation` is a BibTeX entry, where the one made of
    these does not do. `annotations_creators` is the Hub's word for who annotated.
    """

    title: str = ""
    license: str = "unknown"
    description: str = ""
    homepage: str = ""
    authors: tuple[str, ...] = ()
    citation: str = ""
    annotations_creators: Literal[
        "", "crowdsourced", "expert-generated", "found", "machine-generated", "other"
    ] = ""
    split: Split = Split()
    policy: Policy = Policy()
    tokens: Tagging = Tagging()
    include_unannotated: bool = False

    def __post_init__(self) -> None:
        if self.homepage and not _is_url(self.homepage):
            raise ValueError("homepage must be http(s)://HOST, without a password")


class StudioSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Which Label Studio, and how work is sent to it and fetched.

    `batch_size` is how many articles go into one import request. A larger corpus than
    `max_tasks_per_project` spreads over several projects. `pull_overlap`, in seconds, is how
    far behind the last pull the next one begins: more than the clocks of a server's machines
    differ, and than it takes to save an annotation.
    """

    url: str | None = None
    batch_size: int = 500
    max_tasks_per_project: int = 20_000
    pull_overlap: int = 300

    def __post_init__(self) -> None:
        if self.max_tasks_per_project < 1:
            raise ValueError("max-tasks-per-project must be at least 1")
        if self.pull_overlap < 0:
            raise ValueError("pull-overlap must be at least 0")
        if not 1 <= self.batch_size <= 2000:
            raise ValueError("batch-size must be from 1 to 2000")
        if self.url is not None and not _is_url(self.url):
            raise ValueError("url must be http(s)://HOST, without a password")


class DuplicateSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """When two articles count as near-duplicates, and what finds them.

    `threshold` is the least Jaccard similarity of their sets of shingles, `shingle_size` is
    in words, `permutations` is the length of a MinHash signature. `engine` is where Daft
    runs; `ray_address` is that of a Ray cluster, empty for one on this machine.
    """

    threshold: float = 0.4
    shingle_size: int = 3
    permutations: int = 128
    engine: Literal["native", "ray"] = "native"
    ray_address: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= 1:
            raise ValueError("threshold must be above 0 and at most 1")
        if not 1 <= self.shingle_size <= 20:
            raise ValueError("shingle-size must be from 1 to 20")
        if not 16 <= self.permutations <= 1024:
            raise ValueError("permutations must be from 16 to 1024")


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """annotate.toml: paths are relative to the workspace."""

    title: str
    schema: str
    corpus: str
    label_studio: StudioSettings = StudioSettings()
    duplicates: DuplicateSettings = DuplicateSettings()
    dataset: DatasetSettings = DatasetSettings()

    def __post_init__(self) -> None:
        least, most = _TITLE_LENGTH
        if not least <= len(self.title) <= most:
            raise ValueError(f"title must have from {least} to {most} characters")


class Workspace:
    """An opened workspace.

    `url` is None when the workspace uses its own local server; `api_key` is None unless
    the environment holds one for that `url`.
    """

    def __init__(self, root: Path, settings: Settings, environ: Mapping[str, str]) -> None:
        self.root = root
        self.settings = settings
        url = environ.get("LABEL_STUDIO_URL") or settings.label_studio.url
        if url and not _is_url(url):
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
    fits = _TITLE_LENGTH[0] <= len(name) <= _TITLE_LENGTH[1] and name.isprintable()
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
