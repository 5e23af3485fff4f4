"""What the local Hub keeps: repositories of datasets with commits, tags and large files."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import msgspec

ATTRIBUTES = {".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"}


class Refused(Exception):
    """The Hub says no: with a status, its own code for the reason, and words."""

    def __init__(self, status: int, said: str, code: str = "") -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.code = code


class Commit(msgspec.Struct, frozen=True):
    """A version: the bytes of every file by its path, and the SHA-256 of those kept apart."""

    oid: str
    files: dict[str, bytes]
    large: dict[str, str]
    title: str


class Repository(msgspec.Struct):
    """A dataset's repository; the last commit is that of `main`."""

    name: str
    private: bool
    commits: list[Commit]
    tags: dict[str, str] = {}

    @property
    def head(self) -> Commit:
        return self.commits[-1]

    def at(self, revision: str) -> Commit:
        """Return a commit by a branch, a tag or its own id."""
        wanted = self.head.oid if revision == "main" else self.tags.get(revision, revision)
        for commit in self.commits:
            if commit.oid == wanted:
                return commit
        raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def make_repository(name: str, *, private: bool) -> Repository:
    first = Commit(_oid(name), dict(ATTRIBUTES), {}, "initial commit")
    return Repository(name=name, private=private, commits=[first])


def commit(repository: Repository, lines: list[dict[str, Any]], blobs: dict[str, bytes]) -> Commit:
    """Make a commit of what a request's lines say; refuses all of it, or takes all of it."""
    header = lines[0]["value"]
    if header.get("parentCommit", repository.head.oid) != repository.head.oid:
        raise Refused(412, "A commit has happened since. Please refresh and try again.")
    files, large = dict(repository.head.files), dict(repository.head.large)
    for line in lines[1:]:
        path = line["value"]["path"]
        large.pop(path, None)
        if line["key"] == "deletedFile":
            if files.pop(path, None) is None:
                raise Refused(404, "A file with this name doesn't exist", "EntryNotFound")
        elif line["key"] == "lfsFile":
            large[path] = line["value"]["oid"]
            if large[path] not in blobs:
                raise Refused(400, f"LFS pointer pointed to a file that does not exist: {path}")
            files[path] = blobs[large[path]]
        else:
            files[path] = base64.b64decode(line["value"]["content"])
    made = Commit(_oid(f"{repository.head.oid}{lines}"), files, large, header["summary"])
    repository.commits.append(made)
    return made


def describe(commit: Commit, path: str) -> dict[str, Any]:
    """Return what a listing tells of a file."""
    data = commit.files[path]
    told: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": git_oid(data)}
    if path in commit.large:
        told["lfs"] = {"oid": commit.large[path], "size": len(data), "pointerSize": 130}
    return told


def git_oid(data: bytes) -> str:
    """Return the id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _oid(of: str) -> str:
    return hashlib.sha1(of.encode(), usedforsecurity=False).hexdigest()
