"""What annotate.toml says: its tables and their defaults, checked when they are read."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

# Label Studio refuses others; better to say so before anything is sent.
TITLE_LENGTH = (3, 50)


def is_url(text: str) -> bool:
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
        if self.homepage and not is_url(self.homepage):
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
        if self.url is not None and not is_url(self.url):
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
        least, most = TITLE_LENGTH
        if not least <= len(self.title) <= most:
            raise ValueError(f"title must have from {least} to {most} characters")
