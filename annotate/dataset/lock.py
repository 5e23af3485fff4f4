"""annotate.lock: digests of what a dataset was built from, and of the files that it is."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from annotate.dataset.card.kept import without_kept
from annotate.dataset.digests import digest_of
from annotate.dataset.splits import SplitName
from annotate.errors import DatasetError
from annotate.schema import RelationType, Schema
from annotate.settings import DatasetSettings
from annotate.text import digest
from annotate.tokens.tokenizers import versions as tokenizer_versions

LOCK = "annotate.lock"
CARD = "README.md"
# What a dataset may have; `spans` always.
CONFIGS = ("spans", "tokens", "annotations")
# The files and folders that a build writes.
WRITTEN = frozenset({LOCK, CARD, "losses.parquet", "croissant.json", "plots", *CONFIGS})
# The last one draws the pictures of the card.
_PACKAGES = ("annotate-corpus", "datasets", "pyarrow", "matplotlib")
# What to say of each part of the settings that changed.
_PARTS = {
    "policy": "the policy changed",
    "split": "the splits changed (their shares or the seed)",
    "fixed": "the splits changed (splits.csv)",
    "tokens": "the tagging changed",
    "unannotated": "include-unannotated changed",
    "configs": "the configs to build changed",
    "waiting": "the labels changed whose spans wait for a review",
    "card": "what the settings say for the card changed",
}


class Lock(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What decides a dataset's bytes, by digests (SHA-256), and what those bytes are.

    `annotations` is of what counts in the ledger, `settings` of the policy, the splits and
    the tagging, `files` of every file of the dataset but this one. `parts` are digests of parts of
    the settings, so that a change can be named, and `relations` what the schema allows at the ends
    of relations; a lock of a former version has neither.
    """

    corpus: str
    annotations: str
    schema: str
    settings: str
    versions: dict[str, str]
    files: dict[str, str] = {}
    parts: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    relations: tuple[RelationType, ...] | msgspec.UnsetType = msgspec.UNSET


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
        return _digest((self.settings, *self._listed()))

    def parts(self) -> dict[str, str]:
        """Return digests of its parts, by the names that `differences` knows."""
        settings = msgspec.structs.asdict(self.settings)
        parts = {name: settings.pop(name) for name in ("policy", "split", "tokens")}
        parts["unannotated"] = settings.pop("include_unannotated")
        # All the other settings are for the card.
        parts["card"] = sorted(settings.items())
        fixed, waiting, configs = self._listed()
        parts |= {"fixed": fixed, "waiting": waiting, "configs": configs}
        return {name: _digest(part) for name, part in sorted(parts.items())}

    def _listed(self) -> tuple[list[tuple[str, SplitName]], list[str], list[str]]:
        return sorted(self.fixed.items()), sorted(self.waiting), sorted(self.configs)


def make_lock(corpus: str, annotations: str, schema: Schema, chosen: Chosen) -> Lock:
    """Return the lock of what went in, without the files; the first two are digests."""
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return Lock(
        corpus=corpus,
        annotations=annotations,
        schema=_digest(schema),
        settings=chosen.digest(),
        parts=chosen.parts(),
        relations=tuple(msgspec.structs.replace(one, definition="") for one in schema.relations),
        versions=versions | tokenizer_versions(chosen.settings.tokens.tokenizer),
    )


def identity(lock: Lock) -> str:
    """Return the digest of everything that decides the dataset's content."""
    # What only explains the others is no part of it.
    plain = msgspec.structs.replace(lock, files={}, parts=msgspec.UNSET, relations=msgspec.UNSET)
    return _digest(plain)


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
        none = DatasetError(
            f"{folder} is not a dataset that was built here: it has no {LOCK}",
            "Run `annotate build`, or name the folder of one.",
        )
        raise lost_lock(folder) or none from error
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise DatasetError(f"{path} cannot be read: {error}", "Run `annotate build`.") from error


def lost_lock(folder: Path) -> DatasetError | None:
    """Return the error for a folder that has all of a dataset built here but its lock."""
    with reading(folder):
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if LOCK in names or not {CARD, "spans"} <= names <= WRITTEN:
        return None
    return DatasetError(
        f"{folder} looks like a dataset built here, but its {LOCK} is missing",
        "Move the folder away, or name another one, then run `annotate build`.",
    )


def file_digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file below the folder but the lock, by its path there.

    That of the card is without the sections that a person writes. Raises `DatasetError` when
    their marks are broken, or a file cannot be read.
    """
    with reading(folder):
        paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
        found = {path.relative_to(folder).as_posix(): path for path in paths}
        return {name: _digest_in(name, path) for name, path in sorted(found.items())}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say when a dataset's folder, or a file in it, cannot be read."""
    try:
        yield
    except OSError as error:
        raise DatasetError(
            f"{error.filename or path} cannot be read: {error.strerror or error}",
            "Check the disk and its permissions.",
        ) from error


def _digest_in(name: str, path: Path) -> str:
    with reading(path):
        if name != CARD:
            return digest_of(path)
        return digest(without_kept(path.read_text(encoding="utf-8", errors="replace")))


def differences(now: Lock, then: Lock, folder: Path) -> list[str]:
    """Return what keeps a dataset on disk from being what would be built now, in words."""
    told = ("corpus", "annotations", "schema")
    found = [f"the {name} changed" for name in told if getattr(now, name) != getattr(then, name)]
    if now.settings != then.settings:
        found += _changed_parts(now, then) or ["the dataset's settings changed"]
    found += [
        f"it was built with {name} {then.versions.get(name, '?')}, here is {version}"
        for name, version in now.versions.items()
        if then.versions.get(name) != version
    ]
    return found + alterations(then, folder)


def _changed_parts(now: Lock, then: Lock) -> list[str]:
    """Return which parts of the settings changed; nothing where a former lock does not tell."""
    if now.parts is msgspec.UNSET or then.parts is msgspec.UNSET:
        return []
    return [text for name, text in _PARTS.items() if now.parts.get(name) != then.parts.get(name)]


def alterations(lock: Lock, folder: Path) -> list[str]:
    """Return in words which files are not those that the build wrote, as its lock tells them.

    What a person writes into the card is no alteration.
    """
    there = file_digests(folder)
    missing, altered = _lost(lock.files, there)
    return missing + [f"{name} was not built" for name in there if name not in lock.files] + altered


def lost(lock: Lock, folder: Path) -> list[str]:
    """Return in words which files of the build are missing or altered; others may be there."""
    missing, altered = _lost(lock.files, file_digests(folder))
    return missing + altered


def _lost(written: Mapping[str, str], there: Mapping[str, str]) -> tuple[list[str], list[str]]:
    missing = [f"{name} is missing" for name in sorted(written) if name not in there]
    both = sorted(written.keys() & there.keys())
    return missing, [f"{name} was altered" for name in both if written[name] != there[name]]


def _digest(what: Any) -> str:
    return digest(msgspec.json.encode(what).decode())
