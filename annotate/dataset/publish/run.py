"""Publish: look at everything first, send, read back, compare; only then it is done."""

from __future__ import annotations

import re
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

# What begins a URL, with or without its slashes.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")

# Given the dataset's folder, looks at something; its problems stop the publishing.
Checking = Callable[[Path], Iterable[Check]]


def publish(
    folder: Path, target: str, *, private: bool = True, tag: str = "", dry_run: bool = False,
    secrets: Collection[str], checks: Iterable[Checking] = (),
    tell: Callable[[Check], object] = lambda _: None, progress: Progress = silent,
) -> Published:  # fmt: skip
    """Publish a built dataset to the Hub, a folder, or a URL that fsspec knows.

    `target` is `hf://ORG/NAME`, a folder, or a URL such as `s3://bucket/corpus`. Before
    anything is sent, the files must be those that the build wrote, have a licence, and hold
    none of `secrets`, the names and addresses of annotators; then come the `checks`. Each is
    given to `tell` when it is made. A target that holds anything else than a version published
    before is refused. What was sent is read back and compared; a failure before that leaves
    the old version whole. `private` and `tag` are the Hub's: a repository is made so, and the
    version gets that name.

    With `dry_run` nothing is sent and no problem raises: they are told in the outcome.
    Raises `DatasetError` when something does not hold, or the target does not take it.
    """
    place = find_target(folder, target, private=private, tag=tag)
    files = files_of(folder)
    outcomes: list[Check] = []
    for outcome in _outcomes(folder, files, secrets, checks, progress):
        tell(outcome)
        outcomes.append(outcome)
    removed, refusal = _look(place, files)
    outcomes.append(_target_check(refusal))
    tell(outcomes[-1])
    plan = Published(target=target, files=files, checks=tuple(outcomes), removed=removed, tag=tag)
    if dry_run:
        return plan
    _refuse(outcomes, refusal)
    sent = place.send(folder, files, progress)
    return msgspec.structs.replace(plan, **sent._asdict(), done=True)


def _outcomes(
    folder: Path, files: tuple[File, ...], secrets: Collection[str], checks: Iterable[Checking],
    progress: Progress,
) -> Iterator[Check]:  # fmt: skip
    yield as_built(folder)
    yield licensed(folder)
    yield anonymous(folder, files, secrets, progress)
    for check in checks:
        yield from check(folder)


def _look(place: Target, files: tuple[File, ...]) -> tuple[tuple[str, ...], DatasetError | None]:
    """Return the files that the new version will not have, or why it cannot go there."""
    try:
        return tuple(place.look(files)), None
    except DatasetError as error:
        return (), error


def _target_check(error: DatasetError | None) -> Check:
    problems = (error.problem,) if error else ()
    remedy = error.remedy if error else ""
    return Check(name="the target takes it", problems=problems, remedy=remedy)


def _refuse(checks: Iterable[Check], refusal: DatasetError | None) -> None:
    """Raise the first problem that was found, and say how many there are beside it."""
    found = [(problem, check.remedy) for check in checks for problem in check.problems]
    if not found:
        return
    problem, remedy = found[0]
    more = len(found) - 1
    told = f" and {more} more {'problem' if more == 1 else 'problems'}" if more else ""
    raise DatasetError(f"nothing was published: {problem}{told}", remedy) from refusal


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
    if not colon and _SCHEME.match(target):
        raise DatasetError(
            f"{target} is neither a URL nor a folder",
            "Write hf://ORG/NAME with two slashes, or ./ before a folder's name.",
        )
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
