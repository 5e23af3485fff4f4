"""The tables of the card: what is there how often, and how alike people marked it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from annotate.dataset.card.facts import Facts
from annotate.dataset.card.markdown import plain, plural, share, table
from annotate.dataset.pairs import Agreement, Alike

_SOURCES = 10


def counts(facts: Facts) -> str:
    """Return how many articles, spans of each label and relations of each are in each split."""
    built = facts.built
    splits = list(built.splits)
    relations = {
        label: {split: facts.summary.relations[label, split] for split in splits}
        for label in facts.schema.relation_labels
    }
    rows = [_row("articles", built.splits, splits)]
    rows += [_row(f"**{plain(name)}**", by, splits) for name, by in built.labels.items()]
    rows += [_row(plain(name), by, splits) for name, by in relations.items()]
    return table(("", *splits, "all"), rows, numbers=len(splits) + 1)


def _row(name: str, by: Mapping[str, int], splits: Sequence[str]) -> list[str]:
    return [name, *(f"{by[split]:,}" for split in splits), f"{sum(by.values()):,}"]


def answers(facts: Facts) -> str:
    """Return how often each question about an article was answered how, empty without any."""
    splits = list(facts.built.splits)
    rows = [
        [
            f"{plain(asked.name)}: {plain(option.name)}",
            *(f"{facts.summary.answers[asked.name, option.name, split]:,}" for split in splits),
        ]
        for asked in facts.schema.choices
        for option in asked.options
    ]
    return table(("answer", *splits), rows, numbers=len(splits)) if rows else ""


def sources(counted: Counter[str]) -> str:
    """Return the sources with most articles, empty when none is known."""
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    named = [(plain(name), count) for name, count in ranked if plain(name)]
    if not named:
        return ""
    if named[0][1] == 1:
        return f"They come from {plural(len(named), 'source')}, one article each."
    rest = counted.total() - sum(count for _, count in named[:_SOURCES])
    rows = [(name, f"{count:,}") for name, count in named[:_SOURCES]]
    rows += [("others, or not known", f"{rest:,}")] * bool(rest)
    return table(("source", "articles"), rows, numbers=1)


def years(counted: Counter[str]) -> str:
    """Return when the articles were published, empty when that is not known."""
    known = sorted(year for year in counted if year)
    if not known:
        return ""
    when = f"in {known[0]}" if len(known) == 1 else f"from {known[0]} to {known[-1]}"
    undated = f" (of {counted['']:,} that is not known)" if counted[""] else ""
    return f"Articles were published {when}{undated}."


def agreement(found: Agreement) -> str:
    """Return how alike two people marked each label, as F1 measures."""
    rows = [_alike(f"**{plain(name)}**", one) for name, one in found.labels.items() if one.marked]
    rows.append(_alike("all", found.overall()))
    return table(("label", "spans of both", "exact F1", "overlap F1"), rows, numbers=3)


def _alike(name: str, one: Alike) -> list[str]:
    scores: Iterable[str] = map(share, one.scores()) if one.marked else ("–", "–")
    return [name, f"{one.marked:,}", *scores]
