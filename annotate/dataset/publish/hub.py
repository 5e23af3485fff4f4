"""Publishing to the Hub: one commit for the whole dataset, read back by that commit."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    DatasetInfo,
    HfApi,
    constants,
    hf_hub_download,
)
from huggingface_hub.hf_api import RepoFile

from annotate.dataset.digests import digest_of
from annotate.dataset.lock import LOCK, Lock, read_lock
from annotate.dataset.publish.additions import SMALL, addition_of, quiet
from annotate.dataset.publish.files import File, Sent, compare, stale_files
from annotate.dataset.publish.refusals import FAILURES, is_missing, is_unclear, telling
from annotate.errors import DatasetError
from annotate.progress import Progress, silent

# The Hub writes it into every new repository.
_ATTRIBUTES = ".gitattributes"
# Seconds before a file is asked for again, which huggingface_hub does for some failures only.
_PAUSES = (1, 3)
_TAG = re.compile(r"(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_-])?")


class Hub:
    """A dataset repository on the Hub, whose address `HF_ENDPOINT` may change.

    `look` finds the commit that the new one follows: when somebody else commits in between,
    the Hub refuses the new one. Until it takes it, the old version is what everybody loads.
    """

    def __init__(self, repo: str, *, private: bool, tag: str) -> None:
        self._repo = repo
        self._name = f"hf://{repo}"
        self._private = private
        self._tag = tag
        self._endpoint = os.environ.get("HF_ENDPOINT", constants.ENDPOINT).rstrip("/")
        self._token = os.environ.get("HF_TOKEN", "").strip()
        self._api = HfApi(endpoint=self._endpoint, token=self._token or False)
        self._head = ""
        self._former = "there was none before"
        self._stale: list[str] = []

    def look(self, files: tuple[File, ...]) -> list[str]:
        """Return the files that the new version will not have, and note the last commit."""
        if self._tag and not _TAG.fullmatch(self._tag):
            raise DatasetError(f"{self._tag!r} is not a tag", "Name a version such as v1.0.")
        with quiet(), telling(f"{self._name} cannot be looked at", self._endpoint):
            self._check_token()
            info = self._info()
            if info is None:
                return []
            self._check_visibility(info)
            self._check_tag()
            self._head = info.sha or ""
            there = self._files(self._head)
            if there:
                self._former = f"the former one is {self._head}"
                self._stale = self._find_stale(there, files)
        return self._stale

    def _check_token(self) -> None:
        if not self._token:
            raise DatasetError(
                "HF_TOKEN is not set",
                f"Make a token with write access at {self._endpoint}/settings/tokens, "
                "and put it in HF_TOKEN.",
            )
        access = self._api.whoami().get("auth", {}).get("accessToken", {})
        if access.get("role") == "read":
            raise DatasetError("HF_TOKEN may only read", "Use a token with write access.")

    def _info(self) -> DatasetInfo | None:
        """Return what the Hub knows of the repository, None when there is none."""
        try:
            return self._api.dataset_info(self._repo)
        except FAILURES as error:
            if is_missing(error):
                return None
            raise

    def _check_visibility(self, info: DatasetInfo) -> None:
        if bool(info.private) is not self._private:
            now, wanted = ("public", "Add") if self._private else ("private", "Leave out")
            raise DatasetError(
                f"{self._name} is {now} already",
                f"{wanted} --public, or change that in its settings on the Hub first.",
            )

    def _check_tag(self) -> None:
        if not self._tag:
            return
        refs = self._api.list_repo_refs(self._repo, repo_type="dataset")
        if self._tag in {ref.name for ref in (*refs.tags, *refs.branches)}:
            raise DatasetError(
                f"{self._name} has a version {self._tag}",
                "Name the next one; a version that somebody may have cited does not change.",
            )

    def _files(self, commit: str) -> list[str]:
        tree = self._api.list_repo_tree(
            self._repo, recursive=True, revision=commit, repo_type="dataset"
        )
        found = [entry.path for entry in tree if isinstance(entry, RepoFile)]
        return [name for name in found if name != _ATTRIBUTES]

    def _find_stale(self, there: list[str], files: tuple[File, ...]) -> list[str]:
        if LOCK not in there:
            raise DatasetError(
                f"{self._name} is not empty and was not published from here",
                "Name a new one.",
            )
        return stale_files(self._name, there, self._lock(), files)

    def _lock(self) -> Lock:
        with self._downloaded(LOCK, self._head) as path:
            return read_lock(path.parent)

    def send(self, folder: Path, files: tuple[File, ...], progress: Progress) -> Sent:
        """Commit the files, read them back by that commit, and name it by the tag."""
        with quiet():
            commit = self._commit(folder, files, progress)
            there = self._digests(commit, files, progress)
        remedy = f"Publish again; {self._former}."
        compare(f"{self._name} at {commit}", there, files, remedy)
        if self._tag:
            what = f"{self._name} has the new version {commit}, but not the tag {self._tag}"
            with telling(what, self._endpoint, "all else is there"):
                self._api.create_tag(
                    self._repo, tag=self._tag, revision=commit, repo_type="dataset"
                )
        place = f"{self._endpoint}/datasets/{self._repo}/tree/{commit}"
        revision = self._tag or commit
        load = f'load_dataset("{self._repo}", "spans", revision="{revision}")'
        return Sent(place, load, commit)

    def _commit(self, folder: Path, files: tuple[File, ...], progress: Progress) -> str:
        """Return the commit that has exactly these files."""
        additions = {file: addition_of(folder, file) for file in files}
        size = sum(file.size for file in files)
        with telling(f"{self._name} took nothing", self._endpoint), progress("Sending", size) as on:
            self._make()
            for file, addition in additions.items():
                if file.size > SMALL:
                    # Nobody sees it before a commit names it.
                    self._api.preupload_lfs_files(self._repo, [addition], repo_type="dataset")
                    on(file.size)
            commit = self._create_commit(list(additions.values()), files)
            on(sum(file.size for file in files if file.size <= SMALL))
        return commit

    def _create_commit(self, additions: list[CommitOperationAdd], files: tuple[File, ...]) -> str:
        deletions = [CommitOperationDelete(name, is_folder=False) for name in self._stale]
        try:
            return self._api.create_commit(
                self._repo, [*additions, *deletions], repo_type="dataset",
                parent_commit=self._head,
                commit_message=f"Publish {self._tag}" if self._tag else "Publish the dataset",
            ).oid  # fmt: skip
        except FAILURES as error:
            if is_unclear(error) and (commit := self._commit_made(files)):
                return commit
            raise

    def _make(self) -> None:
        """Make the repository when there is none."""
        if self._head:
            return
        with telling(f"{self._name} cannot be made", self._endpoint):
            self._api.create_repo(
                self._repo, repo_type="dataset", private=self._private, exist_ok=False
            )
            self._head = self._api.dataset_info(self._repo).sha or ""

    def _commit_made(self, files: tuple[File, ...]) -> str:
        """Return the commit that was made although the Hub did not say so, "" when none was."""
        what = f"{self._name} did not say whether it took the new version"
        with telling(what, self._endpoint, "what it has is not sent twice"):
            info = self._info()
        head = (info.sha or "") if info else ""
        if head in {"", self._head}:
            return ""
        sent = {file.name: file.sha256 for file in files}
        return head if self._digests(head, files, silent) == sent else ""

    def _digests(self, commit: str, files: tuple[File, ...], progress: Progress) -> dict[str, str]:
        """Load a commit as its users do; return the digest of every file."""
        what = f"{self._name} has the commit {commit}, which cannot be read back"
        sizes = {file.name: file.size for file in files}
        found: dict[str, str] = {}
        with (
            telling(what, self._endpoint, self._former),
            progress("Reading back", sum(sizes.values())) as advance,
        ):
            for name in self._files(commit):
                with self._downloaded(name, commit) as path:
                    found[name] = digest_of(path)
                advance(sizes.get(name, 0))
        return found

    @contextmanager
    def _downloaded(self, name: str, commit: str) -> Iterator[Path]:
        """Give a copy of a file of a commit, of which nothing stays."""
        with tempfile.TemporaryDirectory() as cache:
            for pause in _PAUSES:
                try:
                    path = self._download(name, commit, cache)
                    break
                except FAILURES as error:
                    if not is_unclear(error):
                        raise
                    time.sleep(pause)
            else:
                path = self._download(name, commit, cache)
            yield path

    def _download(self, name: str, commit: str, cache: str) -> Path:
        return Path(
            hf_hub_download(
                self._repo, name, repo_type="dataset", revision=commit, cache_dir=cache,
                token=self._token, endpoint=self._endpoint,
            )
        )  # fmt: skip
