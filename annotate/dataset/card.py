"""The dataset's card: README.md with the metadata that loading and the Hub read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from datasets import DatasetInfo, Features
from datasets.info import DatasetInfosDict
from huggingface_hub import DatasetCardData

from annotate.dataset.built import Built
from annotate.schema import Choice, Schema
from annotate.schema.model import Attribute
from annotate.workspace import DatasetSettings

_LOSSES = {
    "nested": "nested in another span; only the outermost span is tagged",
    "crossing": "crosses another span; the one that starts first is tagged",
    "sentences": "spreads over more than one sentence; not tagged",
    "cut token": "begins or ends within a token; tagged with the whole token",
    "shared token": "shares a token with another span; not tagged",
    "empty": "holds no token; not tagged",
    "outer": "holds another span; only the innermost spans are tagged",
    "too deep": "lies deeper than the last level of tags; not tagged",
}


def dataset_card(
    schema: Schema, settings: DatasetSettings, built: Built, features: dict[str, Features],
    splits: Mapping[str, Sequence[str]], version: str,
) -> str:  # fmt: skip
    """Return the card as Markdown with a YAML head; the same input gives the same text.

    `features` and `splits` are by config; `version` is a digest of everything that decides
    the dataset's content.
    """
    head = _metadata(schema, settings, built, features, splits, version)
    return f"---\n{head}\n---\n\n{_body(schema, settings, built)}"


def _metadata(
    schema: Schema, settings: DatasetSettings, built: Built, features: dict[str, Features],
    splits: Mapping[str, Sequence[str]], version: str,
) -> str:  # fmt: skip
    data = DatasetCardData(
        language=schema.language,
        license=settings.license,
        pretty_name=settings.title or schema.title,
        task_categories=["token-classification"],
        size_categories=[_size(built.articles)],
        configs=[
            {
                "config_name": name,
                # `datasets` names its cache by the folder and this head alone: without it a
                # rebuilt dataset would be read from the cache of the former one.
                "description": f"build {version[:16]}",
                **({"default": True} if name == "spans" else {}),
                "data_files": [
                    {"split": split, "path": f"{name}/{split}-*.parquet"} for split in splits[name]
                ],
            }
            for name in features
            if splits[name]
        ],
    )
    infos = DatasetInfosDict(
        {
            name: DatasetInfo(features=columns, config_name=name)
            for name, columns in features.items()
            if splits[name]
        }
    )
    infos.to_dataset_card_data(data)
    return str(data.to_yaml())


def _size(articles: int) -> str:
    """Return the Hub's name for a number of rows."""
    steps = ((10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"))
    return next((name for limit, name in steps if articles < limit), "1M<n<10M")


def _body(schema: Schema, settings: DatasetSettings, built: Built) -> str:
    splits = list(built.splits)
    rows = [("articles", built.splits), *((label, built.labels[label]) for label in schema.labels)]
    counts = [f"| {name} | {' | '.join(str(by[s]) for s in splits)} |" for name, by in rows]
    labels = [f"- **{e.name}** ({e.title}): {e.definition}" for e in schema.entities]
    relations = [
        f"- **{r.name}** ({r.title}): {', '.join(r.head)} → {', '.join(r.tail)}"
        for r in schema.relations
    ]
    asked = [
        f"- **{a.name}** ({a.title}), of {', '.join(a.labels)}: {_options(a)}"
        for a in schema.attributes
    ]
    asked += [f"- **{c.name}** ({c.title}), of the article: {_options(c)}" for c in schema.choices]
    losses = [f"  - {count} × {_LOSSES[reason]}" for reason, count in built.losses.items()]
    return _TEMPLATE.format(
        title=settings.title or schema.title,
        schema=schema,
        built=built,
        splits=" | ".join(splits),
        rule=" ---: |" * len(splits),
        counts="\n".join(counts),
        labels="\n".join(labels),
        relations="\n".join(relations) or "None.",
        asked="\n".join(["", "## Attributes and choices", "", *asked, ""]) if asked else "",
        losses="\n".join(losses) or "  - nothing",
    )


def _options(asked: Attribute | Choice) -> str:
    listed = ", ".join(f"{option.name} ({option.title})" for option in asked.options)
    answers = f"{'any' if asked.multiple else 'one'} of {listed}" if listed else "a text"
    definition = asked.definition if isinstance(asked, Attribute) else ""
    return f"{answers}. {definition}" if definition else answers


_TEMPLATE = """\
# {title}

{built.articles} articles with {built.entities} entities and {built.relations} relations, \
annotated under the schema `{schema.name}` {schema.version}.

```python
from datasets import load_dataset

spans = load_dataset("PATH", "spans")    # a row an article
tokens = load_dataset("PATH", "tokens")  # a row a sentence, BIO tags
people = load_dataset("PATH", "annotations")  # a row for each person's work on an article
```

`start` and `end` count code points of `text`, end exclusive: \
`text[start:end] == entity["text"]`. Spans may nest and overlap.

## Splits

An article's split is decided by the sha256 of its `cluster`: near-duplicates, such as an \
agency's text and its reprints, are in one split. A cluster keeps its name when the corpus grows.

| | {splits} |
| --- |{rule}
{counts}

## Labels

{labels}

## Relations

{relations}
{asked}
## How it was made

- Text is canonical: NFC, line feeds, no control or invisible characters.
- Of several annotations of an article the one changed last counts.
- Left out: articles without a submitted annotation ({built.unannotated}), annotations older than \
another of their article ({built.superseded}) or of another text than the article's \
({built.outdated}), marks that could not be proved ({built.set_aside}), and spans of a label \
that was split, until a person has chosen ({built.waiting}), with the relations at them \
({built.waiting_relations}).
- `tokens` is derived from `spans`: tokens are runs of letters and digits or single marks, \
tags are BIO of the outermost spans. What the tags do not show as marked is listed in \
`losses.parquet`:
{losses}
"""
