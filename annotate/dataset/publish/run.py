"""Publish: look at everything first, send, read back, compare; only then it is done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from annotate.dataset.publish.checks import anonymous, as_built, licensed
from annotate.dataset.publish.files import Check, File, Published, Target, files_of
from annotate.dataset.publish.folder import Folder
from annotate.errors import DatasetError
from annotate.progress import Progress, silent

# Given the dataset's folder, looks at something; its problems stop the publishing.
Checking = Callable[[Path], Check]


def publish(
    folder: Path, target: str, *, private: bool = True, tag: str = "", dry_run: bool = False,
    secrets: Collection[str], checks: Iterable[Checking] = (), progress: Progress = silent,
) -> Published:  # fmt: skip
    """Publish a built dataset to the Hub, a folder, or a URL that fsspec knows.

    `target` is `hf://ORG/NAME`, a folder, or a URL such as `s3://bucket/corpus`. Before
    anything is sent, the files must be those that the build wrote, have a licence, and hold
    none of `secrets`, the names and addresses of annotators; then come the `checks`. A
    target that holds anything else than a version published before is refused. What was sent
    is read back and compared; a failure before that leaves the old version whole. `private`
    and `tag` are the Hub's: a repository is made so, and the version gets that name.

    With `dry_run` nothing is sent and no problem raises: they are told in the outcome.
    Raises `DatasetError` when something does not hold, or the target does not take it.
    """
    files = files_of(folder)
    outcomes: list[Check] = []
    for outcome in _outcomes(folder, files, secrets, checks, progress):
        if not dry_run:
            _refuse(outcome)
        outcomes.append(outcome)
    try:
        place = find_target(folder, target, private=private, tag=tag)
        removed = tuple(place.look(files))
    except DatasetError as error:
        if not dry_run:
            raise
        outcomes.append(_target_check(error))
        return Published(target=target, files=files, checks=tuple(outcomes), tag=tag)
    outcomes.append(_target_check(None))
    plan = Published(target=target, files=files, checks=tuple(outcomes), removed=removed, tag=tag)
    if dry_run:
        return plan
    sent = place.send(folder, files, progress)
    return msgspec.structs.replace(plan, place=sent.place, commit=sent.commit, done=True)


def _outcomes(
    folder: Path, files: tuple[File, ...], secrets: Collection[str], checks: Iterable[Checking],
    progress: Progress,
) -> Iterator[Check]:  # fmt: skip
    yield as_built(folder, files)
    yield licensed(folder)
    yield anonymous(folder, files, secrets, progress)
    for check in checks:
        yield check(folder)


def _refuse(check: Check) -> None:
    if check.problems:
        more = len(check.problems) - 1
        told = f" and {more} more like it" if more else ""
        raise DatasetError(f"nothing was published: {check.problems[0]}{told}", check.remedy)


def _target_check(error: DatasetError | None) -> Check:
    problems = (error.problem,) if error else ()
    remedy = error.remedy if error else ""
    return Check(name="the target takes it", problems=problems, remedy=remedy)


def find_target(folder: Path, target: str, *, private: bool = True, tag: str = "") -> Target:
    """Return what stands for a target's name; raises `DatasetError` for one that cannot be."""
    scheme, colon, rest = target.partition("://")
    if colon and scheme == "hf":
        from annotate.dataset.publish.hub import Hub  # noqa: PLC0415 - needed for this target only

        repo = rest.removeprefix("datasets/").rstrip("/")
        if repo.count("/") != 1:
            raise DatasetError(f"{target} has not two parts", "Name it hf://ORG/NAME.")
        return Hub(repo, private=private, tag=tag)
    if tag or not private:
        raise DatasetError(
            f"{target} is not on the Hub, which alone has tags and public repositories",
            "Leave out --tag and --public, or name a target hf://ORG/NAME.",
        )
    if not target.strip():
        raise DatasetError("the target is empty", "Name a folder, hf://ORG/NAME or a URL.")
    if not colon or scheme == "file":
        return Folder(Path(url2pathname(rest)) if colon else Path(target), folder)
    return _store(target)


def _store(target: str) -> Target:
    from annotate.dataset.publish.store import Store  # noqa: PLC0415 - needed for this target only

    if "::" in target:
        raise DatasetError(f"{target} is a URL within another", "Name the place itself.")
    if "@" in urlsplit(target).netloc:
        raise DatasetError(
            "the target holds a name or key before an @", "Put keys into the environment."
        )
    return Store(target)
