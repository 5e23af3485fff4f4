"""Tags of many texts at once are those of each by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotate.errors import TaggingError
from annotate.formats import Marked
from annotate.tokens import Loss, Tagging, syllables, tag
from annotate.tokens.aligning import align_tags
from annotate.tokens.arrays import cut
from tests.factories import make_span
from tests.strategies import marked_texts

LABELS = ("A", "B", "C")

taggings = st.builds(
    Tagging,
    scheme=st.sampled_from(("BIO", "BILOU")),
    nesting=st.sampled_from(("outermost", "innermost", "levels")),
    levels=st.integers(1, 3),
    cut=st.sampled_from(("expand", "contract", "drop")),
)
# Words far apart, so that many texts have only spans that need no closer look.
_plain = st.lists(st.sampled_from(LABELS), max_size=5).map(
    lambda labels: Marked(
        "Lê An. " * 6,
        tuple(make_span(7 * n, 7 * n + 2 + 3 * (n % 2), one) for n, one in enumerate(labels)),
        (),
    )
)


def names(tagging: Tagging) -> list[str]:
    return ["O", *(f"{prefix}-{label}" for label in LABELS for prefix in tagging.prefixes)]


@given(st.lists(st.one_of(marked_texts(), _plain), min_size=1, max_size=4), taggings)
def test_texts_at_once_are_tagged_as_each_alone(texts: list[Marked], tagging: Tagging) -> None:
    found = cut([one.text for one in texts], syllables)
    spans = [one.spans for one in texts]
    aligned = align_tags(found, [""] * len(texts), spans, LABELS, tagging)
    levels: list[list[str]] = [[] for _ in range(tagging.depth)]
    losses: list[list[Loss]] = []
    for one in texts:
        tagged, lost = tag(syllables(one.text), one.spans, tagging)
        losses.append(lost)
        for level, tags in enumerate(levels):
            tags += [told for sentence in tagged for told in sentence.levels[level]]
    known = names(tagging)
    assert [[known[number] for number in level] for level in aligned.levels] == levels
    assert aligned.losses == losses


def test_the_text_with_a_refused_span_is_named() -> None:
    found = cut(["Lê An", "Lê An"], syllables)
    spans = [[make_span(0, 5)], [make_span(0, 4)]]
    with pytest.raises(TaggingError, match="two: a span of PERSON, 0–4, cuts a token"):
        align_tags(found, ["one", "two"], spans, ["PERSON"], Tagging(cut="error"))
