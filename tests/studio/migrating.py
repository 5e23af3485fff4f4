"""A project of many annotated articles, and the version of the schema to which it goes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.markup import Marked
from annotate.schema import Regex, Schema
from annotate.schema.config import carried_schema, labelling_config
from annotate.schema.model import Entity, EntityChanges, Migration
from annotate.studio.client import Studio
from annotate.studio.encode import encode_relations, encode_spans, encode_task
from annotate.text import digest
from tests.conftest import Server
from tests.factories import sample_articles, sample_gold, sample_schema

RENAMED = {"RANK": "MILITARY_RANK", "EVENT": "ACTIVITY", "PROGRAM": "ACTIVITY"}
SPLIT: dict[str, tuple[str, ...]] = {"LOCATION": ("PROVINCE", "PLACE")}
REMOVED = "QUANTITY"
NEW_TITLE = "đặt tại"

_WORDS = [
    "mùa",
    "gặt",
    "sớm",
    "mai",
    "bờ",
    "đê",
    "con",
    "thuyền",
    "bến",
    "nước",
    "tiếng",
    "chim",
    "hàng",
    "tre",
    "mái",
    "đình",
]


def next_version() -> Schema:
    """Return the sample schema with one label renamed, two merged, one split, one removed."""
    old = sample_schema()
    replace = msgspec.structs.replace
    province = Regex("(?:tỉnh|thành phố) .+")
    entities: list[Entity] = []
    for entity in old.entities:
        inner = None if entity.contains is None else _labels(entity.contains)
        kept = replace(entity, contains=inner, examples=(), counter_examples=())
        if entity.name == "LOCATION":
            entities += [
                replace(kept, name="PROVINCE", title="Tỉnh", patterns=(province,)),
                replace(kept, name="PLACE", title="Nơi khác", hotkey="w", patterns=()),
            ]
        elif entity.name not in {REMOVED, "PROGRAM"}:
            entities.append(replace(kept, name=RENAMED.get(entity.name, entity.name)))
    relations = tuple(
        replace(
            relation, head=_labels(relation.head), tail=_labels(relation.tail),
            title=NEW_TITLE if relation.name == "located_in" else relation.title,
        )
        for relation in old.relations
    )  # fmt: skip
    changes = EntityChanges(
        rename={"RANK": "MILITARY_RANK"}, merge={"ACTIVITY": ("EVENT", "PROGRAM")},
        split=SPLIT, remove=(REMOVED,),
    )  # fmt: skip
    return replace(
        old, version="2.0.0", entities=tuple(entities), relations=relations, decisions=(),
        migrations=(Migration(old=old.version, to="2.0.0", entities=changes),),
    )  # fmt: skip


def _labels(names: tuple[str, ...]) -> tuple[str, ...]:
    now = [new for name in names for new in SPLIT.get(name, (RENAMED.get(name, name),))]
    return tuple(dict.fromkeys(name for name in now if name != REMOVED))


def many_articles(count: int) -> Iterator[tuple[Article, Marked]]:
    """Yield articles with gold: those of the sample, again and again with another last line."""
    draw = random.Random(7)  # noqa: S311
    bases = sorted(sample_articles())
    for number in range(count):
        base = sample_articles()[bases[number % len(bases)]]
        text = f"{base.text}\n\n{' '.join(draw.choices(_WORDS, k=12))}"
        article = msgspec.structs.replace(base, id=f"{number:04}-{base.id}"[:80], text=text)
        yield article, sample_gold()[base.id]


def fill(server: Server, project: int, count: int) -> list[Article]:
    """Import articles with their gold as annotations, as a push would have made the tasks."""
    schema = sample_schema()
    tasks, articles = [], []
    for article, gold in many_articles(count):
        result = encode_spans(schema, article.text, gold.spans)
        result += encode_relations(schema, gold.relations)
        task = encode_task(schema, article, gold.spans[:3])
        tasks.append({**task, "annotations": [{"result": result, "lead_time": 1.5}]})
        articles.append(article)
    for start in range(0, count, 200):
        server.call("POST", f"api/projects/{project}/import", tasks[start : start + 200])
    return articles


class Seen(NamedTuple):
    """Everything that people and machines marked in a project, as the server's own JSON."""

    annotations: dict[int, dict[str, Any]]
    drafts: dict[int, dict[str, Any]]
    predictions: dict[int, list[list[dict[str, Any]]]]


def look(server: Server, studio: Studio, project: int) -> Seen:
    """Ask the server itself for everything."""
    seen = Seen({}, {}, {})
    for predicted in studio.predicted_tasks(project):
        for one in predicted:
            results = [json.loads(bytes(p.result)) for p in one.predictions]
            seen.predictions[one.id] = results
    for annotated in studio.annotated_tasks(project):
        for task in annotated:
            for annotation in task.annotations:
                raw = server.call("GET", f"api/annotations/{annotation.id}/")
                seen.annotations[annotation.id] = raw
    for draft in studio.drafts(project):
        seen.drafts[draft.id] = server.call("GET", f"api/drafts/{draft.id}/")
    return seen


def labels_in(result: list[dict[str, Any]]) -> set[str]:
    return {mark["value"]["labels"][0] for mark in result if mark["type"] == "labels"}


def unconcerned(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the marks that the migration must not touch, the split ones included."""
    gone = {m["id"] for m in result if m["type"] == "labels" and labels_in([m]) == {REMOVED}}
    moved = {*RENAMED, REMOVED}
    return [
        mark
        for mark in result
        if (mark["type"] == "labels" and not labels_in([mark]) & moved)
        or (
            mark["type"] == "relation"
            and not {mark["from_id"], mark["to_id"]} & gone
            and mark["labels"] != ["ở tại"]
        )
    ]


def rewritten(result: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a result as it should be, by the plainest way: mark for mark."""
    gone = {m["id"] for m in result if m["type"] == "labels" and labels_in([m]) == {REMOVED}}
    new = []
    for mark in result:
        if mark.get("id") in gone or {mark.get("from_id"), mark.get("to_id")} & gone:
            continue
        if mark["type"] == "labels":
            label = mark["value"]["labels"][0]
            value = {**mark["value"], "labels": [RENAMED.get(label, label)]}
            new.append({**mark, "value": value})
        else:
            titles = [NEW_TITLE if title == "ở tại" else title for title in mark["labels"]]
            new.append({**mark, "labels": titles})
    return new


def labels_on_page(studio: Studio, project: int) -> set[str]:
    """Return the labels that the labelling page has, those under review too."""
    found = studio.project(project)
    assert found is not None
    carried = carried_schema(found.label_config)
    assert carried is not None
    assert labelling_config(carried.schema, carried.page.review) == found.label_config
    return set(carried.page.drawn.labels)


def digests(articles: list[Article]) -> dict[str, str]:
    return {article.id: digest(article.text) for article in articles}


def write_articles(folder: Path, articles: list[Article]) -> None:
    """Write articles as files of a corpus."""
    for article in articles:
        content = f"---\ntitle: {json.dumps(article.title)}\n---\n{article.text}\n"
        (folder / f"{article.id}.md").write_text(content, encoding="utf-8")
