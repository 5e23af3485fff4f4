"""The schema of the sample corpus: labels as decided, patterns and nesting as in its gold."""

from __future__ import annotations

from itertools import groupby

import pytest

from annotate.schema import Entity, suggest
from annotate.schema.suggest import suggest_all
from annotate.spans import covers
from tests.factories import sample_articles, sample_gold, sample_schema

LABELS = (
    "PERSON", "RANK", "ROLE", "ORGANIZATION", "LOCATION", "DATE", "EVENT", "PROGRAM", "AWARD",
    "LEGAL_DOCUMENT", "QUANTITY",
)  # fmt: skip
RELATIONS = {
    "holds_rank": (("PERSON",), ("RANK",)),
    "holds_role": (("PERSON",), ("ROLE",)),
    "part_of": (("ROLE", "ORGANIZATION"), ("ORGANIZATION",)),
    "located_in": (("ORGANIZATION", "EVENT"), ("LOCATION",)),
    "received": (("PERSON", "ORGANIZATION", "QUANTITY"), ("AWARD",)),
    "issued_by": (("LEGAL_DOCUMENT", "AWARD"), ("ORGANIZATION",)),
}


def test_the_labels_and_relations_are_those_decided_in_their_order() -> None:
    schema = sample_schema()
    assert schema.labels == LABELS
    assert {r.name: (r.head, r.tail) for r in schema.relations} == RELATIONS
    assert schema.relation_labels == tuple(RELATIONS)


def suggested(label: str | None = None) -> set[tuple[str, int, int, str]]:
    """Return the article, extent and label of what is suggested in the sample corpus."""
    return {
        (article.id, span.start, span.end, span.label)
        for article in sample_articles().values()
        for span in suggest(sample_schema(), article.text)
        if label in {None, span.label}
    }


def test_no_suggestion_in_the_sample_has_stray_white_space() -> None:
    phrases = [sample_articles()[article].text[start:end] for article, start, end, _ in suggested()]
    assert phrases
    assert [phrase for phrase in phrases if phrase != phrase.strip() or "\n" in phrase] == []


def test_every_suggested_rank_in_the_sample_is_gold() -> None:
    gold = {
        (article, span.start, span.end, span.label)
        for article, marked in sample_gold().items()
        for span in marked.spans
    }
    ranks = suggested("RANK")
    assert ranks
    assert ranks - gold == set()


@pytest.mark.parametrize("entity", [e for e in sample_schema().entities if e.patterns])
def test_every_label_with_patterns_is_suggested_in_the_sample(entity: Entity) -> None:
    assert suggested(entity.name)


def test_no_pattern_runs_out_of_time_in_the_sample() -> None:
    slow = [suggest_all(sample_schema(), a.text, 0.5).slow for a in sample_articles().values()]
    assert not any(slow)


def test_the_gold_nests_as_the_schema_allows() -> None:
    contains = {entity.name: entity.contains for entity in sample_schema().entities}
    pairs = {
        (outer.label, inner.label)
        for marked in sample_gold().values()
        for outer in marked.spans
        for inner in marked.spans
        if outer is not inner and covers(outer, inner)
    }
    assert ("ROLE", "ORGANIZATION") in pairs
    for outer, inner in pairs:
        allowed = contains[outer]
        assert allowed is None or inner in allowed, (outer, inner)


def test_the_labels_stand_in_four_groups() -> None:
    runs = [group for group, _ in groupby(sample_schema().entities, key=lambda e: e.group)]
    assert len(runs) == len(set(runs)) == 4
    assert all(runs)
