"""Tasks for Label Studio: a real server takes them, shows them, and gives back the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.corpus import Article
from annotate.errors import FormatError
from annotate.formats import Marked
from annotate.formats.document import Document, Losses
from annotate.schema import Schema, labelling_config
from annotate.schema.model import Attribute, Option
from annotate.spans import Annotation, Relation, Span, reading_order
from annotate.studio.client import Studio
from annotate.studio.export import import_export
from annotate.studio.export.writing import write_tasks
from annotate.studio.ledger import EXPORT, Ledger, Place, open_ledger
from tests.conftest import Server
from tests.factories import (
    make_choice,
    make_entity,
    make_schema,
    make_span,
    sample_articles,
    sample_gold,
    sample_schema,
)
from tests.strategies import marked_texts

FORM = Attribute(name="form", title="Form", labels=("PERSON",))
KIND = Attribute(
    name="kind", title="Kind", labels=("PERSON",), multiple=True,
    options=(Option("real", "Real"), Option("alias", "Alias")),
)  # fmt: skip
SCHEMA = make_schema(
    attributes=(FORM, KIND),
    choices=(make_choice("topic", "crime", "sport"), make_choice("mood", "a", "b", multiple=True)),
)
TEXT = "Ông 👩🏾\u200d🚒 Lê An <b>là</b> Trung tá.\n\nÔng Lê  An &amp; đến."
PERSON = Span(
    id="p", start=8, end=13, label="PERSON",
    attributes={"form": ("Lê An", ), "kind": ("real", "alias")},
)  # fmt: skip
RANK = Span(id="r", start=24, end=32, label="RANK")
FULL = Document(
    id="mot", text=TEXT, spans=(PERSON, RANK), annotator="an@example.org",
    relations=(Relation(head="p", tail="r", label="holds_rank"),),
    choices={"topic": ("crime",), "mood": ("b", "a")},
    metadata={
        "title": "Tin", "url": "https://example.org/1", "page": "3",
        "published_at": "2024-03-12T08:00:00+07:00", "language": "vi",
    },
)  # fmt: skip

LIKES = Relation(head="p", tail="r", label="likes")


def write(path: Path, *documents: Document, schema: Schema = SCHEMA) -> tuple[Any, Losses]:
    losses = Losses()
    write_tasks(documents, path, losses, schema=schema)
    return json.loads(path.read_text(encoding="utf-8")), losses


def told(ledger: Ledger, number: int = 1) -> dict[str, Annotation]:
    return {one.article: one for one in ledger.annotations(Place(EXPORT, number))}


def by_place(spans: Sequence[Span]) -> list[Span]:
    return sorted(spans, key=reading_order)


def test_a_task_is_what_an_article_is_pushed_as(tmp_path: Path) -> None:
    (task,), losses = write(tmp_path / "a.json", FULL)
    article = Article(id="mot", text=TEXT)
    unshown = {"published_at": "2024-03-12T08:00:00+07:00", "language": "vi"}
    assert task["meta"] == {"article": "mot", "sha256": article.sha256, **unshown}
    assert (task["data"]["article"], task["data"]["text"]) == ("mot", TEXT)
    assert (task["data"]["title"], task["data"]["url"]) == ("Tin", "https://example.org/1")
    assert losses == {"annotators": 1, "metadata": 1}
    assert "an@example.org" not in (tmp_path / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(("schema", "gold"), [(SCHEMA, False), (sample_schema(), True)])
def test_a_server_gives_back_what_was_written(
    studio: Studio, server: Server, ledger: Ledger, tmp_path: Path, title: str, schema: Schema,
    *, gold: bool,
) -> None:  # fmt: skip
    documents = [FULL]
    if gold:
        documents = [
            Document(id=name, text=article.text, spans=marked.spans, relations=marked.relations)
            for name, article in sample_articles().items()
            if (marked := sample_gold().get(name))
        ]
    tasks, _ = write(tmp_path / "out.json", *documents, schema=schema)
    project = studio.create_project(title, {"label_config": labelling_config(schema)}).id
    studio.import_tasks(project, tasks)
    path = f"api/projects/{project}/export?exportType=JSON&download_all_tasks=true"
    (tmp_path / "back.json").write_text(json.dumps(server.call("GET", path)), encoding="utf-8")
    kept = json.loads((tmp_path / "back.json").read_text(encoding="utf-8"))
    assert [one["meta"] for one in kept] == [one["meta"] for one in tasks]
    articles = [Article(id=one.id, text=one.text) for one in documents]
    found = import_export(ledger, tmp_path / "back.json", articles, schema)
    assert (found.set_aside, found.repaired, found.unmatched) == (0, 0, [])
    back = told(ledger)
    assert len(back) == len(documents)
    for one in documents:
        assert by_place(back[one.id].spans) == by_place(one.spans)
        assert Counter(back[one.id].relations) == Counter(one.relations)
        assert back[one.id].choices == one.choices


@given(marked_texts(), st.booleans())
def test_whatever_is_marked_is_read_again_without_a_server(
    tmp_path_factory: pytest.TempPathFactory, drawn: Marked, ends: bool
) -> None:
    folder = tmp_path_factory.mktemp("tasks")
    schema = make_schema(
        entities=tuple(make_entity(name, name) for name in "ABC"),
        relations=tuple(
            msgspec.structs.replace(SCHEMA.relations[0], name=name, title=f"is {name}")
            for name in "rq"
        ),
    )
    document = Document(id="a", text=drawn.text, spans=drawn.spans, relations=drawn.relations)
    more = [Document(id="b", text="Khác.")] if ends else []
    write(folder / "a.json", document, *more, schema=schema)
    articles = [Article(id=one.id, text=one.text) for one in (document, *more)]
    with open_ledger(folder / "ledger.sqlite3") as ledger:
        found = import_export(ledger, folder / "a.json", articles, schema)
        back = told(ledger)
    assert (found.submitted, found.set_aside) == (1 + len(more), 0)
    assert by_place(back["a"].spans) == by_place(drawn.spans)
    assert Counter(back["a"].relations) == Counter(drawn.relations)


@pytest.mark.parametrize(
    ("fields", "lacking"),
    [
        ({"spans": (make_span(0, 3, "ODD"),)}, "label ODD"),
        ({"spans": (PERSON, RANK), "relations": (LIKES,)}, "relation likes"),
        ({"choices": {"sky": ("blue",)}}, "question sky"),
        ({"choices": {"topic": ("war",)}}, "answer war to topic"),
        (
            {"spans": (Span(id="s", start=0, end=3, label="RANK", attributes={"size": ("x",)}),)},
            "question size",
        ),
    ],
)
def test_what_the_schema_lacks_is_refused_before_a_server_takes_it_silently(
    tmp_path: Path, fields: dict[str, Any], lacking: str
) -> None:
    (tmp_path / "a.json").write_text("before", encoding="utf-8")
    with pytest.raises(FormatError, match=f"mot: the schema small has no {lacking}"):
        write(tmp_path / "a.json", Document(id="mot", text=TEXT, **fields))
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["before"]


def test_nothing_is_an_empty_list(tmp_path: Path) -> None:
    assert write(tmp_path / "a.json") == ([], {})
