"""Relations between labels that the schema does not allow are counted and told, and stay."""

from __future__ import annotations

from pathlib import Path

import msgspec

from annotate.dataset.built import Built
from annotate.dataset.checking import check_built
from annotate.dataset.lock import LOCK, read_lock
from annotate.schema import Schema
from annotate.spans import Relation
from tests.dataset.building import build_into, rows
from tests.factories import make_annotation, make_article, make_schema, make_span

NAME = "ends of every relation"
TURNED = "a{}: holds_rank goes from RANK to PERSON and may go from PERSON to RANK"


def build_turned(out: Path, count: int = 1, schema: Schema | None = None) -> Built:
    """Build articles in each of which one relation is drawn as it should be and one turned."""
    articles = [make_article(article_id=f"a{number}") for number in range(count)]
    rank, person = make_span(0, 8, "RANK", "r"), make_span(9, 14, "PERSON", "p")
    ends = (("p", "r"), ("r", "p"))
    arrows = tuple(Relation(head=head, tail=tail, label="holds_rank") for head, tail in ends)
    annotations = [make_annotation(one, rank, person, relations=arrows) for one in articles]
    return build_into(out, articles, annotations, schema)


def note(folder: Path) -> str:
    (found,) = (one for one in check_built(folder) if one.name == NAME)
    assert found.holds
    return found.note


def test_a_relation_that_the_schema_does_not_allow_is_counted_and_stays(tmp_path: Path) -> None:
    built = build_turned(tmp_path / "out", 2)
    assert (built.relations, built.unfit) == (4, 2)
    assert [len(row["relations"]) for row in rows(tmp_path / "out", "spans")] == [2, 2]


def test_the_check_names_up_to_three_with_what_is_allowed(tmp_path: Path) -> None:
    build_turned(tmp_path / "few", 2)
    told = "; ".join(TURNED.format(number) for number in range(2))
    assert note(tmp_path / "few") == f"2 that the schema does not allow: {told}"
    build_turned(tmp_path / "many", 5)
    told = "; ".join(TURNED.format(number) for number in range(3))
    assert note(tmp_path / "many") == f"5 that the schema does not allow: {told}; and 2 more"


def test_a_relation_that_holds_both_ways_fits_either_way(tmp_path: Path) -> None:
    (kind,) = make_schema().relations
    both = make_schema(relations=(msgspec.structs.replace(kind, directed=False),))
    assert build_turned(tmp_path / "out", schema=both).unfit == 0
    assert note(tmp_path / "out") == ""


def test_a_dataset_that_does_not_tell_what_is_allowed_is_a_warning(tmp_path: Path) -> None:
    out = tmp_path / "out"
    build_turned(out)
    old = msgspec.structs.replace(read_lock(out), relations=msgspec.UNSET)
    (out / LOCK).write_bytes(msgspec.json.encode(old))
    unknown = "no annotate.lock here tells which ones the schema allows"
    assert note(out) == unknown
    (out / LOCK).unlink()
    assert note(out) == unknown


def test_without_relations_there_is_nothing_to_warn_of(tmp_path: Path) -> None:
    article = make_article()
    annotation = make_annotation(article, make_span(9, 14))
    build_into(tmp_path / "out", [article], [annotation], make_schema(relations=()))
    (tmp_path / "out" / LOCK).unlink()
    assert note(tmp_path / "out") == ""
