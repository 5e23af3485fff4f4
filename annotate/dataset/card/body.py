"""The body of the card, block by block."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from annotate.dataset.card.citing import citation, history
from annotate.dataset.card.definitions import label_table, questions, relation_table
from annotate.dataset.card.example import show_row
from annotate.dataset.card.facts import Facts
from annotate.dataset.card.kept import slot
from annotate.dataset.card.making import limits, making, tokens_view
from annotate.dataset.card.markdown import (
    code,
    fenced,
    paragraphs,
    people,
    plain,
    plural,
    table,
)
from annotate.dataset.card.numbers import answers, counts, sources, years

MADE = (
    "<!-- Made by `annotate build`, which makes it anew each time. What you write between the "
    "comments that name a section stays; so do sections that you add in the same way. -->"
)
_ROWS = {
    "spans": "an article, with its entities and relations",
    "tokens": "a sentence, with a tag for each token",
    "annotations": "one person's work on an article",
}
_PACKAGES = ("annotate-corpus", "datasets", "pyarrow", "matplotlib")


def body(facts: Facts, pictures: Mapping[str, str], former: str) -> list[str]:
    """Return the blocks of the body, kept sections empty.

    `pictures` says of each that was drawn what it shows, by the name of its file.
    """
    return [
        MADE,
        *_opening(facts, pictures),
        *_start(facts),
        *_example(facts),
        *_schema(facts, pictures),
        *making(facts),
        *_numbers(facts, pictures),
        *tokens_view(facts),
        *limits(facts),
        *_rebuilding(),
        "## Versions",
        history(facts, former),
        "## Citation and licence",
        *_citing(facts),
    ]


def _picture(pictures: Mapping[str, str], name: str) -> list[str]:
    """Return a picture as plain Markdown: the Hub finds its file beside the card."""
    return [f"![{plain(pictures[name])}](plots/{name}.svg)"] if name in pictures else []


def _opening(facts: Facts, pictures: Mapping[str, str]) -> Iterator[str]:
    built = facts.built
    yield f"# {plain(facts.title)}"
    if described := paragraphs(facts.settings.description):
        yield described
    marked = plural(built.entities, "entity", "entities")
    if facts.schema.relations:
        marked += f" and {plural(built.relations, 'relation')}"
    yield (
        f"{plural(built.articles, 'annotated article')} ({code(facts.schema.language)}) with "
        f"{marked}, marked by {people(built.annotators)} under version "
        f"{code(facts.schema.version)} of the schema {code(facts.schema.name)}."
    )
    yield from _picture(pictures, "passage")
    yield slot("motivation", "Why was this dataset made, by whom, and what is it good for?")


def _start(facts: Facts) -> Iterator[str]:
    yield "## Quick start"
    split = next(iter(facts.built.splits), "train")
    lines = ["from datasets import load_dataset", ""]
    lines += [f'{name} = load_dataset("ORG/NAME", "{name}")' for name in facts.configs]
    lines += [
        "",
        'names = spans["SPLIT"].features["entities"].feature["label"]',
        'for entity in spans["SPLIT"][0]["entities"]:',
        '    print(names.int2str(entity["label"]), entity["text"])',
    ]
    yield fenced("\n".join(lines).replace("SPLIT", split), "python")
    yield (
        "`ORG/NAME` is the name of this repository, or the folder that it was downloaded to. "
        "Offsets count code points, as Python does, and the end is exclusive: "
        '`text[entity["start"]:entity["end"]] == entity["text"]`. Spans may nest and overlap.'
    )
    splits = list(facts.built.splits)
    rows = (
        [code(name), _ROWS[name], *(_rows(facts, name, split) for split in splits)]
        for name in facts.configs
    )
    yield table(("config", "a row is", *splits), rows, numbers=len(splits))
    yield (
        "The split of an article is decided by a digest of its `cluster` of near-duplicates: an "
        "agency's text and its reprints are in one split, and an article stays in its split when "
        "the corpus grows. Articles that a fixed list names are where the list says."
    )


def _rows(facts: Facts, config: str, split: str) -> str:
    sizes = facts.sizes[config]
    return f"{sizes[split].rows:,}" if split in sizes else "0"


def _example(facts: Facts) -> Iterator[str]:
    if facts.example is None:
        return
    yield "## A row"
    yield fenced(show_row(facts.example, facts.features["spans"]), "python")
    yield (
        "Cut short: a text that goes on ends in `…`, and so does a list. Labels are numbers; "
        "the comments tell their names."
    )


def _schema(facts: Facts, pictures: Mapping[str, str]) -> Iterator[str]:
    schema = facts.schema
    yield "## Schema"
    yield (
        f"{code(schema.name)}, version {code(schema.version)}: "
        f"{plural(len(schema.entities), 'label')} of spans"
        + (f" and {plural(len(schema.relations), 'relation')}." if schema.relations else ".")
    )
    yield "### Labels"
    yield from _picture(pictures, "labels")
    yield label_table(schema, facts.summary.examples.labels)
    if schema.relations:
        yield "### Relations"
        yield relation_table(schema)
    if schema.attributes or schema.choices:
        yield "### Attributes and choices"
        yield questions(schema)


def _numbers(facts: Facts, pictures: Mapping[str, str]) -> Iterator[str]:
    yield "## In numbers"
    yield from _picture(pictures, "splits")
    yield counts(facts)
    yield from _picture(pictures, "articles")
    for block in (
        answers(facts), years(facts.summary.years), sources(facts.summary.sources),
    ):  # fmt: skip
        if block:
            yield block


def _rebuilding() -> Iterator[str]:
    yield "## How to build it again"
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    yield (
        f"Built with {versions}. `annotate.lock` has the digests of all that went in (corpus, "
        "annotations, schema, settings) and of every file that came out; the same input gives "
        "the same bytes. In the workspace that it was built from:"
    )
    yield fenced("annotate build dataset\nannotate build dataset --check", "bash")


def _citing(facts: Facts) -> Iterator[str]:
    yield fenced(citation(facts), "bibtex")
    told = [f"Licence: {code(facts.settings.license)}."]
    if facts.settings.homepage:
        address = quote(facts.settings.homepage, safe=":/?#@!$&'*+,;=%~-._")
        told.append(f"Homepage: [{plain(facts.settings.homepage)}](<{address}>).")
    yield " ".join(told)
