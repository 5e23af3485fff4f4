"""`annotate import`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from annotate.cli.common import (
    Known,
    json_option,
    load_known,
    load_workspace_schema,
    plural,
    print_json,
    rich_progress,
    workspace_option,
)
from annotate.cli.formats import EVERY, IN, LABEL_STUDIO, require_fitting
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.formats.document import Losses
    from annotate.formats.registry import Format
    from annotate.schema import Schema
    from annotate.studio.export import Imported
    from annotate.studio.export.documents import Sourced
    from annotate.studio.ledger import Ledger

# Options that only documents have: an export of Label Studio tells people and texts itself.
_OF_DOCUMENTS = ("annotator", "skip_unmarked")
_SHOWN = 10


@click.command(name="import")
@click.argument("name", metavar="FORMAT", type=click.Choice(IN))
@click.argument(
    "paths", nargs=-1, required=True, metavar="FILE...",
    type=click.Path(path_type=Path, exists=True),
)  # fmt: skip
@click.option("--annotator", metavar="ADDRESS", help="Who annotated what does not tell it itself.")
@click.option(
    "--skip-unmarked", is_flag=True, default=None,
    help="Texts without a mark become articles that nobody annotated.",
)  # fmt: skip
@click.option(
    "--units", type=click.Choice(["utf-16", "code-points", "graphemes"]),
    help="What the offsets count, for doccano, where its spans do not tell.",
)  # fmt: skip
@click.option(
    "--skip-known", is_flag=True,
    help="Leave out annotations that say nothing beyond one that their article has already.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be brought in.")
@workspace_option
@json_option
def import_(
    workspace: Workspace, name: str, paths: tuple[Path, ...], *, skip_known: bool, dry_run: bool,
    as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Bring annotations made with another tool into corpus and ledger.

    FORMAT is brat, conll, conllu, docbin, doccano, huggingface, label-studio or xmi, and FILE
    a file or folder of it. Texts become articles, unless the corpus has them; annotations
    count from then on like those that were pulled. Every mark is proved against its article.
    What cannot be, or has a label that the schema lacks, is set aside and counted, never
    dropped; `annotate quarantine list` shows it. Bringing in the same again does nothing.
    Either everything is brought in, or nothing.

    \b
    Example:
      annotate import doccano all.jsonl --annotator an@example.org
      annotate import brat old-project/ --dry-run
    """
    from annotate.studio.ledger import open_ledger

    form = EVERY[name]
    require_fitting(form, given, (*form.reading, *(() if form is LABEL_STUDIO else _OF_DOCUMENTS)))
    schema = load_workspace_schema(workspace)
    with (
        workspace.alone("corpus add"),
        workspace.alone("pull"),
        open_ledger(workspace.ledger_path) as ledger,
    ):
        bringing = _Bringing(workspace, ledger, _known(workspace, ledger), schema)
        if form is LABEL_STUDIO:
            found = bringing.exports(_task_files(paths), skip_known=skip_known, dry_run=dry_run)
        else:
            options = {**given, "skip_known": skip_known}
            found = bringing.documents(form, paths, options, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, **msgspec.to_builtins(found)})
    else:
        skipped = (bool(given["skip_unmarked"]), skip_known)
        _print(found, *skipped, dry_run=dry_run)


def _known(workspace: Workspace, ledger: Ledger) -> Known:
    """Return what the workspace has; a new one may have no corpus yet."""
    from annotate.corpus.corpus import open_corpus

    corpus = open_corpus(workspace)
    if corpus.path.exists() or corpus.store.exists():
        return load_known(workspace, ledger)
    return Known([], (), ())


class _Bringing:
    """What a workspace has, and files that are brought into it."""

    def __init__(self, workspace: Workspace, ledger: Ledger, known: Known, schema: Schema) -> None:
        from annotate.corpus.corpus import open_corpus

        self._corpus = open_corpus(workspace)
        self._ledger = ledger
        self._known = known
        self._schema = known.page.drawn if known.page else schema

    def documents(
        self, form: Format, paths: tuple[Path, ...], given: dict[str, Any], *, dry_run: bool
    ) -> Imported:
        """Bring in files of another tool, all at once."""
        from annotate.formats.document import Losses
        from annotate.studio.export import import_documents
        from annotate.studio.export.matching import Articles
        from annotate.studio.export.newcomers import Newcomers

        losses = Losses()
        options = {name: given[name] for name in form.reading if given[name]}
        former = self._corpus.find_all(self._known.changed)
        found = import_documents(
            self._ledger, _documents(form, paths, losses, options), self._schema,
            Newcomers(self._corpus, Articles(self._known.articles)), rich_progress,
            former=[made.article for made in former.values()],
            annotator=given["annotator"] or "", skip_unmarked=bool(given["skip_unmarked"]),
            skip_known=given["skip_known"], dry_run=dry_run,
        )  # fmt: skip
        found.losses.update(losses)
        return found

    def exports(self, paths: list[Path], *, skip_known: bool, dry_run: bool) -> Imported:
        """Bring in exports of Label Studio, one after the other, once all of them were read."""
        from annotate.formats.files import Faults
        from annotate.studio.export import Imported, import_export
        from annotate.studio.export.earlier import Earlier
        from annotate.studio.export.matching import Articles
        from annotate.studio.export.newcomers import Newcomers

        if len(paths) > 1 and not dry_run:
            self.exports(paths, skip_known=skip_known, dry_run=True)
        articles, earlier = Articles(self._known.articles), Earlier(self._ledger)
        faults, found = Faults(), Imported()
        for path in paths:
            with faults.kept() if dry_run else nullcontext():
                found += import_export(
                    self._ledger, path, (), self._schema, rich_progress,
                    newcomers=Newcomers(self._corpus, articles), earlier=earlier,
                    skip_known=skip_known, dry_run=dry_run,
                )  # fmt: skip
        faults.tell()
        return found


def _documents(
    form: Format, paths: tuple[Path, ...], losses: Losses, options: dict[str, Any]
) -> Iterator[Sourced]:
    from annotate.formats.files import Faults
    from annotate.studio.export.documents import Sourced

    faults = Faults()
    for path in paths:
        with faults.kept():
            for document in form.read(path, losses, **options):
                yield Sourced(document, path.resolve().name)
    faults.tell()


def _task_files(paths: tuple[Path, ...]) -> list[Path]:
    """Return the files, and those in folders but for what an export of ours says of itself."""
    from annotate.dataset.exporting import MANIFEST
    from annotate.formats.files import files_of

    files = [(file, path) for path in paths for file in files_of(path, [".json"])]
    return [
        file
        for file, path in files
        if file == path or file.name != MANIFEST or not file.read_bytes().lstrip().startswith(b"{")
    ]


def _print(found: Imported, skip_unmarked: bool, skip_known: bool, *, dry_run: bool) -> None:
    from annotate.formats.losses import told

    total = plural(found.submitted + found.skipped, "annotation")
    click.echo(f"{plural(found.read, 'text')}: {total}, {plural(found.spans, 'span')}")
    news = (plural(found.articles, "new article"), plural(found.added, "new or changed annotation"))
    click.echo(f"Corpus: {news[0] if found.articles else 'nothing new'}")
    click.echo(f"Ledger: {news[1] if found.added else 'nothing new'}")
    for count, noun, what in _counts(found, skip_unmarked, skip_known, dry_run=dry_run):
        if count:
            click.echo(f"{plural(count, noun)} {what}")
    if annotated := len(found.annotated):
        was, get = ("was", "gets") if annotated == 1 else ("were", "get")
        people = plural(len(found.annotators), "person", "people")
        already = f"{plural(annotated, 'article')} {was} annotated already, by {people}"
        click.echo(f"{already}, and {get} a further annotation")
    for text in found.unmatched[:_SHOWN]:
        click.echo(f"Left out: {text.task}, {text.begins!r}: {text.reason}")
    if (more := len(found.unmatched) - _SHOWN) > 0:
        click.echo(f"… and {more:,} more; --json lists all")
    if found.losses:
        click.echo(f"Not carried: {told(found.losses)}")
    if dry_run:
        click.echo("Nothing was changed: --dry-run.")


def _counts(
    found: Imported, skip_unmarked: bool, skip_known: bool, *, dry_run: bool
) -> Iterator[tuple[int, str, str]]:
    """Yield what is told only where there is some of it: how many, of what, and what of them."""
    aside = "in quarantine; see `annotate quarantine list`"
    bare = "not annotated" if skip_unmarked else "taken as annotated; see --skip-unmarked"
    known = "with nothing that the ledger has not already; a copy? See --skip-known"
    left_out = "left out, for the ledger has all that it says"
    yield found.renamed, "new article", "under another id than the file gives"
    yield found.repaired, "span", "repaired from UTF-16 offsets"
    yield found.set_aside, "mark", "would be put in quarantine" if dry_run else aside
    yield found.unmarked, "text", f"without a mark, {bare}"
    yield found.older, "annotation", "of which the ledger has a later state"
    yield found.pulled, "annotation", "left out, for the ledger has it from the server"
    yield found.copies, "annotation", left_out if skip_known else known
    yield found.drafts, "draft", "left out"
    yield found.foreign, "annotation", "of texts that make no article"
