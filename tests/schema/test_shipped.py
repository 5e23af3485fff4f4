"""The shipped schemas: complete, with colours that all can tell apart, and true to themselves."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path

import pytest
from msgspec.structs import fields

from annotate.markup import read_inline
from annotate.schema import Entity, Schema, load_schema, parse_schema, suggest
from annotate.workspace import shipped

SCHEMAS = {path.stem: load_schema(path) for path in sorted(shipped("schemas").glob("*.yaml"))}
PAGE = Path(__file__).parents[2] / "docs" / "schema.md"
every_schema = pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
every_label = pytest.mark.parametrize(
    "entity",
    [entity for schema in SCHEMAS.values() for entity in schema.entities],
    ids=[f"{schema.name}-{label}" for schema in SCHEMAS.values() for label in schema.labels],
)
LABELS = {
    "clinical-notes": ("DRUG", "REASON", "DOSE", "ROUTE", "FREQUENCY", "DURATION"),
    "conll-2003": ("PER", "ORG", "LOC", "MISC"),
    "phoner-covid19": (
        "PATIENT_ID", "NAME", "AGE", "GENDER", "OCCUPATION", "LOCATION", "ORGANIZATION",
        "SYMPTOM_AND_DISEASE", "TRANSPORTATION", "DATE",
    ),
}  # fmt: skip
# As the schema files say.
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


def test_these_schemas_are_shipped() -> None:
    assert list(SCHEMAS) == ["clinical-notes", "conll-2003", "phoner-covid19", "security-news"]
    assert [schema.name for schema in SCHEMAS.values()] == list(SCHEMAS)


@pytest.mark.parametrize("name", LABELS)
def test_the_labels_are_those_of_the_field(name: str) -> None:
    assert SCHEMAS[name].labels == LABELS[name]


@pytest.mark.parametrize("name", ["clinical-notes", "conll-2003", "phoner-covid19"])
def test_labels_of_flat_schemas_contain_none(name: str) -> None:
    assert {entity.contains for entity in SCHEMAS[name].entities} == {()}


def test_one_schema_has_every_kind_of_question() -> None:
    schema = SCHEMAS["clinical-notes"]
    assert {bool(attribute.options) for attribute in schema.attributes} == {True, False}
    assert {attribute.multiple for attribute in schema.attributes} == {True, False}
    assert {choice.multiple for choice in schema.choices} == {True, False}
    assert {relation.directed for relation in schema.relations} == {True, False}
    assert schema.granularity == "character"


@every_schema
def test_every_label_has_a_key_of_its_own(schema: Schema) -> None:
    keys = [entity.hotkey for entity in schema.entities]
    assert all(len(key) == 1 for key in keys)
    assert len(set(keys)) == len(keys)


@every_label
def test_every_label_is_defined_with_examples_and_counter_examples(entity: Entity) -> None:
    assert entity.definition
    assert entity.examples
    assert entity.counter_examples


@every_schema
def test_every_schema_has_guidelines_and_decisions_with_examples(schema: Schema) -> None:
    assert schema.guidelines
    assert schema.decisions
    assert all(decision.examples for decision in schema.decisions)


@every_schema
def test_every_label_comes_in_an_example_of_a_decision(schema: Schema) -> None:
    examples = [example for decision in schema.decisions for example in decision.examples]
    shown = {span.label for example in examples for span in read_inline(example).spans}
    assert shown == set(schema.labels)


@every_label
def test_a_marked_example_of_a_label_shows_that_label(entity: Entity) -> None:
    for example in entity.examples:
        labels = {span.label for span in read_inline(example).spans}
        assert not labels or entity.name in labels


@every_schema
def test_what_patterns_suggest_in_marked_examples_is_marked(schema: Schema) -> None:
    examples = [example for decision in schema.decisions for example in decision.examples]
    examples += [example for entity in schema.entities for example in entity.examples]
    for marked in map(read_inline, examples):
        marks = {(span.start, span.end, span.label) for span in marked.spans}
        found = {(span.start, span.end, span.label) for span in suggest(schema, marked.text)}
        # One without markup is an example as a whole.
        assert found <= marks or not marks, marked.text


@pytest.mark.parametrize("vision", VISION)
@every_schema
def test_every_two_colours_can_be_told_apart(schema: Schema, vision: str) -> None:
    colors = [entity.color for entity in schema.entities]
    near = {
        (one, other): round(distance(one, other, vision), 1)
        for one, other in combinations(colors, 2)
        if distance(one, other, vision) < LEAST_DISTANCE
    }
    assert near == {}


def test_the_example_in_the_documentation_is_a_good_schema() -> None:
    example, *_ = re.findall(r"(?ms)^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"))
    schema = parse_schema(example)
    assert schema.labels == ("RIVER", "FLOOD", "DATE")
    # It shows every part but what only a later version or another's project has.
    parts = set(Schema.__struct_fields__) - {"granularity", "migrations", "controls"}
    assert all(getattr(schema, part) for part in parts)


def test_the_documentation_has_every_key() -> None:
    page = PAGE.read_text(encoding="utf-8")
    keys = {field.encode_name for kind in (Schema, Entity) for field in fields(kind)}
    assert {key for key in keys if f"`{key}" not in page} == set()
