"""Which annotation counts: each policy by example, and what people agree on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from annotate.dataset.policy import choose
from annotate.errors import DatasetError
from annotate.settings import DatasetSettings, Policy
from annotate.spans import Annotation, Relation, SetAside, Span, age
from tests.dataset.building import ONLY_TRAIN, build_into, rows
from tests.factories import make_annotation, make_article, make_choice, make_schema, make_span

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


@pytest.mark.parametrize(("undirected", "votes"), [((), 0), (("r",), 1)])
def test_a_relation_that_holds_both_ways_is_agreed_on_whichever_end_was_drawn_first(
    undirected: tuple[str, ...], votes: int
) -> None:
    name, place = make_span(9, 14, "A"), make_span(0, 3, "B")
    one, other = (
        Relation(head=head.id, tail=tail.id, label="r")
        for head, tail in ((name, place), (place, name))
    )
    people = [
        by(f"p{n}", name, place, number=n, relations=(drawn,))
        for n, drawn in enumerate((one, other), start=1)
    ]
    found = choose(ARTICLE.sha256, people, AGREED, (), undirected).annotation
    assert found is not None
    labels = {span.id: span.label for span in found.spans}
    assert [(labels[r.head], labels[r.tail]) for r in found.relations] == [("B", "A")] * votes
    # One who drew it both ways is one person.
    alone = by("p1", name, place, relations=(one, other))
    both = choose(ARTICLE.sha256, [alone, by("p2", name, place)], AGREED, (), undirected).annotation
    assert both is not None
    assert both.relations == ()


def test_the_schema_says_which_relations_hold_both_ways(tmp_path: Path) -> None:
    (kind,) = make_schema().relations
    schema = make_schema(relations=(msgspec.structs.replace(kind, directed=False),))
    rank, name = make_span(0, 8, "RANK"), make_span(9, 14)
    people = [
        by(f"p{n}", rank, name, number=n, relations=(arrow,))
        for n, arrow in enumerate(
            [
                Relation(head=rank.id, tail=name.id, label="holds_rank"),
                Relation(head=name.id, tail=rank.id, label="holds_rank"),
            ],
            start=1,
        )
    ]
    settings = msgspec.structs.replace(ONLY_TRAIN, policy=AGREED)
    built = build_into(tmp_path / "d", [ARTICLE], people, schema, settings)
    assert (built.relations, built.unfit) == (1, 0)


def test_people_who_agree_on_nothing_make_a_row_without_entities(tmp_path: Path) -> None:
    people = [by("an", make_span(9, 14), number=1), by("binh", make_span(0, 8), number=2)]
    settings = msgspec.structs.replace(ONLY_TRAIN, policy=AGREED)
    built = build_into(tmp_path / "d", [ARTICLE], people, settings=settings)
    assert (built.articles, built.entities, built.ineligible) == (1, 0, 0)


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


def topics(
    given_ones: list[tuple[str, ...]], several: tuple[str, ...], least: int = 2
) -> tuple[str, ...]:
    """Return what people who answered so agree on, of the article and of a span alike."""
    people = [
        by(
            f"p{n}",
            msgspec.structs.replace(make_span(9, 14), attributes={"topic": answers}),
            number=n + 1,
            choices={"topic": answers},
        )
        for n, answers in enumerate(given_ones)
    ]
    policy = Policy(use="agreed", at_least=least)
    found = choose(ARTICLE.sha256, people, policy, several).annotation
    backwards = choose(ARTICLE.sha256, people[::-1], policy, several).annotation
    assert found is not None
    assert found == backwards
    for span in found.spans:
        assert span.attributes == found.choices
    return found.choices.get("topic", ())


@pytest.mark.parametrize(
    ("given_ones", "several", "one"),
    [
        ([("x", "y"), ("y", "z"), ("z", "x")], ("x", "y", "z"), ()),
        ([("x", "w"), ("y", "x"), ("y",)], ("x", "y"), ()),
        ([("pos",), ("neg",), ("pos",), ("neg",), ("neg",)], ("pos", "neg"), ("neg",)),
        ([("pos",), ("neg",), ("pos",), ("neg",)], ("pos", "neg"), ()),
        ([("pos",), ("neg",)], (), ()),
        ([("pos",), ()], (), ()),
    ],
)
def test_several_answers_are_all_that_enough_gave_and_one_is_that_of_the_most(
    given_ones: list[tuple[str, ...]], several: tuple[str, ...], one: tuple[str, ...]
) -> None:
    assert topics(given_ones, ("topic", "other")) == several
    assert topics(given_ones, ("other",)) == one


@given(st.lists(st.sampled_from("xyz"), min_size=3, max_size=7), st.integers(2, 3))
@example(list("yxyxx"), 2)
def test_one_agreed_answer_is_nobodys_minority(votes: list[str], least: int) -> None:
    counts = Counter(votes)
    best = [answer for answer in counts if counts[answer] == max(counts.values())]
    found = topics([(vote,) for vote in votes], (), least)
    assert found == ((best[0],) if len(best) == 1 and counts[best[0]] >= least else ())


def test_what_people_agree_on_is_as_new_as_the_newest_of_it() -> None:
    people = [FIRST, by("binh", number=2), by("an@example.org", number=9)]
    found = choose(ARTICLE.sha256, people, AGREED).annotation
    assert found is not None
    assert (found.updated_at, found.id) == ("2026-01-09T00:00:00Z", 9)


def test_marks_that_count_meanwhile_are_found_under_every_policy() -> None:
    def doubted(name: str, number: int) -> Annotation:
        spans = make_span(9, 14, span_id=f"{name}-1"), make_span(0, 3, name, f"{name}-2")
        asides = [SetAside(reason="r", mark=msgspec.Raw(b"{}"), span=one.id) for one in spans]
        lost = SetAside(reason="r", mark=msgspec.Raw(b"{}"))
        return by(name, *spans, number=number, set_aside=(*asides, lost))

    people = [doubted("an", 1), doubted("binh", 2)]
    agreed = choose(ARTICLE.sha256, people, AGREED)
    assert agreed.annotation is not None
    assert [(one.start, one.end) for one in agreed.annotation.spans] == [(9, 14)]
    assert (agreed.doubtful, len(agreed.annotation.set_aside)) == (2, 6)
    assert choose(ARTICLE.sha256, people, Policy()).doubtful == 2


def test_marks_that_count_because_people_agree_are_not_told_as_left_out(tmp_path: Path) -> None:
    people = [
        by(
            name, make_span(9, 14, span_id=name), number=number,
            set_aside=(SetAside(reason="r", mark=msgspec.Raw(b"{}"), span=name),),
        )
        for number, name in enumerate(("an", "binh"), start=1)
    ]  # fmt: skip
    settings = msgspec.structs.replace(ONLY_TRAIN, policy=AGREED)
    built = build_into(tmp_path / "d", [ARTICLE], people, settings=settings)
    assert (built.entities, built.doubtful, built.set_aside) == (1, 2, 0)


def test_the_schema_says_which_questions_take_several_answers(tmp_path: Path) -> None:
    given_ones = [("x", "y"), ("y", "z"), ("z", "x")]
    people = [
        by(f"p{n}", number=n + 1, choices={"topics": several, "kind": (one,)})
        for n, (several, one) in enumerate(zip(given_ones, "aba", strict=True))
    ]
    schema = make_schema(
        choices=(make_choice("kind", "a", "b"), make_choice("topics", *"xyz", multiple=True))
    )
    settings = msgspec.structs.replace(ONLY_TRAIN, policy=AGREED)
    build_into(tmp_path / "d", [ARTICLE], people, schema, settings)
    (row,) = rows(tmp_path / "d", "spans")
    assert (row["kind"], row["topics"]) == (0, [0, 1, 2])


def test_a_fraction_of_a_second_is_later_than_none_and_no_time_is_the_oldest() -> None:
    times = ["", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z"]
    made = [make_annotation(ARTICLE, updated_at=time, id=9 - n) for n, time in enumerate(times)]
    backwards = made[::-1]
    assert sorted(backwards, key=age) == made


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
    with pytest.raises(DatasetError, match="the policy names 'ghost") as caught:
        build_into(tmp_path / "d", [ARTICLE], [FIRST], settings=settings)
    # It may have been named by an option as well.
    assert "annotate.toml" not in str(caught.value)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("policy", "problem", "remedy"),
    [
        (Policy(use="ground-truth"), "no annotation is starred as ground truth", "Star some in"),
        (Policy(use="agreed", at_least=3), "no article has annotations of at least 3 people",
         "Let more people annotate"),
        (Policy(use="annotator", annotators=("chi@example.org", "em@example.org")),
         "no article has an annotation of chi@example.org or em@example.org", "Name somebody else"),
    ],
)  # fmt: skip
def test_a_policy_that_takes_nothing_at_all_says_why(
    tmp_path: Path, policy: Policy, problem: str, remedy: str
) -> None:
    # These two are known, but not for work on this text.
    others = [by(f"{name}@example.org", status="skipped") for name in ("chi", "em")]
    settings = msgspec.structs.replace(ONLY_TRAIN, policy=policy)
    with pytest.raises(DatasetError) as caught:
        build_into(tmp_path / "d", [ARTICLE], [FIRST, *others], settings=settings)
    assert caught.value.problem == problem
    assert caught.value.remedy.startswith(remedy)
    assert caught.value.remedy.endswith("or build with --policy latest.")


@pytest.mark.parametrize(
    "told",
    [
        {"use": "annotator"},
        {"annotators": ["a"]},
        {"use": "agreed", "at-least": 1},
        {"use": "latest", "at-least": 2},
        {"at-least": 3},
    ],
)
def test_a_policy_that_says_two_things_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match=r"annotators|at-least"):
        msgspec.convert({"policy": told}, DatasetSettings)


def test_two_people_agree_where_no_number_is_said() -> None:
    assert Policy(use="agreed") == Policy(use="agreed", at_least=2)
    assert Policy().at_least is None
