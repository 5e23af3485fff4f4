"""The parts of the card about how a dataset was made, and what it is not good for."""

from __future__ import annotations

from collections.abc import Iterator

from annotate.dataset.card.facts import Facts
from annotate.dataset.card.kept import slot
from annotate.dataset.card.markdown import bullets, code, people, plural, table
from annotate.dataset.card.numbers import agreement
from annotate.dataset.card.words import loss_words, policy_words, tokens_words, unannotated_words

# What a label should have in the training split before much is read into its scores.
_RARE = 50


def making(facts: Facts) -> Iterator[str]:
    """Yield who annotated how, what of it counts, and how alike people annotated."""
    built, schema = facts.built, facts.schema
    yield "## How it was annotated"
    told = (
        f"{people(built.annotators).capitalize()} marked the texts in Label Studio by the "
        f"guidelines of {code(schema.name)} {code(schema.version)}, which hold the definitions "
        "above."
    )
    if "annotations" in facts.configs:
        skipped = facts.summary.skipped
        gave_up = f"; {skipped:,} of them give an article up" if skipped else ""
        told += (
            f" The config `annotations` has {plural(built.annotations, 'annotation')} as people "
            f"made them{gave_up}. Annotators are called `A1`, `A2` and so on."
        )
    yield f"{told} No name or address of an annotator is in the dataset."
    yield slot("annotation", "Who annotated? How were they taught, paid and checked?")
    yield "### Which annotation counts"
    yield policy_words(facts.settings.policy)
    if left := [*unannotated_words(facts.settings, built), *_left_out(facts)]:
        yield bullets(left)
    yield from _agreeing(facts)


def _left_out(facts: Facts) -> list[str]:
    """Return what people did that is not in the dataset."""
    built, out = facts.built, "left out"
    there = "only in `annotations`" if "annotations" in facts.configs else out
    told = (
        (built.superseded, "annotation", "that others of the same article stand in for", there),
        (built.outdated, "annotation", "of another text than the article has now", out),
        (built.set_aside, "mark", "that could not be proved against the text", out),
        (built.waiting, "span", "of a label that was split, until a person has chosen", out),
        (built.waiting_relations, "relation", "at those spans", out),
    )
    return [f"{plural(count, noun)} {why}: {where}." for count, noun, why, where in told if count]


def _agreeing(facts: Facts) -> Iterator[str]:
    found = facts.summary.agreement
    yield "### Agreement"
    if not found.pairs:
        yield "No article was annotated by two people, so no agreement is known."
        return
    were = "was" if found.articles == 1 else "were"
    yield (
        f"{plural(found.articles, 'article')} {were} annotated by two or more people, who make up "
        f"{plural(found.pairs, 'pair')}. The F1 measure of one person's spans against the other's, "
        "over all pairs: exact, where the ends and the label are the same; overlap, where the "
        "label is the same and a character is shared. Where most of a text is unmarked, F1 comes "
        "near to Cohen's kappa ([Hripcsak and Rothschild "
        "2005](https://doi.org/10.1197/jamia.M1733))."
    )
    yield agreement(found)


def tokens_view(facts: Facts) -> Iterator[str]:
    """Yield how `tokens` is made and what it does not show; nothing when it is not built."""
    built, tagging = facts.built, facts.settings.tokens
    if "tokens" not in facts.configs:
        return
    yield "## Tokens"
    yield "The config `tokens` is made from `spans`:"
    yield bullets(tokens_words(tagging))
    if not built.losses:
        yield "All spans are tagged as they were marked."
        return
    lost = sum(built.losses.values())
    yield (
        f"Of {plural(built.entities, 'span')}, {lost:,} {'is' if lost == 1 else 'are'} not tagged "
        "as marked. Each is listed in `losses.parquet`:"
    )
    rows = (
        (f"{count:,}", loss_words(reason, tagging))
        for reason, count in sorted(built.losses.items(), key=lambda item: (-item[1], item[0]))
    )
    yield table(("spans", "that"), rows)


def limits(facts: Facts) -> Iterator[str]:
    """Yield what the dataset is not good for."""
    yield "## Known limits"
    if known := list(_known(facts)):
        yield bullets(known)
    yield slot("limits", "What should nobody use this dataset for? What is not in it?")


def _known(facts: Facts) -> Iterator[str]:
    """Yield what the numbers alone tell of what the dataset is not good for."""
    built = facts.built
    absent = [split for split in ("train", "validation", "test") if not built.splits.get(split)]
    if absent:
        yield f"No article is in {' or '.join(f'`{split}`' for split in absent)}."
    unused = [name for name, by in built.labels.items() if not sum(by.values())]
    if unused:
        yield f"Nothing is marked as {_names(unused)}."
    rare = [name for name, by in built.labels.items() if 0 < by.get("train", 0) < _RARE]
    if rare:
        yield f"Fewer than {_RARE} spans in `train`: {_names(rare)}."
    untested = [
        name
        for name, by in built.labels.items()
        if sum(by.values()) and "test" in by and not by["test"]
    ]
    if untested:
        yield f"Not in `test`: {_names(untested)}."
    if not facts.summary.agreement.pairs:
        yield "How much of it a second person would have marked alike is not known."
    if facts.settings.license == "unknown":
        yield "Under which licence it may be used is not said."


def _names(labels: list[str]) -> str:
    return ", ".join(code(label) for label in labels)
