"""Plain marks are read by a shorter way, which tells the same as the proof of any other."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import StudioError
from annotate.formats import Marked
from annotate.progress import silent
from annotate.schema.model import Attribute
from annotate.spans import Annotation
from annotate.studio.export.annotations import AnnotationReader
from annotate.studio.export.matching import Match
from annotate.studio.export.placing import Ground
from annotate.studio.export.raw import RawText
from annotate.studio.export.reading import read_tasks
from tests.factories import make_article, make_entity, make_schema
from tests.strategies import marked_texts

SCHEMA = make_schema(
    entities=tuple(make_entity(name, f"title {name}") for name in "ABC"),
    attributes=(Attribute(name="told", title="Told", labels=("A",)),),
)
Mark = dict[str, Any]


def read(text: str, result: Any) -> Annotation:
    """Return the annotation of an export's only task."""
    people = {"id": 5, "completed_by": 1, "created_at": "2024-06-15T08:00:00Z", "lead_time": 2.5}
    tasks = [{"data": {"text": text}, "annotations": [{**people, "result": result}]}]
    return read_written(text, json.dumps(tasks).encode())


def read_written(text: str, export: bytes) -> Annotation:
    with silent("", None) as advance:
        (task,) = read_tasks(io.BytesIO(export), Path("e.json"), advance)
    (told,) = task.everyones
    match = Match(make_article(text), Ground(RawText(text), text))
    return AnnotationReader(SCHEMA).read(match, told, 5, "an")


def mark(start: Any, end: Any, text: Any, label: Any = "A", **fields: Any) -> Mark:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    controls = {"from_name": "label", "to_name": "text", "type": "labels"}
    return {"id": f"{start}", **controls, "value": value, **fields}


def looked_at(marks: Iterable[Mark]) -> list[Mark]:
    """Give every mark what the shorter way does not know."""
    return [{**one, "hidden": False} for one in marks]


@given(marked_texts(), st.data())
def test_both_ways_tell_the_same(drawn: Marked, data: st.DataObject) -> None:
    text = drawn.text
    titles = st.sampled_from(("", "title "))
    shift = st.sampled_from((0, 0, 0, 1, -1))
    marks = [
        mark(
            one.start + data.draw(shift), one.end, text[one.start : one.end],
            data.draw(titles) + one.label,
        )
        for one in drawn.spans
    ]  # fmt: skip
    one, other = read(text, marks), read(text, looked_at(marks))
    assert one.spans == other.spans
    assert [aside.reason for aside in one.set_aside] == [a.reason for a in other.set_aside]
    assert (one.status, one.annotator, one.updated_at, one.repaired, one.sha256) == (
        other.status, other.annotator, other.updated_at, other.repaired, other.sha256
    )  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    [
        mark(0, 5, "Lê An", "GONE"),
        mark(0, 5, "Lê Bn"),
        mark(0, 5, None),
        mark(None, 5, "Lê An"),
        mark(-5, 5, "Lê An"),
        mark(5, 5, ""),
        mark(0, 5, "Lê An", from_name="told", type="choices"),
        mark(0, 5, "Lê An", from_name="told"),
        mark(0, 5, "Lê An", type="relation"),
        {"type": "relation", "from_id": "0", "to_id": "1", "direction": "right", "labels": ["x"]},
    ],
    ids=str,
)
def test_one_odd_mark_is_proved_or_set_aside_as_ever(odd: Mark) -> None:
    text = "Lê An nói"
    marks = [mark(6, 9, "nói"), odd]
    one, other = read(text, marks), read(text, looked_at(marks))
    assert (one.spans, len(one.set_aside)) == (other.spans, len(other.set_aside))
    assert len(one.spans) + len(one.set_aside) == 2


def test_an_annotation_without_marks_has_none() -> None:
    assert read("Lê An", []).spans == read("Lê An", None).spans == ()


def test_half_a_character_in_a_mark_is_set_aside() -> None:
    found = read("Lê An", [mark(0, 5, "\ud83d")])
    assert (len(found.spans), len(found.set_aside)) == (0, 1)


def test_a_mark_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(StudioError, match="the marks of annotation 5 are not JSON: 'utf-8' codec"):
        read_written(
            "Lê An",
            b'[{"data": {"text": "L\\u00ea An"}, "annotations": [{"id": 5, "result": ['
            b'{"type": "labels", "value": {"text": "\xff"}}]}]}]',
        )
