"""Bringing files into the ledger: people's work that is on no server that one can reach."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path

from annotate.corpus import Article
from annotate.corpus.article import METADATA
from annotate.errors import StudioError
from annotate.formats.losses import lose
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.schema.config import BYLINE_FIELD
from annotate.studio.encode import ASSIGNED_FIELD, REVIEW_FIELD
from annotate.studio.export.documents import DocumentReader, Sourced
from annotate.studio.export.earlier import Earlier
from annotate.studio.export.importer import Imported, Importer
from annotate.studio.export.matching import (
    Articles,
    Match,
    Matched,
    ids_of,
    match_task,
    texts_of,
    unmatched,
)
from annotate.studio.export.newcomers import Newcomers
from annotate.studio.export.placing import Ground
from annotate.studio.export.reading import ExportedTask, read_tasks
from annotate.studio.export.recognising import find_place
from annotate.studio.export.spooling import spooled
from annotate.studio.ledger import EXPORT, Entry, Ledger, Place
from annotate.text import digest

# Where the work of documents of other formats is; exports have the numbers from 1.
_DOCUMENTS = Place(EXPORT, 0)
# Fields of a task that say nothing about its article.
_OWN = frozenset({"article", "id", BYLINE_FIELD, ASSIGNED_FIELD, REVIEW_FIELD})


def import_export(
    ledger: Ledger, path: Path, articles: Sequence[Article], schema: Schema,
    progress: Progress = silent, *, newcomers: Newcomers | None = None,
    earlier: Earlier | None = None, skip_known: bool = False, dry_run: bool = False,
) -> Imported:  # fmt: skip
    """Bring an export of Label Studio as JSON, old or new, into the ledger, whole or not at all.

    Offsets go from the text that the export has to the article's canonical one, and are
    proved; what cannot be is set aside. The same export adds nothing when it comes again, and
    a later one of the same project what changed since. One task at a time is in memory. A
    text that is no article becomes one where there are `newcomers`, whose articles are known.
    What was pulled from the server already is left out; with `skip_known`, so is what says
    nothing beyond an annotation that its article has. `earlier` is what was there before, of
    several files the first.

    Raises `StudioError` when the file is no such export, or is cut off.
    """
    known = newcomers.articles if newcomers else Articles(articles)
    # The file is read once more: until something in it is known, its people have no names.
    with closing(_tasks(path, progress, "Comparing")) as tasks:
        place = find_place(ledger, (Matched(task, match_task(known, task)) for task in tasks))
    importer = Importer(
        ledger, place, schema, earlier or Earlier(ledger), skip_known=skip_known
    )  # fmt: skip
    entries = importer.prepared(_matched(known, newcomers, t) for t in _tasks(path, progress))
    _bring(ledger, place, importer, entries, newcomers, progress, dry_run=dry_run)
    return importer.counts


def _tasks(
    path: Path, progress: Progress, doing: str = "Reading"
) -> Generator[ExportedTask, None, None]:
    try:
        with path.open("rb") as stream, progress(doing, path.stat().st_size) as advance:
            yield from read_tasks(stream, path, advance)
    except OSError as error:
        raise StudioError(f"{path} cannot be read: {error.strerror}", "Check the path.") from error


def _matched(articles: Articles, newcomers: Newcomers | None, task: ExportedTask) -> Matched:
    match = match_task(articles, task)
    texts = texts_of(task)
    if isinstance(match, Match) or newcomers is None or len(texts) != 1:
        return Matched(task, match)
    told = {name: value for name, value in (task.meta or {}).items() if name in METADATA}
    described = {
        name: value
        for name, value in {**told, **task.data}.items()
        if isinstance(value, str) and value != texts[0].raw and name not in _OWN
    }
    made = newcomers.adopt(next(ids_of(task), ""), texts[0].raw, described)
    if isinstance(made, str):
        return Matched(task, unmatched(str(task.id), texts, made))
    return Matched(task, Match(made, Ground(texts[0], made.text)))


def import_documents(
    ledger: Ledger, documents: Iterable[Sourced], schema: Schema, newcomers: Newcomers,
    progress: Progress = silent, *, former: Iterable[Article] = (), annotator: str = "",
    skip_unmarked: bool = False, skip_known: bool = False, dry_run: bool = False,
) -> Imported:  # fmt: skip
    """Bring documents of other formats into corpus and ledger, all of them or none.

    A text that an article has, or had, is that article; another one becomes an article. `former`
    are articles with texts that others count for. Offsets are proved, and what the schema does
    not know is set aside. The same documents add nothing when they come again: a person's work
    on an article is known by the person and by the document's id. `annotator` made the marks
    where a file does not tell who did. With `skip_known` annotations are left out that say
    nothing beyond one that their article has.
    """
    texts = {(article.id, article.sha256) for article in former}

    def had_text(article: Article, text: str) -> bool:
        sha256 = digest(text)
        return (article.id, sha256) in texts or ledger.version(article.id, sha256) is not None

    importer = Importer(ledger, _DOCUMENTS, schema, Earlier(ledger), skip_known=skip_known)
    reader = DocumentReader(
        newcomers, had_text, schema, annotator=annotator, skip_unmarked=skip_unmarked
    )
    entries = importer.prepared(reader.tasks(_documents(documents, progress)))
    _bring(ledger, _DOCUMENTS, importer, entries, newcomers, progress, dry_run=dry_run)
    importer.counts.unmarked = reader.unmarked
    return importer.counts


def _documents(documents: Iterable[Sourced], progress: Progress) -> Iterator[Sourced]:
    with progress("Reading", None) as advance:
        for one in documents:
            yield one
            advance(1)


def _bring(
    ledger: Ledger, place: Place, importer: Importer, entries: Iterable[Entry],
    newcomers: Newcomers | None, progress: Progress, *, dry_run: bool,
) -> None:  # fmt: skip
    """Add the entries and the new articles: what goes wrong on the way leaves nothing.

    All that takes long comes before the ledger's transaction, for which other commands wait.
    """
    with newcomers.kept() if newcomers else nullcontext(), spooled(entries) as prepared:
        settled = importer.settled(prepared)
        if dry_run:
            deque(settled, maxlen=0)
        else:
            if newcomers:
                newcomers.add(progress)
            ledger.append_with_tasks(place, settled, importer.tasks.items())
        importer.counts.place = place.project if importer.tasks else 0
    if newcomers:
        importer.counts.articles = newcomers.added
        importer.counts.renamed = newcomers.renamed
        lose(importer.counts.losses, "metadata", newcomers.metadata)
