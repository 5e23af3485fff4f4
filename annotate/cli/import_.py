"""`annotate import`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add
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
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be brought in.")
@workspace_option
@json_option
def import_(
    workspace: Workspace, name: str, paths: tuple[Path, ...], *, dry_run: bool, as_json: bool,
    **given: Any,
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
            found = bringing.exports(paths, dry_run=dry_run)
        else:
            found = bringing.documents(form, paths, given, dry_run=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, **msgspec.to_builtins(found)})
    else:
        _print(found, skipped=bool(given["skip_unmarked"]), dry_run=dry_run)


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
            dry_run=dry_run,
        )  # fmt: skip
        found.losses.update(losses)
        return found

    def exports(self, paths: tuple[Path, ...], *, dry_run: bool) -> Imported:
        """Bring in exports of Label Studio, one after the other, once all of them were read."""
        from annotate.studio.export import import_export
        from annotate.studio.export.matching import Articles
        from annotate.studio.export.newcomers import Newcomers

        if len(paths) > 1 and not dry_run:
            self.exports(paths, dry_run=True)
        articles = Articles(self._known.articles)
        return reduce(
            add,
            [
                import_export(
                    self._ledger, path, (), self._schema, rich_progress,
                    newcomers=Newcomers(self._corpus, articles), dry_run=dry_run,
                )
                for path in paths
            ],
        )  # fmt: skip


def _documents(
    form: Format, paths: tuple[Path, ...], losses: Losses, options: dict[str, Any]
) -> Iterator[Sourced]:
    from annotate.studio.export.documents import Sourced

    for path in paths:
        for document in form.read(path, losses, **options):
            yield Sourced(document, path.resolve().name)


def _print(found: Imported, *, skipped: bool, dry_run: bool) -> None:
    from annotate.formats.losses import told

    bare = "not annotated" if skipped else "taken as annotated; see --skip-unmarked"
    total = plural(found.submitted + found.skipped, "annotation")
    click.echo(f"{plural(found.read, 'text')}: {total}, {plural(found.spans, 'span')}")
    news = (plural(found.articles, "new article"), plural(found.added, "new or changed annotation"))
    click.echo(f"Corpus: {news[0] if found.articles else 'nothing new'}")
    click.echo(f"Ledger: {news[1] if found.added else 'nothing new'}")
    for count, noun, what in (
        (found.renamed, "new article", "under another id than the file gives"),
        (found.repaired, "span", "repaired from UTF-16 offsets"),
        (found.set_aside, "mark", "in quarantine; see `annotate quarantine list`"),
        (found.unmarked, "text", f"without a mark, {bare}"),
        (found.older, "annotation", "of which the ledger has a later state"),
        (found.drafts, "draft", "left out"),
        (found.foreign, "annotation", "of texts that make no article"),
    ):
        if count:
            click.echo(f"{plural(count, noun)} {what}")
    for text in found.unmatched[:_SHOWN]:
        click.echo(f"Left out: {text.task}, {text.begins!r}: {text.reason}")
    if (more := len(found.unmatched) - _SHOWN) > 0:
        click.echo(f"… and {more:,} more; --json lists all")
    if found.losses:
        click.echo(f"Not carried: {told(found.losses)}")
    if dry_run:
        click.echo("Nothing was changed: --dry-run.")
