"""Which annotation counts: each policy by example, and what people agree on."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.dataset.policy import choose
from annotate.errors import DatasetError
from annotate.spans import Annotation, Relation, Span
from annotate.workspace import DatasetSettings, Policy
from tests.dataset.building import ONLY_TRAIN, build_into, rows
from tests.factories import make_annotation, make_article, make_span

ARTICLE = make_article()
AGREED = Policy(use="agreed")


def by(annotator: str, *spans: Span, number: int = 1, **fields: object) -> Annotation:
    made = make_annotation(ARTICLE, *spans)
    times = {"updated_at": f"2026-01-0{number}T00:00:00Z"}
    return msgspec.structs.replace(made, annotator=annotator, id=number, **times, **fields)


FIRST = by("an@example.org", make_span(9, 14), number=1)
SECOND = by("binh@example.org", make_span(0, 3), number=2)
STARRED = by("chi@example.org", make_span(4, 8), number=1, ground_truth=True)


@pytest.mark.parametrize(
    ("policy", "given_ones", "chosen"),
    [
        (Policy(), [SECOND, FIRST], SECOND),
        (Policy(use="annotator", annotators=("an@example.org",)), [FIRST, SECOND], FIRST),
        (
            Policy(use="annotator", annotators=("nobody", "binh@example.org", "an@example.org")),
            [FIRST, SECOND],
            SECOND,
        ),
        (Policy(use="annotator", annotators=("chi@example.org",)), [FIRST, SECOND], None),
        (Policy(use="ground-truth"), [FIRST, STARRED, SECOND], STARRED),
        (Policy(use="ground-truth"), [FIRST, SECOND], None),
    ],
)
def test_the_policy_chooses(
    policy: Policy, given_ones: list[Annotation], chosen: Annotation | None
) -> None:
    choice = choose(ARTICLE.sha256, given_ones, policy)
    assert choice.annotation == chosen
    assert choice.ineligible == (chosen is None)
    assert choice.superseded == (len(given_ones) - 1 if chosen else 0)


def test_skipped_work_drafts_and_work_on_another_text_never_count() -> None:
    others = [
        by("an@example.org", number=3, status="skipped"),
        by("an@example.org", number=4, status="draft"),
        by("an@example.org", make_span(0, 1), number=5, sha256="0" * 64),
    ]
    for policy in (Policy(), AGREED, Policy(use="ground-truth")):
        choice = choose(ARTICLE.sha256, others, policy)
        assert (choice.annotation, choice.outdated, choice.ineligible) == (None, 1, False)


def test_agreed_is_what_enough_people_marked_alike() -> None:
    name, place = make_span(9, 14, "A"), make_span(0, 3, "B")
    arrow = Relation(head=name.id, tail=place.id, label="r")
    turned = msgspec.structs.replace(name, id="other")
    people = [
        by("an", name, place, number=1, relations=(arrow,), choices={"topic": ("x", "y")}),
        by(
            "binh", turned, place, number=2,
            relations=(Relation(head="other", tail=place.id, label="r"),),
            choices={"topic": ("y",)},
        ),
        by("chi", make_span(9, 14, "C"), number=3),
    ]  # fmt: skip
    choice = choose(ARTICLE.sha256, people, AGREED)
    found = choice.annotation
    assert found is not None
    assert [(s.start, s.end, s.label) for s in found.spans] == [(0, 3, "B"), (9, 14, "A")]
    (kept,) = found.relations
    ends = {span.id: span for span in found.spans}
    assert (ends[kept.head].label, ends[kept.tail].label) == ("A", "B")
    assert found.choices == {"topic": ("y",)}
    assert (choice.superseded, choice.ineligible) == (0, False)
    nobody = choose(ARTICLE.sha256, people[:1], AGREED)
    assert (nobody.annotation, nobody.ineligible) == (None, True)


extents = st.tuples(st.integers(0, 5), st.integers(6, 9), st.sampled_from("AB"))


@given(st.lists(st.lists(extents, max_size=6), min_size=2, max_size=4), st.integers(2, 4))
def test_agreed_spans_are_those_with_enough_votes_whatever_the_order(
    marked: list[list[tuple[int, int, str]]], least: int
) -> None:
    people = [
        by(f"p{n}", *(make_span(*extent) for extent in one), number=n + 1)
        for n, one in enumerate(marked)
    ]
    policy = Policy(use="agreed", at_least=least)
    found = choose(ARTICLE.sha256, people, policy).annotation
    assert choose(ARTICLE.sha256, people[::-1], policy).annotation == found
    votes = {extent: sum(extent in one for one in marked) for one in marked for extent in one}
    agreed = {extent for extent, count in votes.items() if count >= least}
    told = [(s.start, s.end, s.label) for s in found.spans] if found else []
    assert (sorted(told) == sorted(agreed)) if len(people) >= least else (found is None)


def test_an_article_that_the_policy_takes_nothing_of_is_counted(tmp_path: Path) -> None:
    other = make_article("Một bài khác ở đây", "other")
    policy = Policy(use="ground-truth")
    settings = msgspec.structs.replace(ONLY_TRAIN, policy=policy)
    plain = make_annotation(other, make_span(0, 3))
    built = build_into(tmp_path / "d", [ARTICLE, other], [STARRED, plain], settings=settings)
    assert (built.articles, built.ineligible, built.unannotated) == (1, 1, 1)
    assert (built.annotations, built.annotators) == (2, len({STARRED.annotator, plain.annotator}))


def test_with_unannotated_articles_they_are_rows_without_entities(tmp_path: Path) -> None:
    other = make_article("Một bài khác ở đây", "other")
    settings = msgspec.structs.replace(ONLY_TRAIN, include_unannotated=True)
    built = build_into(tmp_path / "d", [ARTICLE, other], [FIRST], settings=settings)
    assert (built.articles, built.unannotated) == (1, 1)
    found = {row["id"]: len(row["entities"]) for row in rows(tmp_path / "d", "spans")}
    assert found == {ARTICLE.id: 1, "other": 0}


def test_a_policy_that_names_somebody_unknown_is_refused(tmp_path: Path) -> None:
    policy = Policy(use="annotator", annotators=("ghost@example.org",))
    settings = msgspec.structs.replace(ONLY_TRAIN, policy=policy)
    with pytest.raises(DatasetError, match="who submitted nothing"):
        build_into(tmp_path / "d", [ARTICLE], [FIRST], settings=settings)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    "told", [{"use": "annotator"}, {"annotators": ["a"]}, {"use": "agreed", "at-least": 1}]
)
def test_a_policy_that_says_two_things_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"annotators|at-least"):
        msgspec.convert({"policy": told}, DatasetSettings)
