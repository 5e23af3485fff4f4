"""annotate.lock: digests of what a dataset was built from, and of the files that it is."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from annotate.dataset.card.kept import without_kept
from annotate.dataset.digests import digest_of
from annotate.dataset.splits import SplitName
from annotate.errors import DatasetError
from annotate.schema import Schema
from annotate.text import digest
from annotate.tokens.tokenizers import versions as tokenizer_versions
from annotate.workspace import DatasetSettings

LOCK = "annotate.lock"
CARD = "README.md"
# What a dataset may have; `spans` always.
CONFIGS = ("spans", "tokens", "annotations")
# The last one draws the pictures of the card.
_PACKAGES = ("annotate-corpus", "datasets", "pyarrow", "matplotlib")


class Lock(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What decides a dataset's bytes, by digests (SHA-256), and what those bytes are.

    `annotations` is of what counts in the ledger, `settings` of the policy, the splits and
    the tagging, `files` of every file of the dataset but this one.
    """

    corpus: str
    annotations: str
    schema: str
    settings: str
    versions: dict[str, str]
    files: dict[str, str] = {}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What decides a dataset beside what is annotated: the settings, and what goes with them.

    `fixed` lists the articles whose split a person decided, `waiting` the labels that are left
    out until a person has chosen, `configs` what is built.
    """

    settings: DatasetSettings
    fixed: Mapping[str, SplitName] = {}
    waiting: Collection[str] = ()
    configs: Collection[str] = CONFIGS

    def __post_init__(self) -> None:
        if not {"spans"} <= {*self.configs} <= {*CONFIGS}:
            raise ValueError(f"configs must be spans and others of {', '.join(CONFIGS)}")

    def digest(self) -> str:
        """Return a digest of all of it that does not depend on any order."""
        listed = (sorted(self.fixed.items()), sorted(self.waiting), sorted(self.configs))
        return digest(msgspec.json.encode((self.settings, *listed)).decode())


def make_lock(corpus: str, annotations: str, schema: Schema, chosen: Chosen) -> Lock:
    """Return the lock of what went in, without the files; the first two are digests."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return Lock(
        corpus=corpus,
        annotations=annotations,
        schema=digest(msgspec.json.encode(schema).decode()),
        settings=chosen.digest(),
        versions=versions | tokenizer_versions(chosen.settings.tokens.tokenizer),
    )


def identity(lock: Lock) -> str:
    """Return the digest of everything that decides the dataset's content."""
    return digest(msgspec.json.encode(msgspec.structs.replace(lock, files={})).decode())


def write_lock(folder: Path, lock: Lock) -> None:
    """Write the lock with the digests of all the files in the folder."""
    full = msgspec.structs.replace(lock, files=file_digests(folder))
    (folder / LOCK).write_bytes(msgspec.json.format(msgspec.json.encode(full)) + b"\n")


def read_lock(folder: Path) -> Lock:
    """Read the lock of a built dataset; raises `DatasetError` when it is none."""
    path = folder / LOCK
    try:
        return msgspec.json.decode(path.read_bytes(), type=Lock)
    except FileNotFoundError as error:
        raise DatasetError(
            f"{folder} is not a dataset that was built here: it has no {LOCK}",
            "Run `annotate build`.",
        ) from error
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}", "Run `annotate build`.") from error


def file_digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file below the folder but the lock, by its path there.

    That of the card is without the sections that a person writes. Raises `DatasetError` when
    their marks are broken.
    """
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    found = {path.relative_to(folder).as_posix(): path for path in paths}
    card = found.pop(CARD, None)
    digests = {name: digest_of(path) for name, path in found.items()}
    if card:
        digests[CARD] = digest(without_kept(card.read_text(encoding="utf-8", errors="replace")))
    return dict(sorted(digests.items()))


def differences(now: Lock, then: Lock, folder: Path) -> list[str]:
    """Return what keeps a dataset on disk from being what would be built now, in words."""
    told = {
        "corpus": "the corpus changed",
        "annotations": "the annotations changed",
        "schema": "the schema changed",
        "settings": "the dataset's settings changed",
    }
    found = [text for name, text in told.items() if getattr(now, name) != getattr(then, name)]
    found += [
        f"it was built with {name} {then.versions.get(name, '?')}, here is {version}"
        for name, version in now.versions.items()
        if then.versions.get(name) != version
    ]
    return found + alterations(then, folder)


def alterations(lock: Lock, folder: Path) -> list[str]:
    """Return in words which files are not those that the build wrote, as its lock tells them.

    What a person writes into the card is no alteration.
    """
    written, there = lock.files, file_digests(folder)
    found = [f"{name} is missing" for name in sorted(written.keys() - there.keys())]
    found += [f"{name} was not built" for name in sorted(there.keys() - written.keys())]
    both = sorted(written.keys() & there.keys())
    return found + [f"{name} was altered" for name in both if written[name] != there[name]]
