"""The card says of each policy and tagging what the build does with it."""

from __future__ import annotations

import pytest

from annotate.dataset.card.words import loss_words, policy_words, tokens_words
from annotate.settings import Policy, Tagging
from annotate.spans import Span
from annotate.tokens import Token, tag
from tests.factories import make_span

POLICIES = {
    "latest": Policy(),
    "one": Policy(use="annotator", annotators=("an@example.org",)),
    "preferred": Policy(use="annotator", annotators=("an@example.org", "binh@example.org")),
    "starred": Policy(use="ground-truth"),
    "agreed": Policy(use="agreed", at_least=3),
}


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("latest", "the one changed last counts"),
        ("one", "one person"),
        ("preferred", "2 people named in an order of preference"),
        ("starred", "starred as ground truth"),
        ("agreed", "at least 3 people marked alike"),
    ],
)
def test_the_policy_is_told_in_words(policy: str, words: str) -> None:
    assert words in policy_words(POLICIES[policy])


@pytest.mark.parametrize("policy", POLICIES.values())
def test_no_policy_tells_who_annotated(policy: Policy) -> None:
    assert "@" not in policy_words(policy)


def test_every_policy_has_words_of_its_own() -> None:
    assert len({policy_words(policy) for policy in POLICIES.values()}) == len(POLICIES)


@pytest.mark.parametrize(
    ("tagging", "words"),
    [
        (
            Tagging(),
            ["for Vietnamese, syllables", "BIO", "the outermost is tagged", "the whole of"],
        ),
        (Tagging(scheme="BILOU"), ["BILOU", "`U-` is a span of one token"]),
        (Tagging(nesting="innermost"), ["the innermost is tagged"]),
        (Tagging(nesting="levels"), ["`ner_tags_2` to `ner_tags_3`"]),
        (Tagging(nesting="levels", levels=2), ["those within them in `ner_tags_2`."]),
        (Tagging(nesting="levels", levels=1), ["spans are tagged in `ner_tags`."]),
        (Tagging(cut="contract"), ["without the tokens that it cuts"]),
        (Tagging(cut="drop"), ["is not tagged"]),
        (Tagging(cut="error"), ["No span begins or ends within a token"]),
        (Tagging(tokenizer="underthesea"), ["those of `underthesea`"]),
        (Tagging(tokenizer="spacy:vi"), ["spaCy's `vi`"]),
    ],
)
def test_the_tokens_are_told_in_words(tagging: Tagging, words: list[str]) -> None:
    told = " ".join(tokens_words(tagging))
    assert [part for part in words if part not in told] == []


SENTENCES = [[Token(0, 2), Token(3, 5), Token(6, 8)], [Token(9, 11)]]
# Spans of which some are lost in any tagging, and the reasons that there are.
CASES: list[list[Span]] = [
    [make_span(0, 5), make_span(0, 2)],
    [make_span(0, 5), make_span(3, 8)],
    [make_span(6, 11)],
    [make_span(2, 3)],
    [make_span(0, 1), make_span(1, 2)],
    [make_span(0, 8), make_span(0, 5), make_span(0, 2), make_span(0, 2, "RANK")],
]


@pytest.mark.parametrize("nesting", ["outermost", "innermost", "levels"])
@pytest.mark.parametrize("cut", ["expand", "contract", "drop"])
def test_every_reason_for_a_loss_has_words(nesting: str, cut: str) -> None:
    tagging = Tagging(nesting=nesting, cut=cut)  # type: ignore[arg-type]
    reasons = {loss.reason for spans in CASES for loss in tag(SENTENCES, spans, tagging)[1]}
    assert len(reasons) >= 4
    for reason in reasons:
        assert "tagged" in loss_words(reason, tagging)


@pytest.mark.parametrize(
    ("nesting", "lost", "named"),
    [("outermost", 1, "begins first"), ("innermost", 0, "the shorter one")],
)
def test_of_crossing_spans_the_card_names_the_one_that_is_tagged(
    nesting: str, lost: int, named: str
) -> None:
    spans = [make_span(0, 8), make_span(6, 11)]
    tagging = Tagging(nesting=nesting)  # type: ignore[arg-type]
    sentence = [token for sentence in SENTENCES for token in sentence]
    ((span, reason),) = tag([sentence], spans, tagging)[1]
    assert span == spans[lost]
    assert named in loss_words(reason, tagging)
