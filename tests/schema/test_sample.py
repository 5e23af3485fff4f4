"""The shipped schema: what SCHEMA.md decided, colours that all can tell apart, good patterns."""

from __future__ import annotations

import math
from itertools import combinations

import pytest

from annotate.schema import Entity, suggest
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
# As the schema file says.
LEAST_DISTANCE = 26

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]

# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision
# Deficiency (2009), severity 1.0; they apply to linear RGB.
VISION: dict[str, Matrix] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
# Linear sRGB to CIE XYZ (IEC 61966-2-1), whose rows add up to the white point D65.
TO_XYZ: Matrix = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)


def times(matrix: Matrix, vector: Vector) -> Vector:
    one, two, three = (
        sum(left * right for left, right in zip(row, vector, strict=True)) for row in matrix
    )
    return one, two, three


def linear(color: str) -> Vector:
    """Return the linear RGB, 0 to 1, of `#rrggbb`."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def lab(rgb: Vector) -> Vector:
    """Return the CIE L*a*b* of a linear RGB; what lies outside the screen's colours is cut."""
    red, green, blue = (min(max(part, 0.0), 1.0) for part in rgb)
    xyz = times(TO_XYZ, (red, green, blue))
    x, y, z = (_lightness(part / sum(row)) for part, row in zip(xyz, TO_XYZ, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _lightness(part: float) -> float:
    return float(part ** (1 / 3)) if part > (6 / 29) ** 3 else part / (3 * (6 / 29) ** 2) + 4 / 29


def distance(one: str, other: str, vision: str) -> float:
    """Return the CIE76 distance of two colours as the vision sees them."""
    left, right = (lab(times(VISION[vision], linear(color))) for color in (one, other))
    return math.dist(left, right)


def test_the_distance_is_that_of_known_colours() -> None:
    assert distance("#000000", "#ffffff", "normal") == pytest.approx(100, abs=0.1)
    assert distance("#ff0000", "#00ff00", "normal") == pytest.approx(170.6, abs=0.1)
    assert distance("#ff0000", "#00ff00", "protanopia") < 100


def test_the_labels_and_relations_are_those_decided_in_their_order() -> None:
    schema = sample_schema()
    assert schema.labels == LABELS
    assert {r.name: (r.head, r.tail) for r in schema.relations} == RELATIONS
    assert schema.relation_labels == tuple(RELATIONS)


def test_every_label_has_a_key_of_its_own() -> None:
    keys = [entity.hotkey for entity in sample_schema().entities]
    assert all(len(key) == 1 for key in keys)
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("entity", sample_schema().entities, ids=lambda entity: str(entity.name))
def test_every_label_is_defined_with_examples_and_counter_examples(entity: Entity) -> None:
    assert entity.definition
    assert entity.examples
    assert entity.counter_examples


@pytest.mark.parametrize("vision", VISION)
def test_every_two_colours_can_be_told_apart(vision: str) -> None:
    colors = [entity.color for entity in sample_schema().entities]
    near = {
        (one, other): round(distance(one, other, vision), 1)
        for one, other in combinations(colors, 2)
        if distance(one, other, vision) < LEAST_DISTANCE
    }
    assert near == {}


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
