"""Any valid schema on a real server: what is marked under it comes back as it was."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings

from annotate.corpus import Article
from annotate.schema import Schema
from annotate.schema.config import labelling_config
from annotate.schema.importing import import_config
from annotate.schema.model import Attribute, Option, RelationType
from annotate.spans import Annotation, Relation, SetAside, Span
from annotate.studio.client import Studio
from annotate.studio.encode import encode_relations, encode_spans
from annotate.studio.ledger import open_ledger
from annotate.studio.project import config_state
from annotate.studio.pull import pull
from annotate.studio.pushing import plan_push, push
from tests.conftest import Server
from tests.factories import make_choice, make_entity, make_schema
from tests.schema.strategies import schemas

TEXT = 'Ông 👨\u200d👩\u200d👧 Lê An, Trung tá, ở <b>xã</b> Đá & "Mường" ngày 1/2.'
_numbers = count()


def annotated(schema: Schema) -> Annotation:
    """Return an annotation that uses everything that the schema has."""
    words = [(4, 9), (10, 15), (17, 25), (27, 28)]
    spans = tuple(
        Span(
            id=f"s{n}", start=words[n % 4][0], end=words[n % 4][1], label=label,
            attributes={
                a.name: tuple(o.name for o in a.options[: 1 + a.multiple]) or ('chữ "x" & <y>',)
                for a in schema.attributes
                if label in a.labels
            },
        )
        for n, label in enumerate(schema.labels)
    )  # fmt: skip
    first, last = spans[0].id, spans[-1].id
    relations = tuple(Relation(head=first, tail=last, label=r) for r in schema.relation_labels)
    choices = {c.name: tuple(o.name for o in c.options[: 1 + c.multiple]) for c in schema.choices}
    return Annotation(
        id=0, article="a", sha256="", annotator="", status="submitted", created_at="",
        updated_at="", spans=spans, relations=relations, choices=choices,
    )  # fmt: skip


def encode_choices(schema: Schema, choices: dict[str, tuple[str, ...]]) -> list[dict[str, Any]]:
    text = schema.controls.text
    return [
        {
            "id": f"c-{n}", "from_name": name, "to_name": text, "type": "choices",
            "value": {"choices": list(answers)},
        }
        for n, (name, answers) in enumerate(choices.items())
    ]  # fmt: skip


class Trip(NamedTuple):
    """What came back of a schema and of what was annotated under it."""

    config: str
    state: str
    imported: Schema
    set_aside: tuple[SetAside, ...]
    spans: tuple[Span, ...]
    relations: tuple[Relation, ...]
    choices: dict[str, tuple[str, ...]]


def unharmed(schema: Schema) -> Trip:
    """Return what comes back when nothing is lost."""
    wanted = annotated(schema)
    marked = (wanted.spans, wanted.relations, wanted.choices)
    return Trip(labelling_config(schema), "in step", schema, (), *marked)


def round_trip(server: Server, studio: Studio, folder: Path, schema: Schema) -> Trip:
    """Push a schema, annotate with all that it has, and pull."""
    title = f"Hard {folder.name[-20:]} {next(_numbers)}"
    wanted = annotated(schema)
    with open_ledger(folder / f"{next(_numbers)}.sqlite3") as ledger:
        target = (studio, ledger, "s", title, schema)
        (place,) = push(*target, plan_push(*target, [Article(id="a", text=TEXT)])).places
        project = studio.project(place.project)
        assert project is not None
        state = config_state(project, ledger, "s", schema)
        (task,) = ledger.tasks(place)
        result = encode_spans(schema, TEXT, wanted.spans)
        result += encode_relations(schema, wanted.relations)
        studio.annotate(task, result + encode_choices(schema, wanted.choices))
        pull(studio, ledger, place, schema)
        (got,) = ledger.annotations(place)
    server.call("DELETE", f"api/projects/{place.project}/")
    imported = import_config(project.label_config).schema
    marked = (got.spans, got.relations, got.choices)
    return Trip(project.label_config, state, imported, got.set_aside, *marked)


# Each example is a project; to make a failing one smaller would take minutes.
@settings(
    max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)  # fmt: skip
@given(schema=schemas(without={"migrations", "decisions"}))
def test_any_valid_schema_goes_through_a_real_server(
    server: Server, studio: Studio, tmp_path: Path, schema: Schema
) -> None:
    assert round_trip(server, studio, tmp_path, schema) == unharmed(schema)


HARD = (
    'He said "no"', "R&D &amp; <b>", "it's", "👨\u200d👩\u200d👧 👍🏽", "x" * 200, "ệ" * 200,
    "a]]>b", "-->", "[x](Y)", "tỉnh  Sơn La",
)  # fmt: skip


def test_labels_that_are_hard_to_write_go_through_a_real_server(
    server: Server, studio: Studio, tmp_path: Path
) -> None:
    labels = tuple(make_entity(name, name, definition=name) for name in HARD)
    options = tuple(Option(name, name) for name in HARD)
    schema = make_schema(
        entities=labels,
        relations=tuple(RelationType(n, n, head=HARD[:1], tail=HARD[-1:]) for n in HARD),
        attributes=(
            Attribute("sure", "Sure?", HARD, options=options, multiple=True),
            Attribute("note", "A note", HARD),
        ),
        choices=(make_choice("kind", *HARD),),
    )
    assert round_trip(server, studio, tmp_path, schema) == unharmed(schema)
