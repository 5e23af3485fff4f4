"""What must hold before a dataset is published."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from huggingface_hub import DatasetCard

from annotate.dataset.lock import CARD, alterations, read_lock, reading
from annotate.dataset.publish.files import Check, File
from annotate.dataset.publish.names import find_names, wanted
from annotate.progress import Progress
from annotate.spans import Annotation


def as_built(folder: Path) -> Check:
    """Check that the files are those that the build wrote, but for what people may edit."""
    problems = alterations(read_lock(folder), folder)
    if not (folder / CARD).is_file():
        problems.append(f"there is no {CARD}")
    return Check(
        name="every file is as the build wrote it",
        problems=tuple(problems),
        remedy="Run `annotate build` again.",
    )


def licensed(folder: Path) -> Check:
    """Check that the card names a licence."""
    remedy = "Set `license` in annotate.toml under [dataset], and build again."
    return Check(name="a licence is set", problems=tuple(_unlicensed(folder)), remedy=remedy)


def _unlicensed(folder: Path) -> Iterator[str]:
    try:
        named = DatasetCard.load(folder / CARD).data.get("license")
    except (OSError, ValueError, yaml.YAMLError) as error:
        yield f"{CARD} cannot be read: {str(error).splitlines()[0]}"
        return
    if not named or named == "unknown":
        yield "the dataset has no licence"


def anonymous(
    folder: Path, files: Collection[File], secrets: Collection[str], progress: Progress
) -> Check:
    """Check that no name or address of an annotator stands in any of the files.

    What is searched, and what for, is told in `annotate.dataset.publish.names`. The places
    are told without the name.
    """
    search = wanted(secrets)
    places: list[str] = []
    with progress("Searching for names", len(files)) as advance:
        for file in files:
            if search.pattern is not None:
                with reading(folder / file.name):
                    places += find_names(folder, file.name, search.pattern)
            advance(1)
    noun = "name" if search.left_out == 1 else "names"
    note = f"{search.left_out} {noun} too short to search for" if search.left_out else ""
    return Check(
        name="no annotator is named",
        problems=tuple(f"an annotator's name or address may be in {place}" for place in places),
        remedy="Take it out of where it comes from, and build again.",
        note=note,
    )


def current(differences: Iterable[str]) -> Check:
    """Check that the dataset is what would be built now; given why it is not."""
    return Check(
        name="the dataset is what would be built now",
        problems=tuple(differences),
        remedy="Run `annotate build` again, with the settings in annotate.toml.",
    )


def unreviewed(annotations: Iterable[Annotation], texts: Mapping[str, str]) -> Check:
    """Check that no span counts only until somebody looks at what it was set aside for.

    `texts` are the digests of the articles' present texts, by id: what people annotated in
    another text, and their drafts, are in no dataset.
    """
    waiting: dict[str, int] = {}
    for annotation in annotations:
        if annotation.status == "draft" or texts.get(annotation.article) != annotation.sha256:
            continue
        spans = {span.id for span in annotation.spans}
        standing = sum(aside.span in spans for aside in annotation.set_aside)
        if standing:
            waiting[annotation.article] = waiting.get(annotation.article, 0) + standing
    return Check(
        name="no span is set aside",
        problems=tuple(
            f"{count} {'span waits' if count == 1 else 'spans wait'} for review in {article}"
            for article, count in sorted(waiting.items())
        ),
        remedy="Look at them with `annotate quarantine`, then build again.",
    )
