"""`annotate corpus add`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from annotate.cli.common import (
    json_option,
    listed,
    plural,
    print_json,
    rich_progress,
    shown,
    workspace_option,
)
from annotate.cli.corpus.common import describe_changes, engine_option
from annotate.errors import CorpusError
from annotate.workspace import Workspace

if TYPE_CHECKING:
    from annotate.corpus.add import Added
    from annotate.corpus.corpus import Corpus


def _mapping(
    _context: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]
) -> dict[str, str]:
    from annotate.corpus.article import METADATA

    mapping = {}
    for pair in pairs:
        name, equals, field = pair.partition("=")
        if name not in METADATA or not equals or not field:
            raise click.BadParameter(
                f"{pair!r} is not NAME=FIELD with NAME one of {', '.join(METADATA)}"
            )
        mapping[name] = field
    return mapping


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--text-field", default="text", metavar="NAME", help="The field of the text.")
@click.option("--id-field", default="id", metavar="NAME", help="The field of the id.")
@click.option(
    "--map", "mapping", multiple=True, metavar="NAME=FIELD", callback=_mapping,
    help="The field of a title, source, url, author, published_at or language.",
)  # fmt: skip
@engine_option
@workspace_option
@json_option
def add(
    workspace: Workspace, sources: tuple[str, ...], text_field: str, id_field: str,
    mapping: dict[str, str], engine: dict[str, str], *, as_json: bool,
) -> None:  # fmt: skip
    """Take articles into the corpus's store.

    SOURCE is a file, a folder, a glob, a URL (http, s3 and others that fsspec knows) or a
    Hugging Face dataset's folder. Read are .txt .md .html .jsonl .csv .tsv .parquet, also
    with .gz or .zst behind. Texts are made canonical; what cannot be used is written to
    rejected.jsonl with its reason. An article of a known id replaces the former one.

    A record without an id gets one from its text; a document's id is the `id` of its front
    matter, or its file name.

    \b
    Example:
      annotate corpus add crawl/ 'export/*.csv.gz'
      annotate corpus add news.jsonl --text-field body --map title=headline
    """
    from annotate.corpus.corpus import open_corpus
    from annotate.corpus.reading.fields import Fields
    from annotate.corpus.reading.sources import DOCUMENTS, TABLES, find_sources

    found = find_sources(sources)
    if not found.sources:
        raise CorpusError(
            f"there is no file to be read in {listed(sources)}",
            f"Read are {' '.join((*DOCUMENTS, *TABLES))}, also with .gz or .zst behind.",
        )
    corpus = open_corpus(workspace, **engine)
    fields = Fields(text=text_field, id=id_field, metadata=mapping)
    with workspace.alone("corpus add"):
        added = corpus.add(found.sources, fields, rich_progress)
    result = _as_json(added, corpus, found.skipped)
    if as_json:
        print_json(result)
    else:
        _print(added, corpus, found.skipped)
    if added.rejected and not added.taken:
        raise CorpusError(
            "not one article of these sources could be used", f"See {shown(corpus.rejected_path)}."
        )


def _print(added: Added, corpus: Corpus, skipped: dict[str, int]) -> None:
    click.echo(f"{shown(corpus.store.path)}: {plural(added.articles, 'article')}")
    for count, what in (
        (added.added, "new"),
        (len(added.changed), f"with another text than before: {listed(tuple(added.changed))}"),
        (len(added.updated), f"with other metadata than before: {listed(tuple(added.updated))}"),
        (added.unchanged, "there already"),
        (added.repeated, "given again with the same id and text"),
    ):
        if count:
            click.echo(f"  {count:,} {what}")
    if set(added.encodings) - {"utf-8"}:
        ranked = added.encodings.most_common()
        click.echo("Encodings: " + ", ".join(f"{name} {count:,}" for name, count in ranked))
    if changes := describe_changes(added.changes):
        click.echo(f"Made canonical: {changes}")
    if skipped:
        kinds = ", ".join(f"{count:,} {suffix}" for suffix, count in skipped.items())
        click.echo(f"Files of other kinds left alone: {kinds}")
    if added.clustered:
        click.echo(
            f"{plural(added.clustered, 'article')} in clusters of near-duplicates; "
            "`annotate corpus duplicates` shows them"
        )
    if added.rejected:
        click.echo(f"Rejected {added.rejected:,}, listed in {shown(corpus.rejected_path)}:")
        for reason, count in added.reasons.most_common():
            click.echo(f"  {count:,} {reason}")


def _as_json(added: Added, corpus: Corpus, skipped: dict[str, int]) -> dict[str, object]:
    import msgspec

    result = msgspec.to_builtins(added)
    assert isinstance(result, dict)  # noqa: S101
    paths = {"store": str(corpus.store.path), "rejected_file": str(corpus.rejected_path)}
    return {**paths, **result, "skipped": skipped}
